"""Which lines are the caption of which picture: small or set-off type under it."""

from __future__ import annotations

from collections.abc import Sequence

from embeddings.sources.atoms import Figure
from embeddings.sources.typeset import Box, TypeLine, around

# In units of the body type.
SMALL = 0.96
NEAR = 1.5
THIN = 0.5
APART = 0.9
MAX_PLAIN_LINES = 5
MAX_LINES = 12
MAX_PAGE_SHARE = 0.7
MAX_PICTURES = 300


def is_rule(box: Box, body: float) -> bool:
    """Whether the box is a printed line rather than a picture."""
    return min(box.right - box.left, box.bottom - box.top) < THIN * body


def figures_of(
    pictures: Sequence[Box], lines: Sequence[TypeLine], body: float, page: Box
) -> tuple[list[Figure], list[TypeLine]]:
    """Pictures with their captions, and the lines that are in no caption, in their order."""
    rest = list(lines)
    figures: list[Figure] = []
    for picture in sorted(_pictures(pictures, body, page), key=lambda box: (box.top, box.left)):
        if any(_inside(line, picture) for line in rest):
            continue  # a panel or a background with type on it: no picture to the reader
        caption = _caption(picture, rest, body)
        taken = set(map(id, caption))
        rest = [line for line in rest if id(line) not in taken]
        box = around([picture, *caption])
        figures.append(Figure(box.left, box.top, box.right, box.bottom, tuple(caption)))
    return figures, rest


def _pictures(boxes: Sequence[Box], body: float, page: Box) -> list[Box]:
    boxes = _strips_joined(boxes, 0.2 * body)
    area = (page.right - page.left) * (page.bottom - page.top)
    large = [
        box
        for box in boxes
        if min(box.right - box.left, box.bottom - box.top) >= 2 * body
        and (box.right - box.left) * (box.bottom - box.top) <= MAX_PAGE_SHARE * area
    ]
    return large[:MAX_PICTURES]


def _strips_joined(boxes: Sequence[Box], near: float) -> list[Box]:
    """The boxes with those that lie flush under one another as one: pictures are often cut to strips."""
    joined: list[Box] = []
    for box in sorted(boxes, key=lambda b: (round(b.left / near), round(b.right / near), b.top)):
        last = joined[-1] if joined else None
        if last and _is_flush(last, box, near):
            joined[-1] = around([last, box])
        else:
            joined.append(box)
    return joined


def _is_flush(upper: Box, lower: Box, near: float) -> bool:
    sides = abs(upper.left - lower.left) <= near and abs(upper.right - lower.right) <= near
    return sides and -near <= lower.top - upper.bottom <= near


def _inside(line: TypeLine, box: Box) -> bool:
    x, y = (line.left + line.right) / 2, (line.top + line.bottom) / 2
    return box.left < x < box.right and box.top < y < box.bottom


def _caption(picture: Box, lines: Sequence[TypeLine], body: float) -> list[TypeLine]:
    """The lines under the picture as far as they run on; empty if text simply goes on there."""
    under = sorted(
        (line for line in lines if line.top >= picture.bottom - body and _within(line, picture, body)),
        key=lambda line: (line.top, line.left),
    )
    caption: list[TypeLine] = []
    reach = picture.bottom
    for line in under:
        near = NEAR * body if not caption else APART * body
        if line.top - reach > near or (caption and abs(line.size - caption[0].size) > 0.05 * body):
            break
        caption.append(line)
        reach = max(reach, line.bottom)
        if len(caption) > MAX_LINES:
            return []
    if not caption or caption[0].size > 1.1 * body:
        return []
    small = caption[0].size < SMALL * body
    return caption if small or len(caption) <= MAX_PLAIN_LINES else []


def _within(line: TypeLine, picture: Box, body: float) -> bool:
    """Whether the line stands under the picture and not, wider, under more than it."""
    shared = min(line.right, picture.right) - max(line.left, picture.left)
    return shared > 0 and line.left >= picture.left - 2 * body and line.right <= picture.right + 2 * body
