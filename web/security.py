"""What every request and response goes through: an id, a size limit, and the headers."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from flask import Flask, Response, g, request
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix

from embeddings.errors import AccessDenied

if TYPE_CHECKING:
    from embeddings.settings import Settings

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


# Methods that change nothing, whoever has a browser send them.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
HSTS = "max-age=31536000"


def protect(app: Flask, settings: Settings) -> None:
    """Limit what comes in and mark what goes out of `app`."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    # Werkzeug's own limits on forms: fields in memory and number of parts.
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY_BYTES
    app.config["MAX_FORM_PARTS"] = 1000
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops, hops)  # type: ignore[method-assign]
    origins = frozenset(settings.cors_origins.replace(",", " ").split())
    if origins:
        CORS(
            app,
            resources=[r"/api/.*", r"/v1/.*"],
            origins=list(origins),
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key"],
            expose_headers=["Retry-After", REQUEST_ID_HEADER],
            max_age=600,
        )
    app.before_request(lambda: _refuse_foreign(origins))
    app.after_request(_mark)


def _refuse_foreign(origins: frozenset[str]) -> None:
    """Refuse what another site has a reader's browser send.

    Browsers say where a request comes from, in `Sec-Fetch-Site` and, for what changes something, in
    `Origin`; programs say neither, and carry no cookies by accident. See OWASP, Cross-Site Request
    Forgery Prevention, "Fetch Metadata headers".

    Raises:
        AccessDenied: it comes from another site (code `foreign_origin`).
    """
    if request.method in SAFE_METHODS:
        return
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site")
    if origin in origins and request.path.startswith(("/api/", "/v1/")):
        return
    own = origin is None or origin == request.host_url.rstrip("/")
    if site in (None, "same-origin", "none") and own:
        return
    raise AccessDenied("这个请求来自别的网站。", hint="请在问报自己的页面上操作。", code="foreign_origin")


def request_id() -> str:
    """Return this request's id: the caller's when it is a plain token, else a new one."""
    if "request_id" not in g:
        given = request.headers.get(REQUEST_ID_HEADER, "")
        g.request_id = given if SANE_REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    return str(g.request_id)


def _mark(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = HSTS
    response.headers[REQUEST_ID_HEADER] = request_id()
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", _caching(response))
    return response


def _caching(response: Response) -> str:
    # Answers follow the index, which may change between two requests. A page is only ever
    # revalidated, not forbidden to be kept: that would take the reader's way back to it as well.
    return "private, no-cache" if response.mimetype == "text/html" else "no-store"
