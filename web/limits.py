"""How often one caller may ask, and how often one address may try keys."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits import parse_many

from embeddings.errors import SettingsError
from embeddings.settings import Settings
from web.access import is_local, key_name

ASKING = frozenset(
    "api.answer api.search api.feedback openai_api.complete chat.ask chat.front browse.search".split()
)
TRIES_OF_KEYS = "10/minute"
UNAUTHORIZED = 401


def count_callers(app: Flask, settings: Settings) -> Limiter:
    """Count who calls `app`, before it is looked at who they are: who tries keys is told to wait.

    Raises:
        SettingsError: the limit in the settings does not read as one.
    """
    try:
        parse_many(settings.rate_limit)
    except ValueError:
        raise SettingsError(
            f"rate_limit 不合格式:{settings.rate_limit}", hint="例如 120/minute,或 20/minute;500/hour。"
        ) from None
    return Limiter(
        get_remote_address,
        app=app,
        storage_uri="memory://",
        headers_enabled=True,
        application_limits=[TRIES_OF_KEYS],
        application_limits_deduct_when=_was_refused,
    )


def limit_asking(app: Flask, limiter: Limiter, rate: str) -> None:
    """Let a caller ask and search no more often than that; beyond it is a 429 with `Retry-After`."""
    asking = limiter.shared_limit(rate, "asking", key_func=_caller, exempt_when=_is_free)
    views: dict[str, Any] = app.view_functions
    for endpoint in ASKING:
        views[endpoint] = asking(views[endpoint])


def _caller() -> str:
    return key_name() or get_remote_address()


def _is_free() -> bool:
    """Who is on this machine and needs no key is its owner."""
    return is_local() and not key_name()


def _was_refused(response: Response) -> bool:
    return response.status_code == UNAUTHORIZED
