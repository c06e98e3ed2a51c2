"""The catalog: files, articles and passages of one snapshot, in one SQLite file.

Every passage has a `key`, an integer that is never given twice within one line of snapshots; FAISS and
tantivy know passages by it.
"""

from __future__ import annotations

import datetime
import json
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from embeddings.errors import IndexDamaged, NotFoundError
from embeddings.index.stories import STORY_SCHEMA, StoryWriter, reprints, story_of
from embeddings.records import (
    Article,
    ArticleKind,
    Dateline,
    Filters,
    Passage,
    Person,
    PersonRole,
    Pointers,
    Refusal,
    Source,
    content_hash,
)

# A large issue has a few dozen; pairing them takes the square of their number.
POINTING_MAX = 200

Keys = npt.NDArray[np.int64]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, name TEXT NOT NULL, place TEXT NOT NULL, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, hash TEXT NOT NULL, reader INTEGER NOT NULL, refused TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS articles (
    key INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, path TEXT NOT NULL, hash TEXT NOT NULL,
    paper TEXT, day INTEGER, page TEXT, kind TEXT NOT NULL, record TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS articles_by_path ON articles (path);
CREATE INDEX IF NOT EXISTS articles_by_issue ON articles (day DESC, paper, page);
CREATE TABLE IF NOT EXISTS passages (
    key INTEGER PRIMARY KEY AUTOINCREMENT, article INTEGER NOT NULL REFERENCES articles (key),
    number INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL, hash TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS passages_by_article ON passages (article);
CREATE INDEX IF NOT EXISTS passages_by_hash ON passages (hash);
CREATE TABLE IF NOT EXISTS names (
    name TEXT NOT NULL, article INTEGER NOT NULL REFERENCES articles (key), PRIMARY KEY (name, article)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS names_by_article ON names (article);
CREATE TABLE IF NOT EXISTS former_ids (former TEXT PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS former_ids_by_id ON former_ids (id);
CREATE TABLE IF NOT EXISTS withheld (
    id TEXT PRIMARY KEY, title TEXT NOT NULL, path TEXT NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
"""

# SQLite takes 32,766 values in a statement; so many rows at a time keep what is in memory small too.
_VALUES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class FileEntry:
    """An input file as it was when last read.

    `place` is the hash of the paper, date and page it was read for, `reader` the version of the code
    that read it.
    """

    path: str
    name: str
    place: str
    size: int
    mtime_ns: int
    hash: str
    reader: int
    refused: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class IssuePage:
    """One page of one issue, and how many articles of it are indexed."""

    paper: str | None
    date: datetime.date
    page: str | None
    articles: int


@dataclass(frozen=True, slots=True)
class Withheld:
    """An article that the operator took out and that is to stay out: `body` is the hash of its body."""

    id: str
    title: str
    path: str
    body: str


def day_number(date: datetime.date | None) -> int | None:
    """A date as the integer yyyymmdd; dates compare as these do."""
    return None if date is None else date.year * 10_000 + date.month * 100 + date.day


def article_hash(article: Article) -> str:
    """Changes when anything of the article changes but the place in its file and how surely it was found."""
    record = article.to_json()
    for name in ("source", "confidence"):
        record.pop(name)
    return content_hash(json.dumps(record, ensure_ascii=False, sort_keys=True))


class Catalog:
    """Reads one catalog file. Safe to share between threads; the file must not change underneath."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            # A snapshot is let go by its last reader, whoever that is.
            weakref.finalize(self, self._db.close)
            self._db.execute("SELECT 1 FROM passages LIMIT 1")
        except sqlite3.Error:
            raise IndexDamaged(
                "索引的目录文件(catalog.sqlite)无法读取。", hint="重新运行 wenbao build。"
            ) from None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        with self._lock:
            return self._db.execute(query, values).fetchall()

    def counts(self) -> tuple[int, int]:
        """Numbers of articles and of passages."""
        (articles,), (passages,) = (
            self._rows(f"SELECT count(*) FROM {t}")[0] for t in ("articles", "passages")
        )
        return int(articles), int(passages)

    def article(self, article_id: str) -> Article:
        """One article, by its id or one that it had before its headline was corrected.

        Raises:
            NotFoundError: there is none with this id.
        """
        rows = self._rows("SELECT record FROM articles WHERE id = ?", (article_id,)) or self._rows(
            "SELECT record FROM articles JOIN former_ids USING (id) WHERE former = ?", (article_id,)
        )
        if not rows:
            raise NotFoundError(
                "没有这篇文章。", hint="文章可能已被移除;请回到首页重新提问。", code="article_not_found"
            )
        return _article(rows[0][0])

    def path_of(self, article_id: str) -> str | None:
        """Path of the file that an article comes from; `None` for an unknown id."""
        rows = self._rows("SELECT path FROM articles WHERE id = ?", (article_id,))
        return str(rows[0][0]) if rows else None

    def passages(self, keys: Iterable[int]) -> dict[int, tuple[Passage, Article]]:
        """Passages and their articles by key; unknown keys are left out."""
        wanted = [int(key) for key in keys]
        marks = ",".join("?" * len(wanted))
        rows = self._rows(
            "SELECT p.key, p.number, p.start, p.end, a.key, a.record"
            f" FROM passages p JOIN articles a ON a.key = p.article WHERE p.key IN ({marks})",
            wanted,
        )
        articles: dict[int, Article] = {}
        found = {}
        for key, number, start, end, article_key, record in rows:
            article = articles.setdefault(article_key, _article(record))
            found[key] = (Passage(article.id, number, start, end, article.text[start:end]), article)
        return found

    def passages_of(self, article_id: str) -> list[tuple[int, Passage]]:
        """Keys and passages of one article, in order."""
        text = self.article(article_id).text
        rows = self._rows(
            "SELECT p.key, p.number, p.start, p.end FROM passages p JOIN articles a ON a.key = p.article"
            " WHERE a.id = ? ORDER BY p.number",
            (article_id,),
        )
        return [
            (key, Passage(article_id, number, start, end, text[start:end]))
            for key, number, start, end in rows
        ]

    def keys(self, filters: Filters) -> Keys:
        """Keys of the passages that a filter lets through, ascending."""
        conditions, values = _conditions(filters)
        rows = self._rows(
            # The articles first, by their index, and no sorting of rows: a third of the time.
            f"SELECT p.key FROM articles a CROSS JOIN passages p ON p.article = a.key WHERE {conditions}",
            values,
        )
        return np.sort(np.array([key for (key,) in rows], np.int64))

    def newest(self, limit: int) -> list[Article]:
        """Articles of the newest issue first, then page by page as printed; undated ones last."""
        rows = self._rows(
            # SQLite has NULL below every number, so undated articles come last.
            "SELECT record FROM articles"
            " ORDER BY day DESC, paper, page, json_extract(record, '$.source.start'), key LIMIT ?",
            (limit,),
        )
        return [_article(record) for (record,) in rows]

    def issue_pages(self, filters: Filters) -> list[IssuePage]:
        """The pages of the dated issues that a filter lets through, newest day first; pages as text sorts."""
        conditions, values = _conditions(filters)
        rows = self._rows(
            f"SELECT paper, day, page, count(*) FROM articles a WHERE day IS NOT NULL AND {conditions}"
            " GROUP BY day, paper, page ORDER BY day DESC, paper, page",
            values,
        )
        return [IssuePage(paper, _day(day), page, count) for paper, day, page, count in rows]

    def unsure(self, below: float, limit: int) -> list[Article]:
        """Articles that were found with less confidence than that, the least sure first; at most `limit`."""
        rows = self._rows(
            "SELECT record FROM articles WHERE json_extract(record, '$.confidence') < ?"
            " AND json_extract(record, '$.source') IS NOT NULL"
            " ORDER BY json_extract(record, '$.confidence'), key LIMIT ?",
            (below, limit),
        )
        return [_article(record) for (record,) in rows]

    def count_of(self, filters: Filters) -> int:
        """How many articles a filter lets through."""
        conditions, values = _conditions(filters)
        return int(self._rows(f"SELECT count(*) FROM articles a WHERE {conditions}", values)[0][0])

    def articles_of(self, filters: Filters, limit: int, offset: int = 0) -> list[Article]:
        """Articles that a filter lets through, page by page as printed; at most `limit` after `offset`."""
        conditions, values = _conditions(filters)
        rows = self._rows(
            f"SELECT record FROM articles a WHERE {conditions}"
            " ORDER BY day DESC, paper, page, json_extract(record, '$.source.start'), key LIMIT ? OFFSET ?",
            [*values, limit, offset],
        )
        return [_article(record) for (record,) in rows]

    def papers(self) -> list[str]:
        """Names of the papers, in the order of their text."""
        return [paper for (paper,) in self._rows(_PAPERS)]

    def articles(self) -> list[Article]:
        """Every article, in the order they came in."""
        return [_article(record) for (record,) in self._rows("SELECT record FROM articles ORDER BY key")]

    def names(self) -> frozenset[str]:
        """The dictionary grown from the whole archive's bylines and headlines."""
        return frozenset(name for (name,) in self._rows("SELECT DISTINCT name FROM names"))

    def pointing(self, paper: str | None, date: datetime.date | None) -> list[Article]:
        """Articles of one issue that name the page of their other half; none where the date is not known."""
        rows = self._rows(
            "SELECT record FROM articles WHERE day = ? AND paper IS ? AND coalesce("
            "json_extract(record, '$.pointers.before'), json_extract(record, '$.pointers.after')) IS NOT NULL"
            " ORDER BY key LIMIT ?",
            (day_number(date), paper, POINTING_MAX),
        )
        return [_article(record) for (record,) in rows]

    def stories(self, ids: Iterable[str]) -> dict[str, str]:
        """The story of each article: the id of its first, the same for all that print one text."""
        wanted = list(dict.fromkeys(ids))
        marks = ",".join("?" * len(wanted))
        keys = dict(self._rows(f"SELECT key, id FROM articles WHERE id IN ({marks})", wanted))
        with self._lock:
            found = story_of(self._db, keys)
        return {keys[key]: story for key, story in found.items()}

    def reprints(self, article_id: str) -> list[Article]:
        """The other articles that print the text of this one, newest issue first."""
        with self._lock:
            ids = reprints(self._db, article_id)
        return [self.article(other) for other in ids]

    def date_range(self) -> tuple[str | None, str | None]:
        """First and last issue as ISO dates; `None` when no article has a date."""
        first, last = self._rows("SELECT min(day), max(day) FROM articles")[0]
        return _iso(first), _iso(last)

    def keys_by_hash(self, hashes: Iterable[str]) -> dict[str, int]:
        """One passage key for each of these encoder text hashes that is known."""
        found: dict[str, int] = {}
        wanted = list(hashes)
        for at in range(0, len(wanted), _VALUES_MAX):
            some = wanted[at : at + _VALUES_MAX]
            marks = ",".join("?" * len(some))
            found.update(
                self._rows(f"SELECT hash, min(key) FROM passages WHERE hash IN ({marks}) GROUP BY hash", some)
            )
        return found

    def files(self) -> dict[str, FileEntry]:
        """Files read so far, by path."""
        return {entry.path: entry for entry in map(_file_entry, self._rows(_FILES))}

    def articles_by_path(self) -> dict[str, int]:
        """How many articles came from each file."""
        return dict(self._rows("SELECT path, count(*) FROM articles GROUP BY path"))

    def withheld(self) -> list[Withheld]:
        """Articles that were taken out to stay out, by id; none in an index of an older Wenbao."""
        if not self._rows("SELECT 1 FROM sqlite_master WHERE name = 'withheld'"):
            return []
        return [Withheld(*row) for row in self._rows(_WITHHELD)]


_FILES = "SELECT path, name, place, size, mtime_ns, hash, reader, refused FROM files"
_PAPERS = "SELECT DISTINCT paper FROM articles WHERE paper IS NOT NULL ORDER BY paper"
_WITHHELD = "SELECT id, title, path, body FROM withheld ORDER BY id"


def _file_entry(row: Any) -> FileEntry:
    path, name, place, size, mtime_ns, digest, reader, refused = row
    return FileEntry(path, name, place, size, mtime_ns, digest, reader, _refusals(refused))


def _iso(day: int | None) -> str | None:
    return None if day is None else f"{day // 10_000:04}-{day // 100 % 100:02}-{day % 100:02}"


def _day(day: int) -> datetime.date:
    return datetime.date(day // 10_000, day // 100 % 100, day % 100)


def _conditions(filters: Filters) -> tuple[str, list[object]]:
    limits = [
        ("a.day >= ?", day_number(filters.date_from)),
        ("a.day <= ?", day_number(filters.date_to)),
        ("a.paper = ?", filters.paper),
        ("a.page = ?", filters.page),
    ]
    given = [(condition, value) for condition, value in limits if value is not None]
    return " AND ".join(condition for condition, _ in given) or "1", [value for _, value in given]


def _article(record: str) -> Article:
    fields = json.loads(record)
    source, dateline, pointers = fields["source"], fields["dateline"], fields["pointers"]
    return Article(
        id=fields["id"],
        title=fields["title"],
        body=fields["body"],
        kind=ArticleKind(fields["kind"]),
        kicker=fields["kicker"] or "",
        subtitle=fields["subtitle"] or "",
        byline=fields["byline"] or "",
        paper=fields["paper"],
        date=datetime.date.fromisoformat(fields["date"]) if fields["date"] else None,
        page=fields["page"],
        captions=tuple(fields["captions"]),
        url=fields["url"] or "",
        source=Source(**source) if source else None,
        people=tuple(Person(person["name"], PersonRole(person["role"])) for person in fields["people"]),
        dateline=Dateline(**dateline) if dateline else None,
        pointers=Pointers(pointers["before"] or "", pointers["after"] or ""),
        confidence=fields["confidence"],
    )


@dataclass(frozen=True, slots=True)
class NewPassage:
    """A passage to write: where it stands and the hash of what the encoder reads for it."""

    passage: Passage
    hash: str


class CatalogWriter:
    """Writes one catalog file, new or a copy of an older one; a context manager: commits or rolls back."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path)
        # The file is not visible before it is published, and is fsynced then.
        self._db.execute("PRAGMA journal_mode = MEMORY")
        self._db.execute("PRAGMA synchronous = OFF")
        # One of an older Wenbao gets the tables it lacks.
        self._db.executescript(_SCHEMA + STORY_SCHEMA)
        self._stories = StoryWriter(self._db)

    def __enter__(self) -> CatalogWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is None:
            self._db.commit()
        self._db.close()

    def commit(self) -> None:
        """Write what was done so far to the file."""
        self._db.commit()

    def files(self) -> dict[str, FileEntry]:
        """Files read so far, by path."""
        return {entry.path: entry for entry in map(_file_entry, self._db.execute(_FILES))}

    def complete_records(self) -> None:
        """Give articles of an older Wenbao the fields that every article has now, as yet unknown."""
        self._db.execute(
            "UPDATE articles SET record = json_set(record, '$.people', json('[]'), '$.dateline', NULL,"
            " '$.pointers', json('{\"before\": null, \"after\": null}'), '$.confidence', 1.0)"
            " WHERE json_type(record, '$.people') IS NULL"
        )

    def put_file(self, entry: FileEntry) -> None:
        """Remember a file as read."""
        refused = json.dumps([refusal.to_json() for refusal in entry.refused], ensure_ascii=False)
        values = (
            entry.path,
            entry.name,
            entry.place,
            entry.size,
            entry.mtime_ns,
            entry.hash,
            entry.reader,
            refused,
        )
        self._db.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)

    def forget_file(self, path: str) -> None:
        """Forget a file; its articles are dropped one by one with `drop_article`."""
        self._db.execute("DELETE FROM files WHERE path = ?", (path,))

    def article(self, article_id: str) -> Article:
        """One stored article, by known id."""
        (record,) = self._db.execute("SELECT record FROM articles WHERE id = ?", (article_id,)).fetchone()
        return _article(record)

    def note_former_id(self, former: str, article_id: str) -> None:
        """Let an id go on leading to an article that has another one now."""
        self._db.execute("UPDATE former_ids SET id = ? WHERE id = ?", (article_id, former))
        self._db.execute("INSERT OR REPLACE INTO former_ids VALUES (?, ?)", (former, article_id))

    def withhold(self, one: Withheld) -> None:
        """Remember an article as one that is to stay out."""
        self._db.execute(
            "INSERT OR REPLACE INTO withheld VALUES (?, ?, ?, ?)", (one.id, one.title, one.path, one.body)
        )

    def withheld(self) -> list[Withheld]:
        """Articles that are to stay out, by id."""
        return [Withheld(*row) for row in self._db.execute(_WITHHELD)]

    def readmit(self, article_id: str) -> None:
        """Let an article in again when its file is read."""
        self._db.execute("DELETE FROM withheld WHERE id = ?", (article_id,))

    def settle(self) -> None:
        """Bring what follows from the articles up to date, once all of them are added and dropped."""
        self._db.execute("DELETE FROM former_ids WHERE id NOT IN (SELECT id FROM articles)")
        self._stories.settle()

    def vacuum(self) -> None:
        """Commit, and give back the space of what was deleted."""
        self._db.commit()
        self._db.execute("VACUUM")

    def stored(self) -> dict[str, tuple[str, str]]:
        """Path and article hash of every article, by id."""
        rows = self._db.execute("SELECT id, path, hash FROM articles")
        return {article_id: (path, digest) for article_id, path, digest in rows}

    def counts(self) -> tuple[int, int]:
        """Numbers of articles and of passages."""
        articles, passages = (
            self._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("articles", "passages")
        )
        return int(articles), int(passages)

    def articles(self) -> list[tuple[Article, str]]:
        """Every article with the path of its file, in the order they came in."""
        return [
            (_article(r), path)
            for r, path in self._db.execute("SELECT record, path FROM articles ORDER BY key")
        ]

    def move_article(self, article: Article, path: str) -> bool:
        """The same article may stand elsewhere now; whether it does."""
        values = (path, _record(article), article.id)
        cursor = self._db.execute(
            "UPDATE articles SET path = ?1, record = ?2 WHERE id = ?3 AND (path <> ?1 OR record <> ?2)",
            values,
        )
        return cursor.rowcount > 0

    def drop_article(self, article_id: str) -> list[int]:
        """Remove an article; the keys of its passages, which are gone too."""
        row = self._db.execute("SELECT key FROM articles WHERE id = ?", (article_id,)).fetchone()
        if row is None:
            return []
        keys = [key for (key,) in self._db.execute("SELECT key FROM passages WHERE article = ?", row)]
        for table in ("passages", "names"):
            self._db.execute(f"DELETE FROM {table} WHERE article = ?", row)
        self._db.execute("DELETE FROM articles WHERE key = ?", row)
        self._stories.drop(row[0])
        return keys

    def add_article(
        self, article: Article, path: str, passages: Sequence[NewPassage], names: Iterable[str]
    ) -> list[int]:
        """Add an article with its passages; their new keys, in order."""
        cursor = self._db.execute(
            "INSERT INTO articles (id, path, hash, paper, day, page, kind, record)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                article.id,
                path,
                article_hash(article),
                article.paper,
                day_number(article.date),
                article.page,
                str(article.kind),
                _record(article),
            ),
        )
        article_key = cursor.lastrowid
        self._stories.add(int(article_key or 0), article)
        self._db.execute("DELETE FROM former_ids WHERE former = ?", (article.id,))
        self._db.executemany(
            "INSERT INTO names VALUES (?, ?)", [(name, article_key) for name in sorted(set(names))]
        )
        keys = []
        for new in passages:
            values = (article_key, new.passage.number, new.passage.start, new.passage.end, new.hash)
            cursor = self._db.execute(
                "INSERT INTO passages (article, number, start, end, hash) VALUES (?, ?, ?, ?, ?)", values
            )
            keys.append(int(cursor.lastrowid or 0))
        return keys


def _refusals(stored: str) -> tuple[Refusal, ...]:
    return tuple(Refusal(**refusal) for refusal in json.loads(stored))


def _record(article: Article) -> str:
    return json.dumps(article.to_json(), ensure_ascii=False)
