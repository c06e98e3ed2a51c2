"""What stands on a printed page: lines of type, pictures, and boxes around them. Top-down coordinates."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TypeLine:
    """One line of type inside one column: its words and its box, y growing downwards.

    Any unit will do, as long as it is the same for all; `size` is the size of type in that unit.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float


@dataclass(frozen=True, slots=True)
class Box:
    """The place of a picture, in the unit of the lines; a very thin one is a printed rule."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Typeset:
    """A page's text with a blank line between blocks, and the size of type of each of its lines.

    `sizes[i]` belongs to `text.splitlines()[i]`, in units of the body type; 0.0 for blank lines.
    """

    text: str
    sizes: tuple[float, ...]


def around(boxes: Iterable[TypeLine | Box]) -> Box:
    """The smallest box that holds all of them; there must be one at least."""
    held = list(boxes)
    return Box(
        min(box.left for box in held),
        min(box.top for box in held),
        max(box.right for box in held),
        max(box.bottom for box in held),
    )


def body_size(lines: Iterable[TypeLine]) -> float:
    """The size of type that most characters are set in: their median. 1.0 where there are none."""
    weighed = sorted((line.size, len(line.text)) for line in lines)
    half = sum(count for _, count in weighed) / 2
    for size, count in weighed:
        half -= count
        if half <= 0 and size > 0:
            return size
    return 1.0


def leading(lines: Iterable[TypeLine], body: float) -> float:
    """The usual white between a line of text and the one under it: a median, at most one body type."""
    columns: dict[int, list[TypeLine]] = {}
    for line in lines:
        if line.size > 1.1 * body:
            continue
        columns.setdefault(round(line.right / body), []).append(line)
    whites = []
    for column in columns.values():
        column.sort(key=lambda line: line.top)
        for upper, lower in itertools.pairwise(column):
            whites.append(max(0.0, lower.top - upper.bottom))
    whites.sort()
    return min(whites[len(whites) // 2], body) if whites else 0.5 * body
