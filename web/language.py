"""Which language a page is in: the reader's choice, else the first of the browser's that we speak."""

from __future__ import annotations

from typing import Any

import flask_babel
from flask import Flask, request
from flask_babel import Babel

LANGUAGES = ("zh_Hans_CN", "en")
COOKIE = "language"
# By the cookie's value: what Babel calls it.
_CHOICES = {"zh": "zh_Hans_CN", "en": "en"}


def speak(app: Flask) -> None:
    """Let the pages of `app` speak the reader's language."""
    app.config.setdefault("BABEL_DEFAULT_LOCALE", LANGUAGES[0])
    Babel(app, locale_selector=_chosen)
    app.jinja_env.globals["page_language"] = page_language


def gettext(text: str, **values: Any) -> str:
    """The text in the language of this request, with its `%(name)s` filled in; Chinese outside of any."""
    return str(flask_babel.gettext(text, **values))


def said(text: str) -> str:
    """A text that was made elsewhere, in the language of this request where it is known there."""
    return gettext(text) if text else ""


def page_language() -> str:
    """The language of the page as HTML names it."""
    return "en" if is_english() else "zh-CN"


def is_english() -> bool:
    """Whether this request is answered in English."""
    locale = flask_babel.get_locale()
    return locale is not None and locale.language == "en"


def _chosen() -> str:
    chosen = _CHOICES.get(request.cookies.get(COOKIE, ""))
    return chosen or ("en" if _wants_english() else LANGUAGES[0])


def _wants_english() -> bool:
    return request.accept_languages.best_match(["zh", "en"], default="zh") == "en"
