"""Numbers, festivals and runs of days."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.dates import spans
from qa.dates.festivals import FESTIVALS, lunar
from qa.dates.numerals import fold, number
from qa.dates.spans import Days, NoSuchDay


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("十", 10),
        ("十二", 12),
        ("二十", 20),
        ("廿三", 23),
        ("卅一", 31),
        ("两", 2),
        ("二零二四", 2024),
        ("二十十", -1),
    ],
)
def test_a_number_is_read(text: str, value: int) -> None:
    assert number(text) == value


@given(st.text())
def test_folding_keeps_the_length(text: str) -> None:
    assert len(fold(text)) == len(text)


@pytest.mark.parametrize(
    ("name", "year", "first", "last"),
    [
        ("春节", 2026, "2026-02-16", "2026-02-23"),
        ("除夕", 2024, "2024-02-09", "2024-02-09"),
        ("中秋", 2025, "2025-10-06", "2025-10-06"),
        ("端午", 2023, "2023-06-22", "2023-06-22"),
        ("清明", 2024, "2024-04-04", "2024-04-04"),
        ("腊八", 2025, "2025-01-07", "2025-01-07"),
        ("国庆", 2026, "2026-10-01", "2026-10-07"),
    ],
)
def test_a_festival_falls_on_its_days(name: str, year: int, first: str, last: str) -> None:
    assert FESTIVALS[name](year) == Days(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize("year", [1, 1899, 2101, 9999])
def test_a_lunar_day_beyond_the_tables_is_no_day(year: int) -> None:
    with pytest.raises(NoSuchDay):
        lunar(8, 15, year)


def test_a_month_back_from_its_last_day_is_the_last_day_of_a_shorter_month() -> None:
    assert spans.months_away(date(2024, 3, 31), -1) == date(2024, 2, 29)


@pytest.mark.parametrize(("year", "last"), [(2024, 29), (2025, 28)])
def test_the_last_third_of_february_ends_with_the_month(year: int, last: int) -> None:
    assert spans.third(year, 2, 2) == Days(date(year, 2, 21), date(year, 2, last))


@given(st.dates(), st.integers(-5000, 5000))
def test_counting_never_leaves_the_calendar(day: date, count: int) -> None:
    assert date.min <= spans.shifted(day, count) <= date.max
    assert date.min <= spans.months_away(day, count) <= date.max
    assert spans.week(day, count).first <= spans.week(day, count).last
