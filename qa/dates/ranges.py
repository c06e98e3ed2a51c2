"""All phrases of a text in order, and those that belong together: `10月12日至14日`, `自9月起`, `2023年以前`.

Which year is meant where a text leaves it out is the reader's choice: a question and an article differ there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from qa.dates import spans
from qa.dates.english import english_phrase
from qa.dates.numerals import NUMBER, number
from qa.dates.numeric import numeric_phrase
from qa.dates.phrase import Phrase, Told
from qa.dates.phrases import calendar_phrase
from qa.dates.relative import WEEKDAY, relative_phrase, weekday_of_week
from qa.dates.spans import Days, NoSuchDay

Parser: TypeAlias = Callable[[str, int, date], Phrase | None]
Chooser: TypeAlias = Callable[[Phrase], Days]

_FIGURES = "0123456789"
_NUMERALS = "零一二两三四五六七八九十廿卅半"
# With which characters the phrases of each parser begin; no other place of a text is looked at.
_BEGINNINGS: tuple[tuple[Parser, str], ...] = (
    (numeric_phrase, "12"),
    (relative_phrase, _FIGURES + _NUMERALS + "大前昨今明后上下这本最近过刚"),
    (
        calendar_phrase,
        _FIGURES
        + _NUMERALS
        + "大前去今明后来本上下第首头Qq年岁农正春除元情妇植劳青儿建教国记双平圣端中重腊小清冬夏立秋惊芒霜",
    ),
    (english_phrase, "1234567890" + "".join(c + c.upper() for c in "abcdefghijlmnopqrstwy")),
)
PARSERS: dict[str, tuple[Parser, ...]] = {
    character: tuple(parser for parser, beginnings in _BEGINNINGS if character in beginnings)
    for character in sorted({character for _, beginnings in _BEGINNINGS for character in beginnings})
}
# The readers of questions and of articles add parsers of their own, which begin with these.
_ADDED = "即周星礼"
_START = re.compile("[" + _ADDED + "".join(PARSERS) + "]")
_BEFORE_A_NUMBER = frozenset(_FIGURES + _NUMERALS + ".第百千")

_TO = re.compile(
    r"(?:起|开始)?\s*(?:-{1,2}|至|到|直到|一直到|to\b|until\b|through\b|till\b)\s*", re.IGNORECASE
)
_AND = re.compile(r"\s*(?:and\b)\s*", re.IGNORECASE)
_DAY_AFTER = re.compile(rf"(?P<day>{NUMBER})[日号](?![楼线馆])")
_DAY_LISTED = re.compile(rf"[、和与及](?P<day>{NUMBER})[日号](?![楼线馆])")
_NOW = re.compile(r"今(?:天|日)?(?!年|晚|春|夏|秋|冬)|目前|现在|now\b|today\b|present\b", re.IGNORECASE)
# A range that runs over the new year is no longer than this; a longer one was written the wrong way round.
_OVER_NEW_YEAR_DAYS = 184


@dataclass(frozen=True, slots=True)
class Run:
    """Days that characters `start:end` of a text speak of. `swapped`: they stood the wrong way round."""

    start: int
    end: int
    days: Days
    told: Told
    closes: bool = False
    swapped: bool = False


def phrases(text: str, day: date, parsers: dict[str, tuple[Parser, ...]] = PARSERS) -> Iterator[Phrase]:
    """The phrases of a folded text from left to right; none overlaps another."""
    at = 0
    while (found := _START.search(text, at)) is not None:
        phrase = _phrase_at(text, found.start(), day, parsers)
        at = phrase.end if phrase else found.end()
        if phrase:
            yield phrase


def runs(
    text: str,
    day: date,
    choose: Chooser,
    parsers: dict[str, tuple[Parser, ...]] = PARSERS,
    *,
    lenient: bool = False,
) -> list[Run]:
    """The runs of days of a folded text from left to right.

    Raises:
        NoSuchDay: a phrase names a day that the calendar lacks; never when `lenient`, which leaves it out.
    """
    found: list[Run] = []
    for phrase in phrases(text, day, parsers):
        if found and phrase.start < found[-1].end:
            continue
        try:
            joined = _joined(text, phrase, day, choose, parsers)
            found.append(joined or Run(phrase.start, phrase.end, choose(phrase), phrase.told, phrase.closes))
        except NoSuchDay:
            if not lenient:
                raise
    return found


def _phrase_at(text: str, at: int, day: date, parsers: dict[str, tuple[Parser, ...]]) -> Phrase | None:
    glued = at > 0 and text[at] in _FIGURES + _NUMERALS and text[at - 1] in _BEFORE_A_NUMBER
    if glued:
        return None
    return next((phrase for parser in parsers.get(text[at], ()) if (phrase := parser(text, at, day))), None)


def _joined(
    text: str, phrase: Phrase, day: date, choose: Chooser, parsers: dict[str, tuple[Parser, ...]]
) -> Run | None:
    """The range that begins with `phrase`; `None` where it stands alone."""
    listed = _listed(text, phrase, choose)
    if listed:
        return listed
    to = _TO.match(text, phrase.end) or _english_and(text, phrase)
    if to is None or to.end() >= len(text):
        return None
    days = choose(phrase)
    now = _NOW.match(text, to.end()) or (
        _NOW.match(text, to.end() - 1) if text[to.end() - 1] == "今" else None
    )
    if now:
        return Run(phrase.start, now.end(), Days(min(days.first, day), max(days.first, day)), phrase.told)
    last = _last(text, to.end(), phrase, days, day, choose, parsers)
    if last is None:
        return None
    end, until = last
    swapped = until.last < days.first
    whole = Days(until.first, days.last) if swapped else Days(days.first, until.last)
    return Run(phrase.start, end, whole, phrase.told, closes=True, swapped=swapped)


def _listed(text: str, phrase: Phrase, choose: Chooser) -> Run | None:
    """The days from the first to the last of a list that names the month once: 10月12日、13日和15日."""
    if not (phrase.month and phrase.closes):
        return None
    end, days = phrase.end, [choose(phrase)]
    while (found := _DAY_LISTED.match(text, end)) and number(found["day"]) > 0:
        days.append(spans.one_day(days[0].first.year, phrase.month, number(found["day"])))
        end = found.end()
    if end == phrase.end:
        return None
    whole = Days(min(day.first for day in days), max(day.last for day in days))
    return Run(phrase.start, end, whole, phrase.told, closes=True)


def _english_and(text: str, phrase: Phrase) -> re.Match[str] | None:
    between = text[max(0, phrase.start - 8) : phrase.start].lower().endswith("between ")
    return _AND.match(text, phrase.end) if between else None


def _last(
    text: str,
    at: int,
    before: Phrase,
    days: Days,
    day: date,
    choose: Chooser,
    parsers: dict[str, tuple[Parser, ...]],
) -> tuple[int, Days] | None:
    """Where the second half of a range ends and its days; what it leaves out is taken from the first half."""
    weekday = WEEKDAY.match(text, at)
    if weekday and before.closes and days.first == days.last:
        then = weekday_of_week(days.first, weekday["weekday"])
        return weekday.end(), Days(then, then)
    bare = _DAY_AFTER.match(text, at)
    if bare and before.month:
        return bare.end(), spans.one_day(days.first.year, before.month, number(bare["day"]))
    following = _phrase_at(text, at, day, parsers)
    if following is None:
        return None
    if following.told is not Told.OPEN:
        return following.end, choose(following)
    same = following.days(days.first.year)
    if same.last < days.first and following.month != days.first.month:
        later = following.days(days.first.year + 1)
        if (later.last - days.first).days <= _OVER_NEW_YEAR_DAYS:
            return following.end, later
    return following.end, same
