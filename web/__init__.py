"""The web process: JSON for programs, pages for readers, both over one `qa` service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from jinja2 import StrictUndefined

from web import context, errors, language, security
from web.api import api
from web.browse import browse
from web.chat import chat
from web.health import health

if TYPE_CHECKING:
    from embeddings.settings import Settings
    from qa.chats import Chats
    from web.context import AskService

__all__ = ["create_app"]


def create_app(service: AskService, chats: Chats, settings: Settings) -> Flask:
    """Wire the application around one service and one chat store; nothing is opened, loaded or read here."""
    app = Flask(__name__)
    context.provide(app, service, chats, settings)
    app.json = ReadableJSON(app)
    app.url_map.merge_slashes = False  # an article id may hold slashes, and more than one in a row
    app.jinja_options = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    language.speak(app)
    security.protect(app)
    errors.register(app)
    for blueprint in (api, chat, browse, health):
        app.register_blueprint(blueprint)
    return app


class ReadableJSON(DefaultJSONProvider):
    """Chinese as itself, keys in the order the records give them."""

    ensure_ascii = False
    sort_keys = False
