"""The model that is learned is the model that reads: probabilities in torch and in `chain` agree."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import logsumexp

from embeddings.layout.chain import Potentials, potentials
from embeddings.layout.tables import make_tables
from embeddings.layout.weights import flatten
from tests.bench.marked import read_marked
from tests.bench.page_field import Batch, Example, Model, example, fit

TESTS = Path(__file__).parents[1]
PRIOR = flatten(json.loads((TESTS / "bench" / "layout_prior.json").read_text("utf-8")))


def page(name: str) -> Example:
    """A marked page, ready to learn from."""
    return example(read_marked(TESTS / "data" / "marked" / f"{name}.page"))


def log_sum(scores: Potentials) -> float:
    """Log of the sum over all readings, the plain way."""
    total = scores.start + scores.lines[0]
    for i in range(1, len(scores.lines)):
        total = logsumexp(total[:, None] + scores.move(i), axis=0) + scores.lines[i]
    return float(logsumexp(total + scores.end))


@pytest.mark.parametrize("name", ["a01", "b07"])
def test_loss_is_the_log_probability_that_chain_gives_the_marks(name: str) -> None:
    marked = page(name)
    model = Model([marked], PRIOR)
    tables = make_tables(model.to_weights(model.prior, digits=9))
    count = len(marked.features)
    free = potentials(tables, marked.features, [None] * count, [None] * count)
    held = potentials(tables, marked.features, list(marked.allowed), list(marked.begins))
    expected = log_sum(free) - log_sum(held)
    with torch.no_grad():
        loss = float(Batch(model, [marked]).loss(model.prior)[0])
    assert np.isfinite(expected)
    assert loss == pytest.approx(expected, rel=1e-6)


def test_fit_makes_the_marks_more_probable() -> None:
    marked = page("a01")
    model = Model([marked], PRIOR)
    weights = fit([marked], PRIOR, strength=1.0, steps=5)
    vector = torch.tensor([weights.get(name, 0.0) for name in model.names], dtype=torch.float64)
    with torch.no_grad():
        before, after = (float(Batch(model, [marked]).loss(v)[0]) for v in (model.prior, vector))
    assert after < before / 2
