"""What a conversation is about: the last question as a statement, its subject, and what was answered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from qa.standalone import wording
from qa.standalone.names import ORGANISATION, PERSON, PLACE, is_person, name_at_end, person_in
from qa.standalone.wording import ASKING, HAN

# An answer longer than this is read in part, a phrase longer than this names nothing.
ANSWER_CHARS = 400
KEY_CHARS = 16

_MARK = re.compile(r"\[\d+\]|【\d+】")
_REFUSED = re.compile(r"没有找到这个问题的答案|^(?:抱歉|对不起)|^(?:不知道|没有提到|未提及)")
_STOP = re.compile(r"[。！？!?;；\n]")
_CLAUSE = re.compile(r"[，,。！？!?；;\n]")
_ANSWER_LEAD = re.compile(
    r"^(?:(?:那)?是|叫做?|名叫|由|为|因为|有|在|到|去|给|[他她它](?:们)?(?:是|叫|在|先|想)?|答案是|一共|共"
    r"|约(?=[\d一二三四五六七八九十两几]))+"
)
_ANSWER_TAIL = re.compile(r"(?:[说讲写做干定办提发捐问]的?|的)$")
_MEASURED = re.compile(
    r"^一(?:段|种|个|家|名|位|座|条|项|笔|起|件|辆|艘|只|本|部|台|所|支|群|批|张|块|棵|场)"
)
_WHO = re.compile(
    r"谁|哪一?位|什么人|叫什么|叫啥|姓名|名字|哪个(?:人|[县镇村市局院校]长|老师|医生|学生|同学|选手|村民)"
    r"|哪名"
)
_ORGANISED = re.compile(rf"公司|企业|集团|商业|{ORGANISATION.pattern}")
_WHOM = re.compile(r"(?:给|跟|和|向|找|借|了|让|请|为|对|与|同|赢|救|帮)(?:谁|哪[位个])|谁.*[他她]")
_WHERE = re.compile(
    r"哪里|哪儿|什么地方|啥地方|何处|何地|哪个(?:地方|城市|省|县|市|区|镇|乡|村|街道|小区|社区)|地点"
)
_WHAT = re.compile(r"(?<!为)(?<!为了)什么(?!时|地方|人)|(?<!为)啥(?!时)|哪一?[个家所座条种些款项]|哪[几两]")
# How things stand now was asked of the subject, and is no part of it.
_WHEN_AT_END = re.compile(
    r"(?:最新|最近|目前|现在|如今|当前)(?:定|改|安排)?[在到于]?$|(?:最新)?(?:定|改)[在到于]$"
)
SUBJECT_CHARS_MIN = 4
_WHAT_AT_END = re.compile(
    rf"^(.{{2,}}?)(?:到底|究竟|主要|都)?(?:是|叫|为(?!什么|啥|谁)|属于)(?:谁|(?:什么|啥"
    rf"|哪一?[位个家所座条种里儿]|哪里)(?:[{HAN}]{{0,3}}[^的\\W])?)$"
)
_YES_NO = re.compile(r"吗$|是不是|是否|有没有|能不能|会不会|没有?$|[不没]$")
_LOOSE_END = re.compile(
    r"(?:一共|总共|到底|究竟|已经|已|都|还|就|才|要|会|能|可以|需要|应该|是|有|在|了|到|被|叫|给|把|从|为"
    r"|由|占|达|约|得|的是|算|去|来|往|和|跟|与|对|用|按|靠)$"
)
_LOOSE_START = re.compile(r"^(?:是|有|了|都)+")


@dataclass(frozen=True, slots=True)
class Key:
    """What an answer names: the `phrase`, and the `name` in it that tells it from others."""

    phrase: str = ""
    name: str = ""


class Topic:
    """A question of the conversation, standing by itself, with its answer."""

    def __init__(self, question: str, answer: str) -> None:
        self.question = wording.without_then(" ".join(question.split()))
        self._answer = _MARK.sub("", answer[:ANSWER_CHARS]).strip()

    @cached_property
    def asked(self) -> str:
        """The question without marks at its end."""
        return wording.asked(self.question)

    @cached_property
    def own(self) -> str:
        """The last clause of the question, the one that asks."""
        return _clauses(self.asked)[-1]

    @cached_property
    def before(self) -> str:
        """The clauses before the last, empty when there is one only."""
        return "，".join(_clauses(self.asked)[:-1])

    @cached_property
    def answer(self) -> str:
        """The answer without marks, empty when it was refused."""
        return "" if _REFUSED.search(self._answer) else self._answer

    @cached_property
    def subject(self) -> str:
        """What the question is about: its start up to the first word that asks or says something of it."""
        whole = self.asked
        asks_what = _WHAT_AT_END.match(whole)
        if asks_what and len(asks_what.group(1)) <= 30:
            return asks_what.group(1)
        cut = _tidied(whole[: wording.subject_end(whole)])
        cut = _WHEN_AT_END.sub("", cut) if len(cut) > SUBJECT_CHARS_MIN else cut
        return cut if len(cut) >= 2 else self.statement

    @cached_property
    def statement(self) -> str:
        """The question as a statement, without what asks."""
        parts = [_tidied(wording.without_asking(clause)) for clause in _clauses(self.asked)]
        return "，".join(part for part in parts if part) or self.asked

    @cached_property
    def filled(self) -> str:
        """The statement with what was answered in the place of what asked, where that is a short phrase."""
        key = self.key.phrase
        if not key or self.is_yes_no or not (self.asks_who or self.asks_what or self.asks_where):
            return self.statement
        found = list(ASKING.finditer(self.asked))
        if not found:
            return self.statement
        # Only the last one is answered: those before belong to clauses that were dropped into the question.
        last = found[-1]
        asking = last.group(0)
        verb = next(
            (
                v
                for v in ("是在", "是", "叫", "在", "到", "去", "从", "由", "有", "为")
                if asking.startswith(v)
            ),
            "",
        )
        return _tidied(
            f"{self.asked[: last.start()]}{verb}{key}{_without_noun(self.asked[last.end() :], key)}"
        )

    @cached_property
    def asks_who(self) -> bool:
        """Whether a person is asked for."""
        return bool(_WHO.search(self.own))

    @cached_property
    def asks_whom(self) -> bool:
        """Whether the person asked for is not the one who acts (给谁, 约谈了谁)."""
        return bool(_WHOM.search(self.own))

    @cached_property
    def answers_person(self) -> bool:
        """Whether a person was asked for and the answer names one."""
        return self.asks_who and bool(self.key.name) and not _ORGANISED.search(self.key.phrase)

    @cached_property
    def asks_where(self) -> bool:
        """Whether a place is asked for."""
        return bool(_WHERE.search(self.own))

    @cached_property
    def asks_what(self) -> bool:
        """Whether a thing is asked for."""
        return bool(_WHAT.search(self.own))

    @cached_property
    def names_subject(self) -> bool:
        """Whether the answer says who or what the subject is (…是谁, …叫什么)."""
        return bool(_WHAT_AT_END.match(self.asked))

    @cached_property
    def is_yes_no(self) -> bool:
        """Whether the question is one of yes or no."""
        return bool(_YES_NO.search(_TAIL_MARKS.sub("", self.question)))

    @cached_property
    def key(self) -> Key:
        """What the answer names, empty when it names nothing in few words."""
        if not self.answer:
            return Key()
        phrase = _key_phrase(self.answer, self.asked, self.asks_who and not self.asks_whom)
        if self.asks_who and not is_person(phrase) and not ORGANISATION.search(phrase):
            phrase = next((name for name in _people(self.answer) if name not in self.asked), phrase)
        if len(phrase) > KEY_CHARS:
            phrase = name_at_end(phrase) if self.asks_who else _after_last_de(phrase)
        phrase = phrase if 2 <= len(phrase) <= KEY_CHARS else ""
        name = name_at_end(phrase) if self.asks_who else ""
        return Key(phrase, name or _after_last_de(phrase))

    @cached_property
    def persons(self) -> list[str]:
        """People of this turn, the likelier to be meant by a pronoun first."""
        found = [self.key.name] if self.answers_person and not self.asks_whom else []
        named = person_in(self.own)
        if named and len(self.subject) <= 4 and self.subject.endswith(named):
            named = self.subject
        found += [named] if named else []
        found += [person_in(self.before)] if person_in(self.before) else []
        return found

    @cached_property
    def places(self) -> list[str]:
        """Places of this turn, the likelier first."""
        found = [self.key.phrase] if self.asks_where and self.key.phrase else []
        in_question = PLACE.search(self.subject)
        return [*found, *([in_question.group(0)] if in_question else [])]

    @cached_property
    def people_answered(self) -> list[str]:
        """People that the answer names and the question does not."""
        return [name for name in _people(self.answer) if name not in self.asked]

    @cached_property
    def items(self) -> list[str]:
        """What the answer lists, in its order; empty when it lists nothing."""
        first = _STOP.split(self.answer)[0]
        listed = re.split(
            r"[、，,]|(?<=[\u4e00-\u9fff])[和与及](?=[\u4e00-\u9fff])|以及|\n", _ANSWER_LEAD.sub("", first)
        )
        found = [
            re.sub(r"^(?:第?[一二三四五六七八九十\d]+[是、.．:：]|分别是|包括|有)", "", one).strip(' “”"')
            for one in listed
        ]
        kept = [one for one in found if 2 <= len(one) <= KEY_CHARS]
        return kept if len(kept) >= 2 and not any(one.startswith("一") for one in kept) else []


_TAIL_MARKS = re.compile(r"[?？。.！!\s]+$")


def _clauses(text: str) -> list[str]:
    return [clause.strip() for clause in re.split(r"[，,;；]", text) if clause.strip()] or [text]


def _tidied(text: str) -> str:
    """A clause without the loose words that what was cut out leaves at its ends."""
    text = text.strip(" ，,、：:")
    for _ in range(3):
        shorter = _LOOSE_END.sub("", text).strip()
        if shorter == text or len(shorter) < 2:
            break
        text = shorter
    return _LOOSE_START.sub("", text) or text


def _without_noun(rest: str, key: str) -> str:
    """What follows the words that ask, without the noun that the answer repeats or stands for."""
    for length in (4, 3, 2, 1):
        noun = rest[:length]
        if len(noun) == length and (noun in key if length > 1 else key.endswith(noun)):
            return rest[length:]
    return rest


def _key_phrase(answer: str, asked: str, who: bool) -> str:
    clause = _CLAUSE.split(answer.strip('“”" '))[0].strip()
    is_at = clause.rfind("是")
    if is_at > 0 and (clause[:is_at][-2:] in asked or who) and is_at < len(clause) - 2:
        clause = clause[is_at + 1 :]
    shared = 0
    while shared < len(clause) and clause[: shared + 1] in asked:
        shared += 1
    if 2 <= shared < len(clause) - 1 and not who:
        clause = clause[shared:].lstrip("了是的在")
    clause = _ANSWER_LEAD.sub("", clause)
    return _ANSWER_TAIL.sub("", clause).strip(' “”"')


def _after_last_de(phrase: str) -> str:
    """The noun that a phrase ends with: 硅化木 of 一段形成于白垩纪的硅化木."""
    tail = phrase.rsplit("的", 1)[-1]
    return _MEASURED.sub("", tail if len(tail) >= 2 else phrase)


def _people(text: str) -> list[str]:
    return [found.group(0) for found in PERSON.finditer(text[:ANSWER_CHARS])]
