"""The front of the pipeline: input files -> articles, with a refusal for all that fails."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from embeddings.errors import InputRefused
from embeddings.inputs import InputFile, bytes_of, find_inputs
from embeddings.layout.articles import Layout, lay_out
from embeddings.layout.people import dateline_of, people_of
from embeddings.records import Article, Page, Refusal, distinct_ids
from embeddings.settings import Settings
from embeddings.sidecar import Sidecar, read_sidecar, sidecar_name, sidecars_of
from embeddings.sources.formats import format_of, read_as
from embeddings.sources.found import Found, Limits
from embeddings.sources.names import natural_key, suffix_of

__all__ = [
    "InputFile",
    "Intake",
    "Look",
    "find_inputs",
    "limits_of",
    "natural_key",
    "read_input",
    "sidecar_name",
    "sidecars_of",
    "suffix_of",
]

# Other settings, a package installed or a quieter machine may let the file in next time.
MAY_PASS_LATER = frozenset({"needs_ocr", "too_busy", "too_large", "too_many_pages", "too_slow"})


Look = Callable[[Page, Layout], None]


def no_look(_page: Page, _layout: Layout) -> None:
    """Take no look at the layouts."""


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


def limits_of(settings: Settings) -> Limits:
    """What one input file may cost by these settings."""
    return Limits(settings.max_file_bytes, settings.max_file_pages, float(settings.read_timeout_s))


def read_input(file: InputFile, limits: Limits, look: Look = no_look) -> Intake:
    """Articles of one file; what cannot be used comes back as refusals, never as an error.

    `look(page, layout)` is called with every page that was laid out, in order; the articles of the pages
    come first in the intake, in the same order. Layouts are large, so none is kept here.
    """
    digest = ""
    sidecar = read_sidecar(file)
    try:
        data = bytes_of(file.path, limits.max_bytes)
        digest = _digest(data, sidecar)
        articles, refused = _articles_of(_found(file, data, limits), sidecar, look)
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


def _articles_of(
    found: Found, sidecar: Sidecar, look: Look
) -> tuple[tuple[Article, ...], tuple[Refusal, ...]]:
    """Articles of the pages, then those found whole, with distinct ids."""
    articles: list[Article] = []
    refused = list(found.refused)
    unused = set(range(len(sidecar.marks)))
    for page in found.pages:
        layout = lay_out(page, sidecar.marks)
        look(page, layout)
        unused.intersection_update(layout.sheet.unused_marks)
        articles += layout.articles
        if not layout.articles:
            refused.append(Refusal(page.file, "no_article", "版面上没有找到文章 (no_article)"))
    if unused:
        refused.append(sidecar.refuse_unused(sorted(unused)))
    whole = [_with_people(article) for article in found.articles]
    return tuple(distinct_ids([*articles, *whole])), tuple(refused)


def _with_people(article: Article) -> Article:
    """An article that came whole, with what its byline and first paragraph say of who and where."""
    return replace(
        article,
        people=people_of(article.byline),
        dateline=dateline_of(article.body.partition("\n")[0]),
    )


def _digest(data: bytes, sidecar: Sidecar) -> str:
    digest = hashlib.blake2b(data, digest_size=16)
    if sidecar != Sidecar():
        code = sidecar.refusal.code if sidecar.refusal else ""
        # Of fixed length, so that no other page could end in the same bytes.
        digest.update(hashlib.blake2b(code.encode() + b"\n" + sidecar.data).digest())
    return digest.hexdigest()
