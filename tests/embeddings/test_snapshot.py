"""Published folders: what is checked before one serves, and how one begins to."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from embeddings.errors import IndexDamaged, IndexMismatch, IndexMissing
from embeddings.index import snapshot as snapshots
from embeddings.index.snapshot import (
    Manifest,
    checksums,
    current_number,
    damaged_files,
    open_current,
    open_snapshot,
    publish,
    read_manifest,
    remove_old,
    snapshot_folder,
    snapshot_numbers,
)
from embeddings.records import Filters
from embeddings.settings import Settings
from tests.embeddings.archive import Archive
from tests.fakes import record


@pytest.fixture
def data(settings: Settings, tmp_path: Path) -> Path:
    """A data folder with one snapshot of two articles."""
    archive = Archive(settings, tmp_path / "inbox")
    archive.write("a.jsonl", record("a", "船开了。"), record("b", "灯亮了。"))
    archive.build()
    return archive.data


def files(data: Path) -> list[Path]:
    folder = snapshot_folder(data, 1)
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".lock"]


def edit_manifest(data: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = snapshot_folder(data, 1) / "manifest.json"
    fields = json.loads(path.read_text())
    change(fields)
    with contextlib.suppress(TypeError):  # what is no manifest cannot be sealed
        fields["seal"] = Manifest(**fields).sealed().seal
    path.write_text(json.dumps(fields))


def test_open_current_opens_what_was_published(data: Path) -> None:
    snapshot = open_current(data)
    assert snapshot.number == 1
    assert snapshot.catalog.counts() == (2, 2)
    assert len(snapshot.vectors) == len(snapshot.terms) == 2


def test_opening_leaves_the_folder_as_it_was(data: Path) -> None:
    before = checksums(snapshot_folder(data, 1))
    open_current(data)
    assert checksums(snapshot_folder(data, 1)) == before


def test_every_file_of_a_snapshot_has_a_checksum(data: Path) -> None:
    names = {path.relative_to(snapshot_folder(data, 1)).as_posix() for path in files(data)}
    assert set(read_manifest(snapshot_folder(data, 1)).checksums) == names - {"manifest.json"}


def test_open_names_the_file_of_which_a_byte_changed(data: Path) -> None:
    for path in files(data):
        whole = path.read_bytes()
        for at in {0, len(whole) // 2, len(whole) - 1} if whole else ():
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            with pytest.raises(IndexDamaged, match=path.name.replace(".", r"\.")):
                open_current(data)
        path.write_bytes(whole)
    open_current(data)


def test_open_names_the_file_that_is_missing(data: Path) -> None:
    for path in files(data):
        whole = path.read_bytes()
        path.unlink()
        with pytest.raises(IndexDamaged, match=path.name.replace(".", r"\.")):
            open_current(data)
        path.write_bytes(whole)


def test_damaged_files_lists_all_of_them(data: Path) -> None:
    folder = snapshot_folder(data, 1)
    (folder / "vectors" / "segments.json").write_bytes(b"")
    (folder / "catalog.sqlite").unlink()
    assert damaged_files(folder, read_manifest(folder)) == ["catalog.sqlite", "vectors/segments.json"]


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"format": "x"}', '{"format": 2}', "\xff"])
def test_open_with_a_damaged_manifest_says_so(data: Path, text: str) -> None:
    (snapshot_folder(data, 1) / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(IndexDamaged, match=r"manifest\.json"):
        open_current(data)


@pytest.mark.parametrize("checksums", [[], None, "x", {"a": 1}])
def test_open_with_a_manifest_of_wrong_types_says_so(data: Path, checksums: object) -> None:
    edit_manifest(data, lambda fields: fields.update(checksums=checksums))
    with pytest.raises(IndexDamaged):
        open_current(data)


def test_open_of_a_newer_format_is_a_mismatch(data: Path) -> None:
    edit_manifest(data, lambda fields: fields.update(format=snapshots.FORMAT_VERSION + 1, future="field"))
    with pytest.raises(IndexMismatch):
        open_current(data)


def test_open_of_an_older_format_says_to_build_and_that_nothing_is_lost(data: Path) -> None:
    edit_manifest(data, lambda fields: fields.update(format=snapshots.FORMAT_VERSION - 1))
    with pytest.raises(IndexMismatch, match="旧版") as caught:
        open_current(data)
    assert "wenbao build" in caught.value.hint
    assert "不会丢" in caught.value.hint


@pytest.mark.parametrize("name", ["articles", "passages"])
def test_open_with_a_count_that_differs_is_damage(data: Path, name: str) -> None:
    edit_manifest(data, lambda fields: fields.update({name: 3}))
    with pytest.raises(IndexDamaged, match="3"):
        open_current(data)


def test_open_before_the_first_build_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing) as caught:
        open_current(tmp_path)
    assert "wenbao build" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"garbage", b"1.5", b"\xff\xfe"])
def test_current_that_is_no_number_is_damage(data: Path, content: bytes) -> None:
    (data / "CURRENT").write_bytes(content)
    with pytest.raises(IndexDamaged, match="CURRENT"):
        current_number(data)


def test_current_that_names_no_snapshot_is_damage(data: Path) -> None:
    publish(data, 7)
    with pytest.raises(IndexDamaged):
        open_current(data)


def test_errors_show_no_path(data: Path) -> None:
    (snapshot_folder(data, 1) / "vectors" / "segments.json").unlink()
    with pytest.raises(IndexDamaged) as caught:
        open_current(data)
    assert str(data) not in str(caught.value)


def test_publish_that_dies_before_the_rename_changes_nothing(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", die)
    with pytest.raises(KeyboardInterrupt):
        publish(data, 2)
    assert current_number(data) == 1


def test_publish_makes_a_snapshot_serve(data: Path) -> None:
    publish(data, 12)
    assert current_number(data) == 12


def test_snapshot_keeps_serving_after_its_folder_is_gone(data: Path) -> None:
    snapshot = open_current(data)
    shutil.rmtree(snapshot_folder(data, 1))
    assert snapshot.catalog.article("a").body == "船开了。"
    assert [key for key, _ in snapshot.terms.search({"pairs": ["船开"]}, 5, Filters())] == [1]


def test_snapshot_numbers_pass_over_what_is_no_snapshot(tmp_path: Path) -> None:
    assert snapshot_numbers(tmp_path) == []
    for name in ("000002", "000010", "1000000", ".building", "notes"):
        (tmp_path / "snapshots" / name).mkdir(parents=True)
    assert snapshot_numbers(tmp_path) == [2, 10, 1000000]


def test_remove_old_keeps_the_last_ones_and_drops_what_was_never_published(tmp_path: Path) -> None:
    for number in range(1, 6):
        snapshot_folder(tmp_path, number).mkdir(parents=True)
    publish(tmp_path, 4)
    remove_old(tmp_path, 2, 3)
    assert snapshot_numbers(tmp_path) == [3, 4]


def test_remove_old_keeps_the_line_that_led_here_and_drops_what_was_rolled_back(tmp_path: Path) -> None:
    for number in range(1, 7):
        snapshot_folder(tmp_path, number).mkdir(parents=True)
    publish(tmp_path, 6)
    remove_old(tmp_path, 3, 3)  # 4 and 5 served, until 3 was served again and 6 built on it
    assert snapshot_numbers(tmp_path) == [2, 3, 6]


def test_manifest_of_which_a_figure_changed_is_damage(data: Path) -> None:
    path = snapshot_folder(data, 1) / "manifest.json"
    path.write_text(path.read_text().replace('"built_at": "2', '"built_at": "3'))
    with pytest.raises(IndexDamaged, match=r"manifest\.json"):
        open_current(data)


@pytest.mark.parametrize("name", ["/etc/passwd", "../000002/catalog.sqlite"])
def test_manifest_that_names_files_elsewhere_is_damage(data: Path, name: str) -> None:
    edit_manifest(data, lambda fields: fields["checksums"].update({name: "0" * 64}))
    with pytest.raises(IndexDamaged, match=r"manifest\.json"):
        open_current(data)


def test_checksums_of_linked_files_are_taken_over_unread(data: Path, tmp_path: Path) -> None:
    base = snapshot_folder(data, 1)
    manifest = read_manifest(base)
    told = replace(manifest, checksums=dict.fromkeys(manifest.checksums, "told"))
    shutil.copytree(base, tmp_path / "next", copy_function=os.link)
    fresh = tmp_path / "next" / "catalog.sqlite"
    fresh.unlink()
    shutil.copyfile(base / "catalog.sqlite", fresh)
    found = checksums(tmp_path / "next", base, told)
    assert found.pop("catalog.sqlite") == manifest.checksums["catalog.sqlite"]
    assert set(found.values()) == {"told"}


def test_remove_old_before_the_first_publish_removes_nothing(tmp_path: Path) -> None:
    snapshot_folder(tmp_path, 1).mkdir(parents=True)
    remove_old(tmp_path, 1, None)
    assert snapshot_numbers(tmp_path) == [1]


def test_open_snapshot_opens_an_older_one_by_number(settings: Settings, tmp_path: Path) -> None:
    archive = Archive(settings, tmp_path / "inbox")
    archive.write("a.jsonl", record("a", "船开了。"))
    archive.build()
    archive.write("a.jsonl", record("a", "船停了。"))
    archive.build()
    assert open_snapshot(archive.data, 1).catalog.article("a").body == "船开了。"
    assert open_snapshot(archive.data, 2).catalog.article("a").body == "船停了。"
