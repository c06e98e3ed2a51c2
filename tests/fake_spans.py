"""A stand-in for the span reader: it answers with whole sentences that share characters with the question."""

from __future__ import annotations

from collections.abc import Sequence

from embeddings.sentences import sentence_spans, trimmed
from embeddings.tokens import pairs
from qa.spans import Span

# Score of a sentence that shares every character pair with the question; its negative for none.
FULL = 6.0


class FakeSpans:
    """Keeps the contract of `qa.reading.SpanSource` without a model."""

    def read(self, question: str, passages: Sequence[str], n: int = 1) -> list[list[Span]]:
        """The best n sentences of each passage by the share of the question's character pairs they hold."""
        return [_best(question, passage)[:n] for passage in passages]


def _best(question: str, passage: str) -> list[Span]:
    asked = set(pairs(question))
    spans = []
    for whole in sentence_spans(passage):
        start, end = trimmed(passage, whole)
        shared = len(asked & set(pairs(passage[start:end]))) / (len(asked) or 1)
        spans.append(Span(start, end, FULL * (2 * shared - 1)))
    return sorted(spans, key=lambda span: -span.score)
