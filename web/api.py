"""The JSON interface: `POST /api/answer`, `POST /api/search`, `GET /api/articles/<id>`."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from embeddings.records import Answer
from web.context import Listener, chats, deaf, service
from web.readers import reader
from web.schemas import AnswerBody, FeedbackBody, SearchBody, TitleBody, read_body
from web.streaming import stream, wants_stream

api = Blueprint("api", __name__, url_prefix="/api")


@api.post("/answer")
def answer() -> Response:
    """Answer one question with citations, whole or as a stream of events."""
    body = read_body(AnswerBody)
    asked, asker = service(), reader()

    def give(listen: Listener) -> Answer:
        return asked.answer(
            body.question,
            filters=body.to_filters(),
            mode=body.mode,
            conversation_id=body.conversation_id,
            history=body.to_history(),
            today=body.now,
            use_period=body.use_period,
            reader=asker,
            listen=listen,
        )

    return stream(give) if wants_stream() else jsonify(give(deaf).to_json())


@api.post("/search")
def search() -> Response:
    """Find passages."""
    body = read_body(SearchBody)
    return jsonify(
        service().search(body.query, k=body.k, filters=body.to_filters(), today=body.now).to_json()
    )


@api.get("/answers/<answer_id>")
def kept_answer(answer_id: str) -> Response:
    """Return an answer as it was given."""
    return jsonify(chats().conversations.of_answer(answer_id).answer)


@api.post("/feedback")
def feedback() -> ResponseReturnValue:
    """Take what a reader says of an answer."""
    body = read_body(FeedbackBody)
    chats().feedback.give(body.answer_id, body.rating, body.reason or "", body.comment or "")
    return "", HTTPStatus.NO_CONTENT


@api.get("/conversations")
def conversations() -> Response:
    """List the conversations of the reader whose browser asks, the last used first."""
    listed = chats().conversations.of_reader(reader())
    return jsonify({"conversations": [one.to_json() for one in listed]})


@api.get("/conversations/<conversation_id>")
def conversation(conversation_id: str) -> Response:
    """Return the turns of a conversation, oldest first."""
    kept = chats().conversations.kept(conversation_id)
    completed = chats().conversations.turns(conversation_id)
    turns = [
        {"question": turn.question, "answer": turn.answer, "asked_at": one.asked_at, "body": one.answer}
        for turn, one in zip(completed, kept, strict=True)
    ]
    return jsonify({**chats().conversations.summary(conversation_id).to_json(), "turns": turns})


@api.patch("/conversations/<conversation_id>")
def rename(conversation_id: str) -> Response:
    """Give a conversation another title."""
    return jsonify(chats().conversations.rename(conversation_id, read_body(TitleBody).title).to_json())


@api.delete("/conversations/<conversation_id>")
def forget(conversation_id: str) -> ResponseReturnValue:
    """Delete a conversation."""
    chats().conversations.forget(conversation_id)
    return "", HTTPStatus.NO_CONTENT


@api.get("/articles/<path:article_id>")
def article(article_id: str) -> Response:
    """Return an article with the `text` that every quote's offsets count in."""
    found = service().article(article_id)
    halves = service().halves(found)
    return jsonify(
        {
            **found.to_json(),
            "text": found.text,
            "continued_on": halves.after.id if halves.after else None,
            "continued_from": halves.before.id if halves.before else None,
            "reprints": [other.id for other in service().reprints(found)],
        }
    )
