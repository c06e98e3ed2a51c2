"""Our own questions over the marked pages: `tests/data/questions/*.jsonl`.

One JSON object a line: `question`, `answers` (any one suffices; `answers_all`: every one is needed),
`evidence` (the verbatim sentences or clauses that prove it), `span` (what of the first of them answers),
`page`, `kind`, `answerable`, and where it has them `history`, `now`, `verdict`; of a question that no page
answers `near`, verbatim what comes nearest, and `asks`, the kind of answer it asks for.

Held out of the training of the span reader are the questions over the pages k and m, and those in
`near.jsonl`, most of which ask for a detail that the article they are about does not tell.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from embeddings.passages import split_article
from embeddings.records import Article, Passage
from embeddings.settings import Settings
from qa.turns import Turn
from tests.bench.marked import gold_items
from tests.bench.marked_issues import pages

QUESTIONS = Path("tests/data/questions")
HELD_OUT_PAGES = ("k", "m")
HELD_OUT_FILES = frozenset({"near"})


@dataclass(frozen=True, slots=True)
class OwnQuestion:
    """One line of the files; `row` is all of it. Nothing may be learned by reading one `held_out`."""

    id: str
    question: str
    page: str
    kind: str
    answerable: bool
    evidence: tuple[str, ...]
    span: str
    held_out: bool
    row: dict[str, Any]

    @property
    def turns(self) -> tuple[Turn, ...]:
        """What was asked and answered before it."""
        return tuple(Turn(turn["question"], turn["answer"]) for turn in self.row.get("history") or ())


@dataclass(frozen=True, slots=True)
class GoldPassage:
    """A passage of an article as an editor would cut it out of its page, and the page's name."""

    page: str
    article: Article
    passage: Passage


def own_questions(folder: Path = QUESTIONS) -> list[OwnQuestion]:
    """All of them, in the order of the files."""
    return [
        _question(json.loads(line), path.stem in HELD_OUT_FILES)
        for path in sorted(folder.glob("*.jsonl"))
        for line in _lines(path)
    ]


def _lines(path: Path) -> Iterator[str]:
    return (line for line in path.read_text(encoding="utf-8").splitlines() if line.strip())


def _question(row: dict[str, Any], held_out: bool) -> OwnQuestion:
    return OwnQuestion(
        id=row["id"],
        question=row["question"],
        page=row["page"],
        kind=row["kind"],
        answerable=row["answerable"],
        evidence=tuple(row["evidence"]),
        span=row["span"],
        held_out=held_out or row["page"].startswith(HELD_OUT_PAGES),
        row=row,
    )


@cache
def gold_passages() -> tuple[GoldPassage, ...]:
    """Every passage of the marked pages, in order, cut as the index cuts them."""
    settings = Settings()
    return tuple(
        GoldPassage(place.stem, article, passage)
        for place, page in pages()
        for article in _articles(place, gold_items(page))
        for passage in split_article(
            article, target_chars=settings.passage_chars, max_chars=settings.passage_chars_max
        )
    )


def _articles(place: Path, items: list[dict[str, Any]]) -> Iterator[Article]:
    for number, item in enumerate(items):
        body = "\n".join(item["paragraphs"])
        yield Article(
            id=f"{place.stem}-{number}",
            title=item["title"] or (body or item["captions"][0])[:20],
            kicker=item["kicker"],
            subtitle=item["subtitle"],
            body=body,
            captions=tuple(item["captions"]),
        )
