"""What an administrator does to the archive while it serves: look, roll back, correct."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from embeddings.index.catalog import Catalog
from embeddings.index.history import Kept, history, roll_back
from embeddings.index.snapshot import CATALOG, current_number, snapshot_folder
from embeddings.records import Article
from embeddings.settings import Settings
from qa import corrections
from qa.corrections import ReadPage


class Archive:
    """The index of a data folder, as it lies on disk; `fingerprint` is that of the encoder that serves."""

    def __init__(self, settings: Settings, fingerprint: str) -> None:
        self._settings = settings
        self._fingerprint = fingerprint

    def snapshots(self) -> list[Kept]:
        """The snapshots that are kept, newest first."""
        return history(self._settings.data)

    def roll_back(self, number: int) -> None:
        """Let a kept snapshot serve; raises as `embeddings.index.history.roll_back`."""
        roll_back(self._settings.data, self._fingerprint, number)

    def doubtful(self) -> list[Article]:
        """Articles whose beginning was found with doubt, the least sure first."""
        number = current_number(self._settings.data)
        if number is None:
            return []
        with closing(self._catalog(number)) as catalog:
            return corrections.doubtful(catalog)

    def pages_of(self, article: Article) -> list[ReadPage]:
        """The pages of an article's file, read again; raises as `qa.corrections.pages_of`."""
        with closing(self._current()) as catalog:
            return corrections.pages_of(catalog, article, self._settings)

    def correct(self, article: Article, line: int, text: str, way: str, role: str) -> Path:
        """Keep what is said of a line; the file to build again. Raises as `qa.corrections.correct`."""
        with closing(self._current()) as catalog:
            return corrections.correct(catalog, article, line, text, way, role)

    def _current(self) -> Catalog:
        return self._catalog(current_number(self._settings.data) or 0)

    def _catalog(self, number: int) -> Catalog:
        return Catalog(snapshot_folder(self._settings.data, number) / CATALOG)
