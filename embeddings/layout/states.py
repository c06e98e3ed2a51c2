"""The states of the layout model: a role and two bits that make far-apart lines agree.

`open`: a sentence goes on after this line (a column, a picture or page furniture cuts it).
`signed`: the story has named its author, so that a byline at the end of a story speaks against a
headline in its middle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.layout import roles
from embeddings.layout.roles import Role


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a page after one of its lines."""

    role: Role
    open: bool
    signed: bool


STATES = tuple(
    State(role, is_open, signed)
    for role in Role
    for is_open in ((False, True) if role in roles.CAN_BE_OPEN else (False,))
    for signed in (False, True)
)
Mask = NDArray[np.bool_]


def may_follow(a: State, b: State) -> bool:
    """Whether the line after one in state `a` may be in state `b`."""
    if b.signed != signed_after(a, b.role):
        return False
    if a.open:
        return b.role in roles.FOLLOWS[a.role] or resumes(b) or holds_open(a, b)
    return b.role in roles.FOLLOWS[a.role] and not (b.open and b.role in roles.BESIDE_TEXT)


def resumes(b: State) -> bool:
    """Whether `b` can be the rest of a sentence that was left open."""
    return b.role in (Role.BODY, Role.POINTER_TO)


def holds_open(a: State, b: State) -> bool:
    """Whether `b` stands between the two halves of the sentence that is open in `a`."""
    return a.open and b.open and b.role in roles.BESIDE_TEXT


def breaks_off(a: State, b: State) -> bool:
    """Whether the sentence open in `a` never goes on: the page is damaged there."""
    return a.open and not resumes(b) and not holds_open(a, b)


def signed_after(a: State, role: Role) -> bool:
    """Whether the story has named its author once a line of this role has followed `a`."""
    if role in (Role.KICKER, Role.HEADLINE):
        # The author may stand above the headline; all else before it is another story.
        return a.signed and a.role in (Role.BYLINE_ABOVE, Role.KICKER)
    return a.signed or role in (*roles.NEEDS_NO_AUTHOR, *roles.NAMES_AUTHOR)


def may_follow_signing(a: State, b: State) -> bool:
    """`may_follow` where the line of `b` names the author itself: `…。(甲 乙)`, `遗失声明`."""
    if b.signed and b.role in (Role.BODY, Role.NOTE, Role.HEADLINE, Role.HEADLINE_MORE):
        return may_follow(a, b) or may_follow(a, State(b.role, b.open, signed=False))
    return may_follow(a, b)


def leaves_unsigned(a: State, b: State) -> bool:
    """Whether the move ends a story that never named its author."""
    return not a.signed and roles.begins(b.role, a.role) and a.role not in roles.HEADS


def signs_again(a: State, b: State) -> bool:
    """Whether `b` signs a story that is signed already."""
    return a.signed and b.role is Role.END_BYLINE and a.role is not Role.END_BYLINE


def goes_on(a: State, b: State) -> int:
    """1 where a sentence goes on from `a` to `b`, -1 where a new paragraph begins, 0 elsewhere."""
    if b.role not in roles.TEXTS or a.role not in (*roles.TEXTS, *roles.BESIDE_TEXT):
        return 0
    return 1 if a.open and resumes(b) else -1


def begins_page(state: State) -> bool:
    """Whether a page may begin in this state."""
    signed = state.role in (*roles.NEEDS_NO_AUTHOR, *roles.NAMES_AUTHOR)
    return state.role in roles.FIRST and (state.signed == signed or state.role is Role.FURNITURE)


def _pairs(holds: Callable[[State, State], bool]) -> Mask:
    """bool, [states before, states after]."""
    return np.array([[holds(a, b) for b in STATES] for a in STATES])


BEGINS = _pairs(lambda a, b: roles.begins(b.role, a.role))
BEGINS_FIRST = np.array([roles.begins(state.role, None) for state in STATES])
