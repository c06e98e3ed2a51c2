"""Passages to the sentences that answer: every sentence gets a probability of carrying the answer.

The span reader says where in a passage an answer could be; the probability is a logistic model over
its score and a handful of named features, so that one number both ranks sentences and says when
none of them will do. Its weights are in `reading.json`; `tests/bench/fit_reading.py` learns them
from questions with known answers.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Protocol

from embeddings.index.snapshot import Snapshot
from embeddings.records import Article, Hit
from embeddings.sentences import sentence_spans, trimmed
from embeddings.tokens import Tokenizer, normalised, question_pairs
from qa.question import Query
from qa.spans import Span

# Passages given to the span reader, each some 13 ms, and the spans taken from each.
PASSAGES_READ = 6
SPANS_READ = 4
# The span score of a sentence in which the reader saw nothing.
NO_SPAN = -12.0
FRAGMENT_CHARS = 12
HEADING_CHARS_MAX = 40
_SENTENCE_ENDS = "。！？!?…”’）)；;：:"

FEATURES = (
    "bias",
    "span",  # the span reader's score for this sentence, in tens of logits
    "span_lead",  # how far it is above the best of the other passages, in tens of logits
    "covered",  # share of the question's term weight met by the passage and the headline
    "missing",  # weight share of the rarest question term that the article does not hold
    "behind",  # how far its passage is behind the first one in retrieval score, 0 or less
    "unit",  # a number with the very measure word asked for
    "short",  # a fragment, not a sentence
)


class SpanSource(Protocol):
    """What reads spans: `qa.spans.SpanReader`, or the tests' fake."""

    def read(self, question: str, passages: Sequence[str], n: int = 1) -> list[list[Span]]:
        """The best n spans of each passage, in the passages' order, best first."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence and how likely it is to carry the answer. `hit.article.text[start:end] == text`."""

    hit: Hit
    start: int
    end: int
    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Weights:
    """The logistic model: one weight a feature, in the order of `FEATURES`."""

    values: tuple[float, ...]

    @classmethod
    def shipped(cls) -> Weights:
        """The weights in the package."""
        stored = json.loads(resources.files("qa").joinpath("reading.json").read_text(encoding="utf-8"))
        return cls(tuple(float(stored["weights"][name]) for name in FEATURES))

    def probability(self, features: Sequence[float]) -> float:
        """Probability that a sentence with these features answers."""
        total = sum(w * f for w, f in zip(self.values, features, strict=True))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a passage that was found, and the reader's score for it."""

    hit: Hit
    start: int
    end: int
    text: str
    span_score: float = NO_SPAN


class Reader:
    """Reads passages for one snapshot at a time; holds no state between questions."""

    def __init__(self, spans: SpanSource, tokenizer: Tokenizer, weights: Weights) -> None:
        self._spans = spans
        self._tokenizer = tokenizer
        self._weights = weights

    def read(self, snapshot: Snapshot, query: Query, hits: Sequence[Hit]) -> list[Evidence]:
        """Sentences of the first passages with their probabilities, best first; may be empty."""
        sentences, rows = self.features(snapshot, query, hits)
        found = [
            Evidence(s.hit, s.start, s.end, s.text, self._weights.probability(row))
            for s, row in zip(sentences, rows, strict=True)
        ]
        return sorted(found, key=lambda evidence: -evidence.probability)

    def features(
        self, snapshot: Snapshot, query: Query, hits: Sequence[Hit]
    ) -> tuple[list[Sentence], list[list[float]]]:
        """The sentences read and their features, in the order of `FEATURES`."""
        terms = TermWeights(snapshot, query, self._tokenizer)
        read = hits[:PASSAGES_READ]
        by_hit = self._sentences(query, read)
        best = [max((s.span_score for s in found), default=NO_SPAN) for found in by_hit]
        sentences: list[Sentence] = []
        rows: list[list[float]] = []
        for i, (hit, found) in enumerate(zip(read, by_hit, strict=True)):
            covered = terms.covered(f"{hit.article.headline}\n{hit.passage.text}")
            missing = terms.rarest_missing(hit.article)
            elsewhere = max([*best[:i], *best[i + 1 :]], default=NO_SPAN)
            rows += [
                [
                    1.0,
                    s.span_score / 10,
                    (s.span_score - elsewhere) / 10,
                    covered,
                    missing,
                    hit.score - hits[0].score,
                    float(holds_unit(query, s.text)),
                    float(len(s.text) < FRAGMENT_CHARS),
                ]
                for s in found
            ]
            sentences += found
        return sentences, rows

    def _sentences(self, query: Query, hits: Sequence[Hit]) -> list[list[Sentence]]:
        """The sentences of each passage with the span reader's scores, in the passages' order."""
        contexts = [f"{hit.article.headline}\n" for hit in hits]
        texts = [context + hit.passage.text for context, hit in zip(contexts, hits, strict=True)]
        read = self._spans.read(query.focused, texts, SPANS_READ)
        return [
            _scored_sentences(
                hit, [(span.score, span.start + hit.passage.start - len(context)) for span in spans]
            )
            for hit, context, spans in zip(hits, contexts, read, strict=True)
        ]


def _scored_sentences(hit: Hit, placed: list[tuple[float, int]]) -> list[Sentence]:
    """Sentences of a passage, sub-heads left out: their score goes to the sentence that they announce.

    `placed` holds spans' scores and starts in the article's text.
    """
    found = []
    announced = NO_SPAN
    for sentence in _sentences(hit):
        inside = [place for place in placed if sentence.start <= place[1] < sentence.end]
        score, place = max(inside, default=(NO_SPAN, sentence.end))
        if _is_heading(sentence):
            announced = score
            continue
        found.append(_scored(sentence, max(score, announced), place))
        announced = NO_SPAN
    return found


# Who wrote it is told by the citation; a quote starts with what was written.
_LEAD = re.compile(
    r"[●■◆▲○]?\s*(?:(?:本报|新华社|中新社|人民网)[^（(，。\n]{0,24}?)?"
    r"[（(](?:本报)?(?:见习|特约|实习)?(?:记者|通讯员)[^）)\n]{1,60}[）)]\s*"
    r"|本报讯\s+|[●■◆▲○]\s*"
)
_LEAD_KEEPS_CHARS = 6


def _is_heading(sentence: Sentence) -> bool:
    """Whether it is a sub-head of the body: no proof of anything, it announces the sentence after it."""
    body = sentence.hit.article.body
    return (
        sentence.end < len(body)
        and body[sentence.end] == "\n"
        and len(sentence.text) <= HEADING_CHARS_MAX
        and sentence.text[-1] not in _SENTENCE_ENDS
    )


def _scored(sentence: Sentence, score: float, place: int) -> Sentence:
    """The sentence with the reader's score, less its lead unless the answer stands there."""
    lead = _LEAD.match(sentence.text)
    cut = lead.end() if lead else 0
    if len(sentence.text) - cut < _LEAD_KEEPS_CHARS or place < sentence.start + cut:
        cut = 0
    return replace(sentence, start=sentence.start + cut, text=sentence.text[cut:], span_score=score)


def _sentences(hit: Hit) -> list[Sentence]:
    text = hit.article.text
    start, end = hit.passage.start, hit.passage.end
    inside = [(max(s, start), min(e, end)) for s, e in sentence_spans(text) if s < end and e > start]
    spans = [trimmed(text, span) for span in inside]
    return [Sentence(hit, s, e, text[s:e]) for s, e in spans if e > s]


class TermWeights:
    """The question's terms, each weighed by how rare it is in the archive; weights sum to 1."""

    def __init__(self, snapshot: Snapshot, query: Query, tokenizer: Tokenizer) -> None:
        # Pairs and not words: they meet across different cuts, and every name is made of them.
        words = [word for word in tokenizer.words(query.standalone) if not word[0] >= "\u3400"]
        terms = list(dict.fromkeys([*question_pairs(query.standalone), *words]))
        weights = {term: snapshot.terms.rarity(term) for term in terms}
        total = sum(weights.values()) or 1.0
        self._weights = {term: weight / total for term, weight in weights.items()}

    def covered(self, text: str) -> float:
        """Share of the weight whose terms `text` holds, 0 to 1."""
        folded = normalised(text)
        return sum(weight for term, weight in self._weights.items() if term in folded)

    def rarest_missing(self, article: Article) -> float:
        """The largest weight of a term that neither the article nor its headline holds."""
        folded = normalised(f"{article.headline}\n{article.text}")
        return max((weight for term, weight in self._weights.items() if term not in folded), default=0.0)


_NUMERAL = r"(?:[0-9][0-9.,，]*[%％万亿千百十]*|[一二两三四五六七八九十百千万亿零〇半]+)"


def holds_unit(query: Query, text: str) -> bool:
    """Whether a text holds a number with the measure word that the question asks for."""
    return bool(query.unit) and bool(re.search(f"{_NUMERAL}[多余]?{re.escape(query.unit)}", text))
