"""The days a question limits itself to: the table of cases, and what may never happen."""

from __future__ import annotations

import json
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.errors import QuestionError
from qa.dates import PeriodKind, find_period

TODAY = date(2026, 11, 23)  # a Monday
TABLE = Path(__file__).parents[1] / "data" / "dates.jsonl"
CASES: list[dict[str, Any]] = [json.loads(line) for line in TABLE.read_text(encoding="utf-8").splitlines()]
# Words that dates are made of, so that random texts come near to dates.
WORDS = (
    "1 2 9 10 12 30 31 2024 24 年 月 日 号 一 二 十 廿 两 半 前 后 上 下 本 这 今 去 明 大 最近 近 "
    "至 到 — 和 、 从 自 起 以来 以前 国庆 春节 五一 正月 初一 周 星期 末 天 季度 上半年 底 中旬 的 "
    "见报 报纸 比 同期 每 即日起 today last week May Nov in to since 《 》 ，"
).split()
TEXTS = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=10).map("".join))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@pytest.mark.parametrize("case", CASES, ids=[f"{case['question']} ({case['today']})" for case in CASES])
def test_the_table_of_cases_is_understood(case: dict[str, Any]) -> None:
    today = date.fromisoformat(case["today"])
    if "error" in case:
        with pytest.raises(QuestionError) as caught:
            find_period(case["question"], today)
        assert caught.value.code == case["error"]
        assert caught.value.hint
        return
    period = find_period(case["question"], today)
    if not case["phrase"]:
        assert period is None
        return
    assert period is not None
    assert (period.text, period.first, period.last) == (
        case["phrase"],
        _day(case["first"]),
        _day(case["last"]),
    )
    assert period.published == case.get("published", False)
    assert period.swapped == case.get("swapped", False)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("昨天的火灾", PeriodKind.PAST),
        ("今年的产量", PeriodKind.CURRENT),
        ("10月以来的雨", PeriodKind.CURRENT),
        ("下周的讲座", PeriodKind.FUTURE),
        ("明年的报纸多少钱", PeriodKind.FUTURE),
    ],
)
def test_a_period_says_where_it_lies(question: str, kind: PeriodKind) -> None:
    period = find_period(question, TODAY)
    assert period is not None
    assert period.kind is kind


def test_no_issue_can_be_of_days_to_come() -> None:
    period = find_period("明年的报纸登什么", TODAY)
    assert period is not None
    assert not period.published


def test_days_of_issues_come_before_days_of_events() -> None:
    period = find_period("国庆那几天的客流,10月9日见报时说有多少", TODAY)
    assert period is not None
    assert period.text == "10月9日"


@given(TEXTS, st.dates(date(1900, 1, 1), date(2100, 12, 31)))
@settings(max_examples=300, deadline=None)
def test_offsets_hold_and_days_are_in_order_for_any_text(text: str, today: date) -> None:
    try:
        period = find_period(text, today)
    except QuestionError as error:
        assert error.code == "no_such_date"  # noqa: PT017 - any other error fails the test
        return
    if period is not None:
        assert text[period.start : period.end] == period.text != ""
        assert period.first or period.last
        assert not (period.first and period.last) or period.first <= period.last


@pytest.mark.parametrize(
    "piece", ["一", "1", "十月", "1月1日至", "《", "2024年", "近三", "1 ", "昨天有", "10月12日、", "the "]
)
def test_a_text_of_one_repeated_piece_takes_linear_time(piece: str) -> None:
    def seconds(chars: int) -> float:
        begun = time.process_time()
        find_period(piece * (chars // len(piece)), TODAY)
        return time.process_time() - begun

    seconds(100)
    # Ten times the text: a quadratic reader would take a hundred times as long. The constant: the clock.
    assert seconds(50_000) < 30 * seconds(5_000) + 0.2
