"""The weights as tables over pairs of states, for the inference in `chain`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from embeddings.layout import states as s
from embeddings.layout.states import STATES, State
from embeddings.layout.weights import UNSIGNED_COSTS, Weights, line_terms, move_terms, shipped_weights

Scores = NDArray[np.float64]
NEVER = -1e9


@dataclass(frozen=True, slots=True)
class Tables:
    """float64 throughout: [states] or [states before, states after]; `NEVER` where a move is impossible.

    `moves` holds for ordinary lines, `signing_moves` for lines that name the author themselves.
    `unsigned` and `end_unsigned` are 1 where a story ends that never named its author; what that costs
    is in `unsigned_costs`, by how surely the page names its authors. `seam` is added per unit of seam.
    """

    bias: Scores
    start: Scores
    moves: Scores
    signing_moves: Scores
    unsigned: Scores
    seam: Scores
    end: Scores
    end_unsigned: Scores
    unsigned_costs: tuple[float, ...]
    rows: dict[str, Scores]
    seams: dict[str, float]


@cache
def shipped_tables() -> Tables:
    """Tables of the weights that come with the package."""
    return make_tables(shipped_weights())


def make_tables(weights: Weights) -> Tables:
    """Tables of any weights; what they do not name counts 0."""
    broken_off = weights.get("cost broken_off", 0.0)
    seen = {name.split()[1] for name in weights if name.split()[0] in ("emit", "open", "shut")}
    return Tables(
        bias=np.array([weights.get(f"bias {state.role}", 0.0) for state in STATES]),
        start=np.array([weights.get(f"start {x.role}", 0.0) if s.begins_page(x) else NEVER for x in STATES]),
        moves=_moves(weights, s.may_follow),
        signing_moves=_moves(weights, s.may_follow_signing),
        unsigned=_table(s.leaves_unsigned),
        seam=_table(s.goes_on),
        end=np.array([broken_off if state.open else 0.0 for state in STATES]),
        end_unsigned=np.array([float(not state.signed) for state in STATES]),
        unsigned_costs=tuple(weights.get(f"cost {name}", 0.0) for name in UNSIGNED_COSTS),
        rows={name: _row(weights, name) for name in sorted(seen)},
        seams={name.split()[1]: value for name, value in weights.items() if name.startswith("seam ")},
    )


def _table(value: Callable[[State, State], float]) -> Scores:
    return np.array([[float(value(a, b)) for b in STATES] for a in STATES])


def _moves(weights: Weights, allowed: Callable[[State, State], bool]) -> Scores:
    def score(a: State, b: State) -> float:
        return _sum(weights, move_terms(a, b)) if allowed(a, b) else NEVER

    return _table(score)


def _row(weights: Weights, feature: str) -> Scores:
    return np.array([_sum(weights, line_terms(state, feature)) for state in STATES])


def _sum(weights: Weights, names: Iterable[str]) -> float:
    return sum(weights.get(name, 0.0) for name in names)
