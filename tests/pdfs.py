"""Newspaper pages as PDF, typeset from structured items: what the readers of PDF are tested on.

A page is a pile of bands; a band is a row of cells, each some columns wide; a cell is a stack of
items. An item has its headline over all its columns, then justified columns of equal height with
first lines indented by two characters; pictures stand inside a column and cut the text.
"""

from __future__ import annotations

import io
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from embeddings.records import Article, ArticleKind

BODY, LEADING, GUTTER, MARGIN, WIDTH = 9.5, 14.0, 16.0, 40.0, 780.0
CAPTION, KICKER, SUBTITLE, FOLIO = 8.5, 12.0, 12.0, 9.0
NOT_FIRST = "，。、；：？！”’）》】…%％·"
NOT_LAST = "“‘（《【□"
FONT = "STSong-Light"


@dataclass(frozen=True, slots=True)
class Item:
    """What is printed of one item; `photo` sets its caption under a picture without a headline."""

    title: str = ""
    kicker: str = ""
    subtitle: str = ""
    byline: str = ""
    paragraphs: tuple[str, ...] = ()
    captions: tuple[str, ...] = ()
    photo: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing in a column: a line of type, or a picture of some height (`text` is empty)."""

    text: str
    size: float
    height: float
    indent: float = 0.0
    full: bool = False
    centred: bool = False


@dataclass(slots=True)
class Sheet:
    """A page being drawn: marks to place, y counted downwards from the top of the page."""

    texts: list[tuple[float, float, Piece, float]] = field(default_factory=list)
    pictures: list[tuple[float, float, float, float]] = field(default_factory=list)
    rules: list[tuple[float, float, float, float]] = field(default_factory=list)


def items_of(articles: Sequence[Article]) -> list[Item]:
    """The articles as they would be printed; briefs without headlines go into one item together."""
    items: list[Item] = []
    was_brief = False
    for article in articles:
        is_brief = article.kind is ArticleKind.BRIEF and not article.headline
        if is_brief and was_brief:
            items[-1] = replace(items[-1], paragraphs=(*items[-1].paragraphs, *article.body.split("\n")))
        else:
            items.append(item_of(article))
        was_brief = is_brief
    return items


def item_of(article: Article) -> Item:
    """The article as it would be printed; a byline that the body carries gets no line of its own."""
    if article.kind is ArticleKind.PHOTO:
        caption = " ".join(filter(None, (article.body, article.byline)))
        return Item(captions=(caption, *article.captions), photo=True)
    byline = f"□{article.byline}" if article.byline and article.byline not in article.body else ""
    title = article.title if article.headline else "简讯"
    paragraphs = tuple(article.body.split("\n"))
    return Item(title, article.kicker, article.subtitle, byline, paragraphs, article.captions)


def register_font() -> None:
    """Make `FONT` known: a font of the reader's own, so that no font file is needed."""
    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(FONT))


def newspaper(
    pages: Sequence[Sequence[Item]],
    columns: int,
    running_heads: Sequence[str] = (),
    seed: int = 1,
    font: str = FONT,
    options: dict[str, Any] | None = None,
) -> bytes:
    """A PDF with one page for each list of items, set in `columns` columns; one running head each."""
    register_font()
    file = io.BytesIO()
    canvas = Canvas(file, invariant=1, **(options or {}))
    for number, items in enumerate(pages):
        head = running_heads[number] if number < len(running_heads) else ""
        sheet, height = _sheet(items, columns, head, random.Random(f"{seed}:{number}"))
        _draw(canvas, sheet, height, font)
    canvas.save()
    return file.getvalue()


def _sheet(items: Sequence[Item], columns: int, head: str, chance: random.Random) -> tuple[Sheet, float]:
    sheet, top = Sheet(), MARGIN
    column = (WIDTH - 2 * MARGIN - (columns - 1) * GUTTER) / columns
    if head:
        sheet.texts.append((MARGIN, top, Piece(head, FOLIO, LEADING), WIDTH - 2 * MARGIN))
        sheet.rules.append((MARGIN, top + LEADING, WIDTH - MARGIN, top + LEADING))
        top += 2 * LEADING
    for cells in bands(list(items), columns, chance):
        left, bottom = MARGIN, top
        for span, stack in cells:
            y = top
            for item in stack:
                y = _set_item(sheet, item, left, y, span, column) + 1.6 * LEADING
            bottom = max(bottom, y)
            left += span * (column + GUTTER)
        if chance.random() < 0.5:
            rule = bottom - 0.6 * LEADING
            sheet.rules.append((MARGIN, rule, WIDTH - MARGIN, rule))
        top = bottom + 0.4 * LEADING
    return sheet, top + MARGIN


def bands(items: list[Item], columns: int, chance: random.Random) -> Iterator[list[tuple[int, list[Item]]]]:
    """Rows of (columns wide, items stacked); every item once, in order."""
    while items:
        shapes = [[columns]]
        if len(items) >= 2:
            shapes += [[columns - 1, 1], [columns // 2, columns - columns // 2]] * 2
        if len(items) >= 3 and columns >= 3:
            shapes += [[columns - 2, 2], [1, columns - 1]]
        cells: list[tuple[int, list[Item]]] = []
        for span in chance.choice(shapes):
            count = 2 if span < columns // 2 + 1 and len(items) > 3 else 1
            taken = [items.pop(0) for _ in range(min(count, len(items)))]
            if taken:
                cells.append((span, taken))
        yield cells


def _set_item(sheet: Sheet, item: Item, left: float, top: float, span: int, column: float) -> float:
    """Place one item; returns its bottom."""
    width = span * column + (span - 1) * GUTTER
    if item.photo:
        return _set_figure(sheet, item.captions[0], left, top, width)
    for text, size in _heads(item, span):
        for line in balanced(text, size, width):
            sheet.texts.append((left, top, Piece(line, size, size * 1.25, centred=True), width))
            top += size * 1.25
        top += 0.25 * size
    units = list(_units(item, column))
    depth = _depth(units, span)
    x, y = left, top
    for unit in units:
        if y + _height(unit) > top + depth + 0.01:
            x, y = x + column + GUTTER, top
        for piece in unit:
            if piece.text:
                sheet.texts.append((x, y, piece, column))
            elif piece.size:
                sheet.pictures.append((x, y, x + column, y + piece.height - 4))
            y += piece.height
    return top + depth


def _heads(item: Item, span: int) -> Iterator[tuple[str, float]]:
    title = {1: 15.0, 2: 20.0, 3: 25.0}.get(span, 30.0)
    parts = ((item.kicker, KICKER), (item.title, title), (item.subtitle, SUBTITLE), (item.byline, BODY))
    return ((text, size) for text, size in parts if text)


def _set_figure(sheet: Sheet, caption: str, left: float, top: float, width: float) -> float:
    sheet.pictures.append((left, top, left + width, top + 8 * LEADING))
    top += 8 * LEADING + 4
    for line in wrapped(caption, CAPTION, width):
        sheet.texts.append((left, top, Piece(line, CAPTION, CAPTION * 1.3), width))
        top += CAPTION * 1.3
    return top


def _units(item: Item, column: float) -> Iterator[list[Piece]]:
    """What no column may break: each line of the body, each figure; the figures evenly among the lines."""
    lines = [piece for text in item.paragraphs for piece in _paragraph(text, column)]
    places = [len(lines) * (i + 1) // (len(item.captions) + 1) for i in range(len(item.captions))]
    for number, piece in enumerate([*lines, None]):
        for caption, place in zip(item.captions, places, strict=True):
            if place == number:
                yield _figure(caption, column)
        if piece:
            yield [piece]


def _figure(caption: str, column: float) -> list[Piece]:
    """A picture, its caption, and the white under it."""
    lines = [Piece(line, CAPTION, CAPTION * 1.3) for line in wrapped(caption, CAPTION, column)]
    return [Piece("", 1.0, 6 * LEADING), *lines, Piece("", 0.0, LEADING * 0.7)]


def _height(unit: Sequence[Piece]) -> float:
    return sum(piece.height for piece in unit)


def _paragraph(text: str, column: float) -> Iterator[Piece]:
    if len(text) <= 16 and text[-1] not in "。！？!?”）)…：":
        yield Piece(text, BODY, LEADING, centred=True)
        return
    lines = wrapped(text, BODY, column, indent=2 * BODY)
    for number, line in enumerate(lines):
        last = number == len(lines) - 1
        yield Piece(line, BODY, LEADING, indent=0.0 if number else 2 * BODY, full=not last)


def _depth(units: Sequence[Sequence[Piece]], span: int) -> float:
    """The least height, about, at which the units fit into `span` columns."""
    heights = [_height(unit) for unit in units]
    depth = max(sum(heights) / span, max(heights, default=0.0))
    while _columns_needed(heights, depth) > span:
        depth += 2.0
    return depth


def _columns_needed(heights: Sequence[float], depth: float) -> int:
    needed, y = 1, 0.0
    for height in heights:
        if y + height > depth + 0.01:
            needed, y = needed + 1, 0.0
        y += height
    return needed


def advance(text: str, size: float) -> float:
    """Width of the text: a Chinese character is one em, anything of ASCII half of one."""
    return sum(size * (0.5 if character < "\x7f" else 1.0) for character in text)


def wrapped(text: str, size: float, width: float, indent: float = 0.0) -> list[str]:
    """Lines no wider than `width`; none begins with a mark that may not begin one."""
    lines, line, room = [], "", width - indent
    for character in text:
        if line and advance(line + character, size) > room + 0.01:
            keep = line[:-1] if character in NOT_FIRST or line[-1] in NOT_LAST else line
            lines.append(keep)
            line, room = line[len(keep) :], width
        line += character
    return [*lines, line] if line else lines


def balanced(text: str, size: float, width: float) -> list[str]:
    """Lines of a headline, of about one length, broken at a blank where that fits."""
    clauses = text.split(" ")
    if advance(text, size) <= width:
        return [text]
    if len(clauses) > 1 and all(advance(clause, size) <= width for clause in clauses):
        return clauses
    count = math.ceil(advance(text, size) / width)
    return wrapped(text, size, max(width / 2, advance(text, size) / count + size))


def _draw(canvas: Canvas, sheet: Sheet, height: float, font: str) -> None:
    canvas.setPageSize((WIDTH, height))
    for left, top, right, bottom in sheet.rules:
        canvas.line(left, height - top, right, height - bottom)
    canvas.setFillGray(0.8)
    for left, top, right, bottom in sheet.pictures:
        canvas.drawInlineImage(_grey(), left, height - bottom, right - left, bottom - top)
    canvas.setFillGray(0.0)
    for left, top, piece, width in sheet.texts:
        _draw_line(canvas, left, height - top - piece.size, piece, width, font)
    canvas.showPage()


def _draw_line(canvas: Canvas, left: float, baseline: float, piece: Piece, width: float, font: str) -> None:
    natural = canvas.stringWidth(piece.text, font, piece.size)
    text = canvas.beginText()
    text.setFont(font, piece.size)
    text.setCharSpace(0.0)
    if piece.full and len(piece.text) > 1:
        text.setCharSpace(max(0.0, width - piece.indent - natural) / (len(piece.text) - 1))
    shift = (width - natural) / 2 if piece.centred else piece.indent
    text.setTextOrigin(left + shift, baseline)
    text.textOut(piece.text)
    canvas.drawText(text)


def _grey() -> Any:
    from PIL import Image

    return Image.new("RGB", (40, 30), (150, 170, 160))
