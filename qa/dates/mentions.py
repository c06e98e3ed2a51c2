"""The days an article speaks of, against the day of its issue.

In a newspaper a date without its year is of the year of the issue, save around the new year; a bare `5日`
is of this month, or of the last one when that day has not come yet and nothing says that it is to come.
`日前`, `近日` and `最近` name no day and are left out: the issue's own date says as much.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from qa.dates import spans
from qa.dates.numerals import NUMBER, fold, number
from qa.dates.phrase import Phrase, Told
from qa.dates.ranges import PARSERS, runs
from qa.dates.relative import counted
from qa.dates.spans import Days, NoSuchDay


@dataclass(frozen=True, slots=True)
class Day:
    """Characters `start:end` of a text speak of the days `first` to `last`, both inclusive."""

    first: date
    last: date
    start: int
    end: int


# A day further off than this, in the year of the issue, is meant of the year before or after.
_OTHER_YEAR_DAYS = 270
_UNKNOWN_ISSUE = date(2000, 1, 1)
_TO_COME = re.compile(r"(?:将|拟|定|计划|预计|截止|截至|到|至|延期|推迟)[于在到至]?$")
_STILL_TO_COME = re.compile(r"[起将]|前(?!后)|之前|以前|截止")
_BARE_DAY = re.compile(
    rf"(?P<day>{NUMBER})日(?![元均内游龄后常间本军记报语程子里夜行照化产值以历欧圆式系货耳食籍裔商资方剧漫文班用])"
)
_NOT_BEFORE_A_DAY = frozenset("月第每近共达逾满约余历时为期过续前头隔几数多仅超周星末工生节假")
_FROM_NOW = re.compile(r"即日起?")


def find_days(text: str, issued: date | None) -> list[Day]:
    """The days an article speaks of, by where they stand; with no issue date only those that tell their year.

    Days that the calendar lacks are left out. Open ends are closed: `10月以来` ends with the issue,
    `10月12日起` is that day.
    """
    folded = fold(text)
    anchor = issued or _UNKNOWN_ISSUE
    found: list[Day] = []
    for run in runs(folded, anchor, lambda phrase: _chosen(phrase, anchor), _ARTICLE_PARSERS, lenient=True):
        if issued is None and run.told is not Told.WRITTEN:
            continue
        days = run.days
        if folded.startswith(("以来", "来，"), run.end) and days.first <= anchor:
            days = Days(days.first, max(days.last, anchor) if days.last < anchor else anchor)
        found.append(Day(days.first, days.last, run.start, run.end))
    return found


def _chosen(phrase: Phrase, issued: date) -> Days:
    """The days of a phrase, in the year that a newspaper of that day means."""
    if phrase.told is not Told.OPEN:
        return phrase.days(phrase.year)
    days = phrase.days(issued.year)
    away = (days.first - issued).days if days.first > issued else min(0, (days.last - issued).days)
    if abs(away) <= _OTHER_YEAR_DAYS:
        return days
    try:
        return phrase.days(issued.year + (-1 if away > 0 else 1))
    except NoSuchDay:
        return days


def _bare_day(text: str, at: int, issued: date) -> Phrase | None:
    found = _BARE_DAY.match(text, at)
    if found is None or (at > 0 and text[at - 1] in _NOT_BEFORE_A_DAY):
        return None
    which = number(found["day"])
    coming = which > issued.day and not (
        _TO_COME.search(text, max(0, at - 6), at) or _STILL_TO_COME.match(text, found.end())
    )
    month = spans.months_away(issued.replace(day=1), -1 if coming else 0)
    if not 1 <= which <= spans.month_length(month.year, month.month):
        return None
    then = month.replace(day=which)
    return counted(at, found.end(), Days(then, then), then.month, closes=True)


def _from_now(text: str, at: int, issued: date) -> Phrase | None:
    found = _FROM_NOW.match(text, at)
    return counted(at, found.end(), Days(issued, issued), issued.month, closes=True) if found else None


_ARTICLE_PARSERS = {character: (*parsers, _bare_day) for character, parsers in PARSERS.items()} | {
    "即": (_from_now,)
}
