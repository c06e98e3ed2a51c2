"""The front of the pipeline: input files -> articles, with a refusal for all that fails."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from embeddings import layout
from embeddings.errors import InputRefused
from embeddings.inputs import InputFile, find_inputs, shown_name
from embeddings.records import Article, Page, Refusal
from embeddings.settings import Settings
from embeddings.sources.formats import format_of, read_as
from embeddings.sources.found import Found, Limits
from embeddings.sources.names import natural_key, suffix_of

__all__ = [
    "InputFile",
    "Intake",
    "find_inputs",
    "limits_of",
    "natural_key",
    "read_input",
    "sidecars_of",
    "suffix_of",
]

SIDECAR_SUFFIX = ".marks.toml"
SIDECAR_MAX_BYTES = 256 << 10
# Other settings, a package installed or a quieter machine may let the file in next time.
MAY_PASS_LATER = frozenset({"needs_ocr", "too_busy", "too_large", "too_many_pages", "too_slow"})


@dataclass(frozen=True, slots=True)
class Intake:
    """What one input file gave.

    `content_hash` is of its bytes and its sidecar's; empty if they could not be read, or if something of it
    was refused that may pass another time: the file is to be read again then, even if it stays as it is.
    """

    file: InputFile
    content_hash: str
    articles: tuple[Article, ...]
    refused: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Sidecar:
    """An operator's corrections beside a file; `refusal` where they cannot be read."""

    marks: bytes | None = None
    refusal: Refusal | None = None


def limits_of(settings: Settings) -> Limits:
    """What one input file may cost by these settings."""
    return Limits(settings.max_file_bytes, settings.max_file_pages, float(settings.read_timeout_s))


def sidecars_of(path: Path) -> tuple[Path, Path]:
    """Where corrections of a file may lie, whether or not they do; the first there is counts."""
    stem = path.name[: len(path.name) - len(suffix_of(path))]
    return path.with_name(path.name + SIDECAR_SUFFIX), path.with_name(stem + SIDECAR_SUFFIX)


def read_input(file: InputFile, limits: Limits) -> Intake:
    """Articles of one file; what cannot be used comes back as refusals, never as an error."""
    digest = ""
    sidecar = _sidecar_of(file)
    try:
        data = _bytes_of(file.path, limits.max_bytes)
        digest = _digest(data, sidecar)
        articles, refused = _articles_of(_found(file, data, limits), sidecar.marks)
    except InputRefused as error:
        articles, refused = (), (Refusal(file.name, error.code, str(error)),)
    if any(refusal.code in MAY_PASS_LATER for refusal in refused):
        digest = ""
    return Intake(file, digest, articles, (*refused, sidecar.refusal) if sidecar.refusal else refused)


def _found(file: InputFile, data: bytes, limits: Limits) -> Found:
    form = format_of(file.path)
    if form is None:
        raise InputRefused("不支持这种文件 (unsupported)", code="unsupported")
    found = read_as(form, data, file.name, file.place, limits)
    if found == Found():
        raise InputRefused("文件里没有找到文章 (no_article)", code="no_article")
    return found


def _articles_of(found: Found, marks: bytes | None) -> tuple[tuple[Article, ...], tuple[Refusal, ...]]:
    """Articles of the pages, then those found whole, with distinct ids."""
    articles: list[Article] = []
    refused = list(found.refused)
    for page in found.pages:
        try:
            items = _read_page(page, marks)
        except InputRefused as error:
            refused.append(Refusal(page.file, error.code, str(error)))
            continue
        articles += items
        if not items:
            refused.append(Refusal(page.file, "no_article", "版面上没有找到文章 (no_article)"))
    return _distinct([*articles, *found.articles]), tuple(refused)


def _read_page(page: Page, marks: bytes | None) -> list[Article]:  # noqa: ARG001 - no parser of marks yet
    """The items of a page; `marks` are an operator's corrections as the sidecar holds them."""
    return layout.read_page(page)


def _distinct(articles: Iterable[Article]) -> tuple[Article, ...]:
    """The same articles, with ids made distinct over several pages of one number or none.

    Unlike `distinct_ids`, which knows one page: there `a-2` may stand in the list already.
    """
    taken: set[str] = set()
    counts: defaultdict[str, int] = defaultdict(int)
    result = []
    for article in articles:
        identity = article.id
        while identity in taken:
            counts[article.id] += 1
            identity = f"{article.id}-{counts[article.id] + 1}"
        taken.add(identity)
        result.append(article if identity == article.id else replace(article, id=identity))
    return tuple(result)


def _digest(data: bytes, sidecar: Sidecar) -> str:
    digest = hashlib.blake2b(data, digest_size=16)
    if sidecar != Sidecar():
        code = sidecar.refusal.code if sidecar.refusal else ""
        # Of fixed length, so that no other page could end in the same bytes.
        digest.update(hashlib.blake2b(code.encode() + b"\n" + (sidecar.marks or b"")).digest())
    return digest.hexdigest()


def _sidecar_of(file: InputFile) -> Sidecar:
    for path in sidecars_of(file.path):
        try:
            if os.path.lexists(path):
                return Sidecar(_sidecar_bytes(path))
        except InputRefused as error:
            name = "/".join([*file.name.split("/")[:-1], shown_name(path.name)])
            return Sidecar(refusal=Refusal(name, error.code, str(error)))
    return Sidecar()


def _sidecar_bytes(path: Path) -> bytes:
    # A link could lead anywhere, a pipe would block.
    if path.is_symlink() or not path.is_file():
        raise InputRefused("更正文件不是普通文件,未采用 (unreadable)", code="unreadable")
    return _bytes_of(path, SIDECAR_MAX_BYTES)


def _bytes_of(path: Path, max_bytes: int) -> bytes:
    too_large = InputRefused(f"文件超过 {max_bytes} 字节的上限 (too_large)", code="too_large")
    try:
        if path.stat().st_size > max_bytes:
            raise too_large
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)  # it may have grown since
    except FileNotFoundError:
        raise InputRefused("文件已不存在 (not_found)", code="not_found") from None
    except OSError:
        raise InputRefused("文件无法读取,请检查权限 (unreadable)", code="unreadable") from None
    if len(data) > max_bytes:
        raise too_large
    return data
