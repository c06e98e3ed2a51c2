"""The dense index: unit vectors by passage key, in a folder whose cost of change is the new rows'.

    vectors/segments.json                       what there is; no other file is trusted on a size
    vectors/<number>.faiss, <number>.keys.npy   rows and their keys, never changed (see `segments`)
    vectors/<number>.coarse.faiss               short codes of a large segment's rows (see `coarse`)
    vectors/dropped.npy                         keys whose rows wait in a segment to be left out

Keys ascend from segment to segment. The next version of the folder links the files it keeps.
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embeddings.encoder import Vectors
from embeddings.errors import IndexDamaged
from embeddings.index.catalog import Keys
from embeddings.index.dense import DROPPED, Inventory, VectorIndex, write_inventory
from embeddings.index.segments import (
    Piece,
    StoredSegment,
    first_merged,
    flat_header,
    is_ascending,
    worn,
    write_keys,
    write_segment,
)

__all__ = ["VectorIndex", "legacy_vectors", "write_vectors"]

# Kind, dimension and rows of format 2's file; then two unused numbers, whether trained, metric.
_LEGACY_HEADER = struct.Struct("=4siqqq?i")


def write_vectors(
    folder: Path,
    *,
    base: Path | None,
    dimension: int,
    dropped: Keys,
    keys: Keys,
    vectors: Vectors,
    compact: bool = False,
) -> None:
    """Write the folder after `base`: less `dropped`, plus `keys` [n] with unit `vectors` [n, dimension].

    The keys ascend, above all of the base's; unknown dropped ones are passed over. Files of the base that
    stay as they are become hard links. With `compact` everything is one segment afterwards.

    Raises:
        IndexDamaged: the base cannot be read.
        OSError: the folder exists, or cannot be written.
        ValueError: the keys do not ascend, or the vectors have another dimension.
    """
    before = VectorIndex.open(base) if base else VectorIndex(dimension, [], np.zeros(0, np.int64))
    _check_new(before, dimension, keys, vectors)
    folder.mkdir()
    parts = _parts(before, dropped)
    if len(keys):
        parts.append(_Part(None, Piece(np.asarray(keys, np.int64), vectors, np.ones(len(keys), np.bool_))))
    number = max((segment.stored.number for segment in before.segments), default=0)
    stored, waiting = [], [np.zeros(0, np.int64)]
    for group in _groups(parts, compact):
        kept = group[0].segment
        if kept is None or len(group) > 1 or group[0].is_worn(compact):
            number += 1
            stored.append(write_segment(folder, number, dimension, [part.piece for part in group]))
        else:
            _link(base, folder, kept.files)
            waiting.append(group[0].piece.keys[~group[0].piece.kept])
            stored.append(kept)
    left = np.concatenate(waiting)
    write_keys(folder / DROPPED, left)
    write_inventory(folder, Inventory(dimension, tuple(stored), len(left)))


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Rows of this segment of the base, or new ones."""

    segment: StoredSegment | None
    piece: Piece

    def is_worn(self, compact: bool) -> bool:
        """Whether to write the rows again for the dropped ones among them alone."""
        live, rows = self.piece.count, len(self.piece.keys)
        return live < rows if compact else worn(rows, live)


def _check_new(before: VectorIndex, dimension: int, keys: Keys, vectors: Vectors) -> None:
    if vectors.shape != (len(keys), dimension) or before.dimension != dimension:
        raise ValueError(f"{vectors.shape} vectors for {len(keys)} keys and dimension {dimension}")
    last = max((segment.stored.last for segment in before.segments), default=-1)
    if not is_ascending(np.concatenate([[last], keys])):
        raise ValueError("keys must ascend, above those there are")


def _parts(before: VectorIndex, dropped: Keys) -> list[_Part]:
    """The base's segments, oldest first, with what is dropped of them now or before."""
    return [
        _Part(
            segment.stored,
            Piece(segment.keys, segment.rows, before.live(i) & ~np.isin(segment.keys, dropped)),
        )
        for i, segment in enumerate(before.segments)
    ]


def _groups(parts: Sequence[_Part], compact: bool) -> list[list[_Part]]:
    """Parts that become one segment each."""
    left = [part for part in parts if part.piece.count]
    first = 0 if compact else first_merged([part.piece.count for part in left])
    return [[part] for part in left[:first]] + ([left[first:]] if left[first:] else [])


def _link(source: Path | None, target: Path, names: Sequence[str]) -> None:
    assert source is not None
    for name in names:
        try:
            (target / name).hardlink_to(source / name)
        except OSError:  # another file system, or one without links
            shutil.copyfile(source / name, target / name)


def legacy_vectors(path: Path, keys: Keys) -> Vectors:
    """Vectors of these keys, float32 [n, dimension], in order, out of a `vectors.faiss` of format 2.

    Raises:
        IndexDamaged: it is missing, not such a file, or lacks a key.
    """
    try:
        found, rows = _legacy_rows(path)
    except (OSError, ValueError, struct.error):
        raise _legacy_damaged(path) from None
    order = np.argsort(found, kind="stable")
    places = np.searchsorted(found, keys, sorter=order)
    if len(keys) and (not len(found) or (found[order[np.minimum(places, len(found) - 1)]] != keys).any()):
        raise _legacy_damaged(path)
    return np.array(rows[order[places]] if len(keys) else rows[:0], np.float32)


def _legacy_rows(path: Path) -> tuple[Keys, Vectors]:
    """Keys and rows of an `IndexIDMap2` over an `IndexFlatIP`, as FAISS lays them out."""
    with path.open("rb") as file:
        kind, dimension, count, *_ = _LEGACY_HEADER.unpack(file.read(_LEGACY_HEADER.size))
        if kind != b"IxM2" or not (0 < dimension < 1 << 16 and 0 <= count < 1 << 32):
            raise ValueError("kind")
        header = flat_header(dimension, count)
        whole = file.read(len(header)) == header
    start = _LEGACY_HEADER.size + len(header)
    ids = start + count * dimension * 4 + 8  # their count comes first
    if not whole or path.stat().st_size != ids + count * 8:
        raise ValueError("size")
    content = np.memmap(path, np.uint8, "r")
    rows = content[start : ids - 8].view(np.float32).reshape(count, dimension)
    return np.array(content[ids:].view(np.int64)), rows


def _legacy_damaged(path: Path) -> IndexDamaged:
    return IndexDamaged(f"索引的向量文件({path.name})无法读取。", hint="重新运行 wenbao build。")
