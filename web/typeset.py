"""Text set for a page: which characters are marked, and how dates and pages are written.

Functions of their arguments and of the reader's language. Offsets count code points, as everywhere in Python.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from embeddings.records import Article, Citation
from web import words

MARK = re.compile(r"\[(\d{1,3})\]", re.ASCII)
QUOTE_PARAMETER = re.compile(r"(\d{1,9})-(\d{1,9})", re.ASCII)
# Two characters of one figure: a border between them is none.
FIGURE = re.compile(r"[0-9][0-9.,]|[.,][0-9]", re.ASCII)
# Characters kept on each side of a quote where there is little room (a phone's source card).
NEAR_CHARS = 45


@dataclass(frozen=True, slots=True)
class AnswerPart:
    """A run of text: a mark that links to citation `n`, or, where `strong`, the very words that answer."""

    text: str
    n: int | None = None
    strong: bool = False


def answer_parts(text: str, numbers: Container[int]) -> tuple[AnswerPart, ...]:
    """Split an answer at its `[n]` marks; a mark that no citation carries stays plain text."""
    parts: list[AnswerPart] = []
    position = 0
    for match in MARK.finditer(text):
        if (n := int(match[1])) not in numbers:
            continue
        parts.append(AnswerPart(text[position : match.start()]))
        parts.append(AnswerPart(match[0], n))
        position = match.end()
    parts.append(AnswerPart(text[position:]))
    return tuple(part for part in parts if part.text)


def emphasised(parts: Iterable[AnswerPart], span: str) -> tuple[AnswerPart, ...]:
    """Set the first `span` of the first part that holds it in strong type; marks are left alone."""
    result: list[AnswerPart] = []
    found = not span
    for part in parts:
        start = -1 if found or part.n else _place(part.text, span)
        if start < 0:
            result.append(part)
            continue
        found, end = True, start + len(span)
        result += [AnswerPart(part.text[:start]), AnswerPart(span, strong=True), AnswerPart(part.text[end:])]
    return tuple(part for part in result if part.text)


def _place(text: str, span: str) -> int:
    """Where `span` stands in `text`, -1 if nowhere; a figure is not taken for a part of a longer one."""
    start = text.find(span)
    while start >= 0:
        end = start + len(span)
        if not (FIGURE.fullmatch(text[start - 1 : start + 1]) or FIGURE.fullmatch(text[end - 1 : end + 1])):
            return start
        start = text.find(span, start + 1)
    return text.find(span)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A passage around its quote, in order; the far parts are the first to go on a small screen."""

    far_before: str = ""
    before: str = ""
    quote: str = ""
    after: str = ""
    far_after: str = ""


def excerpt(citation: Citation) -> Excerpt:
    """Cut the citation's passage at its quote. What of the quote lies outside is left out."""
    text, offset = citation.passage.text, citation.passage.start
    start = min(max(citation.quote_start - offset, 0), len(text))
    end = min(max(citation.quote_end - offset, start), len(text))
    near_start = max(start - NEAR_CHARS, 0)
    near_end = min(end + NEAR_CHARS, len(text))
    return Excerpt(
        far_before=text[:near_start],
        before=text[near_start:start],
        quote=text[start:end],
        after=text[end:near_end],
        far_after=text[near_end:],
    )


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start:end` of an article's text."""

    start: int
    end: int


def quoted_span(parameter: str | None, text: str) -> Span | None:
    """Read a `START-END` parameter; `None` when it is absent, malformed or outside the text."""
    match = QUOTE_PARAMETER.fullmatch(parameter or "")
    if match is None:
        return None
    span = Span(int(match[1]), int(match[2]))
    return span if span.start < span.end <= len(text) else None


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of one line. The first marked piece of an article is the `anchor` a link points at."""

    text: str
    marked: bool = False
    anchor: bool = False


Line = tuple[Piece, ...]

# What a result of a search shows of a passage.
RESULT_CHARS = 160
RESULT_BEFORE_CHARS = 30
# No longer run of a query is looked for, so that a long query costs little.
RUN_CHARS_MAX = 24


def search_excerpt(passage: str, query: str) -> tuple[Piece, ...]:
    """Cut a passage to where it first meets the query's words, which are marked, without line breaks."""
    words_met = _met(passage, query)
    first = min((passage.find(word) for word in words_met), default=0)
    start = max(first - RESULT_BEFORE_CHARS, 0) if len(passage) > RESULT_CHARS else 0
    cut = passage[start : start + RESULT_CHARS].replace("\n", " ")
    cut = ("……" if start else "") + cut + ("……" if start + RESULT_CHARS < len(passage) else "")
    if not words_met:
        return (Piece(cut),)
    parts = re.split("(" + "|".join(map(re.escape, words_met)) + ")", cut)
    return tuple(Piece(part, marked=place % 2 == 1) for place, part in enumerate(parts) if part)


def _met(passage: str, query: str) -> list[str]:
    """The longest runs of the query that stand in the passage, longest first: two characters at least."""
    runs: list[str] = []
    for piece in re.findall(r"\w+", query):
        start = 0
        while start < len(piece) - 1:
            ends = range(min(len(piece), start + RUN_CHARS_MAX), start + 1, -1)
            end = next((e for e in ends if piece[start:e] in passage), 0)
            if end:
                runs.append(piece[start:end])
            start = end or start + 1
    return sorted(set(runs), key=len, reverse=True)


@dataclass(frozen=True, slots=True)
class SetArticle:
    """An article's text line by line, every character of it except line breaks in one place."""

    paragraphs: tuple[Line, ...]
    captions: tuple[Line, ...]
    byline: tuple[Line, ...]


def set_article(article: Article, quote: Span | None) -> SetArticle:
    """Set the body, the captions and the byline of `article.text`, with the quote marked.

    The byline is what the text holds behind the captions: nothing when the body carries it.
    """
    text = article.text
    body_end = len(article.body)
    captions_end = len("\n".join(part for part in (article.body, *article.captions) if part))
    lines = _lines(text, quote)
    return SetArticle(
        paragraphs=tuple(line for start, line in lines if start < body_end),
        captions=tuple(line for start, line in lines if body_end <= start < captions_end),
        byline=tuple(line for start, line in lines if start >= max(body_end, captions_end)),
    )


def _lines(text: str, quote: Span | None) -> list[tuple[int, Line]]:
    """Lines that hold more than spaces, each with its offset."""
    lines = []
    anchored = False
    for start, end in _line_borders(text):
        line = tuple(_pieces(text, start, end, quote, anchored=anchored))
        anchored = anchored or any(piece.anchor for piece in line)
        if text[start:end].strip():
            lines.append((start, line))
    return lines


def _line_borders(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in text.split("\n"):
        yield start, start + len(line)
        start += len(line) + 1


def _pieces(text: str, start: int, end: int, quote: Span | None, *, anchored: bool) -> Iterable[Piece]:
    low = min(max(quote.start, start), end) if quote else end
    high = min(max(quote.end, low), end) if quote else end
    marked = text[low:high]
    if before := text[start:low]:
        yield Piece(before)
    if marked:
        yield Piece(marked, marked=True, anchor=not anchored)
    if after := text[high:end]:
        yield Piece(after)


def date_text(when: date | str | None) -> str:
    """Write a date as people read it (`2026年10月12日`); an ISO string will do, `None` is empty."""
    if when is None:
        return ""
    day = date.fromisoformat(when) if isinstance(when, str) else when
    return words.date_pattern().format(day.year, day.month, day.day)


def period_text(first: date | None, last: date | None) -> str:
    """Write a range of days, what they share said once (`2026年10月5日—11日`); `None` is open."""
    if first and last:
        return (
            date_text(first)
            if first == last
            else words.between_pattern().format(date_text(first), _last_day_text(first, last))
        )
    if first:
        return words.since_pattern().format(date_text(first))
    return words.until_pattern().format(date_text(last)) if last else ""


def dates_text(first: str | None, last: str | None) -> str:
    """Write the range of two ISO dates; empty when either is unknown."""
    if first is None or last is None:
        return ""
    return period_text(date.fromisoformat(first), date.fromisoformat(last))


def _last_day_text(first: date, last: date) -> str:
    if first.year != last.year:
        return date_text(last)
    if first.month != last.month:
        return words.month_day_pattern().format(last.month, last.day)
    return words.day_pattern().format(last.day)


def page_text(page: str | None) -> str:
    """Write a page number as a paper prints it (`第01版`); `None` is empty."""
    return words.page_pattern().format(page) if page else ""
