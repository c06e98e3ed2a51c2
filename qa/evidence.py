"""Passages cut into the sentences that may be shown as evidence, each with the span reader's score."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from embeddings.records import Hit
from embeddings.sentences import sentence_spans, trimmed

# The score of a sentence in which the span reader saw nothing.
NO_SPAN = -12.0
HEADING_CHARS_MAX = 40
_SENTENCE_ENDS = "。！？!?…”’）)；;：:"


@dataclass(frozen=True, slots=True)
class PlacedSpan:
    """A string that may answer: characters `start:end` of the article's text, and its score in logits."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a passage: `hit.article.text[start:end] == text`; the best span that starts in it."""

    hit: Hit
    start: int
    end: int
    text: str
    span: PlacedSpan | None = None
    span_score: float = NO_SPAN


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence and how likely it is to carry the answer, 0 to 1.

    `hit.article.text[start:end] == text`; `span` is what of it answers, where the reader saw that.
    """

    hit: Hit
    start: int
    end: int
    text: str
    probability: float
    span: PlacedSpan | None = None


def scored_sentences(hit: Hit, spans: Sequence[PlacedSpan]) -> list[Sentence]:
    """Sentences of a passage in order; a sub-head is left out, its score goes to what it announces."""
    found = []
    announced = NO_SPAN
    for sentence in _sentences(hit):
        best = max(
            (span for span in spans if sentence.start <= span.start < sentence.end),
            key=lambda span: span.score,
            default=None,
        )
        score = best.score if best else NO_SPAN
        if _is_heading(sentence):
            announced = score
            continue
        place = best.start if best else sentence.end
        found.append(replace(_without_lead(sentence, place), span=best, span_score=max(score, announced)))
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


def _without_lead(sentence: Sentence, place: int) -> Sentence:
    """The sentence less its lead, unless the answer, which starts at `place`, stands there."""
    lead = _LEAD.match(sentence.text)
    cut = lead.end() if lead else 0
    if len(sentence.text) - cut < _LEAD_KEEPS_CHARS or place < sentence.start + cut:
        cut = 0
    return replace(sentence, start=sentence.start + cut, text=sentence.text[cut:])


def _sentences(hit: Hit) -> list[Sentence]:
    text = hit.article.text
    start, end = hit.passage.start, hit.passage.end
    inside = [(max(s, start), min(e, end)) for s, e in sentence_spans(text) if s < end and e > start]
    spans = [trimmed(text, span) for span in inside]
    return [Sentence(hit, s, e, text[s:e]) for s, e in spans if e > s]
