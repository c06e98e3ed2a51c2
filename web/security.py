"""What every request and response goes through: an id, a size limit, and the headers."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from types import MappingProxyType

from flask import Flask, Response, g, request

# Room for the longest question a setting may allow, escaped as \uXXXX, and for one that is far
# too long to be told so in words; an upload has a route and a limit of its own.
MAX_BODY_BYTES = 1 << 20
REQUEST_ID_HEADER = "X-Request-ID"
SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        # A page's address may hold a question, which is nobody's business but ours.
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
)


def protect(app: Flask) -> None:
    """Limit what comes in and mark what goes out of `app`."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.after_request(_mark)


def request_id() -> str:
    """Return this request's id: the caller's when it is a plain token, else a new one."""
    if "request_id" not in g:
        given = request.headers.get(REQUEST_ID_HEADER, "")
        g.request_id = given if SANE_REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    return str(g.request_id)


def _mark(response: Response) -> Response:
    response.headers.update(HEADERS)
    response.headers[REQUEST_ID_HEADER] = request_id()
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", _caching(response))
    return response


def _caching(response: Response) -> str:
    # Answers follow the index, which may change between two requests. A page is only ever
    # revalidated, not forbidden to be kept: that would take the reader's way back to it as well.
    return "private, no-cache" if response.mimetype == "text/html" else "no-store"
