"""Inference in the layout model: the best reading of a page, and how sure it is.

Viterbi's algorithm for the one, the forward-backward algorithm for the other (Rabiner 1989); both are
linear in the number of lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.layout import states as s
from embeddings.layout.features import Features
from embeddings.layout.tables import Scores, Tables

# The features that name an author.
SIGNATURES = frozenset(("lead", "byline", "bracketed_names", "names_at_end"))
# Authors named for each line that may be a heading: nobody is named up to the first, everybody from the last.
SIGNED_SHARES = (0.05, 0.2, 0.35, 0.5)
# A line that names its author itself, or needs none.
SIGNS = frozenset(("names_at_end", "notice"))
# More than any sum of impossible moves: what an operator marks is done.
FORBIDDEN = 1e12
# Logarithms of what stands for no chance at all: by the grammar, and by an operator's marks.
LEAST = (-200.0, -500.0)


@dataclass(frozen=True, slots=True)
class Potentials:
    """Scores of one page under one set of weights, with what an operator's marks forbid.

    `lines` is [lines, states]; `move(i)` the table of moves into line `i` >= 1; `unsigned` what it costs here
    that a story names no author.
    """

    tables: Tables
    lines: Scores
    signing: Sequence[bool]
    seams: Sequence[float]
    unsigned: float
    forced: Sequence[bool | None]

    def move(self, i: int) -> Scores:
        """[states before, states after]: the moves from line `i - 1` to line `i`."""
        tables = self.tables
        moves = tables.signing_moves if self.signing[i] else tables.moves
        moves = moves + self.unsigned * tables.unsigned + self.seams[i] * tables.seam
        if self.forced[i] is not None:
            moves = moves - FORBIDDEN * (self.forced[i] != s.BEGINS)
        return moves

    @property
    def start(self) -> Scores:
        """[states]: how well the page may begin in each state; marks may begin it in any."""
        start = self.tables.start.copy()
        if self.forced[0] is not None:
            start -= FORBIDDEN * (self.forced[0] != s.BEGINS_FIRST)
        return start

    @property
    def end(self) -> Scores:
        """[states]: what it costs to end the page in each state."""
        return self.tables.end + self.unsigned * self.tables.end_unsigned


def potentials(
    tables: Tables,
    features: Sequence[Features],
    allowed: Sequence[NDArray[np.bool_] | None],
    forced: Sequence[bool | None],
) -> Potentials:
    """The scores of a page.

    `allowed[i]` ([states], or None for all) are the states that line `i` may be in, and `forced[i]` says
    that an item must (not) begin there, None that it is open.
    """
    lines = np.stack([emission(tables, seen) for seen in features])
    for i, mask in enumerate(allowed):
        if mask is not None:
            lines[i, ~mask] -= FORBIDDEN
    return Potentials(
        tables,
        lines,
        [not seen.names.isdisjoint(SIGNS) for seen in features],
        [sum(tables.seams.get(name, 0.0) for name in sorted(seen.seams)) for seen in features],
        tables.unsigned_costs[names_authors(features)],
        forced,
    )


def emission(tables: Tables, seen: Features) -> Scores:
    """float64, [states]: how well each state fits what is seen of one line."""
    total = tables.bias.copy()
    # In one order: sums of floats depend on it, and the order of a set changes from run to run.
    for name in sorted(seen.names):
        row = tables.rows.get(name)
        if row is not None:
            total += row
    for name, value in seen.measures.items():
        if name in tables.rows:
            total += tables.rows[name] * value
    return total


def names_authors(features: Sequence[Features]) -> int:
    """How surely the page names the author of every story: 0 (nobody is named) to `len(SIGNED_SHARES)`."""
    signed = sum(not seen.names.isdisjoint(SIGNATURES) for seen in features)
    headings = sum("heading_like" in seen.names for seen in features)
    return sum(signed > share * headings for share in SIGNED_SHARES)


def best_path(page: Potentials) -> list[int]:
    """Index of the state of every line, on the path with the highest total score."""
    score = page.start + page.lines[0]
    everywhere = np.arange(len(score))
    back = []
    for i in range(1, len(page.lines)):
        reached = score[:, None] + page.move(i)
        best = reached.argmax(axis=0)
        back.append(best)
        score = reached[best, everywhere] + page.lines[i]
    path = [int((score + page.end).argmax())]
    for best in reversed(back):
        path.append(int(best[path[-1]]))
    return path[::-1]


@dataclass(frozen=True, slots=True)
class Marginals:
    """Probabilities by the model, 0..1: `states` [lines, states]; `begins` [lines], that an item begins."""

    states: Scores
    begins: Scores


def marginals(page: Potentials) -> Marginals:
    """How probable each state of each line is, over all readings of the page."""
    moves = [np.empty((0, 0)), *(_scaled(page.move(i)) for i in range(1, len(page.lines)))]
    lines = [_scaled(row) for row in page.lines]
    forward = [_unit(_scaled(page.start + page.lines[0]))]
    for i in range(1, len(lines)):
        forward.append(_unit((forward[-1] @ moves[i]) * lines[i]))
    backward = [_unit(_scaled(page.end))]
    for i in range(len(lines) - 1, 0, -1):
        backward.append(_unit(moves[i] @ (lines[i] * backward[-1])))
    backward.reverse()
    begins = np.zeros(len(lines))
    states = np.stack([_unit(f * b) for f, b in zip(forward, backward, strict=True)])
    begins[0] = states[0] @ s.BEGINS_FIRST
    for i in range(1, len(lines)):
        joint = forward[i - 1][:, None] * moves[i] * (lines[i] * backward[i])
        begins[i] = (joint * s.BEGINS).sum() / (joint.sum() or 1.0)
    return Marginals(states, begins)


def _scaled(scores: Scores) -> Scores:
    """Exponentials, the highest of them 1; what is impossible, or forbidden by marks, is as good as 0.

    It is not 0, so that a page remains on which marks ask for the impossible.
    """
    below = scores - scores.max()
    return np.exp(np.where(below < -FORBIDDEN / 2, LEAST[1], np.maximum(below, LEAST[0])))


def _unit(weights: Scores) -> Scores:
    """The weights as shares of their sum; equal shares if all are too small to be told from 0."""
    total = weights.sum()
    return weights / total if total > 0 else np.full_like(weights, 1.0 / len(weights))
