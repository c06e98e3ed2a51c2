"""Answers from several articles: in order of days, as a list, and where they differ."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.timeline import (
    Told,
    articles_topic,
    disagreeing,
    event_day,
    is_articles_question,
    is_timeline,
    ordered,
)

MARCH = date(2026, 3, 10)
MAY = date(2026, 5, 20)
JUNE = date(2026, 6, 1)


@pytest.mark.parametrize(
    "question",
    [
        "槐树湾大桥的建设进展如何？",
        "历年的灯会都在哪里办",
        "老街改造是怎么一步步走到今天的",
        "小区停水的来龙去脉是什么",
        "走失的孩子后来怎么样了？",
        "事情的经过是怎样的",
        "请给一个大桥工程的时间线",
        "厂里先后换过哪些设备",
    ],
)
def test_course_of_events_is_a_timeline(question: str) -> None:
    assert is_timeline(question)


@pytest.mark.parametrize(
    "question", ["大桥多长？", "打水的先后次序是什么", "高铁经过哪些站", "谁是第一名", "", "大桥何时通车"]
)
def test_one_fact_is_no_timeline(question: str) -> None:
    assert not is_timeline(question)


@pytest.mark.parametrize(
    "question",
    ["哪些报道提到了槐树湾大桥？", "有哪些关于灯会的文章", "找一下写老街的新闻", "灯会的报道有哪些"],
)
def test_asked_for_articles(question: str) -> None:
    assert is_articles_question(question)


@pytest.mark.parametrize(
    "question", ["报道里说大桥多长？", "哪些桥提前通车", "新闻发布会几点开", "谁写的文章"]
)
def test_not_asked_for_articles(question: str) -> None:
    assert not is_articles_question(question)


def test_sentences_come_in_the_order_of_the_days_they_speak_of() -> None:
    opened = Told("c", JUNE, "大桥5月28日通车。")
    begun = Told("b", MAY, "2024年9月1日，大桥开工。")
    undated = Told("a", MARCH, "大桥完成主塔浇筑。")
    assert ordered([opened, begun, undated]) == [begun, undated, opened]


def test_one_article_gives_a_second_sentence_only_for_another_day() -> None:
    best = Told("a", MARCH, "2025年1月2日，大桥开工。")
    same_day = Told("a", MARCH, "2025年1月2日下过雪。")
    other_day = Told("a", MARCH, "2025年7月9日，大桥合龙。")
    assert ordered([other_day, best, same_day]) == [best, other_day]


def test_a_sentence_printed_twice_is_told_once() -> None:
    assert ordered([Told("a", MAY, "大桥合龙。"), Told("b", JUNE, "大桥合龙。")]) == [
        Told("a", MAY, "大桥合龙。")
    ]


def test_sentences_of_no_day_stand_at_the_end_in_their_order() -> None:
    one, other, dated = Told("a", None, "甲。"), Told("b", None, "乙。"), Told("c", MAY, "丙。")
    assert ordered([one, other, dated]) == [dated, one, other]


def test_event_day_is_the_issue_where_the_sentence_names_none() -> None:
    assert event_day(Told("a", MAY, "大桥合龙。")) == MAY


def test_differing_figures_come_newest_first_and_equal_values_once() -> None:
    old = Told("a", MARCH, "灯会来了3万人。")
    same_as_old = Told("b", MAY, "灯会来了三万人。")
    new = Told("c", JUNE, "灯会来了4.5万人。")
    assert disagreeing([old, same_as_old, new], "人") == [new, same_as_old]


def test_nothing_disagrees_when_values_units_or_articles_are_the_same() -> None:
    assert disagreeing([Told("a", MARCH, "来了3万人。"), Told("b", MAY, "来了三万人。")], "人") == []
    assert disagreeing([Told("a", MARCH, "来了3万人。"), Told("b", MAY, "摆了3亩花。")]) == []
    assert disagreeing([Told("a", MARCH, "来了3万人。"), Told("a", MARCH, "来了4万人。")], "人") == []
    assert disagreeing([], "人") == []


@given(
    st.lists(
        st.builds(
            Told,
            st.sampled_from("abc"),
            st.one_of(st.none(), st.dates()),
            st.one_of(st.text(max_size=80), st.text(alphabet="年月日今昨0123456789十万元人", max_size=80)),
        ),
        max_size=8,
    ),
    st.text(max_size=3),
)
@settings(deadline=None)
def test_any_sentences_are_chosen_from_and_never_made(evidence: list[Told], unit: str) -> None:
    chosen = ordered(evidence)
    assert all(told in evidence for told in chosen)
    assert len(set(chosen)) == len(chosen)
    assert all(told in evidence for told in disagreeing(evidence, unit))


@given(st.text(max_size=300))
def test_any_question_is_told_apart(question: str) -> None:
    assert is_timeline(question) in {True, False}
    assert is_articles_question(question) in {True, False}


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("哪些报道提到了老年食堂?", "老年食堂"),
        ("有哪些关于柳湾渡口的文章?", "柳湾渡口"),
        ("哪些文章?", "哪些文章?"),
    ],
)
def test_topic_of_an_articles_question_is_what_they_are_about(question: str, topic: str) -> None:
    assert articles_topic(question) == topic
