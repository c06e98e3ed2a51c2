"""An index of a newer Wenbao, of another machine, under another model, in a folder that is read-only."""

from __future__ import annotations

import dataclasses
import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from embeddings.errors import IndexDamaged, IndexMismatch, InputRefused, ServiceError
from embeddings.index.importing import import_snapshot
from embeddings.index.snapshot import (
    FORMAT_VERSION,
    MANIFEST,
    checksums,
    current_number,
    open_current,
    read_manifest,
    snapshot_folder,
    write_manifest,
)
from embeddings.index.transfer import HEADER, export_snapshot
from qa.service import Service
from tests.embeddings.archive import Archive
from tests.fake_spans import FakeSpans
from tests.fakes import FakeEncoder, record
from tests.reliability.wholeness import assert_verified, view


@pytest.fixture
def archive(archive: Archive) -> Archive:
    archive.write("a.jsonl", *(record(f"n{n}", f"第{n}号码头今天靠了{n * 7}条船。") for n in range(9)))
    archive.build()
    archive.write("b.jsonl", record("two", "渡船每天往返十八趟，票价两元。"))
    return archive


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file of an index but the lock, which says nothing."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".lock"
    }


def test_index_of_a_newer_format_is_left_as_it_is_by_whoever_comes(archive: Archive) -> None:
    manifest = snapshot_folder(archive.data, 1) / MANIFEST
    fields = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.write_text(
        json.dumps({**fields, "format": FORMAT_VERSION + 1, "shape": "round"}), encoding="utf-8"
    )
    before = bytes_of(archive.data)
    doings: tuple[Callable[[], object], ...] = (
        archive.build,
        archive.plan,
        archive.compact,
        lambda: archive.remove("n1"),
        lambda: open_current(archive.data),
        Service(archive.settings, archive.encoder, FakeSpans()).status,
    )
    for doing in doings:
        with pytest.raises(IndexMismatch, match="更新版本") as refusal:
            doing()
        assert "升级" in refusal.value.hint
        assert bytes_of(archive.data) == before


def test_vectors_in_the_other_byte_order_are_refused_by_name_and_made_anew(archive: Archive) -> None:
    folder = snapshot_folder(archive.data, 1)
    segment = folder / "vectors" / "000001.faiss"
    data = bytearray(segment.read_bytes())
    data[4:8] = data[4:8][::-1]  # the dimension
    segment.write_bytes(data)
    manifest = dataclasses.replace(read_manifest(folder), checksums=checksums(folder))
    write_manifest(folder, manifest)
    with pytest.raises(IndexDamaged, match=r"000001\.faiss"):
        open_current(archive.data)


def test_export_of_another_architecture_is_refused_and_changes_nothing(
    archive: Archive, tmp_path: Path
) -> None:
    target, foreign = tmp_path / "here.tar", tmp_path / "there.tar"
    export_snapshot(archive.data, 1, target)
    with tarfile.open(target) as source, tarfile.open(foreign, "w", format=tarfile.GNU_FORMAT) as output:
        for member in source:
            content = source.extractfile(member)
            assert content is not None
            text = content.read()
            if member.name == HEADER:
                text = json.dumps({**json.loads(text), "byte_order": "big"}).encode()
                member.size = len(text)
            output.addfile(member, io.BytesIO(text))
    before = bytes_of(archive.data)
    with pytest.raises(InputRefused, match="另一种架构") as refusal:
        import_snapshot(foreign, archive.settings, archive.encoder.fingerprint)
    assert "--format jsonl" in refusal.value.hint
    assert bytes_of(archive.data) == before


@pytest.fixture
def read_only(archive: Archive) -> Iterator[Archive]:
    """The archive, its data folder mounted so that not even root may write."""
    data = str(archive.data)
    mounting = (["mount", "--bind", data, data], ["mount", "-o", "remount,bind,ro", data])
    if (
        shutil.which("mount") is None
        or subprocess.run(mounting[0], capture_output=True, check=False).returncode
    ):
        pytest.skip("folders cannot be mounted here")
    try:
        subprocess.run(mounting[1], check=True)
        yield archive
    finally:
        subprocess.run(["umount", "--lazy", data], check=True)


def test_read_only_index_can_be_planned_for_and_not_built(read_only: Archive) -> None:
    before = bytes_of(read_only.data)
    doings: tuple[Callable[[], object], ...] = (
        read_only.build,
        read_only.compact,
        lambda: read_only.remove("n1"),
    )
    for doing in doings:
        with pytest.raises(ServiceError) as refusal:
            doing()
        assert refusal.value.code == "data_unwritable"
        assert "WENBAO_DATA" in refusal.value.hint
    assert read_only.plan().added == 1
    assert bytes_of(read_only.data) == before


def test_read_only_index_serves(read_only: Archive) -> None:
    service = Service(read_only.settings, read_only.encoder, FakeSpans())
    assert service.search("码头靠了几条船").hits


def test_model_that_changed_under_the_index_is_refused_by_readers_and_made_whole_by_a_build(
    archive: Archive,
) -> None:
    old = view(archive)
    changed = FakeEncoder("fake-1 with other weights", prompts=True)
    service = Service(archive.settings, changed, FakeSpans())
    with pytest.raises(IndexMismatch) as refusal:
        service.search("码头靠了几条船")
    assert "wenbao build" in refusal.value.hint
    assert (view(archive), current_number(archive.data)) == (old, 1)
    archive.encoder = changed
    assert archive.build().embedded == 10
    assert service.search("码头靠了几条船").snapshot == 2
    assert_verified(archive)
