"""A follow-up and what it follows, put into one question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.standalone.deciding import content, refers_outside
from qa.standalone.names import ORGANISATION, is_person
from qa.standalone.references import Reference, Sort
from qa.standalone.topic import Topic

# A context longer than this is cut to its first clause, or its subject.
CONTEXT_CHARS = 36
# A subject as short as this may be the name of a person, of whatever shape.
SHORT_CHARS = 4

_COUNTED = re.compile(r"(?:多少|几|哪些|哪几|哪)(?:个|名|位)?([\u4e00-\u9fff]{2,4})$")


@dataclass(frozen=True, slots=True)
class Completed:
    """A follow-up completed; `focused` without what only says which conversation it belongs to."""

    text: str
    focused: str


@dataclass(frozen=True, slots=True)
class _Antecedent:
    """What a reference stands for; `anchored` when it also says what the conversation is about."""

    text: str
    anchored: bool


def with_references(text: str, found: Sequence[Reference], topics: Sequence[Topic]) -> Completed | None:
    """The question with its references replaced; nothing when none of them needs the conversation."""
    outside = [reference for reference in found if refers_outside(text, reference)]
    if not outside:
        return None
    resolved, anchored, shift = text, False, 0
    for reference in outside[:2]:
        antecedent = _antecedent(reference, topics)
        if not antecedent.text or antecedent.text in resolved:
            continue
        start, end = reference.start + shift, reference.end + shift
        words = antecedent.text + _joint(reference, resolved[end:])
        resolved = resolved[:start] + words + resolved[end:]
        shift += len(words) - (end - start)
        anchored = anchored or antecedent.anchored
    if anchored:
        return Completed(resolved, resolved)
    whole = _joined(context(topics[-1]), resolved)
    return Completed(whole, whole if resolved == text else resolved)


def _joint(reference: Reference, rest: str) -> str:
    return "的" if reference.possessive and not rest.startswith("的") else ""


def _antecedent(reference: Reference, topics: Sequence[Topic]) -> _Antecedent:
    match reference.sort:
        case Sort.PERSON:
            return _person(topics)
        case Sort.PEOPLE:
            return _subject_or_people(topics[-1])
        case Sort.PLACE:
            return _place(topics)
        case Sort.LISTED:
            return _listed(reference, topics)
        case Sort.THAT:
            return _that(reference, topics)
        case Sort.THING:
            return _thing(topics[-1])


def _named(topic: Topic, name: str) -> _Antecedent:
    """A name that an answer gave, with what was asked about it before it: 老兵 + 纪一鸣."""
    if topic.names_subject and not topic.subject.endswith(("是", "了")) and name not in topic.subject:
        return _Antecedent(topic.subject + name, True)
    return _Antecedent(name, False)


def _person(topics: Sequence[Topic]) -> _Antecedent:
    for topic in reversed(topics):
        if topic.answers_person and not topic.asks_whom:
            return _named(topic, topic.key.name)
        if topic.persons:
            name = topic.persons[0]
            return _Antecedent(name, topic.subject.startswith(name) and len(name) > 2)
        if _of_people(topic.subject):
            return _Antecedent(_of_people(topic.subject), True)
        if topic.people_answered:
            return _Antecedent(topic.people_answered[0], False)
    subject = topics[-1].subject
    return _Antecedent(subject if len(subject) <= SHORT_CHARS else "", True)


def _of_people(subject: str) -> str:
    """The people at the start of a subject: 守塔人 in 守塔人的年夜饭; empty when there are none."""
    if is_person(subject):
        return subject
    owner = subject.rpartition("的")[0]
    return owner if len(owner) >= 2 and is_person(owner) else ""


def _subject_or_people(last: Topic) -> _Antecedent:
    if last.asks_who and last.key.phrase:
        return _named(last, last.key.phrase)
    counted = _COUNTED.search(last.own)
    if counted and is_person(counted.group(1)):
        return _Antecedent(counted.group(1), False)
    people = _of_people(last.subject) or (last.subject if ORGANISATION.search(last.subject) else "")
    return _Antecedent(people, bool(people))


def _place(topics: Sequence[Topic]) -> _Antecedent:
    for topic in reversed(topics):
        if topic.places:
            place = topic.places[0]
            return _Antecedent(place, topic.subject.endswith(place))
    return _Antecedent(topics[-1].subject, True)


def _listed(reference: Reference, topics: Sequence[Topic]) -> _Antecedent:
    for topic in reversed(topics):
        items = topic.items
        if items and -len(items) <= reference.number < len(items):
            return _Antecedent(items[reference.number], False)
    return _Antecedent("", False)


def _thing(last: Topic) -> _Antecedent:
    name = last.key.name
    if last.asks_who and name and not last.answers_person and not last.asks_whom:
        return _Antecedent(last.key.phrase, False)
    if (
        name
        and not is_person(last.key.phrase)
        and (last.names_subject or ORGANISATION.search(name))
        and not last.asks_where
    ):
        return _named(last, name)
    return _Antecedent(last.subject, True)


def _that(reference: Reference, topics: Sequence[Topic]) -> _Antecedent:
    last = topics[-1]
    noun = reference.noun
    if not noun:
        return _Antecedent(last.subject, True)
    for topic in reversed(topics):
        for phrase in (topic.key.phrase, topic.subject, topic.statement):
            at = phrase.find(noun)
            if at >= 0 and len(phrase) > len(noun):
                anchored = phrase is not topic.key.phrase
                return _Antecedent(phrase[: at + len(noun)] if anchored else phrase, anchored)
    if is_person(noun) and last.persons:
        return _person(topics)
    if ORGANISATION.search(noun) and last.key.name and ORGANISATION.search(last.key.name):
        return _named(last, last.key.name)
    return _Antecedent(noun, False)


def context(topic: Topic) -> str:
    """What the conversation is about, as a clause to put before a question."""
    clauses = [re.split("，", statement) for statement in (topic.filled, topic.statement)]
    shorter = [
        parts if len(parts) == 1 or not content(parts[-1]) else [parts[0], parts[-1]] for parts in clauses
    ]
    tried = ["，".join(parts) for parts in shorter] + [parts[0] for parts in shorter] + [topic.subject]
    return next((clause for clause in tried if len(clause) <= CONTEXT_CHARS), topic.subject[:CONTEXT_CHARS])


def _joined(before: str, question: str) -> str:
    if not before or before in question:
        return question
    return f"{before}，{question}"
