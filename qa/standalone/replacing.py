"""Follow-ups that name one new element (那去年呢): it takes the place of its like in the last question."""

from __future__ import annotations

import re

from qa.standalone import wording
from qa.standalone.names import OPPOSITES, Element, elements
from qa.standalone.topic import Topic
from qa.standalone.wording import ASKING, HAN

BARE_CHARS = 14

_BARE_TAIL = re.compile(r"(?:的情况|的话|方面|怎么样|如何|又?是?多少|(?:又|也|都)?是?(?:什么样|怎样|咋样))$")
_POINTING = re.compile(r"^[那这](?:[个些家座条名位场次所笔件项种本张部块])(?=[\u4e00-\u9fff]{2})")
_WHEN = re.compile(r"(?:以前|以后|之前|之后|期间|前后|[^先今当日]后|时候?)$")
_IS_QUESTION_OF_NE = re.compile(r"呢[?？。!！~\s]*$")


def bare_element(text: str) -> str:
    """The new element of a follow-up that says nothing else, empty when it says more."""
    rest = wording.without_then(text)
    asked = wording.asked(rest)
    core = _POINTING.sub("", _BARE_TAIL.sub("", asked))
    if not 1 <= len(core) <= BARE_CHARS or ASKING.search(core):
        return ""
    if _IS_QUESTION_OF_NE.search(text) and core == _POINTING.sub("", asked):
        return core
    whole = [one for one in elements(core) if one.start == 0 and one.end == len(core)]
    return core if whole else ""


def with_element(core: str, topic: Topic) -> str:
    """The last question with `core` in the place of its like, or before what it asks."""
    question = topic.question
    return (
        _by_opposite(core, question)
        or by_sort(core, question)
        or _by_ending(core, question)
        or _before_asking(core, topic)
    )


def by_sort(core: str, question: str) -> str:
    """The question with `core` in the place of what is of its sort, empty when it holds none."""
    core = re.sub(r"(最[^的]{1,4})的?(?:[一那]?[个家位条项座种])?$", r"\1", core)
    new = next((one for one in elements(core) if one.start == 0 and len(core) - one.end <= 2), None)
    sort = "period" if _WHEN.search(core) else new.sort if new else ""
    if not sort:
        return ""
    old = [one for one in elements(question) if one.sort == sort]
    if not old:
        return core + question if sort == "period" else ""
    return _put(question, _likest(core, question, old), core)


def _likest(core: str, question: str, old: list[Element]) -> Element:
    """The element that ends as the new one does, else the first."""
    return next((one for one in old if question[one.end - 1] == core[-1]), old[0])


def _put(question: str, old: Element, core: str) -> str:
    end = old.end
    after = question[end : end + 1]
    if old.sort == "period" and after in {"起", "份"} and not core.endswith(after):
        end += 1
    if core.endswith("的") and after == "的":
        core = core[:-1]
    return question[: old.start] + core + question[end:]


def _by_opposite(core: str, question: str) -> str:
    for one, other in (*OPPOSITES, *((b, a) for a, b in OPPOSITES)):
        if re.fullmatch(rf"(?:{one})(?:票|们|组)?", core):
            found = re.search(other, question)
            if found:
                new = core[:-1] if core.endswith("的") and not found.group(0).endswith("的") else core
                if len(new) == 1 and len(found.group(0)) > 1:
                    new += found.group(0)[1:]
                return question[: found.start()] + new + question[found.end() :]
    return ""


def _by_ending(core: str, question: str) -> str:
    """By a word of the question with the same last character: 学生票 for 船票."""
    if len(core) < 2 or core[-1] in "的了" or not re.fullmatch(f"[{HAN}]+", core):
        return ""
    head = question[: wording.subject_end(question)]
    at = head.rfind(core[-1])
    if at < 1:
        return ""
    start = max(head.rfind(mark, 0, at) for mark in "的、，,“”·在") + 1
    if at - start > len(core) + 1:
        start = max(at - len(core) + 1, 0)
    return question[:start] + core + question[at + 1 :] if at > start else ""


def _before_asking(core: str, topic: Topic) -> str:
    subject = topic.subject
    if topic.before:
        return f"{topic.before}，{core}{topic.own}？"
    tail = topic.question[len(subject) :] if topic.question.startswith(subject) else ""
    if not tail or len(tail) > 24:
        return f"{topic.statement}，{core}怎么样？"
    tail = re.sub(r"^[，,]", "", tail)
    if tail[0] in "了着过":
        subject, tail = subject + tail[0], tail[1:]
    return f"{subject}{core}{tail}" if len(subject) <= 30 else f"{subject[:30]}，{core}{tail}"
