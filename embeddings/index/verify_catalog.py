"""What must hold inside a catalog: records, places of passages, references; one article at a time."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.errors import IndexDamaged, NotFoundError
from embeddings.index.catalog import Catalog, Keys, day_number
from embeddings.passages import encoder_text
from embeddings.records import Article, Passage, content_hash

# Code, place and detail of something that is wrong.
Problem = tuple[str, str, str]

_CATALOG = "catalog.sqlite"
_MESSAGES_MAX = 20
_ARTICLES = "SELECT key, id, paper, day, page, kind FROM articles ORDER BY key"
_PASSAGES = "SELECT key, number, start, end, hash FROM passages WHERE article = ? ORDER BY number"


class CatalogCheck:
    """One reading of a catalog file.

    `keys` of the passages (ascending) and the count of `articles` are known once `problems` is at its end.
    """

    def __init__(self, path: Path, *, check_hashes: bool) -> None:
        self.articles = 0
        self.keys: Keys = np.zeros(0, np.int64)
        self._path = path
        self._check_hashes = check_hashes

    def problems(self) -> Iterator[Problem]:
        """All that is wrong with it; does not raise."""
        uri = f"{self._path.absolute().as_uri()}?mode=ro&immutable=1"
        try:
            with (
                contextlib.closing(sqlite3.connect(uri, uri=True)) as database,
                contextlib.closing(Catalog(self._path)) as catalog,
            ):
                yield from _database_problems(database)
                keys = database.execute("SELECT key FROM passages ORDER BY key")
                self.keys = np.fromiter((key for (key,) in keys), np.int64)
                for row in database.execute(_ARTICLES):
                    self.articles += 1
                    yield from self._article_problems(database, catalog, row)
        except (sqlite3.Error, IndexDamaged, TypeError, ValueError, OverflowError):
            yield "index_damaged", _CATALOG, "目录文件无法读取"

    def _article_problems(
        self, database: sqlite3.Connection, catalog: Catalog, row: tuple[Any, ...]
    ) -> Iterator[Problem]:
        key, article_id, *columns = row
        found = _article(catalog, article_id)
        if found is None:
            yield "bad_record", str(article_id), "文章的记录无法读取"
            return
        article, text = found
        recorded = [article.paper, day_number(article.date), article.page, str(article.kind)]
        if article.id != article_id or recorded != columns:
            yield "bad_record", str(article_id), "文章的记录与目录的编号、报名、日期、版次或类型不符"
        yield from self._passage_problems(article, text, database.execute(_PASSAGES, (key,)))

    def _passage_problems(self, article: Article, text: str, rows: sqlite3.Cursor) -> Iterator[Problem]:
        """Whether the passages follow each other, and hold the article's whole text and what was encoded."""
        covered = 0
        for expected, (_, number, start, end, digest) in enumerate(rows):
            passage = Passage(article.id, number, start, end, text[start:end])
            if number != expected:
                yield "bad_passage", passage.id, f"段落编号应为 {expected}"
            if not covered <= start < end <= len(text):
                yield "bad_offsets", passage.id, f"{start}–{end} 不在正文之内,或与前一段重叠"
                return
            if passage.text != passage.text.strip():
                yield "bad_offsets", passage.id, f"{start}–{end} 以空白开头或结尾"
            if text[covered:start].strip():
                yield "not_covered", passage.id, f"正文 {covered}–{start} 不在任何段落里"
            if self._check_hashes and digest != content_hash(encoder_text(article, passage)):
                yield "bad_passage", passage.id, "段落与编码时的文字不符"
            covered = end
        if text[covered:].strip():
            yield "not_covered", article.id, f"正文 {covered}–{len(text)} 不在任何段落里"


def _article(catalog: Catalog, article_id: str) -> tuple[Article, str] | None:
    """An article and its text, None if its record cannot be read."""
    try:
        article = catalog.article(article_id)
        return article, article.text
    except (NotFoundError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _database_problems(database: sqlite3.Connection) -> Iterator[Problem]:
    """What SQLite finds itself, and what has no business in a catalog."""
    for (message,) in database.execute(f"PRAGMA integrity_check({_MESSAGES_MAX})"):
        if message != "ok":
            yield "index_damaged", _CATALOG, str(message)
    tables = {row[0] for row in database.execute("PRAGMA foreign_key_check")}
    for table in sorted(tables):
        yield "bad_reference", _CATALOG, f"表 {table} 指向不存在的文章"
    for kind, name in database.execute(
        "SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'view')"
    ):
        yield "unknown_file", _CATALOG, f"目录里不应有 {kind} {name}"
