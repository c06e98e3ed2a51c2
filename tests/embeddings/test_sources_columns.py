"""Lines with places on a page -> text in reading order: columns, headlines, paragraphs, captions."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.sources.columns import Box, TypeLine, Typeset, page_text

EM, PITCH, WIDTH = 10.0, 15.0, 100.0
INDENT = "　　"


def line(text: str, left: float, top: float, size: float = EM, indent: float = 0.0) -> TypeLine:
    """A line of full-width characters whose column begins at `left`."""
    left += indent * size
    return TypeLine(text, left, top, left + size * len(text), top + size, size)


def column(left: float, top: float, *texts: str) -> list[TypeLine]:
    """Lines of body type under one another; a text that begins with `>` is indented by two."""
    return [
        line(text.lstrip(">"), left, top + i * PITCH, indent=2.0 if text.startswith(">") else 0.0)
        for i, text in enumerate(texts)
    ]


def lines_of(typeset: Typeset) -> list[str]:
    """The lines that are not blank."""
    return [text for text in typeset.text.splitlines() if text]


def read(lines: list[TypeLine], *pictures: Box) -> list[str]:
    """Lines of a page 400 wide and 600 high."""
    return lines_of(page_text(lines, pictures, 400, 600))


def test_page_text_of_an_empty_page_is_empty() -> None:
    assert page_text([], [], 100, 100) == Typeset("", ())
    assert page_text([line(" ", 0, 0)], [], 100, 100) == Typeset("", ())


def test_page_text_reads_columns_from_left_to_right() -> None:
    right = column(120, 100, "丙丙丙丙丙丙丙丙丙丙", "丁丁丁丁丁丁丁丁丁丁")
    left = column(0, 100, "甲甲甲甲甲甲甲甲甲甲", "乙乙乙乙乙乙乙乙乙乙")
    assert read([*right, *left]) == ["甲" * 10 + "乙" * 10, "丙" * 10 + "丁" * 10]


def test_page_text_puts_a_headline_above_the_columns_that_it_spans() -> None:
    title = line("石桥通车了", 60, 60, size=20)
    left = column(0, 100, ">甲甲甲甲甲甲甲甲", "乙乙乙乙乙乙乙乙乙乙")
    right = column(120, 100, "丙丙丙丙丙丙丙丙丙丙", "丁丁丁。")
    assert read([*left, *right, title]) == [
        "石桥通车了",
        INDENT + "甲" * 8 + "乙" * 10,
        "丙" * 10 + "丁丁丁。",
    ]


def test_page_text_keeps_the_text_left_of_a_short_headline_under_it() -> None:
    title = line("通车", 150, 60, size=20)
    byline = line("记者秦川", 150, 85)
    columns = [
        *column(0, 100, "甲甲甲甲甲甲甲甲甲甲", "甲甲甲甲甲甲甲甲甲甲"),
        *column(120, 100, "乙乙乙乙乙乙乙乙乙乙", "乙乙乙乙乙乙乙乙乙乙"),
        *column(240, 100, "丙丙丙丙丙丙丙丙丙丙", "丙丙丙丙丙丙丙丙丙丙"),
    ]
    assert read([*columns, byline, title]) == ["通车", "记者秦川", "甲" * 20, "乙" * 20, "丙" * 20]


def test_page_text_finishes_a_story_before_the_one_beside_it() -> None:
    lines = [
        line("面馆开张", 10, 60, size=20),
        *column(0, 100, "甲甲甲甲甲甲甲甲甲甲", "甲甲甲甲甲甲甲甲甲甲"),
        line("渡口停船", 130, 60, size=20),
        *column(120, 100, "乙乙乙乙乙乙乙乙乙乙", "乙乙乙乙乙乙乙乙乙乙"),
    ]
    assert read(lines) == ["面馆开张", "甲" * 20, "渡口停船", "乙" * 20]


def test_page_text_reads_an_upper_band_before_a_lower_one() -> None:
    lines = [
        line("面馆开张", 10, 60, size=20),
        *column(0, 100, "甲甲甲甲甲甲甲甲甲甲"),
        line("渡口停船", 130, 60, size=20),
        *column(120, 100, "乙乙乙乙乙乙乙乙乙乙"),
        line("老街修路", 10, 150, size=20),
        *column(0, 190, "丙丙丙丙丙丙丙丙丙丙"),
        line("学校放假", 130, 150, size=20),
        *column(120, 190, "丁丁丁丁丁丁丁丁丁丁"),
    ]
    titles = [text for text in read(lines) if len(text) == 4]
    assert titles == ["面馆开张", "渡口停船", "老街修路", "学校放假"]


def test_page_text_parts_stories_at_a_printed_rule() -> None:
    lines = [
        *column(0, 100, "甲甲甲甲甲甲甲甲甲甲"),
        *column(120, 100, "乙乙乙乙乙乙乙乙乙乙"),
        *column(0, 118, "丙丙丙丙丙丙丙丙丙丙"),
        *column(120, 118, "丁丁丁丁丁丁丁丁丁丁"),
    ]
    assert read(lines) == ["甲" * 10 + "丙" * 10, "乙" * 10 + "丁" * 10]
    assert read(lines, Box(0, 113.5, 220, 114.5)) == ["甲" * 10, "乙" * 10, "丙" * 10, "丁" * 10]


def test_page_text_begins_a_paragraph_at_an_indent_and_after_a_short_line() -> None:
    texts = (
        ">甲甲甲甲甲甲甲甲",
        "甲甲甲甲甲甲甲甲甲。",
        ">乙乙乙乙乙乙乙乙",
        "乙乙。",
        "丙丙丙丙丙丙丙丙丙丙",
    )
    assert read(column(0, 100, *texts)) == [
        INDENT + "甲" * 17 + "。",
        INDENT + "乙" * 10 + "。",
        "丙" * 10,
    ]


def test_page_text_keeps_a_subhead_apart_from_paragraphs() -> None:
    texts = ("甲甲甲甲甲甲甲甲甲。", "一条船摇了", ">乙乙乙乙乙乙乙乙", "乙乙乙乙乙乙乙乙乙。")
    assert read(column(0, 100, *texts)) == ["甲" * 9 + "。", "一条船摇了", INDENT + "乙" * 17 + "。"]


def test_page_text_does_not_indent_centred_words() -> None:
    lines = [*column(0, 100, ">甲甲甲甲甲甲甲甲", "甲。"), line("一条船摇了四", 20, 130)]
    lines += column(0, 145, ">乙乙乙乙乙乙乙乙", "乙乙。")
    assert read(lines) == [INDENT + "甲" * 9 + "。", "一条船摇了四", INDENT + "乙" * 10 + "。"]


def test_page_text_keeps_the_lines_of_a_headline_apart() -> None:
    lines = [line("石桥昨日", 10, 50, size=20), line("通车了吗", 10, 75, size=20)]
    typeset = page_text([*lines, *column(0, 110, *["甲" * 10] * 4)], [], 400, 600)
    assert typeset.text.splitlines() == ["石桥昨日", "通车了吗", "", "甲" * 40]
    assert typeset.sizes == (2.0, 2.0, 0.0, 1.0)


def test_page_text_merges_a_paragraph_in_larger_type() -> None:
    lines = [line("导" * 7, 0, 100 + 20 * i, size=14) for i in range(4)]
    assert read([*lines, *column(0, 200, *["甲" * 10] * 9)])[0] == "导" * 28


def test_page_text_cuts_a_paragraph_at_a_picture_and_sets_the_caption_apart() -> None:
    lines = [
        *column(0, 100, ">甲甲甲甲甲甲甲甲", "甲甲甲甲甲甲甲甲甲甲"),
        line("老船工在渡口。", 0, 183, size=8),
        *column(0, 205, "乙乙乙乙乙乙乙乙乙乙", "乙乙乙乙乙。"),
    ]
    typeset = page_text(lines, [Box(0, 130, 100, 180)], 400, 600)
    assert typeset.text.splitlines() == [
        *(INDENT + "甲" * 18, "", "", "", "老船工在渡口。", "", "", "", "乙" * 15 + "。")
    ]
    assert typeset.sizes == (1.0, 0.0, 0.0, 0.0, 0.8, 0.0, 0.0, 0.0, 1.0)


def test_page_text_keeps_a_picture_over_two_columns_out_of_their_text() -> None:
    lines = [
        *column(0, 100, "甲甲甲甲甲甲甲甲甲甲", "甲甲甲甲甲甲甲甲甲甲"),
        *column(120, 100, "乙乙乙乙乙乙乙乙乙乙", "乙乙乙乙乙乙乙乙乙乙"),
        line("两岸的人都来送他最后一趟船", 50, 193, size=8),
        *column(0, 220, "甲甲甲甲甲甲甲甲甲甲", "甲甲甲甲甲甲甲甲甲甲"),
        *column(120, 220, "乙乙乙乙乙乙乙乙乙乙", "乙乙乙乙乙乙乙乙乙乙"),
    ]
    texts = read(lines, Box(0, 140, 220, 190))
    assert texts == ["甲" * 20, "两岸的人都来送他最后一趟船", "甲" * 20, "乙" * 20, "乙" * 20]


def test_page_text_takes_a_picture_in_strips_for_one() -> None:
    strips = [Box(0, 130 + 5 * i, 100, 135 + 5 * i) for i in range(10)]
    lines = [
        *column(0, 100, "甲甲甲甲甲甲甲甲甲甲", "甲甲甲甲甲甲甲甲甲甲"),
        line("老船工在渡口。", 0, 183, size=8),
        *column(0, 205, "乙乙乙乙乙乙乙乙乙乙", "乙乙乙乙乙。"),
    ]
    text = page_text(lines, strips, 400, 600).text
    assert text.count("\n\n\n\n") == 2
    assert text == page_text(lines, [Box(0, 130, 100, 180)], 400, 600).text


def test_page_text_indents_a_lone_line_by_the_edge_that_other_columns_have() -> None:
    lines = [
        *column(0, 100, *["甲" * 10] * 6),
        line("面馆开张", 10, 230, size=20),
        *column(0, 270, ">乙乙乙乙乙乙乙乙"),
    ]
    assert read(lines) == ["甲" * 60, "面馆开张", INDENT + "乙" * 8]


def test_page_text_joins_a_folio_to_one_line_at_the_top() -> None:
    folio = [line("2031年4月18日", 0, 10), line("第02版", 300, 10)]
    texts = read([*column(0, 100, "甲甲甲甲甲甲甲甲甲甲", "甲。"), *folio])
    assert texts == ["2031年4月18日 第02版", "甲" * 11 + "。"]


def test_page_text_puts_a_blank_between_latin_words_only() -> None:
    lines = [TypeLine("the old", 0, 100, 100, 110, EM), TypeLine("ferry", 0, 115, 100, 125, EM)]
    assert read(lines) == ["the old ferry"]
    assert read(column(0, 100, "一共三千二百一十1", "2名")) == ["一共三千二百一十12名"]


def test_page_text_is_the_same_in_any_unit() -> None:
    lines = [
        line("石桥通车了", 60, 60, size=20),
        *column(0, 100, ">甲甲甲甲甲甲甲甲", "乙乙乙乙乙乙乙乙乙乙"),
    ]
    small = [
        TypeLine(o.text, o.left / 50, o.top / 50, o.right / 50, o.bottom / 50, o.size / 50) for o in lines
    ]
    assert page_text(lines, [], 400, 600) == page_text(small, [], 8, 12)


boxes = st.builds(
    lambda text, left, top, size, length: TypeLine(text, left, top, left + length, top + size, size),
    st.text(st.sampled_from("甲乙丙。 a1，\x85\u2028"), max_size=6),
    st.integers(-50, 450).map(float),
    st.integers(-50, 650).map(float),
    st.sampled_from([0.0, 4.0, 8.0, 10.0, 20.0]),
    st.integers(0, 300).map(float),
)
pictures = st.builds(
    lambda left, top, width, height: Box(left, top, left + width, top + height),
    *(st.integers(0, 400).map(float) for _ in range(4)),
)


@given(st.lists(boxes, max_size=25), st.lists(pictures, max_size=4))
def test_page_text_keeps_every_character_once_whatever_the_page(
    lines: list[TypeLine], boxes: list[Box]
) -> None:
    typeset = page_text(lines, boxes, 400, 600)
    assert Counter("".join(typeset.text.split())) == Counter("".join("".join(o.text.split()) for o in lines))
    rows = typeset.text.splitlines()
    assert len(typeset.sizes) == len(rows)
    assert all((size == 0.0) == (not row) for row, size in zip(rows, typeset.sizes, strict=True) if size == 0)


@pytest.mark.timeout(20)
def test_page_text_of_very_many_lines_ends_soon() -> None:
    lines = [line("甲乙丙", 40.0 * (i % 7), 12.0 * (i // 7), size=9 + 8 * (i % 3)) for i in range(6000)]
    assert len(lines_of(page_text(lines, [], 400, 20000))) > 0
