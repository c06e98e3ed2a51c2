"""The best reading and the probabilities, against all readings counted out one by one."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.layout import roles
from embeddings.layout import states as s
from embeddings.layout.chain import SIGNS, best_path, marginals, names_authors, potentials
from embeddings.layout.features import Features
from embeddings.layout.roles import FIRST, FOLLOWS, TEXTS, Role
from embeddings.layout.states import STATES
from embeddings.layout.tables import make_tables
from embeddings.layout.weights import Weights, line_terms, move_terms

NAMES = ("lead", "heading_like", "names_at_end", "ends_stop", "long")
MEASURES = ("continuity", "kinship")
SEAMS = ("mid_sentence", "opener")
Mask = NDArray[np.bool_]


def random_weights(chance: random.Random) -> dict[str, float]:
    """A small weight for every name that can be asked for."""
    names = {term for state in STATES for name in (*NAMES, *MEASURES) for term in line_terms(state, name)}
    names |= {term for a in STATES for b in STATES for term in move_terms(a, b)}
    names |= {f"bias {role}" for role in Role} | {f"start {role}" for role in FIRST}
    names |= {f"cost unsigned_{k}" for k in range(5)} | {f"seam {name}" for name in SEAMS}
    return {name: chance.uniform(-1.5, 1.5) for name in sorted(names)}


def random_line(chance: random.Random) -> Features:
    """A line of which some things are seen."""
    names = frozenset(name for name in NAMES if chance.random() < 0.4)
    measures = {name: chance.uniform(-1, 1) for name in MEASURES if chance.random() < 0.5}
    return Features(names, measures, frozenset(name for name in SEAMS if chance.random() < 0.4))


@dataclass(frozen=True, slots=True)
class Case:
    """A page of three or four lines whose readings are few enough to count out."""

    weights: Weights
    lines: Sequence[Features]
    choices: Sequence[Sequence[int]]
    forced: Sequence[bool | None]

    @property
    def masks(self) -> list[Mask]:
        """The choices as `potentials` takes them."""
        return [np.isin(np.arange(len(STATES)), chosen) for chosen in self.choices]

    def readings(self) -> dict[tuple[int, ...], float]:
        """Every reading that the grammar and the marks allow, with its score."""
        found = {path: self.score(path) for path in itertools.product(*self.choices)}
        return {path: score for path, score in found.items() if score is not None}

    def score(self, path: tuple[int, ...]) -> float | None:
        """Sum of the weights of all that holds in a reading, None where it is no reading."""
        states = [STATES[k] for k in path]
        if not s.begins_page(states[0]):
            return None
        unsigned = self.weights[f"cost unsigned_{names_authors(self.lines)}"]
        total = self.weights.get(f"start {states[0].role}", 0.0)
        total += sum(self._line(state, seen) for state, seen in zip(states, self.lines, strict=True))
        for i, (a, b) in enumerate(itertools.pairwise(states), 1):
            may_follow = s.may_follow_signing if self.lines[i].names & SIGNS else s.may_follow
            if not may_follow(a, b) or self.forced[i] not in (None, roles.begins(b.role, a.role)):
                return None
            total += sum(self.weights.get(term, 0.0) for term in move_terms(a, b))
            total += unsigned * s.leaves_unsigned(a, b)
            total += s.goes_on(a, b) * sum(self.weights[f"seam {name}"] for name in self.lines[i].seams)
        total += unsigned * (not states[-1].signed)
        return total + self.weights["cost broken_off"] * states[-1].open

    def _line(self, state: s.State, seen: Features) -> float:
        values = dict.fromkeys(seen.names, 1.0) | seen.measures
        evidence = sum(
            value * self.weights.get(term, 0.0)
            for name, value in values.items()
            for term in line_terms(state, name)
        )
        return self.weights[f"bias {state.role}"] + evidence


def random_case(seed: int) -> Case:
    """A page that has at least one reading: a walk through the grammar, with other states beside it."""
    chance = random.Random(seed)
    lines = [random_line(chance) for _ in range(chance.choice((3, 4)))]
    walk = [chance.choice([k for k, state in enumerate(STATES) if s.begins_page(state)])]
    while len(walk) < len(lines):
        walk.append(chance.choice([k for k, b in enumerate(STATES) if s.may_follow(STATES[walk[-1]], b)]))
    choices = [sorted({k, *chance.sample(range(len(STATES)), 9)}) for k in walk]
    begun = [True, *(roles.begins(STATES[b].role, STATES[a].role) for a, b in itertools.pairwise(walk))]
    forced: list[bool | None] = [x if i and chance.random() < 0.3 else None for i, x in enumerate(begun)]
    return Case(random_weights(chance), lines, choices, forced)


SEEDS = range(40)


@pytest.mark.parametrize("seed", SEEDS)
def test_best_path_is_the_reading_with_the_highest_score(seed: int) -> None:
    case = random_case(seed)
    readings = case.readings()
    page = potentials(make_tables(case.weights), case.lines, case.masks, case.forced)
    path = tuple(best_path(page))
    assert path in readings
    assert readings[path] == pytest.approx(max(readings.values()))


@pytest.mark.parametrize("seed", SEEDS)
def test_marginals_are_shares_of_all_readings(seed: int) -> None:
    case = random_case(seed)
    readings = {path: math.exp(score) for path, score in case.readings().items()}
    total = sum(readings.values())
    states = np.zeros((len(case.lines), len(STATES)))
    begins = np.zeros(len(case.lines))
    for path, weight in readings.items():
        for i, k in enumerate(path):
            before = STATES[path[i - 1]].role if i else None
            states[i, k] += weight / total
            begins[i] += weight / total * roles.begins(STATES[k].role, before)
    page = potentials(make_tables(case.weights), case.lines, case.masks, case.forced)
    found = marginals(page)
    assert found.states == pytest.approx(states, abs=1e-7)
    assert found.begins == pytest.approx(begins, abs=1e-7)


def test_cases_have_many_readings() -> None:
    counts = [len(random_case(seed).readings()) for seed in SEEDS]
    assert min(counts) >= 1
    assert sum(count >= 5 for count in counts) >= len(counts) // 2


@pytest.mark.parametrize("begins", [True, False])
@pytest.mark.parametrize("line", [1, 2, 3])
def test_marginals_are_certain_where_a_begin_is_forced(line: int, begins: bool) -> None:
    chance = random.Random(line)
    lines = [random_line(chance) for _ in range(4)]
    forced: list[bool | None] = [None] * 4
    forced[line] = begins
    page = potentials(make_tables(random_weights(chance)), lines, [None] * 4, forced)
    path = [STATES[k].role for k in best_path(page)]
    assert roles.begins(path[line], path[line - 1]) is begins
    assert marginals(page).begins[line] == pytest.approx(float(begins), abs=1e-9)


def only(role: Role) -> Mask:
    """The states of one role."""
    return np.array([state.role is role for state in STATES])


def test_best_path_does_what_marks_say_where_the_grammar_forbids_it() -> None:
    chance = random.Random(3)
    lines = [random_line(chance) for _ in range(3)]
    masks = [only(Role.KICKER), only(Role.SUBTITLE), only(Role.BODY)]
    page = potentials(make_tables(random_weights(chance)), lines, masks, [None] * 3)
    # A kicker has a headline after it, says the grammar.
    assert [STATES[k].role for k in best_path(page)] == [Role.KICKER, Role.SUBTITLE, Role.BODY]


@pytest.mark.parametrize(
    "roles_marked",
    [
        (Role.SUBTITLE, Role.BODY, Role.BODY),
        (Role.HEADLINE, Role.BODY, Role.SUBHEAD),
        # A kicker has a headline after it, says the grammar.
        (Role.KICKER, Role.SUBTITLE, Role.BODY),
    ],
)
def test_marginals_give_marked_lines_their_roles(roles_marked: tuple[Role, ...]) -> None:
    chance = random.Random(3)
    lines = [random_line(chance) for _ in range(3)]
    masks = [only(role) for role in roles_marked]
    page = potentials(make_tables(random_weights(chance)), lines, masks, [None] * 3)
    found = [float(row @ mask) for row, mask in zip(marginals(page).states, masks, strict=True)]
    assert found == pytest.approx([1.0, 1.0, 1.0])


def test_marginals_stay_probabilities_where_marks_leave_no_way() -> None:
    chance = random.Random(4)
    lines = [random_line(chance) for _ in range(4)]
    masks = [only(Role.KICKER), only(Role.SUBTITLE), np.zeros(len(STATES), bool), only(Role.PHOTO_CREDIT)]
    forced = [None, True, False, True]
    found = marginals(potentials(make_tables(random_weights(chance)), lines, masks, forced))
    assert np.isfinite(found.states).all()
    assert found.states.sum(axis=1) == pytest.approx(np.ones(4))
    assert np.all((found.begins >= 0) & (found.begins <= 1 + 1e-9))


@pytest.mark.parametrize("scale", [0.0, 1.0, 40.0, 400.0])
def test_marginals_stay_probabilities_on_a_long_page_and_under_heavy_weights(scale: float) -> None:
    chance = random.Random(5)
    lines = [random_line(chance) for _ in range(500)]
    weights = {name: scale * value for name, value in random_weights(chance).items()}
    found = marginals(potentials(make_tables(weights), lines, [None] * 500, [None] * 500))
    assert np.isfinite(found.states).all()
    assert found.states.sum(axis=1) == pytest.approx(np.ones(500))
    assert np.all((found.begins >= 0) & (found.begins <= 1 + 1e-9))


def test_best_path_reads_a_page_of_one_line() -> None:
    seen = Features(frozenset(("long",)), {}, frozenset())
    page = potentials(make_tables({"emit long untitled": 2.0}), [seen], [None], [None])
    assert STATES[best_path(page)[0]].role is Role.UNTITLED
    assert marginals(page).begins[0] > 0.5


@pytest.mark.parametrize(
    ("signed", "headings", "level"),
    [(0, 5, 0), (0, 0, 0), (1, 10, 1), (3, 10, 2), (4, 10, 3), (6, 10, 4), (2, 0, 4)],
)
def test_names_authors_counts_authors_against_headings(signed: int, headings: int, level: int) -> None:
    nothing: dict[str, float] = {}
    lines = [Features(frozenset(("byline",)), nothing, frozenset())] * signed
    lines += [Features(frozenset(("heading_like",)), nothing, frozenset())] * headings
    assert names_authors(lines) == level


def test_potentials_take_a_line_that_names_its_author_for_signed() -> None:
    """`…。(甲 乙)` signs its story: body may be signed after body that is not, on such a line only."""
    weights = {"bias body": 5.0, "cost unsigned_4": -9.0}
    plain = Features(frozenset(), {}, frozenset())
    signing = Features(frozenset(("names_at_end",)), {}, frozenset())
    masks = [only(Role.HEADLINE), only(Role.BODY), only(Role.BODY)]
    ends = {}
    for name, last in (("plain", plain), ("signing", signing)):
        page = potentials(make_tables(weights), [plain, plain, last], masks, [None] * 3)
        ends[name] = STATES[best_path(page)[-1]].signed
    assert ends == {"plain": False, "signing": True}


def test_texts_may_be_open_and_headings_never() -> None:
    assert {state.role for state in STATES if state.open} >= set(TEXTS)
    assert not {state.role for state in STATES if state.open} & set(roles.HEADS)
    assert set(FOLLOWS) == set(Role)
