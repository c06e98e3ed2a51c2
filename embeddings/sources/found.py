"""What a reader of one input format gives back, and the limits it keeps."""

from __future__ import annotations

from dataclasses import dataclass

from embeddings.records import Article, Page, Refusal


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one input file may cost: bytes (also after unpacking), pages, and seconds to read."""

    max_bytes: int = 32 << 20
    max_pages: int = 200
    timeout_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Found:
    """What one input file holds, in its order: pages for the layout model, whole articles, refusals."""

    pages: tuple[Page, ...] = ()
    articles: tuple[Article, ...] = ()
    refused: tuple[Refusal, ...] = ()
