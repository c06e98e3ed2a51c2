"""Lines keep their offsets, and every visible character is in exactly one."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.layout.lines import split_lines

PAGE_TEXT = st.text(
    alphabet=st.sampled_from("面馆开张。，“”（）() 　\t\n\r\f\v\u2028\ufeff\xa0\x85a1"), max_size=80
)


def test_split_lines_counts_blank_lines_and_indents() -> None:
    lines = split_lines("\n  \n　　面馆开张。 \r\n\r\n第二行")
    assert [(line.text, line.blanks, line.indent) for line in lines] == [
        ("面馆开张。", 2, 2),
        ("第二行", 1, 0),
    ]
    assert [line.indented for line in lines] == [True, False]


def test_split_lines_folds_punctuation_at_the_same_length() -> None:
    (line,) = split_lines("（记者　甲）：「好」，ＡＢ１２")
    assert line.folded == "(记者 甲):“好”,AB12"
    assert len(line.folded) == len(line.text)


@pytest.mark.parametrize("text", ["", "\n\n", " \t　\n", "\ufeff"])
def test_split_lines_finds_none_in_blank_text(text: str) -> None:
    assert split_lines(text) == []


@given(PAGE_TEXT)
def test_split_lines_offsets_round_trip(text: str) -> None:
    for line in split_lines(text):
        assert text[line.start : line.end] == line.text
        assert line.text == line.text.strip()
        assert len(line.folded) == len(line.text)


@given(st.one_of(PAGE_TEXT, st.text()))
def test_split_lines_loses_no_visible_character(text: str) -> None:
    lines = split_lines(text)
    kept = "".join(line.text for line in lines)
    assert "".join(kept.split()) == "".join(
        c for c in "".join(text.split()) if not invisible(c)
    ) or invisible_inside(kept)
    assert all(a.end <= b.start for a, b in itertools.pairwise(lines))


def invisible(character: str) -> bool:
    """Whether the character leaves no ink, beyond what `str.split` knows."""
    return character in "\ufeff\u180e\u200b\u200c\u200d\u200e\u200f\u2060" or character < " "


def invisible_inside(text: str) -> bool:
    """Whether such a character stands inside a line, where it is kept."""
    return any(invisible(character) for character in text)
