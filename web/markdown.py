"""What a language model wrote, as HTML that can do nothing: Markdown read by a library, then sanitised.

The model has read newspaper text, which anybody may have written, so nothing of its output is trusted:
no raw HTML, no links, no images; only the words and their emphasis, and our own `[n]` marks.
"""

from __future__ import annotations

import re
from collections.abc import Container

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from web.language import gettext
from web.typeset import MARK

_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "blockquote", "code", "pre", "table"}
_TAGS |= {"thead", "tbody", "tr", "th", "td", "h3", "h4", "hr", "s"}
_HEADING = re.compile(r"(</?)h[1-6]>")
_reader = MarkdownIt("commonmark", {"html": False, "linkify": False}).disable(["link", "image", "autolink"])
_cleaner = nh3.Cleaner(tags=_TAGS, attributes={"ol": {"start"}}, url_schemes=set(), link_rel=None)


def prose(text: str) -> Markup:
    """A text of our own in Markdown, as HTML."""
    return Markup(_cleaner.clean(_reader.render(text)))  # noqa: S704 - sanitised


def written_answer(text: str, numbers: Container[int], turn_number: int) -> Markup:
    """The text of a written answer as HTML; marks of the citations in `numbers` lead to their sources."""
    # A heading of the answer's must not break the outline of the page.
    html = _HEADING.sub(r"\1h4>", _reader.render(text))
    clean = _cleaner.clean(html)

    def mark(match: re.Match[str]) -> str:
        n = int(match[1])
        if n not in numbers:
            return match[0]
        label = escape(gettext("出处 %(n)s", n=n))
        return f'<a class="cite" href="#turn-{turn_number}-source-{n}" aria-label="{label}">[{n}]</a>'

    return Markup(MARK.sub(mark, clean))  # noqa: S704 - sanitised above; the marks are ours
