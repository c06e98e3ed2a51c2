"""Lines as a camera or scanner saw them -> lines set straight, with clean words. Pure."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from embeddings.sources.recognition import Corners, Reading
from embeddings.sources.typeset import Box, TypeLine, body_size

# Chinese type of 13 pixels and more, which can be made out, was read at 0.5 to 1.0; of 11 pixels, which
# cannot, at less. What is far too small is taken for figures and signs, at up to 0.6; real ones get more.
MIN_SCORE = 0.5
MIN_SIGNS_SCORE = 0.7
# A window, a beam or a brick in a picture reads like these.
BLOCKY = frozenset("口一二三十工土王日曰目田回由甲申丨")
SURE_SCORE = 0.95
MIN_SLANT_ASPECT = 5.0
# Height of a line's box as found, in units of its type.
BOX_HEIGHT = 1.3
LINE_HEIGHT = 1.1
# How far a size may be off, in shares of it, for lines of this many characters and for shorter ones.
LONG_LINE = 8
LONG_LINE_ERROR = 0.06
SHORT_LINE_ERROR = 0.15

IDEOGRAPH = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
FULL_WIDTH = str.maketrans(",;:!?.", "\uff0c\uff1b\uff1a\uff01\uff1f。")
# After an ideograph a mark is Chinese; a full stop only where no Latin word or number goes on.
HALF_WIDTH_MARK = re.compile(r"(?<=[\u3400-\u9fff”》\uff09])(?:[,;:!?]|\.(?![A-Za-z0-9.]))")
BRACKETED = re.compile(r"\(([^()]*[\u3400-\u9fff][^()]*)\)")


@dataclass(frozen=True, slots=True)
class Slant:
    """By which angle (radians, positive where lines fall to the right) a page is turned about its middle."""

    angle: float
    x: float
    y: float

    def back(self, points: Corners) -> Corners:
        """Points x, y of the slanting page where they would be on a straight one."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        middle = np.array([self.x, self.y], dtype=np.float32)
        turn = np.array([[cos, -sin], [sin, cos]], dtype=np.float32)
        return ((points - middle) @ turn + middle).astype(np.float32)


def legible(reading: Reading, pictured: bool) -> bool:
    """Whether the reading is type: sure enough, and no pattern of a picture that it stands in."""
    text = reading.text.strip()
    ideographs = len(IDEOGRAPH.findall(text))
    chinese = 3 * ideographs >= len(text)
    if not text or reading.score < (MIN_SCORE if chinese else MIN_SIGNS_SCORE):
        return False
    if ideographs > 1 or len(text) > 3 or not pictured:
        return True
    return bool(IDEOGRAPH.match(text)) and text not in BLOCKY and reading.score >= SURE_SCORE


def in_picture(reading: Reading, pictures: Sequence[Box], slant: Slant) -> bool:
    """Whether the middle of the line lies in a picture; the pictures are set straight."""
    x, y = slant.back(reading.corners).mean(axis=0).tolist()
    return any(box.left < x < box.right and box.top < y < box.bottom for box in pictures)


def slant_of(boxes: Iterable[Corners], width: float, height: float) -> Slant:
    """The slant of a page with these lines: the median of their angles by their length."""
    angles = sorted((math.atan2(y, x), math.hypot(x, y)) for x, y in _directions(boxes))
    half = sum(length for _, length in angles) / 2
    for angle, length in angles:
        half -= length
        if half <= 0:
            return Slant(angle, width / 2, height / 2)
    return Slant(0.0, width / 2, height / 2)


def type_lines(readings: Sequence[Reading], slant: Slant) -> list[TypeLine]:
    """The lines as they would stand on a straight page, in the order of the readings."""
    measured = [_measured(reading, slant) for reading in readings]
    body = body_size(measured)
    return [_snapped(line, body) for line in measured]


def _measured(reading: Reading, slant: Slant) -> TypeLine:
    """The line, as high as its type rather than as the box that was found."""
    corners = slant.back(reading.corners)
    left, right = float(corners[[0, 3], 0].mean()), float(corners[[1, 2], 0].mean())
    top, bottom = float(corners[[0, 1], 1].mean()), float(corners[[2, 3], 1].mean())
    text = clean(reading.text)
    if reading.upright:
        return TypeLine(text, left, top, right, bottom, (right - left) / BOX_HEIGHT)
    size = type_size(text, right - left, bottom - top)
    middle, half = (top + bottom) / 2, LINE_HEIGHT * size / 2
    return TypeLine(text, left, middle - half, right, middle + half, size)


def _snapped(line: TypeLine, body: float) -> TypeLine:
    """The line in body type where its size is the same as far as can be told."""
    error = LONG_LINE_ERROR if len(line.text) >= LONG_LINE else SHORT_LINE_ERROR
    return replace(line, size=body) if abs(line.size - body) <= error * body else line


def type_size(text: str, across: float, down: float) -> float:
    """Size of type in pixels of a line of this width and height: its pitch, if its height allows that.

    The pitch is exact to 2 % for lines of a dozen characters, the height of the box to 7 %.
    """
    by_height = down / BOX_HEIGHT
    units = sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.5 for c in text)
    if units < 3:
        return by_height
    # Type that is set wide or narrow has a pitch unlike its height.
    return min(max(across / units, 0.75 * by_height), 1.25 * by_height)


def clean(text: str) -> str:
    """The text with the punctuation of Chinese print: the model often gives ASCII marks for it."""
    text = HALF_WIDTH_MARK.sub(lambda mark: mark[0].translate(FULL_WIDTH), text.strip())
    return BRACKETED.sub("\uff08\\1\uff09", text)


def _directions(boxes: Iterable[Corners]) -> Iterable[tuple[float, float]]:
    for box in boxes:
        x, y = (((box[1] + box[2]) - (box[0] + box[3])) / 2).tolist()
        down = float(np.linalg.norm(box[0] - box[3]))
        if abs(x) > MIN_SLANT_ASPECT * down:
            yield x, y
