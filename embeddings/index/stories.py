"""Stories: articles that are one text, printed by several papers or on several days.

Articles of one wording share a row of `story_texts`. Two texts are linked when they share a band of their
MinHash signatures (datasketch) and `embeddings.index.wordings` says that they are one; a story is a connected
component, named by the smallest id of its articles. In a band's bucket each text is compared with the `REACH`
texts on either side of it in an order that only the texts themselves decide, so that a bucket of any size
costs little, and the stories are the same however the articles came.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from embeddings.index.wordings import (
    Wording,
    same_figures,
    same_text,
    shingle_hashes,
    shingles_of,
    wording_of,
)
from embeddings.records import Article

# Raised when the same articles would give other rows; older tables are then filled anew.
STORIES_VERSION = 1

# 24 bands of 3: of texts cut to 60 % all but 0.3 % share a band with the whole, of those with a Jaccard index
# of 0.05 one in 300. Of cuts of seeds/ to 60 and 50 %, 16 bands find 0.94 and 0.90, 24 find 0.99 and 0.99.
BANDS, ROWS = 24, 3
# One text in another of twice its length leaves an index of 0.36; far below that nobody looks at the texts.
ESTIMATE_MIN = 0.2
# Texts on either side that a text is compared with in one bucket.
REACH = 8
# Texts kept ready for comparison: rows of some 4 KB, shingles of some 100 KB.
KEPT_STORED = 4096
KEPT_SHINGLES = 256

STORY_SCHEMA = """
CREATE TABLE IF NOT EXISTS story_texts (
    text INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, signature BLOB NOT NULL, figures BLOB NOT NULL,
    story TEXT
);
CREATE INDEX IF NOT EXISTS story_texts_by_story ON story_texts (story);
CREATE TABLE IF NOT EXISTS story_articles (
    article INTEGER PRIMARY KEY, id TEXT NOT NULL, text INTEGER NOT NULL REFERENCES story_texts (text)
);
CREATE INDEX IF NOT EXISTS story_articles_by_text ON story_articles (text, id);
CREATE TABLE IF NOT EXISTS story_bands (
    bucket INTEGER NOT NULL, place BLOB NOT NULL, text INTEGER NOT NULL, PRIMARY KEY (bucket, place, text)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS story_links (
    one INTEGER NOT NULL, other INTEGER NOT NULL, PRIMARY KEY (one, other)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS story_changes (text INTEGER PRIMARY KEY);
"""

Signature = npt.NDArray[np.uint32]
Place = tuple[int, bytes]

# Odd numbers without a pattern, one for each order that buckets are kept in.
_ORDER_FACTORS = np.array([0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35, 0x27D4EB2F], np.uint32)


@dataclass(frozen=True, slots=True)
class StoredText:
    """A row of `story_texts`; `signature` is uint32 [BANDS * ROWS], or empty where the text is short."""

    digest: str
    signature: Signature
    figures: frozenset[int]

    def places(self) -> list[Place]:
        """The buckets of the text, and where it stands in each; none where it is short."""
        if not self.signature.size:
            return []
        # What comes next to each other in a crowded bucket should have figures in common.
        figures = np.array([figure & 0xFFFFFFFF for figure in self.figures or (0,)], np.uint32)
        orders = (figures[:, None] * _ORDER_FACTORS).min(axis=0).astype(">u4")
        last = bytes.fromhex(self.digest[:16])
        return [
            (_bucket(band, rows.tobytes()), orders[band % len(orders)].tobytes() + last)
            for band, rows in enumerate(self.signature.reshape(BANDS, ROWS))
        ]

    def may_be(self, other: StoredText) -> bool:
        """Whether it is worth while to compare the texts themselves."""
        estimate = np.count_nonzero(self.signature == other.signature) / (BANDS * ROWS)
        return bool(estimate >= ESTIMATE_MIN) and same_figures(self.figures, other.figures)


def _bucket(band: int, rows: bytes) -> int:
    digest = hashlib.blake2b(rows, digest_size=8, salt=band.to_bytes(2, "little")).digest()
    return int.from_bytes(digest, "little", signed=True)


class StoryWriter:
    """Keeps the story tables of a catalog that is being written; the tables are there already.

    What `add` and `drop` change is noted in the catalog, so that `settle` may be left to a later run.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._stored = lru_cache(KEPT_STORED)(self._read_stored)
        self._shingles = lru_cache(KEPT_SHINGLES)(self._read_shingles)

    def add(self, key: int, article: Article) -> None:
        """Take in an article; by the next `settle` its record has to stand under `key` in the catalog."""
        self.drop(key)
        wording = wording_of(article)
        values = (key, article.id, self._text(wording))
        self._db.execute("INSERT INTO story_articles VALUES (?, ?, ?)", values)

    def drop(self, key: int) -> None:
        """Let go of an article; one that is not known is let be."""
        for (text,) in self._db.execute(
            "SELECT text FROM story_articles WHERE article = ?", (key,)
        ).fetchall():
            self._note(text)
        self._db.execute("DELETE FROM story_articles WHERE article = ?", (key,))

    def settle(self) -> None:
        """Make the stories what they would be if all articles were added to empty tables."""
        changed = {text for (text,) in self._db.execute("SELECT text FROM story_changes")}
        gone = {text for text in changed if self._first_id(text) is None}
        fresh = {text for text in changed - gone if self._is_new(text)}
        displaced = self._take_out(gone)
        again = (fresh | displaced | self._put_in(fresh)) - gone
        parted = self._unlink(gone | again)
        self._link(again)
        self._name((changed | again | parted) - gone)
        self._db.execute("DELETE FROM story_changes")
        # Numbers of texts that are gone may be given again.
        self._stored.cache_clear()
        self._shingles.cache_clear()

    def _text(self, wording: Wording) -> int:
        row = self._db.execute("SELECT text FROM story_texts WHERE digest = ?", (wording.digest,)).fetchone()
        text = int(row[0]) if row else self._new_text(wording)
        self._note(text)
        return text

    def _new_text(self, wording: Wording) -> int:
        signature = b"" if wording.short else self._signature(wording.plain)
        figures = np.array(sorted(wording.figures), np.uint64).astype("<u8").tobytes()
        cursor = self._db.execute(
            "INSERT INTO story_texts (digest, signature, figures) VALUES (?, ?, ?)",
            (wording.digest, signature, figures),
        )
        return int(cursor.lastrowid or 0)

    def _signature(self, plain: str) -> bytes:
        sketch = self._empty_sketch.copy()
        sketch.update_batch(shingle_hashes(plain))
        return bytes(sketch.hashvalues.astype("<u4").tobytes())

    @cached_property
    def _empty_sketch(self) -> Any:
        # Half a second, and readers of the tables need none of it.
        from datasketch import MinHash

        # The shingles come as hashes.
        return MinHash(BANDS * ROWS, seed=1, hashfunc=int, scheme="affine32")

    def _note(self, text: int) -> None:
        self._db.execute("INSERT OR IGNORE INTO story_changes VALUES (?)", (text,))

    def _is_new(self, text: int) -> bool:
        (story,) = self._db.execute("SELECT story FROM story_texts WHERE text = ?", (text,)).fetchone()
        return story is None

    def _first_id(self, text: int) -> str | None:
        (first,) = self._db.execute("SELECT min(id) FROM story_articles WHERE text = ?", (text,)).fetchone()
        return first if first is None else str(first)

    def _take_out(self, gone: set[int]) -> set[int]:
        """Remove texts; those that come nearer to each other by it."""
        displaced = {near for text in gone for near in self._crowd(text)}
        for text in gone:
            rows = [(*place, text) for place in self._stored(text).places()]
            self._db.executemany("DELETE FROM story_bands WHERE bucket = ? AND place = ? AND text = ?", rows)
        self._db.executemany("DELETE FROM story_texts WHERE text = ?", [(text,) for text in gone])
        return displaced

    def _put_in(self, fresh: set[int]) -> set[int]:
        """Put texts into their buckets; those that are pushed apart by it."""
        for text in fresh:
            rows = [(*place, text) for place in self._stored(text).places()]
            self._db.executemany("INSERT INTO story_bands VALUES (?, ?, ?)", rows)
        return {near for text in fresh for near in self._crowd(text)}

    def _crowd(self, text: int) -> set[int]:
        """Neighbours in the buckets where not all are within reach of each other."""
        buckets = (self._near(*place) for place in self._stored(text).places())
        return {other for near in buckets if len(near) > REACH for other in near}

    def _near(self, bucket: int, place: bytes) -> list[int]:
        """The texts of a bucket that are within reach of a place, without the one that stands there."""
        near = []
        for side, order in (("<", "DESC"), (">", "ASC")):
            near += self._db.execute(
                f"SELECT text FROM story_bands WHERE bucket = ? AND place {side} ?"
                f" ORDER BY place {order} LIMIT ?",
                (bucket, place, REACH),
            ).fetchall()
        return [text for (text,) in near]

    def _unlink(self, texts: set[int]) -> set[int]:
        """Take out every link of some texts; what was linked to them."""
        pairs = [(text, other) for text in texts for other in self._linked(text)]
        pairs += [(other, text) for text, other in pairs]
        self._db.executemany("DELETE FROM story_links WHERE one = ? AND other = ?", pairs)
        return {other for _, other in pairs}

    def _linked(self, text: int) -> list[int]:
        rows = self._db.execute("SELECT other FROM story_links WHERE one = ?", (text,))
        return [other for (other,) in rows]

    def _link(self, texts: set[int]) -> None:
        """Link texts that have no links to those in their buckets that are the same story."""
        for text in texts:
            near = {other for place in self._stored(text).places() for other in self._near(*place)}
            # Of two texts in `texts` each is near the other: one look is enough.
            same = [
                other for other in near if not (other in texts and other < text) and self._alike(text, other)
            ]
            pairs = [pair for other in same for pair in ((text, other), (other, text))]
            self._db.executemany("INSERT INTO story_links VALUES (?, ?)", pairs)

    def _alike(self, one: int, other: int) -> bool:
        return self._stored(one).may_be(self._stored(other)) and same_text(
            self._shingles(one), self._shingles(other)
        )

    def _read_stored(self, text: int) -> StoredText:
        digest, signature, figures = self._db.execute(
            "SELECT digest, signature, figures FROM story_texts WHERE text = ?", (text,)
        ).fetchone()
        numbers = np.frombuffer(figures, "<u8").tolist()
        return StoredText(digest, np.frombuffer(signature, "<u4"), frozenset(numbers))

    def _read_shingles(self, text: int) -> frozenset[str]:
        (record,) = self._db.execute(
            "SELECT a.record FROM story_articles s JOIN articles a ON a.key = s.article"
            " WHERE s.text = ? LIMIT 1",
            (text,),
        ).fetchone()
        article = json.loads(record)
        return shingles_of(article["body"], article["captions"])

    def _name(self, texts: set[int]) -> None:
        """Give every text of the stories that hold one of `texts` its story's name."""
        named: set[int] = set()
        for text in texts:
            if text in named:
                continue
            members = self._component(text)
            named |= members
            first = min(filter(None, map(self._first_id, members)))
            rows = [(first, member) for member in members]
            self._db.executemany(
                "UPDATE story_texts SET story = ?1 WHERE text = ?2 AND story IS NOT ?1", rows
            )

    def _component(self, text: int) -> set[int]:
        members, open_ends = {text}, [text]
        while open_ends:
            found = set(self._linked(open_ends.pop())) - members
            members |= found
            open_ends += found
        return members


def story_of(db: sqlite3.Connection, article_keys: Iterable[int]) -> dict[int, str]:
    """The story of every article by key: the smallest id of its articles; unknown keys are left out."""
    keys = json.dumps([int(key) for key in article_keys])
    rows = db.execute(
        "SELECT s.article, t.story FROM story_articles s JOIN story_texts t ON t.text = s.text"
        " WHERE s.article IN (SELECT value FROM json_each(?)) AND t.story IS NOT NULL",
        (keys,),
    )
    return dict(rows.fetchall())


def reprints(db: sqlite3.Connection, article_id: str) -> list[str]:
    """Ids of the other articles of an article's story, newest issue first, undated ones last."""
    rows = db.execute(
        "SELECT a.id FROM articles mine JOIN story_articles m ON m.article = mine.key"
        " JOIN story_texts t ON t.text = m.text JOIN story_texts same ON same.story = t.story"
        " JOIN story_articles s ON s.text = same.text JOIN articles a ON a.key = s.article"
        " WHERE mine.id = ?1 AND a.id <> ?1 ORDER BY a.day DESC, a.paper, a.page, a.id",
        (article_id,),
    )
    return [other for (other,) in rows]
