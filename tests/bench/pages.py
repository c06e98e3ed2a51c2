"""Measure the layout model on a folder of pages with gold: `python tests/bench/pages.py FOLDER [-v]`.

Two forms of gold are read: `<page>.gold.json` beside `<page>.txt`, a list of items; and a file of
JSON lines, one item a line with `file`, given as `--gold FILE` (paths count from FOLDER).
"""

from __future__ import annotations

import argparse
import json
import re
import time
import unicodedata
from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from embeddings.layout import read_page
from embeddings.layout.articles import gather
from embeddings.layout.roles import read_roles
from embeddings.layout.weights import Role
from embeddings.records import Article, ArticleKind, Page
from embeddings.sources.encoding import decode

POINTER = re.compile("[（(](?:上接|下转)[^（()）]{1,20}[)）]")
STOPS = "。！？!?…；;”"
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
    squeezed = squeeze(text).replace("本报讯", "").strip("()□")
    return "".join(c for c in squeezed if c not in "、,")


def measure(page: Page, gold: list[dict[str, Any]]) -> Tally:
    """Compare what `read_page` finds on the page with its gold items."""
    tally = Tally()
    articles = read_page(page)
    starts = line_starts(page.text)
    found = {line_of(article.source.start, starts): article for article in articles if article.source}
    wanted = {item["lines"][0]: item for item in gold}
    for line in found:
        tally.count("precision", line in wanted, f"line {line} is no start: {found[line].title}")
    for line, item in wanted.items():
        tally.count("recall", line in found, f"line {line} not found: {item['title']}")
        measure_item(tally, item, nearest(item, articles, starts))
    measure_captions(tally, gold, articles)
    measure_joins(tally, page, gold)
    tally.lost_chars = lost_characters(page, articles)
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
    for paragraph in [*item.get("paragraphs", ()), *item.get("joined", ())]:
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


def measure_joins(tally: Tally, page: Page, gold: list[dict[str, Any]]) -> None:
    """Cuts that were closed, and whole paragraphs that were joined."""
    lefts = {squeeze(cut["left"]) for item in gold for cut in item["breaks"]}
    bodies = squeeze("\n".join(article.body for article in read_page(page)))
    for item in gold:
        for cut in item["breaks"]:
            if cut["left"][-1] not in STOPS:
                joined = squeeze(cut["left"] + cut["right"])
                tally.count("cuts_joined", joined in bodies, joined)
    for reading in read_roles(page.text):
        if reading.open and reading.role in (Role.LEAD, Role.BODY, Role.BRIEF):
            tail = squeeze(reading.line.text)
            if not any(tail.endswith(left) for left in lefts):
                tally.wrong_joins += 1
                tally.notes.append(f"wrong join after …{tail[-20:]}")


def lost_characters(page: Page, articles: list[Article]) -> int:
    """Visible characters of the page that are in no item and no furniture, or in two."""
    readings = read_roles(page.text)
    inside = {id(r.line) for draft in gather(readings) for r in draft.readings}
    aside = [r.line.text for r in readings if id(r.line) not in inside]
    aside += POINTER.findall(page.text)
    kept = Counter(strokes("".join(aside)))
    for article in articles:
        byline = printed_apart(article.byline, article, page)
        title = printed_apart(article.title, article, page)
        for part in (title, article.kicker, article.subtitle, article.body, byline, *article.captions):
            kept += Counter(strokes(part))
    whole = Counter(strokes(page.text))
    return sum(((whole - kept) + (kept - whole)).values())


def printed_apart(part: str, article: Article, page: Page) -> str:
    """The title or byline if it has a line of its own, empty if it only repeats words of the body."""
    words, body = squeeze(part), squeeze("\n".join((article.body, *article.captions)))
    source = squeeze(page.text[article.source.start : article.source.end]) if article.source else ""
    return part if words not in body or source.count(words) > body.count(words) else ""


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


def load(folder: Path, gold: Path | None) -> list[tuple[Page, list[dict[str, Any]]]]:
    """Pages of the folder with their gold items."""
    items: dict[Path, list[dict[str, Any]]] = defaultdict(list)
    if gold:
        for line in gold.read_text("utf-8").splitlines():
            item = json.loads(line)
            items[folder / item["file"]].append(item)
    else:
        for file in sorted(folder.rglob("*.gold.json")):
            items[file.with_name(file.name.replace(".gold.json", ".txt"))] = json.loads(
                file.read_text("utf-8")
            )
    return [
        (Page(decode(path.read_bytes()), str(path.relative_to(folder))), found)
        for path, found in items.items()
    ]


def show(name: str, tally: Tally) -> None:
    """Print one line of figures."""
    rates = " ".join(f"{rate[:9]} {tally.rate(rate):.3f}" for rate in RATES if tally.asked[rate])
    print(f"{name}: F1 {tally.f1():.3f} {rates} wrong_joins {tally.wrong_joins} lost {tally.lost_chars}")


def main() -> None:
    """Print figures per page and overall."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gold", type=Path)
    parser.add_argument("-v", "--verbose", action="store_true", help="say what went wrong")
    arguments = parser.parse_args()
    pages = load(arguments.folder, arguments.gold)
    total = Tally()
    for page, gold in pages:
        tally = measure(page, gold)
        show(page.file, tally)
        for note in tally.notes if arguments.verbose else ():
            print("   ", note)
        total.add(tally)
    show("all", total)
    began = time.perf_counter()
    for page, _ in pages:
        read_page(page)
    print(f"{len(pages) / (time.perf_counter() - began):.1f} pages/s, {total.asked['recall']} items")


if __name__ == "__main__":
    main()
