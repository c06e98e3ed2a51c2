"""Rows of vectors in immutable files, and when such files are merged.

A segment is two files: `<number>.faiss`, a FAISS `IndexFlatIP`, and `<number>.keys.npy`, the key of each
row, ascending. Both are mapped into memory rather than read. What a file must look like follows from the
count of its rows, so that a damaged one is found before FAISS or numpy trust a size it states. A large
segment has a third one, `<number>.coarse.faiss` (see `coarse`).
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import faiss
import numpy as np
import numpy.typing as npt
from pydantic import Field

from embeddings.encoder import Vectors
from embeddings.errors import IndexDamaged
from embeddings.index.catalog import Keys
from embeddings.index.coarse import (
    COARSE_MIN_ROWS,
    Bits,
    bitmap_selector,
    candidate_count,
    coarse_candidates,
    open_coarse,
    write_coarse,
)

Mask = npt.NDArray[np.bool_]

# A segment with a larger share of dropped rows is written again without them.
DROPPED_SHARE_MAX = 0.25

# As FAISS writes it, in the machine's byte order: kind, dimension, rows, two unused numbers, whether
# trained, metric (0 is the inner product), count of floats.
_FLAT_HEADER = struct.Struct("=4siqqq?iq")
_UNUSED = 1 << 20
_CHUNK_ROWS = 1 << 14
_FLOAT_BYTES = 4
_NPY_START = struct.Struct("<6sBBH")
_NPY_MAGIC = b"\x93NUMPY"
_NPY_KIND = b"'descr': '<i8', 'fortran_order': False, "


_Count = Annotated[int, Field(gt=0, lt=1 << 32)]


@dataclass(frozen=True, slots=True)
class StoredSegment:
    """What the inventory knows of a segment: number, rows, last key, CRC-32 of its coarse codes if any.

    The limits keep a garbled inventory from asking for absurd memory: a filter has one bit a key.
    """

    number: _Count
    rows: _Count
    last: Annotated[int, Field(ge=0, lt=1 << 32)]
    coarse: Annotated[int, Field(ge=0, lt=1 << 32)] | None

    @property
    def files(self) -> list[str]:
        """Names of its files."""
        return [_rows_name(self.number), keys_name(self.number)] + (
            [] if self.coarse is None else [_coarse_name(self.number)]
        )


def _rows_name(number: int) -> str:
    return f"{number:06}.faiss"


def keys_name(number: int) -> str:
    """Name of the file that holds a segment's keys."""
    return f"{number:06}.keys.npy"


def _coarse_name(number: int) -> str:
    return f"{number:06}.coarse.faiss"


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Rows [n, dimension] under ascending keys [n]: views of mapped files that `index` holds open.

    `coarse` is a FAISS index of short codes of the same rows, if there are many.
    """

    stored: StoredSegment
    keys: Keys
    rows: Vectors
    index: Any
    coarse: Any | None

    def search(self, vector: Vectors, k: int, allowed: Mask | None) -> tuple[Keys, Vectors]:
        """Keys and inner products of the k best rows of those that the mask [n] lets through.

        Exact if no more than `COARSE_MIN_ROWS` have to be looked at.
        """
        bits = None if allowed is None else np.packbits(allowed, bitorder="little")
        few = allowed is not None and np.count_nonzero(allowed) <= COARSE_MIN_ROWS
        with _one_thread():
            if self.coarse is None or few:
                return self._exact(vector, k, bits)
            places = coarse_candidates(self.coarse, vector, candidate_count(k), bits)
        return self.keys[places], products(rows_at(self.rows, places), vector)

    def _exact(self, vector: Vectors, k: int, bits: Bits | None) -> tuple[Keys, Vectors]:
        parameters = None
        if bits is not None:
            selector = bitmap_selector(bits)  # kept alive by this name while FAISS reads it
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        scores, rows = self.index.search(vector.reshape(1, -1), min(k, len(self.keys)), params=parameters)
        found = rows[0] >= 0  # FAISS fills a short result with -1
        return self.keys[rows[0][found]], scores[0][found]


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Let FAISS use one thread for calls from this one.

    Many queries at once share the processors anyhow; threads that wait for each other on busy ones
    make a query several times slower. The setting is OpenMP's for the calling thread alone.
    """
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


def rows_at(rows: Vectors, places: npt.NDArray[np.int64]) -> Vectors:
    """Some of the mapped rows, copied as bytes: unaligned floats take numpy twice as long."""
    width = rows.shape[1]
    copied: Vectors = np.take(rows.view(np.uint8), places, axis=0).view(np.float32).reshape(-1, width)
    return copied


def products(rows: Vectors, vector: Vectors) -> Vectors:
    """Inner product of each row with the vector, in this thread; numpy's `@` wakes BLAS's threads."""
    found: Vectors = np.einsum("ij,j->i", rows, vector)
    return found


def damaged(name: str) -> IndexDamaged:
    """The error for a file of the vectors that is missing, cut or garbled."""
    return IndexDamaged(f"索引的向量文件(vectors/{name})缺失或已损坏。", hint="重新运行 wenbao build。")


def open_segment(folder: Path, stored: StoredSegment, dimension: int) -> Segment:
    """Map a segment's rows and keys, and read its codes.

    Raises:
        IndexDamaged: a file is missing or does not hold what the inventory says.
    """
    keys = _mapped_keys(folder / keys_name(stored.number), stored.rows)
    if not (is_ascending(keys) and keys[0] >= 0 and keys[-1] == stored.last):
        raise damaged(keys_name(stored.number))
    index = _open_rows(folder / _rows_name(stored.number), stored.rows, dimension)
    rows = faiss.rev_swig_ptr(index.get_xb(), stored.rows * dimension).reshape(stored.rows, dimension)
    rows.flags.writeable = False  # writing to the mapped file would end the process
    return Segment(stored, keys, rows, index, _open_coarse(folder, stored))


def _open_rows(path: Path, count: int, dimension: int) -> Any:
    header = flat_header(dimension, count)
    try:
        with path.open("rb") as file:
            whole = file.read(len(header)) == header
        if whole and path.stat().st_size == len(header) + count * dimension * _FLOAT_BYTES:
            return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    except (OSError, RuntimeError):
        pass
    raise damaged(path.name)


def _open_coarse(folder: Path, stored: StoredSegment) -> Any | None:
    if stored.coarse is None:
        return None
    try:
        return open_coarse(folder / _coarse_name(stored.number), stored.coarse, stored.rows)
    except (OSError, ValueError, RuntimeError):
        raise damaged(_coarse_name(stored.number)) from None


def is_ascending(keys: Keys) -> bool:
    """Whether each key is larger than the one before."""
    return bool((keys[1:] > keys[:-1]).all())


def flat_header(dimension: int, count: int) -> bytes:
    """What a FAISS file of `count` rows begins with; the rows follow, float32."""
    return _FLAT_HEADER.pack(b"IxFI", dimension, count, _UNUSED, _UNUSED, True, 0, count * dimension)


def _mapped_keys(path: Path, count: int) -> Keys:
    start = _keys_start(path, count)
    return np.asarray(np.memmap(path, "<i8", "r", start, (count,)))


def read_keys(path: Path, count: int) -> Keys:
    """Keys of a file that should hold `count`, read as a whole.

    Raises:
        IndexDamaged: it is missing or does not hold so many keys.
    """
    start = _keys_start(path, count)
    return np.fromfile(path, "<i8", count, offset=start).astype(np.int64)


def _keys_start(path: Path, count: int) -> int:
    """Where the keys begin in a .npy file; numpy's own reader would evaluate whatever its header says."""
    try:
        with path.open("rb") as file:
            magic, major, _, length = _NPY_START.unpack(file.read(_NPY_START.size))
            header = file.read(length)
        size = path.stat().st_size
    except (OSError, struct.error):
        raise damaged(path.name) from None
    start = _NPY_START.size + int(length)
    whole = (magic, major) == (_NPY_MAGIC, 1) and _NPY_KIND in header and b"(%d,)" % count in header
    if not whole or size != start + count * np.dtype("<i8").itemsize:
        raise damaged(path.name)
    return start


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Rows to be written: those of `rows` [n, dimension], under `keys` [n], that `kept` [n] lets through."""

    keys: Keys
    rows: Vectors
    kept: Mask

    def chunks(self) -> Iterator[Vectors]:
        """The kept rows in order, a few at a time: an archive's would fill the memory."""
        for start in range(0, len(self.keys), _CHUNK_ROWS):
            part = slice(start, start + _CHUNK_ROWS)
            yield np.ascontiguousarray(self.rows[part][self.kept[part]], np.float32)

    @property
    def count(self) -> int:
        """Count of the kept rows."""
        return int(np.count_nonzero(self.kept))


def write_segment(folder: Path, number: int, dimension: int, pieces: Sequence[Piece]) -> StoredSegment:
    """Write the pieces, ascending by key, as one segment.

    Raises:
        OSError: it cannot be written.
    """
    keys = np.concatenate([piece.keys[piece.kept] for piece in pieces])
    write_keys(folder / keys_name(number), keys)
    rows_path = folder / _rows_name(number)
    with rows_path.open("wb") as file:
        file.write(flat_header(dimension, len(keys)))
        for piece in pieces:
            for chunk in piece.chunks():
                file.write(chunk.data)
    coarse = None
    if len(keys) >= COARSE_MIN_ROWS:
        rows = np.memmap(rows_path, np.float32, "r", len(flat_header(0, 0)), (len(keys), dimension))
        coarse = write_coarse(folder / _coarse_name(number), rows)
    return StoredSegment(number, len(keys), int(keys[-1]), coarse)


def write_keys(path: Path, keys: Keys) -> None:
    """Write keys as a .npy file.

    Raises:
        OSError: it cannot be written.
    """
    with path.open("wb") as file:
        np.lib.format.write_array(file, keys.astype("<i8"), version=(1, 0), allow_pickle=False)


def first_merged(live: Sequence[int]) -> int:
    """From which place on neighbouring segments become one; all before stay apart.

    `live` counts their rows, oldest first, none of them 0. The newest segments are merged with the
    oldest one that they together are as large as. So each segment is larger than all newer ones
    together: there are at most log2(n) of them, and a row moves to one at least twice as large each time.
    """
    newer = 0
    first = max(0, len(live) - 1)
    for place in range(len(live) - 1, -1, -1):
        if newer >= live[place]:
            first = place
        newer += live[place]
    return first


def worn(stored: int, live: int) -> bool:
    """Whether a segment is to be written again for its dropped rows alone."""
    return stored - live > DROPPED_SHARE_MAX * stored
