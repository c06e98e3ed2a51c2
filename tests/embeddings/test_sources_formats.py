"""Which reader a file gets, where that runs, and which pictures are no scans."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from embeddings.sources import formats
from embeddings.sources.formats import (
    DOCX,
    FORMATS,
    HTML,
    MARKDOWN,
    SMALL_HTML_BYTES,
    read_as,
    without_illustrations,
)
from embeddings.sources.found import Found, Limits
from embeddings.sources.place import Place


def where_read(monkeypatch: pytest.MonkeyPatch, form: formats.Format, size: int) -> str:
    """Whether a file of `size` bytes is read `apart` or `here`."""
    calls: list[str] = []

    def apart(*_: object) -> Found:
        calls.append("apart")
        return Found()

    def here(*_: object) -> Found:
        calls.append("here")
        return Found()

    monkeypatch.setattr(formats, "read_apart", apart)
    monkeypatch.setattr(formats, "load_reader", lambda _reader: here)
    read_as(form, b"a" * size, "a", Place(), Limits())
    (call,) = calls
    return call


def test_formats_run_apart_what_libraries_parse() -> None:
    here = {suffix for suffix, form in FORMATS.items() if not form.apart}
    # A PDF's reader starts processes itself, so does the archive's for its members.
    assert here == {".txt", ".jsonl", ".jsonl.gz", ".pdf", ".zip"}


@pytest.mark.parametrize(
    ("form", "size", "where"),
    [
        (HTML, SMALL_HTML_BYTES - 1, "here"),
        (HTML, SMALL_HTML_BYTES, "apart"),
        (MARKDOWN, 1, "apart"),
        (DOCX, 0, "apart"),
    ],
)
def test_read_as_starts_a_process_for_all_but_small_web_pages(
    monkeypatch: pytest.MonkeyPatch, form: formats.Format, size: int, where: str
) -> None:
    assert where_read(monkeypatch, form, size) == where


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a/图.png", False),
        ("a/图.JPEG", False),
        ("a/images/1.jpg", False),
        ("a/页_files/1.tif", False),
        ("a/images/icons/1.png", True),
        ("a/2026-10-12/01.png", True),
        ("b/01.png", True),
        ("01.png", True),
        ("a/01.pdf", True),
        ("a/01.txt", True),
    ],
)
@pytest.mark.parametrize("page", ["a/index.html", "a/页.HTM"])
def test_without_illustrations_drops_pictures_with_or_just_below_a_web_page(
    name: str, kept: bool, page: str
) -> None:
    paths = [PurePosixPath(name), PurePosixPath(page)]
    assert without_illustrations(paths) == paths[0 if kept else 1 :]
