"""How well and how fast reprints are found: `python -m tests.bench.stories [ARTICLES.jsonl.gz]`.

Reprints and template variants are made by rule from seeds/; the clusters of a real collection are counted and
timed when one is given, and pairs near the threshold are shown, to be judged by eye.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import sqlite3
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from embeddings.index.catalog import day_number
from embeddings.index.stories import STORY_SCHEMA, StoryWriter, story_of
from embeddings.index.wordings import LENGTH_SHARE, same_figures, shingles_of, wording_of
from embeddings.inputs import find_inputs
from embeddings.intake import limits_of, read_input
from embeddings.records import Article
from embeddings.settings import load_settings

SEED = 7
BATCH = 1000
PAIRS_SHOWN = 8
PAIRS_LOOKED_AT = 5000
SHOWN_CHARS = 90

Variant = Callable[[Article, random.Random], Article]


class Shelf:
    """The columns of a catalog that stories are made from, and a writer over them."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:")
        self.db.execute(
            "CREATE TABLE articles (key INTEGER PRIMARY KEY, id TEXT, paper TEXT, day INTEGER, page TEXT,"
            " record TEXT)"
        )
        self.db.executescript(STORY_SCHEMA)
        self.writer = StoryWriter(self.db)

    def put(self, key: int, article: Article) -> None:
        """Add an article under a key."""
        day, record = day_number(article.date), json.dumps(article.to_json(), ensure_ascii=False)
        values = (key, article.id, article.paper, day, article.page, record)
        self.db.execute("INSERT OR REPLACE INTO articles VALUES (?, ?, ?, ?, ?, ?)", values)
        self.writer.add(key, article)

    def take(self, key: int) -> None:
        """Drop the article of a key."""
        self.db.execute("DELETE FROM articles WHERE key = ?", (key,))
        self.writer.drop(key)

    def stories(self) -> dict[int, str]:
        """Every article's story by key."""
        return story_of(self.db, [key for (key,) in self.db.execute("SELECT key FROM articles")])


def main(*collections: str) -> None:
    """Print figures made by rule, then those of each collection."""
    print(json.dumps(made_by_rule(), ensure_ascii=False, indent=1))
    for name in collections:
        print(json.dumps(_collection(_read_lines(Path(name))), ensure_ascii=False, indent=1))


def made_by_rule() -> dict[str, dict[str, float]]:
    """Share of seeds/ articles that share a story with their variant, by kind of variant."""
    articles = [one for one in _seeds() if not wording_of(one).short]
    counted = [one for one in articles if re.search(r"\d", one.body)]
    return {
        "reprints, together": {name: _together(articles, variant) for name, variant in REPRINTS.items()},
        "template variants, together": {
            name: _together(counted, variant) for name, variant in TEMPLATES.items()
        },
    }


def _together(articles: list[Article], variant: Variant) -> float:
    shelf, rng = Shelf(), random.Random(SEED)
    for number, article in enumerate(articles):
        shelf.put(2 * number, article)
        shelf.put(2 * number + 1, replace(variant(article, rng), id=f"{article.id}-variant"))
    shelf.writer.settle()
    stories = shelf.stories()
    return round(statistics.mean(stories[2 * n] == stories[2 * n + 1] for n in range(len(articles))), 4)


def _seeds() -> list[Article]:
    settings = load_settings()
    found, _ = find_inputs([Path("seeds")])
    return [article for file in found for article in read_input(file, limits_of(settings)).articles]


def _elsewhere(article: Article, _rng: random.Random) -> Article:
    """Another headline and dateline, half-width punctuation, other column breaks."""
    narrow = str.maketrans("，。！？：；（）", ",.!?:;()")
    paragraphs = article.body.translate(narrow).replace("\n", "")
    body = "".join(c + ("\n" if i % 97 == 96 else "") for i, c in enumerate(paragraphs))
    return replace(article, title="另一家报纸的题目", body="据新华社海城3月9日电 (记者 桑田)" + body)


def _misread(share: float) -> Variant:
    def variant(article: Article, rng: random.Random) -> Article:
        body = "".join(rng.choice(article.body) if rng.random() < share else c for c in article.body)
        return replace(article, body=body)

    return variant


def _cut(share: float) -> Variant:
    """The first sentences, up to at least `share` of the text, under another headline."""

    def variant(article: Article, rng: random.Random) -> Article:
        sentences = re.findall(r".*?(?:[。！？!?]|$)", article.body, re.DOTALL)
        kept = ""
        for sentence in sentences:
            if len(kept) >= share * len(article.body):
                break
            kept += sentence
        return _elsewhere(replace(article, body=kept), rng)

    return variant


def _recounted(share: float) -> Variant:
    """Each figure changed with probability `share`, at least one."""

    def variant(article: Article, rng: random.Random) -> Article:
        places = [match.span() for match in re.finditer(r"\d+", article.body)]
        chosen = [place for place in places if rng.random() < share] or [rng.choice(places)]
        body = article.body
        for start, end in reversed(chosen):
            body = body[:start] + _other(body[start:end], rng) + body[end:]
        return replace(article, body=body)

    return variant


def _other(figure: str, rng: random.Random) -> str:
    while True:
        other = "".join(rng.choice("123456789") for _ in figure)
        if int(other) != int(figure):
            return other


REPRINTS: dict[str, Variant] = {
    "whole, other headline, dateline, punctuation": _elsewhere,
    "1 % misread": _misread(0.01),
    "2 % misread": _misread(0.02),
    **{f"cut to {share:.0%}": _cut(share) for share in (0.9, 0.8, 0.7, 0.6, 0.5)},
}
TEMPLATES: dict[str, Variant] = {
    "all figures changed": _recounted(1),
    "half of the figures changed": _recounted(0.5),
    "a fifth of the figures changed": _recounted(0.2),
}


def _read_lines(path: Path) -> list[Article]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [Article(id=row["id"], title=row["title"] or row["body"][:20], body=row["body"]) for row in rows]


def _collection(articles: list[Article]) -> dict[str, object]:
    shelf = Shelf()
    adding, settling = [], []
    for start in range(0, len(articles), BATCH):
        batch = dict(enumerate(articles[start : start + BATCH], start))
        adding.append(_seconds(partial(_put_all, shelf, batch)))
        settling.append(_seconds(shelf.writer.settle))
    sizes = Counter(Counter(shelf.stories().values()).values())
    _show_pairs(shelf, dict(enumerate(articles)))
    return {
        "articles": len(articles),
        "stories by size": {str(size): count for size, count in sorted(sizes.items())},
        "bytes of the tables an article": _bytes(shelf) // len(articles),
        "adding 1,000, seconds (least, median, most)": _spread(adding),
        "settling 1,000, seconds (least, median, most)": _spread(settling),
    }


def _put_all(shelf: Shelf, batch: dict[int, Article]) -> None:
    for key, article in batch.items():
        shelf.put(key, article)


def _spread(seconds: list[float]) -> list[float]:
    return [round(value, 2) for value in (min(seconds), statistics.median(seconds), max(seconds))]


def _bytes(shelf: Shelf) -> int:
    """Size of a copy of the tables without the articles."""
    copy = sqlite3.connect(":memory:")
    shelf.db.commit()
    shelf.db.backup(copy)
    copy.execute("DROP TABLE articles")
    copy.commit()
    copy.execute("VACUUM")
    (size,) = copy.execute(
        "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    ).fetchone()
    return int(size)


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _show_pairs(shelf: Shelf, articles: dict[int, Article]) -> None:
    """Print some of the pairs that share a band, by how much they share and whether their figures agree."""
    pairs = shelf.db.execute(
        "SELECT DISTINCT one.article, other.article FROM story_bands a JOIN story_bands b USING (bucket)"
        " JOIN story_articles one ON one.text = a.text JOIN story_articles other ON other.text = b.text"
        " WHERE a.text < b.text"
    ).fetchall()
    kinds: dict[str, list[tuple[str, Article, Article]]] = defaultdict(list)
    for one, other in random.Random(SEED).sample(pairs, min(PAIRS_LOOKED_AT, len(pairs))):
        kind, shown = _kind(articles[one], articles[other])
        kinds[kind].append((shown, articles[one], articles[other]))
    for kind, found in sorted(kinds.items()):
        print(f"\n== {kind}: {len(found)}")
        for shown, one_article, other_article in random.Random(SEED).sample(
            found, min(PAIRS_SHOWN, len(found))
        ):
            print(f"- {shown}\n    {_ends(one_article)}\n    {_ends(other_article)}")


def _kind(one: Article, other: Article) -> tuple[str, str]:
    here, there = (shingles_of(article.body, article.captions) for article in (one, other))
    shorter, longer = sorted((len(here), len(there)))
    held, length = len(here & there) / shorter, shorter / longer
    agree = same_figures(wording_of(one).figures, wording_of(other).figures)
    kind = f"held {int(held * 10) / 10:.1f} length {'ok' if length >= LENGTH_SHARE else 'no'} figures {agree}"
    return kind, f"held {held:.2f}, length {length:.2f}"


def _ends(article: Article) -> str:
    body = article.body.replace("\n", "/")
    return body if len(body) <= 2 * SHOWN_CHARS else f"{body[:SHOWN_CHARS]} … {body[-SHOWN_CHARS:]}"


if __name__ == "__main__":
    main(*sys.argv[1:])
