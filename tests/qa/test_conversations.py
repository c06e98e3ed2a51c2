"""The chat store."""

from __future__ import annotations

import datetime
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from embeddings.errors import CallerError, NotFoundError, ServiceError
from embeddings.records import Answer, AnswerKind, Mode
from qa import conversations
from qa.chat_store import ChatStore
from qa.conversations import Conversations
from qa.question import Turn


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "chat.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Conversations]:
    kept = ChatStore(path)
    yield Conversations(kept)
    kept.close()


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
    other = ChatStore(path)
    assert Conversations(other).turns("a") == [turn(1)]
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
        ChatStore(path)
    assert caught.value.code == "chat_store_unusable"


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ServiceError):
        ChatStore(tmp_path / "file" / "chat.sqlite")


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


ANSWER = Answer(
    id="answer-1",
    question="渡口的新船几时开？",
    standalone_question="渡口的新船几时开？",
    answered=True,
    text="早上六点[1]。",
    kind=AnswerKind.SENTENCES,
    confidence=0.9,
    citations=(),
    related=(),
    mode=Mode.EXTRACTIVE,
    snapshot=1,
    conversation_id="a",
)


def test_a_reader_sees_the_own_conversations_the_last_used_first(store: Conversations) -> None:
    for conversation, reader in (("a", "one"), ("b", "two"), ("c", "one"), ("d", "")):
        store.add(conversation, turn(1), reader=reader)
        time.sleep(0.002)
    store.add("a", turn(2), reader="one")
    assert [summary.id for summary in store.of_reader("one")] == ["a", "c"]
    assert store.of_reader("") == []
    assert store.of_reader("nobody") == []


def test_a_conversation_is_not_taken_over_by_who_goes_on_with_it(store: Conversations) -> None:
    store.add("a", turn(1), reader="one")
    store.add("a", turn(2), reader="two")
    assert [summary.id for summary in store.of_reader("one")] == ["a"]
    assert store.of_reader("two") == []


def test_a_conversation_is_called_by_its_first_question_until_it_is_renamed(store: Conversations) -> None:
    store.add("a", turn(1), answer=ANSWER, reader="one")
    store.add("a", turn(2), reader="one")
    assert store.summary("a").title == "渡口的新船几时开？"
    assert store.rename("a", "  渡口  的事 ").title == "渡口 的事"
    assert store.of_reader("one")[0].title == "渡口 的事"


@pytest.mark.parametrize("title", ["", " \n ", "长" * 81])
def test_a_title_that_cannot_be_shown_is_refused(store: Conversations, title: str) -> None:
    store.add("a", turn(1), answer=ANSWER)
    with pytest.raises(CallerError) as caught:
        store.rename("a", title)
    assert caught.value.code == "bad_title"
    assert store.summary("a").title == "渡口的新船几时开？"


def test_rename_of_an_unknown_conversation_is_not_found(store: Conversations) -> None:
    with pytest.raises(NotFoundError):
        store.rename("nobody", "名")


def test_a_kept_turn_shows_the_answer_as_it_was_given(store: Conversations) -> None:
    store.add("a", turn(1), answer=ANSWER, scope={"filters": {"paper": "晚报"}})
    [kept] = store.kept("a")
    assert kept == store.of_answer("answer-1")
    assert kept.answer == ANSWER.to_json()
    assert (kept.question, kept.scope, kept.rating) == (ANSWER.question, {"filters": {"paper": "晚报"}}, 0)


@pytest.mark.parametrize("answer_id", ["", "answer-2", "' OR 1=1 --"])
def test_an_unknown_answer_is_not_found(store: Conversations, answer_id: str) -> None:
    store.add("a", turn(1))
    with pytest.raises(NotFoundError):
        store.of_answer(answer_id)


def test_unanswered_questions_are_listed_the_newest_first(store: Conversations) -> None:
    for number, answered in enumerate((False, True, False)):
        store.add("a", turn(number), answer=replace(ANSWER, id=str(number), answered=answered))
    store.add("a", turn(9))
    assert [kept.answer["id"] for kept in store.unanswered() if kept.answer] == ["2", "0"]
    assert len(store.unanswered(limit=1)) == 1


def test_purge_deletes_what_nobody_used_since(store: Conversations, path: Path) -> None:
    store.add("a", turn(1), answer=ANSWER)
    store.add("b", turn(2))
    with sqlite3.connect(path) as database:
        database.execute("UPDATE conversations SET used_at = '2026-01-01T00:00:00.000+00:00' WHERE id = 'a'")
    database.close()
    assert store.purge(datetime.datetime(2026, 2, 1, tzinfo=datetime.UTC)) == 1
    assert store.turns("b") == [turn(2)]
    with pytest.raises(NotFoundError):
        store.of_answer("answer-1")


def test_a_reader_who_is_forgotten_takes_all_conversations_along(store: Conversations) -> None:
    store.add("a", turn(1), reader="one")
    store.add("b", turn(1), reader="two")
    store.add("c", turn(1))
    assert store.forget_reader("one") == 1
    assert store.forget_reader("") == 0
    assert store.turns("b") == store.turns("c") == [turn(1)]


def test_what_is_deleted_is_gone_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "chat.sqlite"
    kept = ChatStore(path)
    conversations = Conversations(kept)
    conversations.add("a", Turn("只此一问的秘密词", "答"))
    conversations.forget("a")
    kept.close()
    assert "只此一问的秘密词".encode() not in path.read_bytes()


def test_a_store_of_an_older_version_is_taken_over(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as old:
        old.executescript(OLD_STORE)
    old.close()
    kept = ChatStore(path)
    conversations = Conversations(kept)
    assert conversations.turns("a") == [Turn("旧问", "旧答")]
    [turn_kept] = conversations.kept("a")
    assert (turn_kept.question, turn_kept.text, turn_kept.answer) == ("旧问", "旧答", None)
    conversations.add("a", turn(1), answer=ANSWER)
    assert len(conversations.kept("a")) == 2
    kept.close()


OLD_STORE = """
CREATE TABLE conversations (id TEXT PRIMARY KEY, used_at TEXT NOT NULL);
CREATE TABLE turns (
    number INTEGER PRIMARY KEY AUTOINCREMENT, conversation TEXT NOT NULL,
    question TEXT NOT NULL, answer TEXT NOT NULL
);
INSERT INTO conversations VALUES ('a', '2026-01-01T00:00:00.000+00:00');
INSERT INTO turns (conversation, question, answer) VALUES ('a', '旧问', '旧答');
"""
