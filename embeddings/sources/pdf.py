"""A PDF with a text layer -> one page of text for each of its pages.

The bytes are only parsed: no script, form, link or attachment of the file is touched.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import pypdfium2
import pypdfium2.raw as pdfium

from embeddings.errors import InputRefused
from embeddings.records import Page, Refusal
from embeddings.sources.columns import page_text
from embeddings.sources.folio import is_folio, place_from_folio
from embeddings.sources.found import Found, Limits
from embeddings.sources.place import Place
from embeddings.sources.sheets import Sheet, read_sheet
from embeddings.sources.typeset import TypeLine

REPEATED_PAGES = 3
MARGIN_SHARE = 0.08


def read_pdf(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """The pages of a PDF that carry text, in order; blank ones are passed over.

    Page 2 of many is named `name#2`. A page of nothing but pictures is refused on its own, with
    code `no_text_layer`, as long as another page has text. What `place` says wins over the folio.

    Raises:
        InputRefused: code `encrypted`, `damaged`, `too_many_pages`, `too_large` or `no_text_layer`.
    """
    document = _opened(data)
    try:
        _check_count(len(document), limits)
        sheets = [read_sheet(document, number) for number in range(len(document))]
    except pypdfium2.PdfiumError:
        raise _damaged() from None
    finally:
        document.close()
    return _found(sheets, name, place)


def _opened(data: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            raise InputRefused(
                "PDF 已加密,需要密码才能打开 (encrypted)", code="encrypted", hint="请先去掉密码再放入。"
            ) from None
        raise _damaged() from None


def _check_count(count: int, limits: Limits) -> None:
    if count > limits.max_pages:
        raise InputRefused(
            f"PDF 有 {count} 页,超过 {limits.max_pages} 页的上限 (too_many_pages)",
            code="too_many_pages",
            hint="请拆成小一些的文件。",
        )


def _damaged() -> InputRefused:
    return InputRefused("PDF 已损坏或不完整 (damaged)", code="damaged", hint="请重新导出或下载这个文件。")


def _no_text() -> InputRefused:
    return InputRefused("PDF 里没有可用的文字,只有图像 (no_text_layer)", code="no_text_layer")


def _found(sheets: Sequence[Sheet], name: str, place: Place) -> Found:
    pages: list[Page] = []
    refused: list[Refusal] = []
    heads = _running_heads(sheets)
    # The name of a file of many pages is the number of none of them.
    own = place if len(sheets) == 1 else Place(place.paper, place.date)
    for number, sheet in enumerate(sheets, 1):
        file = name if len(sheets) == 1 else f"{name}#{number}"
        lines = [line for line in sheet.lines if _key(line) not in heads]
        if lines:
            pages.append(_page(lines, sheet, file, own))
        elif sheet.pictures:
            error = _no_text()
            refused.append(Refusal(file, error.code, error.message))
    if not pages:
        raise _no_text()
    return Found(pages=tuple(pages), refused=tuple(refused))


def _page(lines: Sequence[TypeLine], sheet: Sheet, file: str, place: Place) -> Page:
    typeset = page_text(lines, sheet.pictures, sheet.width, sheet.height)
    margin = MARGIN_SHARE * sheet.height
    edge = [line.text for line in sorted(lines, key=lambda line: line.top) if _in_margin(line, sheet, margin)]
    place = place_from_folio(place, [typeset.text.split("\n", 1)[0], *edge])
    return Page(typeset.text, file, place.paper, place.date, place.number, typeset.sizes)


def _running_heads(sheets: Sequence[Sheet]) -> frozenset[tuple[str, int]]:
    """Keys of lines in the margins that every page repeats and that say neither date nor page."""
    printed = [sheet for sheet in sheets if sheet.lines]
    if len(printed) < REPEATED_PAGES:
        return frozenset()
    seen: Counter[tuple[str, int]] = Counter()
    for sheet in printed:
        margin = MARGIN_SHARE * sheet.height
        edge = (line for line in sheet.lines if _in_margin(line, sheet, margin) and not is_folio(line.text))
        seen.update({_key(line) for line in edge})
    return frozenset(key for key, count in seen.items() if count == len(printed))


def _in_margin(line: TypeLine, sheet: Sheet, margin: float) -> bool:
    return line.bottom < margin or line.top > sheet.height - margin


def _key(line: TypeLine) -> tuple[str, int]:
    return re.sub(r"\d+", "0", line.text), round(line.top / 4)
