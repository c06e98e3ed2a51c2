"""Learn the reading's weights: `python -m tests.bench.fit_reading DATA QUESTIONS... --out qa/reading.json`.

DATA is an index of the articles that the questions are about (built by `wenbao build --data`). Each
question is asked twice: as it is, and with the sentences that hold its answer taken away, so that the
weights also learn what "close, but not there" looks like. A second fit over whole questions sets the
scale: a probability of 0.5 for the best sentence means that half of such questions are answered by it.
With `--held-out SPANS`, only questions are used whose context the span reader was not trained on: on those
that it was, its scores would look better than they are.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from embeddings.encoder import find_encoder
from embeddings.index.snapshot import open_current
from embeddings.records import Filters
from embeddings.settings import load_settings
from embeddings.tokens import Tokenizer
from qa import retrieval
from qa.question import understand
from qa.reading import FEATURES, PASSAGES_READ, Reader, Weights
from qa.spans import SpanReader
from tests.bench.train_reader import split

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question's sentences: features [n, len(FEATURES)] and whether each holds the answer [n]."""

    rows: Matrix
    holds: npt.NDArray[np.bool_]


def main() -> None:
    """Fit and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("questions", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--each", type=int, default=700, help="questions taken from each file")
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--held-out", type=Path, help="the span reader's training file")
    parser.add_argument("--save", type=Path, help="keep the features for later fits")
    given = parser.parse_args()
    random.seed(7)
    asked = [a for path in given.questions for a in _ask_all(given, path)]
    if given.save:
        np.savez(
            given.save, **{f"{i}{k}": getattr(a, k) for i, a in enumerate(asked) for k in ("rows", "holds")}
        )
    weights = fit(asked)
    stored = {"made_by": "python -m tests.bench.fit_reading", "questions": len(asked), "weights": weights}
    given.out.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(stored, indent=2))


def _ask_all(given: Any, path: Path) -> list[Asked]:
    settings = load_settings(data=given.data, precision=given.precision)
    encoder, tokenizer = find_encoder(settings), Tokenizer(settings.cache / "jieba")
    snapshot = open_current(settings.data)
    reader = Reader(SpanReader(settings.cache), tokenizer, Weights((0.0,) * len(FEATURES)))
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        questions = [q for q in map(json.loads, file) if q.get("article_ids") and q.get("answers")]
    if given.held_out:
        unseen = {row["question"] for row in split(given.held_out)[1]}
        questions = [q for q in questions if q["question"] in unseen]
    asked = []
    for question in random.sample(questions, min(given.each, len(questions))):
        query = understand(question["question"])
        vector = encoder.encode_query(query.standalone)
        leg = retrieval.search_lexically(snapshot, tokenizer, query.standalone, Filters())
        candidates = retrieval.find_candidates(snapshot, leg, vector, Filters())
        hits = retrieval.hits(snapshot, candidates, PASSAGES_READ)
        sentences, rows = reader.features(snapshot, query, hits)
        gold = set(question["article_ids"])
        answers = [_folded(answer) for answer in question["answers"]]
        holds = [s.hit.article.id in gold and any(a in _folded(s.text) for a in answers) for s in sentences]
        asked.append(Asked(np.array(rows, float), np.array(holds, bool)))
    return asked


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def fit(asked: list[Asked]) -> dict[str, float]:
    """Sentence weights, then scaled so that the best sentence's probability is the question's."""
    rows = np.concatenate([a.rows for a in asked])
    holds = np.concatenate([a.holds for a in asked])
    model = LogisticRegression(C=0.1, fit_intercept=False, max_iter=2000, class_weight="balanced")
    model.fit(rows, holds)
    weights = model.coef_[0]
    best, answered = [], []
    for a in asked:
        scores = a.rows @ weights
        if a.holds.any():
            best.append(scores.max())
            answered.append(bool(a.holds[scores.argmax()]))
        if (~a.holds).any():
            best.append(scores[~a.holds].max())
            answered.append(False)
    scale = LogisticRegression(C=1e6).fit(np.array(best).reshape(-1, 1), np.array(answered))
    scaled = weights * scale.coef_[0][0]
    scaled[FEATURES.index("bias")] += scale.intercept_[0]
    _report(asked, scaled)
    return {name: round(float(value), 4) for name, value in zip(FEATURES, scaled, strict=True)}


def _report(asked: list[Asked], weights: Matrix) -> None:
    """Figures on the questions fitted, for choosing features; `make eval` measures on others."""
    right = [a.holds[(a.rows @ weights).argmax()] for a in asked if a.holds.any()]
    logits = [(a.rows @ weights).max() for a in asked if a.holds.any()]
    without = [(a.rows[~a.holds] @ weights).max() for a in asked if (~a.holds).any()]
    print(f"answer among those read {len(right) / len(asked):.3f}, best sentence right {np.mean(right):.3f}")
    for probability in (0.2, 0.3, 0.4, 0.5, 0.6):
        logit = np.log(probability / (1 - probability))
        print(
            f"threshold {probability}: refused of answerable {np.mean(np.array(logits) < logit):.3f},"
            f" of unanswerable {np.mean(np.array(without) < logit):.3f}"
        )


if __name__ == "__main__":
    main()
