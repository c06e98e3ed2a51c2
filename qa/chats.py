"""What is kept of readers' questions: their conversations and what they said of the answers."""

from __future__ import annotations

import datetime
from pathlib import Path

from qa.chat_store import ChatStore
from qa.conversations import Conversations
from qa.feedback import Feedback

CHAT_STORE = "chat.sqlite"


class Chats:
    """The chat store of a data folder, opened; `conversations` and `feedback` say what can be asked of it.

    Raises:
        ServiceError: the file is no chat store, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._store = ChatStore(path)
        self.conversations = Conversations(self._store)
        self.feedback = Feedback(self._store)

    def purge(self, keep_days: int) -> int:
        """Delete the conversations unused for so many days, whole; how many there were."""
        past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=keep_days)
        return self.conversations.purge(past)

    def close(self) -> None:
        """Close the file."""
        self._store.close()
