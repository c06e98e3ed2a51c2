"""Where a cut sentence goes on, and what speaks against it."""

from __future__ import annotations

import pytest

from embeddings.layout.features import open_brackets
from embeddings.layout.reflow import close_up, seam


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("街坊都说面好吃", ",价钱也公道。"),
        ("他说:“这家店要开", "下去。”街坊点头。"),
        ("开张那天来了13", "0位客人。"),
        ("全年卖出3万", "碗面。"),
        ("他姓Bal", "zac,爱吃面。"),
    ],
)
def test_seam_is_positive_where_a_sentence_goes_on(left: str, right: str) -> None:
    assert seam(left, right, {"万碗"}) > 0


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("街坊都来道贺", "据介绍,面馆有三层。"),
        ("条件如下:", "(一)年满十八岁"),
        ("名单如下", "●毛小路"),
        ("他说了一句话", "“面要趁热吃。”"),
    ],
)
def test_seam_is_negative_where_a_paragraph_begins(left: str, right: str) -> None:
    assert seam(left, right, set()) < 0


def test_seam_counts_a_pair_that_the_page_knows() -> None:
    assert seam("老板姓毛,开面", "馆三十年。", {"面馆"}) > seam("老板姓毛,开面", "馆三十年。", set())


@pytest.mark.parametrize(
    ("text", "depth"), [("“面", 1), ("“面”", 0), ("”面", 0), ("“‘面’", 1), ("《面(上", 2)]
)
def test_open_brackets_counts_what_is_left_open(text: str, depth: int) -> None:
    assert open_brackets(text) == depth


def test_close_up_puts_nothing_between_the_pieces() -> None:
    assert close_up(["开面", "馆"]) == "开面馆"
