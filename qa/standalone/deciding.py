"""Whether a question follows the one before, or stands on its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.standalone import wording
from qa.standalone.names import PERSON, is_person
from qa.standalone.references import Reference, Sort
from qa.standalone.topic import Topic
from qa.standalone.wording import ASKING, HAN

# Characters of its own that a question needs to say what it is about, and what counts for and against it, in
# such characters: a logistic regression over 823 questions with another's history and 46 follow-ups, rounded.
OWN_CHARS = 5.5
THEN_MALUS, TOGETHER_MALUS, OVERLAP_MALUS = 0.8, 0.6, 1.6
# By hand: a title or a quoted name, and 什么叫 …, need little beside them.
NAME_BONUS, DEFINED_BONUS = 1.5, 4.0
# With fewer, a question that starts like the last one is still no other.
FEW_CHARS = 5
# A longer text is no follow-up, whatever it holds: someone pasted an article.
PASTED_CHARS = 120

_CHAT = re.compile(
    r"^(?:(?:非常|太|十分)?(?:谢谢|感谢|多谢|辛苦|再见|拜拜|你好|您好|好的|好吧|嗯+|哦+|知道了|明白了?"
    r"|了解了?|不客气|早上好|晚上好|晚安"
    r"|thanks?|thank you|hello|hi|ok(?:ay)?|bye)(?:[你您]们?|了|啊|哈|啦|吧|呀"
    r"|very much)*[,，。.!！~～\s]*)+$",
    re.IGNORECASE,
)
_PLAIN = re.compile(
    r"一共|总共|目前|现在|最后|最终|后来|起先|当时|到底|究竟|已经|曾经|将会|还剩下?|还有|还能|还要|可以"
    r"|应该|需要|必须|能够|打算|准备|分别|主要|其中|剩下|另外|具体|详细|大概|大约"
    r"|最[多少快慢早晚大小高低]|什么样|时间|时候|原因|结果|情况|内容|办法|方法|地方|地址|地点|电话|名字"
    r"|价格|票价|费用|价钱|门票|人数|数量|规模|面积|长度|高度|要求|条件|标准|作用|意义|影响|效果|用途"
    r"|怎么办|负责|报名|收费|免费|开始|结束|举行|开放|预约|申请|办理|为止|之内|以内|多久"
    r"|[的了是有在要能会让给把被和与也都还就再又不没从到对向用去来过着个些件条家位名人钱年月天日里上下中吧吗呢啊]"
)
_TOGETHER = re.compile(
    r"[怎咋]么?办$|会[怎咋]么?样$|^(?:还剩|还有|其中|剩下|剩余|另外|除此|除了这|此外|然后|后来|接着|接下来"
    r"|结果|具体|里面|其余|最后|最终|为什么(?!.{6})|为啥(?!.{6})|怎么(?!.{6}))"
)
_QUOTED = re.compile(r"[“「『《][^”」』》]{2,}|[A-Za-z]+[-\d]+")
_DEFINED = re.compile(r"^(?:什么叫|什么是|啥叫|啥是)")


def is_chat(text: str) -> bool:
    """Whether a text is a greeting or a word of thanks, not a question."""
    return bool(_CHAT.match(text.strip()))


def content(text: str) -> str:
    """What a question says of its own: without what asks and the words any question may hold."""
    return re.sub(rf"[^{HAN}A-Za-z0-9]+", "", _PLAIN.sub("", ASKING.sub("", wording.asked(text))))


def refers_outside(text: str, reference: Reference) -> bool:
    """Whether a reference needs the conversation, and not only what stands before it in the question."""
    before = text[: reference.start]
    own = len(content(before))
    if reference.sort in {Sort.PERSON, Sort.PEOPLE}:
        named = PERSON.search(before + "，") or is_person(content(before))
        beside = reference.sort is Sort.PEOPLE and own >= 2 and named
        return not beside and not (own >= 4 and named) and own < 8
    if reference.sort is Sort.LISTED:
        return own < 6
    if reference.sort is Sort.THAT:
        pointed = before.endswith(("”", "》", "的")) and own >= 2
        beside = text[reference.start] == "那" and own >= 2
        described = not reference.noun and len(content(text[reference.end :])) >= 6
        return not (pointed or beside or described) and own < 4
    return own < 4


def stands_alone(text: str, topics: Sequence[Topic]) -> bool:
    """Whether a question without references names its own subject."""
    last, own = topics[-1], content(text)
    if _repeats_subject(own, last):
        return True
    score = len(own) - OWN_CHARS
    score += NAME_BONUS * bool(_QUOTED.search(text)) + DEFINED_BONUS * bool(_DEFINED.match(text))
    score -= THEN_MALUS * wording.starts_with_then(text)
    score -= TOGETHER_MALUS * bool(_TOGETHER.search(wording.without_then(text)))
    score -= OVERLAP_MALUS * _overlaps(own, last)
    return score >= 0


def _repeats_subject(own: str, last: Topic) -> bool:
    """Whether a question names again what the last one is about, or starts with the same place or name."""
    head = content(last.subject)
    if len(head) >= 4 and head[: max(4, len(head) // 2)] in own:
        return True
    return len(own) >= FEW_CHARS and len(head) >= 2 and own[:2] == head[:2]


def _overlaps(own: str, last: Topic) -> bool:
    said = last.asked + last.answer[:100]
    return any(own[i : i + 2] in said for i in range(len(own) - 1))
