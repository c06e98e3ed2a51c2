"""The scores of the layout model: read from `weights.json`, one number for each name.

The score of a reading of a page is the sum of the weights of all that holds in it (a linear-chain
conditional random field: Lafferty, McCallum and Pereira 2001), so units are those of a log-odds.
`make fit-pages` learns the file from marked pages.

    bias     role             of every line read as that role
    start    role             of the role of the first line
    emit     feature, role    where the feature holds at a line of that role (a measure counts by its value)
    open     feature          where the text of the line goes on further down; `shut`: where it ends here
    move     role, role       of a role after another
    beside   role             of a picture or page furniture that stands in the middle of a sentence
    seam     feature          where a line goes on with the sentence that was left open, less where not
    cost     name             `resume` (an open sentence goes on), `broken_off` (it never does),
                              `signed_twice` (a story names its author again at its end), `unsigned_0` to
                              `unsigned_4` (it never does, on a page that names nobody, …, everybody)
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from embeddings.layout import states as s
from embeddings.layout.roles import TEXTS
from embeddings.layout.states import State

FILE = "weights.json"
UNSIGNED_COSTS = tuple(f"unsigned_{k}" for k in range(5))
Weights = Mapping[str, float]


@cache
def shipped_weights() -> Weights:
    """The weights that come with the package."""
    return flatten(json.loads(files(__package__).joinpath(FILE).read_text("utf-8"))["weights"])


def flatten(nested: Mapping[str, object], above: str = "") -> dict[str, float]:
    """`{"emit": {"lead": {"body": 1}}}` as `{"emit lead body": 1.0}`; groups are left at their first name."""
    flat: dict[str, float] = {}
    for name, value in nested.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{above}{name} ")
        elif isinstance(value, int | float):
            flat[f"{above}{name}"] = float(value)
    return flat


def move_terms(a: State, b: State) -> Iterator[str]:
    """Names of the weights that add up to the score of `b` after `a`, where it may follow."""
    if a.open and s.resumes(b):
        yield "cost resume"
    elif s.holds_open(a, b):
        yield f"beside {b.role}"
    else:
        yield f"move {a.role} {b.role}"
    if s.breaks_off(a, b):
        yield "cost broken_off"
    if s.signs_again(a, b):
        yield "cost signed_twice"


def line_terms(state: State, feature: str) -> Iterator[str]:
    """Names of the weights that a feature of a line adds to a state."""
    yield f"emit {feature} {state.role}"
    if state.role in TEXTS:
        yield f"{'open' if state.open else 'shut'} {feature}"
