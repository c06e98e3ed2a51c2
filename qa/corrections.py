"""Boundaries on indexed pages that were found with doubt, and what an operator says of them.

What is said goes to the file beside the page (`embeddings.sidecar`), as if it had been written by hand; the
next build reads the page again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from embeddings.errors import CallerError, NotFoundError
from embeddings.index.catalog import Catalog
from embeddings.inputs import InputFile, find_inputs
from embeddings.intake import limits_of, read_input
from embeddings.layout.articles import Layout
from embeddings.layout.marks import EDITORS_ROLES, parse_marks, role_word
from embeddings.records import Article, Page
from embeddings.settings import Settings
from embeddings.sidecar import SIDECAR_MAX_BYTES, sidecars_of

# A start at least as sure needs no second look; see `qa.cli.layouts`.
SURE = 0.95
LISTED_MAX = 200
TEXT_CHARS = 40
WAYS = ("break", "join")


@dataclass(frozen=True, slots=True)
class PageLine:
    """A line of a page as it was read: `number` from 1; `doubt` is how sure its boundary is, where little."""

    number: int
    text: str
    role: str
    begins: bool
    doubt: float | None


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page, line by line, with the name that people know it by."""

    file: str
    lines: tuple[PageLine, ...]


def doubtful(catalog: Catalog) -> list[Article]:
    """Articles whose beginning was found with doubt, the least sure first."""
    return catalog.unsure(SURE, LISTED_MAX)


def pages_of(catalog: Catalog, article: Article, settings: Settings) -> list[ReadPage]:
    """The pages of the file that an article comes from, read again.

    Raises:
        NotFoundError: the file is no longer there.
    """
    file = _file_of(catalog, article)
    pages: list[ReadPage] = []

    def look(page: Page, layout: Layout) -> None:
        doubts = {doubt.line: doubt.confidence for doubt in layout.doubts}
        lines = tuple(
            PageLine(
                number := reading.line.row + 1,
                reading.line.text,
                role_word(reading.role),
                reading.begins,
                doubts.get(number),
            )
            for reading in layout.sheet.readings
        )
        pages.append(ReadPage(page.file, lines))

    read_input(file, limits_of(settings), look)
    return pages


def correct(catalog: Catalog, article: Article, line: int, text: str, way: str, role: str) -> Path:
    """Say of a line that an article begins there (`break`) or goes on (`join`), and what it is for.

    `text` is how the line reads; an empty `role` says nothing. The file that is to be built again is given.

    Raises:
        NotFoundError: the page's file is no longer there.
        CallerError: the correction says nothing, or cannot be kept beside the file.
    """
    if way not in (*WAYS, "") or role not in (*EDITORS_ROLES, "") or not (way or role) or not text.strip():
        raise CallerError("这个更正没有内容。", hint="请选择起讫或角色。", code="bad_correction")
    file = _file_of(catalog, article)
    present = next((path for path in sidecars_of(file.path) if path.exists()), sidecars_of(file.path)[-1])
    try:
        before = present.read_text(encoding="utf-8") if present.exists() else ""
        after = before + ("\n" if before else "") + _entry(line, text, way, role)
        parse_marks(after)
        if len(after.encode()) > SIDECAR_MAX_BYTES:
            raise CallerError("更正文件太大了。", hint=f"请整理 {present.name}。", code="bad_correction")
        fresh = present.with_name(f".{present.name}.part")
        fresh.write_text(after, encoding="utf-8")
        os.replace(fresh, present)  # noqa: PTH105 - the one call that is atomic by its contract
    except OSError as error:
        raise CallerError(
            f"更正写不到版面文件旁边({error.strerror})。", hint="请检查文件夹的权限。", code="bad_correction"
        ) from None
    return file.path


def _entry(line: int, text: str, way: str, role: str) -> str:
    # A JSON string is a TOML string but for one control character.
    words = json.dumps("".join(text.split())[:TEXT_CHARS], ensure_ascii=False).replace("\x7f", "\\u007f")
    rows = ["[[mark]]", f"text = {words}", f"line = {line}"]
    rows += [f"{way} = true"] if way else []
    rows += [f'role = "{role}"'] if role else []
    return "\n".join(rows) + "\n"


def _file_of(catalog: Catalog, article: Article) -> InputFile:
    """The file that an article was read from; its path is the index's, never a client's."""
    path = catalog.path_of(article.id)
    found: Sequence[InputFile] = find_inputs([Path(path)])[0] if path else ()
    if not found:
        raise NotFoundError(
            "这一版的文件已经不在原处,或不是可以更正的版面。", hint="放回文件后再试。", code="page_not_found"
        )
    return found[0]
