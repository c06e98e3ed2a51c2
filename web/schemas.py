"""What requests may hold: strict types, no unknown keys, dates as `YYYY-MM-DD`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Annotated, Any, Self, TypeVar

import pydantic_core
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from embeddings.errors import CallerError, QuestionError
from embeddings.records import Filters, Mode
from qa.turns import Turn

MAX_NAMED_ERRORS = 3
MAX_NAME_CHARS = 40
# Fields that `QuestionError` speaks for; the rest is an ordinary bad request.
QUESTION_FIELDS = frozenset({"question", "query", "filters"})

ShortText = Annotated[str, Field(min_length=1, max_length=100)]
TURNS_MAX = 50


def _day(given: object) -> object:
    """The day of a date or of a date and time, as its sender's calendar has it."""
    if given is None or isinstance(given, date):
        return given
    try:
        return (
            datetime.fromisoformat(given).date() if isinstance(given, str) and "-" in given[:5] else _no_day()
        )
    except ValueError:
        return _no_day()


def _no_day() -> object:
    raise PydanticCustomError("day", "not a day")


Day = Annotated[date, BeforeValidator(_day)]


class StrictBody(BaseModel):
    """A body of the right types, with no field that is not known."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @classmethod
    def model_validate(cls, obj: Any, **_options: Any) -> Self:
        """Read it as JSON does: strictly, but a date may be a text, which strict Python would refuse."""
        return cls.model_validate_json(pydantic_core.to_json(obj))


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Dated = TypeVar("Dated", bound="FiltersBody | IssuesQuery")


def _in_order(given: Dated) -> Dated:
    if given.date_from and given.date_to and given.date_from > given.date_to:
        raise PydanticCustomError("date_order", "date_from is after date_to")
    return given


class FiltersBody(StrictBody):
    """`filters` of a request; what is absent or null does not limit."""

    date_from: date | None = None
    date_to: date | None = None
    paper: ShortText | None = None
    page: ShortText | None = None

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        return _in_order(self)


class _Asking(StrictBody):
    """`now` is the day on which it is asked, for an archive; today if absent."""

    filters: FiltersBody | None = None
    now: Day | None = None

    def to_filters(self) -> Filters:
        """Return the limits as the service takes them; none given, none set."""
        given = self.filters or FiltersBody()
        return Filters(given.date_from, given.date_to, given.paper, given.page)


class TurnBody(StrictBody):
    """An earlier turn of a conversation that the service does not hold."""

    question: Annotated[str, Field(min_length=1, max_length=2000)]
    answer: Annotated[str, Field(max_length=10_000)] = ""


class AnswerBody(_Asking):
    """The body of `POST /api/answer`. Whether the question can be used is the service's to say.

    `history` is oldest first.
    """

    model_config = ConfigDict(openapi_extra={"example": {"question": "市里的菊花展在哪儿办？"}})  # type: ignore[typeddict-unknown-key]

    question: str
    conversation_id: ShortText | None = None
    mode: Mode = Mode.AUTO
    use_period: bool = True
    history: Annotated[tuple[TurnBody, ...], Field(max_length=TURNS_MAX)] = ()

    def to_history(self) -> tuple[Turn, ...]:
        """Return the turns as the service takes them."""
        return tuple(Turn(turn.question, turn.answer) for turn in self.history)


class SearchBody(_Asking):
    """The body of `POST /api/search`."""

    model_config = ConfigDict(openapi_extra={"example": {"query": "菊花展", "k": 3}})  # type: ignore[typeddict-unknown-key]

    query: str
    k: Annotated[int, Field(ge=1, le=100)] = 10


class TitleBody(StrictBody):
    """The body of `PATCH /api/conversations/<id>`."""

    title: Annotated[str, Field(min_length=1, max_length=80)]


class FeedbackBody(StrictBody):
    """The body of `POST /api/feedback`: 1 or -1, or 0 to take it back; `reason` as `qa.feedback.Reason`."""

    answer_id: ShortText
    rating: Annotated[int, Field(ge=-1, le=1)]
    reason: ShortText | None = None
    comment: Annotated[str, Field(max_length=1000)] | None = None


class AnswerPath(BaseModel):
    """The id of an answer."""

    answer_id: str


class ConversationPath(BaseModel):
    """The id of a conversation."""

    conversation_id: str


class ArticlePath(BaseModel):
    """The id of an article, percent-encoded; it may hold anything."""

    article_id: str


class IssuesQuery(_Query):
    """Limits on issues, and the part of the list that is wanted."""

    date_from: Day | None = None
    date_to: Day | None = None
    paper: ShortText | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    offset: Annotated[int, Field(ge=0, le=100_000)] = 0

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        return _in_order(self)

    def to_filters(self) -> Filters:
        """The limits as the service takes them."""
        return Filters(self.date_from, self.date_to, self.paper, getattr(self, "page", None))


class ArticlesQuery(IssuesQuery):
    """Limits on articles, and the part of the list that is wanted."""

    page: ShortText | None = None


def refusal(error: ValidationError) -> CallerError:
    """What is wrong with a request, in words.

    A `QuestionError` where the question, query or filters have the wrong type or are missing.
    """
    found = error.errors(include_url=False, include_input=False)
    message = "；".join(_sentence(item) for item in found[:MAX_NAMED_ERRORS]) + "。"
    fields = {str(item["loc"][0]) for item in found if item["loc"]}
    cls = QuestionError if fields & QUESTION_FIELDS else CallerError
    return cls(message, hint="请对照接口说明检查请求体。")


# Pydantic's error types in our words; `{}` values come from the error's own context.
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "missing": "缺少",
        "extra_forbidden": "是不认识的字段",
        "string_type": "应为字符串",
        "string_too_short": "不能为空",
        "string_too_long": "不能超过 {max_length} 个字符",
        "int_type": "应为整数",
        "greater_than_equal": "不能小于 {ge}",
        "less_than_equal": "不能大于 {le}",
        "enum": "只能是 {expected}",
        "date_type": "应为 YYYY-MM-DD 形式的日期",
        "date_parsing": "应为 YYYY-MM-DD 形式的日期",
        "too_long": "不能超过 {max_length} 项",
        "tuple_type": "应为数组",
        "day": "应为 YYYY-MM-DD 形式的日期，或 ISO 8601 的日期和时间",
        "date_order": "的起始日期晚于截止日期",
        "model_type": "应为 JSON 对象",
    }
)


def _sentence(item: ErrorDetails) -> str:
    context: dict[str, Any] = item.get("ctx", {})
    reason = REASONS.get(item["type"], "不合要求").format(**context)
    name = ".".join(str(part) for part in item["loc"])[:MAX_NAME_CHARS] or "请求体"
    return f"{name} {reason}"
