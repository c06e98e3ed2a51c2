"""The two halves of a story that runs over pages: which article goes on which.

A half names the other's page (`（下转第三版）`, `（上接第一版）`); on that page the half that points back and
shares most of its words is the other. Pure: a function of the articles of one issue.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from embeddings.layout.pointers import page_key
from embeddings.layout.topics import pairs
from embeddings.records import Article

# Shared pairs of characters, as a share of the shorter text: two halves have more, two stories less.
MIN_SHARED = 0.06
TITLE_WEIGHT = 2.0


@dataclass(frozen=True, slots=True)
class Halves:
    """The articles that the one at hand continues (`before`) and that continue it (`after`), where found."""

    before: Article | None = None
    after: Article | None = None


def halves_of(article: Article, among: Iterable[Article]) -> Halves:
    """The other halves of an article among the articles of its issue, as `link_halves` pairs them."""
    known = {other.id: other for other in among}
    links = link_halves(known.values())
    before = next((first for first, second in links.items() if second == article.id), "")
    return Halves(known.get(before), known.get(links.get(article.id, "")))


def link_halves(articles: Iterable[Article]) -> dict[str, str]:
    """Id of each article that goes on elsewhere -> id of the article that goes on with it.

    Each article is linked at most once on either side, the surest pairs first; halves whose other page
    is not there, or has nothing in common with them, are left out.
    """
    issues: dict[tuple[object, ...], list[Article]] = defaultdict(list)
    for article in articles:
        if article.pointers.before or article.pointers.after:
            issues[article.paper, article.date].append(article)
    links: dict[str, str] = {}
    for found in issues.values():
        links |= _link(found)
    return links


def _link(articles: Sequence[Article]) -> dict[str, str]:
    candidates = [
        (likeness(first, second), first.id, second.id)
        for first in articles
        for second in articles
        if first is not second and _point_at_each_other(first, second)
    ]
    links: dict[str, str] = {}
    for score, first_id, second_id in sorted(candidates, key=lambda c: (-c[0], c[1], c[2])):
        if score >= MIN_SHARED and first_id not in links and second_id not in links.values():
            links[first_id] = second_id
    return links


def _point_at_each_other(first: Article, second: Article) -> bool:
    """Whether one goes on where the other is, and the other comes from where the one is."""
    return bool(
        first.pointers.after
        and second.pointers.before
        and first.pointers.after == page_key(second.page or "")
        and second.pointers.before == page_key(first.page or "")
    )


def likeness(first: Article, second: Article) -> float:
    """How much two halves have in common, about 0..3: shared pairs of characters; headlines count more."""
    return _shared(first.text, second.text) + TITLE_WEIGHT * _shared(first.headline, second.headline)


def _shared(a: str, b: str) -> float:
    mine, others = pairs(a), pairs(b)
    return len(mine & others) / (min(len(mine), len(others)) or 1)
