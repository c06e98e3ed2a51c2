"""A service with prepared replies, for tests of the web alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from embeddings.errors import IndexMissing, NotFoundError, QuestionError
from embeddings.halves import Halves, halves_of
from embeddings.records import Answer, Article, Filters, Hit, Mode, Passage
from qa.service import SearchResult, Status
from qa.turns import Turn
from tests.web import samples
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
    forgotten: list[str] = field(default_factory=list)

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
        return replace(
            given, question=asked, standalone_question=asked, conversation_id=conversation_id or CONVERSATION
        )

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

    def turns(self, conversation_id: str) -> list[Turn]:
        """The turns that were asked, or none."""
        if conversation_id != CONVERSATION:
            raise NotFoundError("没有这个对话。", hint="重新提问。", code="conversation_not_found")
        return [Turn(samples.NIGHT, "有。")]

    def forget(self, conversation_id: str) -> None:
        """Note what is deleted."""
        self.turns(conversation_id)
        self.forgotten.append(conversation_id)

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
