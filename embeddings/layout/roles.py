"""The role of every line: the best reading of the whole page, found with Viterbi's algorithm.

A state is a role and two bits: whether the paragraph is still open (a column or a picture cuts it)
and whether the story has named its author. The bits make far-apart lines agree: a byline at the
end of a story speaks against a headline in its middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from embeddings.layout import states as s
from embeddings.layout import weights as w
from embeddings.layout.features import Features, observe
from embeddings.layout.lines import Line, split_lines
from embeddings.layout.reflow import Seams
from embeddings.layout.weights import Role

ALL = np.arange(len(s.STATES))


@dataclass(frozen=True, slots=True)
class Reading:
    """A line with the role it was given.

    `open`: its sentence goes on further down. `apart`: more blank lines than usual stand before it.
    """

    line: Line
    role: Role
    open: bool
    apart: bool


def read_roles(text: str) -> list[Reading]:
    """Every non-blank line of the page with its role, in order. Linear in the number of lines."""
    lines = split_lines(text)
    if not lines:
        return []
    features = observe(lines)
    seams = Seams(lines, features)
    path = _best_path(features, [seams.score(i) for i in range(len(lines))])
    return [
        Reading(line, s.STATES[k].role, s.STATES[k].open, "wide_gap" in seen)
        for line, seen, k in zip(lines, features, path, strict=True)
    ]


def _best_path(features: Sequence[Features], seams: Sequence[float]) -> list[int]:
    """Index of the state of every line, on the path with the highest total score."""
    unsigned = _unsigned_cost(features)
    moves = s.MOVES + unsigned * s.LEAVES_UNSIGNED
    signing_moves = s.SIGNING_MOVES + unsigned * s.LEAVES_UNSIGNED
    score = s.START + _emission(features[0])
    back = []
    for seen, seam in zip(features[1:], seams[1:], strict=True):
        reached = score[:, None] + (moves if seen.names.isdisjoint(w.SIGNS) else signing_moves)
        reached += seam * s.GOES_ON
        best = reached.argmax(axis=0)
        back.append(best)
        score = reached[best, ALL] + _emission(seen)
    path = [int((score + s.END + unsigned * s.END_UNSIGNED).argmax())]
    for best in reversed(back):
        path.append(int(best[path[-1]]))
    return path[::-1]


def _emission(seen: Features) -> s.Scores:
    """float64, [states]: how well each state fits what is seen of one line."""
    total = s.BIAS.copy()
    for name in seen.names:
        row = s.EMISSIONS.get(name)
        if row is not None:
            total += row
    for name, value in seen.measures.items():
        total += s.EMISSIONS[name] * value
    return total


def _unsigned_cost(features: Sequence[Features]) -> float:
    """Cost of a story without an author, on this page: none where nobody is named at all."""
    signed = sum(not seen.names.isdisjoint(w.SIGNATURES) for seen in features)
    headings = sum("heading_like" in seen.names for seen in features)
    return w.UNSIGNED * min(1.0, signed / max(1.0, w.SIGNED_SHARE * headings))
