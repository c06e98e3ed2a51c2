"""Manuscripts (.docx, .md, .txt): always one article each."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from embeddings.errors import InputRefused
from embeddings.records import Article, Page, Source, article_id
from embeddings.sources.encoding import blank_controls, decode
from embeddings.sources.found import Found, Limits
from embeddings.sources.markdown import front_matter, markdown_lines
from embeddings.sources.place import Place, parse_date
from embeddings.sources.signed import bare, byline_inside, is_byline
from embeddings.sources.typed import Line, LineRole
from embeddings.sources.untitled import first_words
from embeddings.sources.word import docx_lines

# A long book chapter; the parser needs up to 20 seconds for a megabyte.
MAX_MARKDOWN_BYTES = 1 << 20
TITLE_CHARS = 50
HEAD_LINES = 4
DASHES = re.compile(r"^(?:[—–]{1,3}|-{2,3})\s*")
SENTENCE_END = ("。", "!", "！", ";", "；")
NAMED = {
    "title": ("title", "标题", "主题"),
    "kicker": ("kicker", "引题", "肩题"),
    "subtitle": ("subtitle", "副题", "副标题"),
    "byline": ("byline", "author", "authors", "作者", "记者"),
    "date": ("date", "日期"),
    "paper": ("paper", "报纸", "报名"),
    "page": ("page", "版", "版面", "版次"),
}


@dataclass(frozen=True, slots=True)
class Head:
    """The headline parts and the byline of a manuscript, and how many of its lines they take."""

    title: str = ""
    kicker: str = ""
    subtitle: str = ""
    byline: str = ""
    lines: int = 0


def read_manuscript(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """The article of a plain text: its first line is the title, a byline may follow.

    Raises:
        InputRefused: code `too_large`, `empty`, `binary`, `undecodable`, or `no_article`.
    """
    _check_size(data, limits.max_bytes)
    lines = [Line(words) for line in decode(data).splitlines() if (words := " ".join(line.split()))]
    return _found(lines, {}, name, place)


def read_markdown(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """The article of a Markdown text; its front matter gives what `place` does not.

    Raises:
        InputRefused: code `too_large`, `empty`, `binary`, `undecodable`, `bad_date`, or `no_article`.
    """
    _check_size(data, min(limits.max_bytes, MAX_MARKDOWN_BYTES))
    fields, text = front_matter(decode(data))
    return _found(markdown_lines(text), fields, name, place)


def read_docx(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """The article of a Word document; macros, footnotes, comments and deleted text are not read.

    Raises:
        InputRefused: code `too_large`, `encrypted`, `damaged`, or `no_article`.
    """
    _check_size(data, limits.max_bytes)
    lines = [
        replace(line, text=" ".join(blank_controls(line.text).split())) for line in docx_lines(data, limits)
    ]
    return _found([line for line in lines if line.text], {}, name, place)


def _check_size(data: bytes, max_bytes: int) -> None:
    if len(data) > max_bytes:
        raise InputRefused("稿件超过大小上限 (too_large)", code="too_large")


def _found(lines: Sequence[Line], fields: dict[str, str], name: str, place: Place) -> Found:
    captions = tuple(line.text for line in lines if line.role is LineRole.CAPTION)
    lines = [line for line in lines if line.role is not LineRole.CAPTION]
    given = {key: next((fields[n] for n in names if fields.get(n)), "") for key, names in NAMED.items()}
    head = _head(lines, given["title"])
    paragraphs = [line.text for line in lines[head.lines :]]
    if not paragraphs:
        raise InputRefused("稿件没有正文,请检查是否交错了文件 (no_article)", code="no_article")
    body = "\n".join(paragraphs)
    page = Page(
        body,
        name,
        place.paper or given["paper"] or None,
        place.date or _date(given["date"]),
        place.number or given["page"] or None,
    )
    title = head.title or first_words(body)
    article = Article(
        id=article_id(page, title),
        title=title,
        body=body,
        kicker=given["kicker"] or head.kicker,
        subtitle=given["subtitle"] or head.subtitle,
        byline=bare(given["byline"]) or head.byline or byline_inside(paragraphs),
        paper=page.paper,
        date=page.date,
        page=page.number,
        captions=captions,
    )
    return Found(articles=(replace(article, source=Source(name, 0, len(article.text))),))


def _head(lines: Sequence[Line], given: str) -> Head:
    """Kicker, title, subtitle and byline: the lines before the text, in this order."""
    at = _title_at(lines, given)
    kicker = " ".join(line.text for line in lines[:at]) if at else ""
    title = given or (lines[at].text if at is not None else "")
    count = 0 if at is None else at + 1
    subtitle, byline = "", ""
    while count < len(lines) - 1:
        line = lines[count]
        if not subtitle and (line.role is LineRole.SUBTITLE or DASHES.match(line.text)):
            subtitle = line.text
        elif not byline and is_byline(line.text):
            byline = bare(line.text)
        else:
            break
        count += 1
    return Head(title, kicker, subtitle, byline, count)


def _title_at(lines: Sequence[Line], given: str) -> int | None:
    """Where the title stands: by its style, else the first line if it is short."""
    start = [line.text for line in lines[:HEAD_LINES]]
    if given:
        return start.index(given) if given in start else None
    for role in (LineRole.TITLE, LineRole.HEADING):
        for at, line in enumerate(lines[:HEAD_LINES]):
            if line.role is role and all(_is_short(text) for text in start[:at]):
                return at
    return 0 if start and _is_short(start[0]) else None


def _is_short(text: str) -> bool:
    return len(text) <= TITLE_CHARS and not text.endswith(SENTENCE_END)


def _date(text: str) -> datetime.date | None:
    if not text:
        return None
    date = parse_date(text.strip()[:10].replace("/", "-"))
    if date is None:
        raise InputRefused("文首的 date 应为 YYYY-MM-DD (bad_date)", code="bad_date")
    return date
