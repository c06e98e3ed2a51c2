"""The chat store."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from embeddings.errors import NotFoundError, ServiceError
from qa import conversations
from qa.conversations import Conversations
from qa.question import Turn


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "chat.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Conversations]:
    store = Conversations(path)
    yield store
    store.close()


def turn(number: int) -> Turn:
    return Turn(f"问{number}", f"答{number}")


def test_turns_come_back_oldest_first(store: Conversations) -> None:
    conversation = store.start()
    for number in range(3):
        store.add(conversation, turn(number))
    assert store.turns(conversation) == [turn(0), turn(1), turn(2)]


def test_turns_of_an_unknown_conversation_are_not_found(store: Conversations) -> None:
    with pytest.raises(NotFoundError) as caught:
        store.turns("nobody")
    assert caught.value.code == "conversation_not_found"


def test_start_gives_ids_nobody_can_guess(store: Conversations) -> None:
    ids = {store.start() for _ in range(100)}
    assert len(ids) == 100
    assert all(len(one) >= 16 for one in ids)


def test_conversations_do_not_see_each_other(store: Conversations) -> None:
    store.add("a", turn(1))
    store.add("b", turn(2))
    assert store.turns("a") == [turn(1)]
    with pytest.raises(NotFoundError):
        store.turns("a' OR '1'='1")


def test_turns_outlive_the_process(store: Conversations, path: Path) -> None:
    store.add("a", turn(1))
    other = Conversations(path)
    assert other.turns("a") == [turn(1)]
    other.close()


def test_a_long_conversation_forgets_its_first_turns(
    store: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "TURNS_MAX", 3)
    for number in range(5):
        store.add("a", turn(number))
    store.add("b", turn(9))
    assert store.turns("a") == [turn(2), turn(3), turn(4)]
    assert store.turns("b") == [turn(9)]


def test_a_full_store_forgets_the_conversation_used_longest_ago(
    store: Conversations, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "CONVERSATIONS_MAX", 2)
    store.add("a", turn(1))
    store.add("b", turn(2))
    with sqlite3.connect(path) as database:  # no sleep: the clock need not have moved on
        database.execute("UPDATE conversations SET used_at = '2000' || id")
    database.close()
    store.add("c", turn(3))
    with pytest.raises(NotFoundError):
        store.turns("a")
    assert store.turns("b") == [turn(2)]
    assert store.turns("c") == [turn(3)]


def test_add_from_many_threads_loses_nothing(store: Conversations) -> None:
    threads = [threading.Thread(target=store.add, args=("a", turn(number))) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(store.turns("a"), key=str) == sorted(map(turn, range(20)), key=str)


def test_a_file_that_is_no_chat_store_is_said_to_be_none(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database at all, but long enough" * 10)
    with pytest.raises(ServiceError) as caught:
        Conversations(path)
    assert caught.value.code == "chat_store_unusable"


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ServiceError):
        Conversations(tmp_path / "file" / "chat.sqlite")


def test_a_conversation_that_is_forgotten_is_gone_with_its_turns(store: Conversations, path: Path) -> None:
    store.add("a", turn(1))
    store.add("b", turn(2))
    store.forget("a")
    with pytest.raises(NotFoundError):
        store.turns("a")
    assert store.turns("b") == [turn(2)]
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM turns").fetchone() == (1,)
    with pytest.raises(NotFoundError):
        store.forget("a")
