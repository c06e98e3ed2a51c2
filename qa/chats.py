"""What is kept of readers' questions: their conversations and what they said of the answers."""

from __future__ import annotations

import contextlib
import datetime
import sqlite3
import threading
from pathlib import Path

from qa.chat_store import ChatStore
from qa.conversations import Conversations
from qa.feedback import Feedback

CHAT_STORE = "chat.sqlite"
PURGED_EVERY_S = 3600.0


class Chats:
    """The chat store of a data folder, opened; `conversations` and `feedback` say what can be asked of it.

    Raises:
        ServiceError: the file is no chat store, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._store = ChatStore(path)
        self._closed = threading.Event()
        self.conversations = Conversations(self._store)
        self.feedback = Feedback(self._store)

    def keep(self, days: int) -> None:
        """From now on delete, every so often, the conversations unused for so many days; 0 keeps all."""
        if days:
            threading.Thread(target=self._purge_often, args=(days,), name="retention", daemon=True).start()

    def _purge_often(self, days: int) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(sqlite3.Error):  # a full disk: the next time may find room
                self.purge(days)
            self._closed.wait(PURGED_EVERY_S)

    def purge(self, keep_days: int) -> int:
        """Delete the conversations unused for so many days, whole; how many there were."""
        past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=keep_days)
        return self.conversations.purge(past)

    def close(self) -> None:
        """Close the file."""
        self._closed.set()
        self._store.close()
