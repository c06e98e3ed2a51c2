"""What two stretches of a page have in common, by pairs of characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.layout.lines import split_lines
from embeddings.layout.topics import KIN, RAREST, SHARED_BY_ALL, SMOOTHING, Topics, pairs, rarity, weight

MOST = RAREST - SHARED_BY_ALL


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("老街面馆", {"老街", "街面", "面馆"}),
        ("面馆,茶馆", {"面馆", "茶馆"}),
        ("面 馆", set()),
        ("面", set()),
        ("", set()),
        ("3月A面", {"3月", "月A", "A面"}),
        ("面馆面馆", {"面馆", "馆面"}),
    ],
)
def test_pairs_are_neighbours_inside_words(text: str, expected: set[str]) -> None:
    assert pairs(text) == expected


@given(st.text(max_size=100))
def test_rarity_lies_between_nothing_and_the_rarest(text: str) -> None:
    assert all(0.0 <= rarity(pair) <= MOST for pair in pairs(text))


def test_rarity_is_highest_for_what_no_news_uses_and_low_for_what_all_use() -> None:
    assert rarity("龘靐") == MOST
    assert rarity("记者") < 1.0 < rarity("砚秋")


def test_weight_adds_the_rarity_of_pairs() -> None:
    assert weight({"龘靐", "靐齉"}) == pytest.approx(2 * MOST)
    assert weight(set()) == 0.0


def measured(text: str, place: int, headings: set[int]) -> dict[str, float]:
    """The measures of one line of a text whose headings are known."""
    lines = split_lines(text)
    return Topics(lines).measure(place, [k in headings for k in range(len(lines))])


# Pairs that no news uses, so that all weigh the same and shares can be counted.
ONE, TWO, THREE = "龘靐齉", "爩灪麤", "鱻厵滟"


def test_title_pull_is_one_for_a_heading_all_of_whose_words_come_below() -> None:
    found = measured(f"{TWO}\n{ONE}\n{ONE}", 1, {1})
    assert found["title_pull"] == pytest.approx(1.0)
    assert found["lead_share"] == pytest.approx(1.0)
    assert found["continuity"] == 0.0


def test_title_pull_is_less_one_for_a_heading_all_of_whose_words_come_above() -> None:
    found = measured(f"{ONE}\n{ONE}\n{TWO}", 1, {1})
    assert found["title_pull"] == pytest.approx(-1.0)
    assert found["lead_share"] == 0.0


def test_title_pull_counts_shares_of_the_heading() -> None:
    # Of the heading's four pairs two come below and one above.
    assert measured(f"{TWO[:2]}\n{ONE},{TWO}\n{ONE}", 1, {1})["title_pull"] == pytest.approx(0.25)


def test_continuity_is_the_share_of_the_text_below_known_above() -> None:
    # One of two pairs is known.
    found = measured(f"{ONE}\n{THREE}\n{ONE[:2]},{TWO[:2]}", 1, {1})
    assert found["continuity"] == pytest.approx(MOST / (2 * MOST + SMOOTHING) / KIN)
    assert found["title_pull"] == 0.0


def test_older_heading_finds_the_heading_further_up_that_the_text_belongs_to() -> None:
    text = f"{ONE}\n{TWO}\n{THREE}\n{ONE}"
    assert measured(text, 2, {0, 2})["older_heading"] == pytest.approx(1.0)
    assert measured(text, 2, {2})["older_heading"] == 0.0


def test_text_below_ends_at_the_next_heading_with_text_before_it() -> None:
    # Headings one under the other are passed; the text under the next story's heading is not looked at.
    text = f"{ONE}\n{TWO}\n{THREE}\n{TWO}\n{ONE}"
    assert measured(text, 0, {0, 1, 3})["title_pull"] == 0.0
    assert measured(text, 0, {0, 1})["title_pull"] == pytest.approx(1.0)


def test_kinship_is_what_a_line_of_text_has_in_common_with_the_text_above() -> None:
    assert measured(f"{ONE}\n{ONE[:2]},{TWO[:2]}", 1, set()) == {
        "kinship": pytest.approx(MOST / (2 * MOST + SMOOTHING) / KIN)
    }
    assert measured(f"{ONE}\n{ONE}", 1, set()) == {"kinship": 1.0}
    assert measured(f"{ONE}\n{TWO}", 1, set()) == {"kinship": 0.0}


TEXTS = st.lists(st.text(alphabet="老街面馆开张龘靐,。 1a", min_size=1, max_size=20), min_size=1, max_size=12)


@given(TEXTS, st.data())
def test_measures_lie_between_less_one_and_one(texts: list[str], data: st.DataObject) -> None:
    lines = split_lines("\n".join(texts))
    headings = data.draw(st.lists(st.booleans(), min_size=len(lines), max_size=len(lines)))
    topics = Topics(lines)
    for i in range(len(lines)):
        assert all(-1.0 <= value <= 1.0 for value in topics.measure(i, headings).values())
