"""Pixels of a page -> its lines set straight and its pictures, ready for `page_text`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from embeddings.sources.pictures import find_pictures
from embeddings.sources.raster import Pixels
from embeddings.sources.recognition import Reading, load_engine, read_lines
from embeddings.sources.straight import in_picture, legible, slant_of, type_lines
from embeddings.sources.typeset import Box, TypeLine

# A spot or a stroke is less than this many times as long as it is high.
LINE_ASPECT = 3.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page set straight, in pixels; `illegible` counts its lines that were seen but not read."""

    lines: tuple[TypeLine, ...]
    pictures: tuple[Box, ...]
    width: float
    height: float
    illegible: int


Reader = Callable[[Pixels], Sheet]


def load_reader() -> Reader:
    """What reads one page after another with the same models.

    Raises:
        ImportError, FileNotFoundError: the extra is not, or not wholly, installed.
    """
    engine = load_engine()

    def read(pixels: Pixels) -> Sheet:
        upright, readings = read_lines(engine, pixels)
        return set_straight(upright, readings)

    return read


def set_straight(pixels: Pixels, readings: list[Reading]) -> Sheet:
    """The lines that could be read, in the order of `readings`, and the pictures of the page."""
    height, width = pixels.shape[:2]
    boxes = [reading.corners for reading in readings]
    slant = slant_of(boxes, width, height)
    pictures = find_pictures(pixels, boxes, slant)
    kept: list[Reading] = []
    illegible = 0
    for reading in readings:
        pictured = in_picture(reading, pictures, slant)
        if legible(reading, pictured):
            kept.append(reading)
        elif _is_long(reading) and not pictured:
            illegible += 1
    return Sheet(tuple(type_lines(kept, slant)), tuple(pictures), width, height, illegible)


def _is_long(reading: Reading) -> bool:
    across, down = (reading.corners[2] - reading.corners[0]).tolist()
    return bool(max(across, down) > LINE_ASPECT * min(across, down))
