"""The server's log as JSON: one line a request, with the request's id and without its question."""

from __future__ import annotations

import logging
import sys

from flask import Flask, Response, request
from pythonjsonlogger.json import JsonFormatter

from embeddings.settings import Settings
from web.access import key_name
from web.metrics import elapsed_s
from web.security import request_id

FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s"
logger = logging.getLogger("web.access_log")


def write_json_logs() -> None:
    """Write every log line of the process as JSON, to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    renamed = {"asctime": "time", "levelname": "level", "name": "logger"}
    handler.setFormatter(JsonFormatter(FIELDS, rename_fields=renamed, json_ensure_ascii=False))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logger.setLevel(logging.INFO)


def log_requests(app: Flask, settings: Settings) -> None:
    """Note every request of `app` where the log is JSON; as text, gunicorn's own access log does."""
    if settings.log_format == "json":
        app.after_request(_note)


def _note(response: Response) -> Response:
    logger.info(
        "request",
        extra={
            "request_id": request_id(),
            "method": request.method,
            # The path without its query, where a question may stand.
            "path": request.path,
            "status": response.status_code,
            "ms": round(elapsed_s() * 1000, 1),
            "client": request.remote_addr,
            "key": key_name() or None,
        },
    )
    return response
