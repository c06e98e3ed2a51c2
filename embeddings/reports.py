"""What a build tells: what it would do, what it is about to spend, and what it did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from embeddings.records import Refusal


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did. `snapshot` serves now; `None` when there is nothing to serve yet."""

    snapshot: int | None
    articles: int
    passages: int
    added: int
    updated: int
    removed: int
    unchanged: int
    embedded: int
    refused: tuple[Refusal, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The report as the contract's JSON object."""
        return {
            "snapshot": self.snapshot,
            "articles": self.articles,
            "passages": self.passages,
            "added": self.added,
            "updated": self.updated,
            "removed": self.removed,
            "unchanged": self.unchanged,
            "embedded": self.embedded,
            "refused": [refusal.to_json() for refusal in self.refused],
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """What a build would do. `articles` and `passages` are the index's after it.

    `rewrites` says why everything would be written anew and not only what is new: `model`, `cutting`,
    `format` or `damage`; empty when it would not. `seconds` is the time that embedding would take here.
    """

    snapshot: int | None
    articles: int
    passages: int
    added: int
    updated: int
    removed: int
    unchanged: int
    to_embed: int
    rewrites: str
    seconds: float
    refused: tuple[Refusal, ...]

    def to_json(self) -> dict[str, Any]:
        """The plan as a JSON object."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        refused = [refusal.to_json() for refusal in self.refused]
        return {"dry_run": True, **fields, "seconds": round(self.seconds, 1), "refused": refused}


@dataclass(frozen=True, slots=True)
class Cost:
    """What a build is about to spend: texts to embed, about how many seconds, and why (`Plan.rewrites`)."""

    to_embed: int
    seconds: float
    rewrites: str
