"""The formats that can be read: suffix -> reader, and the place of a file of that format.

Readers are named, not imported: the libraries of one format are loaded when a file of it is met.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import TypeVar

from embeddings.sources import jsonl, text
from embeddings.sources.apart import load_reader, read_apart
from embeddings.sources.found import Found, Limits
from embeddings.sources.names import suffix_of
from embeddings.sources.place import Issue, Place, parse_date, place_of

# A process takes a quarter of a second to start, an article's page a hundredth of that to read, and there may
# be a hundred in an issue; the worst page found below this size takes three seconds.
SMALL_HTML_BYTES = 1 << 20
# News text shrinks to a third or a quarter; more than this is no text, or a trap.
GZIP_EXPANSION = 8
MANUSCRIPT_FOLDERS = frozenset({"稿件", "manuscripts"})
AnyPath = TypeVar("AnyPath", bound=PurePath)
# `01`, `A3`, `第4版`; not `content_8123` or a manuscript's title, of which the reader may know better.
PAGE_STEM = re.compile(r"第?[A-Za-z]{0,2}\d{1,3}版?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Format:
    """How files of one format are read.

    `reader` is `module:function`, `apart` whether it runs in a process of its own for files of `apart_bytes`
    and more. The stem of a file is the page's number where `paged`, else only if it looks like one. A file
    `of_issue` may hold a whole issue and be named by its date.
    """

    reader: str
    apart: bool = False
    apart_bytes: int = 0
    paged: bool = False
    of_issue: bool = False


TEXT = Format("embeddings.sources.formats:read_text_page", paged=True)
LINES = Format("embeddings.sources.formats:read_json_lines")
PACKED_LINES = Format("embeddings.sources.formats:read_packed_lines")
HTML = Format("embeddings.sources.html:read_html", apart=True, apart_bytes=SMALL_HTML_BYTES)
MANUSCRIPT = Format("embeddings.sources.manuscript:read_manuscript")
MARKDOWN = Format("embeddings.sources.manuscript:read_markdown", apart=True)
DOCX = Format("embeddings.sources.manuscript:read_docx", apart=True)
# Starts processes of its own, one for the text and one for the pictures.
PDF = Format("embeddings.sources.anypdf:read_any_pdf", of_issue=True)
SCAN = Format("embeddings.sources.scan:read_scan", apart=True)
ARCHIVE = Format("embeddings.sources.archive:read_archive", of_issue=True)

FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        ".txt": TEXT,
        ".jsonl": LINES,
        ".jsonl.gz": PACKED_LINES,
        ".html": HTML,
        ".htm": HTML,
        ".md": MARKDOWN,
        ".markdown": MARKDOWN,
        ".docx": DOCX,
        ".pdf": PDF,
        ".png": SCAN,
        ".jpg": SCAN,
        ".jpeg": SCAN,
        ".tif": SCAN,
        ".tiff": SCAN,
        ".zip": ARCHIVE,
    }
)


def format_of(path: PurePath) -> Format | None:
    """The format of a file by its suffix and the folder it lies in; None if it cannot be read."""
    found = FORMATS.get(suffix_of(path))
    return MANUSCRIPT if found is TEXT and path.parent.name in MANUSCRIPT_FOLDERS else found


def read_as(form: Format, data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """What the bytes hold; `name` is shown.

    Raises:
        InputRefused: nothing of it can be used.
    """
    if form.apart and len(data) >= form.apart_bytes:
        return read_apart(form.reader, data, name, place, limits)
    return load_reader(form.reader)(data, name, place, limits)


def without_illustrations(paths: Sequence[AnyPath]) -> list[AnyPath]:
    """The same paths in order, without the pictures that were saved with a web page: they are no scans.

    Such a picture lies in the folder of an `.html` or `.htm` file, or in one inside it (`page_files/`,
    `images/`) that is not an issue's own, named by a date.
    """
    folders = {path.parent for path in paths if format_of(path) is HTML}
    return [path for path in paths if format_of(path) is not SCAN or not _is_with(folders, path.parent)]


def _is_with(page_folders: set[AnyPath], folder: AnyPath) -> bool:
    return folder in page_folders or (folder.parent in page_folders and not parse_date(folder.name))


def issue_folders(path: AnyPath) -> tuple[AnyPath, ...]:
    """The folders whose `issue.toml` speaks for a file, the nearest first."""
    folder = path.parent
    return (folder, folder.parent) if folder.name in MANUSCRIPT_FOLDERS else (folder,)


def place_in(path: Path, form: Format, issue: Issue | None = None) -> Place:
    """Place of a file, as `place_of`; manuscripts belong to the issue whose folder holds theirs.

    `path` is absolute.
    """
    if path.parent.name in MANUSCRIPT_FOLDERS:
        return replace(place_of(path.parent.parent / path.name, issue), number=None)
    place = place_of(path, issue)
    if form.of_issue and parse_date(path.stem):
        dated = place if place.date else place_of(path.with_suffix("") / path.name, issue)
        return replace(dated, number=None)
    numbered = form.paged or PAGE_STEM.fullmatch(path.stem)
    return place if numbered else replace(place, number=None)


def read_text_page(data: bytes, name: str, place: Place, _limits: Limits) -> Found:
    """One page of plain text."""
    return Found(pages=(text.read_text(data, name, place),))


def read_json_lines(data: bytes, name: str, place: Place, _limits: Limits) -> Found:
    """Articles, one a line."""
    lines = jsonl.read_lines(data, name, place)
    return Found(articles=lines.articles, refused=lines.refused)


def read_packed_lines(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """Articles, one a line, in a gzip file."""
    return read_json_lines(jsonl.unpack(data, limits.max_bytes * GZIP_EXPANSION), name, place, limits)
