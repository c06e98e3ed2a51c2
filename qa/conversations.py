"""Conversations in one SQLite file, apart from the index: a rebuild never touches them."""

from __future__ import annotations

import contextlib
import datetime
import secrets
import sqlite3
import threading
from pathlib import Path

from embeddings.errors import NotFoundError, ServiceError
from qa.question import Turn

# A conversation longer than this forgets its first turns, a store larger than this its oldest conversations.
TURNS_MAX = 50
CONVERSATIONS_MAX = 20_000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS conversations (id TEXT PRIMARY KEY, used_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS conversations_by_use ON conversations (used_at);
CREATE TABLE IF NOT EXISTS turns (
    number INTEGER PRIMARY KEY AUTOINCREMENT, conversation TEXT NOT NULL,
    question TEXT NOT NULL, answer TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS turns_by_conversation ON turns (conversation, number);
"""


class Conversations:
    """The turns of every conversation, oldest first. Thread-safe; each call is one transaction.

    Raises:
        ServiceError: the file is no chat store, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, check_same_thread=False, timeout=5)
        except (OSError, sqlite3.Error):
            raise _unusable() from None
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.executescript(_SCHEMA)
        except sqlite3.Error:
            self._db.close()
            raise _unusable() from None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def start(self) -> str:
        """The id of a new conversation; it is stored with its first turn."""
        return secrets.token_urlsafe(12)

    def turns(self, conversation_id: str) -> list[Turn]:
        """Turns of a conversation, oldest first.

        Raises:
            NotFoundError: there is no such conversation.
        """
        with self._lock:
            rows = self._db.execute(
                "SELECT question, answer FROM turns WHERE conversation = ? ORDER BY number",
                (conversation_id,),
            ).fetchall()
        if not rows:
            raise _unknown()
        return [Turn(question, answer) for question, answer in rows]

    def forget(self, conversation_id: str) -> None:
        """Delete a conversation and its turns.

        Raises:
            NotFoundError: there is no such conversation.
        """
        with self._lock, contextlib.closing(self._db.cursor()) as cursor, self._db:
            cursor.execute("DELETE FROM turns WHERE conversation = ?", (conversation_id,))
            cursor.execute("DELETE FROM conversations WHERE id = ?", (conversation_id,))
            if not cursor.rowcount:
                raise _unknown()

    def add(self, conversation_id: str, turn: Turn) -> None:
        """Add a turn at the end of a conversation, which is made if it is new."""
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        with self._lock, contextlib.closing(self._db.cursor()) as cursor, self._db:
            cursor.execute("INSERT OR REPLACE INTO conversations VALUES (?, ?)", (conversation_id, now))
            cursor.execute(
                "INSERT INTO turns (conversation, question, answer) VALUES (?, ?, ?)",
                (conversation_id, turn.question, turn.answer),
            )
            _forget(cursor, conversation_id)


def _unknown() -> NotFoundError:
    return NotFoundError(
        "没有这个对话。",
        hint="去掉 conversation_id 重新提问,即开始新的对话。",
        code="conversation_not_found",
    )


def _unusable() -> ServiceError:
    return ServiceError(
        "对话记录文件(chat.sqlite)无法使用。",
        hint="检查数据文件夹的权限;文件损坏时把它移走,会自动新建,索引不受影响。",
        code="chat_store_unusable",
    )


def _forget(cursor: sqlite3.Cursor, conversation_id: str) -> None:
    cursor.execute(
        "DELETE FROM turns WHERE conversation = ?1 AND number NOT IN"
        " (SELECT number FROM turns WHERE conversation = ?1 ORDER BY number DESC LIMIT ?2)",
        (conversation_id, TURNS_MAX),
    )
    (count,) = cursor.execute("SELECT count(*) FROM conversations").fetchone()
    if count > CONVERSATIONS_MAX:
        cursor.execute(
            "DELETE FROM conversations WHERE id IN (SELECT id FROM conversations ORDER BY used_at LIMIT ?)",
            (count - CONVERSATIONS_MAX,),
        )
        cursor.execute("DELETE FROM turns WHERE conversation NOT IN (SELECT id FROM conversations)")
