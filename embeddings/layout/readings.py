"""A page -> its lines, each with the role it plays in the best reading of the whole page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from embeddings.layout import states as s
from embeddings.layout.chain import Marginals, Potentials, best_path, marginals, potentials
from embeddings.layout.features import Features, observe
from embeddings.layout.lines import Line, split_lines
from embeddings.layout.marks import Constraints, Marks, constraints
from embeddings.layout.roles import ASIDE, PICTURES, TEXTS, Role, begins
from embeddings.layout.tables import Tables, shipped_tables
from embeddings.records import Page

# What a line is only if it looks like it, or an operator says so: a join alone does not make it.
NOT_TEXT = (*ASIDE, Role.POINTER_FROM, Role.POINTER_TO, Role.BYLINE, Role.END_BYLINE, Role.SIGNATURE)


@dataclass(frozen=True, slots=True)
class Reading:
    """A line with the role it was given.

    `open`: its sentence goes on further down. `begins`: an item begins here; `begins_probability` (0..1)
    is how probable that is under the model, whatever was decided. `marked`: an operator said so.
    """

    line: Line
    role: Role
    open: bool
    begins: bool
    begins_probability: float = 1.0
    marked: bool = False

    @property
    def confidence(self) -> float:
        """Probability of what was decided about a boundary here, 0..1."""
        if self.marked:
            return 1.0
        return self.begins_probability if self.begins else 1.0 - self.begins_probability


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page as the model read it: what was seen of each line, all scores, and the reading chosen."""

    readings: tuple[Reading, ...]
    features: tuple[Features, ...]
    page: Potentials | None
    marginals: Marginals | None
    unused_marks: tuple[int, ...] = ()


def read_lines(page: Page, marks: Marks = (), tables: Tables | None = None) -> Sheet:
    """Every non-blank line of the page with its role, in order. Linear in the number of lines.

    `unused_marks` of the result are the places in `marks` of those whose line is not on the page.
    """
    lines = split_lines(page.text)
    wanted = constraints(marks, lines)
    if not lines:
        return Sheet((), (), None, None, wanted.unused)
    features = observe(lines, page.sizes)
    scores = potentials(tables or shipped_tables(), features, wanted.allowed, wanted.begins)
    if any(starts is not None for starts in wanted.begins):
        scores = potentials(scores.tables, features, _held(wanted, scores), wanted.begins)
    probable = marginals(scores)
    readings = _readings(lines, best_path(scores), probable, wanted.begins)
    return Sheet(tuple(readings), tuple(features), scores, probable, wanted.unused)


def _held(wanted: Constraints, scores: Potentials) -> list[NDArray[np.bool_] | None]:
    """The states allowed where breaks and joins are marked: what they do not speak of stays as it is.

    A paragraph at a break begins an item without a headline. The line above a join stays what it is without
    the join, else the item could begin one line further up; the line itself becomes text of the item.
    """
    free = [s.STATES[k].role for k in best_path(replace(scores, forced=[None] * len(scores.forced)))]
    allowed = list(wanted.allowed)

    def allow(i: int, roles: Collection[Role]) -> None:
        if allowed[i] is None:
            allowed[i] = np.array([state.role in roles for state in s.STATES])

    for i, starts in enumerate(wanted.begins):
        if starts is False:
            if free[i - 1] not in ASIDE:
                allow(i - 1, (free[i - 1],))
            allow(i, set(Role) - set(NOT_TEXT))
        elif starts and free[i] in TEXTS:
            allow(i, (Role.UNTITLED, Role.BRIEF))
        elif starts and free[i] in PICTURES:
            allow(i, (Role.PHOTO,))
    return allowed


def _readings(
    lines: Sequence[Line], path: Sequence[int], probable: Marginals, forced: Sequence[bool | None]
) -> list[Reading]:
    before: Role | None = None
    readings = []
    for i, (line, k) in enumerate(zip(lines, path, strict=True)):
        state = s.STATES[k]
        starts, marked = forced[i], forced[i] is not None
        if starts is None:
            starts = begins(state.role, before)
        chance = float(np.clip(probable.begins[i], 0.0, 1.0))
        readings.append(Reading(line, state.role, state.open, starts, chance, marked))
        before = state.role
    return readings
