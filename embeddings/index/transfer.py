"""An index in one file, to move it to another machine.

A snapshot becomes a plain tar: `wenbao-export.json` first, then the snapshot's files in order of their names.
The header gives each file's size and sha256, so that all that follows it is known beforehand: whatever is
not exactly that, is refused. Articles alone go out as JSON lines, which `wenbao build` reads.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import io
import json
import os
import sqlite3
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from embeddings.errors import IndexDamaged
from embeddings.index.disk import disk_errors, make_durable
from embeddings.index.snapshot import CATALOG, open_snapshot, snapshot_folder

EXPORT_FORMAT = 1
EXPORT_KIND = "wenbao-snapshot"
HEADER = "wenbao-export.json"

_VERIFY = "运行 wenbao verify 查看原因。"

# What `embeddings.sources.jsonl` reads back; the rest of an article is found anew from these.
LINE_FIELDS = (
    *("id", "title", "kicker", "subtitle", "byline", "kind", "paper", "date", "page"),
    *("body", "captions", "url"),
)


@dataclass(frozen=True, slots=True)
class Packed:
    """A file of the snapshot inside the tar; `sha256` in hex."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Header:
    """What a tar holds. `bytes` is the sum of the sizes of `files`, which come in this order.

    FAISS and tantivy write numbers as the machine has them, so its `byte_order` and `word_bits` must be
    the reader's.
    """

    format: int
    kind: str
    created: str
    byte_order: str
    word_bits: int
    bytes: int
    manifest: dict[str, Any]
    files: tuple[Packed, ...]


def word_bits() -> int:
    """How many bits a machine word of this process has."""
    return sys.maxsize.bit_length() + 1


def export_snapshot(data: Path, number: int, target: Path) -> Header:
    """Write a snapshot to a tar, all of it or nothing; a file that is there already is replaced.

    Raises:
        IndexDamaged, IndexMismatch: it is not whole, or an older Wenbao's.
        ServiceError: it cannot be written.
    """
    manifest = open_snapshot(data, number).manifest
    folder = snapshot_folder(data, number)
    with contextlib.ExitStack() as stack:
        # Open files outlive their removal by a build that runs meanwhile.
        files = {name: stack.enter_context(_opened(folder, name)) for name in sorted(manifest.checksums)}
        packed = tuple(
            Packed(name, os.fstat(file.fileno()).st_size, manifest.checksums[name])
            for name, file in files.items()
        )
        header = Header(
            format=EXPORT_FORMAT,
            kind=EXPORT_KIND,
            created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            byte_order=sys.byteorder,
            word_bits=word_bits(),
            bytes=sum(one.size for one in packed),
            manifest=asdict(manifest),
            files=packed,
        )
        with _whole_file(target) as output:
            _write_tar(output, header, files)
    return header


def _opened(folder: Path, name: str) -> IO[bytes]:
    try:
        return (folder / name).open("rb")
    except OSError:
        raise IndexDamaged(f"索引文件 {name} 缺失。", hint=_VERIFY) from None


def _write_tar(output: IO[bytes], header: Header, files: dict[str, IO[bytes]]) -> None:
    with tarfile.open(fileobj=output, mode="w", format=tarfile.GNU_FORMAT) as archive:
        text = json.dumps(asdict(header), ensure_ascii=False, indent=1).encode()
        archive.addfile(_member(HEADER, len(text)), io.BytesIO(text))
        for one in header.files:
            hashed = _Hashed(files[one.name])
            archive.addfile(_member(one.name, one.size), hashed)
            if hashed.digest.hexdigest() != one.sha256:
                raise IndexDamaged(f"索引文件 {one.name} 已损坏。", hint=_VERIFY)


def _member(name: str, size: int) -> tarfile.TarInfo:
    """A member without time and owner, so that the same files give the same bytes."""
    member = tarfile.TarInfo(name)
    member.size = size
    return member


class _Hashed(io.RawIOBase):
    """A file whose bytes are hashed as they are read."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self.digest = hashlib.sha256()
        self._file = file

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


def export_lines(data: Path, number: int, target: Path) -> int:
    """Write a snapshot's articles as JSON lines, all or nothing; how many there are.

    Raises:
        IndexDamaged, IndexMismatch: the snapshot is not whole, or an older Wenbao's.
        ServiceError: the file cannot be written.
    """
    count = 0
    with _whole_file(target) as output:
        for line in article_lines(data, number):
            output.write(line.encode() + b"\n")
            count += 1
    return count


def article_lines(data: Path, number: int) -> Iterator[str]:
    """The articles of a snapshot as JSON lines, in the order they came in.

    Raises:
        IndexDamaged, IndexMismatch: the snapshot is not whole, or an older Wenbao's.
    """
    open_snapshot(data, number).catalog.close()
    uri = f"{(snapshot_folder(data, number) / CATALOG).absolute().as_uri()}?mode=ro&immutable=1"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as database:
        for (record,) in database.execute("SELECT record FROM articles ORDER BY key"):
            yield _line(json.loads(record))


def _line(record: dict[str, Any]) -> str:
    given = {name: record[name] for name in LINE_FIELDS if record.get(name)}
    return json.dumps(given, ensure_ascii=False)


@contextlib.contextmanager
def _whole_file(target: Path) -> Iterator[IO[bytes]]:
    """A file that gets its name when it is whole and on the disk; nothing is left of it otherwise."""
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    with disk_errors("写导出文件", "检查目标文件夹的空间和权限后再试;索引没有改动。"):
        try:
            with partial.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
            make_durable(target.parent)
        finally:
            partial.unlink(missing_ok=True)
