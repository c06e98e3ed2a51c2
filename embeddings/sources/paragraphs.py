"""Lines of one column -> paragraphs: by first-line indent, by how full lines are, by end marks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from embeddings.sources.atoms import HEADING_SIZE
from embeddings.sources.typeset import TypeLine

# In units of the line's own type.
INDENT = 1.2
MAX_INDENT = 3.0
SHORT = 2.2
SAME_EDGE = 0.4
PIECES_APART = 0.3
EXTRA_LEADING = 0.6
SAME_SIZE = 0.12
LEAST_LEAD_LINES = 4
UPRIGHT = 1.8
MANY_LINES = 3
STOP = re.compile(r"[。！？!?…：:；;][”’）)》」』]*$")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text of one paragraph or heading; `indented` if it is set in from the edge of its column."""

    text: str
    size: float
    indented: bool


class Setter:
    """Knows the page's body type and the white between two lines of its text."""

    def __init__(self, body: float, leading: float, lines: Sequence[TypeLine]) -> None:
        self._heading = HEADING_SIZE * body
        self._leading = leading
        self._unit = SAME_EDGE * body
        self._lefts = Counter(self._edge(line.left) for line in lines if line.size <= self._heading)

    def paragraphs(self, lines: Sequence[TypeLine], left: float, right: float) -> list[Paragraph]:
        """The paragraphs of lines that stand in order between the edges `left` and `right`."""
        found: list[list[TypeLine]] = []
        rows = joined_rows(lines)
        if rows and len(rows) < MANY_LINES:
            left = self._column_left(left, rows[0].size)
        if len(rows) >= MANY_LINES:
            # A column may be narrower than the region it was cut from.
            left, right = min(row.left for row in rows), max(row.right for row in rows)
        for i, row in enumerate(rows):
            if found and self._goes_on(rows, i, left, right):
                found[-1].append(row)
            else:
                found.append([row])
        return [
            Paragraph(
                join_lines([row.text for row in rows]),
                max(row.size for row in rows),
                self._is_indented(rows, left, right),
            )
            for rows in found
        ]

    def _edge(self, x: float) -> int:
        return round(x / self._unit)

    def _column_left(self, left: float, size: float) -> float:
        """Where the column begins, if one or two lines at `left` are likely all indented.

        The page tells: more lines then begin at the edge of the column than at the indent.
        """
        least, most = self._edge(left - MAX_INDENT * size), self._edge(left - INDENT * size)
        best = max(range(least, most + 1), key=lambda edge: self._lefts[edge])
        return best * self._unit if self._lefts[best] > self._lefts[self._edge(left)] else left

    def _is_indented(self, rows: Sequence[TypeLine], left: float, right: float) -> bool:
        """Whether the first line is set in as that of a paragraph is, and not as centred words are."""
        first = rows[0]
        inset = (first.left - left) / first.size
        if first.size > self._heading or not INDENT <= inset <= MAX_INDENT:
            return False
        is_centred = len(rows) == 1 and abs(right - first.right - (first.left - left)) <= first.size
        return not is_centred or bool(STOP.search(first.text))

    def _goes_on(self, rows: Sequence[TypeLine], i: int, left: float, right: float) -> bool:
        before, row = rows[i - 1], rows[i]
        if abs(before.size - row.size) > SAME_SIZE * row.size:
            return False
        if row.size > self._heading and not _is_large_text(rows, i):
            return False
        if row.top - before.bottom > self._leading + EXTRA_LEADING * row.size:
            return False
        if row.left - left >= INDENT * row.size or _is_upright(before) or _is_upright(row):
            return False
        if right - before.right > SHORT * row.size:
            return False
        return not _is_subhead(rows, i, left, right)


def _is_upright(row: TypeLine) -> bool:
    """Whether the line runs down or up the page."""
    return row.bottom - row.top > UPRIGHT * row.size


def _is_large_text(rows: Sequence[TypeLine], i: int) -> bool:
    """Whether line `i` is of a paragraph in larger type rather than of a headline."""
    same = sum(abs(row.size - rows[i].size) <= SAME_SIZE * row.size for row in rows)
    return same >= LEAST_LEAD_LINES


def _is_subhead(rows: Sequence[TypeLine], i: int, left: float, right: float) -> bool:
    """A short line without an end mark after a full stop, with an indented line under it."""
    before, row = rows[i - 1], rows[i]
    if i + 1 == len(rows) or not STOP.search(before.text) or STOP.search(row.text):
        return False
    return right - row.right > SHORT * row.size and rows[i + 1].left - left >= INDENT * row.size


def joined_rows(lines: Sequence[TypeLine]) -> list[TypeLine]:
    """The lines with pieces that stand side by side on one row made one; `lines` are in order."""
    rows: list[TypeLine] = []
    for line in lines:
        if rows and _beside(rows[-1], line):
            rows[-1] = _joined(rows[-1], line)
        else:
            rows.append(line)
    return rows


def _beside(first: TypeLine, second: TypeLine) -> bool:
    shared = min(first.bottom, second.bottom) - max(first.top, second.top)
    least = min(first.bottom - first.top, second.bottom - second.top)
    return shared > 0.5 * least and second.left >= first.right - 0.5 * second.size


def _joined(first: TypeLine, second: TypeLine) -> TypeLine:
    blank = " " if second.left - first.right > PIECES_APART * min(first.size, second.size) else ""
    return TypeLine(
        first.text + blank + second.text,
        first.left,
        min(first.top, second.top),
        second.right,
        max(first.bottom, second.bottom),
        max(first.size, second.size),
    )


def join_lines(texts: Sequence[str]) -> str:
    """One string of the lines: a blank only between two Latin words."""
    whole = ""
    for text in texts:
        if whole and _is_latin(whole[-1]) and _is_latin(text[:1]):
            whole += " "
        whole += text
    return whole


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()
