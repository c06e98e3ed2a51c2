"""Festivals and the days they fall on, those of the lunar calendar too.

The lunar calendar and the solar terms come from `borax` (1900..2100); outside those years such a festival has
no day. How long a holiday lasts is the common length, not the council's notice of that year, which shifts it
by a day or two with the weekends.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial

from borax.calendars.lunardate import LunarDate, TermUtils

from qa.dates.spans import Days, NoSuchDay, one_day, shifted, widened

LUNAR_MONTH_DAYS = 30
_LUNAR_YEARS = range(1900, 2100)
# A day off that moves to meet a weekend: the holiday may begin or end so many days from the day itself.
_HOLIDAY_SLACK_DAYS = 2


def fixed(month: int, day: int, length: int, year: int) -> Days:
    """A festival of the solar calendar that lasts `length` days."""
    first = one_day(year, month, day).first
    return Days(first, shifted(first, length - 1))


def lunar(month: int, day: int, year: int) -> Days:
    """The day of the lunar calendar that falls in a solar year; the last months begin in the year before.

    Raises:
        NoSuchDay: the calendar's tables do not reach that year, or the month has no such day then.
    """
    for lunar_year in (year - 1, year):
        if lunar_year in _LUNAR_YEARS:
            try:
                found: date = LunarDate(lunar_year, month, day).to_solar_date()
            except ValueError:  # a short month has no thirtieth day
                continue
            if found.year == year:
                return Days(found, found)
    raise NoSuchDay(f"{year}")


def term(name: str, year: int) -> Days:
    """The day of a solar term such as 清明.

    Raises:
        NoSuchDay: the calendar's tables do not reach that year.
    """
    if year not in _LUNAR_YEARS:
        raise NoSuchDay(f"{year}")
    found: date = TermUtils.nth_term_day(year, term_name=name)
    return Days(found, found)


def spring(year: int) -> Days:
    """The eve of the lunar new year to its seventh day."""
    return widened(lunar(1, 1, year), 1, 6)


def eve(year: int) -> Days:
    """The eve of the lunar new year."""
    day = shifted(lunar(1, 1, year).first, -1)
    return Days(day, day)


_TERMS = "清明 冬至 夏至 立春 立夏 立秋 立冬 春分 秋分 惊蛰 芒种 霜降".split()
_FIXED = {
    "元旦": (1, 1, 3),
    "情人节": (2, 14, 1),
    "三八妇女节": (3, 8, 1),
    "妇女节": (3, 8, 1),
    "植树节": (3, 12, 1),
    "五一劳动节": (5, 1, 5),
    "劳动节": (5, 1, 5),
    "五一": (5, 1, 5),
    "五四青年节": (5, 4, 1),
    "青年节": (5, 4, 1),
    "六一儿童节": (6, 1, 1),
    "儿童节": (6, 1, 1),
    "六一": (6, 1, 1),
    "七一建党节": (7, 1, 1),
    "建党节": (7, 1, 1),
    "八一建军节": (8, 1, 1),
    "建军节": (8, 1, 1),
    "教师节": (9, 10, 1),
    "国庆": (10, 1, 7),
    "十一": (10, 1, 7),
    "记者节": (11, 8, 1),
    "双十一": (11, 11, 1),
    "双11": (11, 11, 1),
    "双十二": (12, 12, 1),
    "平安夜": (12, 24, 1),
    "圣诞": (12, 25, 1),
}
_LUNAR = {
    "元宵": (1, 15),
    "端午": (5, 5),
    "七夕": (7, 7),
    "中元": (7, 15),
    "中秋": (8, 15),
    "重阳": (9, 9),
    "腊八": (12, 8),
    "小年": (12, 23),
}
FESTIVALS: dict[str, Callable[[int], Days]] = {
    "春节": spring,
    "除夕": eve,
    "年三十": eve,
    **{name: partial(fixed, *place) for name, place in _FIXED.items()},
    **{name: partial(lunar, *place) for name, place in _LUNAR.items()},
    **{name: partial(term, name) for name in _TERMS},
    **{f"初{name}": partial(lunar, 1, day) for day, name in enumerate("一二三四五六七八", 1)},
}


def holiday(find: Callable[[int], Days], year: int) -> Days:
    """The days off around a festival of one day; a longer one is its own holiday."""
    days = find(year)
    slack = _HOLIDAY_SLACK_DAYS if days.first == days.last else 0
    return widened(days, slack, slack)
