"""Image bytes -> upright pixels in RGB, an array for each page. Nothing but PNG, JPEG and TIFF is opened."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from embeddings.errors import InputRefused

Pixels = NDArray[np.uint8]

FORMATS = ("PNG", "JPEG", "TIFF")
# A broadsheet at 450 dpi; three bytes a pixel and a copy of them must fit into the reader's memory.
MAX_PIXELS = 80_000_000
# A strip this long is no page, and its lines would be too long to be recognised at once.
MAX_SIDE_PIXELS = 20_000
# More detail than this (a broadsheet at 300 dpi) does not make type easier to read.
WORKING_PIXELS = 32_000_000
MIN_SIDE_PIXELS = 64
PAPER = (255, 255, 255)
# What Pillow's decoders have been seen to raise on damaged files.
DECODER_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class Images:
    """The pages of a file: how many, and what gives one (from 0) as pixels; None if it is not to be read.

    `load` raises `InputRefused`, code `damaged` or `too_large`.
    """

    count: int
    load: Callable[[int], Pixels | None]


def open_images(data: bytes, max_pages: int) -> Images:
    """Pages of an image file in their order, uint8 [height, width, 3]; only TIFF has more than one.

    Pages are counted and measured before the first is unpacked. They come upright, as their orientation
    tag says; transparent parts are white paper, deeper grey is stretched to 8 bits.

    Raises:
        InputRefused: code `damaged` (no such image, or a broken one), `too_large` or `too_many_pages`.
    """
    with _decoding():
        count = _count(Image.open(io.BytesIO(data), formats=FORMATS), max_pages)

    def load(number: int) -> Pixels:
        with _decoding():
            # A frame may be turned in place when it is loaded: each is loaded from a fresh image.
            frame = Image.open(io.BytesIO(data), formats=FORMATS)
            if number:
                frame.seek(number)
            return fitted(np.asarray(_rgb(_upright(frame))))

    return Images(count, load)


def fitted(pixels: Pixels) -> Pixels:
    """The same page in at most `WORKING_PIXELS`, and no side shorter than `MIN_SIDE_PIXELS`."""
    height, width = pixels.shape[:2]
    if height * width > WORKING_PIXELS:
        scale = (WORKING_PIXELS / (height * width)) ** 0.5
        small = (max(1, int(width * scale)), max(1, int(height * scale)))
        pixels = np.asarray(Image.fromarray(pixels).resize(small, Image.Resampling.BOX))
        height, width = pixels.shape[:2]
    missing = (max(0, MIN_SIDE_PIXELS - height), max(0, MIN_SIDE_PIXELS - width))
    return np.pad(pixels, ((0, missing[0]), (0, missing[1]), (0, 0)), constant_values=255)


@contextmanager
def _decoding() -> Iterator[None]:
    too_large = InputRefused(
        f"图片超过 {MAX_PIXELS // 1_000_000} 百万像素或边长 {MAX_SIDE_PIXELS},请缩小后再试 (too_large)",
        code="too_large",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            yield
        except (Image.DecompressionBombWarning, Image.DecompressionBombError, MemoryError, _TooLargeError):
            raise too_large from None
        except DECODER_ERRORS:
            raise InputRefused(
                "图片残缺或不是 PNG、JPEG、TIFF,请重新扫描或另存 (damaged)", code="damaged"
            ) from None


class _TooLargeError(Exception):
    """A frame's size is over the limits."""


def _count(image: Image.Image, max_pages: int) -> int:
    """Number of pages; every one of them is within the limits of size."""
    _check_size(image)
    if image.format != "TIFF":
        return 1  # further frames of a PNG or JPEG are an animation or previews
    for number in range(1, max_pages + 1):
        try:
            image.seek(number)
        except EOFError:
            return number
        _check_size(image)
    raise InputRefused(f"文件超过 {max_pages} 页的上限,请拆分后再试 (too_many_pages)", code="too_many_pages")


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE_PIXELS:
        raise _TooLargeError


def _upright(image: Image.Image) -> Image.Image:
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except DECODER_ERRORS:
        return image  # a broken tag does not make the picture useless


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        return _stretched(image).convert("RGB")
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        paper = Image.new("RGB", image.size, PAPER)
        paper.paste(image, mask=image.getchannel("A"))
        return paper
    return image.convert("RGB")


def _stretched(image: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits in 8: its own darkest value black, its lightest white."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float32), posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return Image.new("L", image.size, PAPER[0])
    return Image.fromarray(((values - low) * (255.0 / (high - low))).astype(np.uint8))
