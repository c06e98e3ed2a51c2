"""Which language a page is in: the reader's choice, else the first of the browser's that we speak."""

from __future__ import annotations

from flask import Flask, request
from flask_babel import Babel, get_locale

LANGUAGES = ("zh_Hans_CN", "en")
COOKIE = "language"
# By the cookie's value: what Babel calls it.
_CHOICES = {"zh": "zh_Hans_CN", "en": "en"}


def speak(app: Flask) -> None:
    """Let the pages of `app` speak the reader's language."""
    app.config.setdefault("BABEL_DEFAULT_LOCALE", LANGUAGES[0])
    Babel(app, locale_selector=_chosen)
    app.jinja_env.globals["page_language"] = page_language


def page_language() -> str:
    """The language of the page as HTML names it."""
    return "en" if is_english() else "zh-CN"


def is_english() -> bool:
    """Whether this request is answered in English."""
    locale = get_locale()
    return locale is not None and locale.language == "en"


def _chosen() -> str:
    chosen = _CHOICES.get(request.cookies.get(COOKIE, ""))
    return chosen or ("en" if _wants_english() else LANGUAGES[0])


def _wants_english() -> bool:
    return request.accept_languages.best_match(["zh", "en"], default="zh") == "en"
