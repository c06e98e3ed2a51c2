"""Who a reader is: a name that only the own browser knows, and nothing else."""

from __future__ import annotations

import re
import secrets

from flask import Response, g, request

COOKIE = "reader"
KEPT_S = 400 * 24 * 3600  # the longest that browsers allow
_NAME = re.compile(r"[A-Za-z0-9_-]{22,43}")


def reader() -> str:
    """This request's reader; empty when the browser has no name yet, as a program never has."""
    given = request.cookies.get(COOKIE, "")
    return given if _NAME.fullmatch(given) else str(g.get("new_reader", ""))


def named_reader() -> str:
    """This request's reader, who is given a name with the response if there is none yet."""
    if not reader():
        g.new_reader = secrets.token_urlsafe(24)
    return reader()


def remember_reader(response: Response) -> Response:
    """Let the browser keep the name that its reader was given."""
    if name := g.get("new_reader"):
        response.set_cookie(
            COOKIE, name, max_age=KEPT_S, secure=request.is_secure, httponly=True, samesite="Lax"
        )
    return response
