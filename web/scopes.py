"""What a question is limited to: what the reader set, and the chips that show it and what was understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from embeddings.errors import QuestionError
from embeddings.records import Filters, Period
from web.typeset import period_text

OFF = "off"
NAME_CHARS_MAX = 100


@dataclass(frozen=True, slots=True)
class Scope:
    """What the reader set for one question: limits on issues, and whether days are read out of it."""

    filters: Filters = Filters()  # noqa: RUF009 - a frozen record
    use_period: bool = True

    def parameters(self) -> dict[str, str]:
        """The scope as a form sends it; nothing set, nothing carried."""
        given = self.filters
        values = {
            "from": given.date_from.isoformat() if given.date_from else None,
            "to": given.date_to.isoformat() if given.date_to else None,
            "paper": given.paper,
            "page": given.page,
            "period": None if self.use_period else OFF,
        }
        return {name: value for name, value in values.items() if value is not None}


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


def read_scope(parameters: Mapping[str, str]) -> Scope:
    """Read `from`, `to`, `paper`, `page` and `period` of a form or an address; empty is not set.

    Both dates sent empty, with `asked` to say so, lift a limit that was understood.

    Raises:
        QuestionError: a date is none, they are the wrong way round, or a name is too long.
    """
    first, last = _day(parameters.get("from", "")), _day(parameters.get("to", ""))
    if first and last and first > last:
        raise QuestionError("起始日期晚于截止日期。", hint="请把两个日期对调后再问。")
    lifted = parameters.get("again") == "1" and first is None and last is None
    off = parameters.get("period") == OFF or lifted
    filters = Filters(
        None if off else first, None if off else last, _name(parameters, "paper"), _name(parameters, "page")
    )
    return Scope(filters, use_period=not off)


def kept_scope(scope: Mapping[str, Any]) -> Scope:
    """The scope of a kept turn (`qa.service.scope_json`)."""
    given = scope.get("filters") or {}
    filters = Filters(
        _day(given.get("date_from") or ""),
        _day(given.get("date_to") or ""),
        given.get("paper"),
        given.get("page"),
    )
    return Scope(filters, use_period=scope.get("use_period", True))


def without(scope: Scope, name: str) -> Scope:
    """The scope less one of its limits, `paper` or `page`."""
    changed: dict[str, Any] = {name: None}
    return replace(scope, filters=replace(scope.filters, **changed))


def chip(scope: Scope, period: Period | None = None, *, dropped: bool = False) -> Chip | None:
    """Describe the days that were asked for, else those read out of the question; `None` without either."""
    given = scope.filters
    if given.date_from or given.date_to:
        return _chip("", given.date_from, given.date_to)
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


def _name(parameters: Mapping[str, str], name: str) -> str | None:
    given = parameters.get(name, "").strip()
    if len(given) > NAME_CHARS_MAX:
        raise QuestionError("报纸或版面的名称太长。", hint="请改短后再问。")
    return given or None
