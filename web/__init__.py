"""The web process: JSON for programs, pages for readers, both over one `qa` service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pydantic_core
from flask import Flask
from flask.json.provider import DefaultJSONProvider
from flask_compress import Compress
from jinja2 import StrictUndefined

from web import (
    access,
    admission,
    context,
    errors,
    language,
    limits,
    logs,
    metrics,
    security,
    tracing,
    uploads,
)
from web.admin import admin
from web.api import api
from web.archive_api import archive_api
from web.browse import browse
from web.builds_api import builds_api
from web.chat import chat
from web.conversations_api import conversations_api
from web.docs import docs
from web.health import health
from web.login import login
from web.openai_api import openai_api
from web.openapi import described_app

if TYPE_CHECKING:
    from embeddings.settings import Settings
    from qa.archive import Archive
    from qa.chats import Chats
    from qa.jobs import Jobs
    from web.context import AskService

__all__ = ["create_app"]


def create_app(service: AskService, chats: Chats, settings: Settings, archive: Archive, jobs: Jobs) -> Flask:
    """Wire the application around its parts; nothing is opened, loaded or read here."""
    app = described_app(__name__)
    context.provide(app, service, chats, settings)
    app.json = ReadableJSON(app)
    app.url_map.merge_slashes = False  # an article id may hold slashes, and more than one in a row
    app.jinja_options = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    # What every client reads; of streams, neither events nor files, whose handles it would leave open.
    app.config.update(COMPRESS_ALGORITHM=["gzip"], COMPRESS_STREAMS=False)
    admission.admit(app, settings.threads, settings.queue, settings.queue_wait_s)
    metrics.measure(app, service, app.extensions[admission.GATE], jobs)
    logs.log_requests(app, settings)
    language.speak(app)
    errors.register(app)
    security.protect(app, settings)
    app.extensions[context.ARCHIVE] = archive
    uploads.take_uploads(app, jobs)
    limiter = limits.count_callers(app, settings)
    access.guard(app, settings)
    for described in (api, archive_api, conversations_api, builds_api, openai_api):
        app.register_api(described)
    for blueprint in (chat, browse, admin, docs, health, login, metrics.metrics):
        app.register_blueprint(blueprint)
    limits.limit_asking(app, limiter, settings.rate_limit)
    Compress(app)
    tracing.trace(app, settings)
    return app


class ReadableJSON(DefaultJSONProvider):
    """Chinese as itself, keys in the order the records give them."""

    ensure_ascii = False
    sort_keys = False

    def loads(self, s: str | bytes, **_options: Any) -> Any:
        """Read JSON as the standard has it; `ValueError` says what is wrong and where."""
        return pydantic_core.from_json(s, allow_inf_nan=False)
