"""The layout model as torch sees it: the probability of a page's marks, and weights that make it high.

A conditional random field over `embeddings.layout.states`. Where gold leaves a role open, the probability is
the sum over all readings that agree with it. Sums run forward over the page in exponentials, scaled line
by line; a test holds that they agree with `embeddings.layout.chain`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from embeddings.layout import states as s
from embeddings.layout import weights as w
from embeddings.layout.chain import SIGNS, names_authors
from embeddings.layout.features import Features, observe
from embeddings.layout.lines import split_lines
from embeddings.layout.marks import EDITORS_ROLES
from embeddings.layout.roles import BESIDE_TEXT, FIRST, FOLLOWS, TEXTS, Role
from embeddings.layout.states import STATES
from tests.bench.marked import MarkedPage

ROLES = tuple(Role)
R = Role
COSTS = ("resume", "broken_off", "signed_twice", *w.UNSIGNED_COSTS)
SEAMS = (
    "mid_sentence closes_quote unit_after_digit latin known_pair opener list_mark quote_opens indented flush"
).split()


@dataclass(frozen=True, slots=True)
class Example:
    """A page ready to learn from: features of its lines, and the states [lines, states] the marks allow."""

    name: str
    features: list[Features]
    allowed: np.ndarray[Any, np.dtype[np.bool_]]
    begins: list[bool]


def example(marked: MarkedPage) -> Example:
    """The page with what its marks say of each line."""
    page = marked.page
    features = observe(split_lines(page.text), page.sizes)
    begins = marked.begins()
    allowed = np.array([[_allows(marked, i, state) for state in STATES] for i in range(len(marked.lines))])
    return Example(marked.name, features, allowed, begins)


def _allows(marked: MarkedPage, i: int, state: s.State) -> bool:
    line = marked.lines[i]
    words = {"caption", "credit"} if {"caption", "credit"} & set(line.roles) else set(line.roles)
    if not any(state.role in EDITORS_ROLES[word] for word in words):
        return False
    if line.open is not None and state.role in TEXTS and state.open != line.open:
        return False
    return line.item is None or _fits_kind(marked, line.item, state.role)


def _fits_kind(marked: MarkedPage, item: int, role: Role) -> bool:
    """Whether the kind of the item agrees with the role; a titled brief may pass for an article."""
    kind = marked.items[item].kind
    titled = any("headline" in line.roles for line in marked.of_item(item))
    if role in (R.PHOTO, R.PHOTO_MORE, R.PHOTO_CREDIT):
        return kind in ("photo", "")
    if role is R.UNTITLED:
        return kind != "brief" and not titled
    if role in (R.BRIEF, R.BRIEF_HEADLINE):
        return kind == "brief" or (titled and kind == "")
    return True


class Model:
    """The parameters as one vector, and their tables as torch tensors (float64)."""

    def __init__(self, examples: Sequence[Example], prior: w.Weights) -> None:
        seen = {name for page in examples for line in page.features for name in (*line.names, *line.measures)}
        self.features = sorted(seen | {key.split()[1] for key in prior if key.startswith("emit ")})
        moves = [f"move {a} {b}" for a, after in FOLLOWS.items() for b in after]
        self.names = [
            *(f"bias {role}" for role in ROLES),
            *(f"start {role}" for role in FIRST),
            *(f"emit {feature} {role}" for feature in self.features for role in ROLES),
            *(f"open {feature}" for feature in self.features),
            *(f"shut {feature}" for feature in self.features),
            *moves,
            *(f"beside {role}" for role in BESIDE_TEXT),
            *(f"seam {name}" for name in SEAMS),
            *(f"cost {name}" for name in COSTS),
        ]
        self.place = {name: k for k, name in enumerate(self.names)}
        self.prior = torch.tensor([prior.get(name, 0.0) for name in self.names], dtype=torch.float64)
        self._follow = self._moves(s.may_follow)
        self._follow_signing = self._moves(s.may_follow_signing)
        self._begins = torch.tensor(s.BEGINS, dtype=torch.float64)
        self._leaves = self._pairs(s.leaves_unsigned)
        self._goes_on = self._pairs(s.goes_on)
        self._open = torch.tensor([float(x.open) for x in STATES], dtype=torch.float64)
        self._unsigned = torch.tensor([float(not x.signed) for x in STATES], dtype=torch.float64)
        self._role = torch.tensor([ROLES.index(x.role) for x in STATES])
        self._text = torch.tensor([x.role in TEXTS for x in STATES])

    @staticmethod
    def _pairs(value: Callable[[s.State, s.State], float]) -> Tensor:
        return torch.tensor([[float(value(a, b)) for b in STATES] for a in STATES], dtype=torch.float64)

    def _moves(self, allowed: Callable[[s.State, s.State], bool]) -> tuple[Tensor, Tensor]:
        """Places in the vector of the terms of each move, [states, states, 3], and the mask.

        The last place means nothing.
        """
        nothing = len(self.names)
        table = np.full((len(STATES), len(STATES), 3), nothing)
        mask = np.zeros((len(STATES), len(STATES)))
        for i, a in enumerate(STATES):
            for j, b in enumerate(STATES):
                if allowed(a, b):
                    mask[i, j] = 1.0
                    for k, name in enumerate(w.move_terms(a, b)):
                        table[i, j, k] = self.place.get(name, nothing)
        return torch.tensor(table), torch.tensor(mask)

    def _block(self, vector: Tensor, first: str, count: int) -> Tensor:
        start = self.place[first]
        return vector[start : start + count]

    def lines(self, vector: Tensor, matrix: Tensor) -> Tensor:
        """[lines, states] scores of lines with features `matrix` [lines, features]."""
        n = len(self.features)
        emit = self._block(vector, f"emit {self.features[0]} {ROLES[0]}", n * len(ROLES)).view(n, len(ROLES))
        by_role = matrix @ emit + vector[: len(ROLES)]
        opened = matrix @ self._block(vector, f"open {self.features[0]}", n)
        shut = matrix @ self._block(vector, f"shut {self.features[0]}", n)
        ending = torch.where(self._open.bool(), opened[:, None], shut[:, None])
        return by_role[:, self._role] + torch.where(self._text, ending, torch.zeros(()).double())

    def start(self, vector: Tensor) -> Tensor:
        """[states]: exponentials of the scores of the first line's states."""
        scores = [
            vector[self.place[f"start {x.role}"]].exp()
            if s.begins_page(x)
            else torch.zeros((), dtype=torch.float64)
            for x in STATES
        ]
        return torch.stack(scores)

    def kinds_of_move(self, vector: Tensor) -> tuple[Tensor, Tensor]:
        """Exponentials of moves, split by what else multiplies them (see `_factors`).

        [20, states, states] by whether an item begins too, and [10, states, states] whether or not it does.
        """
        padded = torch.cat((vector, torch.zeros(1, dtype=torch.float64)))
        leaves, goes = self._leaves, self._goes_on
        split = (
            (1 - leaves) * (goes == 0),
            leaves * (goes == 0),
            (1 - leaves) * (goes > 0),
            (1 - leaves) * (goes < 0),
            leaves * (goes < 0),
        )
        by_start, whole = [], []
        for table, mask in (self._follow, self._follow_signing):
            moves = padded[table].sum(-1).exp() * mask
            whole += [moves * part for part in split]
            for begins in (1 - self._begins, self._begins):
                by_start += [moves * begins * part for part in split]
        return torch.stack(by_start), torch.stack(whole)

    def end(self, vector: Tensor, unsigned: Tensor) -> Tensor:
        """[pages, states]: exponentials of the cost to end there; `unsigned` [pages]: an unsigned story."""
        broken = vector[self.place["cost broken_off"]] * self._open
        return (broken + unsigned[:, None] * self._unsigned).exp()

    def to_weights(self, vector: Tensor, digits: int = 3) -> dict[str, float]:
        """The vector as named weights, those that round to nothing left out."""
        rounded = {name: round(float(x), digits) for name, x in zip(self.names, vector, strict=True)}
        return {
            name: x for name, x in rounded.items() if x or name.startswith(("move", "start", "bias", "cost"))
        }


class Batch:
    """Pages padded to one length, with everything about them that does not depend on the weights."""

    def __init__(self, model: Model, examples: Sequence[Example]) -> None:
        self.model = model
        self.examples = examples
        longest = max(len(page.features) for page in examples)
        shape = (len(examples), longest)
        place = {name: k for k, name in enumerate(model.features)}
        self.matrix = torch.zeros((*shape, len(place)), dtype=torch.float64)
        self.seams = torch.zeros((*shape, len(SEAMS)), dtype=torch.float64)
        self.allowed = torch.zeros((*shape, len(STATES)), dtype=torch.float64)
        self.begins = torch.zeros(shape, dtype=torch.float64)
        self.signing = torch.zeros(shape, dtype=torch.float64)
        self.lengths = [len(page.features) for page in examples]
        self.authors = torch.tensor([names_authors(page.features) for page in examples])
        for p, page in enumerate(examples):
            self.allowed[p, : len(page.features)] = torch.tensor(page.allowed, dtype=torch.float64)
            for i, seen in enumerate(page.features):
                for name in seen.names:
                    self.matrix[p, i, place[name]] = 1.0
                for name, value in seen.measures.items():
                    self.matrix[p, i, place[name]] = value
                for name in seen.seams:
                    self.seams[p, i, SEAMS.index(name)] = 1.0
                self.begins[p, i] = float(page.begins[i])
                self.signing[p, i] = float(not seen.names.isdisjoint(SIGNS))

    def loss(self, vector: Tensor) -> Tensor:
        """[pages]: -log of the probability of the marks."""
        model = self.model
        pages, longest = self.begins.shape
        scores = model.lines(vector, self.matrix.view(-1, len(model.features))).view(pages, longest, -1)
        scores = (scores - scores.max(-1, keepdim=True).values).exp()
        seam = self.seams @ model._block(vector, f"seam {SEAMS[0]}", len(SEAMS))
        split, whole = model.kinds_of_move(vector)
        unsigned = model._block(vector, f"cost {w.UNSIGNED_COSTS[0]}", len(w.UNSIGNED_COSTS))[self.authors]
        end = model.end(vector, unsigned)
        leave = unsigned.exp()
        free = self._forward(scores, whole, seam, leave, end, model.start(vector), constrained=False)
        held = self._forward(scores, split, seam, leave, end, model.start(vector), constrained=True)
        return free - held

    def _forward(
        self,
        scores: Tensor,
        moves: Tensor,
        seam: Tensor,
        leave: Tensor,
        end: Tensor,
        start: Tensor,
        *,
        constrained: bool,
    ) -> Tensor:
        """[pages]: log of the sum over all readings (or those the marks allow)."""
        pages, longest = self.begins.shape
        flat = moves.permute(1, 0, 2).reshape(len(STATES), -1)
        alpha = start * scores[:, 0] * (self.allowed[:, 0] if constrained else 1.0)
        total = torch.zeros(pages, dtype=torch.float64)
        result = [torch.zeros((), dtype=torch.float64)] * pages
        for i in range(longest):
            if i:
                step = (alpha @ flat).view(pages, len(moves), -1)
                alpha = (
                    torch.einsum("pks,pk->ps", step, self._factors(i, seam, leave, constrained))
                    * scores[:, i]
                )
                if constrained:
                    alpha = alpha * self.allowed[:, i]
            size = alpha.sum(-1).clamp_min(1e-300)
            total = total + size.log()
            alpha = alpha / size[:, None]
            for p in range(pages):
                if self.lengths[p] == i + 1:
                    result[p] = total[p] + (alpha[p] @ end[p]).clamp_min(1e-300).log()
        return torch.stack(result)

    def _factors(self, i: int, seam: Tensor, leave: Tensor, constrained: bool) -> Tensor:
        """[pages, 20 or 10]: what multiplies each kind of move into line `i`."""
        up, down = seam[:, i].exp(), (-seam[:, i]).exp()
        five = torch.stack((torch.ones_like(up), leave, up, down, down * leave), 1)
        begins = self.begins[:, i]
        wanted = (1 - begins, begins) if constrained else (torch.ones_like(begins),)
        signs = (1 - self.signing[:, i], self.signing[:, i])
        return torch.cat([(sign * start)[:, None] * five for sign in signs for start in wanted], 1)


def fit(examples: Sequence[Example], prior: w.Weights, strength: float, steps: int) -> dict[str, float]:
    """Weights that make the marks of the examples probable, not further from `prior` than they pay for."""
    model = Model(examples, prior)
    batch = Batch(model, examples)
    impossible = [e.name for e, loss in zip(examples, batch.loss(model.prior), strict=True) if loss > 500]
    if impossible:
        print("marks that the grammar cannot read:", *impossible)

    def objective(x: np.ndarray[Any, Any]) -> tuple[float, np.ndarray[Any, Any]]:
        vector = torch.tensor(x, requires_grad=True)
        loss = batch.loss(vector).clamp_max(600.0).sum() + strength / 2 * ((vector - model.prior) ** 2).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        assert vector.grad is not None
        return float(loss.detach()), vector.grad.numpy()

    found = minimize(
        objective, model.prior.numpy(), jac=True, method="L-BFGS-B", options={"maxiter": steps, "maxcor": 20}
    )
    before = objective(model.prior.numpy())[0]
    print(f"loss {before:.1f} -> {found.fun:.1f} in {found.nit} steps, {len(model.names)} weights")
    return model.to_weights(torch.tensor(found.x))
