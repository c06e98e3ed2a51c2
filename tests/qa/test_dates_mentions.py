"""The days an article speaks of, against the day of its issue."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.dates import find_days
from tests.qa.test_dates_periods import TEXTS

ISSUED = date(2026, 10, 14)  # a Wednesday


def _days(text: str, issued: date | None = ISSUED) -> list[tuple[str, str, str]]:
    return [(text[day.start : day.end], str(day.first), str(day.last)) for day in find_days(text, issued)]


@pytest.mark.parametrize(
    ("text", "words", "first", "last"),
    [
        ("昨日,渡口恢复通航。", "昨日", "2026-10-13", "2026-10-13"),
        ("前晚的雨不大。", "前晚", "2026-10-12", "2026-10-12"),
        ("记者今天从水务局获悉", "今天", "2026-10-14", "2026-10-14"),
        ("本月5日,新桥合龙。", "本月5日", "2026-10-05", "2026-10-05"),
        ("5日下午,新桥合龙。", "5日", "2026-10-05", "2026-10-05"),
        ("28日,麦苗出齐。", "28日", "2026-09-28", "2026-09-28"),
        ("展览将于28日开幕。", "28日", "2026-10-28", "2026-10-28"),
        ("新规20日起施行。", "20日", "2026-10-20", "2026-10-20"),
        ("上月,三家店开业。", "上月", "2026-09-01", "2026-09-30"),
        ("今年,全镇种藕。", "今年", "2026-01-01", "2026-12-31"),
        ("今年8月动工", "今年8月", "2026-08-01", "2026-08-31"),
        ("去年亏了两万元", "去年", "2025-01-01", "2025-12-31"),
        ("10月12日晚", "10月12日", "2026-10-12", "2026-10-12"),
        ("12月25日恢复原线", "12月25日", "2026-12-25", "2026-12-25"),
        ("2023年12月立项", "2023年12月", "2023-12-01", "2023-12-31"),
        ("本周三停水", "本周三", "2026-10-14", "2026-10-14"),
        ("即日起封路", "即日起", "2026-10-14", "2026-10-14"),
        ("即日起至11月30日免费", "即日起至11月30日", "2026-10-14", "2026-11-30"),
        ("10月10日至12日", "10月10日至12日", "2026-10-10", "2026-10-12"),
        ("10日至12日举行", "10日至12日", "2026-10-10", "2026-10-12"),
        ("今年以来,已有九起", "今年", "2026-01-01", "2026-10-14"),
        ("1至9月,产值增长", "1至9月", "2026-01-01", "2026-09-30"),
        ("前三季度,出口回升", "前三季度", "2026-01-01", "2026-09-30"),
    ],
)
def test_a_phrase_of_an_article_is_resolved_against_its_issue(
    text: str, words: str, first: str, last: str
) -> None:
    assert _days(text) == [(words, first, last)]


@pytest.mark.parametrize(
    "text",
    [
        "日前,有读者来电。",
        "近日,近期,最近,不久前",
        "为期5日的展览",
        "15日内办结",
        "三天内、24小时、每周三、第十二届",
        "国庆路与五一广场",
        "十月稻田的门店",
    ],
)
def test_what_names_no_day_is_left_out(text: str) -> None:
    assert _days(text) == []


def test_a_day_that_does_not_exist_is_left_out() -> None:
    assert _days("2月30日不开会,10月12日开。") == [("10月12日", "2026-10-12", "2026-10-12")]


def test_a_december_day_in_a_january_issue_is_of_the_year_before() -> None:
    assert _days("12月28日,首班车开出。", date(2027, 1, 3)) == [("12月28日", "2026-12-28", "2026-12-28")]


def test_a_january_day_in_a_december_issue_is_of_the_year_after() -> None:
    assert _days("1月5日开学。", date(2026, 12, 20)) == [("1月5日", "2027-01-05", "2027-01-05")]


def test_without_an_issue_date_only_written_years_count() -> None:
    assert _days("昨日,10月12日,去年,2023年5月4日", None) == [("2023年5月4日", "2023-05-04", "2023-05-04")]


@given(TEXTS, st.none() | st.dates(date(1900, 1, 1), date(2100, 12, 31)))
@settings(max_examples=300, deadline=None)
def test_days_are_ordered_and_their_offsets_hold_for_any_text(text: str, issued: date | None) -> None:
    end = 0
    for day in find_days(text, issued):
        assert day.first <= day.last
        assert end <= day.start < day.end <= len(text)
        end = day.end


def test_a_long_article_is_read_in_well_under_a_second() -> None:
    piece = "昨日,本报记者从会上获悉,10月12日至14日,全县收稻三万亩,比去年同期多两成。5日起,12个镇开镰。"
    text = piece * (100_000 // len(piece))
    begun = time.process_time()
    days = find_days(text, ISSUED)
    assert time.process_time() - begun < 1.5  # about 0.3 s on two slow cores
    assert len(days) == 4 * (100_000 // len(piece))
