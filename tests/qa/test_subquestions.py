"""Questions about several things, taken apart."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.subquestions import PARTS_MAX, subquestions

SPLIT = [
    ("甲镇和乙镇分别种了多少亩姜？", ("甲镇种了多少亩姜？", "乙镇种了多少亩姜？")),
    ("今年和去年的粮食产量各是多少", ("今年的粮食产量是多少？", "去年的粮食产量是多少？")),
    ("与去年相比，今年的粮食产量是多少？", ("今年的粮食产量是多少？", "去年的粮食产量是多少？")),
    ("白桥县和黑桥县哪个更高？", ("白桥县多高？", "黑桥县多高？")),
    ("红队、白队和蓝队谁进球多？", ("红队进球多少？", "白队进球多少？", "蓝队进球多少？")),
    ("实验小学老师和学生各有几人？", ("实验小学老师有几人？", "实验小学学生有几人？")),
    ("稻谷比玉米每百斤贵多少钱", ("稻谷每百斤是多少钱？", "玉米每百斤是多少钱？")),
    ("3月和4月的房价相差多少", ("3月的房价是多少？", "4月的房价是多少？")),
    ("大桥通车前后，到县城各要多久", ("大桥通车前，到县城要多久？", "大桥通车后，到县城要多久？")),
    ("米价以前多少钱，现在多少钱", ("米价以前多少钱？", "米价现在多少钱？")),
    ("昨天东风股份和西山股份谁涨谁跌？", ("昨天东风股份是涨还是跌？", "昨天西山股份是涨还是跌？")),
    ("和平区与共和国路小学各有多少学生", ("和平区有多少学生？", "共和国路小学有多少学生？")),
    ("“红盾骑士”和“蓝鲸”骑行队各有多少人", ("“红盾骑士”骑行队有多少人？", "“蓝鲸”骑行队有多少人？")),
]
WHOLE = [
    "和平区有多少学生？",
    "共和国成立多少年了",
    "“山和水”影展各场多少人看",
    "书记和镇长去了哪里",
    "敬老卡要带什么、去哪儿领？",
    "班车从多少元降到多少元",
    "同和酱园要在哪个交易所上市",
    "大坝前后差多少天",
    "问",
    "",
]


@pytest.mark.parametrize(("question", "parts"), SPLIT)
def test_question_about_several_things_becomes_one_for_each(question: str, parts: tuple[str, ...]) -> None:
    assert subquestions(question) == parts


@pytest.mark.parametrize("question", WHOLE)
def test_question_about_one_thing_comes_back_alone(question: str) -> None:
    assert subquestions(question) == (question,)


def test_no_more_parts_than_the_limit() -> None:
    assert len(subquestions("甲村、乙村、丙村、丁村、戊村和己村各有多少人")) == PARTS_MAX


@given(
    st.one_of(
        st.text(max_size=250),
        st.text(alphabet="甲乙和、与比各分别哪个更高多少前后，相比“”区县？", max_size=250),
    )
)
@settings(deadline=None)
def test_any_text_gives_one_to_four_parts_none_empty(question: str) -> None:
    parts = subquestions(question)
    assert 1 <= len(parts) <= PARTS_MAX
    assert parts == (question,) or all(part.strip("？ ") for part in parts)


@pytest.mark.parametrize("piece", ["和", "“", "比", "各", "甲和", "前后", "与，比"])
def test_text_of_one_piece_takes_no_time(piece: str) -> None:
    started = time.perf_counter()
    for length in (60, 199, 100_000):
        subquestions((piece * length)[:length])
    assert time.perf_counter() - started < 1
