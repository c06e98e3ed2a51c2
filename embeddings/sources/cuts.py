"""A page cut into blocks by its white gutters: recursive XY-cut that knows headlines and pictures.

Source of the method: Nagy and Seth, "Hierarchical representation of optically scanned documents",
1984. What is added here: where both a gutter and a white band run through a region, the band wins
only if new items begin under it, because a headline's own white space must not part it from its text.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from embeddings.sources.atoms import (
    ROW,
    Atom,
    Figure,
    around_atoms,
    edges_of,
    first_row,
    gaps,
    in_rows,
    is_heading,
    last_row,
    lines_of,
    split_across,
    split_down,
)
from embeddings.sources.stories import stories
from embeddings.sources.typeset import Box, TypeLine

# In units of the body type.
GUTTER = 0.6
BAND = 0.9
EXTRA_WHITE = 0.4
RULED_SHARE = 0.6
MAX_DEPTH = 60
# No printed page holds as many lines; to cut would take minutes.
MAX_ATOMS = 3000
MANY = 2
# More lines than a headline, a byline and an introduction have.
SPAN_LINES = 30
NEAR = 5.0


@dataclass(frozen=True, slots=True)
class Block:
    """Lines and figures of one column from top to bottom, and the left and right edge of that column."""

    atoms: tuple[Atom, ...]
    left: float
    right: float


class Cutter:
    """Cuts one page with its size of type, the white between its lines of text, and its printed rules."""

    def __init__(self, body: float, leading: float, rules: Sequence[Box]) -> None:
        self._body = body
        self._wide = max(BAND * body, leading + EXTRA_WHITE * body)
        self._rules = [rule for rule in rules if rule.right - rule.left > rule.bottom - rule.top]

    def blocks(self, atoms: Sequence[Atom]) -> list[Block]:
        """The blocks in reading order; every atom is in exactly one."""
        ordered = sorted(atoms, key=lambda atom: (atom.top, atom.left))
        return self._cut(ordered, edges_of(ordered), 0) if ordered else []

    def _is_heading(self, atom: Atom) -> bool:
        return is_heading(atom, self._body)

    def _cut(self, atoms: list[Atom], edges: tuple[float, float], depth: int) -> list[Block]:
        if len(atoms) == 1 or len(atoms) > MAX_ATOMS or depth > MAX_DEPTH:
            return [Block(tuple(in_rows(atoms)), *edges)]
        bands = self._bands(atoms)
        gutters = self._gutters(atoms)
        starts = [y for y in self._likely(atoms, bands) if self._begins_items(atoms, y)]
        if starts:
            return self._each(split_down(atoms, starts), edges, depth, keep=True)
        heads = self._under_heads(atoms, bands)
        if heads is not None:
            return self._each(split_down(atoms, [heads]), edges, depth, keep=True)
        parts = stories(split_across(atoms, gutters), self._body) if gutters else []
        if len(parts) > 1:
            return self._each(parts, edges, depth, keep=False)
        if gutters:
            return self._each(split_across(atoms, gutters), edges, depth, keep=False)
        rim = self._beside_figures(atoms, bands)
        if rim is not None:
            return self._each(split_down(atoms, [rim]), edges, depth, keep=True)
        floated = self._around_figures(atoms)
        if floated:
            return self._each(floated, edges, depth, keep=False)
        wide = self._under_span(atoms, bands) or self._over_span(atoms, bands) or self._widest(atoms, bands)
        if wide is not None:
            return self._each(split_down(atoms, [wide]), edges, depth, keep=True)
        return [Block(tuple(in_rows(atoms)), *edges)]

    def _each(
        self, parts: list[list[Atom]], edges: tuple[float, float], depth: int, *, keep: bool
    ) -> list[Block]:
        found: list[Block] = []
        for part in parts:
            found += self._cut(part, edges if keep else edges_of(part), depth + 1)
        return found

    def _gutters(self, atoms: Sequence[Atom]) -> list[float]:
        """Places on the x axis where a white strip runs through all of the region."""
        spans = sorted((atom.left, atom.right) for atom in atoms)
        found: list[float] = []
        cell: list[Atom] = []
        whites = gaps(spans, GUTTER * self._body)
        for x, right in zip(whites, split_across(atoms, whites)[1:], strict=True):
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
        return gaps(sorted((atom.top, atom.bottom) for atom in atoms), 0.0)

    def _likely(self, atoms: Sequence[Atom], bands: Sequence[float]) -> list[float]:
        """The bands with a heading close under them, or a printed rule in reach: a cheap first look."""
        marks = [atom.top for atom in atoms if self._is_heading(atom)]
        marks = sorted(marks + [rule.top + self._body for rule in self._rules])
        found = []
        for y in bands:
            nearest = bisect.bisect_left(marks, y - self._body)
            if nearest < len(marks) and marks[nearest] < y + NEAR * self._body:
                found.append(y)
        return found

    def _begins_items(self, atoms: Sequence[Atom], y: float) -> bool:
        """Whether new items begin all along the band at `y`, and none is under way above it."""
        above, below = split_down(atoms, [y])
        rows = [first_row(cell, self._body) for cell in split_across(below, self._gutters(below))]
        heads = [row for row in rows if row[0].top < y + NEAR * self._body]
        tails = [last_row(cell, self._body) for cell in split_across(above, self._gutters(above))]
        if any(self._is_heading(atom) for tail in tails for atom in tail):
            return False
        if self._is_ruled(above, below):
            return True
        white = min(atom.top for atom in below) - max(atom.bottom for atom in above)
        if white < self._wide and any(isinstance(atom, Figure) for head in heads for atom in head):
            return False  # a picture in the text of one story, beside the headline of another
        return all(self._opens(atom) for head in heads for atom in head) and any(
            self._is_heading(atom) for head in heads for atom in head
        )

    def _opens(self, atom: Atom) -> bool:
        return isinstance(atom, Figure) or self._is_heading(atom)

    def _is_ruled(self, above: Sequence[Atom], below: Sequence[Atom]) -> bool:
        upper, lower = around_atoms(above), around_atoms(below)
        left, right = min(upper.left, lower.left), max(upper.right, lower.right)
        inked = sum(
            max(0.0, min(rule.right, right) - max(rule.left, left))
            for rule in self._rules
            if upper.bottom - 0.2 * self._body <= rule.top and rule.bottom <= lower.top + 0.2 * self._body
        )
        return inked >= RULED_SHARE * (right - left)

    def _under_heads(self, atoms: Sequence[Atom], bands: Sequence[float]) -> float | None:
        """The band under headings and bylines that stand alone over two columns of text or more.

        A short headline may lie over one column only; but text that begins without a headline of its
        own beside it must belong to it.
        """
        found = None
        for y in bands:
            above, below = split_down(atoms, [y])
            if not self._stand_alone(above):
                break
            if self._is_columns_of_text(below):
                found = y
        return found

    def _stand_alone(self, atoms: Sequence[Atom]) -> bool:
        """Whether they are lines under one another, nothing beside them, a heading first."""
        follow = (b.top > a.bottom - 0.3 * self._body for a, b in itertools.pairwise(atoms))
        return self._is_heading(atoms[0]) and all(isinstance(a, TypeLine) for a in atoms) and all(follow)

    def _is_columns_of_text(self, atoms: Sequence[Atom]) -> bool:
        """Whether text or pictures begin in two columns or more at one height, without a headline."""
        lines = lines_of(atoms)
        cells = split_across(atoms, self._gutters(lines)) if lines else []
        rows = [first_row(cell, self._body) for cell in cells]
        top = min((row[0].top for row in rows), default=0.0)
        if sum(row[0].top - top <= self._body for row in rows) < MANY:
            return False
        return not any(self._is_heading(atom) for row in rows for atom in row)

    def _under_span(self, atoms: Sequence[Atom], bands: Sequence[float]) -> float | None:
        """The band between what lies across the columns, such as a headline, and the columns under it."""
        if len(bands) == len(atoms) - 1:
            return None  # nothing stands beside anything
        return next((y for y in bands[:SPAN_LINES] if self._in_columns(split_down(atoms, [y])[1])), None)

    def _over_span(self, atoms: Sequence[Atom], bands: Sequence[float]) -> float | None:
        """The band between columns and what lies across them at their foot."""
        if len(bands) == len(atoms) - 1:
            return None
        last = bands[: -SPAN_LINES - 1 : -1]
        return next((y for y in last if self._in_columns(split_down(atoms, [y])[0])), None)

    def _in_columns(self, atoms: Sequence[Atom]) -> bool:
        lines = lines_of(atoms)
        return bool(lines) and bool(self._gutters(lines))

    def _beside_figures(self, atoms: Sequence[Atom], bands: Sequence[float]) -> float | None:
        """The band under a picture at the head of the region, or over one at its foot."""
        if len(lines_of(atoms)) == len(atoms):
            return None
        halves = ((y, half) for y in bands for half in split_down(atoms, [y]))
        return next((y for y, half in halves if all(isinstance(atom, Figure) for atom in half)), None)

    def _around_figures(self, atoms: Sequence[Atom]) -> list[list[Atom]]:
        """Columns that only figures lie across; each figure goes to the leftmost one under it."""
        lines = lines_of(atoms)
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
        tops = sorted(atom.top for atom in atoms)
        bottoms = sorted(atom.bottom for atom in atoms)
        best, found = self._wide, None
        for y in bands:
            white = tops[bisect.bisect_left(tops, y)] - bottoms[bisect.bisect_left(bottoms, y) - 1]
            if white > best:
                best, found = white, y
        return found
