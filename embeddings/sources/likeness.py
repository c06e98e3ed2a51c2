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
    pictures = find_pictures(pixels, [reading.corners for reading in readings])
    kept = [reading for reading in readings if legible(reading, pictures)]
    lost = [r for r in readings if not legible(r, pictures) and _is_long(r) and not in_picture(r, pictures)]
    slant = slant_of([reading.corners for reading in kept], width, height)
    return Sheet(
        tuple(type_lines(kept, slant)), tuple(map(slant.back_box, pictures)), width, height, len(lost)
    )


def _is_long(reading: Reading) -> bool:
    across, down = (reading.corners[2] - reading.corners[0]).tolist()
    return bool(max(across, down) > LINE_ASPECT * min(across, down))
