"""What the words around days in a question say: whether they limit it, are of issues, are over or to come.

All functions take a folded text and look a bounded number of characters around the days.
"""

from __future__ import annotations

import re
from datetime import date

from qa.dates import spans
from qa.dates.ranges import Run

_LOOK_CHARS = 24
_AROUND_DAYS = 3

_TO_COME = re.compile(
    r"(?:将于?|即将|计划于?|定于|定在|拟于?|打算|预计|预期|[延迟期改]到|改[到在]|截止到?"
    r"|will be|going to)[^，。,；]{0,2}$"
)
_HAPPENED = re.compile(r"[^，。；?？]{0,12}?(?:了|过|发生|那[次场天起晚]|曾|已经?|happened|was|were|did)")
_PAPERS = (
    r"(?:见报|报道|报导|刊[登发载出]|登[的了出载]|发表的|报[纸上载刊社]|头[版条]|第?[0-9一二三四五六七八]{1,2}版(?!本)|版面|要闻|"
    r"新闻(?!发布|发言|中心)|消息|文章|稿|《?[\u4e00-\u9fff]{0,6}[日晚早晨时都市周]报|报(?=[里中说登有的])|"
    r"(?:newspapers?|papers?|issue|edition|news|reports?|articles?|headlines?|front page|stories|"
    r"published|printed)\b)"
)
_PUBLISHED_AFTER = re.compile(
    r"(?:'s\s|这期|那期|那天|当天|这天|当日|这几天|期间|之间|以来|内|里|早上|上午|晚上)?的?(?:都|一共|共|我们)?"
    r"(?:有(?:关于.{1,10}的|没有)?(?:哪[些几]|什么|几)?|哪[些几]|什么|几)?(?:[篇条则张份个期]|重要|主要)*的?\s*"
    + _PAPERS,
    re.IGNORECASE,
)
_PUBLISHED_BEFORE = re.compile(
    r"(?:见报于?|刊[登发载]|登|发表|报道|报纸|[日晚早]报)(?:于|在|的是|是)?$"
    r"|(?:published|printed|reported|papers? of|issues? of|news|articles?|reports?|stories)"
    r"\s*(?:on|in|of|from|since|during)?\s*(?:the\s*)?$",
    re.IGNORECASE,
)
_COMPARED_BEFORE = re.compile(
    r"(?<!对)(?:比起?|相比于?|较|高于|低于|多于|少于|超过|than|versus|vs\.?)\s*(?:in\s*)?$", re.IGNORECASE
)
_COMPARED_AFTER = re.compile(r"的?(?:同期|同比|同一时期|相比|比(?![赛例如重武拼分]))")
_HABIT_BEFORE = re.compile(r"(?:每年?的?|每逢|历年的?|往年的?|逢|一年一度的?|every\s*)$", re.IGNORECASE)
_CHECKED_BEFORE = re.compile(r"(?:是不是|是否|是)[在于]?$")
_CHECKED_AFTER = re.compile(r"[^，。；]{0,20}(?:吗|(?<!什)么)\s*[?？]?$")
_AHEAD_BEFORE = re.compile(r"提前$")
_TITLE = re.compile(r"《[^《》]{0,80}》")

_FROM = re.compile(r"(?:从|自从?|打从?|自打|由|since|from|between|starting|as of)\s*$", re.IGNORECASE)
_SINCE = re.compile(r"(?:since|after|自从?|打从)\s*$", re.IGNORECASE)
_UP_TO = re.compile(r"(?:截至|截止到?|截止至|直到|until|till|before|by|up to)\s*$", re.IGNORECASE)
_ABOUT = re.compile(r"的?(?:前后|左右)")
_EARLIER = re.compile(r"(?:之前|以前|前(?!后|[一二三四五六七八九十\d几两年天半]|期|夜|夕|往))")
_LATER = re.compile(
    r"(?P<all>以来|来(?=[，,有共的全])|起(?!码|火|来)|以后|开始(?!时))|(?P<after>之后|后(?![天年期续勤来]))"
)


def is_published(text: str, start: int, end: int) -> bool:
    """Whether issues of the days at `start:end` are meant: 10月12日见报, 昨天的报纸, 刊登在10月12日."""
    return bool(_PUBLISHED_AFTER.match(text, end) or _PUBLISHED_BEFORE.search(before(text, start)))


def is_to_come(text: str, start: int) -> bool:
    """Whether the words before say that the days lie ahead: 将于, 定在, 推迟到."""
    return bool(_TO_COME.search(before(text, start)))


def has_happened(text: str, end: int) -> bool:
    """Whether the words after say that the days are over: 了, 发生, 那场."""
    return bool(_HAPPENED.match(text, end))


def before(text: str, start: int) -> str:
    """The few characters before a place."""
    return text[max(0, start - _LOOK_CHARS) : start]


def titles(text: str) -> list[tuple[int, int]]:
    """Where book titles stand: days in them are part of a name."""
    return [title.span() for title in _TITLE.finditer(text)]


def is_limit(text: str, run: Run) -> bool:
    """Whether a run limits the question, and is not compared with, recurring or what is asked about."""
    words, after = before(text, run.start), text[run.end : run.end + _LOOK_CHARS]
    if any(pattern.search(words) for pattern in (_COMPARED_BEFORE, _HABIT_BEFORE, _AHEAD_BEFORE)):
        return False
    if _COMPARED_AFTER.match(after):
        return False
    return not (
        _CHECKED_BEFORE.search(words)
        and (_CHECKED_AFTER.match(after) or not words.endswith(("是", "在", "于")))
    )


def bounded(text: str, run: Run) -> tuple[date | None, date | None, int, int]:
    """First day, last day, start and end of a run with the words around it that open, close or widen it."""
    words = before(text, run.start)
    first, last, end = _bounded_after(text, run) or _bounded_before(words, run)
    opening = _FROM.search(words) or _UP_TO.search(words)
    moved = (first, last) != (run.days.first, run.days.last) or run.days.first != run.days.last
    return first, last, run.start - (len(words) - opening.start() if opening and moved else 0), end


def _bounded_after(text: str, run: Run) -> tuple[date | None, date | None, int] | None:
    """First day, last day and end of a run bounded by words after it (前后, 以来); `None` without such."""
    first, last = run.days.first, run.days.last
    if about := _ABOUT.match(text, run.end):
        wide = spans.widened(run.days, _AROUND_DAYS, _AROUND_DAYS)
        return wide.first, wide.last, about.end()
    if earlier := _EARLIER.match(text, run.end):
        return None, last if run.closes else spans.shifted(first, -1), earlier.end()
    if later := _LATER.match(text, run.end):
        return spans.shifted(last, 1) if later["after"] and not run.closes else first, None, later.end()
    return None


def _bounded_before(words: str, run: Run) -> tuple[date | None, date | None, int]:
    """First day, last day and end of a run that words before it may bound: 截至, since, before."""
    first, last = run.days.first, run.days.last
    if up_to := _UP_TO.search(words):
        earlier = up_to[0].strip().lower() == "before" and not run.closes
        return None, spans.shifted(first, -1) if earlier else last, run.end
    if _SINCE.search(words) and (not run.closes or first == last):
        return first, None, run.end
    return first, last, run.end
