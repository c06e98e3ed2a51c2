"""Columns side by side -> stories: which columns of text belong to which headline."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from embeddings.sources.atoms import ROW, Atom, around_atoms, first_row, is_heading
from embeddings.sources.typeset import Box

MAX_CELLS = 12
# In units of the body type: what it costs to leave a column out.
ASTRAY = 20
# Of the widest cell: what is narrower is no full column.
MIN_SHARE = 0.2


def stories(cells: Sequence[list[Atom]], body: float) -> list[list[Atom]]:
    """Cells put together so that text under the left of a centred headline stays behind it.

    Cells are columns, or several under a headline that crosses their gutters. One that begins
    with text, level with the text under a headline beside it, may belong to that one; where it
    could belong to two, headlines are to stand over the middle of their columns.
    """
    heads = [i for i, cell in enumerate(cells) if is_heading(first_row(cell, body)[0], body)]
    if not heads or len(cells) > MAX_CELLS:
        return list(cells)
    ranges = [range(a + 1, b + 1) for a, b in itertools.pairwise(heads)]
    splits = [(0, *begins, len(cells)) for begins in itertools.product(*ranges)]
    borders = min(splits, key=lambda split: _skew(cells, heads, split, body))
    found: list[list[Atom]] = []
    for head, (begin, end) in zip(heads, itertools.pairwise(borders), strict=True):
        first, last = _level(cells, head, begin, end, body)
        found += cells[begin:first]
        found.append([atom for cell in cells[first:last] for atom in cell])
        found += cells[last:end]
    return found


def _skew(cells: Sequence[list[Atom]], heads: Sequence[int], borders: Sequence[int], body: float) -> int:
    """How far, in body types, headlines stand from the middle of the columns between the borders."""
    total = 0
    for head, (begin, end) in zip(heads, itertools.pairwise(borders), strict=True):
        first, last = _level(cells, head, begin, end, body)
        title = first_row(cells[head], body)[0]
        right = max(_right(cell, cells) for cell in cells[first:last])
        left = min(atom.left for atom in cells[first])
        total += round(abs(title.left + title.right - left - right) / (2 * body))
        total += ASTRAY * (head - begin if first > begin else 0)
    return total


def _right(cell: Sequence[Atom], cells: Sequence[Sequence[Atom]]) -> float:
    """The right edge of a cell; of its column, where it holds but the last words of a story."""
    boxes = [around_atoms(other) for other in cells]
    own = around_atoms(cell)
    column = min(box.right - box.left for box in boxes if box.right - box.left >= MIN_SHARE * _widest(boxes))
    return max(own.right, own.left + column)


def _widest(boxes: Sequence[Box]) -> float:
    return max(box.right - box.left for box in boxes)


def _level(cells: Sequence[list[Atom]], head: int, begin: int, end: int, body: float) -> tuple[int, int]:
    """The run of cells around `head`, inside `begin:end`, that begin level with text under it."""
    first = last = head
    while first > begin and _is_level(cells[first - 1], cells[head], body):
        first -= 1
    while last + 1 < end and _is_level(cells[last + 1], cells[head], body):
        last += 1
    return first, last + 1


def _is_level(cell: Sequence[Atom], headed: Sequence[Atom], body: float) -> bool:
    top = min(atom.top for atom in cell)
    if top < first_row(headed, body)[0].bottom:
        return False
    return any(abs(atom.top - top) < ROW * body for atom in headed if not is_heading(atom, body))
