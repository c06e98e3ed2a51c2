"""For the machine that runs us: is the process alive, and can it answer questions."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from flask import Blueprint, Response, jsonify

from embeddings.errors import WenbaoError
from web.context import service
from web.errors import problem_of, problem_response

health = Blueprint("health", __name__)


@health.get("/healthz")
def alive() -> Response:
    """Say that the process answers, whatever state the index is in."""
    return jsonify({"status": "ok"})


@health.get("/readyz")
def ready() -> Response:
    """Say what serves, or 503 with the reason why nothing does."""
    try:
        status = service().status()
    except WenbaoError as error:
        return problem_response(replace(problem_of(error), status=HTTPStatus.SERVICE_UNAVAILABLE.value))
    return jsonify(
        {
            "status": "ready",
            "snapshot": status.snapshot,
            "articles": status.articles,
            "passages": status.passages,
        }
    )
