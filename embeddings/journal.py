"""Vectors that were paid for and not published yet: a build that is cut off leaves them for the next one.

One file, appended to after every batch:

    "WBVECJ1\\n"; 32 hex digits, the hash of the encoder's fingerprint; u32 dimension
    records of 16 bytes text hash, float32 x dimension, u32 CRC-32 of the two

A record that was cut off or does not fit its checksum counts as never written.
"""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from embeddings.encoder import Vectors
from embeddings.records import content_hash

JOURNAL = "embedded.part"

_MAGIC = b"WBVECJ1\n"
_HASH_BYTES = 16
_CRC_BYTES = 4


class Journal:
    """The vectors kept in one data folder for one encoder; whoever holds the build lock may write."""

    def __init__(self, data: Path, fingerprint: str, dimension: int) -> None:
        self._path = data / JOURNAL
        self._head = _MAGIC + content_hash(fingerprint).encode() + struct.pack("<I", dimension)
        self._dimension = dimension
        self._record = np.dtype(
            [("hash", f"V{_HASH_BYTES}"), ("vector", "<f4", (dimension,)), ("crc", "<u4")]
        )

    def vectors(self, hashes: Iterable[str]) -> dict[str, Vectors]:
        """Those of the wanted vectors that are kept, by text hash."""
        wanted = set(hashes)
        return {digest: vector for digest, vector in self._whole_records() if digest in wanted}

    def append(self, hashes: Sequence[str], vectors: Vectors) -> None:
        """Keep vectors float32 [len(hashes), dimension]; they outlive this process once this returns.

        Raises:
            OSError: the disk is full, or the file cannot be written; what was kept before stays.
        """
        size = self._whole_bytes()
        with self._path.open("r+b" if size else "wb", buffering=0) as file:
            file.truncate(size)
            file.seek(size)
            if not size:
                _write(file.fileno(), self._head)
            _write(file.fileno(), b"".join(map(self._packed, hashes, vectors)))

    def discard(self) -> None:
        """Forget everything: it is published now."""
        with contextlib.suppress(OSError):
            self._path.unlink()

    def _packed(self, digest: str, vector: Vectors) -> bytes:
        payload = bytes.fromhex(digest) + np.asarray(vector, "<f4").tobytes()
        return payload + struct.pack("<I", zlib.crc32(payload))

    def _whole_bytes(self) -> int:
        """Length up to the last record that is not cut off; 0 when another encoder's, or none, is there."""
        try:
            with self._path.open("rb") as file:
                if file.read(len(self._head)) != self._head:
                    return 0
            records = (self._path.stat().st_size - len(self._head)) // self._record.itemsize
        except OSError:
            return 0
        return len(self._head) + records * self._record.itemsize

    def _whole_records(self) -> Iterator[tuple[str, Vectors]]:
        size = self._whole_bytes()
        if not size:
            return
        data = self._path.read_bytes()[len(self._head) : size]
        for at, record in enumerate(np.frombuffer(data, self._record)):
            start = at * self._record.itemsize
            payload = data[start : start + self._record.itemsize - _CRC_BYTES]
            if zlib.crc32(payload) == int(record["crc"]):
                yield payload[:_HASH_BYTES].hex(), np.array(record["vector"], np.float32)


def kept_count(data: Path) -> int:
    """How many vectors the journal of a data folder holds, whatever encoder made them; for people."""
    try:
        with (data / JOURNAL).open("rb") as file:
            head = file.read(len(_MAGIC) + 32 + 4)
        size = (data / JOURNAL).stat().st_size
    except OSError:
        return 0
    if len(head) < len(_MAGIC) + 36 or not head.startswith(_MAGIC):
        return 0
    (dimension,) = struct.unpack("<I", head[-4:])
    return int((size - len(head)) // (_HASH_BYTES + 4 * dimension + _CRC_BYTES))


def _write(descriptor: int, data: bytes) -> None:
    """Write all of it; a write that comes back short is one that met a full disk on its way."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
