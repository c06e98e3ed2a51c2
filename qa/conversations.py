"""Conversations: what was asked and answered, turn by turn, whole enough to be shown again as it was."""

from __future__ import annotations

import datetime
import json
import secrets
import sqlite3
from dataclasses import dataclass
from typing import Any

from embeddings.errors import CallerError, NotFoundError
from embeddings.records import Answer
from qa.chat_store import ChatStore
from qa.question import Turn

# A conversation longer than this forgets its first turns, a store larger than this its oldest conversations.
TURNS_MAX = 50
CONVERSATIONS_MAX = 20_000
TITLE_CHARS_MAX = 80
LISTED_MAX = 200
UNANSWERED_MAX = 5_000


@dataclass(frozen=True, slots=True)
class Summary:
    """A conversation in a list. `used_at` is the time of its last turn, ISO 8601 in UTC."""

    id: str
    title: str
    used_at: str

    def to_json(self) -> dict[str, str]:
        """The summary as a JSON object."""
        return {"id": self.id, "title": self.title, "used_at": self.used_at}


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """A turn as it was: `answer` is the body that was given then, `None` in a store of an older version.

    `scope` is what the asker limited the question to, as the request said it. `rating` is 1, -1, or 0 where
    nobody has rated the answer.
    """

    question: str
    text: str
    asked_at: str
    answer: dict[str, Any] | None
    scope: dict[str, Any]
    rating: int = 0


class Conversations:
    """The turns of every conversation, oldest first. Thread-safe.

    A conversation belongs to the `reader` who began it, a name that only that reader's browser knows;
    one without a reader is in nobody's list. Whoever has the id of one may read it, go on with it, rename
    it and delete it: ids cannot be guessed.
    """

    def __init__(self, store: ChatStore) -> None:
        self._store = store

    def start(self) -> str:
        """The id of a new conversation; it is stored with its first turn."""
        return secrets.token_urlsafe(12)

    def of_reader(self, reader: str, *, limit: int = LISTED_MAX) -> list[Summary]:
        """The conversations of a reader, the last used first."""
        if not reader:
            return []
        rows = self._store.rows(
            "SELECT id, title, used_at FROM conversations WHERE reader = ? ORDER BY used_at DESC LIMIT ?",
            (reader, limit),
        )
        return [Summary(*row) for row in rows]

    def summary(self, conversation_id: str) -> Summary:
        """One conversation.

        Raises:
            NotFoundError: there is no such conversation.
        """
        rows = self._store.rows(
            "SELECT id, title, used_at FROM conversations WHERE id = ?", (conversation_id,)
        )
        if not rows:
            raise _unknown()
        return Summary(*rows[0])

    def turns(self, conversation_id: str) -> list[Turn]:
        """Turns of a conversation, oldest first; the questions are completed ones.

        Raises:
            NotFoundError: there is no such conversation.
        """
        rows = self._store.rows(
            "SELECT question, answer FROM turns WHERE conversation = ? ORDER BY number", (conversation_id,)
        )
        if not rows:
            raise _unknown()
        return [Turn(question, answer) for question, answer in rows]

    def kept(self, conversation_id: str) -> list[KeptTurn]:
        """The same turns as they were shown; raises as `turns`."""
        rows = self._store.rows(f"{_KEPT} WHERE conversation = ? ORDER BY number", (conversation_id,))
        if not rows:
            raise _unknown()
        return [_kept(row) for row in rows]

    def of_answer(self, answer_id: str) -> KeptTurn:
        """The turn of one answer.

        Raises:
            NotFoundError: there is no such answer, or no longer.
        """
        rows = self._store.rows(f"{_KEPT} WHERE turns.answer_id = ?", (answer_id,)) if answer_id else []
        if not rows:
            raise NotFoundError("没有这个回答。", hint="它可能已被删除;请重新提问。", code="answer_not_found")
        return _kept(rows[0])

    def unanswered(self, *, limit: int = UNANSWERED_MAX) -> list[KeptTurn]:
        """The turns without an answer, newest first: what readers look for and the archive lacks."""
        rows = self._store.rows(
            f"{_KEPT} WHERE json_extract(nullif(record, ''), '$.answer.answered') = 0"
            " ORDER BY number DESC LIMIT ?",
            (limit,),
        )
        return [_kept(row) for row in rows]

    def rename(self, conversation_id: str, title: str) -> Summary:
        """Give a conversation another title.

        Raises:
            NotFoundError: there is no such conversation.
            CallerError: the title is empty or too long.
        """
        title = " ".join(title.split())
        if not 0 < len(title) <= TITLE_CHARS_MAX:
            raise CallerError(
                f"对话的名称应为 1 到 {TITLE_CHARS_MAX} 个字。", hint="请改短后再试。", code="bad_title"
            )
        with self._store.changing() as cursor:
            cursor.execute("UPDATE conversations SET title = ? WHERE id = ?", (title, conversation_id))
            if not cursor.rowcount:
                raise _unknown()
        return self.summary(conversation_id)

    def forget(self, conversation_id: str) -> None:
        """Delete a conversation, its turns and what was said of them.

        Raises:
            NotFoundError: there is no such conversation.
        """
        with self._store.changing() as cursor:
            cursor.execute("DELETE FROM turns WHERE conversation = ?", (conversation_id,))
            cursor.execute("DELETE FROM conversations WHERE id = ?", (conversation_id,))
            if not cursor.rowcount:
                raise _unknown()
            _sweep(cursor)

    def forget_reader(self, reader: str) -> int:
        """Delete all conversations of a reader; how many there were."""
        return self._delete("reader = ? AND reader <> ''", reader)

    def purge(self, unused_since: datetime.datetime) -> int:
        """Delete the conversations that nobody has used since a time; how many there were."""
        return self._delete("used_at < ?", _stamp(unused_since))

    def _delete(self, condition: str, value: str) -> int:
        with self._store.changing() as cursor:
            count = cursor.execute(f"DELETE FROM conversations WHERE {condition}", (value,)).rowcount
            _sweep(cursor)
        return count

    def add(
        self,
        conversation_id: str,
        turn: Turn,
        *,
        answer: Answer | None = None,
        scope: dict[str, Any] | None = None,
        reader: str = "",
    ) -> None:
        """Add a turn at the end of a conversation, which is made, for its reader, if it is new."""
        now = _stamp(datetime.datetime.now(datetime.UTC))
        title = " ".join((answer.question if answer else turn.question).split())[:TITLE_CHARS_MAX]
        body = {"answer": answer.to_json() if answer else None, "scope": scope or {}}
        record = json.dumps(body, ensure_ascii=False)
        with self._store.changing() as cursor:
            cursor.execute(
                "INSERT INTO conversations (id, used_at, reader, title) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET used_at = excluded.used_at",
                (conversation_id, now, reader, title),
            )
            cursor.execute(
                "INSERT INTO turns (conversation, question, answer, answer_id, asked_at, record)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (conversation_id, turn.question, turn.answer, answer.id if answer else "", now, record),
            )
            _shorten(cursor, conversation_id)


_KEPT = (
    "SELECT turns.question, turns.answer, turns.asked_at, turns.record, coalesce(feedback.rating, 0)"
    " FROM turns LEFT JOIN feedback ON feedback.answer_id = turns.answer_id AND turns.answer_id <> ''"
)


def _kept(row: Any) -> KeptTurn:
    question, text, asked_at, record, rating = row
    body = json.loads(record) if record else {}
    answer = body.get("answer")
    asked = answer["question"] if answer else question
    return KeptTurn(asked, text, asked_at, answer, body.get("scope") or {}, rating)


def _stamp(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).isoformat(timespec="milliseconds")


def _unknown() -> NotFoundError:
    return NotFoundError(
        "没有这个对话。",
        hint="去掉 conversation_id 重新提问,即开始新的对话。",
        code="conversation_not_found",
    )


def _shorten(cursor: sqlite3.Cursor, conversation_id: str) -> None:
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
        _sweep(cursor)


def _sweep(cursor: sqlite3.Cursor) -> None:
    """Delete what hangs on a conversation that is gone."""
    cursor.execute("DELETE FROM turns WHERE conversation NOT IN (SELECT id FROM conversations)")
    cursor.execute("DELETE FROM feedback WHERE answer_id NOT IN (SELECT answer_id FROM turns)")
