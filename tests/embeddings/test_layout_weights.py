"""The weights and their tables: names, nesting, and no weight that nothing asks for."""

from __future__ import annotations

import json
import math
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from embeddings.layout import features as f
from embeddings.layout import shapes
from embeddings.layout import states as s
from embeddings.layout.features import observe
from embeddings.layout.lines import split_lines
from embeddings.layout.reflow import seam
from embeddings.layout.roles import Role
from embeddings.layout.states import STATES, State
from embeddings.layout.tables import NEVER, make_tables
from embeddings.layout.weights import (
    FILE,
    UNSIGNED_COSTS,
    flatten,
    line_terms,
    move_terms,
    shipped_weights,
)
from tests.embeddings.damaged_pages import made_page, marked_pages

R = Role
SEEDS = Path(__file__).parents[2] / "seeds"
ENDINGS = "stop exclaim comma colon semicolon plain".split()
SETTINGS = (
    "first last wide_gap wide_gap_after cuts_in tight indented flush full_line short_line long_line"
    " heading_like size_small size_body size_large size_huge".split()
)


def test_flatten_joins_the_names_of_groups() -> None:
    nested = {"emit": {"lead": {"body": 1, "note": -2.5}}, "cost": {"resume": 0}, "about": "text"}
    assert flatten(nested) == {"emit lead body": 1.0, "emit lead note": -2.5, "cost resume": 0.0}


def test_flatten_of_nothing_is_empty() -> None:
    assert flatten({}) == {}


def test_shipped_weights_are_finite_numbers_of_moderate_size() -> None:
    assert shipped_weights()
    assert all(math.isfinite(value) and abs(value) < 100 for value in shipped_weights().values())


def state(role: Role, *bits: str) -> State:
    """A state by its role and the bits that are set."""
    return State(role, "open" in bits, "signed" in bits)


@pytest.mark.parametrize(
    ("a", "b", "terms"),
    [
        (state(R.BODY), state(R.HEADLINE), {"move body headline"}),
        (state(R.BODY, "open"), state(R.BODY), {"cost resume"}),
        (state(R.BODY, "open"), state(R.CAPTION, "open"), {"beside caption"}),
        (state(R.BODY, "open"), state(R.HEADLINE), {"move body headline", "cost broken_off"}),
        (
            state(R.BODY, "signed"),
            state(R.END_BYLINE, "signed"),
            {"move body end_byline", "cost signed_twice"},
        ),
    ],
)
def test_move_terms_names_what_a_move_costs(a: State, b: State, terms: set[str]) -> None:
    assert set(move_terms(a, b)) == terms


@pytest.mark.parametrize(
    ("at", "terms"),
    [
        (state(R.HEADLINE), {"emit long headline"}),
        (state(R.BODY), {"emit long body", "shut long"}),
        (state(R.BODY, "open"), {"emit long body", "open long"}),
        (state(R.CAPTION, "open"), {"emit long caption"}),
    ],
)
def test_line_terms_names_what_a_feature_gives(at: State, terms: set[str]) -> None:
    assert set(line_terms(at, "long")) == terms


def test_make_tables_puts_each_weight_in_its_place() -> None:
    tables = make_tables({"emit long body": 2.0, "open long": -1.0, "move body body": 3.0, "bias body": 0.5})
    body, body_open = STATES.index(state(R.BODY)), STATES.index(state(R.BODY, "open"))
    assert tables.rows["long"][body] == 2.0
    assert tables.rows["long"][body_open] == 1.0
    assert tables.moves[body, body] == 3.0
    assert tables.moves[body_open, body] == 0.0
    assert tables.moves[body, STATES.index(state(R.HEADLINE_MORE))] == NEVER
    assert tables.bias[body] == 0.5
    assert np.count_nonzero(tables.bias) == sum(x.role is R.BODY for x in STATES)


@cache
def feature_names() -> frozenset[str]:
    """Every name that `observe` can give: those written down in `features`, and those seen on pages."""
    names = (
        {name for name, _ in shapes.SHAPES} | {name for _, name in shapes.LENGTHS} | {"chars>90", "length>90"}
    )
    names |= {f"ends_{ending}" for ending in ENDINGS} | {f"length<={k}" for k in shapes.STEPS}
    names |= {f"{side}:{name}" for side in ("before", "after", "beyond") for name in f.SEEN_BESIDE}
    names |= {f"texts_{side}={k}" for side in ("before", "after") for k in range(f.MAX_STRETCH + 1)}
    texts = [page.page.text for page in (*marked_pages(), *(made_page(k) for k in range(20)))]
    texts += [path.read_text("utf-8") for path in SEEDS.rglob("*.txt")]
    for text in texts:
        for seen in observe(split_lines(text)):
            names |= seen.names | set(seen.measures)
    return frozenset(names | set(SETTINGS))


def test_shipped_weights_of_lines_name_features_that_can_be_seen() -> None:
    asked = {term for x in STATES for name in feature_names() for term in line_terms(x, name)}
    given = {name for name in shipped_weights() if name.split()[0] in ("emit", "open", "shut")}
    assert given
    assert sorted(given - asked) == []


def test_shipped_weights_of_moves_name_moves_that_can_be_made() -> None:
    moves = {term for a in STATES for b in STATES if s.may_follow_signing(a, b) for term in move_terms(a, b)}
    starts = {f"start {x.role}" for x in STATES if s.begins_page(x)}
    biases = {f"bias {role}" for role in Role}
    costs = {f"cost {name}" for name in UNSIGNED_COSTS}
    given = {n for n in shipped_weights() if n.split()[0] not in ("emit", "open", "shut", "seam")}
    assert given
    assert sorted(given - moves - starts - biases - costs) == []


def test_shipped_weights_of_seams_name_evidence_that_can_be_found() -> None:
    found = {"indented", "flush"}
    for left, right in (
        ("街坊都来", ",道贺"),
        ("他说:“店", "好”,"),
        ("共13", "0位"),
        ("姓Bal", "zac"),
        ("开面", "馆"),
        ("好", "据介绍,"),
        ("好", "●面"),
        ("好", "“面"),
    ):
        found |= seam(left, right, {"面馆"})
    given = {name.split()[1] for name in shipped_weights() if name.startswith("seam ")}
    assert given
    assert given <= found


def test_the_shipped_file_holds_nothing_but_a_note_and_numbers() -> None:
    document = json.loads(files("embeddings.layout").joinpath(FILE).read_text("utf-8"))
    assert set(document) == {"about", "weights"}
    assert all(
        len(name.split()) == (3 if name.startswith(("emit", "move")) else 2) for name in shipped_weights()
    )
