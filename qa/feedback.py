"""What readers say of answers: a thumb up or down, a reason, a comment."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum

from embeddings.errors import CallerError
from qa.chat_store import ChatStore
from qa.conversations import Conversations, KeptTurn

COMMENT_CHARS_MAX = 1000
LISTED_MAX = 5_000


class Reason(StrEnum):
    """Why an answer does not serve."""

    WRONG = "wrong"  # it is not so
    OFF_TOPIC = "off_topic"  # not what was asked
    MISSING = "missing"  # the papers say it, and it was not found
    OUTDATED = "outdated"  # an older state of things
    QUOTE = "quote"  # the quote does not carry the statement
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What was said of one answer; `given_at` is ISO 8601 in UTC."""

    rating: int
    reason: str
    comment: str
    given_at: str
    turn: KeptTurn


class Feedback:
    """One opinion an answer; the last one counts. Thread-safe."""

    def __init__(self, store: ChatStore) -> None:
        self._store = store
        self._conversations = Conversations(store)

    def give(self, answer_id: str, rating: int, reason: str = "", comment: str = "") -> None:
        """Say what an answer is worth: 1 or -1, or 0 to take it back.

        Raises:
            NotFoundError: there is no such answer.
            CallerError: another rating, an unknown reason, or too long a comment.
        """
        self._conversations.of_answer(answer_id)
        _check(rating, reason, comment)
        with self._store.changing() as cursor:
            if not rating:
                cursor.execute("DELETE FROM feedback WHERE answer_id = ?", (answer_id,))
                return
            now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
            cursor.execute(
                "INSERT OR REPLACE INTO feedback VALUES (?, ?, ?, ?, ?)",
                (answer_id, rating, reason, comment, now),
            )

    def all(self, *, limit: int = LISTED_MAX) -> list[Opinion]:
        """What was said, newest first."""
        rows = self._store.rows(
            "SELECT answer_id, rating, reason, comment, given_at FROM feedback"
            " ORDER BY given_at DESC, rowid DESC LIMIT ?",
            (limit,),
        )
        return [
            Opinion(rating, reason, comment, given_at, self._conversations.of_answer(answer_id))
            for answer_id, rating, reason, comment, given_at in rows
        ]


def _check(rating: int, reason: str, comment: str) -> None:
    if rating not in (-1, 0, 1):
        raise CallerError(
            "rating 只能是 1、-1 或 0。", hint="1 是有用,-1 是没用,0 是收回。", code="bad_rating"
        )
    if reason and reason not in set(Reason):
        known = "、".join(Reason)
        raise CallerError(f"不认识的 reason;可用的有:{known}。", hint="请改正后再试。", code="bad_reason")
    if len(comment) > COMMENT_CHARS_MAX:
        raise CallerError(
            f"意见最多 {COMMENT_CHARS_MAX} 个字。", hint="请缩短后再试。", code="comment_too_long"
        )
