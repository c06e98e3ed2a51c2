"""The pages people read: the chat at `/` and an article at `/articles/<id>`."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from embeddings.errors import WenbaoError
from qa.service import Status
from web.cards import BLANK_REPORT, BLANK_SOURCE, BLANK_TURN, Report, Turn, answered_turn, report, web_href
from web.context import service, settings
from web.errors import Problem, problem_of
from web.labels import REASONS
from web.periods import BLANK_CHIP, NO_SCOPE, chip, read_scope
from web.typeset import date_text, dates_text, page_text, quoted_span, set_article

SUGGESTIONS = 3
NEWEST = 6
# A browser waits a little longer than the server, so that the server's own words arrive.
EXTRA_WAIT_MS = 5_000

pages = Blueprint("pages", __name__)


@dataclass(frozen=True, slots=True)
class Front:
    """What the chat page shows before the first question; `problem` says why it cannot answer."""

    status: Status | None = None
    suggestions: tuple[str, ...] = ()
    newest: tuple[Report, ...] = ()
    problem: Problem | None = None

    @property
    def dates(self) -> str:
        """The first and last issue's dates, written out."""
        return dates_text(self.status.first_date, self.status.last_date) if self.status else ""


@pages.get("/")
def chat() -> ResponseReturnValue:
    """Show the chat page; with `?q=` the question is answered here, so that no script is needed."""
    question = request.args.get("q", "")
    turn = _ask(question, request.args.get("conversation") or None) if question.strip() else None
    page = render_template(
        "chat.html",
        front=_front(),
        turn=turn,
        reasons=dict(REASONS),
        blank_chip=BLANK_CHIP,
        blank_report=BLANK_REPORT,
        blank_source=BLANK_SOURCE,
        blank_turn=BLANK_TURN,
        wait_ms=settings().request_timeout_s * 1000 + EXTRA_WAIT_MS,
    )
    return page, turn.problem.status if turn and turn.problem else HTTPStatus.OK


@pages.get("/articles/<path:article_id>")
def article(article_id: str) -> str:
    """Show an article, with the characters of `?quote=START-END` marked."""
    found = service().article(article_id)
    halves = service().halves(found)
    return render_template(
        "article.html",
        article=found,
        setting=set_article(found, quoted_span(request.args.get("quote"), found.text)),
        date=date_text(found.date),
        page=page_text(found.page),
        continued_from=report(halves.before) if halves.before else None,
        continued_on=report(halves.after) if halves.after else None,
        reprints=[report(other) for other in service().reprints(found)],
        original=web_href(found.url),
    )


def _ask(question: str, conversation_id: str | None) -> Turn:
    scope = NO_SCOPE
    try:
        scope = read_scope(request.args)
        answer = service().answer(
            question, filters=scope.filters, conversation_id=conversation_id, use_period=scope.use_period
        )
    except WenbaoError as error:
        problem = problem_of(error)
        return Turn(number=1, question=question, scope=scope, chip=chip(scope), problem=problem)
    return answered_turn(question, answer, number=1, scope=scope)


def _front() -> Front:
    try:
        return Front(
            status=service().status(),
            suggestions=tuple(service().suggestions(SUGGESTIONS)),
            newest=tuple(report(article) for article in service().newest(NEWEST)),
        )
    except WenbaoError as error:
        return Front(problem=problem_of(error))
