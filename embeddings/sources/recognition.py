"""Pixels of a page -> its lines of type, read by recognition models that run on this machine.

The models come inside the `rapidocr` package (PP-OCRv6 small, a detector and a recogniser) and are named
by path, so nothing is ever looked for on a network. Import this only where the extra is installed.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import rapidocr
from numpy.typing import NDArray
from rapidocr import RapidOCR

from embeddings.sources.raster import Pixels

Corners = NDArray[np.float32]

THREADS = 2
# The detector finds the lines in this many pixels as well as in more; its memory grows with them.
DETECTION_PIXELS = 4_500_000
# A page of a broadsheet has some hundreds.
MAX_LINES = 5_000
# Of the recogniser's input; longer than any line of type, and its memory grows with it.
MAX_LINE_ASPECT = 120
# A box this much higher than wide holds a line that stands upright, or one on a page that lies on its side.
TALL = 1.5
SAMPLE_LINES = 8
# The mean for lines of an upright page is 0.93 and more, for one upside down about 0.5.
SURE = 0.85


@dataclass(frozen=True, slots=True)
class Reading:
    """One line as read: its text, how sure the model is (0 to 1), and where it stands.

    `corners` is float32 [4, 2], x and y in pixels, clockwise from the upper left one; `upright` says
    that the characters stand one under another.
    """

    text: str
    score: float
    corners: Corners
    upright: bool = False


def load_engine() -> RapidOCR:
    """The recognition engine with the models of the package.

    Raises:
        ImportError: there is no runtime for the models.
        FileNotFoundError: the package came without them.
    """
    # It is loaded with the first model; here its absence can still be told.
    importlib.import_module("onnxruntime")
    models = Path(rapidocr.__file__).parent / "models"
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_preprocess_img": False,
            "Det.model_path": _model(models, "*_det_*.onnx"),
            "Det.limit_type": "max",
            "Det.limit_side_len": 1 << 20,  # what it gets is scaled here
            "Det.max_candidates": MAX_LINES,
            "Rec.model_path": _model(models, "*_rec_*.onnx"),
            "EngineConfig.onnxruntime.intra_op_num_threads": THREADS,
        }
    )


def read_lines(engine: RapidOCR, pixels: Pixels) -> tuple[Pixels, list[Reading]]:
    """The page turned upright (by 0, 90, 180 or 270 degrees), and its lines as read, in no order.

    `pixels` is uint8 [height, width, 3], and so is the page that comes back.
    """
    boxes = find_boxes(engine, pixels)
    turns = _quarter_turns(engine, pixels, boxes)
    if turns:
        pixels = np.ascontiguousarray(np.rot90(pixels, turns))
        boxes = find_boxes(engine, pixels)
    return pixels, [_read(engine, pixels, corners) for corners in boxes]


def find_boxes(engine: RapidOCR, pixels: Pixels) -> list[Corners]:
    """Corners of the lines of type on a page, as in `Reading`."""
    height, width = pixels.shape[:2]
    scale = min(1.0, (DETECTION_PIXELS / (height * width)) ** 0.5)
    size = (max(32, round(width * scale)), max(32, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    found = engine(small[:, :, ::-1], use_det=True, use_cls=False, use_rec=False).boxes  # type: ignore[union-attr]
    if found is None:
        return []
    ratio = np.array([width / size[0], height / size[1]], dtype=np.float32)
    return [np.asarray(box, dtype=np.float32) * ratio for box in found]


def _model(models: Path, pattern: str) -> str:
    for path in sorted(models.glob(pattern)):
        return str(path)
    raise FileNotFoundError(pattern)


def _quarter_turns(engine: RapidOCR, pixels: Pixels, boxes: Sequence[Corners]) -> int:
    """How many quarter turns to the left set the page upright: those under which its lines read best."""
    longest = sorted(boxes, key=lambda box: max(_size(box)), reverse=True)[:SAMPLE_LINES]
    if not longest:
        return 0
    cuts = [_cut(pixels, box) for box in longest]
    tall = sum(cut.shape[0] > TALL * cut.shape[1] for cut in cuts) * 2 > len(cuts)
    scores: dict[int, float] = {}
    for turns in (1, 3) if tall else (0, 2):
        scores[turns] = float(np.mean([_recognise(engine, np.rot90(cut, turns))[1] for cut in cuts]))
        if scores[turns] > SURE:
            return turns
    if tall:  # or lines that are set from top to bottom
        scores[0] = float(np.mean([_recognise_upright(engine, cut)[1] for cut in cuts]))
    return max(scores, key=lambda turns: scores[turns])


def _read(engine: RapidOCR, pixels: Pixels, corners: Corners) -> Reading:
    cut = _cut(pixels, corners)
    text, score = _recognise(engine, cut)
    if cut.shape[0] > TALL * cut.shape[1]:
        standing, sure = _recognise_upright(engine, cut)
        if sure > score:
            return Reading(standing, sure, corners, upright=True)
    return Reading(text, score, corners)


def _recognise(engine: RapidOCR, cut: Pixels) -> tuple[str, float]:
    height, width = cut.shape[:2]
    if width > MAX_LINE_ASPECT * height:
        cut = cv2.resize(cut, (MAX_LINE_ASPECT * height, height)).astype(np.uint8)
    # One line at a time: a batch is padded to its longest line and takes twice as long.
    read = engine(np.ascontiguousarray(cut[:, :, ::-1]), use_det=False, use_cls=False, use_rec=True)
    texts, scores = read.txts, read.scores  # type: ignore[union-attr]
    return (texts[0], float(scores[0])) if texts and scores else ("", 0.0)


def _recognise_upright(engine: RapidOCR, cut: Pixels) -> tuple[str, float]:
    """The text of a line that runs downwards: its characters are set side by side and read."""
    return max((_recognise(engine, row) for row in _rows(cut)), key=lambda read: read[1])


def _rows(cut: Pixels) -> Iterator[Pixels]:
    """The characters side by side, for the numbers of them that the shape of the box allows."""
    height, width = cut.shape[:2]
    for count in range(max(1, round(height / width)), round(1.5 * height / width) + 1):
        edges = np.linspace(0, height, count + 1).astype(int)
        cell = max(1, int(np.diff(edges).min()))
        yield np.concatenate([cut[edge : edge + cell] for edge in edges[:-1]], axis=1)


def _size(corners: Corners) -> tuple[float, float]:
    """Width and height of a box, in pixels."""
    across = max(np.linalg.norm(corners[0] - corners[1]), np.linalg.norm(corners[3] - corners[2]))
    down = max(np.linalg.norm(corners[0] - corners[3]), np.linalg.norm(corners[1] - corners[2]))
    return float(across), float(down)


def _cut(pixels: Pixels, corners: Corners) -> Pixels:
    """The part of the page inside the corners, set straight."""
    width, height = (max(1, round(side)) for side in _size(corners))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    turn = cv2.getPerspectiveTransform(corners, target)
    cut = cv2.warpPerspective(
        pixels, turn, (width, height), borderMode=cv2.BORDER_REPLICATE, flags=cv2.INTER_CUBIC
    )
    return cut.astype(np.uint8, copy=False)
