"""What a web page says about itself: title, author, date, paper, page number and address."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml.html import HtmlElement

from embeddings.sources.encoding import blank_controls
from embeddings.sources.htmlblocks import Block, plain
from embeddings.sources.place import parse_date
from embeddings.sources.signed import bare

META = {
    "title": ("og:title", "article:title", "articletitle", "twitter:title"),
    "byline": ("author", "article:author", "og:article:author"),
    "paper": ("og:site_name", "mediaid", "newspaper"),
    "date": ("article:published_time", "og:published_time", "publishdate", "publish-date", "pubdate", "date"),
    "url": ("og:url",),
    "number": ("page-number", "pagenumber"),
}
LD_TYPES = frozenset(("NewsArticle", "Article", "ReportageNewsArticle", "OpinionNewsArticle", "BlogPosting"))
MAX_LD_CHARS = 200_000
MAX_LD_ITEMS = 200
DATE = re.compile(r"(?<!\d)(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)")
PAGE = re.compile(
    r"(?:^|[\s(（日,，])第\s*([0-9]{1,3}|[A-Z][0-9]{1,3}|[一二三四五六七八九十]{1,3})\s*版(?=\s*(?:[:：)）]|$|\s))"
)
POINTER = re.compile(r"[转接见]\s*第?\s*\w{1,3}\s*版")
PAGE_CODE = re.compile(r"(?<![0-9A-Za-z])([A-Z]?[0-9]{1,3})\s*版(?=\s*[:：]|$)")
STAMP_PAPER = re.compile(r"《([^《》]{2,20})》\s*[(（]")
FURNITURE_CHARS = 60
DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")}
SITE_TAIL = re.compile(r"\s*(?:[|_｜]|[-–—]{1,2}).{0,30}$")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a story before its text is read; empty or `None` where the page is silent."""

    title: str = ""
    kicker: str = ""
    subtitle: str = ""
    byline: str = ""
    paper: str | None = None
    date: datetime.date | None = None
    number: str | None = None
    url: str = ""
    is_article: bool = False


def facts_of(root: HtmlElement, linked_data: tuple[str, ...], blocks: list[Block]) -> Facts:
    """Facts from JSON-LD, then meta elements, then the lines around the story."""
    linked, meta = _linked_data(linked_data), _metas(root)

    def said(key: str) -> str:
        return linked.get(key) or next((meta[name] for name in META[key] if meta.get(name)), "")

    frame = [b.text for b in blocks if len(b.text) <= FURNITURE_CHARS and not b.is_link]
    return Facts(
        title=said("title"),
        byline=bare(said("byline")),
        paper=said("paper") or _first(STAMP_PAPER, frame) or None,
        date=date_in(said("date")) or next((day for line in frame if (day := date_in(line))), None),
        number=said("number") or page_number(frame),
        url=safe_url(said("url") or _canonical(root)),
        is_article=bool(linked) or meta.get("og:type", "").lower() in ("article", "news", "newsarticle"),
    )


def document_title(root: HtmlElement) -> str:
    """The `<title>` without the site's name behind it."""
    title = plain(root.findtext(".//title") or "")
    return SITE_TAIL.sub("", title) or title


def date_in(text: str) -> datetime.date | None:
    """The first whole date in the text, however it is punctuated."""
    for match in DATE.finditer(text[:400]):
        year, month, day = (int(part) for part in match.groups())
        if date := parse_date(f"{year:04}-{month:02}-{day:02}"):
            return date
    return parse_date(text.strip()[:8]) if text.strip()[:8].isdecimal() else None


def page_number(lines: list[str]) -> str | None:
    """The page that a line such as `第04版:要闻` or `A3版：文娱` names; the first such line wins."""
    for line in lines:
        if POINTER.search(line):
            continue
        match = PAGE.search(line) or PAGE_CODE.search(line)
        if match:
            return _arabic(match[1])
    return None


def safe_url(value: str) -> str:
    """The address if it is one of the web; anything else could be a script."""
    value = value.strip()
    return value if value.lower().startswith(("http://", "https://")) and len(value) < 2000 else ""


def _arabic(number: str) -> str:
    if number[0] in DIGITS or number[0] == "十":
        tens, ten, ones = number.rpartition("十")
        value = (DIGITS.get(tens, 1) * 10 if ten else 0) + DIGITS.get(ones, 0)
        return f"{value:02}"
    return number


def _first(pattern: re.Pattern[str], lines: list[str]) -> str:
    return next((match[1] for line in lines if (match := pattern.search(line))), "")


def _metas(root: HtmlElement) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in root.iter("meta"):
        name = element.get("property") or element.get("name") or ""
        found.setdefault(name.strip().lower(), plain(element.get("content") or ""))
    return found


def _canonical(root: HtmlElement) -> str:
    return next((e.get("href") or "" for e in root.iter("link") if e.get("rel") == "canonical"), "")


def _linked_data(texts: tuple[str, ...]) -> dict[str, str]:
    for text in texts:
        for item in _items(text[:MAX_LD_CHARS]):
            kinds = item.get("@type")
            kinds = kinds if isinstance(kinds, list) else [kinds]
            if any(kind in LD_TYPES for kind in kinds if isinstance(kind, str)):
                return {
                    "title": _words(item.get("headline")),
                    "byline": _words(item.get("author")),
                    "paper": _words(item.get("publisher")),
                    "date": _words(item.get("datePublished")),
                    "url": _words(item.get("url")),
                    "number": _words(item.get("pageStart") or item.get("printPage")),
                }
    return {}


def _items(text: str) -> Iterator[dict[str, Any]]:
    try:
        waiting: list[Any] = [json.loads(blank_controls(text), strict=False)]
    except (ValueError, RecursionError):
        return
    seen = 0
    while waiting and seen < MAX_LD_ITEMS:
        item, seen = waiting.pop(0), seen + 1
        if isinstance(item, list):
            waiting.extend(item[:MAX_LD_ITEMS])
        elif isinstance(item, dict):
            yield item
            waiting.extend(item.get("@graph") or () if isinstance(item.get("@graph"), list) else ())


def _words(value: Any) -> str:
    """A text, a thing's name, or the names of several."""
    if isinstance(value, list):
        return " ".join(
            word for part in value[:20] if (word := _words(part) if not isinstance(part, list) else "")
        )
    if isinstance(value, dict):
        value = value.get("name")
    return plain(value)[:500] if isinstance(value, str) else ""
