"""The JSON interface to asking: answers, searches, and what readers say of answers."""

from __future__ import annotations

from flask import Response, jsonify

from web.admission import admitted
from web.asking import asked, in_turn
from web.bodies import AnswerDocument, SearchDocument
from web.context import chats, service
from web.openapi import ASKING, api_blueprint, gives, nothing
from web.readers import reader
from web.schemas import AnswerBody, AnswerPath, FeedbackBody, SearchBody
from web.streaming import DESCRIBED, stream, wants_stream

api = api_blueprint("api", "/api", ASKING)


@api.post("/answer", responses=gives(AnswerDocument, 404, 413, 415, 502), **DESCRIBED)
def answer(body: AnswerBody) -> Response:
    """Answer one question with citations, whole or as a stream of events."""
    question = {
        "question": body.question,
        "filters": body.to_filters(),
        "mode": body.mode,
        "conversation_id": body.conversation_id,
        "history": body.to_history(),
        "today": body.now,
        "use_period": body.use_period,
        "reader": reader(),
    }
    return stream(*in_turn(**question)) if wants_stream() else jsonify(asked(**question).to_json())


@api.post("/search", responses=gives(SearchDocument, 413, 415))
def search(body: SearchBody) -> Response:
    """Find passages, best first."""
    with admitted():
        found = service().search(body.query, k=body.k, filters=body.to_filters(), today=body.now)
    return jsonify(found.to_json())


@api.get("/answers/<answer_id>", responses=gives(AnswerDocument, 404))
def kept_answer(path: AnswerPath) -> Response:
    """Give an answer again as it was given."""
    return jsonify(chats().conversations.of_answer(path.answer_id).answer)


@api.post("/feedback", responses=gives(None, 404, 413, 415))
def feedback(body: FeedbackBody) -> Response:
    """Take what a reader says of an answer."""
    chats().feedback.give(body.answer_id, body.rating, body.reason or "", body.comment or "")
    return nothing()
