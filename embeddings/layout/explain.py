"""Why a line got its role: what spoke for it, against the next best role."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from embeddings.layout import states as s
from embeddings.layout.readings import Reading, Sheet
from embeddings.layout.roles import Role
from embeddings.layout.tables import NEVER, Scores

REASONS = 6
MIN_WEIGHT = 0.05


@dataclass(frozen=True, slots=True)
class Reason:
    """A piece of evidence and how much more (or less) it gives the role than the rival role, in log-odds."""

    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """A line's role with its probability (0..1), the next most probable one, and reasons, strongest first."""

    reading: Reading
    probability: float
    rival: Role
    rival_probability: float
    reasons: tuple[Reason, ...]


def explain(sheet: Sheet) -> list[Explanation]:
    """An explanation of every line of the page, in order."""
    return [_explain(sheet, i) for i in range(len(sheet.readings))]


def _explain(sheet: Sheet, i: int) -> Explanation:
    assert sheet.marginals is not None
    reading = sheet.readings[i]
    chances = _by_role(sheet.marginals.states[i])
    rival = max((role for role in Role if role is not reading.role), key=lambda role: chances[role])
    reasons = sorted(_reasons(sheet, i, rival), key=lambda reason: (-abs(reason.weight), reason.name))
    strong = [reason for reason in reasons if abs(reason.weight) >= MIN_WEIGHT]
    return Explanation(reading, chances[reading.role], rival, chances[rival], tuple(strong[:REASONS]))


def _by_role(chances: Scores) -> dict[Role, float]:
    found = dict.fromkeys(Role, 0.0)
    for state, chance in zip(s.STATES, chances, strict=True):
        found[state.role] += float(chance)
    return {role: min(1.0, chance) for role, chance in found.items()}


def _reasons(sheet: Sheet, i: int, rival: Role) -> Iterator[Reason]:
    """What the features of the line and its neighbours give its role, less what they give the rival."""
    assert sheet.page is not None
    tables, seen = sheet.page.tables, sheet.features[i]
    chosen, other = _place(sheet.readings[i]), _place(sheet.readings[i], rival)
    if sheet.readings[i].marked:
        yield Reason("marked", float("inf"))
    yield Reason("bias", float(tables.bias[chosen] - tables.bias[other]))
    values = dict.fromkeys(seen.names, 1.0) | seen.measures
    for name, value in values.items():
        if name in tables.rows:
            yield Reason(name, float(value * (tables.rows[name][chosen] - tables.rows[name][other])))
    for name, near in (("line before", i - 1), ("line after", i + 1)):
        if 0 <= near < len(sheet.readings):
            yield Reason(name, _move(sheet, i, near, chosen) - _move(sheet, i, near, other))


def _move(sheet: Sheet, i: int, near: int, state: int) -> float:
    """Score of the move between line `i` in `state` and its neighbour, whichever way the sentence ends."""
    assert sheet.page is not None
    neighbour = _places(sheet.readings[near].role)
    own = _places(s.STATES[state].role)
    table = sheet.page.move(max(i, near))
    block = table[np.ix_(neighbour, own)] if near < i else table[np.ix_(own, neighbour)]
    best = float(block.max())
    return best if best > NEVER / 2 else -10.0


def _places(role: Role) -> list[int]:
    return [k for k, state in enumerate(s.STATES) if state.role is role]


def _place(reading: Reading, role: Role | None = None) -> int:
    """A state of the role that ends its sentence as the reading does, where the role allows it."""
    places = _places(role or reading.role)
    return next((k for k in places if s.STATES[k].open == reading.open), places[0])
