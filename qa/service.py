"""What a client can ask of Wenbao, whatever the way in: web, command line, program.

One `Service` holds the encoder and follows the published snapshot; every call works on one
snapshot from its first line to its last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embeddings.records import Answer, Article, Filters, Hit, Mode

if TYPE_CHECKING:
    from embeddings.settings import Settings


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits best first, the snapshot they come from, and milliseconds by stage."""

    hits: tuple[Hit, ...]
    snapshot: int
    timings_ms: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """The body of `/api/search`."""
        return {
            "hits": [hit.to_json() for hit in self.hits],
            "snapshot": self.snapshot,
            "timings_ms": {stage: round(ms, 2) for stage, ms in self.timings_ms.items()},
        }


@dataclass(frozen=True, slots=True)
class Status:
    """What serves now. `built_at` is ISO 8601 in UTC; dates are the first and last issue's."""

    snapshot: int
    articles: int
    passages: int
    model: str
    built_at: str
    first_date: str | None
    last_date: str | None
