"""A short code of every row of a large segment, to find a query's candidates without reading the rows.

One bit a dimension and two factors (RaBitQ, Gao and Long, SIGMOD 2024) against the segment's mean,
scanned with FAISS's fast scan. Candidates are then scored by their exact rows: what comes out may miss a
neighbour, but never has a wrong score. Codes need no training but for the mean, so they are made with the
segment and are as immutable as it is.

Measured by tests/bench/vectors.py; of the others that FAISS offers, on 175,000 vectors of news passages and
real questions: inverted lists of 8-bit codes must visit a third of all rows for a recall@10 of 0.98,
since questions lie far from the passages that the lists were formed by, and have six times the memory;
HNSW over 8-bit codes reaches 0.977, with ten times the memory, and 0.91 of the best 100.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from embeddings.encoder import Vectors

Bits = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

# Smaller segments are searched exactly.
COARSE_MIN_ROWS = 50_000

_KIND = "IVF1,RaBitQfs"  # one list: FAISS knows no selectors for the codes without lists
_TRAINING_ROWS = 1 << 14
_CHUNK_ROWS = 1 << 16


def candidate_count(k: int) -> int:
    """How many candidates to score exactly for the k best.

    At 175,000 rows 1,000 of them hold 0.994 of the 10 best and 0.93 of the 100 best; twice as many would hold
    0.998 and 0.975, and cost another 1.2 ms (`python -m tests.bench.vectors`).
    """
    return 1000 + 2 * k


def write_coarse(path: Path, rows: Vectors) -> int:
    """Write the codes of rows [n, dimension]; returns the file's CRC-32.

    Raises:
        OSError: it cannot be written.
    """
    index = faiss.index_factory(rows.shape[1], _KIND, faiss.METRIC_INNER_PRODUCT)
    index.train(_aligned(rows[:: -(-len(rows) // _TRAINING_ROWS)]))
    for start in range(0, len(rows), _CHUNK_ROWS):
        index.add(_aligned(rows[start : start + _CHUNK_ROWS]))
    content = faiss.serialize_index(index)
    path.write_bytes(content.data)
    return zlib.crc32(content.data)


def open_coarse(path: Path, checksum: int, count: int) -> Any:
    """Read the codes of `count` rows as a FAISS index whose ids are the places of the rows.

    Raises:
        OSError, ValueError, RuntimeError: the file is missing, empty, fails its checksum, or holds
            something else. The checksum comes first: FAISS trusts the sizes it reads.
    """
    content = np.memmap(path, np.uint8, "r")
    if zlib.crc32(content.data) != checksum:
        raise ValueError("checksum")
    index = faiss.deserialize_index(content)
    if index.ntotal != count:
        raise ValueError("count")
    return index


def coarse_candidates(index: Any, vector: Vectors, count: int, bits: Bits | None) -> Places:
    """Places of about the best `count` rows, ascending; with `bits` only of rows whose bit is set."""
    parameters = faiss.SearchParametersIVF(nprobe=1)  # type: ignore[call-arg]
    if bits is not None:
        # Kept alive by its name while FAISS reads it.
        selector = bitmap_selector(bits)
        parameters = faiss.SearchParametersIVF(nprobe=1, sel=selector)  # type: ignore[call-arg]
    _, rows = index.search(vector.reshape(1, -1), min(count, index.ntotal), params=parameters)
    # FAISS fills a short result with -1.
    return np.sort(rows[0][rows[0] >= 0])


def bitmap_selector(bits: Bits) -> Any:
    """A FAISS selector of the ids whose bit is set, least significant bit first; `bits` must outlive it."""
    return faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg, arg-type]


def _aligned(rows: Vectors) -> Vectors:
    """A copy where FAISS may read whole vectors at once; the rows of a mapped file begin anywhere."""
    return np.array(rows, np.float32, order="C")
