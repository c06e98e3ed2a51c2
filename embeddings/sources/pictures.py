"""Pixels of a page -> boxes of its pictures, panels and printed rules: the ink that is no type."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from embeddings.sources.raster import Pixels
from embeddings.sources.recognition import Corners
from embeddings.sources.straight import Slant
from embeddings.sources.typeset import Box

# Enough to see a hairline of a page at 200 dpi, little enough to be done at once.
SEARCH_PIXELS = 2_000_000
INK_CONTRAST = 40
# In shares of the page's shorter side.
PICTURE_SIDE = 0.04
RULE_LENGTH = 0.05
RULE_THICKNESS = 0.006
# In pixels: what blur and a slant make of a hairline.
MIN_RULE_THICKNESS = 7.0
CLOSE_GAP = 0.006
MIN_FILL = 0.3


def find_pictures(pixels: Pixels, lines: Sequence[Corners], slant: Slant) -> list[Box]:
    """Boxes of pictures and rules on the page set straight, in its pixels; rules are very thin boxes.

    `lines` are the corners of the lines of type as they stand on the page.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, (SEARCH_PIXELS / (height * width)) ** 0.5)
    ink = _straight(_ink(pixels, lines, scale), slant)
    side = min(ink.shape)
    rules = [box for box in _parts(ink, 0.0) if _is_rule(box, side)]
    gap = np.ones((max(3, round(CLOSE_GAP * side)),) * 2, np.uint8)
    whole = cv2.morphologyEx(cv2.morphologyEx(ink, cv2.MORPH_CLOSE, gap), cv2.MORPH_OPEN, gap)
    pictures = [box for box in _parts(whole.astype(np.uint8), MIN_FILL) if _is_picture(box, side)]
    return [Box(*(edge / scale for edge in box)) for box in (*pictures, *rules)]


Edges = tuple[float, float, float, float]


def _ink(pixels: Pixels, lines: Sequence[Corners], scale: float) -> NDArray[np.uint8]:
    """1 where the page is printed on and no line of type stands."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    grey = cv2.GaussianBlur(grey, (3, 3), 0)  # against grain
    if np.median(grey) < 128:
        grey = 255 - grey
    # Light falls unevenly on a page that was photographed; some paper shows in every row and column.
    across, down = (np.percentile(grey, 90, axis=axis, keepdims=True) for axis in (0, 1))
    paper = across + down - np.percentile(grey, 90)
    ink: NDArray[np.uint8] = np.less(grey, paper - INK_CONTRAST).astype(np.uint8)
    for corners in lines:
        cv2.fillConvexPoly(ink, np.round(corners * scale).astype(np.int32), 0)
    return ink


def _straight(ink: NDArray[np.uint8], slant: Slant) -> NDArray[np.uint8]:
    height, width = ink.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), math.degrees(slant.angle), 1.0)
    return cv2.warpAffine(ink, turn, (width, height), flags=cv2.INTER_NEAREST).astype(np.uint8)


def _parts(ink: NDArray[np.uint8], min_fill: float) -> list[Edges]:
    """Left, top, right, bottom of the connected parts that fill at least this share of their box."""
    _, _, found, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    parts = found[1:].astype(np.int64)  # the first one is the paper
    filled = parts[parts[:, 4] >= min_fill * parts[:, 2] * parts[:, 3]]
    return [(float(x), float(y), float(x + w), float(y + h)) for x, y, w, h, _ in filled.tolist()]


def _is_rule(box: Edges, side: int) -> bool:
    wide, high = box[2] - box[0], box[3] - box[1]
    return (
        min(wide, high) <= max(MIN_RULE_THICKNESS, RULE_THICKNESS * side)
        and max(wide, high) >= RULE_LENGTH * side
    )


def _is_picture(box: Edges, side: int) -> bool:
    return min(box[2] - box[0], box[3] - box[1]) >= PICTURE_SIDE * side
