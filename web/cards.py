"""What the templates show: records turned into text and links, ready to be written out."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote as percent_encoded
from urllib.parse import urlsplit

from embeddings.records import Answer, Article, Citation
from web.errors import Problem
from web.typeset import AnswerPart, Excerpt, Span, answer_parts, date_text, excerpt, page_text


@dataclass(frozen=True, slots=True)
class Report:
    """An article in a list: its headline and where it was printed."""

    href: str
    title: str
    paper: str
    date: str
    page: str
    byline: str


@dataclass(frozen=True, slots=True)
class Source:
    """A citation: the report it comes from, and the passage around the quote."""

    n: int
    report: Report
    excerpt: Excerpt


@dataclass(frozen=True, slots=True)
class Turn:
    """A question with what came of it: an answer, an honest no, or a problem."""

    number: int
    question: str
    answered: bool = False
    parts: tuple[AnswerPart, ...] = ()
    sources: tuple[Source, ...] = ()
    related: tuple[Report, ...] = ()
    problem: Problem | None = None
    conversation_id: str = ""


# Slots of the `<template>` elements, which the scripts fill.
BLANK_REPORT = Report(href="/", title="", paper="", date="", page="", byline="")
BLANK_SOURCE = Source(n=0, report=BLANK_REPORT, excerpt=Excerpt())
BLANK_TURN = Turn(number=0, question="")


def article_href(article_id: str, quote: Span | None = None) -> str:
    """Link to an article, at a quote when one is given; any id makes one safe path segment."""
    path = f"/articles/{percent_encoded(article_id, safe='')}"
    return f"{path}?quote={quote.start}-{quote.end}#quote" if quote else path


def report(article: Article, quote: Span | None = None) -> Report:
    """Describe an article for a list."""
    return Report(
        href=article_href(article.id, quote),
        title=article.title,
        paper=article.paper or "",
        date=date_text(article.date),
        page=page_text(article.page),
        byline=article.byline,
    )


def source(citation: Citation) -> Source:
    """Describe a citation as a source card."""
    span = Span(citation.quote_start, citation.quote_end)
    return Source(citation.n, report(citation.article, span), excerpt(citation))


def answered_turn(question: str, answer: Answer, *, number: int) -> Turn:
    """Describe a question and what the service said to it."""
    return Turn(
        number=number,
        question=question,
        answered=answer.answered,
        parts=answer_parts(answer.text, {citation.n for citation in answer.citations}),
        sources=tuple(source(citation) for citation in answer.citations),
        related=tuple(report(article) for article in answer.related),
        conversation_id=answer.conversation_id or "",
    )


def web_href(url: str) -> str:
    """Return the address when it is an ordinary web address, else an empty string.

    Articles come from files of any origin, and `javascript:` is an address too.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in {"http", "https"} and parts.netloc else ""
