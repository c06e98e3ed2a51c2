"""The dense index: FAISS inner product over unit vectors, known by passage key."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from embeddings.encoder import Vectors
from embeddings.errors import IndexDamaged
from embeddings.index.catalog import Keys


class VectorIndex:
    """Exact search over unit vectors; scores are cosines, higher is better. Reading is thread-safe."""

    def __init__(self, index: Any) -> None:
        self._index = index

    @classmethod
    def empty(cls, dimension: int) -> VectorIndex:
        """An index without vectors."""
        return cls(faiss.IndexIDMap2(faiss.IndexFlatIP(dimension)))

    @classmethod
    def read(cls, path: Path) -> VectorIndex:
        """Read an index file.

        Raises:
            IndexDamaged: it is missing or not such a file.
        """
        try:
            index = faiss.read_index(str(path))
        except RuntimeError:
            raise IndexDamaged(
                "索引的向量文件(vectors.faiss)无法读取。", hint="重新运行 wenbao build。"
            ) from None
        return cls(index)

    def write(self, path: Path) -> None:
        """Write the index file.

        Raises:
            OSError: it cannot be written.
        """
        try:
            faiss.write_index(self._index, str(path))
        except RuntimeError:  # FAISS has no other error for a full disk
            raise OSError(errno.EIO, os.strerror(errno.EIO)) from None

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._index.d)

    def add(self, keys: Keys, vectors: Vectors) -> None:
        """Add unit vectors [n, dimension] under new keys [n]."""
        if len(keys):
            self._index.add_with_ids(np.ascontiguousarray(vectors, np.float32), np.asarray(keys, np.int64))

    def remove(self, keys: Keys) -> None:
        """Remove the vectors of these keys; unknown keys are passed over."""
        if len(keys):
            self._index.remove_ids(np.asarray(keys, np.int64))

    def vectors(self, keys: Keys) -> Vectors:
        """Vectors of known keys, float32 [n, dimension], in order."""
        if not len(keys):
            return np.zeros((0, self.dimension), np.float32)
        rows: Vectors = self._index.reconstruct_batch(np.asarray(keys, np.int64))
        return rows

    def search(self, vector: Vectors, k: int, among: Keys | None = None) -> list[tuple[int, float]]:
        """Keys and cosines of the k nearest, best first, of all or only `among`; may be shorter than k."""
        if among is not None and not len(among):
            return []
        parameters = None
        if among is not None:
            selector = faiss.IDSelectorBatch(among)  # kept alive by this name while FAISS reads it
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        scores, keys = self._index.search(vector.reshape(1, -1), max(1, min(k, len(self))), params=parameters)
        # FAISS fills a short result with key -1.
        return [(int(key), float(score)) for key, score in zip(keys[0], scores[0], strict=True) if key >= 0]
