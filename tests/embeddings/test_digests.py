"""A model folder's hash, remembered."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from embeddings.engines import digests
from embeddings.engines.digests import folder_digest

LONG_AGO_NS = 1_700_000_000_000_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "1_Pooling" / "config.json").write_text("{}")
    return folder


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files whose content was read."""
    names: list[str] = []
    file_digest = hashlib.file_digest

    def noted(file: Any, name: str) -> Any:
        names.append(Path(file.name).name)
        return file_digest(file, name)

    monkeypatch.setattr(hashlib, "file_digest", noted)
    monkeypatch.setattr(digests, "SETTLED_NS", -1)
    return names


def test_folder_digest_reads_each_file_once(folder: Path, tmp_path: Path, reads: list[str]) -> None:
    first = folder_digest(folder, tmp_path / "memory")
    assert sorted(reads) == ["config.json", "model.safetensors"]
    assert folder_digest(folder, tmp_path / "memory") == first
    assert len(reads) == 2


def test_folder_digest_notices_other_weights_of_the_same_size_and_time(
    folder: Path, tmp_path: Path, reads: list[str]
) -> None:
    weights = folder / "model.safetensors"
    os.utime(weights, ns=(LONG_AGO_NS, LONG_AGO_NS))
    first = folder_digest(folder, tmp_path / "memory")
    weights.write_bytes(b"WEIGHTS")
    os.utime(weights, ns=(LONG_AGO_NS, LONG_AGO_NS))
    assert folder_digest(folder, tmp_path / "memory") != first
    assert reads.count("config.json") == 1


def test_folder_digest_notices_files_come_gone_and_renamed(folder: Path, tmp_path: Path) -> None:
    found = {folder_digest(folder, tmp_path / "memory")}
    (folder / "vocab.txt").write_text("a")
    found.add(folder_digest(folder, tmp_path / "memory"))
    (folder / "vocab.txt").rename(folder / "words.txt")
    found.add(folder_digest(folder, tmp_path / "memory"))
    assert len(found) == 3
    (folder / "words.txt").unlink()
    assert folder_digest(folder, tmp_path / "memory") in found


def test_folder_digest_remembers_nothing_that_changed_just_now(folder: Path, tmp_path: Path) -> None:
    folder_digest(folder, tmp_path / "memory")
    assert [note.read_text() for note in (tmp_path / "memory").iterdir()] == ["{}"]


@pytest.mark.parametrize("note", ["", "{", "[]", "{}", '{"model.safetensors": [[1], "zz"]}', '{"a": 1}'])
def test_folder_digest_with_a_damaged_memory_is_the_same(
    folder: Path, tmp_path: Path, reads: list[str], note: str
) -> None:
    first = folder_digest(folder, tmp_path / "memory")
    (remembered,) = (tmp_path / "memory").iterdir()
    remembered.write_text(note)
    assert folder_digest(folder, tmp_path / "memory") == first
    assert len(reads) == 4


def test_folder_digest_without_a_writable_memory_is_the_same(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert folder_digest(folder, tmp_path / "file" / "x") == folder_digest(folder, tmp_path / "memory")
