"""Follow-up questions without a language model: what the conversation leaves unsaid is put back in.

A question is read with the turns before it. It either stands on its own and is left as it is, or refers back:
by a pronoun (它), by one new element (那去年呢), by only asking (为什么), or by leaving its subject out.
Nothing here needs an index or a model; a question takes well under a millisecond.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qa.standalone import wording
from qa.standalone.asking_only import asked_again
from qa.standalone.completing import Completed, context, with_references
from qa.standalone.deciding import PASTED_CHARS, is_chat, stands_alone
from qa.standalone.english import in_chinese
from qa.standalone.references import references
from qa.standalone.replacing import bare_element, by_sort, with_element
from qa.standalone.topic import Topic
from qa.turns import Turn

__all__ = ["Standalone", "complete"]

# Turns looked back over, and characters of each that are read: what it is about now was said lately.
TURNS_READ = 8
QUESTION_CHARS = 120
STANDALONE_CHARS = 300


@dataclass(frozen=True, slots=True)
class Standalone:
    """A question as it would be typed with no conversation before it.

    `text` is to be shown and searched for, `focused` is for a reader of passages: without what only says
    which conversation the question belongs to. `follows` is true when anything was put in.
    """

    text: str
    focused: str
    follows: bool


def complete(text: str, history: Sequence[Turn]) -> Standalone:
    """The question completed from the turns before it, oldest first; itself when it stands on its own.

    What is put in never makes it longer than 300 characters.
    """
    topics: list[Topic] = []
    for turn in history[-TURNS_READ:]:
        question = " ".join(turn.question[:QUESTION_CHARS].split())
        if question and not is_chat(question):
            topics.append(Topic(_complete(question, topics).text, turn.answer))
    return _complete(text, topics)


def _complete(text: str, topics: Sequence[Topic]) -> Standalone:
    if not topics or len(text) > PASTED_CHARS or is_chat(text):
        return Standalone(text, text, False)
    completed = _followed(in_chinese(text), topics)
    if completed is None or completed.text == text:
        return Standalone(text, text, False)
    return Standalone(completed.text[:STANDALONE_CHARS], completed.focused[:STANDALONE_CHARS], True)


def _followed(text: str, topics: Sequence[Topic]) -> Completed | None:
    """The question completed, nothing when it stands on its own."""
    last = topics[-1]
    asked = wording.without_then(text)
    again = asked_again(text, last)
    if again:
        return Completed(again, again)
    core = bare_element(text)
    if core:
        again = by_sort(core, last.question) if references(core) else with_element(core, last)
        if again:
            return Completed(again, again)
    found = references(asked)
    if found:
        completed = with_references(asked, found, topics)
        if completed:
            return completed
        return None
    if stands_alone(text, topics):
        return None
    return _with_subject(asked, last)


def _with_subject(asked: str, last: Topic) -> Completed:
    before = context(last)
    return Completed(f"{before}，{asked}", f"{last.subject}，{asked}")
