"""A question as it was typed, checked and understood: what kind of thing it asks for, and about what."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from embeddings.errors import QuestionError
from embeddings.folding import simplified
from qa.dates import Period, find_period
from qa.standalone import complete
from qa.turns import Turn

__all__ = ["Query", "QuestionKind", "Turn", "check_question", "kind_of", "of_standalone", "understand"]


class QuestionKind(StrEnum):
    """What an answer must hold."""

    NUMBER = "number"
    DATE = "date"
    PERSON = "person"
    PLACE = "place"
    REASON = "reason"
    MANNER = "manner"
    LIST = "list"
    YES_NO = "yes_no"
    COMPARISON = "comparison"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Query:
    """A question ready to be searched for.

    `text` is what was typed, `standalone` the same with what the conversation leaves unsaid, and `focused`
    the same for the reader of passages. `unit` is the measure word after `多少`/`几`, empty when there is
    none. `latest` is true when the newest state of things is asked for. `period` is the days it limits
    itself to.
    """

    text: str
    standalone: str
    focused: str
    kind: QuestionKind
    unit: str = ""
    latest: bool = False
    period: Period | None = None


_KINDS: tuple[tuple[QuestionKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (QuestionKind.COMPARISON, r"分别|各(是|有|能|收)?多少|相比|哪个更|谁更|比较|区别|不同"),
        (QuestionKind.REASON, r"为什么|为何|为啥|原因|怎么会|因为什么|凭什么|怎么(没|不)|why"),
        (
            QuestionKind.DATE,
            r"什么时候|何时|哪一?[天年月日]|几[号日月点]|几时|多会儿|哪个(月|季度)|时间是|when",
        ),
        (
            QuestionKind.LIST,
            r"哪些|哪[两几二三四五六七八九十]|有什么|几个(方面|部分|单元|站)|什么内容|列出|which",
        ),
        (QuestionKind.NUMBER, r"多少|几|多[大长高宽远久重快]|百分之|比例是|占比|how (many|much)"),
        (QuestionKind.PERSON, r"谁|哪[一]?位|什么人|叫(什么|啥)|姓名|名字|who"),
        (QuestionKind.PLACE, r"哪里|哪儿|何地|什么地方|哪个(地方|城市|省|县|市|区|镇|乡|村)|在哪|地点|where"),
        (QuestionKind.MANNER, r"怎么|怎样|如何|咋|什么办法|how"),
        (QuestionKind.YES_NO, r"吗|是否|是不是|有没有|能不能|会不会|要不要|可不可以|对不对|收不收"),
    )
)
_UNIT = re.compile(r"(?:多少|几)(?:个)?([\u4e00-\u9fff])")
_LATEST = re.compile(r"最新|最近|现在|目前|眼下|如今|当前|到现在|截至")


def check_question(question: object, max_chars: int) -> str:
    """The question, cleaned: NFC, without control characters, runs of blanks made one.

    Raises:
        QuestionError: it is no text, empty, or longer than `max_chars` characters.
    """
    if not isinstance(question, str):
        raise QuestionError(
            "问题必须是文字。", hint='请以字符串给出,例如 {"question": "……"}。', code="question_not_text"
        )
    if len(question) > max_chars:
        raise QuestionError(
            f"问题太长:{len(question)} 字,上限 {max_chars} 字。",
            hint="请缩短问题后再试。",
            code="question_too_long",
        )
    readable = (" " if unicodedata.category(c) in {"Cc", "Cs"} else c for c in question)
    cleaned = " ".join(unicodedata.normalize("NFC", "".join(readable)).split())
    if not any(c.isalnum() for c in cleaned):
        raise QuestionError(
            "问题是空的。", hint="请写下想问的事,例如“大桥什么时候通车?”", code="question_empty"
        )
    return cleaned


def understand(text: str, history: Sequence[Turn] = (), today: datetime.date | None = None) -> Query:
    """Understand a cleaned question in the light of the turns before it, oldest first.

    Days are only looked for where `today` is given, the day on which it is asked.

    Raises:
        QuestionError: it names a day that does not exist.
    """
    completed = complete(text, history)
    return of_standalone(text, completed.text, completed.focused, today)


def of_standalone(text: str, standalone: str, focused: str, today: datetime.date | None = None) -> Query:
    """Understand a question that has been completed; raises as `understand`."""
    plain = simplified(standalone)
    unit = _UNIT.search(plain)
    return Query(
        text=text,
        standalone=standalone,
        focused=simplified(focused),
        kind=kind_of(plain),
        unit=unit.group(1) if unit else "",
        latest=bool(_LATEST.search(plain)),
        period=find_period(standalone, today) if today else None,
    )


def kind_of(question: str) -> QuestionKind:
    """The kind of a question by the words that ask, the more telling first."""
    folded = question.casefold()
    return next((kind for kind, pattern in _KINDS if pattern.search(folded)), QuestionKind.OTHER)
