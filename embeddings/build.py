"""Inputs to a published snapshot: read what changed, embed what is new, write beside, publish at once.

A build that dies at any point leaves the snapshot that serves as it was, and what it has embedded to the next
build (`embeddings.journal`).
"""

from __future__ import annotations

import contextlib
import datetime
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from embeddings.changes import Changes, PendingPassage, Step, no_step, nothing_new, path_key, vanished
from embeddings.encoder import Encoder, Vectors
from embeddings.errors import IndexMissing, NotFoundError, ServiceError
from embeddings.index.catalog import Catalog, CatalogWriter, Withheld
from embeddings.index.snapshot import (
    CATALOG,
    FORMAT_VERSION,
    SNAPSHOTS,
    TERMS,
    VECTORS,
    Manifest,
    checksums,
    finish_removal,
    publish,
    remove_old,
    remove_snapshot,
    snapshot_folder,
    snapshot_numbers,
    write_manifest,
)
from embeddings.index.terms import TermIndexWriter, term_document
from embeddings.index.vectors import write_vectors
from embeddings.intake import InputFile, find_inputs
from embeddings.lock import build_lock
from embeddings.records import Refusal
from embeddings.reports import BuildReport, Cost, Plan
from embeddings.settings import Settings
from embeddings.standing import Standing, cutting_fingerprint, find_standing, serves
from embeddings.supply import VectorSupply
from embeddings.tokens import Tokenizer

# So many texts are embedded for a plan, to tell how long the rest would take.
PLAN_SAMPLE = 16

_WORK = ".building"

_SQLITE_DISK_ERRORS = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
}


Announce = Callable[[Cost], None]


def no_announcement(_cost: Cost) -> None:
    """Tell nobody."""


def build(
    paths: Sequence[Path],
    settings: Settings,
    encoder: Encoder,
    *,
    prune: bool = False,
    step: Step = no_step,
    announce: Announce = no_announcement,
) -> BuildReport:
    """Bring the index up to date with the files under `paths` and publish it.

    What is indexed already and is not under `paths` stays. With `prune`, articles of files that
    have vanished from under `paths` go. `step(stage, done, total)` is called with the stages
    `files` and `passages`; `announce` before much is embedded.

    Raises:
        IndexBusy: another build is running.
        ModelUnavailable: something must be embedded and the model cannot be had.
        ServiceError: the disk is full or the data folder cannot be written.
    """
    started = time.monotonic()
    with _locked(settings) as standing:
        found, refused = find_inputs(paths)
        if standing and _stays(standing, settings, encoder):
            report = _report_of_nothing_new(standing, paths if prune else (), found, refused, started)
            if report:
                finish_removal(settings.data, settings.keep_snapshots, standing.manifest.parent)
                return report
        with _work(settings, encoder, standing) as work:
            work.changes.read_all(found, step)
            if prune:
                work.changes.prune(paths, found)
            return work.finish(refused, started, step, announce)


def plan(
    paths: Sequence[Path], settings: Settings, encoder: Encoder, *, prune: bool = False, step: Step = no_step
) -> Plan:
    """What `build` would do with the same arguments; writes nothing in the data folder and needs no lock.

    Raises:
        ModelUnavailable: passages must be cut or embedded, and the model cannot be had.
    """
    standing = find_standing(settings.data)
    found, refused = find_inputs(paths)
    with (
        _disk_errors(),
        tempfile.TemporaryDirectory(prefix="wenbao-plan-") as folder,
        _catalog(standing, Path(folder)) as catalog,
    ):
        work = _Work(settings, encoder, standing, Path(folder), catalog)
        work.changes.read_all(found, step)
        if prune:
            work.changes.prune(paths, found)
        return work.plan(refused)


def remove(ids: Sequence[str], settings: Settings, encoder: Encoder) -> BuildReport:
    """Take articles out of the index, to stay out, and publish it.

    Raises:
        NotFoundError: one of the ids is not in the index; nothing is removed then.
        IndexBusy, ServiceError: as `build`.
    """
    started = time.monotonic()
    with _locked(settings) as standing, _work(settings, encoder, standing) as work:
        _refuse_unknown(work.changes.unknown(ids), "没有移除任何文章。")
        work.changes.remove(ids)
        return work.finish([], started, no_step, no_announcement)


def readmit(ids: Sequence[str], settings: Settings, encoder: Encoder) -> BuildReport:
    """Let removed articles in again; the next build that finds their files brings them back.

    Raises:
        NotFoundError: one of the ids is not withheld; nothing is changed then.
        IndexBusy, ServiceError: as `build`.
    """
    started = time.monotonic()
    with _locked(settings) as standing, _work(settings, encoder, standing) as work:
        _refuse_unknown(work.changes.not_withheld(ids), "没有改动。")
        work.changes.readmit(ids)
        return work.finish([], started, no_step, no_announcement)


def withheld(data: Path) -> list[Withheld]:
    """Articles that were removed to stay out, by id; none before the first build."""
    standing = find_standing(data)
    if standing is None:
        return []
    with contextlib.closing(Catalog(standing.folder / CATALOG)) as catalog:
        return catalog.withheld()


def compact(settings: Settings, encoder: Encoder) -> BuildReport:
    """Write the index without what removed and replaced articles have left in it, and publish it.

    Raises:
        IndexMissing: nothing has been built.
        IndexBusy, ServiceError: as `build`.
    """
    started = time.monotonic()
    with _locked(settings) as standing:
        if standing is None:
            raise IndexMissing("还没有建立索引。", hint="先运行:wenbao build seeds(或您的报纸文件夹)。")
        with _work(settings, encoder, standing, compact=True) as work:
            return work.finish([], started, no_step, no_announcement)


@contextlib.contextmanager
def _locked(settings: Settings) -> Iterator[Standing | None]:
    """Hold the build lock, and know what stands."""
    with build_lock(settings.data), _disk_errors():
        yield find_standing(settings.data)


def _refuse_unknown(ids: Sequence[str], consequence: str) -> None:
    if ids:
        raise NotFoundError(f"没有这些文章:{'、'.join(ids)}。", hint=consequence, code="article_not_found")


def _stays(standing: Standing, settings: Settings, encoder: Encoder) -> bool:
    """Whether the snapshot can go on serving as it is if no input changed."""
    misfit = standing.misfit(encoder.fingerprint, cutting_fingerprint(settings))
    return not misfit and serves(settings.data, standing.number)


def _report_of_nothing_new(
    standing: Standing,
    pruned: Sequence[Path],
    found: Sequence[InputFile],
    refused: Sequence[Refusal],
    started: float,
) -> BuildReport | None:
    """The report of a build that has nothing to do, told without copying anything; `None` if it has."""
    with contextlib.closing(Catalog(standing.folder / CATALOG)) as catalog:
        files = catalog.files()
        if not nothing_new(files, found) or vanished(files, pruned, found):
            return None
        paths = [path_key(file) for file in found]
        counts = catalog.articles_by_path()
        articles, passages = catalog.counts()
    return BuildReport(
        snapshot=standing.number,
        articles=articles,
        passages=passages,
        added=0,
        updated=0,
        removed=0,
        unchanged=sum(counts.get(path, 0) for path in paths),
        embedded=0,
        refused=(*refused, *(refusal for path in paths for refusal in files[path].refused)),
        seconds=time.monotonic() - started,
    )


@contextlib.contextmanager
def _work(
    settings: Settings, encoder: Encoder, standing: Standing | None, *, compact: bool = False
) -> Iterator[_Work]:
    """A build under way, with a folder of its own that goes when it ends, however it ends."""
    folder = settings.data / SNAPSHOTS / _WORK
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with _catalog(standing, folder) as catalog:
            yield _Work(settings, encoder, standing, folder, catalog, compact=compact)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _catalog(standing: Standing | None, folder: Path) -> Iterator[CatalogWriter]:
    if standing:
        shutil.copyfile(standing.folder / CATALOG, folder / CATALOG)
    with CatalogWriter(folder / CATALOG) as catalog:
        if standing and standing.is_older:
            catalog.complete_records()
        yield catalog


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
        hint="检查磁盘空间和权限后重新运行 wenbao build;正在服务的索引没有改动,已编码的段落不用再编码。",
        code="disk_error",
    )


class _Work:
    """Turns the changes of a build into the files of the next snapshot."""

    def __init__(
        self,
        settings: Settings,
        encoder: Encoder,
        standing: Standing | None,
        folder: Path,
        catalog: CatalogWriter,
        *,
        compact: bool = False,
    ) -> None:
        self.changes = Changes(catalog, encoder, settings)
        self._settings = settings
        self._encoder = encoder
        self._standing = standing
        self._folder = folder
        self._catalog = catalog
        self._compact = compact
        self._cutting = cutting_fingerprint(settings)
        self._misfit = standing.misfit(encoder.fingerprint, self._cutting) if standing else ""
        whole = standing.folder if standing and not standing.damaged else None
        self._supply = VectorSupply(settings.data, encoder, whole)

    def plan(self, refused: Sequence[Refusal]) -> Plan:
        """What `finish` would do, worked out without publishing."""
        if self._misfit:
            self.changes.cut_again()
        texts = self._texts(list(self.changes.pending.values()))
        missing = texts.keys() - self._supply.known(texts).keys() if texts else set()
        articles, passages = self._catalog.counts()
        changes = self.changes
        return Plan(
            snapshot=self._standing.number if self._standing else None,
            articles=articles,
            passages=passages,
            added=changes.added,
            updated=changes.updated,
            removed=changes.removed,
            unchanged=changes.unchanged,
            to_embed=len(missing),
            rewrites=self._misfit,
            seconds=self._seconds_for([texts[digest] for digest in sorted(missing)]),
            refused=(*refused, *changes.refused),
        )

    def _seconds_for(self, texts: list[str]) -> float:
        if not texts:
            return 0.0
        self._encoder.encode_passages(texts[:1])  # loads the model
        sample = texts[:PLAN_SAMPLE]
        started = time.monotonic()
        self._encoder.encode_passages(sample)
        return (time.monotonic() - started) / len(sample) * len(texts)

    def finish(
        self, refused: Sequence[Refusal], started: float, step: Step, announce: Announce
    ) -> BuildReport:
        """Publish if anything changed, and report."""
        if self._misfit:
            self.changes.cut_again()
        self._catalog.settle()
        number, embedded = self._standing.number if self._standing else None, 0
        articles, passages = self._catalog.counts()
        if self._must_publish:
            number, embedded = self._publish(articles, passages, step, announce)
        elif self._standing:
            finish_removal(self._settings.data, self._settings.keep_snapshots, self._standing.manifest.parent)
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

    @property
    def _must_publish(self) -> bool:
        """Whether anything changed, or what stands cannot go on serving although nothing did."""
        standing = self._standing
        return bool(
            self.changes
            or (
                standing
                and (self._compact or self._misfit or not serves(self._settings.data, standing.number))
            )
        )

    @property
    def _carried(self) -> Standing | None:
        """What stands, if its vectors and terms can be carried over with small changes."""
        return None if self._misfit else self._standing

    def _publish(self, articles: int, passages: int, step: Step, announce: Announce) -> tuple[int, int]:
        """Write what is missing in the folder, give it a number and let it serve."""
        pending = list(self.changes.pending.values())
        embedded = self._write_vectors(pending, step, announce)
        self._write_terms(pending)
        if self._compact:
            self._catalog.vacuum()
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
            cutting=self._cutting,
            dimension=self._dimension,
            articles=articles,
            passages=passages,
            checksums=self._checksums(),
            parent=self._standing.number if self._standing else None,
        )
        write_manifest(self._folder, manifest)
        self._folder.rename(snapshot_folder(data, number))
        publish(data, number)
        if pending:  # a removal leaves what an interrupted build has paid for
            self._supply.published()
        if self._standing and self._standing.damaged:  # it must not take the place of a whole one
            remove_snapshot(data, self._standing.number)
        remove_old(data, self._settings.keep_snapshots, manifest.parent)
        return number, embedded

    def _checksums(self) -> dict[str, str]:
        carried = self._carried
        return (
            checksums(self._folder, carried.folder, carried.manifest) if carried else checksums(self._folder)
        )

    @property
    def _dimension(self) -> int:
        """Known without loading the model where the vectors that stand are kept."""
        return self._carried.manifest.dimension if self._carried else self._encoder.dimension

    def _texts(self, pending: Sequence[PendingPassage]) -> dict[str, str]:
        return {passage.hash: passage.text for passage in pending}

    def _write_vectors(self, pending: Sequence[PendingPassage], step: Step, announce: Announce) -> int:
        """Write the vectors of every passage; how many texts had to be embedded for them."""

        def forecast(count: int, seconds: float) -> None:
            announce(Cost(count, seconds, self._misfit))

        found: dict[str, Vectors] = {}
        embedded = 0
        if pending:
            found, embedded = self._supply.all(self._texts(pending), step, forecast)
        rows = [found[passage.hash] for passage in pending]
        carried = self._carried
        write_vectors(
            self._folder / VECTORS,
            base=carried.folder / VECTORS if carried else None,
            dimension=self._dimension,
            dropped=np.array(sorted(self.changes.dropped_keys) if carried else [], np.int64),
            keys=np.array([passage.key for passage in pending], np.int64),
            vectors=np.stack(rows) if rows else np.zeros((0, self._dimension), np.float32),
            compact=self._compact,
        )
        return embedded

    def _write_terms(self, pending: Sequence[PendingPassage]) -> None:
        tokenizer = Tokenizer(self._settings.cache / "jieba")
        carried = self._carried
        if carried:
            _link_tree(carried.folder / TERMS, self._folder / TERMS)
        writer = TermIndexWriter(self._folder / TERMS)
        if carried:
            writer.remove(self.changes.dropped_keys)
        for item in pending:
            writer.add(term_document(item.key, item.article, item.passage, tokenizer))
        if self._compact:
            writer.compact()
        else:
            writer.commit()


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
