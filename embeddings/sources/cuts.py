"""A page cut into blocks by its white gutters: recursive XY-cut that knows headlines and pictures.

Source of the method: Nagy and Seth, "Hierarchical representation of optically scanned documents",
1984. What is added here: where both a gutter and a white band run through a region, the band wins
only if new items begin under it, because a headline's own white space must not part it from its text.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from embeddings.sources.typeset import Box, TypeLine, around

# In units of the body type.
GUTTER = 0.6
BAND = 0.9
HEADING_SIZE = 1.15
ROW = 0.5
RULED_SHARE = 0.6
MAX_DEPTH = 60
MANY = 2
NEAR = 5.0
MAX_CELLS = 12
ASTRAY = 20


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture with the lines of its caption, cut and moved as one thing."""

    left: float
    top: float
    right: float
    bottom: float
    caption: tuple[TypeLine, ...] = ()


Atom = TypeLine | Figure


@dataclass(frozen=True, slots=True)
class Block:
    """Lines and figures of one column from top to bottom, and the left and right edge of that column."""

    atoms: tuple[Atom, ...]
    left: float
    right: float


class Cutter:
    """Cuts one page; `body` is its size of type, `rules` its printed lines."""

    def __init__(self, body: float, rules: Sequence[Box]) -> None:
        self._body = body
        self._rules = [rule for rule in rules if rule.right - rule.left > rule.bottom - rule.top]

    def blocks(self, atoms: Sequence[Atom]) -> list[Block]:
        """The blocks in reading order; every atom is in exactly one."""
        ordered = sorted(atoms, key=lambda atom: (atom.top, atom.left))
        return self._cut(ordered, _edges(ordered), 0) if ordered else []

    def is_heading(self, atom: Atom) -> bool:
        """Whether it is a line in larger type than the body."""
        return isinstance(atom, TypeLine) and atom.size > HEADING_SIZE * self._body

    def _cut(self, atoms: list[Atom], edges: tuple[float, float], depth: int) -> list[Block]:
        if len(atoms) == 1 or depth > MAX_DEPTH:
            return [Block(tuple(_in_rows(atoms)), *edges)]
        bands = self._bands(atoms)
        gutters = self._gutters(atoms)
        starts = [y for y in bands if self._begins_items(atoms, y)]
        if starts:
            return self._each(_split_down(atoms, starts), edges, depth, keep=True)
        heads = self._under_heads(atoms, bands)
        if heads is not None:
            return self._each(_split_down(atoms, [heads]), edges, depth, keep=True)
        stories = self._stories(_split_across(atoms, gutters)) if gutters else []
        if len(stories) > 1:
            return self._each(stories, edges, depth, keep=False)
        if gutters:
            return self._each(_split_across(atoms, gutters), edges, depth, keep=False)
        rim = self._beside_figures(atoms, bands)
        if rim is not None:
            return self._each(_split_down(atoms, [rim]), edges, depth, keep=True)
        floated = self._around_figures(atoms)
        if floated:
            return self._each(floated, edges, depth, keep=False)
        wide = self._under_span(atoms, bands) or self._over_span(atoms, bands) or self._widest(atoms, bands)
        if wide is not None:
            return self._each(_split_down(atoms, [wide]), edges, depth, keep=True)
        return [Block(tuple(_in_rows(atoms)), *edges)]

    def _each(
        self, parts: list[list[Atom]], edges: tuple[float, float], depth: int, *, keep: bool
    ) -> list[Block]:
        found: list[Block] = []
        for part in parts:
            found += self._cut(part, edges if keep else _edges(part), depth + 1)
        return found

    def _gutters(self, atoms: Sequence[Atom]) -> list[float]:
        """Places on the x axis where a white strip runs through all of the region."""
        spans = sorted((atom.left, atom.right) for atom in atoms)
        found: list[float] = []
        cell: list[Atom] = []
        gaps = _gaps(spans, GUTTER * self._body)
        for x, right in zip(gaps, _split_across(atoms, gaps)[1:], strict=True):
            cell = cell or [atom for atom in atoms if atom.right < x]
            if self._stand_abreast(cell, right):
                found.append(x)
                cell = right
            else:
                cell = cell + right
        return found

    def _stand_abreast(self, left: Sequence[Atom], right: Sequence[Atom]) -> bool:
        """Whether the two parts stand side by side, not one set in and lower than the other."""
        one, two = around_atoms(left), around_atoms(right)
        return min(one.bottom, two.bottom) - max(one.top, two.top) > ROW * self._body

    def _bands(self, atoms: Sequence[Atom]) -> list[float]:
        """Places on the y axis where a white strip of any height runs across the region."""
        return _gaps(sorted((atom.top, atom.bottom) for atom in atoms), 0.0)

    def _begins_items(self, atoms: Sequence[Atom], y: float) -> bool:
        """Whether new items begin all along the band at `y`, and none is under way above it."""
        above, below = _split_down(atoms, [y])
        rows = [self._first_row(cell) for cell in _split_across(below, self._gutters(below))]
        heads = [row for row in rows if row[0].top < y + NEAR * self._body]
        tails = [self._last_row(cell) for cell in _split_across(above, self._gutters(above))]
        if any(self.is_heading(atom) for tail in tails for atom in tail):
            return False
        if self._is_ruled(above, below):
            return True
        white = min(atom.top for atom in below) - max(atom.bottom for atom in above)
        if white < BAND * self._body and any(isinstance(atom, Figure) for head in heads for atom in head):
            return False  # a picture in the text of one story, beside the headline of another
        return all(self._opens(atom) for head in heads for atom in head) and any(
            self.is_heading(atom) for head in heads for atom in head
        )

    def _opens(self, atom: Atom) -> bool:
        return isinstance(atom, Figure) or self.is_heading(atom)

    def _is_ruled(self, above: Sequence[Atom], below: Sequence[Atom]) -> bool:
        upper, lower = around_atoms(above), around_atoms(below)
        left, right = min(upper.left, lower.left), max(upper.right, lower.right)
        inked = sum(
            max(0.0, min(rule.right, right) - max(rule.left, left))
            for rule in self._rules
            if upper.bottom - 0.2 * self._body <= rule.top and rule.bottom <= lower.top + 0.2 * self._body
        )
        return inked >= RULED_SHARE * (right - left)

    def _first_row(self, atoms: Sequence[Atom]) -> list[Atom]:
        top = min(atom.top for atom in atoms)
        return [atom for atom in atoms if atom.top < top + ROW * self._body]

    def _last_row(self, atoms: Sequence[Atom]) -> list[Atom]:
        bottom = max(atom.bottom for atom in atoms)
        return [atom for atom in atoms if atom.bottom > bottom - ROW * self._body]

    def _under_heads(self, atoms: Sequence[Atom], bands: Sequence[float]) -> float | None:
        """The band under headings and bylines that stand alone over two columns of text or more.

        A short headline may lie over one column only; but text that begins without a headline of its
        own beside it must belong to it.
        """
        found = None
        for y in bands:
            above, below = _split_down(atoms, [y])
            if not self._stand_alone(above):
                break
            if self._is_columns_of_text(below):
                found = y
        return found

    def _stand_alone(self, atoms: Sequence[Atom]) -> bool:
        """Whether they are lines under one another, nothing beside them, a heading first."""
        follow = (b.top > a.bottom - 0.3 * self._body for a, b in itertools.pairwise(atoms))
        return self.is_heading(atoms[0]) and all(isinstance(a, TypeLine) for a in atoms) and all(follow)

    def _is_columns_of_text(self, atoms: Sequence[Atom]) -> bool:
        """Whether text begins in two columns or more at one height, without a headline."""
        lines = [atom for atom in atoms if isinstance(atom, TypeLine)]
        cells = _split_across(lines, self._gutters(lines)) if lines else []
        rows = [self._first_row(cell) for cell in cells]
        tops = [row[0].top for row in rows]
        if len(cells) < MANY or max(tops) - min(tops) > self._body:
            return False
        return not any(self.is_heading(atom) for row in rows for atom in row)

    def _stories(self, cells: Sequence[list[Atom]]) -> list[list[Atom]]:
        """Cells put together so that text under the left of a centred headline stays behind it.

        Cells are columns, or several under a headline that crosses their gutters. One that begins
        with text, level with the text under a headline beside it, may belong to that one; where it
        could belong to two, headlines are to stand over the middle of their columns.
        """
        heads = [i for i, cell in enumerate(cells) if self.is_heading(self._first_row(cell)[0])]
        if not heads or len(cells) > MAX_CELLS:
            return list(cells)
        ranges = [range(a + 1, b + 1) for a, b in itertools.pairwise(heads)]
        splits = [(0, *begins, len(cells)) for begins in itertools.product(*ranges)]
        borders = min(splits, key=lambda split: self._skew(cells, heads, split))
        stories: list[list[Atom]] = []
        for head, (begin, end) in zip(heads, itertools.pairwise(borders), strict=True):
            first, last = self._level(cells, head, begin, end)
            stories += cells[begin:first]
            stories.append([atom for cell in cells[first:last] for atom in cell])
            stories += cells[last:end]
        return stories

    def _skew(self, cells: Sequence[list[Atom]], heads: Sequence[int], borders: Sequence[int]) -> int:
        """How far, in body types, headlines stand from the middle of the columns between the borders."""
        total = 0
        for head, (begin, end) in zip(heads, itertools.pairwise(borders), strict=True):
            first, last = self._level(cells, head, begin, end)
            title = self._first_row(cells[head])[0]
            whole = around_atoms([atom for cell in cells[first:last] for atom in cell])
            total += round(abs(title.left + title.right - whole.left - whole.right) / (2 * self._body))
            total += ASTRAY * (head - begin if first > begin else 0)
        return total

    def _level(self, cells: Sequence[list[Atom]], head: int, begin: int, end: int) -> tuple[int, int]:
        """The run of cells around `head`, inside `begin:end`, that begin level with text under it."""
        first = last = head
        while first > begin and self._is_level(cells[first - 1], cells[head]):
            first -= 1
        while last + 1 < end and self._is_level(cells[last + 1], cells[head]):
            last += 1
        return first, last + 1

    def _is_level(self, cell: Sequence[Atom], headed: Sequence[Atom]) -> bool:
        top = min(atom.top for atom in cell)
        if top < self._first_row(headed)[0].bottom:
            return False
        return any(abs(atom.top - top) < ROW * self._body for atom in headed if not self.is_heading(atom))

    def _under_span(self, atoms: Sequence[Atom], bands: Sequence[float]) -> float | None:
        """The band between what lies across the columns, such as a headline, and the columns under it."""
        return next((y for y in bands if self._in_columns(_split_down(atoms, [y])[1])), None)

    def _over_span(self, atoms: Sequence[Atom], bands: Sequence[float]) -> float | None:
        """The band between columns and what lies across them at their foot."""
        return next((y for y in reversed(bands) if self._in_columns(_split_down(atoms, [y])[0])), None)

    def _in_columns(self, atoms: Sequence[Atom]) -> bool:
        lines = [atom for atom in atoms if isinstance(atom, TypeLine)]
        return bool(lines) and bool(self._gutters(lines))

    def _beside_figures(self, atoms: Sequence[Atom], bands: Sequence[float]) -> float | None:
        """The band under a picture at the head of the region, or over one at its foot."""
        halves = ((y, half) for y in bands for half in _split_down(atoms, [y]))
        return next((y for y, half in halves if all(isinstance(atom, Figure) for atom in half)), None)

    def _around_figures(self, atoms: Sequence[Atom]) -> list[list[Atom]]:
        """Columns that only figures lie across; each figure goes to the leftmost one under it."""
        lines = [atom for atom in atoms if isinstance(atom, TypeLine)]
        if len(lines) in (0, len(atoms)):
            return []
        gutters = self._gutters(lines)
        if not gutters:
            return []
        columns: list[list[Atom]] = [[] for _ in range(len(gutters) + 1)]
        for atom in atoms:
            reach = atom.right if isinstance(atom, TypeLine) else atom.left + self._body
            columns[sum(x < reach for x in gutters)].append(atom)
        return [column for column in columns if column]

    def _widest(self, atoms: Sequence[Atom], bands: Sequence[float]) -> float | None:
        """The band of most white, if it is more than the space between two lines of text."""
        best, found = BAND * self._body, None
        for y in bands:
            above, below = _split_down(atoms, [y])
            white = min(atom.top for atom in below) - max(atom.bottom for atom in above)
            if white > best:
                best, found = white, y
        return found


def around_atoms(atoms: Sequence[Atom]) -> Box:
    """The smallest box that holds all of them."""
    return around(Box(atom.left, atom.top, atom.right, atom.bottom) for atom in atoms)


def _edges(atoms: Sequence[Atom]) -> tuple[float, float]:
    return min(atom.left for atom in atoms), max(atom.right for atom in atoms)


def _gaps(spans: Sequence[tuple[float, float]], least: float) -> list[float]:
    """Middles of the gaps wider than `least` that no span covers; `spans` sorted by their begin."""
    found = []
    reach = spans[0][1]
    for begin, end in spans:
        if begin - reach > least:
            found.append((begin + reach) / 2)
        reach = max(reach, end)
    return found


def _split_down(atoms: Sequence[Atom], ys: Sequence[float]) -> list[list[Atom]]:
    parts: list[list[Atom]] = [[] for _ in range(len(ys) + 1)]
    for atom in atoms:
        parts[sum(y < atom.bottom for y in ys)].append(atom)
    return [part for part in parts if part]


def _split_across(atoms: Sequence[Atom], xs: Sequence[float]) -> list[list[Atom]]:
    parts: list[list[Atom]] = [[] for _ in range(len(xs) + 1)]
    for atom in atoms:
        parts[sum(x < atom.right for x in xs)].append(atom)
    return [part for part in parts if part]


def _in_rows(atoms: Sequence[Atom]) -> list[Atom]:
    """From top to bottom; what stands on one row from left to right."""
    ordered: list[Atom] = []
    row: list[Atom] = []
    for atom in sorted(atoms, key=lambda a: (a.top + a.bottom) / 2):
        if row and (atom.top + atom.bottom) / 2 > row[0].bottom - 0.2 * (row[0].bottom - row[0].top):
            ordered += sorted(row, key=lambda a: a.left)
            row = []
        row.append(atom)
    return ordered + sorted(row, key=lambda a: a.left)
