"""Questions: what is refused, what they ask for, and what they refer back to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.errors import QuestionError
from qa.question import QuestionKind, Turn, check_question, complete, kind_of, understand

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


@pytest.mark.parametrize(
    "question",
    [
        "那学生票呢？",
        "它每天开几趟？",
        "为什么？",
        "为什么涨价？",
        "怎么买？",
        "其中儿童有几个？",
        "他今年多大？",
        "这是谁定的？",
        "还有别的优惠吗？",
    ],
)
def test_complete_puts_the_last_turn_before_what_refers_back(question: str) -> None:
    assert complete(question, [Turn("另一件事？", ""), FERRY]) == f"柳湾渡口的船票多少钱？{question}"


@pytest.mark.parametrize(
    "question",
    [
        "老巷换了多少盏路灯？",
        "为什么云岭乡的秋茶今年涨价？",
        "怎么申请南湖小区的公租房？",
        "土耳其代表团参观了哪里？",
        "尤其受欢迎的是哪个展览？",
        "其他渡口的票价是多少？",
        "应该去哪里报名参加江城马拉松？",
        "那达慕大会几号开幕？",
        "吉他比赛谁拿了冠军？",
        "这样的天气持续几天？",
    ],
)
def test_complete_does_not_drag_the_last_turn_into_a_new_topic(question: str) -> None:
    assert complete(question, [FERRY]) == question


def test_complete_without_history_is_the_question() -> None:
    assert complete("那它呢？", []) == "那它呢？"


def test_complete_of_a_long_conversation_keeps_its_subject_and_does_not_grow() -> None:
    history: list[Turn] = [FERRY]
    for n in range(50):
        history.append(Turn(complete(f"那{n}号船呢？", history), "两元。"))
    assert complete("那学生票呢？", history) == "柳湾渡口的船票多少钱？那49号船呢？那学生票呢？"


def test_understand_keeps_what_was_typed_beside_what_is_meant() -> None:
    query = understand("那学生票呢？", [FERRY])
    assert query.text == "那学生票呢？"
    assert query.standalone == "柳湾渡口的船票多少钱？那学生票呢？"


def test_focused_question_holds_what_the_last_one_was_about_and_does_not_ask_it_again() -> None:
    query = understand("那要多少钱?", [Turn("河岸马拉松什么时候开跑?", "十月。")])
    assert query.standalone.startswith("河岸马拉松什么时候开跑")
    assert query.focused == "河岸马拉松 开跑,那要多少钱?"
    assert understand("河岸马拉松要多少钱?").focused == "河岸马拉松要多少钱?"
