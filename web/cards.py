"""What the templates show: records turned into text and links, ready to be written out."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from urllib.parse import quote as percent_encoded
from urllib.parse import urlsplit

from markupsafe import Markup

from embeddings.records import Answer, AnswerKind, Article, Citation, Mode
from qa.conversations import KeptTurn
from qa.kept_answers import answer_of
from web.errors import Problem
from web.markdown import written_answer
from web.references import answer_in_plain_text, answer_with_gbt7714
from web.scopes import NO_SCOPE, Chip, Scope, chip, kept_scope
from web.typeset import AnswerPart, Excerpt, Span, answer_parts, date_text, emphasised, excerpt, page_text
from web.words import refusal_heading


@dataclass(frozen=True, slots=True)
class Report:
    """An article in a list: its headline and where it was printed."""

    href: str
    title: str
    paper: str = ""
    date: str = ""
    page: str = ""
    byline: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A citation: the report it comes from, the passage around the quote, and the quote in parts."""

    n: int
    report: Report
    excerpt: Excerpt
    quote: tuple[AnswerPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """A question with what came of it: an answer, an honest no, or a problem.

    `standalone` is how the question was understood, empty where that says nothing new. `short` is the
    first line of an answer that is one name, number or day; `parts` is the sentence that carries it, and
    `written` takes their place where a language model wrote. `rating` is 1, -1 or 0; `gbt` and `plain` are
    what a reader copies. Texts are empty where there is nothing to say.
    """

    number: int
    question: str
    answer_id: str = ""
    standalone: str = ""
    scope: Scope = NO_SCOPE
    chip: Chip | None = None
    answered: bool = False
    verdict: str = ""
    reason: str = ""
    refusal: str = ""
    model: str = ""
    short: tuple[AnswerPart, ...] = ()
    parts: tuple[AnswerPart, ...] = ()
    written: Markup = Markup("")  # noqa: RUF009 - immutable
    sources: tuple[Source, ...] = ()
    related: tuple[Report, ...] = ()
    follow_ups: tuple[str, ...] = ()
    problem: Problem | None = None
    conversation_id: str = ""
    rating: int = 0
    gbt: str = ""
    plain: str = ""


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


def source(citation: Citation, span: str = "") -> Source:
    """Describe a citation as a source card, with the characters that answer, `span`, emphasised."""
    place = Span(citation.quote_start, citation.quote_end)
    cut = excerpt(citation)
    return Source(citation.n, report(citation.article, place), cut, emphasised([AnswerPart(cut.quote)], span))


def kept_turn(kept: KeptTurn, *, number: int, conversation_id: str = "") -> Turn:
    """Describe a turn as it was kept; one of an older version has no more than its texts."""
    if kept.answer is None:
        parts = (AnswerPart(kept.text),)
        return Turn(number, kept.question, answered=True, parts=parts, conversation_id=conversation_id)
    turn = answered_turn(answer_of(kept.answer), number=number, scope=kept_scope(kept.scope))
    return replace(turn, rating=kept.rating, conversation_id=conversation_id)


def answered_turn(answer: Answer, *, number: int, scope: Scope = NO_SCOPE) -> Turn:
    """Describe a question, asked within `scope`, and what the service said to it."""
    short, text = lines_of(answer)
    numbers = {citation.n for citation in answer.citations}
    by_model = answer.answered and answer.mode is Mode.GENERATIVE
    return Turn(
        number=number,
        question=answer.question,
        answer_id=answer.id,
        standalone=_news(answer.question, answer.standalone_question),
        scope=scope,
        chip=chip(scope, answer.period, dropped=answer.period_dropped),
        answered=answer.answered,
        verdict=answer.verdict,
        reason=answer.reason,
        refusal="" if answer.answered else refusal_heading(answer.reason),
        model=answer.model,
        short=answer_parts(short, numbers),
        parts=() if by_model else emphasised(answer_parts(text, numbers), answer.span if short else ""),
        written=written_answer(answer.text, numbers, number) if by_model else Markup(""),
        sources=tuple(
            source(citation, "" if place else answer.span) for place, citation in enumerate(answer.citations)
        ),
        related=tuple(report(article) for article in answer.related),
        conversation_id=answer.conversation_id or "",
        gbt=answer_with_gbt7714(answer),
        plain=answer_in_plain_text(answer),
    )


def lines_of(answer: Answer) -> tuple[str, str]:
    """Split an answer of kind `span` into its short first line and the rest; others have no short line."""
    if answer.kind is not AnswerKind.SPAN or not answer.span:
        return "", answer.text
    short, _, text = answer.text.partition("\n")
    return short, text


def _news(question: str, standalone: str) -> str:
    """The completed question, unless it is the question itself but for spaces and widths."""
    return "" if _plain(standalone) == _plain(question) else standalone


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def web_href(url: str) -> str:
    """Return the address when it is an ordinary web address, else an empty string.

    Articles come from files of any origin, and `javascript:` is an address too.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in {"http", "https"} and parts.netloc else ""
