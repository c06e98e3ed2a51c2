"""What a client can ask of Wenbao, whatever the way in: web, command line, program.

One `Service` holds the encoder and the published snapshot (`qa.following` says which that is); every
call works on one snapshot from its first line to its last.
"""

from __future__ import annotations

import contextlib
import datetime
import logging
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from embeddings.encoder import Encoder
from embeddings.errors import GenerationFailed, GeneratorUnavailable, NotFoundError, QuestionError
from embeddings.halves import Halves, halves_of
from embeddings.index.catalog import IssuePage
from embeddings.index.snapshot import Snapshot
from embeddings.records import Answer, AnswerKind, Article, ArticleKind, Filters, Hit, Mode, Pointers
from embeddings.settings import Settings
from embeddings.tokens import Tokenizer
from qa import retrieval
from qa.answering import Composed, compose, related, verbatim
from qa.asking import Finder, Found
from qa.batching import QueryBatcher
from qa.citations import check
from qa.conversations import Conversations
from qa.follow_ups import follow_ups
from qa.following import Degraded, Follower
from qa.generation import Generator
from qa.later import later_articles
from qa.question import Query, Turn, check_question, of_standalone, understand
from qa.reading import Material, Reader, SpanSource, Weights
from qa.refusal import reason_for, refusal_text
from qa.reranking import CrossEncoderReranker
from qa.stopwatch import Stopwatch

SEARCH_MAX = 100

logger = logging.getLogger(__name__)

# Told what goes on while a question is answered: "stage" with its name, "token" with text, "citation".
Listener: TypeAlias = Callable[[str, Any], None]


def _deaf(_event: str, _what: Any) -> None:
    """Listens to nothing."""


# Told what was put right while answering: `breach` with its kind, `llm_failed` with the reason.
Observer: TypeAlias = Callable[[str, str], None]


def _blind(_event: str, _kind: str) -> None:
    """Observes nothing."""


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
        reader = Reader(spans, self._tokenizer, Weights.shipped())
        pool = ThreadPoolExecutor(settings.threads, "lexical")
        reranker = CrossEncoderReranker(settings.reranker) if settings.reranker else None
        self._finder = Finder(self._queries, self._tokenizer, reader, spans, pool, reranker)
        self._generator = Generator(settings) if Generator.is_configured(settings) else None
        self._conversations = conversations
        self._follower = Follower(settings.data, encoder.fingerprint)
        self._observe: Observer = _blind

    def observe(self, observer: Observer) -> None:
        """From now on tell an observer what was put right while answering; it is called by many threads."""
        self._observe = observer

    def answer(
        self,
        question: object,
        *,
        filters: Filters | None = None,
        mode: Mode = Mode.AUTO,
        conversation_id: str | None = None,
        history: Sequence[Turn] = (),
        today: datetime.date | None = None,
        use_period: bool = True,
        reader: str = "",
        listen: Listener = _deaf,
    ) -> Answer:
        """Answer a question in the light of its conversation, or of the `history` given, oldest first.

        `today` is the day on which it is asked, for questions that speak of yesterday; the present one if not
        given. With `use_period` off, days that the question names limit nothing. A new conversation is
        kept for `reader`. `listen` is called in the asking thread; what it raises ends the work and is
        passed on.

        Raises:
            QuestionError: the question cannot be used.
            NotFoundError: there is no such conversation.
            GeneratorUnavailable: generative mode, and no language model is configured.
            GenerationFailed: generative mode, and the model gave no answer that holds.
            IndexMissing, IndexDamaged, IndexMismatch, ModelUnavailable: there is nothing to answer from.
        """
        text = check_question(question, self._settings.max_question_chars)
        generator = self._generator_for(mode)
        if self._conversations and conversation_id:
            history = self._conversations.turns(conversation_id)
        today = today or datetime.datetime.now().astimezone().date()
        watch = Stopwatch()
        listen("stage", "search")
        snapshot = self._current()
        query = understand(text, history, today if use_period else None)
        if generator and history:
            line = generator.rewrite(text, history, otherwise=query.standalone)
            if line != query.standalone:
                query = of_standalone(text, line, line, today if use_period else None)
        watch.lap("understand")
        found = self._finder.find(snapshot, query, filters or Filters(), self._settings.min_confidence, watch)
        answer = self._written(generator, mode, query, found, today, listen) if generator else None
        answer = answer or self._read_out(snapshot, query, found)
        watch.lap("write")
        if self._conversations:
            conversation_id = conversation_id or self._conversations.start()
        answer = replace(
            answer,
            snapshot=snapshot.number,
            conversation_id=conversation_id,
            timings_ms=watch.timings_ms(),
        )
        if self._conversations and conversation_id:
            turn = Turn(query.standalone, answer.text)
            scope = scope_json(filters, use_period=use_period)
            self._conversations.add(conversation_id, turn, answer=answer, scope=scope, reader=reader)
        return answer

    def _generator_for(self, mode: Mode) -> Generator | None:
        if mode is Mode.GENERATIVE and self._generator is None:
            raise GeneratorUnavailable(
                "没有配置大语言模型,无法使用生成式回答。", hint="把 mode 改为 auto 或 extractive。"
            )
        return None if mode is Mode.EXTRACTIVE else self._generator

    def _written(
        self,
        generator: Generator,
        mode: Mode,
        query: Query,
        found: Found,
        today: datetime.date,
        listen: Listener,
    ) -> Answer | None:
        """What the language model wrote; nothing when it found nothing, or failed and is not insisted on."""
        if not found.hits:
            return None
        listen("stage", "write")
        try:
            written = generator.write(query.standalone, found.hits, today=today, listen=listen)
        except GenerationFailed as error:
            if mode is Mode.GENERATIVE:
                raise
            logger.warning("the language model failed (%s); answered without it", error.reason)
            self._observe("llm_failed", error.reason)
            return None
        if not written.answered:
            return None
        composed = Composed(written.text, AnswerKind.SENTENCES, written.citations)
        return replace(_answered(query, found, composed), mode=Mode.GENERATIVE, model=written.model)

    def _read_out(self, snapshot: Snapshot, query: Query, found: Found) -> Answer:
        """The sentences that answer, or that none does."""
        if not found.reading.evidence or found.reading.confidence < self._settings.min_confidence:
            return _refused(snapshot, query, found)
        composed = compose(query, found.reading, found.parts)
        breaches = check(composed.text, composed.citations)
        if breaches:
            logger.warning("an answer did not hold: %s", [str(breach.kind) for breach in breaches])
            for breach in breaches:
                self._observe("breach", str(breach.kind))
            composed = verbatim(found.reading.evidence)
        return _answered(query, found, composed)

    def search(
        self,
        query: object,
        *,
        k: int = 10,
        filters: Filters | None = None,
        today: datetime.date | None = None,  # noqa: ARG002 - a search takes days from its filters alone
    ) -> SearchResult:
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
        found = self._finder.search(snapshot, text, filters or Filters(), k, watch)
        return SearchResult(tuple(found), snapshot.number, watch.timings_ms())

    def material(self, question: str, history: Sequence[Turn], depth: int) -> tuple[Query, Material]:
        """A question and what `depth` passages give for it, for learning the weights of reading."""
        query = understand(question, history)
        return query, self._finder.material(self._current(), query, depth)

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

    def papers(self) -> list[str]:
        """Names of the papers that are indexed."""
        return self._current().catalog.papers()

    def issue_pages(self, filters: Filters) -> list[IssuePage]:
        """The pages of the issues that a filter lets through, newest day first."""
        return self._current().catalog.issue_pages(filters)

    def articles_of(self, filters: Filters, limit: int, offset: int = 0) -> list[Article]:
        """Articles that a filter lets through, page by page as printed; at most `limit` after `offset`."""
        return self._current().catalog.articles_of(filters, limit, offset)

    def count_of(self, filters: Filters) -> int:
        """How many articles a filter lets through."""
        return self._current().catalog.count_of(filters)

    def later(self, article: Article, limit: int) -> list[Article]:
        """Articles of later days that go on with the story of this one, best first; at most `limit`."""
        return later_articles(self._current(), self._finder, article, limit)

    def follow_ups(self, answer: Answer, limit: int) -> list[str]:
        """Questions that go on from an answer and that its articles answer; at most `limit`."""
        return follow_ups(answer, self._cited(answer), limit)

    def _cited(self, answer: Answer) -> list[Article]:
        """The articles of an answer as far as they are still indexed, in the order they are cited."""
        catalog = self._current().catalog
        found = []
        for identity in dict.fromkeys(citation.article.id for citation in answer.citations):
            with contextlib.suppress(NotFoundError):
                found.append(catalog.article(identity))
        return found

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
        if self._generator:
            self._generator.warm()

    def follow(self) -> None:
        """From now on open new snapshots in the background; no call waits for one."""
        self._follower.follow(self._touch)

    def close(self) -> None:
        """Follow no longer; requests that run, or still come, are answered from what is held."""
        self._follower.close()
        if self._generator:
            self._generator.close()

    def _current(self) -> Snapshot:
        return self._follower.held().snapshot

    def _touch(self, snapshot: Snapshot) -> None:
        """Search a snapshot once on each leg, so that no question waits for its files to be read in."""
        size = snapshot.manifest.dimension
        vector = np.full(size, size**-0.5, np.float32)
        leg = retrieval.search_lexically(snapshot, self._tokenizer, "今天的报纸", Filters())
        candidates = retrieval.find_candidates(snapshot, leg, vector, Filters())
        retrieval.hits(snapshot, candidates, 1)


def _answered(query: Query, found: Found, composed: Composed) -> Answer:
    return Answer(
        id=secrets.token_urlsafe(9),
        question=query.text,
        standalone_question=query.standalone,
        answered=True,
        text=composed.text,
        kind=composed.kind,
        confidence=found.reading.confidence,
        citations=composed.citations,
        related=related(found.hits, composed.citations),
        mode=Mode.EXTRACTIVE,
        snapshot=0,
        period=query.period,
        period_dropped=found.period_dropped,
        span=composed.span,
        verdict=composed.verdict,
    )


def _refused(snapshot: Snapshot, query: Query, found: Found) -> Answer:
    nearest = related(found.hits)
    reason = reason_for(snapshot.catalog, found.filters, found.reading.covered)
    return Answer(
        id=secrets.token_urlsafe(9),
        question=query.text,
        standalone_question=query.standalone,
        answered=False,
        text=refusal_text(reason, snapshot.catalog, nearest),
        kind=AnswerKind.NONE,
        confidence=found.reading.confidence,
        citations=(),
        related=nearest,
        mode=Mode.EXTRACTIVE,
        snapshot=0,
        reason=str(reason),
        period=query.period,
        period_dropped=found.period_dropped,
    )


def scope_json(filters: Filters | None, *, use_period: bool) -> dict[str, Any]:
    """What the asker limited a question to, as a request says it; what limits nothing is left out."""
    given = filters or Filters()
    limits = {
        "date_from": given.date_from.isoformat() if given.date_from else None,
        "date_to": given.date_to.isoformat() if given.date_to else None,
        "paper": given.paper,
        "page": given.page,
    }
    scope: dict[str, Any] = {} if use_period else {"use_period": False}
    if given:
        scope["filters"] = {name: value for name, value in limits.items() if value is not None}
    return scope


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
