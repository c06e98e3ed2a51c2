"""Passages to the sentences that answer, and how likely it is that the best of them does.

The span reader says where in a passage an answer could be. A logistic model over its score and a handful of
named features ranks the sentences; a second one says whether the best one answers at all, so that one
calibrated number tells when the papers do not say. The weights of both are in `reading.json`;
`tests/bench/fit_reading.py` learns them from questions with known answers.

Reading costs most of a question's time. The first passages are read at once, the others only when those leave
doubt.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Protocol

from embeddings.index.snapshot import Snapshot
from embeddings.records import Hit
from embeddings.tokens import Tokenizer
from qa.evidence import Evidence, PlacedSpan, Sentence, scored_sentences
from qa.features import CONFIDENCE_FEATURES, SENTENCE_FEATURES, confidence_row, sentence_rows
from qa.question import Query
from qa.reranking import worth_reading
from qa.spans import Span
from qa.term_weights import TermWeights

# Passages given to the span reader, each some 13 ms, and the spans taken from each.
PASSAGES_READ = 6
SPANS_READ = 6
# So many more are read unless those first read answer with this confidence. With all six read for every
# question no answer of 355 became better; with none more, one in a hundred became worse.
MORE_READ = 2
SURE = 0.15
# Below this more reading found none of 341 answers, and now and then a wrong one.
HOPELESS = 0.1
# What an office that the article does not name costs, in logits; too rare in the questions to be learned.
OFFICE_MISSING = 3.0


class SpanSource(Protocol):
    """What reads spans: `qa.spans.SpanReader`, or the tests' fake."""

    def read(self, question: str, passages: Sequence[str], n: int = 1) -> list[list[Span]]:
        """The best n spans of each passage, in the passages' order, best first."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The two logistic models: a weight a feature, in the order of their names."""

    sentence: tuple[float, ...]
    confidence: tuple[float, ...]

    @classmethod
    def shipped(cls) -> Weights:
        """The weights in the package."""
        stored = json.loads(resources.files("qa").joinpath("reading.json").read_text(encoding="utf-8"))
        return cls(
            tuple(float(stored["sentence"][name]) for name in SENTENCE_FEATURES),
            tuple(float(stored["confidence"][name]) for name in CONFIDENCE_FEATURES),
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """Sentences with their probabilities, best first, and the probability that the best one answers.

    `covered` is the share of the question's term weight that the article of the best one meets.
    """

    evidence: tuple[Evidence, ...] = ()
    confidence: float = 0.0
    covered: float = 0.0


@dataclass(frozen=True, slots=True)
class Material:
    """What a question is answered from: the sentences of each passage read, and their features."""

    terms: TermWeights
    by_hit: list[list[Sentence]]
    rows: list[list[list[float]]]


class Reader:
    """Reads passages for one snapshot at a time; holds no state between questions."""

    def __init__(self, spans: SpanSource, tokenizer: Tokenizer, weights: Weights) -> None:
        self._spans = spans
        self._tokenizer = tokenizer
        self._weights = weights

    def read(self, snapshot: Snapshot, query: Query, hits: Sequence[Hit]) -> Reading:
        """Read the first passages, and more while that leaves doubt."""
        terms = TermWeights(snapshot, query, self._tokenizer)
        if not terms:
            return Reading()
        first = worth_reading(hits[:PASSAGES_READ])
        by_hit = self.sentences(query, hits[:first])
        reading = self._judge(query, terms, by_hit)
        if not HOPELESS <= reading.confidence < SURE or first >= min(len(hits), PASSAGES_READ):
            return reading
        by_hit += self.sentences(query, hits[first : min(first + MORE_READ, PASSAGES_READ)])
        return self._judge(query, terms, by_hit)

    def material(self, snapshot: Snapshot, query: Query, hits: Sequence[Hit]) -> Material:
        """What all these passages give, for learning the weights."""
        terms = TermWeights(snapshot, query, self._tokenizer)
        by_hit = self.sentences(query, hits)
        return Material(terms, by_hit, sentence_rows(query, terms, by_hit))

    def sentences(self, query: Query, hits: Sequence[Hit]) -> list[list[Sentence]]:
        """The sentences of each passage with the span reader's scores, in the passages' order."""
        contexts = [f"{hit.article.headline}\n" for hit in hits]
        texts = [context + hit.passage.text for context, hit in zip(contexts, hits, strict=True)]
        read = self._spans.read(query.focused, texts, SPANS_READ)
        return [
            scored_sentences(hit, [_placed(span, hit.passage.start - len(context)) for span in spans])
            for hit, context, spans in zip(hits, contexts, read, strict=True)
        ]

    def _judge(self, query: Query, terms: TermWeights, by_hit: list[list[Sentence]]) -> Reading:
        rows = sentence_rows(query, terms, by_hit)
        ranked = ranking(self._weights.sentence, by_hit, rows)
        if not ranked:
            return Reading()
        article = ranked[0][1].hit.article
        logit = dot(self._weights.confidence, confidence_row(query, terms, ranked))
        if terms.office_missing(article):
            logit -= OFFICE_MISSING
        return Reading(
            tuple(Evidence(s.hit, s.start, s.end, s.text, probability(logit), s.span) for logit, s in ranked),
            probability(logit),
            terms.covered_by_article(article),
        )


def _placed(span: Span, shift: int) -> PlacedSpan:
    return PlacedSpan(span.start + shift, span.end + shift, span.score)


def ranking(
    weights: Sequence[float], by_hit: Sequence[Sequence[Sentence]], rows: Sequence[Sequence[Sequence[float]]]
) -> list[tuple[float, Sentence]]:
    """Sentences with their logits, best first; of equals the one found first."""
    scored = [
        (dot(weights, row), sentence)
        for found, of_hit in zip(by_hit, rows, strict=True)
        for sentence, row in zip(found, of_hit, strict=True)
    ]
    return sorted(scored, key=lambda item: -item[0])


def dot(weights: Sequence[float], row: Sequence[float]) -> float:
    """The weighted sum of a row."""
    return sum(w * f for w, f in zip(weights, row, strict=True))


def probability(logit: float) -> float:
    """The logistic function."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
