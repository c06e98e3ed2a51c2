"""Follow-ups made whole: what they must say afterwards, and what they must leave alone."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.standalone import STANDALONE_CHARS, complete
from qa.turns import Turn

CASES = [
    json.loads(line) for line in Path("tests/data/followups.jsonl").read_text(encoding="utf-8").splitlines()
]
FERRY = Turn("柳湾渡口的船票多少钱？", "两元。[1]")


def _history(case: dict[str, Any]) -> list[Turn]:
    return [Turn(question, answer) for question, answer in case["history"]]


def _names(case: dict[str, Any]) -> str:
    return f"{case['history'][-1][0]} {case['question']}"


@pytest.mark.parametrize("case", [c for c in CASES if not c.get("same")], ids=_names)
def test_complete_says_what_the_conversation_leaves_unsaid(case: dict[str, Any]) -> None:
    done = complete(case["question"], _history(case))
    assert done.follows
    assert [words for words in case["holds"] if words not in done.text] == [], done.text
    assert [words for words in case["lacks"] if words in done.text] == [], done.text


@pytest.mark.parametrize("case", [c for c in CASES if c.get("same")], ids=_names)
def test_complete_leaves_what_stands_on_its_own(case: dict[str, Any]) -> None:
    done = complete(case["question"], _history(case))
    assert (done.text, done.focused, done.follows) == (case["question"], case["question"], False)


def test_complete_without_history_is_the_question() -> None:
    done = complete("那它呢？", [])
    assert (done.text, done.focused, done.follows) == ("那它呢？", "那它呢？", False)


def test_complete_is_the_same_whether_the_turns_before_are_kept_as_typed_or_completed() -> None:
    typed = [Turn("云门水库什么时候建的？", "1962年。"), Turn("它的坝有多高？", "三十米。")]
    whole = [typed[0], Turn(complete(typed[1].question, typed[:1]).text, typed[1].answer)]
    assert complete("那投资呢？", typed) == complete("那投资呢？", whole)


@pytest.mark.parametrize("turns", [5, 40, 50])
def test_complete_of_a_long_conversation_keeps_its_subject_and_does_not_grow(turns: int) -> None:
    history = [FERRY]
    for n in range(turns):
        history.append(Turn(complete(f"那{n + 2}号船呢？", history).text, "两元。"))
    done = complete("它几点开？", history)
    assert "柳湾渡口" in done.text
    assert len(done.text) < 60


def test_complete_of_many_short_questions_stays_short() -> None:
    history = [FERRY]
    for question in ["为什么？", "谁定的？", "那去年呢？", "结果呢？", "还有呢？", "他怎么说？"] * 8:
        done = complete(question, history)
        assert len(done.text) <= STANDALONE_CHARS / 2
        history.append(Turn(done.text, "是葛长明。"))


HOSTILE = [
    Turn("", ""),
    Turn("？？？", "。。。"),
    Turn("🚢🚢🚢", "🎫"),
    Turn("船" * 100_000, "票" * 1_000_000),
    Turn("1 OR 1=1; DROP TABLE turns", "[1][2][3]"),
    Turn("A、" * 5_000, "一、" * 50_000),
    Turn("(((((((((", "\\1\\g<0>"),
    Turn("最" * 500, "的" * 5_000),
    Turn("\ud800", "\x00"),
]
ASKED = [
    "它呢？",
    "为什么？",
    "那去年呢？",
    "第99999999999个呢？",
    "他？",
    "🚢呢",
    "那最大的呢？",
    "其",
    "呢",
    "那",
    "why?",
    "那里几点开",
    "女的呢",
    "船" * 5000,
    "今年" * 50,
]


@pytest.mark.parametrize("question", ASKED, ids=lambda q: q[:12])
@pytest.mark.parametrize("turn", HOSTILE, ids=lambda t: ascii(t.question[:12]))
def test_complete_of_hostile_turns_is_bounded_and_quick(question: str, turn: Turn) -> None:
    started = time.perf_counter()
    for history in ([turn], [FERRY, turn] * 20, HOSTILE * 5):
        done = complete(question, history)
        assert len(done.text) <= max(STANDALONE_CHARS, len(question))
        assert len(done.focused) <= max(STANDALONE_CHARS, len(question))
        assert done.text
    assert time.perf_counter() - started < 2


def test_complete_of_a_pasted_article_is_the_article() -> None:
    article = "本报讯 柳湾渡口昨日恢复通航。它的船票两元，他们说还会降。" * 20
    assert complete(article, [FERRY]).text == article


def test_complete_does_not_repeat_an_answer_of_many_sentences() -> None:
    answer = "葛长明退休后替邻居修灯。[1]\n" + "他修了三十年，换过两千只灯泡。[2]\n" * 200
    done = complete("他住在哪个社区？", [Turn("老巷的路灯是谁修的？", answer)])
    assert "葛长明" in done.text
    assert "[" not in done.text
    assert len(done.text) < 60


@given(
    st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), max_size=4),
    st.text(alphabet="那它他这个第一二去年呢吗为什么多少谁？，的了是在有柳湾渡口 ab1", max_size=25),
)
def test_complete_never_fails(turns: list[tuple[str, str]], question: str) -> None:
    done = complete(question, [Turn(asked, answer) for asked, answer in turns])
    assert done.follows == (done.text != question)
    assert len(done.text) <= STANDALONE_CHARS


@pytest.mark.parametrize("before", ["最新定在哪天通车?", "现在定在哪天通车?"])
def test_subject_is_without_how_things_stand_now(before: str) -> None:
    assert complete("那它多长?", [Turn(f"岚江三桥{before}", "明年。")]).text == "岚江三桥多长?"
