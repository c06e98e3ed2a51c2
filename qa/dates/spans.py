"""Runs of whole days: years, quarters, months, thirds of a month, weeks, and counting back and forth."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date

DAYS_OF_WEEK = 7
MONTHS_OF_YEAR = 12


class NoSuchDay(ValueError):
    """The calendar has no such day or month: 30 February, month 13."""


@dataclass(frozen=True, slots=True)
class Days:
    """The days from `first` to `last`, both inclusive; `first <= last`."""

    first: date
    last: date


def one_day(year: int, month: int, day: int) -> Days:
    """A single day.

    Raises:
        NoSuchDay: the calendar has none such.
    """
    try:
        found = date(year, month, day)
    except ValueError as error:
        raise NoSuchDay(f"{month}-{day}") from error
    return Days(found, found)


def day_range(year: int, month: int, first: int, last: int) -> Days:
    """The days `first` to `last` of a month, in either order.

    Raises:
        NoSuchDay: the month lacks one of them.
    """
    low, high = sorted((first, last))
    return Days(one_day(year, month, low).first, one_day(year, month, high).last)


def months(year: int, first: int, last: int) -> Days:
    """The whole months `first` to `last` (1..12) of a year.

    Raises:
        NoSuchDay: a month outside 1..12, or a year outside those of `datetime`.
    """
    if not 1 <= first <= last <= MONTHS_OF_YEAR:
        raise NoSuchDay(f"{first}-{last}")
    return Days(one_day(year, first, 1).first, one_day(year, last, month_length(year, last)).last)


def month(year: int, number: int) -> Days:
    """A whole month; raises `NoSuchDay` for a month 13."""
    return months(year, number, number)


def whole_year(year: int) -> Days:
    """A whole year."""
    return months(year, 1, MONTHS_OF_YEAR)


def month_length(year: int, number: int) -> int:
    """How many days a month has; 31 for a year that `datetime` does not know."""
    return calendar.monthrange(year, number)[1] if MINYEAR <= year <= MAXYEAR else 31


def third(year: int, number: int, which: int) -> Days:
    """The first ten days (0), the second ten (1) or the rest (2) of a month."""
    if not 1 <= number <= MONTHS_OF_YEAR:
        raise NoSuchDay(f"{number}")
    last = month_length(year, number) if which == 2 else which * 10 + 10
    return day_range(year, number, which * 10 + 1, last)


def winter(year: int) -> Days:
    """December to the end of the next February."""
    first = one_day(year, 12, 1).first
    return Days(first, shifted(months_away(first, 3), -1) if year < MAXYEAR else date.max)


def shifted(day: date, days: int) -> date:
    """The day so many days later (earlier, if negative), kept within what `datetime` can say."""
    return date.fromordinal(min(max(day.toordinal() + days, date.min.toordinal()), date.max.toordinal()))


def widened(days: Days, before: int, after: int) -> Days:
    """So many days more on either side."""
    return Days(shifted(days.first, -before), shifted(days.last, after))


def months_away(day: date, count: int) -> date:
    """The same day of the month so many months away, or the last of that month where it is shorter.

    Beyond what `datetime` can say it is the first or last day that it can.
    """
    at = day.year * MONTHS_OF_YEAR + day.month - 1 + count
    year, index = divmod(at, MONTHS_OF_YEAR)
    if not MINYEAR <= year <= MAXYEAR:
        return date.min if year < MINYEAR else date.max
    return date(year, index + 1, min(day.day, month_length(year, index + 1)))


def week(day: date, count: int) -> Days:
    """Monday to Sunday of the week so many weeks away."""
    monday = shifted(day, count * DAYS_OF_WEEK - day.weekday())
    return Days(monday, shifted(monday, DAYS_OF_WEEK - 1))


def back(day: date, count: int, unit: str) -> date:
    """The day `count` units before: `unit` is 天, 周, 月, 季 or 年."""
    if unit == "天":
        return shifted(day, -count)
    if unit == "周":
        return shifted(day, -count * DAYS_OF_WEEK)
    return months_away(day, -count * {"月": 1, "季": 3, "年": MONTHS_OF_YEAR}[unit])


def unit_around(day: date, unit: str) -> Days:
    """The whole day, week, month, quarter or year that holds a day; `unit` as in `back`."""
    if unit == "天":
        return Days(day, day)
    if unit == "周":
        return week(day, 0)
    if unit == "季":
        first = (day.month - 1) // 3 * 3 + 1
        return months(day.year, first, first + 2)
    return month(day.year, day.month) if unit == "月" else whole_year(day.year)
