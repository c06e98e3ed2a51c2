"""The kept snapshots: what is told of them, and how an older one serves again."""

from __future__ import annotations

import json
from pathlib import Path
from unittest import mock

import pytest

from embeddings.errors import CallerError, IndexBusy, NotFoundError, ServiceError
from embeddings.index import history as lifecycle
from embeddings.index.history import State, history, roll_back, total_bytes
from embeddings.index.snapshot import (
    current_number,
    read_manifest,
    snapshot_files,
    snapshot_folder,
    snapshot_numbers,
)
from embeddings.index.verify import verify_snapshot
from embeddings.lock import build_lock
from embeddings.settings import Settings
from tests.embeddings.archive import Archive
from tests.fakes import FakeEncoder, record
from tests.full_disk import files_no_larger_than

FAKE = FakeEncoder().fingerprint


@pytest.fixture
def archive(settings: Settings, tmp_path: Path) -> Archive:
    """Three snapshots, each with an article more: `a1`, `a2`, `a3`."""
    archive = Archive(settings, tmp_path / "inbox")
    for number in (1, 2, 3):
        archive.write(f"{number}.jsonl", record(f"a{number}", f"第{number}座桥今天通车。"))
        archive.build()
    return archive


def edit_manifest(archive: Archive, number: int, **fields: object) -> None:
    path = snapshot_folder(archive.data, number) / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def break_terms(archive: Archive, number: int) -> None:
    path = snapshot_folder(archive.data, number) / "terms" / "meta.json"
    content = path.read_bytes()
    path.unlink()  # it may be shared with another snapshot
    path.write_bytes(content[:-1])


def test_history_lists_the_newest_first_and_marks_the_one_that_serves(archive: Archive) -> None:
    kept = history(archive.data)
    assert [(one.number, one.articles, one.passages, one.serves) for one in kept] == [
        (3, 3, 3, True),
        (2, 2, 2, False),
        (1, 1, 1, False),
    ]
    assert {one.state for one in kept} == {State.WHOLE}
    assert kept[0].built_at == read_manifest(snapshot_folder(archive.data, 3)).built_at
    assert kept[0].model == "fake"


def test_history_before_the_first_build_is_empty(tmp_path: Path) -> None:
    assert history(tmp_path) == []
    assert total_bytes(tmp_path) == 0


def test_history_marks_what_cannot_serve(archive: Archive) -> None:
    edit_manifest(archive, 1, format=2)
    edit_manifest(archive, 2, format=99)
    break_terms(archive, 3)
    assert [one.state for one in history(archive.data)] == [
        State.DAMAGED,
        State.NEWER_FORMAT,
        State.OLDER_FORMAT,
    ]
    (snapshot_folder(archive.data, 1) / "manifest.json").unlink()
    gone = history(archive.data)[-1]
    assert (gone.state, gone.built_at, gone.articles) == (State.DAMAGED, None, None)


def test_history_with_a_garbled_current_tells_that_none_serves(archive: Archive) -> None:
    (archive.data / "CURRENT").write_text("?")
    assert not any(one.serves for one in history(archive.data))


def test_sizes_count_a_shared_file_once_and_removal_frees_only_what_is_not_shared(tmp_path: Path) -> None:
    for number in (1, 2):
        snapshot_folder(tmp_path, number).mkdir(parents=True)
    one, two = snapshot_folder(tmp_path, 1), snapshot_folder(tmp_path, 2)
    (one / "shared").write_bytes(b"x" * 100)
    (two / "shared").hardlink_to(one / "shared")
    (one / "own").write_bytes(b"x" * 10)
    (one / "own too").hardlink_to(one / "own")
    (two / "own").write_bytes(b"x" * 7)
    assert [(kept.size_bytes, kept.freed_bytes) for kept in history(tmp_path)] == [(107, 7), (110, 10)]
    assert total_bytes(tmp_path) == 117


def test_roll_back_lets_the_one_before_serve(archive: Archive) -> None:
    assert roll_back(archive.data, FAKE).number == 2
    assert archive.ids() == {"a1", "a2"}
    assert roll_back(archive.data, FAKE).number == 1
    assert archive.ids() == {"a1"}
    with pytest.raises(NotFoundError) as caught:
        roll_back(archive.data, FAKE)
    assert caught.value.code == "snapshot_not_found"
    assert archive.ids() == {"a1"}


def test_roll_back_to_a_number_goes_either_way(archive: Archive) -> None:
    for number, ids in ((1, {"a1"}), (3, {"a1", "a2", "a3"}), (3, {"a1", "a2", "a3"})):
        assert roll_back(archive.data, FAKE, number).number == number
        assert archive.ids() == ids


def test_build_after_a_roll_back_continues_from_it_under_a_number_never_used(archive: Archive) -> None:
    roll_back(archive.data, FAKE, 1)
    (archive.inbox / "2.jsonl").unlink()
    report = archive.build()
    assert report.snapshot == 4
    assert archive.ids() == {"a1", "a3"}
    assert verify_snapshot(snapshot_folder(archive.data, 4)) == []
    archive.write("5.jsonl", record("a5", "第五座桥还在修。"))
    assert archive.build().snapshot == 5


def test_roll_back_to_an_unknown_number_names_those_kept(archive: Archive) -> None:
    with pytest.raises(NotFoundError, match="没有快照 9") as caught:
        roll_back(archive.data, FAKE, 9)
    assert "1、2、3" in caught.value.hint
    assert current_number(archive.data) == 3


def test_roll_back_before_the_first_build_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        roll_back(tmp_path / "data", FAKE)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("fields", [{"format": 2}, {"format": 99}, {"articles": 5}])
def test_roll_back_to_what_cannot_serve_is_refused(archive: Archive, fields: dict[str, object]) -> None:
    edit_manifest(archive, 2, **fields)
    with pytest.raises(CallerError, match="快照 2 不能服务"):
        roll_back(archive.data, FAKE)
    assert archive.ids() == {"a1", "a2", "a3"}


def test_roll_back_to_a_damaged_one_names_the_file(archive: Archive) -> None:
    for path in list(snapshot_files(snapshot_folder(archive.data, 2))):
        whole = path.read_bytes()
        path.unlink()
        path.write_bytes(whole[:-1] if whole else b"x")
        with pytest.raises(CallerError, match=path.name.replace(".", r"\.")):
            roll_back(archive.data, FAKE, 2)
        path.write_bytes(whole)
    assert roll_back(archive.data, FAKE, 2).number == 2


def test_roll_back_to_one_of_another_model_is_refused(archive: Archive) -> None:
    with pytest.raises(CallerError, match="另一个模型") as caught:
        roll_back(archive.data, "another fingerprint", 2)
    assert caught.value.code == "index_mismatch"
    assert current_number(archive.data) == 3


def test_roll_back_mends_a_garbled_current_when_told_where_to(archive: Archive) -> None:
    (archive.data / "CURRENT").write_text("?")
    with pytest.raises(NotFoundError):
        roll_back(archive.data, FAKE)
    assert roll_back(archive.data, FAKE, 3).number == 3
    assert archive.ids() == {"a1", "a2", "a3"}


def test_roll_back_while_a_build_runs_is_refused(archive: Archive) -> None:
    with build_lock(archive.data), pytest.raises(IndexBusy):
        roll_back(archive.data, FAKE)


def test_roll_back_on_a_full_disk_says_so_and_changes_nothing(archive: Archive) -> None:
    with files_no_larger_than(0), pytest.raises(ServiceError):
        roll_back(archive.data, FAKE)
    assert archive.ids() == {"a1", "a2", "a3"}


def test_roll_back_that_dies_before_it_is_published_changes_nothing(archive: Archive) -> None:
    with (
        mock.patch.object(lifecycle, "publish", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        roll_back(archive.data, FAKE)
    assert archive.ids() == {"a1", "a2", "a3"}
    assert snapshot_numbers(archive.data) == [1, 2, 3]
