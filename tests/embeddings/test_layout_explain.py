"""Why a line got its role."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings

from embeddings.layout.explain import MIN_WEIGHT, REASONS, Explanation, explain
from embeddings.layout.marks import Mark
from embeddings.layout.readings import read_lines
from embeddings.layout.roles import Role
from embeddings.layout.tables import make_tables
from embeddings.records import Page
from tests.embeddings.damaged_pages import ANY_TEXT, FERRY, FERRY_MORE, NOODLES, NOODLES_MORE

TEXT = "\n\n".join(("老街面馆开张", NOODLES, NOODLES_MORE, "渡口送别老船工", FERRY, FERRY_MORE, "记者 秦川"))


def explained(text: str = TEXT, *marks: Mark) -> list[Explanation]:
    """The explanations of a page's lines."""
    return explain(read_lines(Page(text, "p.txt"), marks))


def test_explain_gives_one_explanation_a_line_in_order() -> None:
    sheet = read_lines(Page(TEXT, "p.txt"))
    assert [found.reading for found in explain(sheet)] == list(sheet.readings)


def test_explain_of_a_blank_page_is_empty() -> None:
    assert explained("\n　\n") == []


def test_explain_names_the_line_before_where_only_that_decides() -> None:
    weights = {f"bias {role}": -50.0 for role in Role}
    weights |= {"bias headline": 9.0, "bias body": 0.0, "bias lead": 0.0, "move headline body": 2.0}
    sheet = read_lines(Page(f"老街面馆开张\n{FERRY}", "p.txt"), tables=make_tables(weights))
    found = explain(sheet)[1]
    assert (found.reading.role, found.rival) == (Role.BODY, Role.LEAD)
    assert {reason.name: reason.weight for reason in found.reasons} == {"line before": pytest.approx(2.0)}


def test_explain_weighs_reasons_by_the_difference_to_the_rival() -> None:
    # One line, two roles that may begin a page; every other role is far off.
    weights = {f"bias {role}": -50.0 for role in Role}
    weights |= {
        "bias untitled": 1.0,
        "bias headline": 0.5,
        "emit long untitled": 4.0,
        "emit long headline": 1.0,
    }
    sheet = read_lines(Page(FERRY + FERRY_MORE, "p.txt"), tables=make_tables(weights))
    (found,) = explain(sheet)
    assert (found.reading.role, found.rival) == (Role.UNTITLED, Role.HEADLINE)
    assert {reason.name: reason.weight for reason in found.reasons} == {
        "long": pytest.approx(3.0),
        "bias": pytest.approx(0.5),
    }
    assert found.probability > found.rival_probability > 0.0
    assert found.probability + found.rival_probability == pytest.approx(1.0)


def test_explain_says_that_a_mark_decided() -> None:
    found = explained(TEXT, Mark("渡口送别", begins=False))[3]
    assert found.reasons[0].name == "marked"
    assert math.isinf(found.reasons[0].weight)
    assert not any(reason.name == "marked" for reason in explained()[3].reasons)


@settings(max_examples=30)
@given(ANY_TEXT)
def test_explain_gives_probabilities_a_rival_and_few_strong_reasons(text: str) -> None:
    for found in explained(text):
        assert 0.0 <= found.probability <= 1.0
        assert 0.0 <= found.rival_probability <= 1.0
        assert found.probability + found.rival_probability <= 1.0 + 1e-9
        assert found.rival is not found.reading.role
        sizes = [abs(reason.weight) for reason in found.reasons]
        assert len(sizes) <= REASONS
        assert all(size >= MIN_WEIGHT for size in sizes)
        assert sizes == sorted(sizes, reverse=True)
