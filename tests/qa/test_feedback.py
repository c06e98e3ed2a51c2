"""What readers say of answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from embeddings.errors import CallerError, NotFoundError
from qa.chat_store import IN_MEMORY
from qa.chats import Chats
from qa.question import Turn
from tests.qa.test_conversations import ANSWER


@pytest.fixture
def chats() -> Chats:
    chats = Chats(IN_MEMORY)
    for number in (1, 2):
        answer = replace(ANSWER, id=f"answer-{number}")
        chats.conversations.add("a", Turn("问", "答"), answer=answer)
    return chats


def test_the_last_opinion_of_an_answer_counts(chats: Chats) -> None:
    chats.feedback.give("answer-1", 1)
    chats.feedback.give("answer-2", -1, "off_topic", "问的不是这个")
    chats.feedback.give("answer-1", -1, "wrong")
    assert [(one.rating, one.reason, one.comment) for one in chats.feedback.all()] == [
        (-1, "wrong", ""),
        (-1, "off_topic", "问的不是这个"),
    ]
    assert [kept.rating for kept in chats.conversations.kept("a")] == [-1, -1]


def test_an_opinion_can_be_taken_back(chats: Chats) -> None:
    chats.feedback.give("answer-1", 1)
    chats.feedback.give("answer-1", 0)
    assert chats.feedback.all() == []


def test_an_opinion_goes_with_its_conversation(chats: Chats) -> None:
    chats.feedback.give("answer-1", 1)
    chats.conversations.forget("a")
    assert chats.feedback.all() == []


def test_an_opinion_of_no_answer_is_refused(chats: Chats) -> None:
    with pytest.raises(NotFoundError) as caught:
        chats.feedback.give("answer-3", 1)
    assert caught.value.code == "answer_not_found"


@pytest.mark.parametrize(
    ("rating", "reason", "comment", "code"),
    [
        (2, "", "", "bad_rating"),
        (1, "rude", "", "bad_reason"),
        (-1, "wrong", "长" * 1001, "comment_too_long"),
    ],
)
def test_an_opinion_that_is_none_is_refused(
    chats: Chats, rating: int, reason: str, comment: str, code: str
) -> None:
    with pytest.raises(CallerError) as caught:
        chats.feedback.give("answer-1", rating, reason, comment)
    assert caught.value.code == code
    assert chats.feedback.all() == []
