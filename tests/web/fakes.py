"""A service with prepared replies, for tests of the web alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from flask import Flask

from embeddings.errors import IndexMissing, NotFoundError, QuestionError
from embeddings.halves import Halves, halves_of
from embeddings.index.catalog import IssuePage
from embeddings.records import Answer, Article, Filters, Hit, Mode, Passage
from embeddings.settings import Settings
from qa.archive import Archive
from qa.chat_store import IN_MEMORY
from qa.chats import Chats
from qa.jobs import Jobs
from qa.service import SearchResult, Status, scope_json
from qa.turns import Turn
from tests.web import samples
from web import create_app
from web.context import Listener, deaf

MAX_QUESTION_CHARS = 1000
CONVERSATION = "conversation-1"

# A prepared reply: given, raised, or made while the asker waits.
Reply = Answer | Exception | Callable[[], Answer]


@dataclass
class FakeService:
    """Answers what it was prepared for, cites its first article otherwise; notes each call."""

    articles: Sequence[Article] = samples.ARTICLES
    replies: Mapping[str, Reply] = field(default_factory=lambda: samples.REPLIES)
    failure: Exception | None = None
    calls: list[dict[str, Any]] = field(default_factory=list)
    # What a listener is told before the reply, made while it waits.
    tells: Iterable[tuple[str, Any]] = ()
    observers: list[Callable[[str, str], None]] = field(default_factory=list)
    chats: Chats = field(default_factory=lambda: Chats(IN_MEMORY))

    def answer(
        self,
        question: object,
        *,
        filters: Filters = Filters(),  # noqa: B008 - a frozen record
        mode: Mode = Mode.AUTO,
        conversation_id: str | None = None,
        history: Sequence[Turn] = (),
        today: date | None = None,
        use_period: bool = True,
        reader: str = "",
        listen: Listener = deaf,
    ) -> Answer:
        self._ready()
        asked = usable(question)
        self.calls.append(
            {"question": asked, "filters": filters, "mode": mode, "conversation_id": conversation_id}
            | _given(history=history, today=today)
            | ({} if use_period else {"use_period": False})
        )
        listen("stage", "search")
        for event, what in self.tells:
            listen(event, what)
        prepared = self.replies.get(asked, samples.NIGHT_REPLY)
        if isinstance(prepared, Exception):
            raise prepared
        given = prepared if isinstance(prepared, Answer) else prepared()
        answer = replace(
            given,
            id=f"{given.id}-{len(self.calls)}",
            question=asked,
            standalone_question=given.standalone_question or asked,
            conversation_id=conversation_id or f"conversation-{len(self.calls)}",
        )
        answer = self.made(answer, filters, use_period=use_period)
        turn = Turn(asked, answer.text)
        scope = scope_json(filters, use_period=use_period)
        self.chats.conversations.add(
            answer.conversation_id or "", turn, answer=answer, scope=scope, reader=reader
        )
        return answer

    def observe(self, observer: Callable[[str, str], None]) -> None:
        """Keep who observes, for tests to tell something."""
        self.observers.append(observer)

    def made(self, answer: Answer, filters: Filters, *, use_period: bool) -> Answer:
        """The reply as it is given and kept; for fakes that read more out of a question."""
        return answer

    def search(
        self,
        query: object,
        *,
        k: int = 10,
        filters: Filters = Filters(),  # noqa: B008 - a frozen record
        today: date | None = None,
    ) -> SearchResult:
        self._ready()
        self.calls.append({"query": usable(query), "k": k, "filters": filters} | _given(today=today))
        hits = tuple(
            Hit(rank, 1 / rank, Passage(article.id, 0, 0, len(article.text), article.text), article)
            for rank, article in enumerate(self.articles[:k], start=1)
        )
        return SearchResult(hits, snapshot=3, timings_ms={"dense": 1.0})

    def article(self, article_id: str) -> Article:
        self._ready()
        for article in self.articles:
            if article.id == article_id:
                return article
        raise NotFoundError("没有这篇报道。", hint="请从搜索结果或引用进入。")

    def halves(self, article: Article) -> Halves:
        self._ready()
        return halves_of(article, self.articles)

    def reprints(self, article: Article) -> list[Article]:
        self._ready()
        return [other for other in self.articles if other.body == article.body and other.id != article.id]

    def later(self, article: Article, limit: int) -> list[Article]:
        self._ready()
        return [other for other in self.articles if later_than(other, article)][:limit]

    def papers(self) -> list[str]:
        self._ready()
        return sorted({article.paper for article in self.articles if article.paper})

    def issue_pages(self, filters: Filters) -> list[IssuePage]:
        self._ready()
        pages = Counter((a.date, a.paper, a.page) for a in self.articles if a.date and passes(a, filters))
        return [
            IssuePage(paper, day, page, n) for (day, paper, page), n in sorted(pages.items(), reverse=True)
        ]

    def articles_of(self, filters: Filters, limit: int, offset: int = 0) -> list[Article]:
        self._ready()
        return [article for article in self.articles if passes(article, filters)][offset : offset + limit]

    def count_of(self, filters: Filters) -> int:
        self._ready()
        return sum(passes(article, filters) for article in self.articles)

    def follow_ups(self, answer: Answer, limit: int) -> list[str]:
        self._ready()
        return list(samples.FOLLOW_UPS[:limit]) if answer.answered else []

    def newest(self, limit: int) -> list[Article]:
        self._ready()
        return list(self.articles[:limit])

    def suggestions(self, limit: int) -> list[str]:
        self._ready()
        return list(samples.SUGGESTIONS[:limit])

    def status(self) -> Status:
        self._ready()
        return Status(
            snapshot=3,
            articles=len(self.articles),
            passages=9,
            model="fake",
            built_at="2026-10-13T01:00:00Z",
            first_date="2026-10-11",
            last_date="2026-10-12",
        )

    def _ready(self) -> None:
        if self.failure is not None:
            raise self.failure


def passes(article: Article, filters: Filters) -> bool:
    """Whether a filter lets an article through."""
    limits = [
        filters.date_from is None or (article.date is not None and article.date >= filters.date_from),
        filters.date_to is None or (article.date is not None and article.date <= filters.date_to),
        filters.paper in (None, article.paper),
        filters.page in (None, article.page),
    ]
    return all(limits)


def later_than(other: Article, article: Article) -> bool:
    """Whether an article is of a later day."""
    return other.date is not None and article.date is not None and other.date > article.date


def app_over(service: FakeService, **settings: Any) -> Flask:
    """The application over a fake service and its chat store, with these settings."""
    given = Settings(**settings)
    return create_app(service, service.chats, given, Archive(given, "fake"), Jobs(given.data))


def _given(**keywords: Any) -> dict[str, Any]:
    """The keywords that were not left as they are."""
    return {name: value for name, value in keywords.items() if value}


def usable(question: object) -> str:
    """Refuse what the real service refuses."""
    if not isinstance(question, str):
        raise QuestionError("问题应为文字。")
    if not question.strip():
        raise QuestionError("问题是空的。", hint="请写下想问的话。")
    if len(question) > MAX_QUESTION_CHARS:
        raise QuestionError(f"问题太长，最多 {MAX_QUESTION_CHARS} 个字。", hint="请缩短后再问。")
    if any(ord(character) < 32 and character not in "\n\t" for character in question):
        raise QuestionError("问题里有不可见的控制字符。")
    return question


def missing_index() -> IndexMissing:
    """What the real service raises before the first build."""
    return IndexMissing("还没有建立索引。", hint="请先运行 wenbao build seeds。")
