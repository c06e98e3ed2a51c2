"""What is seen of a line."""

from __future__ import annotations

import pytest
from hypothesis import given

from embeddings.layout.features import observe
from embeddings.layout.lines import split_lines
from embeddings.layout.topics import Topics
from tests.embeddings.damaged_pages import ANY_TEXT


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
        ("街坊都来吃面（", "unclosed"),
        ("编者按：面馆开张。", "note_words"),
        ("问：面馆几点开门？", "question"),
        ("（一）面馆开张", "numbered"),
        ("本报讯（记者 毛小路）面馆开张。", "lead"),
        ("□记者 毛小路", "byline"),
        ("（毛小路 秦川）", "bracketed_names"),
        ("记者 秦川 摄", "credit"),
        ("街坊排队吃面。 秦川 摄", "credit_at_end"),
        ("今日岷江5版", "see_page"),
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
        ("面粉都是本地磨的。", "hanging"),
    ],
)
def test_observe_is_not_taken_in(line: str, name: str) -> None:
    assert name not in seen(line)


@pytest.mark.parametrize(
    ("length", "names"),
    [
        (3, {"chars<=3", "length<=3"}),
        (4, {"chars<=12", "length<=4"}),
        (52, {"chars<=52", "length<=52"}),
        (53, {"chars<=90", "length<=70", "long"}),
        (91, {"chars>90", "length>90", "long"}),
    ],
)
def test_observe_measures_the_length(length: int, names: set[str]) -> None:
    assert names <= seen("面" * length)
    assert len({name for name in seen("面" * length) if name.startswith(("chars", "length"))}) == 2


@pytest.mark.parametrize(
    ("size", "names"),
    [
        (0.8, {"size_small"}),
        (1.0, {"size_body"}),
        (1.3, {"size_large"}),
        (2.5, {"size_large", "size_huge"}),
        (0.0, set()),
    ],
)
def test_observe_compares_the_size_of_type_with_that_of_the_body(size: float, names: set[str]) -> None:
    found = observe(split_lines("\n\n面馆开张"), (9.0, 9.0, size))[0].names
    assert {name for name in found if name.startswith("size")} == names


def test_observe_gives_no_sizes_where_the_page_knows_none() -> None:
    assert not any("size" in name for line in observe(split_lines("面馆\n开张")) for name in line.names)


def test_observe_counts_the_text_between_headings() -> None:
    text = "老街面馆开张\n面馆开张。\n街坊都来。\n渡口送别老船工\n船停了。"
    assert {"texts_before=0", "texts_after=2"} <= seen(text, 0)
    assert {"texts_before=2", "texts_after=1"} <= seen(text, 3)
    assert not any(name.startswith("texts_") for name in seen(text, 1))


def test_observe_finds_full_lines_only_on_a_page_that_is_hard_wrapped() -> None:
    full, short = "面" * 20, "面" * 9 + "。"
    wrapped = "\n".join([full] * 9 + [short] * 4)
    assert "full_line" in seen(wrapped, 0)
    assert "short_line" in seen(wrapped, 9)
    assert not seen("\n".join("面" * k for k in range(1, 60, 4)), 3) & {"full_line", "short_line"}


def test_observe_compares_two_possible_headings() -> None:
    text = "街坊排队尝鲜 一天三百碗面\n老街面馆开张\n面馆昨天开张。"
    assert "longer:below" in seen(text, 0)
    assert "shorter:above" in seen(text, 1)


def test_observe_of_nothing_is_empty() -> None:
    assert observe([]) == []


@given(ANY_TEXT)
def test_observe_gives_each_line_features_in_range(text: str) -> None:
    lines = split_lines(text)
    found = observe(lines)
    assert len(found) == len(lines)
    for line in found:
        assert len([name for name in line.names if name.startswith("ends_")]) == 1
        assert all(-1.0 <= value <= 1.0 for value in line.measures.values())
        assert ("heading" in line.measures) == ("heading_like" in line.names)


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
