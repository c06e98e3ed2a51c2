"""The JSON interface: `POST /api/answer`, `POST /api/search`, `GET /api/articles/<id>`."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from embeddings.records import Answer
from web.context import Listener, deaf, service
from web.schemas import AnswerBody, SearchBody, read_body
from web.streaming import stream, wants_stream

api = Blueprint("api", __name__, url_prefix="/api")


@api.post("/answer")
def answer() -> Response:
    """Answer one question with citations, whole or as a stream of events."""
    body = read_body(AnswerBody)
    asked = service()

    def give(listen: Listener) -> Answer:
        return asked.answer(
            body.question,
            filters=body.to_filters(),
            mode=body.mode,
            conversation_id=body.conversation_id,
            history=body.to_history(),
            today=body.now,
            use_period=body.use_period,
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


@api.get("/conversations/<conversation_id>")
def conversation(conversation_id: str) -> Response:
    """Return the turns of a conversation, oldest first."""
    turns = [{"question": turn.question, "answer": turn.answer} for turn in service().turns(conversation_id)]
    return jsonify({"id": conversation_id, "turns": turns})


@api.delete("/conversations/<conversation_id>")
def forget(conversation_id: str) -> ResponseReturnValue:
    """Delete a conversation."""
    service().forget(conversation_id)
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
