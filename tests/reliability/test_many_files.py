"""Ten thousand small files: the first build, one with nothing new, and one with a single changed file."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest

from embeddings.settings import Settings
from tests.embeddings.archive import Archive
from tests.fakes import record
from tests.reliability.wholeness import assert_verified

FILES = 10_000
FOLDERS = 100


def test_ten_thousand_files_are_indexed_and_only_the_changed_one_is_read_again(
    settings: Settings, quick_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = Archive(settings.model_copy(update={"data": quick_folder / "data"}), quick_folder / "inbox")
    for n in range(FILES):
        line = record(f"n{n}", f"第{n}号码头今天靠了{n % 97}条船，潮水涨了{n % 13}尺。")
        archive.write(f"{n % FOLDERS:02}/{n}.jsonl", line)
    lap = time.monotonic()
    told = []
    for step in ("first", "nothing new", "one changed", "one gone"):
        if step == "one changed":
            archive.write("07/7.jsonl", record("n7", "第七号码头今天停航。"))
        if step == "one gone":
            (archive.inbox / "08" / "8.jsonl").unlink()
        lap = time.monotonic()
        report = archive.build(prune=True)
        told.append(f"{step} {time.monotonic() - lap:.2f} s")
        counts = (report.added, report.updated, report.removed, report.unchanged, report.embedded)
        assert (
            counts
            == {
                "first": (FILES, 0, 0, 0, FILES),
                "nothing new": (0, 0, 0, FILES, 0),
                "one changed": (0, 1, 0, FILES - 1, 1),
                "one gone": (0, 0, 1, FILES - 1, 0),
            }[step]
        )
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    with capsys.disabled():
        print(f"\n{FILES} files: {', '.join(told)}; at most {peak_mib} MiB in memory")
    assert archive.body("n7") == "第七号码头今天停航。"
    assert_verified(archive)
