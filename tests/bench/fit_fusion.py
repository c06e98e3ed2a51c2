"""Learn the weights of search and second stage: `python -m tests.bench.fit_fusion --out qa/fusion.json`.

A conditional logit: of the candidates of a question, those of a right article are to be the likeliest. Every
set weighs the same, however many questions it has. What is printed for a set was learned from the others
(drcd-dev and cmrc-trial count as one), so that it tells how the weights carry over. The held-out half of
crud-news and our held-out questions take no part.

The span reader has seen most of the public sets in its training; read the figures of the second stage on
crud-news and our own questions.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from embeddings.records import Filters
from embeddings.tokens import Tokenizer
from qa.reranking import READ_AT_MOST, SPAN_SCORE_MAX, SpanReranker
from qa.retrieval import FEATURES, features, hits, look_at, of_both_legs, search_lexically, weighed
from qa.spans import SpanReader
from tests.bench.retrieval_sets import Known, OpenIndex, Sets, spread

Matrix = npt.NDArray[np.float64]

LEARNED_FROM = ("drcd-dev", "cmrc-trial", "crud-a", "own")
# Sets of one kind: none is learned from to judge the other.
KIND = {"drcd-dev": "encyclopedia", "cmrc-trial": "encyclopedia"}
RIDGE = 1e-4
STEPS = 30


@dataclass(frozen=True, slots=True)
class Choice:
    """The candidates of one question: rows [candidates, features], and which are right."""

    rows: Matrix
    right: npt.NDArray[np.bool_]


def main() -> None:
    """Fit, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--indexes", type=Path, default=Path(".cache/eval"))
    parser.add_argument("--precision", default="auto", choices=("auto", "int8", "bfloat16", "float32"))
    parser.add_argument("--sample", type=int, default=1000, help="questions of a set, evenly spread")
    given = parser.parse_args()
    sets = Sets(Path(os.environ.get("SHARED", "../shared")) / "data", given.indexes, given.precision)
    asked = {name: sets.all()[name]() for name in LEARNED_FROM}
    questions = {name: spread(one.questions, given.sample) for name, one in asked.items()}
    index = {name: sets.index(one.index) for name, one in asked.items()}
    first = {name: [_first(index[name], question) for question in questions[name]] for name in LEARNED_FROM}
    weights = _learned(first, "search")
    second = {
        name: [_second(index[name], question, weights) for question in questions[name]]
        for name in LEARNED_FROM
    }
    stored = {
        "weights": dict(zip(FEATURES, _rounded(weights), strict=True)),
        "second_stage": dict(zip(("search", "span"), _rounded(_learned(second, "read")), strict=True)),
    }
    given.out.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


def _learned(choices: dict[str, list[Choice]], stage: str) -> Matrix:
    """The weights of all sets; prints how those of the others do on each."""
    for name, own in choices.items():
        others = [c for other, c in choices.items() if KIND.get(other, other) != KIND.get(name, name)]
        print(f"{stage} {name}: R@1 {_right_first(own, fit(others)):.4f} of {len(own)}, learned elsewhere")
    weights = fit(list(choices.values()))
    shares = ", ".join(f"{name} {_right_first(own, weights):.4f}" for name, own in choices.items())
    print(f"{stage}: {np.round(weights, 3).tolist()} R@1 {shares}", flush=True)
    return weights


def fit(sets: Sequence[Sequence[Choice]]) -> Matrix:
    """Newton's method on the mean log-likelihoods of the sets; questions without a right one are left out."""
    usable = [[c for c in choices if c.right.any() and not c.right.all()] for choices in sets]
    size = usable[0][0].rows.shape[1]
    weights = np.zeros(size)
    for _ in range(STEPS):
        gradient, curvature = -2 * RIDGE * weights, 2 * RIDGE * np.eye(size)
        for choices in usable:
            for choice in choices:
                pull, bend = _slope(choice, weights)
                gradient += pull / len(choices)
                curvature += bend / len(choices)
        step = np.linalg.solve(curvature, gradient)
        weights = weights + step * min(1.0, 5.0 / float(np.abs(step).max() or 1.0))
    return weights


def _slope(choice: Choice, weights: Matrix) -> tuple[Matrix, Matrix]:
    """Gradient of one question's log-likelihood, and a bound of its curvature."""
    scores = choice.rows @ weights
    likely = np.exp(scores - scores.max())
    likely /= likely.sum()
    right = np.where(choice.right, likely, 0.0)
    right /= max(float(right.sum()), 1e-12)
    middle = likely @ choice.rows
    spread_out = choice.rows - middle
    return right @ choice.rows - middle, (spread_out * likely[:, None]).T @ spread_out


def _first(index: OpenIndex, question: Known) -> Choice:
    snapshot = index.snapshot
    leg = search_lexically(snapshot, _tokenizer(index), question.question, Filters())
    found = of_both_legs(snapshot, leg, index.encoder.encode_query(question.question), Filters())
    read = look_at(snapshot, found)
    right = np.array([c.read is not None and c.read[1].id in question.article_ids for c in read], bool)
    return Choice(features(snapshot, leg, found, read), right)


def _second(index: OpenIndex, question: Known, weights: Matrix) -> Choice:
    """The search's score and the best span's of the first hits."""
    snapshot = index.snapshot
    leg = search_lexically(snapshot, _tokenizer(index), question.question, Filters())
    found = of_both_legs(snapshot, leg, index.encoder.encode_query(question.question), Filters())
    read = look_at(snapshot, found)
    best = hits(snapshot, weighed(found, read, features(snapshot, leg, found, read) @ weights), READ_AT_MOST)
    texts = [f"{hit.article.headline}\n{hit.passage.text}" for hit in best]
    scores = SpanReranker(_reader(index)).scores(question.question, texts)
    bounded = np.clip(scores, -SPAN_SCORE_MAX, SPAN_SCORE_MAX) / 10
    rows = np.column_stack([[hit.score for hit in best], bounded])
    return Choice(rows, np.array([hit.article.id in question.article_ids for hit in best], bool))


_READERS: dict[Path, SpanReader] = {}
_TOKENIZERS: dict[Path, Tokenizer] = {}


def _reader(index: OpenIndex) -> SpanReader:
    return _READERS.setdefault(index.settings.cache, SpanReader(index.settings.cache))


def _tokenizer(index: OpenIndex) -> Tokenizer:
    folder = index.settings.cache / "jieba"
    return _TOKENIZERS.setdefault(folder, Tokenizer(folder))


def _right_first(choices: Sequence[Choice], weights: Matrix) -> float:
    return float(np.mean([len(c.right) > 0 and c.right[np.argmax(c.rows @ weights)] for c in choices]))


def _rounded(weights: Matrix) -> list[float]:
    return [round(float(weight), 3) for weight in weights]


if __name__ == "__main__":
    main()
