"""Founder's e-paper markup, which most Chinese papers publish with.

    <!--enpproperty <articleid>…</articleid><date>…</date><author>…</author><title>…</title>
      <subtitle>…</subtitle><introtitle>…</introtitle><nodename>…</nodename>/enpproperty-->
    <founder-content><!--enpcontent--><p>…</p><!--/enpcontent--></founder-content>

Newer systems write each name with `founder-` before it, in the comment, on the page, or both. Older
pages only have `<div id="ozoom">` around the text, under headings and a line of names.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml.html import HtmlElement

from embeddings.errors import InputRefused
from embeddings.sources.htmlblocks import plain
from embeddings.sources.htmlfacts import Facts, date_in, page_number, safe_url
from embeddings.sources.signed import bare

PROPERTY = re.compile(r"<!--\s*enpproperty\b(.*?)(?:-->|\Z)", re.DOTALL | re.IGNORECASE)
CONTENT = re.compile(
    r"<!--\s*enpcontent\s*-->(.*?)(?:<!--\s*/\s*enpcontent\s*-->|\Z)"
    r"|<founder-content\b[^>]*>(.*?)(?:</founder-content\s*>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
FIELDS = ("title", "introtitle", "subtitle", "author", "date", "nodename", "url")
FIELD_CHARS = 2000
TAGS = re.compile(r"<!\[CDATA\[|\]\]>|<[^<>]{0,500}>")
CONTAINER_IDS = ("ozoom", "articleContent", "zoom")
MIN_CHARS = 8
MAX_STORIES = 500


@dataclass(frozen=True, slots=True)
class MarkedStory:
    """One story as the markup sets it apart: what it says of itself, and the markup of its text."""

    facts: Facts
    content: str


def marked_stories(markup: str) -> list[MarkedStory]:
    """The stories that the markup sets apart, in order; empty for pages of other systems.

    Some systems print the same text twice, once hidden: the second is dropped.

    Raises:
        InputRefused: code `too_large`, more than `MAX_STORIES` stories.
    """
    spans = list(_contents(markup))
    if len(spans) > MAX_STORIES:
        raise InputRefused(f"网页里的文章超过 {MAX_STORIES} 篇,请分开再交 (too_large)", code="too_large")
    stories: dict[str, MarkedStory] = {}
    for number, (start, end, content) in enumerate(spans):
        before = spans[number - 1][1] if number else 0
        after = len(markup) if number == len(spans) - 1 else end
        fields = _fields(markup[before:start], markup[start:end], markup[end:after])
        stories.setdefault(content, MarkedStory(_facts(fields), content))
    return list(stories.values())


def story_element(root: HtmlElement) -> HtmlElement | None:
    """The element that older e-papers put a story's text in, if this page has one."""
    for name in CONTAINER_IDS:
        for element in root.iterfind(f".//*[@id='{name}']"):
            if len(plain(str(element.text_content()))) >= MIN_CHARS:
                return element
    return None


def _contents(markup: str) -> Iterator[tuple[int, int, str]]:
    for match in CONTENT.finditer(markup):
        content = match[1] if match[1] is not None else match[2]
        if len(_words(content)) >= MIN_CHARS:
            yield match.start(), match.end(), content


def _fields(*windows: str) -> dict[str, str]:
    """Fields of the nearest property comment, else of the elements around the story."""
    comments = [match[1] for window in windows for match in list(PROPERTY.finditer(window))[-1:]]
    found: dict[str, str] = {}
    for text in (*comments, windows[0][-(1 << 16) :]):
        prefix = "(?:founder-)?" if text in comments else "founder-"
        for name in FIELDS:
            if not found.get(name):
                found[name] = _field(text, prefix + name)
    return found


def _field(text: str, name: str) -> str:
    opened = [match.end() for match in re.finditer(rf"<{name}\s*>", text, re.IGNORECASE)]
    if not opened:
        return ""
    value = text[opened[-1] : opened[-1] + FIELD_CHARS]
    closed = re.search(rf"</{name}\s*>", value, re.IGNORECASE)
    return _words(value[: closed.start()]) if closed else ""


def _facts(fields: dict[str, str]) -> Facts:
    return Facts(
        title=fields["title"],
        kicker=fields["introtitle"],
        subtitle=fields["subtitle"],
        byline=bare(fields["author"]),
        date=date_in(fields["date"]),
        number=page_number([fields["nodename"]]),
        url=safe_url(fields["url"]),
        is_article=True,
    )


def _words(markup: str) -> str:
    """The words of a piece of markup on one line."""
    return plain(html.unescape(TAGS.sub(" ", markup)))
