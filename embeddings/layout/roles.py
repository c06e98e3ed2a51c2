"""The role of every line: the best reading of the whole page, found with Viterbi's algorithm.

A state is a role and two bits: whether the paragraph is still open (a column or a picture cuts it)
and whether the story has named its author. The bits make far-apart lines agree: a byline at the
end of a story speaks against a headline in its middle.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from embeddings.layout import weights as w
from embeddings.layout.features import Features, observe
from embeddings.layout.lines import Line, split_lines
from embeddings.layout.reflow import Seams
from embeddings.layout.weights import Role

Scores = NDArray[np.float64]
CAN_BE_OPEN = (Role.LEAD, Role.BODY, Role.BRIEF, Role.CAPTION, Role.CREDIT, Role.FURNITURE)
BESIDE_TEXT = (Role.CAPTION, Role.CREDIT, Role.FURNITURE)
HEADS = (*w.HEADINGS, Role.SUBTITLE, Role.BYLINE, Role.POINTER_FROM)
NEVER = -1e9


@dataclass(frozen=True, slots=True)
class State:
    """A role; `open`: a sentence goes on after this line; `signed`: the story named its author."""

    role: Role
    open: bool
    signed: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """A line with the role it was given.

    `open`: its sentence goes on further down. `apart`: more blank lines than usual stand before it.
    """

    line: Line
    role: Role
    open: bool
    apart: bool


STATES = tuple(
    State(role, is_open, signed)
    for role in Role
    for is_open in ((False, True) if role in CAN_BE_OPEN else (False,))
    for signed in (False, True)
)


def read_roles(text: str) -> list[Reading]:
    """Every non-blank line of the page with its role, in order. Linear in the number of lines."""
    lines = split_lines(text)
    if not lines:
        return []
    features = observe(lines)
    seams = Seams(lines, features)
    path = _best_path(features, [seams.score(i) for i in range(len(lines))])
    return [
        Reading(line, STATES[s].role, STATES[s].open, "wide_gap" in seen)
        for line, seen, s in zip(lines, features, path, strict=True)
    ]


def _emission(seen: Features) -> Scores:
    """float64, [states]: how well each state fits what is seen of one line."""
    total = BIAS.copy()
    for name in seen.names:
        row = EMISSIONS.get(name)
        if row is not None:
            total += row
    for name, value in seen.measures.items():
        total += EMISSIONS[name] * value
    return total


def _unsigned_cost(features: list[Features]) -> float:
    """Cost of a story without an author, on this page: none where nobody is named at all."""
    signed = sum(not seen.names.isdisjoint(w.SIGNATURES) for seen in features)
    headings = sum("heading_like" in seen.names for seen in features)
    return w.UNSIGNED * min(1.0, signed / max(1.0, w.SIGNED_SHARE * headings))


def _best_path(features: list[Features], seams: list[float]) -> list[int]:
    unsigned = _unsigned_cost(features)
    plain, signing = MOVES + unsigned * LEAVES_UNSIGNED, SIGNING_MOVES + unsigned * LEAVES_UNSIGNED
    score = START + _emission(features[0])
    back = []
    for seen, seam in zip(features[1:], seams[1:], strict=True):
        moves = plain if seen.names.isdisjoint(w.SIGNS) else signing
        reached = score[:, None] + moves + seam * GOES_ON
        best = reached.argmax(axis=0)
        back.append(best)
        score = reached[best, ALL] + _emission(seen)
    path = [int((score + END + unsigned * UNSIGNED).argmax())]
    for best in reversed(back):
        path.append(int(best[path[-1]]))
    return path[::-1]


def _row(scores: dict[Role, float], name: str) -> Scores:
    row = np.array([float(scores.get(state.role, 0.0)) for state in STATES])
    for k, state in enumerate(STATES):
        if state.role in w.TEXTS:
            row[k] += (w.OPEN if state.open else w.SHUT).get(name, 0.0)
    return row


def _move(a: State, b: State) -> float:
    """Score of state `b` after state `a`."""
    score = w.MOVES[a.role].get(b.role)
    if a.open:
        return _move_open(a, b, NEVER if score is None else score)
    if score is None or (b.open and b.role in BESIDE_TEXT):
        return NEVER
    return score + _signature(a, b)


def _move_open(a: State, b: State, score: float) -> float:
    """The sentence of `a` goes on: the rest of it comes next, or after a picture."""
    if b.role is Role.BODY:
        # The rest of a paragraph, whatever stands between.
        return 0.0 if a.signed == b.signed else NEVER
    if b.open and b.role in BESIDE_TEXT:
        return max(score, -2.0) if a.signed == b.signed else NEVER
    if b.role is Role.POINTER_TO:
        return 0.0 if a.signed == b.signed else NEVER
    return NEVER if score <= NEVER else score + w.BROKEN_OFF + _signature(a, b)


def _signature(a: State, b: State) -> float:
    """Score of what `b` does to the bit "the story has named its author"."""
    role = b.role
    if role in (Role.BRIEF, Role.BRIEF_HEADLINE, Role.LABEL):
        return _left(a, b, signed=True)
    if role in (Role.KICKER, Role.HEADLINE) and a.role is not Role.KICKER:
        return _left(a, b, signed=False)
    if role is Role.HEADLINE:
        return 0.0 if not b.signed else NEVER
    if role in (Role.BYLINE, Role.END_BYLINE, Role.LEAD):
        return _sign(a, b)
    return 0.0 if a.signed == b.signed else NEVER


def _signing_move(a: State, b: State) -> float:
    """Score of `b` after `a` where the line of `b` itself stands for a byline."""
    if b.role not in (Role.BODY, Role.HEADLINE, Role.HEADLINE_MORE) or not b.signed:
        return _move(a, b)
    return max(_move(a, b), _move(a, replace(b, signed=False)))


def _left(a: State, b: State, *, signed: bool) -> float:
    if b.signed != signed:
        return NEVER
    return 0.0


def _leaves_unsigned(a: State, b: State) -> bool:
    """Whether moving from `a` to `b` ends a story that never named its author."""
    if a.signed:
        return False
    begins = b.role in (Role.KICKER, Role.HEADLINE, Role.BRIEF, Role.BRIEF_HEADLINE, Role.LABEL, Role.LEAD)
    return begins and a.role not in HEADS


def _sign(a: State, b: State) -> float:
    if not b.signed:
        return NEVER
    again = a.signed and b.role is Role.END_BYLINE and a.role is not Role.END_BYLINE
    return w.SIGNED_TWICE if again else 0.0


def _start(state: State) -> float:
    score = w.START.get(state.role)
    if score is None or (state.open and state.role in BESIDE_TEXT):
        return NEVER
    opens_story = state.role in (*w.HEADINGS, Role.BODY)
    return score if state.signed != opens_story else NEVER


def _end(state: State) -> float:
    return w.BROKEN_OFF if state.open else 0.0


ALL = np.arange(len(STATES))
BIAS = np.array([w.BIAS[state.role] for state in STATES])
EMISSIONS = {name: _row(w.EMISSIONS.get(name, {}), name) for name in {*w.EMISSIONS, *w.OPEN, *w.SHUT}}
MOVES = np.array([[_move(a, b) for b in STATES] for a in STATES])
SIGNING_MOVES = np.array([[_signing_move(a, b) for b in STATES] for a in STATES])
LEAVES_UNSIGNED = np.array([[float(_leaves_unsigned(a, b)) for b in STATES] for a in STATES])
UNSIGNED = np.array([float(not state.signed) for state in STATES])
START = np.array([_start(state) for state in STATES])
END = np.array([_end(state) for state in STATES])
# 1 where a sentence goes on from state to state, -1 where a new paragraph begins.
GOES_ON = np.array(
    [
        [
            (1.0 if a.open else -1.0) if b.role in w.TEXTS and a.role in (*w.TEXTS, *BESIDE_TEXT) else 0.0
            for b in STATES
        ]
        for a in STATES
    ]
)
