"""The chat store: one SQLite file for what readers asked and said, apart from the index.

A rebuild never touches it. `qa.conversations` and `qa.feedback` say what is in its tables.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from embeddings.errors import ServiceError

IN_MEMORY = Path(":memory:")
BUSY_TIMEOUT_S = 5.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS conversations (
    id TEXT PRIMARY KEY, used_at TEXT NOT NULL,
    reader TEXT NOT NULL DEFAULT '', title TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS turns (
    number INTEGER PRIMARY KEY AUTOINCREMENT, conversation TEXT NOT NULL,
    question TEXT NOT NULL, answer TEXT NOT NULL,
    answer_id TEXT NOT NULL DEFAULT '', asked_at TEXT NOT NULL DEFAULT '',
    record TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS feedback (
    answer_id TEXT PRIMARY KEY, rating INTEGER NOT NULL, reason TEXT NOT NULL, comment TEXT NOT NULL,
    given_at TEXT NOT NULL
);
"""
# Columns that the stores of older versions lack, as they stand in the schema.
_LATER_COLUMNS = {
    "conversations": ("reader TEXT NOT NULL DEFAULT ''", "title TEXT NOT NULL DEFAULT ''"),
    "turns": (
        "answer_id TEXT NOT NULL DEFAULT ''",
        "asked_at TEXT NOT NULL DEFAULT ''",
        "record TEXT NOT NULL DEFAULT ''",
    ),
}
_INDEXES = """
CREATE INDEX IF NOT EXISTS conversations_by_use ON conversations (used_at);
CREATE INDEX IF NOT EXISTS conversations_by_reader ON conversations (reader, used_at);
CREATE INDEX IF NOT EXISTS turns_by_conversation ON turns (conversation, number);
CREATE INDEX IF NOT EXISTS turns_by_answer ON turns (answer_id);
"""


class ChatStore:
    """One connection to the file, shared by threads; each call is one transaction.

    Raises:
        ServiceError: the file is no chat store, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            if path != IN_MEMORY:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, check_same_thread=False, timeout=BUSY_TIMEOUT_S)
        except (OSError, sqlite3.Error):
            raise _unusable() from None
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            # What was deleted is to be gone from the file too.
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.executescript(_SCHEMA)
            self._complete()
            self._db.executescript(_INDEXES)
        except sqlite3.Error:
            self._db.close()
            raise _unusable() from None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        """The rows of a query."""
        with self._lock:
            return self._db.execute(query, values).fetchall()

    @contextlib.contextmanager
    def changing(self) -> Iterator[sqlite3.Cursor]:
        """A cursor whose changes are kept together, or none of them."""
        with self._lock, contextlib.closing(self._db.cursor()) as cursor, self._db:
            yield cursor

    def _complete(self) -> None:
        for table, columns in _LATER_COLUMNS.items():
            present = {row[1] for row in self._db.execute(f"PRAGMA table_info({table})")}
            for column in columns:
                if column.split()[0] not in present:
                    self._db.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
        self._db.commit()


def _unusable() -> ServiceError:
    return ServiceError(
        "对话记录文件(chat.sqlite)无法使用。",
        hint="检查数据文件夹的权限;文件损坏时把它移走,会自动新建,索引不受影响。",
        code="chat_store_unusable",
    )
