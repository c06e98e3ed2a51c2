"""The pages of a PDF that have no text layer -> pixels."""

from __future__ import annotations

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium

from embeddings.errors import InputRefused
from embeddings.sources.raster import MAX_SIDE_PIXELS, WORKING_PIXELS, Images, Pixels, fitted
from embeddings.sources.sheets import read_sheet

DPI = 250
POINTS_PER_INCH = 72


def open_scanned_pages(data: bytes, max_pages: int) -> Images:
    """The pages of a PDF; loading one gives None where it has text, and its pixels as in `open_images`.

    Raises:
        InputRefused: code `encrypted`, `damaged` or `too_many_pages`.
    """
    document = _opened(data)
    count = len(document)
    if count > max_pages:
        raise InputRefused(
            f"PDF 有 {count} 页,超过 {max_pages} 页的上限,请拆分后再试 (too_many_pages)",
            code="too_many_pages",
        )

    def load(number: int) -> Pixels | None:
        try:
            return None if read_sheet(document, number).lines else _rendered(document[number])
        except pypdfium2.PdfiumError:
            raise _damaged() from None

    return Images(count, load)


def _opened(data: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            raise InputRefused("PDF 已加密,请先去掉密码再放入 (encrypted)", code="encrypted") from None
        raise _damaged() from None


def _damaged() -> InputRefused:
    return InputRefused("PDF 已损坏或不完整,请重新导出 (damaged)", code="damaged")


def _rendered(page: pypdfium2.PdfPage) -> Pixels:
    """The page at `DPI`, or at fewer dots where it is very large."""
    try:
        width, height = page.get_size()
        if not (width > 0 and height > 0):
            raise _damaged()
        most = min((WORKING_PIXELS / (width * height)) ** 0.5, MAX_SIDE_PIXELS / max(width, height))
        bitmap = page.render(scale=min(DPI / POINTS_PER_INCH, most), rev_byteorder=True, may_draw_forms=False)
        # A copy: the bitmap's own memory goes with it.
        pixels = np.array(bitmap.to_numpy(), dtype=np.uint8)
        bitmap.close()
    finally:
        page.close()
    if pixels.ndim == 2:
        pixels = pixels[:, :, np.newaxis]
    return fitted(np.broadcast_to(pixels[:, :, :3], (*pixels.shape[:2], 3)))
