"""A disk that is full at every write: a clear error, the old index, no rubbish, nothing paid twice."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from embeddings.build import build
from embeddings.errors import ServiceError
from embeddings.index.snapshot import current_number
from embeddings.records import content_hash
from embeddings.settings import Settings
from tests.embeddings.archive import Archive
from tests.fakes import FakeEncoder, record
from tests.full_disk import files_no_larger_than
from tests.reliability.wholeness import assert_tidy, assert_verified, published_hashes, view

DISK_CODES = {"disk_error", "data_unwritable"}
FILE_SIZES = [0, 1, 10, 100, 300, *range(500, 6000, 1000), *range(8000, 200_000, 8000)]


class CountingEncoder(FakeEncoder):
    """Notes the hashes of the texts whose vectors were taken."""

    def __init__(self) -> None:
        super().__init__()
        self.paid: set[str] = set()

    def encode_passages(self, texts: Any, done: Any = None) -> Any:
        def taken(rows: list[int], vectors: Any) -> None:
            if done is not None:
                done(rows, vectors)
            self.paid |= {content_hash(texts[row]) for row in rows}

        return super().encode_passages(texts, taken)


def lay_out(inbox: Archive) -> None:
    """Two snapshots, and much that the next build finds new."""
    inbox.write("a.jsonl", record("old", "旧桥限重十吨，来往的车都要绕行。", "旧桥限行"))
    inbox.build()
    inbox.write("b.jsonl", *(record(f"m{n}", f"第{n}座桥今年查了{n * 3}回。") for n in range(12)))
    inbox.build()
    inbox.write("a.jsonl", record("new", "新桥昨天合龙，比计划早了九天。", "新桥合龙"))
    inbox.write("c.jsonl", *(record(f"n{n}", f"第{n}号码头今天靠了{n * 7}条船。") for n in range(30)))


@pytest.fixture
def archive(settings: Settings, quick_folder: Path) -> Archive:
    archive = Archive(settings.model_copy(update={"data": quick_folder / "data"}), quick_folder / "inbox")
    lay_out(archive)
    return archive


def refused_build(archive: Archive, limits: AbstractContextManager[object]) -> set[str] | None:
    """Build under limits; if that failed, all that must hold then, and what was paid for."""
    old, number = view(archive), current_number(archive.data)
    encoder = CountingEncoder()
    try:
        with limits:
            build([archive.inbox], archive.settings, encoder)
    except ServiceError as error:
        refusal = error
    else:
        return None
    assert refusal.code in DISK_CODES
    assert refusal.hint
    assert str(archive.data) not in str(refusal)
    assert current_number(archive.data) == number
    assert view(archive) == old
    assert_verified(archive)
    return encoder.paid


def assert_next_build_completes(archive: Archive, paid: set[str]) -> None:
    paid = paid | published_hashes(archive.data)
    archive.build()
    assert not paid & set(map(content_hash, archive.encoder.texts))
    assert {"new", "m0", "n0", "n29"} <= archive.ids()
    assert_verified(archive)
    assert_tidy(archive)


def restored(kept: Path, archive: Archive) -> None:
    """Make the data folder what it was."""
    # A thread of the build that was refused may be writing its last file still.
    while archive.data.exists():
        shutil.rmtree(archive.data, ignore_errors=True)
    shutil.copytree(kept, archive.data)


def test_build_that_may_write_no_larger_files_leaves_the_old_index_and_the_next_completes(
    archive: Archive,
) -> None:
    kept = archive.data.with_name("kept")
    shutil.copytree(archive.data, kept)
    refused = 0
    for size_bytes in FILE_SIZES:
        restored(kept, archive)
        paid = refused_build(archive, files_no_larger_than(size_bytes))
        if paid is not None:
            refused += 1
            assert_next_build_completes(archive, paid)
    assert len(FILE_SIZES) // 2 <= refused < len(FILE_SIZES)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("file systems cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_build_on_a_disk_that_fills_up_leaves_the_old_index_and_the_next_completes(
    settings: Settings, small_disk: Path, tmp_path: Path
) -> None:
    archive = Archive(settings.model_copy(update={"data": small_disk / "data"}), tmp_path / "inbox")
    lay_out(archive)
    kept = tmp_path / "kept"
    shutil.copytree(archive.data, kept)
    refused = 0
    for left_kib in (0, 1, 4, 8, 16, 32, *range(48, 480, 24)):
        restored(kept, archive)
        paid = refused_build(archive, _ballast(small_disk / "ballast", left_kib << 10))
        refused += paid is not None
        assert_next_build_completes(archive, paid or set())
    assert refused >= 10


@contextmanager
def _ballast(path: Path, left_bytes: int) -> Iterator[None]:
    """Leave only so much of the disk."""
    free = shutil.disk_usage(path.parent).free
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free - left_bytes)
    try:
        yield
    finally:
        path.unlink()


# What asks the disk for something: none of these may fail without a word.
CALLS: list[tuple[Any, str]] = [
    (os, "open"),
    (os, "write"),
    (os, "fsync"),
    (os, "mkdir"),
    (os, "rename"),
    (os, "replace"),
    (os, "link"),
    (shutil, "copyfile"),
    (Path, "write_text"),
    (Path, "write_bytes"),
    (Path, "open"),
]


class Failing:
    """Lets the n-th of these calls that names the data folder, and every later one, fail if `last`s."""

    def __init__(self, data: Path, at: int, code: int) -> None:
        self.calls = 0
        self.met = ""
        self._data, self._at, self._code = str(data), at, code

    def wrapped(self, owner: Any, name: str) -> Callable[..., Any]:
        real = getattr(owner, name)

        def call(*arguments: Any, **named: Any) -> Any:
            if self._is_of_index(name, arguments, named):
                self.calls += 1
                if self.calls == self._at:
                    self.met = f"{getattr(owner, '__name__', owner)}.{name}"
                    raise OSError(self._code, os.strerror(self._code))
            return real(*arguments, **named)

        return call

    def _is_of_index(self, name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> bool:
        if name in {"write", "fsync"}:
            return True
        if name == "open" and not set("wax+") & set(str(arguments[1] if len(arguments) > 1 else "r")):
            return False
        return any(str(argument).startswith(self._data) for argument in arguments[:2])


@contextmanager
def failing_call(failing: Failing) -> Iterator[None]:
    patches = [mock.patch.object(owner, name, failing.wrapped(owner, name)) for owner, name in CALLS]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


def test_build_whose_nth_call_to_the_disk_fails_is_the_old_index_or_the_new(archive: Archive) -> None:
    kept = archive.data.with_name("kept")
    shutil.copytree(archive.data, kept)
    old = view(archive)
    codes = random.Random(7)
    refused: set[str] = set()
    codes_met: set[str] = set()
    misplaced: list[str] = []
    at = 0
    while True:
        at += 1
        restored(kept, archive)
        failing = Failing(
            archive.data, at, codes.choice((errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT))
        )
        encoder = CountingEncoder()
        try:
            with failing_call(failing):
                build([archive.inbox], archive.settings, encoder)
        except ServiceError as error:
            codes_met.add(error.code)
            refused.add(failing.met)
            changed = view(archive) != old
            misplaced += [failing.met] if changed and "publish" not in _origin(error) else []
        if not failing.met:
            break
        assert_verified(archive)
        assert_next_build_completes(archive, encoder.paid)
    assert (misplaced, codes_met) == ([], DISK_CODES)
    assert {"os.fsync", "Path.write_text", "os.mkdir"} <= refused


def _origin(error: BaseException) -> str:
    """Names of the functions through which an error came."""
    names, cause = [], error.__context__
    trace = cause.__traceback__ if cause else None
    while trace:
        names.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    return " ".join(names)
