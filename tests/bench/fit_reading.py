"""Learn the reading's weights: `python -m tests.bench.fit_reading DATA --out qa/reading.json`.

DATA is an index of the marked pages laid out as issues (`tests.bench.marked_issues`, `wenbao build`). Of our
own questions about them (`tests.bench.own_questions`) those are asked that the span reader was not trained
on: on the others its scores look better than they are. They are asked as the service asks them.

The first model ranks sentences: one that holds what proves the answer, against the others. The second says
whether the best one answers: right is a best sentence that proves; wrong are other best sentences, those of
questions that no page answers, and those that come first when the articles that answer are taken away.
Figures are by five folds of pages, each judged by models learned on the others.
"""

from __future__ import annotations

import argparse
import json
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from embeddings.encoder import find_encoder
from embeddings.settings import load_settings
from qa.evidence import Sentence
from qa.features import CONFIDENCE_FEATURES, SENTENCE_FEATURES, confidence_row
from qa.question import Query
from qa.reading import PASSAGES_READ, Material, ranking
from qa.service import Service
from qa.spans import SpanReader
from tests.bench.own_questions import OwnQuestion, own_questions

Matrix = npt.NDArray[np.float64]
FOLDS = 5
# More than the service reads, so that there is something left when the articles that answer are taken away.
DEPTH = 8
OVERLAP_CHARS = 10
# What a question counts for the second model: those that no page answers were made to be near misses, more
# of them than readers ask; those whose article was taken away are easily told.
UNANSWERABLE_SHARE, WITHHELD_SHARE = 0.5, 0.5


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, what was read for it, and whether each sentence proves an answer."""

    question: OwnQuestion
    query: Query
    material: Material
    proves: list[list[bool]]

    def flat(self) -> tuple[Matrix, npt.NDArray[np.bool_]]:
        """Rows [n, features] and labels [n] of the sentences that the service would read."""
        rows = [row for of_hit in self.material.rows[:PASSAGES_READ] for row in of_hit]
        labels = [one for of_hit in self.proves[:PASSAGES_READ] for one in of_hit]
        return np.array(rows, float).reshape(-1, len(SENTENCE_FEATURES)), np.array(labels, bool)


def main() -> None:
    """Fit and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    settings = load_settings(data=given.data)
    service = Service(settings, find_encoder(settings), SpanReader(settings.cache))
    asked = [_ask(service, question) for question in own_questions() if question.held_out]
    fold = {page: number % FOLDS for number, page in enumerate(sorted({a.question.page for a in asked}))}
    judged: list[tuple[float, OwnQuestion, bool]] = []
    for number in range(FOLDS):
        others = [a for a in asked if fold[a.question.page] != number]
        sentence = fit_sentences(others)
        confidence = fit_confidence(others, sentence)
        judged += [
            (float(np.array(row) @ confidence), a.question, holds)
            for a in asked
            if fold[a.question.page] == number
            for row, holds in _judged(a, sentence)
        ]
    _report(np.array([logit for logit, _, _ in judged]), [(q, holds) for _, q, holds in judged])
    sentence = fit_sentences(asked)
    stored = {
        "made_by": "python -m tests.bench.fit_reading",
        "questions": len(asked),
        "sentence": _named(SENTENCE_FEATURES, sentence),
        "confidence": _named(CONFIDENCE_FEATURES, fit_confidence(asked, sentence)),
    }
    given.out.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")


def _named(names: Sequence[str], values: Matrix) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(names, values, strict=True)}


def _ask(service: Service, question: OwnQuestion) -> Asked:
    query, material = service.material(question.question, question.turns, DEPTH)
    proves = [[_proves(question, sentence) for sentence in found] for found in material.by_hit]
    return Asked(question, query, material, proves)


def _proves(question: OwnQuestion, sentence: Sentence) -> bool:
    """Whether a sentence holds some of the evidence, or is part of it."""
    if not sentence.hit.article.id or not question.evidence:
        return False
    text = folded(sentence.text)
    return any(_meets(folded(evidence), text) for evidence in question.evidence)


def _meets(evidence: str, text: str) -> bool:
    n = OVERLAP_CHARS
    return (
        evidence in text
        or (len(text) >= n and text in evidence)
        or (len(evidence) > n and (evidence[:n] in text or evidence[-n:] in text))
    )


def folded(text: str) -> str:
    """Without blanks and forms of width."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def fit_sentences(asked: Sequence[Asked]) -> Matrix:
    """Weights that rank the sentences that prove above the others; every question counts as much."""
    flats = [flat for a in asked if a.question.answerable and (flat := a.flat())[1].any()]
    rows = np.concatenate([rows for rows, _ in flats])
    labels = np.concatenate([labels for _, labels in flats])
    shares = np.concatenate([np.where(own, 1 / own.sum(), 1 / max(1, (~own).sum())) for _, own in flats])
    model = LogisticRegression(C=1.0, fit_intercept=False, max_iter=5000)
    return np.asarray(model.fit(rows, labels, sample_weight=shares).coef_[0])


def _judged(asked: Asked, sentence: Matrix) -> list[tuple[list[float], bool]]:
    """Confidence features of the best sentence, and whether it proves; then without what answers."""
    found = []
    whole = _first(asked, sentence, range(len(asked.material.by_hit)))
    if whole:
        found.append(whole)
    if asked.question.answerable:
        left = [i for i, proves in enumerate(asked.proves) if asked.material.by_hit[i] and not any(proves)]
        gone = {
            found[0].hit.article.id
            for found, proves in zip(asked.material.by_hit, asked.proves, strict=True)
            if any(proves)
        }
        left = [i for i in left if asked.material.by_hit[i][0].hit.article.id not in gone]
        without = _first(asked, sentence, left)
        if without:
            found.append(without)
    return found


def _first(asked: Asked, sentence: Matrix, numbers: Sequence[int]) -> tuple[list[float], bool] | None:
    chosen = list(numbers)[:PASSAGES_READ]
    by_hit = [asked.material.by_hit[i] for i in chosen]
    ranked = ranking(tuple(sentence), by_hit, [asked.material.rows[i] for i in chosen])
    if not ranked:
        return None
    proves = {
        id(s): p
        for found, of in zip(asked.material.by_hit, asked.proves, strict=True)
        for s, p in zip(found, of, strict=True)
    }
    return confidence_row(asked.query, asked.material.terms, ranked), proves[id(ranked[0][1])]


def fit_confidence(asked: Sequence[Asked], sentence: Matrix) -> Matrix:
    """Weights that tell whether the best sentence answers."""
    rows, right, shares = [], [], []
    for a in asked:
        for number, (row, holds) in enumerate(_judged(a, sentence)):
            rows.append(row)
            right.append(holds)
            shares.append(WITHHELD_SHARE if number else 1.0 if a.question.answerable else UNANSWERABLE_SHARE)
    model = LogisticRegression(C=1.0, fit_intercept=False, max_iter=5000)
    return np.asarray(model.fit(np.array(rows), np.array(right), sample_weight=shares).coef_[0])


def _report(logits: Matrix, right: Sequence[tuple[OwnQuestion, bool]]) -> None:
    """Best sentence right by kind; refusals at thresholds chosen by the answerable."""
    by_kind: defaultdict[str, list[bool]] = defaultdict(list)
    seen: set[str] = set()
    answerable, unanswerable, withheld = [], [], []
    for (question, holds), logit in zip(right, logits, strict=True):
        again = question.id in seen
        seen.add(question.id)
        if again:
            withheld.append(logit)
        elif question.answerable:
            by_kind[question.kind].append(holds)
            by_kind["all"].append(holds)
            answerable.append(logit)
        else:
            unanswerable.append(logit)
    print({kind: (len(found), round(float(np.mean(found)), 3)) for kind, found in sorted(by_kind.items())})
    for share in (0.02, 0.03, 0.05, 0.08):
        logit = float(np.quantile(answerable, share))
        print(
            f"refused of answerable {share}: threshold {1 / (1 + np.exp(-logit)):.3f},"
            f" of unanswerable {np.mean(np.array(unanswerable) < logit):.3f},"
            f" with the article taken away {np.mean(np.array(withheld) < logit):.3f}"
        )


if __name__ == "__main__":
    main()
