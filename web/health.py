"""For the machine that runs us: is the process alive, and can it answer questions."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify

from embeddings.errors import WenbaoError
from web.context import service
from web.errors import MEDIA_TYPE, problem_of

# What tells this server from every other, for a client that found its note in the data folder.
INSTANCE = "wenbao.instance"

health = Blueprint("health", __name__)


@health.get("/healthz")
def alive() -> Response:
    """Say that the process answers, whatever state the index is in."""
    return jsonify({"status": "ok"})


@health.get("/readyz")
def ready() -> Response:
    """Say which snapshot serves, or 503 with the reason why none does.

    `degraded` says why the published snapshot does not serve, where another one serves in its place.
    """
    try:
        status = service().status()
    except WenbaoError as error:
        return _not_ready(error)
    given: dict[str, Any] = {
        "status": "ready",
        "snapshot": status.snapshot,
        "built_at": status.built_at,
        "model": status.model,
        "articles": status.articles,
        "passages": status.passages,
    }
    if status.degraded:
        given["degraded"] = status.degraded.to_json()
    return jsonify({**given, **_instance()})


def name_instance(app: Flask, instance: str) -> None:
    """Let `/readyz` of this application tell it from others."""
    app.extensions[INSTANCE] = instance


def _not_ready(error: WenbaoError) -> Response:
    problem = replace(problem_of(error), status=HTTPStatus.SERVICE_UNAVAILABLE.value)
    response = jsonify({**problem.to_json(), **_instance()})
    response.status_code = problem.status
    response.mimetype = MEDIA_TYPE
    return response


def _instance() -> dict[str, str]:
    instance = current_app.extensions.get(INSTANCE)
    return {"instance": instance} if instance else {}
