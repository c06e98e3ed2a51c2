"""Builds in processes of their own: one at a time, and none leaves damage when it is killed."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from embeddings.errors import IndexBusy, ServiceError
from embeddings.index.snapshot import current_number
from embeddings.settings import Settings
from tests.embeddings.archive import WAITING, Archive
from tests.fakes import record

ROOT = Path(__file__).parents[2]

OLD = record("old", "旧桥限重十吨，来往的车都要绕行。", "旧桥限行")
NEW = record("new", "新桥昨天合龙，比计划早了九天。", "新桥合龙")

# Where a build is stopped, and what serves when it is killed there.
STOPS = {
    "find_inputs": {"old"},
    "passages": {"old"},
    "checksums": {"old"},
    "write_manifest": {"old"},
    "renamed": {"old"},
    "published": {"old", "new"},
}


@pytest.fixture
def archive(settings: Settings, tmp_path: Path) -> Archive:
    archive = Archive(settings, tmp_path / "inbox")
    archive.write("a.jsonl", OLD)
    archive.build()
    archive.write("b.jsonl", NEW)
    return archive


@contextmanager
def building(archive: Archive, stop: str) -> Iterator[subprocess.Popen[str]]:
    """A builder in another process, waiting at `stop`; killed at the end, if not before."""
    places = (archive.data, archive.settings.cache, archive.inbox)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.embeddings.archive", *map(str, places), stop],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == WAITING
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("stop", STOPS)
def test_build_killed_on_its_way_leaves_a_whole_index_and_the_next_completes(
    archive: Archive, stop: str
) -> None:
    with building(archive, stop) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert archive.ids() == STOPS[stop]
    report = archive.build()
    assert archive.ids() == {"old", "new"}
    assert report.snapshot == current_number(archive.data)
    assert not (archive.data / "snapshots" / ".building").exists()


def test_build_while_another_runs_is_refused_naming_the_holder(archive: Archive) -> None:
    with building(archive, "passages") as process:
        with pytest.raises(IndexBusy, match=str(process.pid)):
            archive.build()
        assert archive.ids() == {"old"}
        process.kill()
        process.wait()
    assert archive.build().added == 1


def test_remove_while_a_build_runs_is_refused(archive: Archive) -> None:
    with building(archive, "find_inputs"), pytest.raises(IndexBusy):
        archive.remove("old")


@contextmanager
def files_no_larger_than(size_bytes: int) -> Iterator[None]:
    """Writing further fails, as on a full disk, whichever library writes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("size_bytes", [0, 10, 100, 1_000, 5_000, 20_000, 60_000])
def test_build_that_cannot_write_on_says_so_and_leaves_the_old_snapshot(
    archive: Archive, size_bytes: int
) -> None:
    archive.write("c.jsonl", *(record(f"n{n}", f"第{n}号码头今天靠了{n * 7}条船。") for n in range(120)))
    with files_no_larger_than(size_bytes), pytest.raises(ServiceError) as caught:
        archive.build()
    assert caught.value.code in {"disk_error", "data_unwritable"}
    assert archive.ids() == {"old"}
    archive.build()
    assert archive.ids() >= {"old", "new", "n0", "n119"}
