"""Response bodies as the API's description states them; the records write them, and tests compare the two."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Score = Annotated[float, Field(description="higher is better")]
Offset = Annotated[int, Field(ge=0, description="characters (Unicode code points) into the article's `text`")]
Share = Annotated[float, Field(ge=0, le=1)]
Timings = Annotated[dict[str, float], Field(description="milliseconds by stage")]


# A server-sent event; `data` is JSON.
EVENT = {
    "type": "object",
    "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
    "required": ["data"],
}


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ProblemBody(_Body):
    """A problem document (RFC 9457). `code` is for programs; `title`, `detail` and `hint` are for people.

    `error` says the same below `/v1`, as clients of the OpenAI API read it.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str
    request_id: str
    error: dict[str, Any] | None = None


class ReportBody(_Body):
    """An article in a list."""

    article_id: str
    title: str
    paper: str | None
    date: date | None
    page: str | None
    byline: str | None
    url: str


class CitationBody(_Body):
    """What carries a statement: the quote is `text[quote_start:quote_end]` of the article, verbatim."""

    n: Annotated[int, Field(ge=1, description="the number in the answer's `[n]`")]
    article_id: str
    title: str
    byline: str | None
    paper: str | None
    date: date | None
    page: str | None
    passage_id: str
    passage: str
    passage_start: Offset
    quote: str
    quote_start: Offset
    quote_end: Offset
    score: Score
    url: Annotated[str, Field(description="the article's page at the quote")]


class PeriodBody(_Body):
    """The days that the question was understood to limit itself to; `null` is open."""

    text: str
    date_from: date | None
    date_to: date | None
    dropped: Annotated[bool, Field(description="nothing was found in them, so all issues were searched")]


class AnswerDocument(_Body):
    """An answer with its citations, or an honest "the papers do not say" (`answered` is false)."""

    model_config = ConfigDict(
        extra="forbid",
        openapi_extra={"content": {"text/event-stream": {"schema": EVENT}}},  # type: ignore[typeddict-unknown-key]
    )

    id: str
    conversation_id: str | None
    question: str
    standalone_question: Annotated[str, Field(description="the question, completed from the conversation")]
    answered: bool
    answer: Annotated[str, Field(description="the text, with `[1]` where a statement rests on a citation")]
    answer_kind: Literal["span", "sentences", "list", "yes_no", "none"]
    confidence: Share
    citations: list[CitationBody]
    related: list[ReportBody]
    span: Annotated[str | None, Field(description="the shortest string that answers, out of the first quote")]
    verdict: Literal["yes", "no"] | None
    reason: Annotated[
        Literal["no_article", "outside_dates", "issue_missing", "not_said"] | None,
        Field(description="why nothing was answered"),
    ]
    period: PeriodBody | None
    mode: Literal["auto", "extractive", "generative"]
    model: Annotated[str | None, Field(description="the language model that wrote the text, if one did")]
    snapshot: int
    timings_ms: Timings


class HitBody(_Body):
    """A passage found for a query."""

    rank: Annotated[int, Field(ge=1)]
    score: Score
    article_id: str
    passage_id: str
    title: str
    date: date | None
    page: str | None
    paper: str | None
    passage: str
    start: Offset
    end: Offset


class SearchDocument(_Body):
    """Hits, best first; there may be fewer than asked for."""

    hits: list[HitBody]
    snapshot: int
    timings_ms: Timings


class SourceBody(_Body):
    """Where an article stands: characters `start:end` of the decoded text of `file`."""

    file: str
    start: int
    end: int


class PersonBody(_Body):
    """Somebody, or an agency, named in a byline."""

    name: str
    role: str


class DatelineBody(_Body):
    """What a lead says of where and when it was written."""

    agency: str
    place: str
    day: str


class PointersBody(_Body):
    """The pages on which a story begins and goes on."""

    before: str | None
    after: str | None


class ArticleDocument(_Body):
    """One article, and `text`, the string that every quote and passage offset counts in."""

    id: str
    title: str
    kicker: str | None
    subtitle: str | None
    byline: str | None
    kind: Literal["article", "brief", "photo", "continuation", "notice"]
    paper: str | None
    date: date | None
    page: str | None
    body: str
    captions: list[str]
    url: str | None
    source: SourceBody | None
    people: list[PersonBody]
    dateline: DatelineBody | None
    pointers: PointersBody
    confidence: Share
    text: str
    continued_on: Annotated[str | None, Field(description="id of the article that goes on with this one")]
    continued_from: str | None
    reprints: Annotated[list[str], Field(description="ids of articles that print the same text")]


class ArticlesDocument(_Body):
    """One page of a list of articles; `next` is the path of the following page."""

    articles: list[ReportBody]
    total: Annotated[int, Field(ge=0)]
    next: str | None


class IssuePageBody(_Body):
    """A page of an issue."""

    page: str | None
    articles: Annotated[int, Field(ge=1)]


class IssueBody(_Body):
    """One day of one paper."""

    paper: str | None
    date: date
    articles: Annotated[int, Field(ge=1)]
    pages: list[IssuePageBody]


class IssuesDocument(_Body):
    """Issues, newest first; `next` is the path of the following page of the list."""

    issues: list[IssueBody]
    total: Annotated[int, Field(ge=0)]
    next: str | None


class ConversationBody(_Body):
    """A conversation in a list."""

    id: str
    title: str
    used_at: datetime


class ConversationsDocument(_Body):
    """The conversations of the reader whose browser asks, the last used first."""

    conversations: list[ConversationBody]


class TurnDocument(_Body):
    """A turn: the question as it was completed, the answer's text, and the whole body that was given."""

    question: str
    answer: str
    asked_at: str
    body: AnswerDocument | None


class ConversationDocument(ConversationBody):
    """A conversation with its turns, oldest first."""

    turns: list[TurnDocument]


class HealthDocument(_Body):
    """The process answers."""

    status: Literal["ok"]


class ReadyDocument(BaseModel):
    """What serves. `degraded` says why the published snapshot does not, where another one serves."""

    status: Literal["ready"]
    snapshot: int
    built_at: str
    model: str
    articles: int
    passages: int
    degraded: dict[str, Any] | None = None
    instance: str | None = None
