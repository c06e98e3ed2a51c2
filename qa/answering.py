"""Evidence to an answer: which sentences to show, as what, and when to say that the papers do not say.

The answer is extractive: every statement in it is a sentence of an article, verbatim, with its citation.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from embeddings.records import AnswerKind, Article, Citation, Hit
from qa.question import Query, QuestionKind
from qa.reading import Evidence

# A further sentence is shown when it is nearly as likely to answer as the best one …
ALSO_LIKELY = 0.8
# … and for a question that more than one sentence answers, when it is likely at all.
ALSO_PART = 0.5
PARTS_MAX = {
    QuestionKind.COMPARISON: 3,
    QuestionKind.LIST: 3,
    QuestionKind.MANNER: 3,
    QuestionKind.REASON: 2,
}
SENTENCES_MAX = 2
RELATED_MAX = 3
# Asked for the newest state, a later article wins when it is at least this share as likely.
NEWER_MARGIN = 0.3

NOT_FOUND = "已收录的报纸里没有找到这个问题的答案。"
NOT_FOUND_RELATED = NOT_FOUND + "下面是最接近的报道,供参考。"


@dataclass(frozen=True, slots=True)
class Composed:
    """An answer's text, its kind, its probability, and what carries it (empty when not answered)."""

    answered: bool
    text: str
    kind: AnswerKind
    confidence: float
    citations: tuple[Citation, ...]
    related: tuple[Article, ...]


def compose(
    query: Query, evidence: Sequence[Evidence], hits: Sequence[Hit], min_confidence: float
) -> Composed:
    """Choose the sentences that answer, or say that none does.

    `evidence` and `hits` are best first. The confidence is the best sentence's probability. Every
    citation's quote is the article's text at its offsets, and every `[n]` in the text is a citation.
    """
    confidence = evidence[0].probability if evidence else 0.0
    if confidence < min_confidence:
        related = _distinct([hit.article for hit in hits])[:RELATED_MAX]
        text = NOT_FOUND_RELATED if related else NOT_FOUND
        return Composed(False, text, AnswerKind.NONE, confidence, (), tuple(related))
    chosen = _chosen(query, evidence)
    citations = tuple(_citation(n, e) for n, e in enumerate(chosen, 1))
    text = "\n".join(f"{citation.quote}[{citation.n}]" for citation in citations)
    cited = {citation.article.id for citation in citations}
    others = _distinct([hit.article for hit in hits if hit.article.id not in cited])
    return Composed(True, text, _answer_kind(query), confidence, citations, tuple(others[:RELATED_MAX]))


def _chosen(query: Query, evidence: Sequence[Evidence]) -> list[Evidence]:
    """The best sentence and those that belong to the answer, in reading order within one article."""
    first = _newest(evidence) if query.latest else evidence[0]
    limit = PARTS_MAX.get(query.kind, SENTENCES_MAX)
    needed = ALSO_PART if query.kind in PARTS_MAX else ALSO_LIKELY
    chosen = [first]
    for other in evidence:
        if len(chosen) == limit or other.probability < needed * first.probability:
            break
        if other is not first and not any(_repeats(other, one) for one in chosen):
            chosen.append(other)
    rank = {e.hit.article.id: i for i, e in reversed(list(enumerate(chosen)))}
    return sorted(chosen, key=lambda e: (rank[e.hit.article.id], e.start))


def _newest(evidence: Sequence[Evidence]) -> Evidence:
    close = [e for e in evidence if e.probability >= NEWER_MARGIN * evidence[0].probability]
    return max(close, key=lambda e: (e.hit.article.date or datetime.date.min, e.probability))


def _repeats(one: Evidence, other: Evidence) -> bool:
    return one.text == other.text or one.text in other.text or other.text in one.text


def _citation(n: int, evidence: Evidence) -> Citation:
    return Citation(
        n=n,
        article=evidence.hit.article,
        passage=evidence.hit.passage,
        quote=evidence.text,
        quote_start=evidence.start,
        quote_end=evidence.end,
        score=evidence.probability,
    )


def _answer_kind(query: Query) -> AnswerKind:
    # A verdict needs more than a sentence that is near: it comes with the reader that can give one.
    return AnswerKind.LIST if query.kind is QuestionKind.LIST else AnswerKind.SENTENCES


def _distinct(articles: Sequence[Article]) -> list[Article]:
    return list({article.id: article for article in articles}.values())
