"""The real service over stand-ins for the models: `python -m tests.reliability.served PORT DATA CACHE`."""

from __future__ import annotations

import sys
from pathlib import Path

from flask import Flask

from embeddings.settings import Settings
from qa.archive import Archive
from qa.chats import CHAT_STORE, Chats
from qa.jobs import Jobs
from qa.service import Service
from tests.fake_spans import FakeSpans
from tests.fakes import FakeEncoder
from web import create_app
from web.server import ON_CLOSE, serve


def main(port: int, data: str, cache: str) -> int:
    """Serve until it is told to end."""
    settings = Settings(port=port, data=Path(data), cache=Path(cache), min_confidence=0.05)

    def make_app() -> Flask:
        chats = Chats(settings.data / CHAT_STORE)
        service = Service(settings, FakeEncoder(), FakeSpans(), chats.conversations)
        service.warm()
        service.follow()
        app = create_app(service, chats, settings, Archive(settings, "fake"), Jobs(settings.data))
        app.extensions[ON_CLOSE] = service.close
        return app

    return serve(make_app, settings)


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]), *sys.argv[2:]))
