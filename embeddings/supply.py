"""Vectors for the passages of a build: each text is embedded once, and what was paid for is never lost.

Looked for in this order: the snapshots on disk made with the same encoder, then what an interrupted build
left in the journal. What is in neither is embedded, and kept in the journal batch by batch.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

from embeddings.encoder import Encoder, Vectors
from embeddings.errors import WenbaoError
from embeddings.index.catalog import Catalog
from embeddings.index.snapshot import CATALOG, VECTORS, Manifest, damaged_files
from embeddings.index.vectors import VectorIndex, legacy_vectors
from embeddings.journal import Journal
from embeddings.standing import snapshots_of_encoder

LEGACY_VECTORS = "vectors.faiss"
# So many texts are embedded first to tell how long the rest will take.
SAMPLE = 32

Step = Callable[[str, int, int], None]
Forecast = Callable[[int, float], None]


class VectorSupply:
    """The vectors that one build needs; used by whoever holds the build lock."""

    def __init__(self, data: Path, encoder: Encoder, whole: Path | None = None) -> None:
        """`whole` is the folder of a snapshot that was just checked."""
        self._data = data
        self._encoder = encoder
        self._whole = whole

    def known(self, hashes: Iterable[str]) -> dict[str, Vectors]:
        """Those of the vectors, by text hash, that need no embedding."""
        missing = set(hashes)
        found: dict[str, Vectors] = {}
        for folder, manifest in snapshots_of_encoder(self._data, self._encoder.fingerprint):
            if not missing:
                return found
            found |= _published(folder, manifest, missing, checked=folder == self._whole)
            missing -= found.keys()
        return found | self._journal().vectors(missing) if missing else found

    def all(self, texts: Mapping[str, str], step: Step, forecast: Forecast) -> tuple[dict[str, Vectors], int]:
        """Vectors of all texts, given by their hash, and how many had to be embedded.

        `forecast(count, seconds)` is told how many are to be embedded and about how long the rest takes.

        Raises:
            ModelUnavailable: something must be embedded and the model cannot be had.
            OSError: what was embedded cannot be kept.
        """
        found = self.known(texts)
        missing = [digest for digest in texts if digest not in found]
        if missing:
            found |= self._embed({digest: texts[digest] for digest in missing}, step, forecast)
        return found, len(missing)

    def published(self) -> None:
        """All that was supplied is in a snapshot now."""
        self._journal().discard()

    def _journal(self) -> Journal:
        return Journal(self._data, self._encoder.fingerprint, self._encoder.dimension)

    def _embed(self, texts: Mapping[str, str], step: Step, forecast: Forecast) -> dict[str, Vectors]:
        hashes = list(texts)
        journal = self._journal()
        found: dict[str, Vectors] = {}

        def embed(some: list[str]) -> None:
            def keep(rows: list[int], vectors: Vectors) -> None:
                journal.append([some[row] for row in rows], vectors)
                found.update((some[row], vector) for row, vector in zip(rows, vectors, strict=True))
                step("passages", len(found), len(hashes))

            self._encoder.encode_passages([texts[digest] for digest in some], keep)

        step("passages", 0, len(hashes))
        first, sample, rest = hashes[:1], hashes[1 : 1 + SAMPLE], hashes[1 + SAMPLE :]
        embed(first)  # loads the model, which says nothing of the rest
        started = time.monotonic()
        if sample:
            embed(sample)
        forecast(len(hashes), (time.monotonic() - started) / max(1, len(sample)) * len(rest))
        if rest:
            embed(rest)
        return found


def _published(folder: Path, manifest: Manifest, wanted: set[str], *, checked: bool) -> dict[str, Vectors]:
    """Vectors of a snapshot by text hash; none when a file that would be read is damaged."""
    with contextlib.suppress(WenbaoError), contextlib.closing(Catalog(folder / CATALOG)) as catalog:
        keys = catalog.keys_by_hash(wanted)
        parts = [name for name in manifest.checksums if name.startswith((CATALOG, VECTORS))]
        if keys and (checked or not damaged_files(folder, manifest, parts)):
            rows = _rows(folder, np.array(list(keys.values()), np.int64))
            return dict(zip(keys, rows, strict=True))
    return {}


def _rows(folder: Path, keys: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Vectors:
    if (folder / LEGACY_VECTORS).exists():
        return legacy_vectors(folder / LEGACY_VECTORS, keys)
    return VectorIndex.open(folder / VECTORS).vectors(keys)
