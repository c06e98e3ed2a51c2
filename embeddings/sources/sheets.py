"""Pages of a PDF as PDFium sees them -> characters, pictures and rules in top-down points."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from ctypes import c_double
from dataclasses import dataclass
from itertools import islice

import pypdfium2
import pypdfium2.raw as pdfium

from embeddings.errors import InputRefused
from embeddings.sources.glyphs import Glyph, type_lines
from embeddings.sources.typeset import Box, TypeLine, around

MAX_CHARACTERS = 200_000
MAX_OBJECTS = 20_000
MAX_FORM_DEPTH = 4
# Acrobat's own limit on a side of a page is 14 400 units.
MAX_SIDE = 20_000.0
RULE_POINTS = 3.0
RULE_LENGTH = 20.0
UNMAPPED_SHARE = 0.3
INK_ONLY = 0.85
# NUL, what could not be decoded, and the private areas of broken fonts.
UNMAPPED = frozenset({0, 0xFFFD, 0xFFFE, 0xFFFF})
PRIVATE = range(0xE000, 0xF900)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page as printed, turned so that most of its text is upright; in points, y downwards."""

    lines: tuple[TypeLine, ...]
    pictures: tuple[Box, ...]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A visible character in the frame of the file; `turn` counts quarter turns against the clock."""

    character: str
    box: Box
    x: float
    y: float
    size: float
    turn: int
    after_blank: bool


def read_sheet(document: pypdfium2.PdfDocument, number: int) -> Sheet:
    """Page `number`, from 0. A text layer that decodes to nonsense counts as none.

    Raises:
        InputRefused: code `too_large`.
        pypdfium2.PdfiumError: the page is damaged.
    """
    page = document[number]
    try:
        # Text stands in the page's own frame, which `/Rotate` turns only for the eye.
        frame = Box(*page.get_bbox())
        if not all(abs(side) < MAX_SIDE for side in (frame.left, frame.top, frame.right, frame.bottom)):
            raise InputRefused("PDF 的版面尺寸不合理,请重新导出 (too_large)", code="too_large")
        marks = _readable(_marks(page))
        view = View(frame, usual_turn(marks, page.get_rotation()))
        return Sheet(tuple(view.lines(marks)), tuple(_pictures(page, view)), view.width, view.height)
    finally:
        page.close()


def usual_turn(marks: Sequence[Mark], rotation: int) -> int:
    """The quarter turns that most characters stand at; those of the page itself where it has none."""
    turns = Counter(mark.turn for mark in marks)
    return turns.most_common(1)[0][0] if turns else rotation // 90 % 4


class View:
    """The page turned back by `turn` quarter turns. `frame` is in the file's frame, y upwards."""

    def __init__(self, frame: Box, turn: int) -> None:
        # `Box(*bbox)` holds left, bottom, right, top in that order.
        self._left, self._bottom = frame.left, frame.top
        self._wide, self._high = frame.right - frame.left, frame.bottom - frame.top
        self._turn = turn
        self.width, self.height = (self._high, self._wide) if turn % 2 else (self._wide, self._high)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the file lies in the view."""
        x, y = x - self._left, y - self._bottom
        turned = ((x, self._high - y), (y, x), (self._wide - x, y), (self._high - y, self._wide - x))
        return turned[self._turn]

    def box(self, box: Box) -> Box:
        """A box of the file as a box of the view."""
        (x, y), (u, v) = self.point(box.left, box.top), self.point(box.right, box.bottom)
        return Box(min(x, u), min(y, v), max(x, u), max(y, v))

    def lines(self, marks: Sequence[Mark]) -> list[TypeLine]:
        """The lines of type on the page; what lies outside of it is not printed."""
        shown = [mark for mark in marks if self._shows(mark)]
        lines = type_lines([self._glyph(mark) for mark in shown if mark.turn == self._turn])
        return lines + [self._turned_line(run) for run in _turned_runs(shown, self._turn)]

    def _shows(self, mark: Mark) -> bool:
        x, y = self.point(mark.x, mark.y)
        return -mark.size < x < self.width + mark.size and -mark.size < y < self.height + mark.size

    def _glyph(self, mark: Mark) -> Glyph:
        box = self.box(mark.box)
        x, baseline = self.point(mark.x, mark.y)
        left, right = box.left, box.right
        if right - left < INK_ONLY * mark.size and unicodedata.east_asian_width(mark.character) == "W":
            # In Type 3 fonts PDFium knows the ink of a character only, not its advance.
            left, right = min(left, x), max(right, x + mark.size)
        return Glyph(mark.character, left, right, baseline, mark.size, mark.after_blank)

    def _turned_line(self, run: Sequence[Mark]) -> TypeLine:
        box = around(self.box(mark.box) for mark in run)
        text = "".join(" " + mark.character if mark.after_blank else mark.character for mark in run)
        return TypeLine(text.strip(), box.left, box.top, box.right, box.bottom, run[0].size)


def _turned_runs(marks: Sequence[Mark], turn: int) -> Iterator[list[Mark]]:
    """Runs of characters that stand at another turn, as they follow each other in the file."""
    run: list[Mark] = []
    for mark in marks:
        if run and (
            mark.turn != run[-1].turn or math.dist((mark.x, mark.y), (run[-1].x, run[-1].y)) > 3 * mark.size
        ):
            yield run
            run = []
        if mark.turn != turn:
            run.append(mark)
    if run:
        yield run


def _marks(page: pypdfium2.PdfPage) -> list[Mark]:
    texts = page.get_textpage()
    try:
        count = texts.count_chars()
        if count > MAX_CHARACTERS:
            raise InputRefused("PDF 一页上的字符太多,请拆分后再放入 (too_large)", code="too_large")
        marks: list[Mark] = []
        after_blank = False
        for i in range(count):
            character = _character(texts, i)
            if character.isspace() or not character:
                # A blank that PDFium put in itself is a guess: only the distance counts there.
                after_blank |= pdfium.FPDFText_IsGenerated(texts, i) != 1
                continue
            marks.append(_mark(texts, i, character, after_blank))
            after_blank = False
        return marks
    finally:
        texts.close()


def _character(texts: pypdfium2.PdfTextPage, i: int) -> str:
    """The character at `i`; empty for control characters, which print nothing."""
    point = pdfium.FPDFText_GetUnicode(texts, i)
    if 0xD800 <= point < 0xE000:
        point = 0xFFFD
    return "" if 0 < point < 0x20 or 0x7F <= point < 0xA0 or point == 0xAD else chr(point)


def _mark(texts: pypdfium2.PdfTextPage, i: int, character: str, after_blank: bool) -> Mark:
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFText_GetMatrix(texts, i, matrix)
    x, y = c_double(), c_double()
    pdfium.FPDFText_GetCharOrigin(texts, i, x, y)
    scale = math.sqrt(abs(matrix.a * matrix.d - matrix.b * matrix.c)) or 1.0
    turn = round(math.atan2(matrix.b, matrix.a) / (math.pi / 2)) % 4
    size = pdfium.FPDFText_GetFontSize(texts, i) * scale
    return Mark(character, Box(*texts.get_charbox(i, loose=True)), x.value, y.value, size, turn, after_blank)


def _readable(marks: list[Mark]) -> list[Mark]:
    """The marks, or none if a broken font leaves too many of them without a meaning."""
    nonsense = sum(ord(mark.character) in UNMAPPED or ord(mark.character) in PRIVATE for mark in marks)
    return [] if nonsense > UNMAPPED_SHARE * len(marks) else marks


def _pictures(page: pypdfium2.PdfPage, view: View) -> Iterator[Box]:
    """Pictures and printed rules; of a page with far too many objects only the first ones."""
    wanted = [pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_PATH]
    for thing in islice(page.get_objects(filter=wanted, max_depth=MAX_FORM_DEPTH), MAX_OBJECTS):
        box = view.box(Box(*thing.get_bounds()))
        wide, high = box.right - box.left, box.bottom - box.top
        if thing.type == pdfium.FPDF_PAGEOBJ_IMAGE or min(wide, high) <= RULE_POINTS < RULE_LENGTH <= max(
            wide, high
        ):
            yield box
