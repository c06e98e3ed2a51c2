"""Where a cut sentence goes on, and what speaks against it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.layout.features import observe
from embeddings.layout.lines import open_brackets, split_lines
from embeddings.layout.reflow import close_up, seam


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        ("街坊都说面好吃", ",价钱也公道。", {"mid_sentence"}),
        ("他说:“这家店要开", "下去。”街坊点头。", {"closes_quote"}),
        ("他说:“这家店要开", "下去。“好!”街坊点头。", set()),
        ("开张那天来了13", "0位客人。", {"unit_after_digit"}),
        ("全年卖出3", "万碗面。", {"unit_after_digit"}),
        ("全年卖出3", "0碗面。", {"unit_after_digit"}),
        ("他姓Bal", "zac,爱吃面。", {"latin"}),
        ("老板姓毛,开面", "馆三十年。", {"known_pair"}),
        ("街坊都来道贺", "据介绍,面馆有三层。", {"opener"}),
        ("条件如下:", "(一)、年满十八岁", {"list_mark"}),
        ("名单如下", "●毛小路", {"list_mark"}),
        ("名单如下", "1.毛小路", {"list_mark"}),
        ("去年涨了", "1.5倍", set()),
        ("他说了一句话", "“面要趁热吃。”", {"quote_opens"}),
        ("他说:", "“面要趁热吃。”", set()),
        ("街坊都来吃", "三碗面", set()),
    ],
)
def test_seam_names_the_evidence(left: str, right: str, found: set[str]) -> None:
    assert seam(left, right, {"面馆"}) == found


def evidence(text: str, place: int) -> frozenset[str]:
    """What speaks for and against one line of the text going on with the text above."""
    return observe(split_lines(text))[place].seams


def test_evidence_looks_past_a_picture_to_the_text_above() -> None:
    text = "老街上的面馆昨天开张,他姓Bal\n图为面馆一角。\n秦川 摄\nzac,爱吃面。"
    assert "latin" in evidence(text, 3)


def test_evidence_is_empty_at_the_top() -> None:
    assert evidence(",价钱也公道。\n面馆。", 0) == frozenset()


def test_evidence_says_how_the_line_is_set_where_the_page_indents() -> None:
    text = "老街面馆开张\n　　面馆昨天开张。\n　　街坊都来,他们\n吃了三碗面。"
    assert "flush" in evidence(text, 3)
    assert "indented" in evidence(text, 2)
    assert not evidence("面馆开张。\n街坊都来。", 1) & {"flush", "indented"}


def test_evidence_knows_the_pairs_of_the_whole_page() -> None:
    assert "known_pair" in evidence("他爱开面\n馆三十年。\n面馆就在老街。", 1)
    assert "known_pair" not in evidence("他爱开面\n馆三十年。\n茶馆就在老街。", 1)


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60))
def test_seam_takes_any_text(left: str, right: str) -> None:
    assert isinstance(seam(left, right, set()), set)


@pytest.mark.parametrize(
    ("text", "depth"), [("“面", 1), ("“面”", 0), ("”面", 0), ("“‘面’", 1), ("《面(上", 2)]
)
def test_open_brackets_counts_what_is_left_open(text: str, depth: int) -> None:
    assert open_brackets(text) == depth


def test_close_up_puts_nothing_between_the_pieces() -> None:
    assert close_up(["开面", "馆"]) == "开面馆"
