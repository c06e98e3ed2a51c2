"""What is seen of a line."""

from __future__ import annotations

import pytest

from embeddings.layout.features import observe
from embeddings.layout.lines import split_lines
from embeddings.layout.topics import Topics


def seen(text: str, number: int = 0) -> frozenset[str]:
    """Names of the features of one line of the text."""
    return observe(split_lines(text))[number].names


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("第02版：要闻 2026年3月4日 星期三", "folio"),
        ("江风晚报 2026年3月4日 星期三 第02版 要闻", "folio"),
        ("责任编辑：毛小路 版式：秦川", "folio"),
        ("A03", "folio"),
        ("上一版 下一版", "furniture"),
        ("放大 缩小 默认", "furniture"),
        ("* * *", "furniture"),
        ("（上接第一版）", "pointer_from"),
        ("(下转A3版)", "pointer_to"),
        ("简讯", "label"),
        ("遗失声明", "notice"),
        ("停电公告（第3号）", "notice"),
        ("——一碗面的三十年", "dash"),
        ("图为面馆一角。", "caption_words"),
        ("●面馆开张", "bullet"),
        ("石桥镇供电公司", "organisation"),
        ("石桥镇供电公司 2026年3月4日", "signed_date"),
        ("三月面馆开张 四月茶馆歇业", "two_clauses"),
        ("街坊都来吃面。", "ends_stop"),
        ("街坊都来吃面。”", "ends_stop"),
        ("街坊都来吃面。（毛小路 秦川）", "names_at_end"),
        ("街坊都来吃面。（完）", "ends_stop"),
        ("街坊都来，后来（下转第三版）", "ends_stop"),
        ("面馆该不该开？", "ends_exclaim"),
        ("开门迎客的", "hanging"),
        ("近日，面馆开张", "narrative"),
        ("老街面馆开张", "heading_like"),
    ],
)
def test_observe_sees_the_shape_of_a_line(line: str, name: str) -> None:
    assert name in seen(line)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("接过父辈的面勺", "pointer_from"),
        ("转眼又是一版新茶", "pointer_to"),
        ("《石桥县志》第二版首发 收录老街故事", "folio"),
        ("农历新年 面馆不打烊", "folio"),
        ("街坊都来吃面。", "heading_like"),
        ("，价钱也公道", "heading_like"),
        ("视觉 盛宴", "folio"),
    ],
)
def test_observe_is_not_taken_in(line: str, name: str) -> None:
    assert name not in seen(line)


def test_observe_sees_the_neighbours() -> None:
    text = "老街面馆开张\n本报讯（记者 毛小路）面馆开张。\n记者 毛小路"
    assert {"first", "after:lead", "beyond:byline"} <= seen(text, 0)
    assert {"last", "before:lead", "before:ends_stop"} <= seen(text, 2)


def test_observe_measures_gaps_against_the_habit_of_the_page() -> None:
    text = "一行。\n\n二行。\n\n三行。\n\n\n\n\n四行。"
    assert "wide_gap" in seen(text, 3)
    assert "wide_gap" not in seen(text, 2)


def test_observe_sees_indents_only_where_the_page_uses_them() -> None:
    text = "标题行\n　　面馆开张。\n　　街坊都来。\n他们吃面。"
    assert "indented" in seen(text, 1)
    assert "flush" in seen(text, 3)
    assert "flush" not in seen("标题行\n面馆开张。")


def test_topics_pull_a_headline_to_the_story_that_shares_its_words() -> None:
    lines = split_lines("江上捕鱼忙\n渔民在江上捕鱼。\n老街面馆开张\n老街上一家面馆今天开张。")
    measured = Topics(lines).measure(2, [True, False, True, False])
    assert measured["title_pull"] > 0.3
    assert measured["continuity"] == 0.0
