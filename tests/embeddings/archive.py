"""A data folder, input files and builds, for tests of the index."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.build import build, compact, plan, readmit, remove
from embeddings.changes import Step, no_step
from embeddings.index.snapshot import Snapshot, open_current
from embeddings.records import Filters, Passage
from embeddings.reports import BuildReport, Plan
from embeddings.settings import Settings
from embeddings.tokens import Tokenizer
from qa.retrieval import find_candidates, hits, search_lexically
from tests.fakes import FakeEncoder, write_lines


@dataclass
class Archive:
    """Input files in `inbox` and the index built from them."""

    settings: Settings
    inbox: Path
    encoder: FakeEncoder = field(default_factory=FakeEncoder)

    def write(self, name: str, *records: dict[str, object]) -> Path:
        """Write or replace a JSON lines file."""
        return write_lines(self.inbox / name, records)

    def build(self, *, prune: bool = False, step: Step = no_step) -> BuildReport:
        """Build from everything in the inbox; what the build embeds is in `encoder.texts`."""
        self.inbox.mkdir(parents=True, exist_ok=True)
        self.encoder.texts.clear()
        return build([self.inbox], self.settings, self.encoder, prune=prune, step=step)

    def readmit(self, *ids: str) -> BuildReport:
        return readmit(ids, self.settings, self.encoder)

    def plan(self, *, prune: bool = False) -> Plan:
        return plan([self.inbox], self.settings, self.encoder, prune=prune)

    def compact(self) -> BuildReport:
        return compact(self.settings, self.encoder)

    def remove(self, *ids: str) -> BuildReport:
        return remove(ids, self.settings, self.encoder)

    @property
    def data(self) -> Path:
        return self.settings.data

    def snapshot(self) -> Snapshot:
        return open_current(self.data)

    def ids(self) -> set[str]:
        """Ids of the articles that serve."""
        return {article.id for article in self.snapshot().catalog.articles()}

    def body(self, article_id: str) -> str:
        return self.snapshot().catalog.article(article_id).body


Contents = dict[str, Any]


def contents(archive: Archive) -> Contents:
    """All that can be seen of the index that serves, without the numbers of keys."""
    snapshot = archive.snapshot()
    catalog = snapshot.catalog
    articles = {article.id: article for article in catalog.articles()}
    passages: dict[str, list[Passage]] = {}
    vectors: dict[str, list[list[float]]] = {}
    for article_id in articles:
        keyed = catalog.passages_of(article_id)
        passages[article_id] = [passage for _, passage in keyed]
        keys = np.array([key for key, _ in keyed], np.int64)
        vectors[article_id] = snapshot.vectors.vectors(keys).tolist()
    return {
        "articles": articles,
        "passages": passages,
        "vectors": vectors,
        "names": snapshot.names,
        "stories": catalog.stories(articles),
        "counts": (len(snapshot.vectors), len(snapshot.terms), catalog.counts()),
    }


def found(archive: Archive, question: str, k: int = 10) -> list[tuple[str, float]]:
    """Passage ids and scores of a search, best first."""
    snapshot = archive.snapshot()
    tokenizer = Tokenizer(archive.settings.cache / "jieba")
    vector = archive.encoder.encode_query(question)
    leg = search_lexically(snapshot, tokenizer, question, Filters())
    candidates = find_candidates(snapshot, leg, vector, Filters())
    return [(hit.passage.id, round(hit.score, 6)) for hit in hits(snapshot, candidates, k)]
