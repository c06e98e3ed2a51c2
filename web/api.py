"""The JSON interface: `POST /api/answer`, `POST /api/search`, `GET /api/articles/<id>`."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from web.context import service
from web.schemas import AnswerBody, SearchBody, read_body

api = Blueprint("api", __name__, url_prefix="/api")


@api.post("/answer")
def answer() -> Response:
    """Answer one question with citations."""
    body = read_body(AnswerBody)
    given = service().answer(
        body.question,
        filters=body.to_filters(),
        mode=body.mode,
        conversation_id=body.conversation_id,
    )
    return jsonify(given.to_json())


@api.post("/search")
def search() -> Response:
    """Find passages."""
    body = read_body(SearchBody)
    return jsonify(service().search(body.query, k=body.k, filters=body.to_filters()).to_json())


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
