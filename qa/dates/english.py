"""English phrases: `yesterday`, `last week`, `12 Nov 2026`, `in August`, `the past three years`."""

from __future__ import annotations

import re
from datetime import date

from qa.dates import spans
from qa.dates.festivals import FESTIVALS
from qa.dates.phrase import InYear, Phrase, Told
from qa.dates.relative import counted
from qa.dates.spans import Days

_FLAGS = re.IGNORECASE | re.ASCII
_MONTH_NAMES = "january february march april may june july august september october november december".split()
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)} | {
    name[:3]: number for number, name in enumerate(_MONTH_NAMES, 1)
} | {"sept": 9}  # fmt: skip
_MONTH = "(?P<month>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\b\.?"
_YEAR = r"(?:,?\s*(?P<year>(?:19|20)\d\d)\b)"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?\b"
_DATES = (
    re.compile(rf"{_DAY}(?:\s+of)?\s+{_MONTH}{_YEAR}?", _FLAGS),
    re.compile(rf"{_MONTH}\s+{_DAY}(?!\d){_YEAR}?", _FLAGS),
)
_A_MONTH = re.compile(rf"{_MONTH}{_YEAR}?", _FLAGS)
# A month's bare name: `may` and `march` are verbs too, so one of these must stand before it.
_BEFORE_A_MONTH = re.compile(
    r"\b(?:in|of|since|during|from|to|until|till|before|after|by|between|and|early|late|mid|this|last)\s+$",
    _FLAGS,
)
_BEFORE_A_YEAR = re.compile(
    r"\b(?:in|of|since|during|from|to|until|till|before|after|by|between|and|for|year|early|late|mid)\s+$",
    _FLAGS,
)
_A_YEAR = re.compile(
    r"(?P<year>(?:19|20)\d\d)\b(?!\s*(?:people|yuan|km|kilo|ton|meter|metre|per|and\b(?!\s+20)|[-/.:%]))",
    _FLAGS,
)
_WORDS = {
    "day before yesterday": -2,
    "yesterday": -1,
    "last night": -1,
    "today": 0,
    "tonight": 0,
    "tomorrow": 1,
}
_WORD = re.compile(
    r"(?:the\s+)?(?P<word>day before yesterday|yesterday|last night|today|tonight|tomorrow)\b", _FLAGS
)
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_NEXT_TO = re.compile(
    rf"(?:the\s+)?(?P<away>last|past|previous|this|next)\s+"
    rf"(?P<unit>weekend|week|month|quarter|year|{'|'.join(_WEEKDAYS)})\b",
    _FLAGS,
)
_COUNTS = {
    name: count for count, name in enumerate("one two three four five six seven eight nine ten".split(), 1)
} | {"a": 1, "an": 1}  # fmt: skip
_COUNT = rf"(?P<count>\d{{1,3}}|{'|'.join(_COUNTS)})"
_UNIT = r"(?P<unit>day|week|month|quarter|year)s?\b"
_ROLLING = re.compile(rf"(?:the\s+)?(?:last|past|recent|previous)\s+{_COUNT}\s+{_UNIT}", _FLAGS)
_AGO = re.compile(rf"{_COUNT}\s+{_UNIT}\s+ago\b", _FLAGS)
_HALF = re.compile(rf"(?:the\s+)?(?P<half>first|second) half of{_YEAR.replace(',?', '')}", _FLAGS)
_QUARTER = re.compile(
    rf"(?:the\s+)?(?:(?P<name>first|second|third|fourth) quarter of"
    rf"|Q(?P<code>[1-4])){_YEAR.replace(',?', '')}",
    _FLAGS,
)
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_FESTIVAL_NAMES = {
    "spring festival": "春节",
    "chinese new year": "春节",
    "lunar new year": "春节",
    "lantern festival": "元宵",
    "dragon boat festival": "端午",
    "mid-autumn festival": "中秋",
    "national day": "国庆",
    "may day": "五一",
    "labour day": "五一",
    "labor day": "五一",
    "christmas": "圣诞",
}
_FESTIVAL = re.compile(
    rf"(?:the\s+)?(?P<name>{'|'.join(_FESTIVAL_NAMES)})\b(?:\s+holidays?)?(?:\s+(?:of|in))?{_YEAR}?", _FLAGS
)
_UNIT_NAMES = {"day": "天", "week": "周", "month": "月", "quarter": "季", "year": "年"}
_AWAY = {"last": -1, "past": -1, "previous": -1, "this": 0, "next": 1}


def english_phrase(text: str, at: int, day: date) -> Phrase | None:
    """The English phrase that begins at `at`, which begins a word."""
    if at and text[at - 1].isascii() and text[at - 1].isalnum():
        return None
    return _relative(text, at, day) or _dated(text, at) or _part_of_year(text, at)


def _relative(text: str, at: int, day: date) -> Phrase | None:
    found = _WORD.match(text, at)
    if found:
        then = spans.shifted(day, _WORDS[found["word"].lower()])
        return counted(at, found.end(), Days(then, then), then.month, closes=True)
    found = _NEXT_TO.match(text, at)
    if found:
        return counted(at, found.end(), _next_to(day, found["unit"].lower(), _AWAY[found["away"].lower()]))
    rolling = _ROLLING.match(text, at)
    found = rolling or _AGO.match(text, at)
    if found is None or _count(found["count"]) == 0:
        return None
    unit = _UNIT_NAMES[found["unit"].lower()]
    then = spans.back(day, _count(found["count"]), unit)
    return counted(at, found.end(), Days(then, day) if rolling else spans.unit_around(then, unit))


def _count(text: str) -> int:
    return int(text) if text.isdecimal() else _COUNTS[text.lower()]


def _next_to(day: date, unit: str, away: int) -> Days:
    if unit in {"month", "quarter", "year"}:
        count = {"month": 1, "quarter": 3, "year": 12}[unit] * away
        return spans.unit_around(spans.months_away(day.replace(day=1), count), _UNIT_NAMES[unit])
    week = spans.week(day, away)
    if unit == "week":
        return week
    if unit == "weekend":
        return Days(spans.shifted(week.last, -1), week.last)
    then = spans.shifted(week.first, _WEEKDAYS.index(unit))
    return Days(then, then)


def _dated(text: str, at: int) -> Phrase | None:
    for pattern in _DATES:
        found = pattern.match(text, at)
        if found:
            month, of_month = _MONTHS[found["month"].lower()], int(found["day"])
            days = lambda year: spans.one_day(year, month, of_month)  # noqa: B023,E731 - returned at once
            return _phrase(at, found, days, month, closes=True)
    found = _A_MONTH.match(text, at)
    if found and (found["year"] or _BEFORE_A_MONTH.search(text, max(0, at - 12), at)):
        month = _MONTHS[found["month"].lower()]
        return _phrase(at, found, lambda year: spans.month(year, month), month)
    found = _A_YEAR.match(text, at)
    if found and _BEFORE_A_YEAR.search(text, max(0, at - 12), at):
        return _phrase(at, found, spans.whole_year)
    return None


def _part_of_year(text: str, at: int) -> Phrase | None:
    found = _HALF.match(text, at)
    if found:
        first = 1 if found["half"].lower() == "first" else 7
        return _phrase(at, found, lambda year: spans.months(year, first, first + 5))
    found = _QUARTER.match(text, at)
    if found:
        quarter = int(found["code"]) if found["code"] else _ORDINALS[found["name"].lower()]
        return _phrase(at, found, lambda year: spans.months(year, quarter * 3 - 2, quarter * 3))
    found = _FESTIVAL.match(text, at)
    return _phrase(at, found, FESTIVALS[_FESTIVAL_NAMES[found["name"].lower()]]) if found else None


def _phrase(at: int, found: re.Match[str], days: InYear, month: int = 0, *, closes: bool = False) -> Phrase:
    year = int(found["year"]) if found["year"] else -1
    return Phrase(at, found.end(), days, Told.WRITTEN if year > 0 else Told.OPEN, year, month, closes)
