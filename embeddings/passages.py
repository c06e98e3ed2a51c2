"""Articles to passages: runs of whole sentences with exact offsets into the article's text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from embeddings.records import Article, Passage
from embeddings.sentences import Span, sentence_spans, trimmed

# Raised when the same article would give other passages, or the encoder would read them otherwise.
CUTTING_VERSION = 1

# The headline speaks for every passage; a longer one would crowd the passage out of the model's window.
CONTEXT_HEADLINE_CHARS = 60

_CLAUSE_ENDS = re.compile(r"[，,；;：:、—\s]")

CountTokens = Callable[[Sequence[str]], list[int]]


def split_article(article: Article, *, target_chars: int, max_chars: int) -> list[Passage]:
    """Passages of one article, in order; every non-blank character of `article.text` lies in exactly one.

    Passages have about equal length near `target_chars` and prefer to end with a paragraph; none is
    longer than `max_chars`: a sentence that is gets cut at a comma, or anywhere if it has none.
    """
    text = article.text
    units = [unit for span in sentence_spans(text) for unit in _fitting(text, span, max_chars)]
    return _numbered(article, text, _grouped(text, units, target_chars, max_chars))


def _numbered(article: Article, text: str, spans: list[Span]) -> list[Passage]:
    whole = [trimmed(text, span) for span in spans]
    return [
        Passage(article.id, number, start, end, text[start:end])
        for number, (start, end) in enumerate((s, e) for s, e in whole if e > s)
    ]


def _fitting(text: str, span: Span, max_chars: int) -> list[Span]:
    """The span itself, or pieces of it no longer than `max_chars`, cut after a clause where one ends."""
    start, end = span
    pieces = []
    while end - start > max_chars:
        cut = start + max_chars
        for match in _CLAUSE_ENDS.finditer(text, start + max_chars // 2, start + max_chars):
            cut = match.end()
        pieces.append((start, cut))
        start = cut
    pieces.append((start, end))
    return pieces


def _grouped(text: str, units: list[Span], target_chars: int, max_chars: int) -> list[Span]:
    """Runs of units with the smallest total cost: squared distance from the target, less at a paragraph end.

    Shortest path over the units (at most max_chars characters back), so it is linear in the text.
    """
    best: list[tuple[float, int]] = [(0.0, 0)]  # cost of the first j units, and where the last run starts
    for j in range(1, len(units) + 1):
        best.append(min(_options(text, units, best, j, (target_chars, max_chars))))
    runs = []
    j = len(units)
    while j > 0:
        i = best[j][1]
        runs.append((units[i][0], units[j - 1][1]))
        j = i
    return runs[::-1]


def _options(
    text: str, units: list[Span], best: list[tuple[float, int]], j: int, limits: tuple[int, int]
) -> list[tuple[float, int]]:
    target_chars, max_chars = limits
    end = units[j - 1][1]
    at_paragraph = end == len(text) or text[end - 1] == "\n"
    options = []
    for i in range(j - 1, -1, -1):
        length = end - units[i][0]
        if length > max_chars and i < j - 1:
            break
        miss = (length - target_chars) / target_chars
        cost = miss * miss + 0.02 + (0.0 if at_paragraph else 0.15)
        options.append((best[i][0] + cost, i))
    return options


def fit_tokens(
    article: Article, passages: Sequence[Passage], count_tokens: CountTokens, max_tokens: int
) -> list[Passage]:
    """The same passages with those that the model would cut short split in halves until they fit.

    Characters of Chinese text are fewer tokens than characters, so this is for odd text only: code
    points that normalise into many, or an encoder with a short window.
    """
    spans = [(p.start, p.end) for p in passages]
    lengths = count_tokens([encoder_text(article, p) for p in passages])
    if all(length <= max_tokens for length in lengths):
        return list(passages)
    halves = []
    for (start, end), length in zip(spans, lengths, strict=True):
        fits = length <= max_tokens or end - start <= 1
        middle = (start + end) // 2
        halves += [(start, end)] if fits else [(start, middle), (middle, end)]
    if halves == spans:
        return list(passages)
    return fit_tokens(article, _numbered(article, article.text, halves), count_tokens, max_tokens)


def encoder_text(article: Article, passage: Passage) -> str:
    """What the encoder reads for a passage: headline and date as context, then the passage."""
    day = f"{article.date.year}年{article.date.month}月{article.date.day}日" if article.date else ""
    context = " ".join(part for part in (article.headline[:CONTEXT_HEADLINE_CHARS], day) if part)
    return f"{context}\n{passage.text}" if context else passage.text
