"""Pictures of pages (PNG, JPEG, TIFF, PDF without a text layer) -> the text that can be read in them.

Needs the extra `ocr`: what belongs to it is imported when a scan is met.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from embeddings.errors import InputRefused
from embeddings.records import Page, Refusal
from embeddings.sources.columns import page_text
from embeddings.sources.folio import place_from_folio
from embeddings.sources.found import Found, Limits
from embeddings.sources.place import Place

if TYPE_CHECKING:
    from embeddings.sources.likeness import Reader, Sheet
    from embeddings.sources.raster import Images

# The rest of the time is for the process to start and to answer.
TIME_SHARE = 0.85
MARGIN_SHARE = 0.08


def read_scan(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """The page in a PNG or JPEG, or the pages in a TIFF, as text.

    Page 2 of many is named `name#2`; blank ones are passed over. What cannot be read of one of many, and the
    pages there was no time for, are refused on their own.

    Raises:
        InputRefused: code `needs_ocr`, `damaged`, `too_large`, `too_many_pages`, `no_text` or `illegible`.
    """
    deadline = time.monotonic() + TIME_SHARE * limits.timeout_s
    try:
        from embeddings.sources.raster import open_images
    except ImportError:
        raise _needs_ocr() from None
    return _read_all(open_images(data, limits.max_pages), name, place, deadline)


def read_scanned_pdf(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """The pages of a PDF that have no text layer, read like those of `read_scan`.

    Raises:
        InputRefused: as `read_scan`, and code `encrypted`.
    """
    deadline = time.monotonic() + TIME_SHARE * limits.timeout_s
    try:
        from embeddings.sources.rendered import open_scanned_pages
    except ImportError:
        raise _needs_ocr() from None
    return _read_all(open_scanned_pages(data, limits.max_pages), name, place, deadline)


def _needs_ocr() -> InputRefused:
    return InputRefused(
        '这是扫描图像,要先安装文字识别:pip install "wenbao[ocr]" (needs_ocr)', code="needs_ocr"
    )


def _reader() -> Reader:
    try:
        from embeddings.sources.likeness import load_reader

        return load_reader()
    except (ImportError, FileNotFoundError):
        raise _needs_ocr() from None


def _read_all(images: Images, name: str, place: Place, deadline: float) -> Found:
    reader = _reader()
    pages: list[Page] = []
    refused: list[Refusal] = []
    slowest = 0.0
    for number in range(images.count):
        began = time.monotonic()
        if began + slowest > deadline:
            reason = f"时间不够,第 {number + 1} 页起没有识别,请拆分文件 (too_slow)"
            refused.append(Refusal(name, "too_slow", reason))
            break
        file = name if images.count == 1 else f"{name}#{number + 1}"
        own = place if images.count == 1 else Place(place.paper, place.date)
        try:
            pixels = images.load(number)
            sheet = reader(pixels) if pixels is not None else None
        except InputRefused as error:
            refused.append(Refusal(file, error.code, error.message))
            continue
        if sheet and sheet.lines:
            pages.append(_page(sheet, file, own))
        if sheet and sheet.illegible:
            refused.append(_illegible(file, sheet.illegible))
        slowest = max(slowest, time.monotonic() - began)
    # Of many pages each says for itself why it cannot be read.
    if pages or (refused and images.count > 1):
        return Found(pages=tuple(pages), refused=tuple(refused))
    for refusal in refused:
        raise InputRefused(refusal.reason, code=refusal.code)
    raise InputRefused("图上没有认出文字 (no_text)", code="no_text")


def _illegible(file: str, count: int) -> Refusal:
    reason = f"有 {count} 行字太小或太模糊,认不清,未收入;请用 200 dpi 以上重新扫描 (illegible)"
    return Refusal(file, "illegible", reason)


def _page(sheet: Sheet, file: str, place: Place) -> Page:
    typeset = page_text(sheet.lines, sheet.pictures, sheet.width, sheet.height)
    margin = MARGIN_SHARE * sheet.height
    edge = sorted(
        (line for line in sheet.lines if line.bottom < margin or line.top > sheet.height - margin),
        key=lambda line: line.top,
    )
    place = place_from_folio(place, [typeset.text.split("\n", 1)[0], *(line.text for line in edge)])
    return Page(typeset.text, file, place.paper, place.date, place.number, typeset.sizes)
