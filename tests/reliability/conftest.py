"""One process to fork builders from, for all tests of this folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from embeddings.settings import Settings
from tests.embeddings.archive import Archive
from tests.reliability.forge import Forge


@pytest.fixture(scope="session")
def forge(jieba_cache: Path) -> Iterator[Forge]:
    with Forge(jieba_cache) as forge:
        yield forge


@pytest.fixture
def quick_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: most of the time of a small build is waiting for the disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as folder:
        yield Path(folder)


@pytest.fixture
def archive(settings: Settings, tmp_path: Path) -> Archive:
    return Archive(settings, tmp_path / "inbox")
