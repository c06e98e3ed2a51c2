"""Evidence to an answer: which sentences to show, as what kind, in which words.

The answer is extractive: every statement in it is a sentence of an article, verbatim, with its citation; what
is put before one (`是的`, the string asked for, a headline, a day) follows from that sentence or its article.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from embeddings.records import AnswerKind, Article, Citation, Hit
from qa.evidence import Evidence
from qa.features import SHORT_KINDS, SPAN_SURE
from qa.question import Query, QuestionKind
from qa.reading import Reading
from qa.timeline import Told, disagreeing, is_articles_question, is_timeline, ordered
from qa.verdicts import Verdict, verdict

# A further sentence is shown when it is nearly as likely to answer as the best one …
ALSO_LIKELY = 0.8
# … and for a question that more than one sentence answers, when it is likely at all.
ALSO_PART = 0.4
PARTS_MAX = {
    QuestionKind.COMPARISON: 3,
    QuestionKind.LIST: 3,
    QuestionKind.MANNER: 3,
    QuestionKind.REASON: 3,
}
SENTENCES_MAX = 2
TIMELINE_MAX = 6
ARTICLES_MAX = 5
RELATED_MAX = 3
# Asked for the newest state, a later article wins when it is at least this share as likely.
NEWER_MARGIN = 0.3
# Articles that give another figure are shown beside the first when their sentences are this likely.
DIFFERING_MARGIN = 0.6
# A yes or no is given only where the sentence is as sure to be the right one.
VERDICT_CONFIDENCE = 0.5
# What answers is put before its sentence when it is short against it and the reader is sure of it.
SPAN_CHARS_MAX = 24
SPAN_KINDS = SHORT_KINDS | {QuestionKind.OTHER}


@dataclass(frozen=True, slots=True)
class Composed:
    """An answer's text, its kind, and what carries it; `span` and `verdict` as in `Answer`."""

    text: str
    kind: AnswerKind
    citations: tuple[Citation, ...]
    span: str = ""
    verdict: str = ""


def compose(query: Query, reading: Reading, parts: Sequence[Evidence] = ()) -> Composed:
    """Put the answer together.

    Every citation's quote is the article's text at its offsets, and every `[n]` in the text is a citation.

    Args:
        query: the question.
        reading: its evidence, which is not empty, and how likely the best of it answers.
        parts: the best sentence for each of the things that the question is about, where they are several.
    """
    evidence = reading.evidence
    if is_articles_question(query.standalone):
        return _articles(evidence)
    if is_timeline(query.standalone):
        found = _in_order_of_days(evidence)
        if len(found) > 1:
            return _sentences(found, AnswerKind.LIST)
    if query.kind is QuestionKind.NUMBER and not query.latest:
        found = _differing(query, evidence)
        if found:
            return _dated(found)
    if query.kind is QuestionKind.YES_NO and reading.confidence >= VERDICT_CONFIDENCE:
        return _yes_no(query, evidence)
    chosen = _with_parts(_chosen(query, evidence), parts)
    if query.kind is QuestionKind.DATE and _days_differ(chosen):  # dates are moved: the newest counts
        return _dated(sorted(chosen, key=lambda e: e.hit.article.date or datetime.date.min, reverse=True))
    if len(chosen) == 1 and query.kind in SPAN_KINDS and (span := _short_span(chosen[0])):
        return _spoken(span, chosen[0])
    return _sentences(chosen, AnswerKind.LIST if query.kind is QuestionKind.LIST else AnswerKind.SENTENCES)


def related(hits: Sequence[Hit], cited: Sequence[Citation] = ()) -> tuple[Article, ...]:
    """The nearest articles that are not cited, best first."""
    taken = {citation.article.id for citation in cited}
    found = {hit.article.id: hit.article for hit in hits if hit.article.id not in taken}
    return tuple(found.values())[:RELATED_MAX]


def verbatim(evidence: Sequence[Evidence]) -> Composed:
    """Nothing but the best sentence: what is left when an answer did not hold."""
    return _sentences(evidence[:1], AnswerKind.SENTENCES)


def _sentences(chosen: Sequence[Evidence], kind: AnswerKind) -> Composed:
    citations = tuple(_citation(n, e) for n, e in enumerate(chosen, 1))
    return Composed("\n".join(f"{c.quote}[{c.n}]" for c in citations), kind, citations)


def _spoken(span: str, evidence: Evidence) -> Composed:
    citation = _citation(1, evidence)
    return Composed(f"{span}[1]\n{citation.quote}[1]", AnswerKind.SPAN, (citation,), span=span)


def _short_span(evidence: Evidence) -> str:
    """What of the sentence answers, where it says less than the sentence and the reader is sure of it."""
    span = evidence.span
    if span is None or span.score < SPAN_SURE or span.end > evidence.end or span.start < evidence.start:
        return ""
    text = evidence.text[span.start - evidence.start : span.end - evidence.start].strip("，,。;；:：、 \n")
    return text if 0 < len(text) <= min(SPAN_CHARS_MAX, len(evidence.text) // 2) else ""


def _yes_no(query: Query, evidence: Sequence[Evidence]) -> Composed:
    """A verdict only where the sentence carries it."""
    chosen = _chosen(query, evidence)
    for one in chosen:
        told = verdict(query.focused, one.text)
        if told is not None:
            citation = _citation(1, one)
            word = "是的" if told is Verdict.YES else "不是"
            return Composed(
                f"{word}:{citation.quote}[1]", AnswerKind.YES_NO, (citation,), verdict=str(told.value)
            )
    return _sentences(chosen, AnswerKind.SENTENCES)


def _articles(evidence: Sequence[Evidence]) -> Composed:
    """The articles that speak of it, each with its best sentence."""
    best = {e.hit.article.id: e for e in reversed(evidence)}
    first = [e for e in evidence if best[e.hit.article.id] is e][:ARTICLES_MAX]
    citations = tuple(_citation(n, e) for n, e in enumerate(first, 1))
    lines = [
        f"《{c.article.title}》:{c.quote}[{c.n}]" if c.article.headline else f"{c.quote}[{c.n}]"
        for c in citations
    ]
    return Composed("\n".join(lines), AnswerKind.LIST, citations)


def _in_order_of_days(evidence: Sequence[Evidence]) -> list[Evidence]:
    likely = [e for e in evidence if e.probability >= ALSO_PART * evidence[0].probability][:TIMELINE_MAX]
    by_told = {_told(e): e for e in reversed(likely)}
    return [by_told[told] for told in ordered(map(_told, likely))]


def _differing(query: Query, evidence: Sequence[Evidence]) -> list[Evidence]:
    """Sentences of articles that give the figure asked for differently, newest first; none if they agree."""
    likely = [e for e in evidence if e.probability >= DIFFERING_MARGIN * evidence[0].probability]
    by_told = {_told(e): e for e in reversed(likely)}
    found = [by_told[told] for told in disagreeing(list(map(_told, likely)), query.unit)]
    return found if evidence[0] in found and all(e.hit.article.date for e in found) else []


def _days_differ(chosen: Sequence[Evidence]) -> bool:
    days = {e.hit.article.date for e in chosen}
    return len(days) > 1 and None not in days


def _dated(found: Sequence[Evidence]) -> Composed:
    citations = tuple(_citation(n, e) for n, e in enumerate(found, 1))
    lines = [f"{_day_text(c.article.date)}:{c.quote}[{c.n}]" for c in citations]
    return Composed("\n".join(lines), AnswerKind.LIST, citations)


def _day_text(day: datetime.date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


def _told(evidence: Evidence) -> Told:
    article = evidence.hit.article
    return Told(article.id, article.date, evidence.text)


def _chosen(query: Query, evidence: Sequence[Evidence]) -> list[Evidence]:
    """The best sentence and those that belong to the answer, in reading order within one article."""
    first = _newest(evidence) if query.latest else evidence[0]
    limit = PARTS_MAX.get(query.kind, SENTENCES_MAX)
    needed = ALSO_PART if query.kind in PARTS_MAX else ALSO_LIKELY
    chosen = [first]
    for other in evidence:
        if len(chosen) == limit or other.probability < needed * first.probability:
            break
        if query.latest and other.hit.article.id != first.hit.article.id:
            continue  # what older articles say is not the newest
        if other is not first and not any(_repeats(other, one) for one in chosen):
            chosen.append(other)
    return _in_reading_order(chosen)


def _in_reading_order(chosen: Sequence[Evidence]) -> list[Evidence]:
    rank = {e.hit.article.id: i for i, e in reversed(list(enumerate(chosen)))}
    return sorted(chosen, key=lambda e: (rank[e.hit.article.id], e.start))


def _with_parts(chosen: list[Evidence], parts: Sequence[Evidence]) -> list[Evidence]:
    more = list(chosen)
    for part in parts:
        if not any(_repeats(part, one) for one in more):
            more.append(part)
    return _in_reading_order(more)


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
