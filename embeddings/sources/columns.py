"""Typeset lines with their places on a page -> the text of the page in reading order. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from embeddings.sources.cuts import Block, Cutter
from embeddings.sources.figures import figures_of, is_rule
from embeddings.sources.folio import is_folio
from embeddings.sources.paragraphs import Paragraph, Setter, joined_rows
from embeddings.sources.typeset import Box, TypeLine, Typeset, body_size, leading

__all__ = ["Box", "TypeLine", "Typeset", "page_text"]

MARGIN_SHARE = 0.12
# As e-papers write it: a picture is set off by more than a paragraph is.
BLANKS_AT_CAPTION = 3
OTHER_SIZE = 0.12
# No printed page has as many; a drawing does.
MAX_RULES = 400
INDENT = "\u3000\u3000"


def page_text(lines: Sequence[TypeLine], pictures: Sequence[Box], width: float, height: float) -> Typeset:
    """The page with one paragraph, heading, caption, byline or folio a line, in reading order.

    A paragraph that a column or a picture cuts goes on in a further line; one that begins with an
    indent keeps it as two ideographic spaces. Every visible character of `lines` comes out exactly
    once. No lines give an empty text.
    """
    printed = [_sound(line) for line in lines if line.text.strip()]
    if not printed:
        return Typeset("", ())
    body = body_size(printed)
    folio, rest = _folio(printed, height)
    rules = [box for box in pictures if is_rule(box, body)][:MAX_RULES]
    figures, text = figures_of(pictures, rest, body, Box(0, 0, width, height))
    white = leading(text, body)
    setter = Setter(body, white, text)
    parts = [Part((Paragraph(line.text, line.size, indented=False),)) for line in folio]
    for block in Cutter(body, white, rules).blocks([*text, *figures]):
        parts += _set(block, setter)
    return _typeset([part for part in parts if part.paragraphs], body)


def _sound(line: TypeLine) -> TypeLine:
    """The line with a size above nothing and finite places: broken fonts give anything."""
    places = (line.left, line.top, line.right, line.bottom, line.size)
    left, top, right, bottom, size = (place if math.isfinite(place) else 0.0 for place in places)
    return TypeLine(line.text, left, top, right, bottom, size if size > 0 else max(bottom - top, 1.0))


@dataclass(frozen=True, slots=True)
class Part:
    """Paragraphs with blank lines around them: a block, or as much of it as no picture cuts."""

    paragraphs: tuple[Paragraph, ...]
    is_caption: bool = False


def _folio(lines: Sequence[TypeLine], height: float) -> tuple[list[TypeLine], list[TypeLine]]:
    """The row at the top of the page that names date or page, as one line, and all the other lines."""
    top = min(lines, key=lambda line: line.top)
    if top.top > MARGIN_SHARE * height:
        return [], list(lines)
    middle = (top.top + top.bottom) / 2
    row = sorted((line for line in lines if line.top < middle < line.bottom), key=lambda line: line.left)
    joined = joined_rows(row)
    if len(joined) != 1 or not is_folio(joined[0].text):
        return [], list(lines)
    taken = set(map(id, row))
    return joined, [line for line in lines if id(line) not in taken]


def _set(block: Block, setter: Setter) -> list[Part]:
    """The paragraphs of a block, parted where a figure cuts it."""
    parts: list[Part] = []
    run: list[TypeLine] = []
    for atom in block.atoms:
        if isinstance(atom, TypeLine):
            run.append(atom)
            continue
        parts.append(Part(tuple(setter.paragraphs(run, block.left, block.right))))
        parts.append(Part(tuple(setter.paragraphs(atom.caption, atom.left, atom.right)), is_caption=True))
        run = []
    return [*parts, Part(tuple(setter.paragraphs(run, block.left, block.right)))]


def _typeset(parts: Sequence[Part], body: float) -> Typeset:
    lines: list[str] = []
    sizes: list[float] = []
    for i, part in enumerate(parts):
        if lines:
            blanks = BLANKS_AT_CAPTION if part.is_caption or parts[i - 1].is_caption else 1
            lines += [""] * blanks
            sizes += [0.0] * blanks
        for j, paragraph in enumerate(part.paragraphs):
            if j and abs(paragraph.size - part.paragraphs[j - 1].size) > OTHER_SIZE * body:
                lines.append("")
                sizes.append(0.0)
            words = " ".join(paragraph.text.split())
            lines.append(INDENT + words if paragraph.indented else words)
            sizes.append(round(paragraph.size / body, 2))
    return Typeset("\n".join(lines), tuple(sizes))
