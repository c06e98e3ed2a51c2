"""Serve the fake service for tests: `python -m tests.web.served PORT [broken] [impatient] [crowded]`."""

from __future__ import annotations

import sys
import time

from flask import Flask, request
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from embeddings.errors import ModelUnavailable
from embeddings.records import Answer
from embeddings.settings import Settings
from qa.archive import Archive
from qa.jobs import Jobs
from tests.web import samples
from tests.web.fakes import FakeService
from web import create_app
from web.server import ON_CLOSE, serve
from web.worker import PatientWorker

SLOW = "慢慢想的问题？"
SLOW_S = 1.5
CLOSED = "closed beside the requests"
# Of the impatient server: what it waits for a client at each step, and how many it answers at a time.
PATIENCE_S = 1.0
THREADS = 4
QUEUE = 16
# More than the sockets of both sides hold.
LARGE_BYTES = 16 << 20


def main(port: int, *, broken: bool, impatient: bool, crowded: bool) -> int:
    settings = Settings(port=port, request_timeout_s=20)
    if crowded:
        settings = settings.model_copy(update={"threads": THREADS, "queue": QUEUE})
    if impatient:
        settings = settings.model_copy(update={"threads": THREADS})
        PatientWorker.HEAD_TIMEOUT_S = PATIENCE_S
        PatientWorker.BODY_TIMEOUT_S = PATIENCE_S
        PatientWorker.WRITE_TIMEOUT_S = PATIENCE_S

    def make_app() -> Flask:
        if broken:
            raise ModelUnavailable("模型不可用。", hint="请检查设置。")
        service = FakeService(replies={SLOW: _slow_answer})
        app = create_app(service, service.chats, settings, Archive(settings, "fake"), Jobs(settings.data))
        app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/bare": _bare()})  # type: ignore[method-assign]
        app.extensions[ON_CLOSE] = lambda: print(CLOSED, file=sys.stderr, flush=True)
        return app

    return serve(make_app, settings)


def _bare() -> Flask:
    """An application that gives and takes a lot and asks nobody who they are."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGE_BYTES
    app.add_url_rule("/large", "large", lambda: bytes(LARGE_BYTES))
    app.add_url_rule("/upload", "upload", lambda: str(len(request.get_data())), methods=["POST"])
    return app


def _slow_answer() -> Answer:
    time.sleep(SLOW_S)
    return samples.NIGHT_REPLY


if __name__ == "__main__":
    words = sys.argv[2:]
    raise SystemExit(
        main(
            int(sys.argv[1]),
            broken="broken" in words,
            impatient="impatient" in words,
            crowded="crowded" in words,
        )
    )
