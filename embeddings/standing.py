"""What stands before a build: the published snapshot that it starts from, and how much of it still fits."""

from __future__ import annotations

import contextlib
import importlib.metadata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from embeddings.errors import IndexDamaged, WenbaoError
from embeddings.index.snapshot import (
    CATALOG,
    FORMAT_VERSION,
    Manifest,
    current_number,
    damaged_files,
    read_manifest,
    snapshot_folder,
    snapshot_numbers,
)
from embeddings.index.stories import STORIES_VERSION
from embeddings.passages import CUTTING_VERSION
from embeddings.records import content_hash
from embeddings.settings import Settings
from embeddings.tokens import TOKENS_VERSION


@dataclass(frozen=True, slots=True)
class Standing:
    """The snapshot a build starts from: its catalog is whole, other files of it may be damaged."""

    number: int
    folder: Path
    manifest: Manifest
    damaged: frozenset[str]

    @property
    def is_older(self) -> bool:
        """Whether an older Wenbao wrote it; its articles lack what they have learnt to hold since."""
        return self.manifest.format < FORMAT_VERSION

    def misfit(self, encoder: str, cutting: str) -> str:
        """Why its vectors and terms cannot be carried over with small changes; empty when they can.

        `encoder` and `cutting` are today's fingerprints. The reasons: `model`, `cutting`, `format`, `damage`,
        the costliest first.
        """
        reasons = {
            "model": self.manifest.encoder != encoder,
            "cutting": self.manifest.cutting != cutting,
            "format": self.is_older,
            "damage": bool(self.damaged),
        }
        return next((reason for reason, holds in reasons.items() if holds), "")


def cutting_fingerprint(settings: Settings) -> str:
    """Changes whenever the same article could give other passages, terms or stories."""
    lengths = f"{settings.passage_chars} {settings.passage_chars_max}"
    # jieba's dictionary comes with it and changes with its version only.
    dictionary = importlib.metadata.version("jieba")
    versions = (CUTTING_VERSION, TOKENS_VERSION, STORIES_VERSION)
    return content_hash(lengths, dictionary, *map(str, versions))


def find_standing(data: Path) -> Standing | None:
    """The newest published snapshot whose catalog is whole; `None` when there is none.

    Raises:
        IndexMismatch: a newer Wenbao wrote it; building on would throw its articles away.
    """
    for number in published_numbers(data):
        folder = snapshot_folder(data, number)
        with contextlib.suppress(IndexDamaged):
            manifest = read_manifest(folder)
            damaged = frozenset(damaged_files(folder, manifest))
            if CATALOG not in damaged:
                return Standing(number, folder, manifest, damaged)
    return None


def published_numbers(data: Path) -> list[int]:
    """Numbers of the snapshots on disk that served or serve, the one that serves first, then downwards."""
    numbers = snapshot_numbers(data)
    try:
        published = current_number(data) or 0
    except IndexDamaged:  # whatever is there was whole when it got its number
        published = max(numbers, default=0)
    return sorted((number for number in numbers if number <= published), reverse=True)


def serves(data: Path, number: int) -> bool:
    """Whether this snapshot is the one that `CURRENT` names."""
    try:
        return current_number(data) == number
    except IndexDamaged:
        return False


def snapshots_of_encoder(data: Path, encoder: str) -> Iterator[tuple[Path, Manifest]]:
    """Folders of the snapshots on disk whose vectors come from this encoder, newest first, unchecked."""
    for number in reversed(snapshot_numbers(data)):
        folder = snapshot_folder(data, number)
        with contextlib.suppress(WenbaoError):
            manifest = read_manifest(folder)
            if manifest.encoder == encoder:
                yield folder, manifest
