"""The chat page: conversations, answers, and the forms that do without scripts all that scripts do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from embeddings.errors import NotFoundError, WenbaoError
from qa.conversations import KeptTurn, Summary
from qa.feedback import Reason
from qa.kept_answers import answer_of
from qa.service import Status
from web.addresses import own_path
from web.asking import asked
from web.cards import BLANK_TURN, Report, Turn, kept_turn, report
from web.context import chats, service, settings
from web.errors import Problem, problem_of
from web.readers import named_reader, reader, remember_reader
from web.scopes import NO_SCOPE, chip, read_scope, without
from web.typeset import dates_text
from web.words import feedback_reasons

SUGGESTIONS = 3
FOLLOW_UPS = 3
NEWEST = 6
# A browser waits a little longer than the server, so that the server's own words arrive.
EXTRA_WAIT_MS = 5_000
TURN_NUMBER_MAX = 10_000

chat = Blueprint("chat", __name__)
chat.after_request(remember_reader)


@dataclass(frozen=True, slots=True)
class Front:
    """What the chat page shows before the first question; `problem` says why it cannot answer."""

    status: Status | None = None
    suggestions: tuple[str, ...] = ()
    newest: tuple[Report, ...] = ()
    papers: tuple[str, ...] = ()
    problem: Problem | None = None

    @property
    def dates(self) -> str:
        """The first and last issue's dates, written out."""
        return dates_text(self.status.first_date, self.status.last_date) if self.status else ""


@chat.get("/")
def front() -> ResponseReturnValue:
    """Show the front page; `?q=` asks at once, for links and for browsers that search with us."""
    if request.args.get("q", "").strip():
        return _ask(request.args, conversation_id=None)
    return _page([])


@chat.post("/ask")
def ask() -> ResponseReturnValue:
    """Answer the question of a form, and show the conversation that it belongs to."""
    return _ask(request.form, request.form.get("conversation") or None)


@chat.get("/chats/<conversation_id>")
def conversation(conversation_id: str) -> ResponseReturnValue:
    """Show a conversation from its first turn on."""
    kept = chats().conversations.kept(conversation_id)
    turns = [
        kept_turn(one, number=number, conversation_id=conversation_id)
        for number, one in enumerate(kept, start=1)
    ]
    turns[-1] = _with_follow_ups(kept[-1], turns[-1])
    return _page(turns, chats().conversations.summary(conversation_id))


@chat.get("/chats")
def chat_list() -> str:
    """Show the reader's conversations; a part of a page where a script asks for it."""
    listed = chats().conversations.of_reader(named_reader())
    if request.args.get("part"):
        return render_template("_chats.html", listed=listed, current=request.args["part"])
    return render_template("chats.html", listed=listed)


@chat.post("/chats/<conversation_id>/rename")
def rename(conversation_id: str) -> Response:
    """Give a conversation another title."""
    chats().conversations.rename(conversation_id, request.form.get("title", ""))
    return _seen(url_for("chat.conversation", conversation_id=conversation_id))


@chat.post("/chats/<conversation_id>/delete")
def delete(conversation_id: str) -> Response:
    """Delete a conversation."""
    chats().conversations.forget(conversation_id)
    return _seen(url_for("chat.front"))


@chat.post("/chats/delete")
def delete_all() -> Response:
    """Delete all conversations of the reader."""
    chats().conversations.forget_reader(reader())
    return _seen(url_for("chat.front"))


@chat.get("/answers/<answer_id>")
def answer(answer_id: str) -> ResponseReturnValue:
    """Show one answer alone, as it was given: what a link to it opens."""
    kept = chats().conversations.of_answer(answer_id)
    turn = replace(kept_turn(kept, number=1), conversation_id="")
    return render_template("answer.html", turn=turn, asked_at=kept.asked_at, reasons=feedback_reasons())


@chat.get("/answers/<answer_id>/turn")
def answer_turn(answer_id: str) -> str:
    """The turn of one answer as a part of a page, numbered as the script says."""
    number = request.args.get("number", "1")
    kept = chats().conversations.of_answer(answer_id)
    placed = int(number) if number.isdecimal() and len(number) <= 4 else 1
    conversation_id = kept.answer["conversation_id"] if kept.answer else ""
    turn = kept_turn(kept, number=min(placed, TURN_NUMBER_MAX), conversation_id=conversation_id or "")
    return render_template("_one_turn.html", turn=_with_follow_ups(kept, turn), reasons=feedback_reasons())


@chat.post("/answers/<answer_id>/feedback")
def feedback(answer_id: str) -> Response:
    """Take what a reader says of an answer."""
    form = request.form
    rating = {"up": 1, "down": -1}.get(form.get("rating", ""), 0)
    reason = form.get("reason", "")
    known = reason if reason in set(Reason) else ""
    chats().feedback.give(answer_id, rating, known, form.get("comment", "").strip())
    kept = chats().conversations.of_answer(answer_id)
    conversation_id = (kept.answer or {}).get("conversation_id")
    if form.get("alone") or not conversation_id:
        return _seen(url_for("chat.answer", answer_id=answer_id))
    return _seen(url_for("chat.conversation", conversation_id=conversation_id))


@chat.post("/language")
def choose_language() -> Response:
    """Keep the language that the reader chose."""
    chosen = request.form.get("language", "")
    response = _seen(own_path(request.form.get("back", "")))
    if chosen in {"zh", "en"}:
        response.set_cookie("language", chosen, max_age=365 * 24 * 3600, samesite="Lax", httponly=True)
    return response


def _ask(given: Mapping[str, str], conversation_id: str | None) -> ResponseReturnValue:
    question = given.get("q", "")
    scope = NO_SCOPE
    try:
        scope = read_scope(given)
        if given.get("without") in {"paper", "page"}:
            scope = without(scope, given["without"])
        reply = asked(
            question=question,
            filters=scope.filters,
            conversation_id=conversation_id,
            use_period=scope.use_period,
            reader=named_reader(),
        )
    except WenbaoError as error:
        problem = problem_of(error)
        turn = Turn(number=1, question=question, scope=scope, chip=chip(scope), problem=problem)
        kept_id = "" if isinstance(error, NotFoundError) else conversation_id or ""
        return _page([replace(turn, conversation_id=kept_id)], status=problem.status)
    place = url_for("chat.conversation", conversation_id=reply.conversation_id)
    return _seen(f"{place}#answer-{reply.id}")


def _seen(place: str) -> Response:
    response = redirect(place, HTTPStatus.SEE_OTHER)
    assert isinstance(response, Response)
    return response


def _page(
    turns: list[Turn], current: Summary | None = None, status: int = HTTPStatus.OK
) -> ResponseReturnValue:
    page = render_template(
        "chat.html",
        front=_front(),
        turns=turns,
        current=current,
        listed=chats().conversations.of_reader(named_reader()),
        blank_turn=BLANK_TURN,
        reasons=feedback_reasons(),
        wait_ms=settings().request_timeout_s * 1000 + EXTRA_WAIT_MS,
    )
    return page, status


def _with_follow_ups(kept: KeptTurn, turn: Turn) -> Turn:
    if kept.answer is None:
        return turn
    try:
        questions = service().follow_ups(answer_of(kept.answer), FOLLOW_UPS)
    except WenbaoError:  # without an index the turn is shown all the same
        return turn
    return replace(turn, follow_ups=tuple(questions))


def _front() -> Front:
    try:
        status = service().status()
        return Front(
            status=status,
            suggestions=tuple(service().suggestions(SUGGESTIONS)),
            newest=tuple(report(found) for found in service().newest(NEWEST)),
            papers=tuple(service().papers()),
        )
    except WenbaoError as error:
        return Front(problem=problem_of(error))
