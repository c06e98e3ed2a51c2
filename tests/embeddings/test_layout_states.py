"""The grammar of a page: what may follow what, what stays open, and whether a story has named its author."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from embeddings.layout import roles
from embeddings.layout import states as s
from embeddings.layout.roles import FIRST, FOLLOWS, MAY_BEGIN, Role, begins
from embeddings.layout.states import STATES, State

R = Role
NEVER_UNSIGNED = (*roles.NEEDS_NO_AUTHOR, R.PHOTO_MORE, R.PHOTO_CREDIT)


def state(role: Role, *bits: str) -> State:
    """A state by its role and the bits that are set."""
    return State(role, "open" in bits, "signed" in bits)


def reached_from(first: Iterable[Role], follows: dict[Role, set[Role]]) -> set[Role]:
    """The roles that can come after these, and these."""
    found: set[Role] = set()
    ahead = set(first)
    while ahead:
        found |= ahead
        ahead = {after for role in ahead for after in follows[role]} - found
    return found


def by_role() -> dict[Role, set[Role]]:
    """For each role the roles of the states that may follow one of its states."""
    return {
        role: {b.role for a in STATES if a.role is role for b in STATES if s.may_follow(a, b)}
        for role in Role
    }


def test_every_role_is_reached_from_the_start_of_a_page() -> None:
    assert reached_from(FIRST, {role: set(after) for role, after in FOLLOWS.items()}) == set(Role)
    assert reached_from(FIRST, by_role()) == set(Role)


def test_every_role_reaches_the_next_item() -> None:
    follows = by_role()
    for role in Role:
        assert {R.HEADLINE, R.FURNITURE} <= reached_from(follows[role], follows)


def test_no_state_is_a_dead_end() -> None:
    assert all(any(s.may_follow(a, b) for b in STATES) for a in STATES)


def test_every_state_with_the_right_bits_is_reached() -> None:
    reached = {state for state in STATES if s.begins_page(state)}
    while more := {b for a in reached for b in STATES if s.may_follow_signing(a, b)} - reached:
        reached |= more
    # What never holds: a line that names the author, or needs none, in a story without one.
    assert {x.role for x in set(STATES) - reached} <= {*roles.NAMES_AUTHOR, *NEVER_UNSIGNED}
    assert not any(x.signed for x in set(STATES) - reached)
    assert {x.role for x in reached} == set(Role)


def test_states_are_open_only_for_text_and_what_stands_in_its_way() -> None:
    assert {x.role for x in STATES if x.open} == {
        *(R.LEAD, R.BODY, R.BRIEF, R.UNTITLED, R.NOTE),
        *(R.CAPTION, R.CREDIT, R.INSET),
    }
    assert len(STATES) == len(set(STATES)) == 2 * (len(Role) + 8)


@pytest.mark.parametrize(
    ("before", "role", "expected"),
    [
        (None, R.HEADLINE, True),
        (None, R.UNTITLED, True),
        (None, R.FURNITURE, False),
        (R.BODY, R.HEADLINE, True),
        (R.KICKER, R.HEADLINE, False),
        (R.POINTER_FROM, R.HEADLINE, False),
        (R.POINTER_FROM, R.KICKER, False),
        (R.HEADLINE, R.POINTER_FROM, False),
        (R.BODY, R.POINTER_FROM, True),
        (R.BRIEF_HEADLINE, R.BRIEF, False),
        (R.BRIEF, R.BRIEF, True),
        (R.PHOTO, R.PHOTO, True),
        (R.PHOTO, R.PHOTO_MORE, False),
        (R.BODY, R.SUBHEAD, False),
        (R.BODY, R.END_BYLINE, False),
        (R.LABEL, R.BRIEF, True),
        # A byline stands over its headline, over its story or under a sub-head.
        (R.FURNITURE, R.BYLINE_ABOVE, True),
        (R.BODY, R.BYLINE_ABOVE, True),
        (R.BYLINE_ABOVE, R.HEADLINE, False),
        (R.HEADLINE, R.BYLINE, False),
        (R.SUBHEAD, R.BYLINE, False),
        (R.BYLINE, R.BYLINE, False),
        (R.BYLINE_ABOVE, R.KICKER, False),
    ],
)
def test_begins_says_whether_an_item_begins(before: Role | None, role: Role, expected: bool) -> None:
    assert begins(role, before) is expected


def test_what_may_begin_a_page_begins_an_item_or_belongs_to_none() -> None:
    assert {role for role in FIRST if not begins(role, None)} == {R.FURNITURE, R.LABEL}
    assert set(FIRST) - {R.FURNITURE, R.LABEL} == set(MAY_BEGIN)


def test_after_furniture_and_labels_only_an_item_begins() -> None:
    for before in (R.FURNITURE, R.LABEL):
        follows = set(FOLLOWS[before]) - {R.FURNITURE, R.LABEL}
        assert all(begins(role, before) for role in follows)


@pytest.mark.parametrize(
    ("before", "role", "signed"),
    [
        (state(R.FURNITURE), R.HEADLINE, False),
        (state(R.BODY, "signed"), R.HEADLINE, False),
        (state(R.BODY, "signed"), R.KICKER, False),
        (state(R.HEADLINE), R.BYLINE, True),
        (state(R.HEADLINE), R.BODY, False),
        (state(R.BYLINE, "signed"), R.BODY, True),
        (state(R.BODY), R.END_BYLINE, True),
        (state(R.BODY), R.SUBHEAD, False),
        (state(R.BODY, "signed"), R.SUBHEAD, True),
        (state(R.BODY), R.BRIEF, True),
        (state(R.BODY), R.PHOTO, True),
        (state(R.HEADLINE), R.LEAD, True),
        # The author may stand over the headline.
        (state(R.BYLINE_ABOVE, "signed"), R.HEADLINE, True),
        (state(R.BYLINE_ABOVE, "signed"), R.KICKER, True),
        (state(R.KICKER, "signed"), R.HEADLINE, True),
        (state(R.KICKER), R.HEADLINE, False),
    ],
)
def test_signed_after_follows_the_author_through_a_story(before: State, role: Role, signed: bool) -> None:
    assert s.signed_after(before, role) is signed


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (state(R.HEADLINE), state(R.BODY), True),
        (state(R.HEADLINE), state(R.BODY, "open"), True),
        (state(R.HEADLINE), state(R.BODY, "signed"), False),
        (state(R.BODY, "signed"), state(R.BODY), False),
        (state(R.BODY), state(R.HEADLINE), True),
        (state(R.BODY), state(R.KICKER), True),
        (state(R.KICKER), state(R.BODY), False),
        (state(R.SUBHEAD), state(R.HEADLINE), False),
        # A caption stands in the middle of a sentence only if there is one.
        (state(R.BODY, "open"), state(R.CAPTION, "open"), True),
        (state(R.BODY), state(R.CAPTION, "open"), False),
        (state(R.CAPTION, "open"), state(R.CREDIT, "open"), True),
        (state(R.CAPTION, "open"), state(R.BODY), True),
        # The rest of a brief is body; an open sentence may be broken off by the next item.
        (state(R.BRIEF, "open", "signed"), state(R.BODY, "signed"), True),
        (state(R.BODY, "open"), state(R.HEADLINE), True),
        (state(R.PHOTO, "signed"), state(R.CREDIT, "signed"), False),
    ],
)
def test_may_follow_holds_by_grammar_and_bits(a: State, b: State, expected: bool) -> None:
    assert s.may_follow(a, b) is expected


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (state(R.BODY), state(R.BODY, "signed")),
        (state(R.HEADLINE), state(R.BODY, "signed")),
        (state(R.BODY, "signed"), state(R.HEADLINE, "signed")),
    ],
)
def test_may_follow_signing_lets_a_line_sign_the_story(a: State, b: State) -> None:
    assert not s.may_follow(a, b)
    assert s.may_follow_signing(a, b)


def test_may_follow_signing_allows_all_that_may_follow_and_breaks_no_grammar() -> None:
    for a in STATES:
        for b in STATES:
            assert not s.may_follow(a, b) or s.may_follow_signing(a, b)
            if s.may_follow_signing(a, b):
                assert b.role in FOLLOWS[a.role] or (a.open and (s.resumes(b) or s.holds_open(a, b)))


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (state(R.BODY, "open"), state(R.BODY), 1),
        (state(R.BODY, "open"), state(R.NOTE), -1),
        (state(R.BODY), state(R.BODY), -1),
        (state(R.CAPTION, "open"), state(R.BODY), 1),
        (state(R.CAPTION), state(R.BODY), -1),
        (state(R.HEADLINE), state(R.BODY), 0),
        (state(R.BODY, "open"), state(R.CAPTION, "open"), 0),
        (state(R.BODY, "open"), state(R.POINTER_TO), 0),
    ],
)
def test_goes_on_tells_a_cut_sentence_from_a_new_paragraph(a: State, b: State, expected: int) -> None:
    assert s.goes_on(a, b) == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (state(R.BODY, "open"), state(R.HEADLINE), True),
        (state(R.BODY, "open"), state(R.CAPTION), True),
        (state(R.BODY, "open"), state(R.CAPTION, "open"), False),
        (state(R.BODY, "open"), state(R.BODY), False),
        (state(R.BODY, "open"), state(R.POINTER_TO), False),
        (state(R.BODY), state(R.HEADLINE), False),
    ],
)
def test_breaks_off_where_an_open_sentence_never_goes_on(a: State, b: State, expected: bool) -> None:
    assert s.breaks_off(a, b) is expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (state(R.BODY), state(R.HEADLINE), True),
        (state(R.BODY, "signed"), state(R.HEADLINE), False),
        (state(R.BODY), state(R.SUBHEAD), False),
        (state(R.KICKER), state(R.HEADLINE), False),
    ],
)
def test_leaves_unsigned_where_a_story_ends_without_author(a: State, b: State, expected: bool) -> None:
    assert s.leaves_unsigned(a, b) is expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (state(R.BODY, "signed"), state(R.END_BYLINE, "signed"), True),
        (state(R.BODY), state(R.END_BYLINE, "signed"), False),
        (state(R.END_BYLINE, "signed"), state(R.END_BYLINE, "signed"), False),
    ],
)
def test_signs_again_counts_a_second_signature_once(a: State, b: State, expected: bool) -> None:
    assert s.signs_again(a, b) is expected


def test_the_masks_agree_with_the_grammar() -> None:
    assert s.BEGINS.shape == (len(STATES), len(STATES))
    assert all(
        bool(s.BEGINS[i, j]) == begins(STATES[j].role, STATES[i].role) for i, j in np.ndindex(*s.BEGINS.shape)
    )
    assert {x.role for x, first in zip(STATES, s.BEGINS_FIRST, strict=True) if first} == set(MAY_BEGIN)
    assert set(roles.BESIDE_TEXT) <= set(roles.CAN_BE_OPEN)
