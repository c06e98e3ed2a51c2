"""What a client can ask of Wenbao, whatever the way in: web, command line, program.

One `Service` holds the encoder and the published snapshot (`qa.following` says which that is); every
call works on one snapshot from its first line to its last.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from embeddings.encoder import Encoder
from embeddings.errors import GeneratorUnavailable, QuestionError
from embeddings.halves import Halves, halves_of
from embeddings.index.snapshot import Snapshot
from embeddings.records import Answer, Article, ArticleKind, Filters, Hit, Mode, Pointers
from embeddings.settings import Settings
from embeddings.tokens import Tokenizer
from qa import retrieval
from qa.answering import compose
from qa.batching import QueryBatcher
from qa.conversations import Conversations
from qa.following import Degraded, Follower
from qa.question import Turn, check_question, understand
from qa.reading import PASSAGES_READ, Reader, SpanSource, Weights
from qa.retrieval import Candidate

SEARCH_MAX = 100


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits best first, the snapshot they come from, and milliseconds by stage."""

    hits: tuple[Hit, ...]
    snapshot: int
    timings_ms: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """The body of `/api/search`."""
        return {
            "hits": [hit.to_json() for hit in self.hits],
            "snapshot": self.snapshot,
            "timings_ms": {stage: round(ms, 2) for stage, ms in self.timings_ms.items()},
        }


@dataclass(frozen=True, slots=True)
class Status:
    """What serves now. `built_at` is ISO 8601 in UTC; dates are the first and last issue's.

    `degraded` says why the published snapshot does not serve, where another one serves in its place.
    """

    snapshot: int
    articles: int
    passages: int
    model: str
    built_at: str
    first_date: str | None
    last_date: str | None
    degraded: Degraded | None = None

    def to_json(self) -> dict[str, Any]:
        """The status as a JSON object."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {**fields, "degraded": self.degraded.to_json() if self.degraded else None}


@dataclass(slots=True)
class Stopwatch:
    """Milliseconds by stage, each `lap` from the one before; `total` from the start."""

    _started: float = field(default_factory=time.perf_counter)
    _last: float = field(default_factory=time.perf_counter)
    _laps: dict[str, float] = field(default_factory=dict)

    def lap(self, stage: str) -> None:
        """End a stage."""
        now = time.perf_counter()
        self._laps[stage] = (now - self._last) * 1000
        self._last = now

    def timings_ms(self) -> dict[str, float]:
        """Every stage so far and the total."""
        return {**self._laps, "total": (time.perf_counter() - self._started) * 1000}


class Service:
    """Answers, searches and shows. Thread-safe."""

    def __init__(
        self,
        settings: Settings,
        encoder: Encoder,
        spans: SpanSource,
        conversations: Conversations | None = None,
    ) -> None:
        self._settings = settings
        self._queries = QueryBatcher(encoder)
        self._tokenizer = Tokenizer(settings.cache / "jieba")
        self._spans = spans
        self._reader = Reader(spans, self._tokenizer, Weights.shipped())
        self._conversations = conversations
        self._follower = Follower(settings.data, encoder.fingerprint)
        self._pool = ThreadPoolExecutor(settings.threads, "lexical")

    def answer(
        self,
        question: object,
        *,
        filters: Filters | None = None,
        mode: Mode = Mode.AUTO,
        conversation_id: str | None = None,
        history: Sequence[Turn] = (),
    ) -> Answer:
        """Answer a question in the light of its conversation, or of the `history` given, oldest first.

        Raises:
            QuestionError: the question cannot be used.
            NotFoundError: there is no such conversation.
            GeneratorUnavailable: generative mode, and no language model is configured.
            IndexMissing, IndexDamaged, IndexMismatch, ModelUnavailable: there is nothing to answer from.
        """
        text = check_question(question, self._settings.max_question_chars)
        if mode is Mode.GENERATIVE:
            raise GeneratorUnavailable(
                "没有配置大语言模型,无法使用生成式回答。", hint="把 mode 改为 auto 或 extractive。"
            )
        if self._conversations and conversation_id:
            history = self._conversations.turns(conversation_id)
        watch = Stopwatch()
        snapshot = self._current()
        query = understand(text, history)
        candidates = self._candidates(snapshot, query.standalone, filters or Filters(), watch)
        hits = retrieval.hits(snapshot, candidates, PASSAGES_READ)
        watch.lap("retrieve")
        evidence = self._reader.read(snapshot, query, hits)
        composed = compose(query, evidence, hits, self._settings.min_confidence)
        watch.lap("read")
        if self._conversations:
            conversation_id = conversation_id or self._conversations.start()
            self._conversations.add(conversation_id, Turn(query.standalone, composed.text))
        return Answer(
            id=secrets.token_urlsafe(9),
            question=text,
            standalone_question=query.standalone,
            answered=composed.answered,
            text=composed.text,
            kind=composed.kind,
            confidence=composed.confidence,
            citations=composed.citations,
            related=composed.related,
            mode=Mode.EXTRACTIVE,
            snapshot=snapshot.number,
            conversation_id=conversation_id,
            timings_ms=watch.timings_ms(),
        )

    def search(self, query: object, *, k: int = 10, filters: Filters | None = None) -> SearchResult:
        """The k best passages, best first; may be shorter than k.

        Raises:
            QuestionError: the query cannot be used, or k is not within 1 to 100.
            IndexMissing, IndexDamaged, IndexMismatch, ModelUnavailable: there is nothing to search.
        """
        text = check_question(query, self._settings.max_question_chars)
        if not 1 <= k <= SEARCH_MAX:
            raise QuestionError(f"k 必须在 1 到 {SEARCH_MAX} 之间。", hint="请修改 k。", code="bad_k")
        watch = Stopwatch()
        snapshot = self._current()
        candidates = self._candidates(snapshot, text, filters or Filters(), watch, k)
        found = retrieval.hits(snapshot, candidates, k)
        watch.lap("retrieve")
        return SearchResult(tuple(found), snapshot.number, watch.timings_ms())

    def article(self, article_id: str) -> Article:
        """One article.

        Raises:
            NotFoundError: there is none with this id.
        """
        return self._current().catalog.article(article_id)

    def halves(self, article: Article) -> Halves:
        """The other halves of an article that runs over pages, as far as they are indexed."""
        if article.pointers == Pointers():
            return Halves()
        return halves_of(article, self._current().catalog.pointing(article.paper, article.date))

    def reprints(self, article: Article) -> list[Article]:
        """Other articles that print the same text, newest issue first."""
        return self._current().catalog.reprints(article.id)

    def newest(self, limit: int) -> list[Article]:
        """Articles of the newest issue first, front page first."""
        return self._current().catalog.newest(limit)

    def suggestions(self, limit: int) -> list[str]:
        """Questions made from the newest headlines."""
        titled = [a for a in self.newest(20 * limit) if a.kind is ArticleKind.ARTICLE and a.headline]
        return [f"《{article.title}》说了什么?" for article in titled[:limit]]

    def status(self) -> Status:
        """What serves now.

        Raises:
            IndexMissing: nothing has been built yet.
        """
        held = self._follower.held()
        return status_of(held.snapshot, held.degraded)

    def warm(self) -> None:
        """Load the models and the dictionary now, so that the first question does not wait for them."""
        self._queries.encode("今天的报纸")
        self._tokenizer.words("今天的报纸")
        self._spans.read("今天有什么?", ["今天的报纸"])

    def follow(self) -> None:
        """From now on open new snapshots in the background; no call waits for one."""
        self._follower.follow(self._touch)

    def close(self) -> None:
        """Follow no longer; requests that run, or still come, are answered from what is held."""
        self._follower.close()

    def _candidates(
        self, snapshot: Snapshot, question: str, filters: Filters, watch: Stopwatch, k: int = 0
    ) -> list[Candidate]:
        """Candidates of both legs; the lexical one is searched while the question is embedded."""
        leg = self._pool.submit(retrieval.search_lexically, snapshot, self._tokenizer, question, filters)
        vector = self._queries.encode(question)
        watch.lap("encode")
        return retrieval.find_candidates(snapshot, leg.result(), vector, filters, k)

    def _current(self) -> Snapshot:
        return self._follower.held().snapshot

    def _touch(self, snapshot: Snapshot) -> None:
        """Search a snapshot once on each leg, so that no question waits for its files to be read in."""
        size = snapshot.manifest.dimension
        vector = np.full(size, size**-0.5, np.float32)
        leg = retrieval.search_lexically(snapshot, self._tokenizer, "今天的报纸", Filters())
        candidates = retrieval.find_candidates(snapshot, leg, vector, Filters())
        retrieval.hits(snapshot, candidates, 1)


def status_of(snapshot: Snapshot, degraded: Degraded | None = None) -> Status:
    """What a snapshot holds."""
    manifest = snapshot.manifest
    first, last = snapshot.catalog.date_range()
    return Status(
        manifest.number,
        manifest.articles,
        manifest.passages,
        manifest.model,
        manifest.built_at,
        first,
        last,
        degraded,
    )
