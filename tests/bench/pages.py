"""Measure the layout model on pages with gold: `python -m tests.bench.pages FOLDER [-v]`.

Three forms of gold are read: marked pages (`NAME.page`, see `marked`); `NAME.gold.json` beside `NAME.txt`, a
list of items; and a file of JSON lines, one item a line with `file`, given as `--gold FILE`.
"""

from __future__ import annotations

import argparse
import re
import time
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from embeddings.layout.articles import Layout, lay_out
from embeddings.layout.roles import TEXTS
from embeddings.records import Article, ArticleKind, Page
from tests.bench.marked import load_folder

POINTER = re.compile("[（(](?:上接|下转)[^（()）]{1,20}[)）]")
# What is on the page and in no article.
ASIDE = ("furniture", "label", "pointer")
STOPS = "。！？!?…；;”"
# The paper a byline names; gold and page differ in whether they print it.
OUTLET = re.compile("本报讯|(?:本报|新华社|中新社|晚报|日报)(?=记者|通讯员|评论员)")
RATES = (
    "precision",
    "recall",
    "headlines",
    "kickers",
    "subtitles",
    "bylines",
    "kinds",
    "captions_out",
    "captions_own",
    "cuts_joined",
    "paragraphs",
)


@dataclass
class Tally:
    """Counts of one page, or of all: `right[name]` of `asked[name]`, and what went wrong in words."""

    right: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    wrong_joins: int = 0
    lost_chars: int = 0
    notes: list[str] = field(default_factory=list)

    def count(self, name: str, ok: bool, note: str = "") -> None:
        """Add one question and whether it was answered right."""
        self.asked[name] += 1
        self.right[name] += ok
        if not ok and note:
            self.notes.append(f"{name}: {note}")

    def rate(self, name: str) -> float:
        """Share right, 1 where nothing was asked."""
        return self.right[name] / self.asked[name] if self.asked[name] else 1.0

    def f1(self) -> float:
        """Of the starts of items."""
        precision, recall = self.rate("precision"), self.rate("recall")
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0

    def add(self, other: Tally) -> None:
        """Add the counts of another page."""
        self.right += other.right
        self.asked += other.asked
        self.wrong_joins += other.wrong_joins
        self.lost_chars += other.lost_chars


def squeeze(text: str | None) -> str:
    """The text in NFKC without blanks."""
    return "".join(unicodedata.normalize("NFKC", text or "").split())


def byline_key(text: str | None) -> str:
    """A byline without the words and brackets around the names."""
    squeezed = OUTLET.sub("", squeeze(text)).strip("()□")
    return "".join(c for c in squeezed if c not in "、,")


Reader = Callable[[Page], Layout]


def measure(page: Page, gold: list[dict[str, Any]], read: Reader = lay_out) -> Tally:
    """Compare what `read` finds on the page with its gold items."""
    tally = Tally()
    layout = read(page)
    articles = list(layout.articles)
    starts = line_starts(page.text)
    found = {line_of(article.source.start, starts): article for article in articles if article.source}
    wanted = {item["lines"][0]: item for item in gold}
    for line in found:
        tally.count("precision", line in wanted, f"line {line} is no start: {found[line].title}")
    for line, item in wanted.items():
        tally.count("recall", line in found, f"line {line} not found: {item['title'] or '(untitled)'}")
        measure_item(tally, item, nearest(item, articles, starts))
    measure_captions(tally, gold, articles)
    measure_joins(tally, gold, layout)
    tally.lost_chars = lost_characters(page, layout)
    return tally


def nearest(item: dict[str, Any], articles: list[Article], starts: list[int]) -> Article | None:
    """The article that shares most lines with the gold item."""
    first, last = int(item["lines"][0]), int(item["lines"][1])

    def shared(article: Article) -> int:
        if article.source is None:
            return 0
        top, bottom = line_of(article.source.start, starts), line_of(article.source.end - 1, starts)
        return min(bottom, last) - max(top, first) + 1

    best = max(articles, key=shared, default=None)
    return best if best is not None and shared(best) > 0 else None


def measure_item(tally: Tally, item: dict[str, Any], article: Article | None) -> None:
    """Headline, kicker, byline and paragraphs of one item."""
    title = article.title if article else ""
    if item["title"]:
        tally.count("headlines", squeeze(title) == squeeze(item["title"]), f"{title} | {item['title']}")
        kicker = article.kicker if article else "?"
        tally.count("kickers", squeeze(kicker) == squeeze(item["kicker"]), f"{kicker} | {item['kicker']}")
    if item.get("subtitle"):
        tally.count(
            "subtitles", article is not None and squeeze(article.subtitle) == squeeze(item["subtitle"])
        )
    if item["byline"]:
        byline = article.byline if article else "?"
        tally.count(
            "bylines", byline_key(byline) == byline_key(item["byline"]), f"{byline} | {item['byline']}"
        )
    if "kind" in item:
        kind = str(article.kind) if article else "?"
        tally.count("kinds", kind == item["kind"], f"{title}: {kind} | {item['kind']}")
    body = {squeeze(paragraph) for paragraph in article.body.split("\n")} if article else set()
    for printed in [*item.get("paragraphs", ()), *item.get("joined", ())]:
        paragraph = POINTER.sub("", printed)
        inside = (
            squeeze(paragraph) in body
            if "paragraphs" in item
            else squeeze(paragraph) in squeeze("".join(body))
        )
        tally.count("paragraphs", inside, paragraph[:40])


def measure_captions(tally: Tally, gold: list[dict[str, Any]], articles: list[Article]) -> None:
    """Whether captions are out of every body and kept with the article they stand in."""
    bodies = squeeze("\n".join(a.body for a in articles if a.kind is not ArticleKind.PHOTO))
    for item in gold:
        if item.get("kind") == "photo":
            continue
        for caption in item["captions"]:
            tally.count("captions_out", squeeze(caption)[:24] not in bodies, caption[:40])
            owners = [a for a in articles if any(squeeze(caption) in squeeze(c) for c in a.captions)]
            own = any(squeeze(item["title"]) in (squeeze(a.title), "") for a in owners)
            tally.count("captions_own", own, caption[:40])


def measure_joins(tally: Tally, gold: list[dict[str, Any]], layout: Layout) -> None:
    """Cuts that were closed, and whole paragraphs that were joined."""
    lefts = {squeeze(cut["left"]) for item in gold for cut in item["breaks"]}
    bodies = squeeze("\n".join(article.body for article in layout.articles))
    for item in gold:
        for cut in item["breaks"]:
            if cut["left"][-1] not in STOPS:
                joined = squeeze(cut["left"] + cut["right"])
                tally.count("cuts_joined", joined in bodies, joined)
    for reading in layout.sheet.readings:
        if reading.open and reading.role in TEXTS:
            tail = squeeze(reading.line.text)
            if not any(tail.endswith(left) for left in lefts):
                tally.wrong_joins += 1
                tally.notes.append(f"wrong join after …{tail[-20:]}")


def lost_characters(page: Page, layout: Layout) -> int:
    """Visible characters of the page that are in no part of an item, in two, or in no field of their item."""
    in_parts: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for article, parts in zip(layout.articles, layout.parts, strict=True):
        printed = [(part.role, page.text[part.start : part.end]) for part in parts]
        in_parts += Counter(strokes("".join(text for _, text in printed)))
        own = "".join(POINTER.sub("", text) for role, text in printed if role not in ASIDE)
        fields = (
            article.kicker,
            article.title,
            article.subtitle,
            article.body,
            article.byline,
            *article.captions,
        )
        lost += Counter(strokes(own)) - Counter(strokes("".join(fields)))
    whole = Counter(strokes(page.text))
    return sum(((whole - in_parts) + (in_parts - whole) + lost).values())


def strokes(text: str) -> str:
    """The text without blanks and without the marks that bylines are stripped of."""
    return "".join(c for c in text if not c.isspace() and c not in "□()（）")


def line_starts(text: str) -> list[int]:
    """Offset of the first character of each line."""
    starts = [0]
    for raw in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(raw))
    return starts


def line_of(offset: int, starts: list[int]) -> int:
    """Number of the line that holds this character, from 1."""
    return bisect_right(starts, offset)


def show(name: str, tally: Tally) -> None:
    """Print one line of figures."""
    rates = " ".join(f"{rate[:9]} {tally.rate(rate):.3f}" for rate in RATES if tally.asked[rate])
    print(f"{name}: F1 {tally.f1():.3f} {rates} wrong_joins {tally.wrong_joins} lost {tally.lost_chars}")


def main() -> None:
    """Print figures per page and overall."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gold", type=Path)
    parser.add_argument("--only", nargs="*", default=[""], help="names of pages begin so")
    parser.add_argument("-q", "--quiet", action="store_true", help="the totals only")
    parser.add_argument("-v", "--verbose", action="store_true", help="say what went wrong")
    arguments = parser.parse_args()
    pages = [
        p
        for p in load_folder(arguments.folder, arguments.gold)
        if p[0].file.startswith(tuple(arguments.only))
    ]
    total = Tally()
    for page, gold, _ in pages:
        tally = measure(page, gold)
        if not arguments.quiet:
            show(page.file, tally)
        for note in tally.notes if arguments.verbose else ():
            print("   ", note)
        total.add(tally)
    show("all", total)
    rates = []
    for _ in range(3):
        began = time.perf_counter()
        for page, *_ in pages:
            lay_out(page)
        rates.append(len(pages) / (time.perf_counter() - began))
    print(f"{sorted(rates)[1]:.1f} pages/s, {total.asked['recall']} items")


if __name__ == "__main__":
    main()
