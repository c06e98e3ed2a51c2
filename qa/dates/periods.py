"""The days a question limits itself to.

A question speaks of days in two ways. `10月12日见报的…` names days of issues; `10月12日那场球赛` names the
day of an event, which papers told of before it, on it and after it. Only the first (`published`) may filter
hard by issue date; the second should favour articles that speak of those days (`find_days`) or were issued
near them.

Where a question leaves the year out: days of issues and what has happened (了, 发生, 那场) lie in the past,
so the last such day that is not after today; what is to come (将, 定于, 推迟到) the next; else the last
such, unless the next is nearer and at most 92 days away for a day, 62 for a month or a festival (the end of
a year: 184; its halves and quarters: never).

A range the wrong way round (`10月14日至10月11日`) is taken as the days between, and `swapped` says so: what
was meant is plain, and the days are shown with the answer, where they can be mended. `最近`, `近年来`,
`前阵子` are too vague to be a limit, and so are `暑假` and `夏天` without their year.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date

from embeddings.errors import QuestionError
from embeddings.records import Period, PeriodKind
from qa.dates import cues, spans
from qa.dates.numerals import NUMBER, fold, number
from qa.dates.phrase import Phrase, Told
from qa.dates.ranges import PARSERS, Run, runs
from qa.dates.relative import BEFORE_A_WEEKDAY, WEEKDAY, counted, last_weekday
from qa.dates.spans import Days, NoSuchDay


@dataclass(frozen=True, slots=True)
class _Limit:
    """A run of days with the words around it taken in (前, 以来, 从); `None` is open."""

    first: date | None
    last: date | None
    start: int
    end: int
    published: bool
    swapped: bool

    @property
    def breadth_days(self) -> int:
        return (self.last - self.first).days if self.first and self.last else 10**6


# The next such days are meant only when so near: a day, a month or festival, a year's end.
_DAY_AHEAD_DAYS, _MONTH_AHEAD_DAYS, _YEAR_END_AHEAD_DAYS = 92, 62, 184
_MONTH_DAYS = 31
_JOINED = re.compile(r"\s*(?:和|与|跟|同|、|及|以及|还是|或者?|and|or)\s*", re.IGNORECASE)
# 5号见报的: a day alone begins a clause or follows a preposition, and something of a day follows it.
_BARE_DAY = re.compile(
    rf"(?P<day>{NUMBER})[日号](?=$|[?？，,]|见报|的?报|的?新闻|刊|登|晚|早|上午|下午|凌晨|中午|夜|那|当|发生|以?前|以?后|至|到)"
)


def find_period(question: str, today: date) -> Period | None:
    """The days that a question limits itself to, against the day on which it is asked; `None` for none.

    Of several, days of issues come before days of events, then the narrowest, then the first; two joined by
    和 or 、 are one period that holds both. No limit is what is compared with (比去年, 去年同期), what
    recurs (每年10月), what is asked about (哪天, 是10月12日吗) and what is part of a name (五一路,
    《2024年鉴》).

    Raises:
        QuestionError: the question names a day that the calendar lacks (`no_such_date`).
    """
    text = fold(question)
    parsers = {character: (*of_all, _bare_day) for character, of_all in PARSERS.items()} | _WEEKDAY_PARSERS
    try:
        found = runs(text, today, lambda phrase: _chosen(text, phrase, today), parsers)
    except NoSuchDay as error:
        raise QuestionError(
            "问题里的日期不存在。",
            hint="请核对月份和日子,例如 2 月没有 30 日,4 月没有 31 日。",
            code="no_such_date",
        ) from error
    named = cues.titles(text)
    limits = [
        _limit(text, run)
        for run in found
        if cues.is_limit(text, run) and not any(start < run.start < end for start, end in named)
    ]
    if not limits:
        return None
    best = min(
        _unions(text, limits), key=lambda limit: (not limit.published, limit.breadth_days, limit.start)
    )
    return _period(question, best, today)


def _period(question: str, limit: _Limit, today: date) -> Period:
    if limit.first and limit.first > today:
        kind = PeriodKind.FUTURE
    else:
        kind = PeriodKind.PAST if limit.last and limit.last < today else PeriodKind.CURRENT
    words = question[limit.start : limit.end]
    published = limit.published and kind is not PeriodKind.FUTURE
    return Period(limit.first, limit.last, words, limit.start, limit.end, published, kind, limit.swapped)


def _chosen(text: str, phrase: Phrase, today: date) -> Days:
    """The days of a phrase of the question, its year chosen where it is left out."""
    if phrase.told is not Told.OPEN:
        return phrase.days(phrase.year)
    last, coming = _last_and_next(phrase, today)
    if coming is None or cues.is_published(text, phrase.start, phrase.end):
        return last
    if cues.is_to_come(text, phrase.start):
        return coming
    ahead = (coming.first - today).days
    nearer = ahead <= _ahead_days(phrase, coming) and ahead < (today - last.last).days
    return coming if nearer and not cues.has_happened(text, phrase.end) else last


def _ahead_days(phrase: Phrase, coming: Days) -> int:
    if phrase.closes:
        return _DAY_AHEAD_DAYS if phrase.month else _YEAR_END_AHEAD_DAYS
    # A half or a quarter of a year is spoken of when there is something to tell of it.
    is_short = (coming.last - coming.first).days < _MONTH_DAYS
    return _MONTH_AHEAD_DAYS if is_short else 0


def _last_and_next(phrase: Phrase, today: date) -> tuple[Days, Days | None]:
    """The last days of a phrase that have begun by today, and the next that have not.

    Raises:
        NoSuchDay: no year near has such a day.
    """
    # 29 February comes back within eight years.
    years = [year for year in range(today.year - 8, today.year + 9) if date.min.year <= year <= date.max.year]
    known = [days for year in years if (days := _in_year(phrase, year))]
    if not known:
        raise NoSuchDay("no year has it")
    begun = [days for days in known if days.first <= today]
    coming = [days for days in known if days.first > today]
    return (begun or coming)[-1 if begun else 0], coming[0] if coming else None


def _in_year(phrase: Phrase, year: int) -> Days | None:
    try:
        return phrase.days(year)
    except NoSuchDay:
        return None


def _bare_day(text: str, at: int, day: date) -> Phrase | None:
    """`5号` and `5日` for themselves: of this month, or of the last one when that day is nearer."""
    found = _BARE_DAY.match(text, at)
    if found is None or (at > 0 and text[at - 1] not in "在于，,。 从自"):
        return None
    which = number(found["day"])
    firsts = [spans.months_away(day.replace(day=1), -back) for back in range(3)]
    days = [
        first.replace(day=which)
        for first in firsts
        if 1 <= which <= spans.month_length(first.year, first.month)
    ]
    begun = [then for then in days if then <= day]
    if not begun:
        return None
    nearer = (days[0] - day).days < (day - begun[0]).days
    past = cues.is_published(text, at, found.end()) or cues.has_happened(text, found.end())
    then = days[0] if nearer and not past else begun[0]
    return counted(at, found.end(), Days(then, then), then.month, closes=True)


def _bare_weekday(text: str, at: int, day: date) -> Phrase | None:
    """`周三的报纸`: the last such day; without a word of papers it is a habit (`周三休市`) and no limit."""
    found = WEEKDAY.match(text, at)
    if found is None or text[at - 1 : at] in BEFORE_A_WEEKDAY or not cues.is_published(text, at, found.end()):
        return None
    then = last_weekday(day, found["weekday"])
    return counted(at, found.end(), Days(then, then), then.month, closes=True)


_WEEKDAY_PARSERS = dict.fromkeys("周星礼", (_bare_weekday,))


def _limit(text: str, run: Run) -> _Limit:
    first, last, start, end = cues.bounded(text, run)
    return _Limit(first, last, start, end, cues.is_published(text, run.start, end), run.swapped)


def _unions(text: str, limits: list[_Limit]) -> list[_Limit]:
    """The limits, those joined by 和 or 、 made one."""
    found: list[_Limit] = []
    for limit in limits:
        joined = bool(found) and bool(_JOINED.fullmatch(text, found[-1].end, limit.start))
        found[-1:] = [_union(found[-1], limit)] if joined else [*found[-1:], limit]
    return found


def _union(one: _Limit, other: _Limit) -> _Limit:
    return replace(
        one,
        first=min(one.first, other.first) if one.first and other.first else None,
        last=max(one.last, other.last) if one.last and other.last else None,
        end=other.end,
        published=one.published or other.published,
        swapped=one.swapped or other.swapped,
    )
