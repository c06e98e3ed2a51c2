"""Questions that go on from an answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from embeddings.records import Answer, Article
from qa.follow_ups import follow_ups
from tests.fakes import article
from tests.web.samples import cite, reply

TEXT = (
    "江口新桥昨天合龙。新桥全长1.2公里，总投资19亿元。项目经理段文彬说，冬天水浅，正好施工。"
    "大桥计划明年6月底前通车。"
)


def answer_of(found: Article, quote: str, question: str = "新桥怎么样了？") -> Answer:
    given = reply(f"{quote}[1]", cite(1, found, quote))
    return replace(given, question=question, standalone_question=question)


def test_questions_ask_for_what_the_article_says_elsewhere() -> None:
    found = article(TEXT, title="新桥合龙")
    asked = follow_ups(answer_of(found, "江口新桥昨天合龙。"), [found], 10)
    assert set(asked) == {
        "全长是多少？",
        "总投资是多少？",
        "段文彬怎么说？",
        "什么时候通车？",
    }


def test_kinds_take_turns_and_the_number_is_limited() -> None:
    found = article(TEXT, title="新桥合龙")
    asked = follow_ups(answer_of(found, "江口新桥昨天合龙。"), [found], 3)
    assert len(asked) == 3
    assert len({question[-4:] for question in asked}) == 3


def test_what_was_quoted_or_asked_is_not_asked_again() -> None:
    found = article(TEXT, title="新桥合龙")
    given = answer_of(found, "新桥全长1.2公里，总投资19亿元。", "新桥什么时候通车？")
    asked = follow_ups(given, [found], 10)
    assert "全长是多少？" not in asked
    assert "总投资是多少？" not in asked
    assert "什么时候通车？" not in asked
    assert "段文彬怎么说？" in asked


@pytest.mark.parametrize("text", ["", "天晴。", "面积很大，投资不小。", "他说，好。", "大家都表示，满意。"])
def test_nothing_is_asked_where_nothing_is_said(text: str) -> None:
    found = article(f"江口新桥昨天合龙。{text}", title="新桥合龙")
    assert follow_ups(answer_of(found, "江口新桥昨天合龙。"), [found], 10) == []


def test_refusal_offers_what_the_nearest_reports_say() -> None:
    found = article(TEXT, title="新桥合龙")
    assert follow_ups(reply("没有。", related=(found,)), [], 3) == ["《新桥合龙》说了什么？"]


def test_article_that_is_gone_gives_nothing() -> None:
    found = article(TEXT, title="新桥合龙")
    assert follow_ups(answer_of(found, "江口新桥昨天合龙。"), [], 3) == []
