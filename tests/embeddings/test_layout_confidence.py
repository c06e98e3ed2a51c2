"""How sure the reading is: of items, of lines, and where it asks to be looked at."""

from __future__ import annotations

import pytest
from hypothesis import given

from embeddings.layout.articles import DOUBTFUL, Doubt, Layout, doubts, lay_out
from embeddings.layout.lines import Line, split_lines
from embeddings.layout.marks import Mark
from embeddings.layout.readings import Reading
from embeddings.layout.roles import Role
from embeddings.layout.tables import make_tables
from embeddings.records import Page
from tests.embeddings.damaged_pages import ANY_TEXT, FERRY, FERRY_MORE, NOODLES, NOODLES_MORE

TEXT = "\n\n".join(("老街面馆开张", NOODLES, NOODLES_MORE, "渡口送别老船工", FERRY, FERRY_MORE, "记者 秦川"))


def a_line(text: str = "面馆", row: int = 4) -> Line:
    """A line in the fifth row."""
    return Line(row, 0, len(text), text, text, 0, 0)


@pytest.mark.parametrize(
    ("begins", "probability", "marked", "confidence"),
    [
        (True, 0.9, False, 0.9),
        (True, 0.2, False, 0.2),
        (False, 0.2, False, 0.8),
        (False, 1.0, False, 0.0),
        (True, 0.2, True, 1.0),
        (False, 0.9, True, 1.0),
    ],
)
def test_confidence_is_the_probability_of_what_was_decided(
    begins: bool, probability: float, marked: bool, confidence: float
) -> None:
    reading = Reading(a_line(), Role.HEADLINE, False, begins, probability, marked)
    assert reading.confidence == pytest.approx(confidence)


def test_doubts_are_the_lines_decided_with_little_probability() -> None:
    readings = [
        Reading(a_line("面馆", 0), Role.HEADLINE, False, True, 0.99),
        Reading(a_line("茶馆", 4), Role.SUBHEAD, False, False, 0.41234),
        Reading(a_line("酒馆", 6), Role.HEADLINE, False, True, 0.7),
        Reading(a_line("饭馆", 8), Role.HEADLINE, False, True, 0.7, marked=True),
        Reading(a_line("旅馆", 9), Role.HEADLINE, False, True, DOUBTFUL),
    ]
    assert doubts(readings) == (Doubt(5, "茶馆", False, 0.5877), Doubt(7, "酒馆", True, 0.7))


def laid_out(text: str = TEXT, *marks: Mark) -> Layout:
    """The page of this text as read."""
    return lay_out(Page(text, "p.txt"), marks)


def test_an_item_is_as_sure_as_its_first_line() -> None:
    layout = laid_out()
    begun = [reading.confidence for reading in layout.sheet.readings if reading.begins]
    assert [article.confidence for article in layout.articles] == [round(chance, 4) for chance in begun]


def test_an_item_begun_by_a_mark_is_certain() -> None:
    layout = laid_out(TEXT, Mark("渡口送别", begins=True))
    assert layout.articles[1].confidence == 1.0
    marked = layout.sheet.readings[3]
    assert marked.marked
    assert marked.confidence == 1.0


def test_a_line_that_a_mark_joins_is_no_doubt() -> None:
    layout = laid_out(TEXT, Mark("渡口送别", begins=False))
    assert not any(doubt.text == "渡口送别老船工" for doubt in layout.doubts)


def test_weights_that_say_nothing_leave_the_reading_in_doubt() -> None:
    layout = lay_out(Page(TEXT, "p.txt"), tables=make_tables({}))
    assert len(layout.doubts) >= 3
    assert all(doubt.confidence < DOUBTFUL for doubt in layout.doubts)


def test_two_plain_stories_are_begun_with_confidence() -> None:
    layout = laid_out()
    assert [article.title for article in layout.articles] == ["老街面馆开张", "渡口送别老船工"]
    assert all(article.confidence >= DOUBTFUL for article in layout.articles)


@given(ANY_TEXT)
def test_doubts_point_at_visible_lines_in_order(text: str) -> None:
    rows = {line.row + 1: line.text for line in split_lines(text)}
    found = laid_out(text).doubts
    assert [doubt.line for doubt in found] == sorted({doubt.line for doubt in found})
    for doubt in found:
        assert rows[doubt.line] == doubt.text
        assert 0.0 <= doubt.confidence < DOUBTFUL
