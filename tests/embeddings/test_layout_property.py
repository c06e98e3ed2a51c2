"""What holds for any page, however damaged."""

from __future__ import annotations

import itertools
import re
import time
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from embeddings.layout.articles import Layout, lay_out, read_page
from embeddings.layout.lines import split_lines
from embeddings.layout.marks import EDITORS_ROLES, Mark
from embeddings.records import Page
from tests.embeddings.damaged_pages import ANY_TEXT, FERRY, made_page, made_texts, texts_of_lines

# Blank, though `str.isspace` does not know them.
UNSEEN = "\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
# Neither marks around names nor pointers to other pages are kept as text.
NOT_KEPT = frozenset("（）()□")
POINTER = re.compile("[（(【](?:上接|紧接|接|下转|转)[^（()）【】]{1,20}[)）】]")
ASIDE = ("furniture", "label", "pointer")


def is_blank(character: str) -> bool:
    """Whether a character leaves no ink."""
    return character.isspace() or character in UNSEEN or character < " "


def laid_out(text: str) -> Layout:
    """The page of this text as read."""
    return lay_out(Page(text, "p.txt"))


@given(ANY_TEXT)
def test_lay_out_puts_every_visible_character_in_one_part_of_one_item(text: str) -> None:
    layout = laid_out(text)
    assert len(layout.parts) == len(layout.articles)
    held = Counter(k for parts in layout.parts for part in parts for k in range(part.start, part.end))
    assert set(held.values()) <= {1}
    ink = [k for k, character in enumerate(text) if not is_blank(character)]
    assert not layout.articles or all(held[k] == 1 for k in ink)


@given(ANY_TEXT)
def test_lay_out_gives_the_parts_of_an_item_in_page_order_with_ink_at_both_ends(text: str) -> None:
    for parts in laid_out(text).parts:
        assert parts
        assert all(a.end <= b.start for a, b in itertools.pairwise(parts))
        for part in parts:
            assert part.role in EDITORS_ROLES
            assert not is_blank(text[part.start])
            assert not is_blank(text[part.end - 1])


@given(ANY_TEXT)
def test_lay_out_gives_items_in_page_order_that_do_not_overlap(text: str) -> None:
    layout = laid_out(text)
    ends = 0
    for article, parts in zip(layout.articles, layout.parts, strict=True):
        assert article.source is not None
        assert ends <= article.source.start < article.source.end <= len(text)
        ends = article.source.end
        assert {article.source.start} <= {part.start for part in parts}
        assert {article.source.end} <= {part.end for part in parts}


@given(ANY_TEXT)
def test_lay_out_gives_every_item_a_title_an_id_and_a_confidence(text: str) -> None:
    found = laid_out(text).articles
    assert all(article.title.strip() for article in found)
    assert all(0.0 <= article.confidence <= 1.0 for article in found)
    assert len({article.id for article in found}) == len(found)


@given(ANY_TEXT)
def test_lay_out_invents_no_character_of_a_title(text: str) -> None:
    for article in laid_out(text).articles:
        assert article.source is not None
        printed = Counter(text[article.source.start : article.source.end])
        assert not Counter("".join(article.title.rstrip("…").split())) - printed


@given(ANY_TEXT)
def test_lay_out_loses_no_character_of_what_an_item_says(text: str) -> None:
    layout = laid_out(text)
    for article, parts in zip(layout.articles, layout.parts, strict=True):
        fields = (article.title, article.kicker, article.subtitle, article.byline, article.body)
        kept = Counter("".join((*fields, *article.captions)))
        bylines = Counter("".join(text[p.start : p.end] for p in parts if p.role == "byline"))
        said = "".join(text[p.start : p.end] for p in parts if p.role not in ASIDE)
        # A byline given twice is kept once.
        lost = Counter(POINTER.sub("", said)) - kept - bylines
        assert not {character for character in lost if not is_blank(character)} - NOT_KEPT


@given(ANY_TEXT)
def test_lay_out_reads_the_same_page_twice_the_same(text: str) -> None:
    first, second = laid_out(text), laid_out(text)
    assert first.articles == second.articles
    assert first.parts == second.parts
    assert first.doubts == second.doubts
    assert first.sheet.readings == second.sheet.readings
    if first.sheet.marginals and second.sheet.marginals:
        assert np.array_equal(first.sheet.marginals.states, second.sheet.marginals.states)


@given(ANY_TEXT)
def test_lay_out_gives_probabilities(text: str) -> None:
    sheet = laid_out(text).sheet
    if sheet.marginals is None:
        assert not split_lines(text)
        return
    assert sheet.marginals.states.shape[0] == len(sheet.readings)
    assert np.allclose(sheet.marginals.states.sum(axis=1), 1.0)
    assert np.all((sheet.marginals.begins >= -1e-9) & (sheet.marginals.begins <= 1 + 1e-9))


@given(st.integers(0, 10_000), st.lists(st.floats(), max_size=200))
def test_lay_out_takes_any_sizes(seed: int, sizes: list[float]) -> None:
    page = made_page(seed).page
    layout = lay_out(replace(page, sizes=tuple(sizes)))
    held = [k for parts in layout.parts for part in parts for k in range(part.start, part.end)]
    assert len(held) == len(set(held))
    assert {k for k, character in enumerate(page.text) if not is_blank(character)} <= set(held)


MARKABLE = st.one_of(texts_of_lines(), made_texts())


def mark_at(text: str, place: int, begins: bool | None, role: str | None = None) -> tuple[int, Mark]:
    """A mark of one of the lines of the text, and where that line starts."""
    lines = split_lines(text)
    assume(lines)
    line = lines[place % len(lines)]
    return line.start, Mark("".join(line.text.split()), line.row, begins, role)


def item_starts(layout: Layout) -> set[int]:
    """Offsets at which items begin."""
    return {article.source.start for article in layout.articles if article.source}


@given(MARKABLE, st.integers(0, 500))
def test_lay_out_begins_an_item_exactly_where_a_mark_breaks(text: str, place: int) -> None:
    start, mark = mark_at(text, place, begins=True)
    assert start in item_starts(lay_out(Page(text, "p.txt"), [mark]))


@pytest.mark.parametrize("line", ["简讯", "上一版 下一版", "第02版：要闻"])
def test_lay_out_begins_an_item_where_a_mark_breaks_on_the_first_line(line: str) -> None:
    mark = Mark("".join(line.split()), begins=True)
    assert 0 in item_starts(lay_out(Page(f"{line}\n{FERRY}", "p.txt"), [mark]))


@given(MARKABLE, st.integers(0, 500))
def test_lay_out_begins_no_item_where_a_mark_joins(text: str, place: int) -> None:
    start, mark = mark_at(text, place, begins=False)
    assume(start != split_lines(text)[0].start)
    assert start not in item_starts(lay_out(Page(text, "p.txt"), [mark]))


@given(MARKABLE, st.lists(st.tuples(st.integers(1, 500), st.booleans()), min_size=2, max_size=5))
def test_lay_out_obeys_several_marks_at_once(text: str, wanted: list[tuple[int, bool]]) -> None:
    lines = split_lines(text)
    assume(len(lines) > 1)
    marks = {}
    for place, begins in wanted:
        line = lines[1 + place % (len(lines) - 1)]
        marks[line.start] = Mark("".join(line.text.split()), line.row, begins)
    starts = item_starts(lay_out(Page(text, "p.txt"), list(marks.values())))
    assert all((start in starts) == mark.begins for start, mark in marks.items())


@given(MARKABLE, st.integers(0, 500), st.sampled_from(sorted(EDITORS_ROLES)))
def test_lay_out_gives_a_line_the_role_that_a_mark_says(text: str, place: int, role: str) -> None:
    start, mark = mark_at(text, place, None, role)
    layout = lay_out(Page(text, "p.txt"), [mark])
    found = {part.start: part.role for parts in layout.parts for part in parts}
    # Where a page has nothing but furniture and labels there is no item to hold them.
    assert found.get(start, role if not layout.articles else "") == role


@pytest.mark.parametrize("role", sorted(EDITORS_ROLES))
def test_lay_out_gives_the_first_line_the_role_that_a_mark_says(role: str) -> None:
    page = Page(f"石桥见闻\n\n老街面馆开张\n\n{FERRY}\n\n记者 秦川", "p.txt")
    assert lay_out(page, [Mark("石桥见闻", role=role)]).parts[0][0].role == role


@pytest.mark.parametrize(
    "line", ["老街面馆开张\n", FERRY + "\n", "记者 秦川 摄\n", "●石桥明天通车。\n", "（\n\n"]
)
def test_read_page_is_quick_on_a_page_of_many_lines(line: str) -> None:
    began = time.perf_counter()
    read_page(Page(line * 6_000, "p.txt"))
    assert time.perf_counter() - began < 20


@pytest.mark.parametrize(
    "line",
    [
        "记者 毛小路 " * 50_000,
        "（" * 200_000,
        "面馆" * 100_000,
        "1 " * 100_000,
        "下转" * 100_000,
        "　" * 200_000 + "面",
    ],
)
def test_read_page_is_quick_on_one_very_long_line(line: str) -> None:
    began = time.perf_counter()
    read_page(Page(f"老街面馆开张\n{line}\n{FERRY}", "p.txt"))
    assert time.perf_counter() - began < 10
