"""Search over the unit vectors of a folder that `vectors.write_vectors` wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field, TypeAdapter, ValidationError

from embeddings.encoder import Vectors
from embeddings.index.catalog import Keys
from embeddings.index.segments import (
    Mask,
    Segment,
    StoredSegment,
    damaged,
    is_ascending,
    keys_name,
    open_segment,
    products,
    read_keys,
    rows_at,
)

INVENTORY = "segments.json"
DROPPED = "dropped.npy"

# So few rows are copied out and multiplied rather than looked for in whole segments.
GATHERED_MAX = 4000

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Inventory:
    """What the folder holds; segments oldest first."""

    dimension: Annotated[int, Field(gt=0, lt=1 << 16)]
    segments: tuple[StoredSegment, ...]
    dropped: Annotated[int, Field(ge=0, lt=1 << 32)]


_INVENTORY = TypeAdapter(Inventory)


class VectorIndex:
    """Search over unit vectors; scores are cosines, higher is better. Reading is thread-safe."""

    def __init__(self, dimension: int, segments: Sequence[Segment], dropped: Keys) -> None:
        self.dimension = dimension
        self.segments = tuple(segments)
        self.dropped = dropped
        self._stored: Keys = np.concatenate([np.zeros(0, np.int64), *(s.keys for s in segments)])
        self._starts = np.cumsum([0, *(len(segment.keys) for segment in segments)])
        self._live: Mask = np.ones(len(self._stored), np.bool_)
        self._live[np.searchsorted(self._stored, dropped)] = False

    @classmethod
    def open(cls, folder: Path) -> VectorIndex:
        """Map the files of a folder that `write_vectors` wrote.

        Raises:
            IndexDamaged: one is missing, cut, garbled, or does not fit the others; names the file.
        """
        inventory = read_inventory(folder)
        segments = [open_segment(folder, stored, inventory.dimension) for stored in inventory.segments]
        for older, newer in pairwise(segments):
            if newer.keys[0] <= older.stored.last:
                raise damaged(keys_name(newer.stored.number))
        dropped = read_keys(folder / DROPPED, inventory.dropped)
        if not is_ascending(dropped) or any(_is_unknown(dropped, segments)):
            raise damaged(DROPPED)
        return cls(inventory.dimension, segments, dropped)

    def __len__(self) -> int:
        return len(self._stored) - len(self.dropped)

    def keys(self) -> Keys:
        """Keys of all vectors, ascending."""
        keys: Keys = self._stored[self._live]
        return keys

    def live(self, number: int) -> Mask:
        """Which rows of the n-th segment are not dropped."""
        return self._live[self._starts[number] : self._starts[number + 1]]

    def vectors(self, keys: Keys) -> Vectors:
        """Vectors of known keys, float32 [n, dimension], in order.

        Raises:
            KeyError: a key is unknown.
        """
        places, known = self._places(keys)
        if not known.all():
            raise KeyError(int(np.asarray(keys)[~known][0]))
        return self._gathered(places)

    def cosines(self, keys: Keys, vector: Vectors) -> Vectors:
        """Cosines of known keys with a unit vector, float32 [n], in order; the same as `search` gives.

        Raises:
            KeyError: a key is unknown.
        """
        return products(self.vectors(keys), vector)

    def search(self, vector: Vectors, k: int, among: Keys | None = None) -> list[tuple[int, float]]:
        """Keys and cosines of the k nearest, best first, of all or only `among`.

        May be shorter than k. Unknown keys are passed over.
        """
        vector = np.ascontiguousarray(vector, np.float32)
        k = min(k, len(self))
        if k < 1:
            return []
        if among is None:
            keys = _best(self._scanned(vector, k, None), k)
        elif len(among) <= GATHERED_MAX:
            keys = _best([self._multiplied(vector, among)], k)
        else:
            keys = _best(self._scanned(vector, k, self._allowed(among)), k)
        # Scored again in one way: equal vectors score alike to the last digit, whatever found them.
        hits = self._multiplied(vector, keys)
        return [(int(key), float(score)) for key, score in zip(*_sorted(*hits), strict=True)]

    def _places(self, keys: Keys) -> tuple[Places, Mask]:
        """Rows of keys over all segments, and which keys are known; the others' rows mean nothing."""
        keys = np.asarray(keys, np.int64)
        if not len(self._stored):
            return np.zeros(len(keys), np.intp), np.zeros(len(keys), np.bool_)
        places = np.minimum(np.searchsorted(self._stored, keys), len(self._stored) - 1)
        return places, (self._stored[places] == keys) & self._live[places]

    def _gathered(self, places: Places) -> Vectors:
        rows = np.empty((len(places), self.dimension), np.float32)
        owners = np.searchsorted(self._starts, places, side="right") - 1
        for number in np.unique(owners):
            mine = owners == number
            rows[mine] = rows_at(self.segments[number].rows, places[mine] - self._starts[number])
        return rows

    def _multiplied(self, vector: Vectors, keys: Keys) -> tuple[Keys, Vectors]:
        """Known keys and their cosines."""
        places, known = self._places(keys)
        return self._stored[places[known]], products(self._gathered(places[known]), vector)

    def _allowed(self, among: Keys) -> Mask:
        """Which of all rows are of these keys."""
        last = self._stored[-1]
        wanted = np.zeros(last + 1, np.bool_)
        wanted[among[(among >= 0) & (among <= last)]] = True
        allowed: Mask = wanted[self._stored]
        return allowed

    def _scanned(self, vector: Vectors, k: int, allowed: Mask | None) -> list[tuple[Keys, Vectors]]:
        """The k best of each segment by exact search; `allowed` is a mask over all rows."""
        found = []
        for number, segment in enumerate(self.segments):
            mask = self.live(number)
            if allowed is not None:
                mask = mask & allowed[self._starts[number] : self._starts[number + 1]]
            found.append(segment.search(vector, k, None if mask.all() else mask))
        return found


def _best(found: Sequence[tuple[Keys, Vectors]], k: int) -> Keys:
    """Keys of the k highest scores, ascending."""
    keys, _ = _sorted(np.concatenate([keys for keys, _ in found]), np.concatenate([s for _, s in found]))
    return np.sort(keys[:k])


def _sorted(keys: Keys, scores: Vectors) -> tuple[Keys, Vectors]:
    """Highest score first, then lowest key."""
    order = np.lexsort((keys, -scores))
    return keys[order], scores[order]


def _is_unknown(keys: Keys, segments: Sequence[Segment]) -> Mask:
    """Which keys are in none of the segments."""
    unknown: Mask = np.ones(len(keys), np.bool_)
    for segment in segments:
        places = np.minimum(np.searchsorted(segment.keys, keys), len(segment.keys) - 1)
        unknown &= segment.keys[places] != keys
    return unknown


def read_inventory(folder: Path) -> Inventory:
    """What a folder holds.

    Raises:
        IndexDamaged: its inventory is missing or garbled.
    """
    try:
        return _INVENTORY.validate_json((folder / INVENTORY).read_bytes(), strict=True)
    except (OSError, ValidationError):
        raise damaged(INVENTORY) from None


def write_inventory(folder: Path, inventory: Inventory) -> None:
    """Write what a folder holds.

    Raises:
        OSError: it cannot be written.
    """
    (folder / INVENTORY).write_bytes(_INVENTORY.dump_json(inventory))
