"""Inputs to a published snapshot: read what changed, embed what is new, write beside, publish at once.

A build that dies at any point leaves the snapshot that serves as it was.
"""

from __future__ import annotations

import contextlib
import datetime
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.changes import Changes, PendingPassage, Step, no_step
from embeddings.encoder import Encoder, Vectors
from embeddings.errors import IndexDamaged, NotFoundError, ServiceError
from embeddings.index.catalog import Catalog, CatalogWriter
from embeddings.index.snapshot import (
    CATALOG,
    FORMAT_VERSION,
    SNAPSHOTS,
    TERMS,
    VECTORS,
    Manifest,
    checksums,
    current_number,
    damaged_files,
    publish,
    read_manifest,
    remove_old,
    snapshot_folder,
    snapshot_numbers,
    write_manifest,
)
from embeddings.index.terms import TermIndexWriter, term_document
from embeddings.index.vectors import VectorIndex
from embeddings.intake import find_inputs
from embeddings.lock import build_lock
from embeddings.passages import CUTTING_VERSION
from embeddings.records import Refusal, content_hash
from embeddings.settings import Settings
from embeddings.tokens import TOKENS_VERSION, Tokenizer

# Tokenising so many passages takes a few seconds.
TERMS_REWRITTEN_MAX = 5000

_WORK = ".building"

_SQLITE_DISK_ERRORS = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
}


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did. `snapshot` serves now; `None` when there is nothing to serve yet."""

    snapshot: int | None
    articles: int
    passages: int
    added: int
    updated: int
    removed: int
    unchanged: int
    embedded: int
    refused: tuple[Refusal, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The report as the contract's JSON object."""
        return {
            "snapshot": self.snapshot,
            "articles": self.articles,
            "passages": self.passages,
            "added": self.added,
            "updated": self.updated,
            "removed": self.removed,
            "unchanged": self.unchanged,
            "embedded": self.embedded,
            "refused": [refusal.to_json() for refusal in self.refused],
            "seconds": round(self.seconds, 3),
        }


def build(
    paths: Sequence[Path], settings: Settings, encoder: Encoder, *, prune: bool = False, step: Step = no_step
) -> BuildReport:
    """Bring the index up to date with the files under `paths` and publish it.

    What is indexed already and is not under `paths` stays. With `prune`, articles of files that
    have vanished from under `paths` go. `step(stage, done, total)` is called with the stages
    `files` and `passages`.

    Raises:
        IndexBusy: another build is running.
        ModelUnavailable: something must be embedded and the model cannot be had.
        ServiceError: the disk is full or the data folder cannot be written.
    """
    started = time.monotonic()
    with _work(settings, encoder) as work:
        found, refused = find_inputs(paths)
        work.changes.read_all(found, step)
        if prune:
            work.changes.prune(paths, found)
        return work.finish(refused, started, step)


def remove(ids: Sequence[str], settings: Settings, encoder: Encoder) -> BuildReport:
    """Take articles out of the index and publish it. They come back when their file changes.

    Raises:
        NotFoundError: one of the ids is not in the index; nothing is removed then.
        IndexBusy, ServiceError: as `build`.
    """
    started = time.monotonic()
    with _work(settings, encoder) as work:
        unknown = work.changes.unknown(ids)
        if unknown:
            raise NotFoundError(
                f"索引里没有这些文章:{'、'.join(unknown)}。",
                hint="没有移除任何文章。",
                code="article_not_found",
            )
        work.changes.remove(ids)
        return work.finish([], started, no_step)


def cutting_fingerprint(settings: Settings) -> str:
    """Changes whenever the same article could give other passages or terms."""
    lengths = f"{settings.passage_chars} {settings.passage_chars_max}"
    return content_hash(lengths, str(CUTTING_VERSION), str(TOKENS_VERSION))


@dataclass(frozen=True, slots=True)
class _Base:
    """The snapshot a build starts from: its catalog is whole, other files of it may be damaged."""

    number: int
    folder: Path
    manifest: Manifest
    damaged: frozenset[str]

    @property
    def whole(self) -> bool:
        """Whether every file of it can be built on."""
        return not self.damaged

    @property
    def is_older(self) -> bool:
        """Whether an older Wenbao wrote it; its articles lack what they have learnt to hold since."""
        return self.manifest.format < FORMAT_VERSION


def _find_base(data: Path) -> _Base | None:
    """The newest published snapshot whose catalog is whole.

    Raises:
        IndexMismatch: a newer Wenbao wrote it; building on would throw its articles away.
    """
    numbers = snapshot_numbers(data)
    try:
        published = current_number(data) or 0
    except IndexDamaged:  # whatever is there was whole when it got its number
        published = max(numbers, default=0)
    for number in sorted((n for n in numbers if n <= published), reverse=True):
        folder = snapshot_folder(data, number)
        with contextlib.suppress(IndexDamaged):
            manifest = read_manifest(folder)
            damaged = frozenset(damaged_files(folder, manifest))
            if CATALOG not in damaged:
                return _Base(number, folder, manifest, damaged)
    return None


def _serves(data: Path, number: int) -> bool:
    try:
        return current_number(data) == number
    except IndexDamaged:
        return False


@contextlib.contextmanager
def _work(settings: Settings, encoder: Encoder) -> Iterator[_Work]:
    """A build under way: locked, with a folder of its own that goes when it ends, however it ends."""
    with build_lock(settings.data), _disk_errors():
        base = _find_base(settings.data)
        folder = settings.data / SNAPSHOTS / _WORK
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            if base:
                shutil.copyfile(base.folder / CATALOG, folder / CATALOG)
            with CatalogWriter(folder / CATALOG) as catalog:
                if base and base.is_older:
                    catalog.complete_records()
                yield _Work(settings, encoder, base, folder, catalog)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _disk_error(error.strerror or type(error).__name__) from None
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in _SQLITE_DISK_ERRORS:
            raise
        raise _disk_error(error.sqlite_errorname) from None


def _disk_error(cause: str) -> ServiceError:
    return ServiceError(
        f"写索引时出错({cause})。",
        hint="检查磁盘空间和权限后重新运行 wenbao build;正在服务的索引没有改动。",
        code="disk_error",
    )


class _Work:
    """Turns the changes of a build into the files of the next snapshot."""

    def __init__(
        self, settings: Settings, encoder: Encoder, base: _Base | None, folder: Path, catalog: CatalogWriter
    ) -> None:
        self.changes = Changes(catalog, encoder, settings)
        self._settings = settings
        self._encoder = encoder
        self._base = base
        self._folder = folder
        self._catalog = catalog

    def finish(self, refused: Sequence[Refusal], started: float, step: Step) -> BuildReport:
        """Publish if anything changed, and report."""
        if self._base and not self._parts_fit:
            self.changes.cut_again()
        number, embedded = self._base.number if self._base else None, 0
        articles, passages = self._catalog.counts()
        if self.changes or (self._base and self._must_publish(self._base)):
            number, embedded = self._publish(articles, passages, step)
        changes = self.changes
        return BuildReport(
            snapshot=number,
            articles=articles,
            passages=passages,
            added=changes.added,
            updated=changes.updated,
            removed=changes.removed,
            unchanged=changes.unchanged,
            embedded=embedded,
            refused=(*refused, *changes.refused),
            seconds=time.monotonic() - started,
        )

    def _must_publish(self, base: _Base) -> bool:
        """Whether the base cannot go on serving although no article changed."""
        return base.is_older or not _serves(self._settings.data, base.number)

    @property
    def _same_encoder(self) -> bool:
        return self._base is not None and self._base.manifest.encoder == self._encoder.fingerprint

    @property
    def _parts_fit(self) -> bool:
        """Whether the base's vectors and terms can be carried over with small changes."""
        base = self._base
        return (
            base is not None
            and base.whole
            and self._same_encoder
            and base.manifest.cutting == cutting_fingerprint(self._settings)
        )

    def _publish(self, articles: int, passages: int, step: Step) -> tuple[int, int]:
        """Write what is missing in the folder, give it a number and let it serve."""
        pending = list(self.changes.pending.values())
        vectors, embedded = self._vectors(pending, step)
        vectors.write(self._folder / VECTORS)
        self._write_terms(pending)
        self._catalog.commit()
        data = self._settings.data
        # Above the newest on disk and not above the one that serves: after a rollback, a number that readers
        # have seen must not come back with another content.
        number = max([0, *snapshot_numbers(data)]) + 1
        manifest = Manifest(
            format=FORMAT_VERSION,
            number=number,
            built_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            model=self._encoder.name,
            encoder=self._encoder.fingerprint,
            cutting=cutting_fingerprint(self._settings),
            dimension=vectors.dimension,
            articles=articles,
            passages=passages,
            checksums=checksums(self._folder),
        )
        write_manifest(self._folder, manifest)
        self._folder.rename(snapshot_folder(data, number))
        publish(data, number)
        remove_old(data, self._settings.keep_snapshots)
        return number, embedded

    def _vectors(self, pending: Sequence[PendingPassage], step: Step) -> tuple[VectorIndex, int]:
        """Vectors of every passage, and how many texts had to be embedded for them."""
        found = self._known_vectors({p.hash for p in pending})
        texts = {p.hash: p.text for p in pending if p.hash not in found}
        if texts:
            found |= dict(zip(texts, self._embed(list(texts.values()), step), strict=True))
        if self._base and self._parts_fit:
            index = VectorIndex.read(self._base.folder / VECTORS)
            index.remove(np.array(self.changes.dropped_keys, np.int64))
        else:
            index = VectorIndex.empty(self._encoder.dimension)
        if pending:
            index.add(
                np.array([p.key for p in pending], np.int64), np.stack([found[p.hash] for p in pending])
            )
        return index, len(texts)

    def _known_vectors(self, hashes: set[str]) -> dict[str, Vectors]:
        """Vectors of the base by the hash of what the encoder read."""
        if not (self._base and VECTORS not in self._base.damaged and self._same_encoder):
            return {}
        with contextlib.closing(Catalog(self._base.folder / CATALOG)) as catalog:
            keys = {h: key for h, key in catalog.keys_by_hash().items() if h in hashes}
        rows = VectorIndex.read(self._base.folder / VECTORS).vectors(np.array(list(keys.values()), np.int64))
        return dict(zip(keys, rows, strict=True))

    def _embed(self, texts: list[str], step: Step) -> Vectors:
        done = 0
        step("passages", 0, len(texts))

        def progress(count: int) -> None:
            nonlocal done
            done += count
            step("passages", done, len(texts))

        return self._encoder.encode_passages(texts, progress)

    def _write_terms(self, pending: Sequence[PendingPassage]) -> None:
        tokenizer = Tokenizer(self._settings.cache / "jieba")
        if self._base and self._terms_carried:
            _link_tree(self._base.folder / TERMS, self._folder / TERMS)
            writer = TermIndexWriter(self._folder / TERMS)
            writer.remove(self.changes.dropped_keys)
            passages = iter([(p.key, p.passage, p.article) for p in pending])
        else:
            writer = TermIndexWriter(self._folder / TERMS)
            passages = self._catalog.passages()
        for key, passage, article in passages:
            writer.add(term_document(key, article, passage, tokenizer))
        writer.commit()

    @property
    def _terms_carried(self) -> bool:
        """Whether the base's terms are changed in place rather than written anew.

        tantivy counts removed passages in its document frequencies until it merges their segment, so
        that scores drift from those of a build from nothing. Small archives are spared that.
        """
        drifts = bool(self.changes.dropped_keys)
        return self._parts_fit and not (drifts and self._catalog.counts()[1] <= TERMS_REWRITTEN_MAX)


def _link_tree(source: Path, target: Path) -> None:
    """Hard-link the files: tantivy never changes one in place, it writes new ones and renames."""
    target.mkdir()
    for path in source.iterdir():
        if path.suffix == ".lock":
            continue
        try:
            (target / path.name).hardlink_to(path)
        except OSError:  # another file system, or one without links
            shutil.copyfile(path, target / path.name)
