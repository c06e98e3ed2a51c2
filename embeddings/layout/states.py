"""The states of the layout model and the score of each move between two of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from embeddings.layout import weights as w
from embeddings.layout.weights import Role

Scores = NDArray[np.float64]
CAN_BE_OPEN = (*w.TEXTS, Role.CAPTION, Role.CREDIT, Role.FURNITURE)
BESIDE_TEXT = (Role.CAPTION, Role.CREDIT, Role.FURNITURE)
HEADS = (*w.HEADINGS, Role.SUBTITLE, Role.BYLINE, Role.POINTER_FROM)
BEGINS_ITEM = (Role.KICKER, Role.HEADLINE, Role.BRIEF, Role.BRIEF_HEADLINE, Role.LABEL, Role.LEAD)
NEEDS_NO_AUTHOR = (Role.BRIEF, Role.BRIEF_HEADLINE, Role.LABEL)
NAMES_AUTHOR = (Role.BYLINE, Role.END_BYLINE, Role.LEAD)
NEVER = -1e9


@dataclass(frozen=True, slots=True)
class State:
    """A role; `open`: a sentence goes on after this line; `signed`: the story named its author."""

    role: Role
    open: bool
    signed: bool


STATES = tuple(
    State(role, is_open, signed)
    for role in Role
    for is_open in ((False, True) if role in CAN_BE_OPEN else (False,))
    for signed in (False, True)
)


def move(a: State, b: State) -> float:
    """Score of state `b` on the line after state `a`; `NEVER` where it cannot follow."""
    if b.signed != signed_after(a, b.role):
        return NEVER
    score = w.MOVES[a.role].get(b.role, NEVER)
    if a.open:
        score = _move_from_open(b, score)
    elif b.open and b.role in BESIDE_TEXT:
        return NEVER
    again = a.signed and b.role is Role.END_BYLINE and a.role is not Role.END_BYLINE
    return score + (w.SIGNED_TWICE if again else 0.0)


def _move_from_open(b: State, score: float) -> float:
    """A sentence is open: the rest of it comes next, or after a picture, or the page is damaged."""
    if b.role in (Role.BODY, Role.POINTER_TO):
        return 0.0
    if b.open and b.role in BESIDE_TEXT:
        return max(score, w.BESIDE_OPEN)
    return NEVER if score <= NEVER else score + w.BROKEN_OFF


def signed_after(a: State, role: Role) -> bool:
    """Whether the story has named its author once a line of this role has followed `a`."""
    if role in (Role.KICKER, Role.HEADLINE):
        return False
    return a.signed or role in (*NEEDS_NO_AUTHOR, *NAMES_AUTHOR)


def signing_move(a: State, b: State) -> float:
    """Score of `b` after `a` where the line of `b` itself stands for a byline."""
    if b.role in (Role.BODY, Role.HEADLINE, Role.HEADLINE_MORE) and b.signed:
        return max(move(a, b), move(a, replace(b, signed=False)))
    return move(a, b)


def leaves_unsigned(a: State, b: State) -> float:
    """1 where the move ends a story that never named its author, else 0."""
    return float(not a.signed and b.role in BEGINS_ITEM and a.role not in HEADS)


def goes_on(a: State, b: State) -> float:
    """1 where a sentence goes on from `a` to `b`, -1 where a new paragraph begins, 0 elsewhere."""
    if b.role not in w.TEXTS or a.role not in (*w.TEXTS, *BESIDE_TEXT):
        return 0.0
    return 1.0 if a.open else -1.0


def start(state: State) -> float:
    """Score of a page that begins in this state."""
    before = State(Role.FURNITURE, open=False, signed=state.role not in (*w.HEADINGS, Role.BODY))
    if state.signed != signed_after(before, state.role) or (state.open and state.role in BESIDE_TEXT):
        return NEVER
    return w.START.get(state.role, NEVER)


def _table(score: Callable[[State, State], float]) -> Scores:
    return np.array([[score(a, b) for b in STATES] for a in STATES])


def _emission_row(name: str) -> Scores:
    """float64, [states]: what the feature adds to each state."""
    by_role = w.EMISSIONS.get(name, {})
    row = np.zeros(len(STATES))
    for k, state in enumerate(STATES):
        row[k] = by_role.get(state.role, 0.0)
        if state.role in w.TEXTS:
            row[k] += (w.OPEN if state.open else w.SHUT).get(name, 0.0)
    return row


# float64: [states], or [states before, states after].
BIAS = np.array([w.BIAS[state.role] for state in STATES])
EMISSIONS = {name: _emission_row(name) for name in {*w.EMISSIONS, *w.OPEN, *w.SHUT}}
MOVES = _table(move)
SIGNING_MOVES = _table(signing_move)
LEAVES_UNSIGNED = _table(leaves_unsigned)
GOES_ON = _table(goes_on)
START = np.array([start(state) for state in STATES])
END = np.array([w.BROKEN_OFF if state.open else 0.0 for state in STATES])
END_UNSIGNED = np.array([float(not state.signed) for state in STATES])
