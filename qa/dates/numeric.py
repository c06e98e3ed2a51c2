"""Days and years written in figures: `2024-11-12`, `2024/11`, `20241112`, `2023-2025年`."""

from __future__ import annotations

import re
from datetime import date

from qa.dates import spans
from qa.dates.phrase import Phrase, Told
from qa.dates.spans import Days

_DAY = re.compile(
    r"(?P<year>(?:19|20)\d\d)(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?![\d]|[-/.]\d)"
)
_COMPACT = re.compile(
    r"(?P<year>20\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?=[日号的期\s，,。?？]|见报|报|刊|登|$)"
)
_MONTH = re.compile(
    r"(?P<year>(?:19|20)\d\d)[-/](?P<month>0?[1-9]|1[0-2])(?![\d万亿元.%]|[-/.]\d|学?年|赛季)"
)
_YEARS = re.compile(
    r"(?P<first>(?:19|20)\d\d)年?(?:至|到|-{1,2})(?P<last>(?:19|20)?\d\d)(?:年(?![级龄轮代]|\d)|学年|赛季)"
)


def numeric_phrase(text: str, at: int, day: date) -> Phrase | None:  # noqa: ARG001 - one signature for all parsers
    """The day, month or run of years in figures that begins at `at`."""
    found = _DAY.match(text, at) or _COMPACT.match(text, at)
    if found:
        year, month, of_month = int(found["year"]), int(found["month"]), int(found["day"])
        days = lambda said: spans.one_day(said, month, of_month)  # noqa: E731
        return Phrase(at, found.end(), days, Told.WRITTEN, year, month, closes=True)
    return _months_or_years(text, at)


def _months_or_years(text: str, at: int) -> Phrase | None:
    found = _MONTH.match(text, at)
    if found:
        month = int(found["month"])
        return Phrase(
            at, found.end(), lambda said: spans.month(said, month), Told.WRITTEN, int(found["year"]), month
        )
    found = _YEARS.match(text, at)
    if found is None:
        return None
    first, last = int(found["first"]), int(found["last"])
    last = last if last > 99 else first // 100 * 100 + last
    if last < first:
        return None
    whole = Days(spans.whole_year(first).first, spans.whole_year(last).last)
    return Phrase(at, found.end(), lambda _: whole, Told.WRITTEN, first)
