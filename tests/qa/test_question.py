"""Questions: what is refused, what they ask for, and what they refer back to."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.errors import QuestionError
from qa.question import QuestionKind, Turn, check_question, kind_of, understand

FERRY = Turn("柳湾渡口的船票多少钱？", "两元。")


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("", "question_empty"),
        ("   \n\t\u3000 ", "question_empty"),
        ("？？？！", "question_empty"),
        ("\x00\x01\x1b\x7f", "question_empty"),
        ("\u200b\u200d", "question_empty"),
        ("\ud800", "question_empty"),
        ("船" * 100_000, "question_too_long"),
        ("船" * 1001, "question_too_long"),
        (" " * 100_000, "question_too_long"),
        (None, "question_not_text"),
        (7, "question_not_text"),
        (True, "question_not_text"),
        (["船票"], "question_not_text"),
        ({"question": "船票"}, "question_not_text"),
        (b"\xe8\x88\xb9", "question_not_text"),
    ],
)
def test_check_question_refuses_what_is_none(question: object, code: str) -> None:
    with pytest.raises(QuestionError) as caught:
        check_question(question, 1000)
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize(
    ("question", "cleaned"),
    [
        ("船票多少钱？", "船票多少钱？"),
        ("  船票\t多少\n钱？\r\n", "船票 多少 钱？"),
        ("船票\x00多少\x07钱", "船票 多少 钱"),
        ("cafe\u0301几点开", "café几点开"),
        ("５Ｇ是什么", "５Ｇ是什么"),
        ("船" * 1000, "船" * 1000),
        ("a", "a"),
        ("𠮷永安是谁", "𠮷永安是谁"),
    ],
)
def test_check_question_cleans_what_can_be_read(question: str, cleaned: str) -> None:
    assert check_question(question, 1000) == cleaned


@given(st.text(max_size=60))
def test_check_question_gives_one_clean_line_or_an_error(text: str) -> None:
    try:
        cleaned = check_question(text, 50)
    except QuestionError:
        return
    assert cleaned == " ".join(cleaned.split()) != ""
    assert cleaned.isprintable() or any(not c.isprintable() for c in text)
    assert check_question(cleaned, 150) == cleaned
    cleaned.encode()


KINDS = [
    ("船票多少钱？", QuestionKind.NUMBER),
    ("有几条船？", QuestionKind.NUMBER),
    ("新桥多长？", QuestionKind.NUMBER),
    ("How many lamps are new?", QuestionKind.NUMBER),
    ("新桥什么时候通车？", QuestionKind.DATE),
    ("哪天开始报名", QuestionKind.DATE),
    ("几点开门", QuestionKind.DATE),
    ("船长是谁？", QuestionKind.PERSON),
    ("获奖的是哪位老师", QuestionKind.PERSON),
    ("展览在哪里？", QuestionKind.PLACE),
    ("图书馆在哪个区", QuestionKind.PLACE),
    ("渡口为什么停航？", QuestionKind.REASON),
    ("停航的原因", QuestionKind.REASON),
    ("医保怎么报销？", QuestionKind.MANNER),
    ("如何报名", QuestionKind.MANNER),
    ("有哪些景点免费？", QuestionKind.LIST),
    ("渡口停航了吗", QuestionKind.YES_NO),
    ("是否收费", QuestionKind.YES_NO),
    ("两座桥分别多长？", QuestionKind.COMPARISON),
    ("渡口的历史", QuestionKind.OTHER),
]


@pytest.mark.parametrize(("question", "kind"), KINDS)
def test_kind_of_a_question_is_what_it_asks_for(question: str, kind: QuestionKind) -> None:
    assert kind_of(question) is kind


@pytest.mark.parametrize(
    ("question", "unit"), [("有多少盏路灯", "盏"), ("几个人", "人"), ("多少钱", "钱"), ("谁说的", "")]
)
def test_understand_finds_the_measure_word(question: str, unit: str) -> None:
    assert understand(question).unit == unit


@pytest.mark.parametrize(
    ("question", "latest"), [("目前有几条船", True), ("最新进展", True), ("有几条船", False)]
)
def test_understand_notices_when_the_newest_is_asked_for(question: str, latest: bool) -> None:
    assert understand(question).latest is latest


def test_understand_keeps_what_was_typed_beside_what_is_meant() -> None:
    query = understand("那学生票呢？", [FERRY])
    assert query.text == "那学生票呢？"
    assert "柳湾渡口" in query.standalone
    assert "学生票" in query.standalone


def test_understand_takes_kind_and_unit_from_the_completed_question() -> None:
    query = understand("那北岸码头呢？", [Turn("南岸码头停了几条船？", "八条。")])
    assert "北岸码头" in query.standalone
    assert (query.kind, query.unit) == (QuestionKind.NUMBER, "条")


def test_understand_finds_the_days_only_when_told_the_day_of_the_question() -> None:
    today = datetime.date(2026, 10, 14)
    period = understand("昨天的报纸说了什么？", (), today).period
    assert period is not None
    assert (period.first, period.last, period.published) == (datetime.date(2026, 10, 13),) * 2 + (True,)
    assert understand("昨天的报纸说了什么？").period is None


def test_understand_refuses_a_day_that_does_not_exist() -> None:
    with pytest.raises(QuestionError) as caught:
        understand("2月30日开了什么会？", (), datetime.date(2026, 10, 14))
    assert caught.value.code == "no_such_date"


def test_understand_reads_traditional_characters_as_simplified_ones() -> None:
    query = understand("大橋什麼時候通車?")
    assert (query.kind, query.focused) == (QuestionKind.DATE, "大桥什么时候通车?")
    assert query.standalone == "大橋什麼時候通車?"
