"""What must hold of an index whatever befell it, and what readers see of it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from embeddings.build import withheld
from embeddings.changes import _body_hash
from embeddings.index.snapshot import (
    CATALOG,
    CURRENT,
    SNAPSHOTS,
    current_number,
    snapshot_folder,
    snapshot_numbers,
)
from embeddings.index.verify import verify_snapshot
from embeddings.journal import JOURNAL
from embeddings.lock import LOCK
from embeddings.standing import cutting_fingerprint
from tests.embeddings.archive import Archive, contents, found

QUESTIONS = ("渡口多了几班船", "早市昨天来了多少人")

View = tuple[dict[str, Any], list[list[tuple[str, float]]]]


def view(archive: Archive) -> View:
    """All that readers see: what is in the index, and what searches give."""
    return contents(archive), [found(archive, question) for question in QUESTIONS]


def assert_verified(archive: Archive) -> None:
    """Nothing is wrong with the snapshot that serves."""
    number = current_number(archive.data)
    assert number is not None
    assert verify_snapshot(snapshot_folder(archive.data, number), cutting_fingerprint(archive.settings)) == []


def assert_tidy(archive: Archive) -> None:
    """No stray file lies in the data folder, and no more snapshots than are kept."""
    allowed = {CURRENT, SNAPSHOTS, LOCK, JOURNAL}
    assert {path.name for path in archive.data.iterdir()} <= allowed
    names = {path.name for path in (archive.data / SNAPSHOTS).iterdir()}
    assert all(name.isdigit() for name in names), names
    assert len(names) <= archive.settings.keep_snapshots


def published_hashes(data: Path, numbers: Iterable[int] | None = None) -> set[str]:
    """Hashes of the texts that the snapshots, all on disk or those given, have vectors of."""
    hashes: set[str] = set()
    for number in snapshot_numbers(data) if numbers is None else numbers:
        uri = f"{(snapshot_folder(data, number) / CATALOG).absolute().as_uri()}?mode=ro&immutable=1"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as database:
            hashes |= {digest for (digest,) in database.execute("SELECT hash FROM passages")}
    return hashes


def fresh_build(archive: Archive, data: Path) -> Archive:
    """An index of the same inbox built from nothing in `data`, less what was removed by hand."""
    fresh = Archive(archive.settings.model_copy(update={"data": data}), archive.inbox)
    fresh.encoder = archive.encoder
    fresh.build()
    out = withheld(archive.data)
    ids, bodies = {one.id for one in out}, {one.body for one in out} - {""}
    articles = fresh.snapshot().catalog.articles() if current_number(data) else []
    gone = [one.id for one in articles if one.id in ids or _body_hash(one) in bodies]
    if gone:
        fresh.remove(*gone)
    return fresh
