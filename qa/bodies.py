"""The shapes of what `/api` gives, for who reads it in Python; `/openapi.json` says more of each."""

from __future__ import annotations

from typing import Literal, TypedDict


class ReportJSON(TypedDict):
    """An article in a list."""

    article_id: str
    title: str
    paper: str | None
    date: str | None
    page: str | None
    byline: str | None
    url: str


class CitationJSON(ReportJSON):
    """What carries a statement; the quote is verbatim."""

    n: int
    passage_id: str
    passage: str
    passage_start: int
    quote: str
    quote_start: int
    quote_end: int
    score: float


class AnswerJSON(TypedDict):
    """The body of `/api/answer`."""

    id: str
    conversation_id: str | None
    question: str
    standalone_question: str
    answered: bool
    answer: str
    answer_kind: Literal["span", "sentences", "list", "yes_no", "none"]
    confidence: float
    citations: list[CitationJSON]
    related: list[ReportJSON]
    span: str | None
    verdict: Literal["yes", "no"] | None
    reason: str | None
    mode: str
    model: str | None
    snapshot: int


class HitJSON(TypedDict):
    """A passage found for a query."""

    rank: int
    score: float
    article_id: str
    passage_id: str
    title: str
    date: str | None
    page: str | None
    paper: str | None
    passage: str
    start: int
    end: int


class SearchJSON(TypedDict):
    """The body of `/api/search`."""

    hits: list[HitJSON]
    snapshot: int


class ArticleJSON(TypedDict):
    """One article."""

    id: str
    title: str
    kicker: str | None
    subtitle: str | None
    byline: str | None
    kind: str
    paper: str | None
    date: str | None
    page: str | None
    body: str
    captions: list[str]
    text: str
    reprints: list[str]


class IssuePageJSON(TypedDict):
    """A page of an issue."""

    page: str | None
    articles: int


class IssueJSON(TypedDict):
    """One day of one paper."""

    paper: str | None
    date: str
    articles: int
    pages: list[IssuePageJSON]
