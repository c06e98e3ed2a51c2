"""The days a question was limited to: what the reader set, and the chip that shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from embeddings.errors import QuestionError
from embeddings.records import Filters, Period
from web.typeset import period_text

OFF = "off"


@dataclass(frozen=True, slots=True)
class Scope:
    """What the reader set for one question: days of issues, both inclusive, or not to read any out of it."""

    first: date | None = None
    last: date | None = None
    use_period: bool = True

    @property
    def filters(self) -> Filters:
        """The limits as the service takes them."""
        return Filters(date_from=self.first, date_to=self.last)

    def parameters(self) -> dict[str, str]:
        """The scope as the page's address carries it; nothing set, nothing carried."""
        if not self.use_period:
            return {"period": OFF}
        days = {"from": self.first, "to": self.last}
        return {name: day.isoformat() for name, day in days.items() if day}


NO_SCOPE = Scope()


@dataclass(frozen=True, slots=True)
class Chip:
    """A range of days on the page: the question's words for it, the days in words, and as ISO dates.

    `text` is empty for days that the reader set, a date where the range is open. `dropped` says that the
    papers hold nothing there, so that all were searched.
    """

    text: str = ""
    days: str = ""
    date_from: str = ""
    date_to: str = ""
    dropped: bool = False


BLANK_CHIP = Chip()


def read_scope(parameters: Mapping[str, str]) -> Scope:
    """Read `from`, `to` and `period` of an address; both dates left empty by a sent form lift the limit.

    Raises:
        QuestionError: a date is none, or they are the wrong way round.
    """
    first, last = _day(parameters.get("from", "")), _day(parameters.get("to", ""))
    emptied = "from" in parameters and first is None and last is None
    if parameters.get("period") == OFF or emptied:
        return Scope(use_period=False)
    if first and last and first > last:
        raise QuestionError("起始日期晚于截止日期。", hint="请把两个日期对调后再问。")
    return Scope(first, last)


def chip(scope: Scope, period: Period | None = None, *, dropped: bool = False) -> Chip | None:
    """Describe the days that were asked for, else those read out of the question; `None` without either."""
    if scope.filters:
        return _chip("", scope.first, scope.last)
    if period is None or not (period.first or period.last):
        return None
    return _chip(period.text, period.first, period.last, dropped=dropped)


def _chip(text: str, first: date | None, last: date | None, *, dropped: bool = False) -> Chip:
    return Chip(text, period_text(first, last), _iso(first), _iso(last), dropped)


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise QuestionError(
            "日期应为 YYYY-MM-DD 的形式，而且日历上要有这一天。", hint="请改正日期后再问。"
        ) from None
