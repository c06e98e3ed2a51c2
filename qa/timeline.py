"""Answers from several articles: a course of events in its order, a list of articles, figures that differ.

All are choices among sentences that were already found to answer; nothing is joined or made new.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from qa.dates import find_days
from qa.figures import Figure, figures

# A day is looked for in this much of a sentence.
SENTENCE_CHARS_MAX = 600

_TIMELINE = re.compile(
    r"进展(?!缓慢|顺利吗)|历年|历次|历届|来龙去脉|始末|前因后果|时间线|时间轴|一路(?:怎么|如何|是怎)|经历了(?:什么|哪些|怎样)|后续|"
    r"(?:事情|事件|整个|全部|详细)?(?:的)?经过(?:是|怎么样|如何|怎样|$)|后来(?:怎么样|怎样|如何|咋样|呢)|先后(?!顺序|次序)[^,，]{0,12}(?:什么|哪|几|怎)|"
    r"(?:怎么|如何)一步步|一步步(?:是)?(?:怎么|如何)|近[几两三四五六七八九十]年(?:来)?(?:的)?(?:变化|情况|怎么)|发展(?:历程|过程|脉络)|大事记|到哪一步|走到哪"
)
_ARTICLES = re.compile(
    r"(?:哪些|哪几篇|哪篇|哪一篇|有(?:没有|什么|哪些)|几篇|哪几[条个])(?:关于[^,，?？]{1,30}的)?(?:报道|文章|新闻|稿件|稿子|消息|评论|社论)"
    r"|(?:列出|找出|找一?下|给我|查一?下|搜一?下|看看)[^,，?？]{0,30}(?:报道|文章|新闻|稿件)|(?:报道|文章|新闻|稿件)(?:有|都有)(?:哪些|什么|哪几)"
    r"|which (?:articles|reports|stories)"
)
_ASKS_FOR_ARTICLES = re.compile(
    "有?(?:没有|哪些|哪几?[篇条个]|哪一篇|几篇|什么)|的?(?:报道|文章|新闻|稿[件子]|消息|评论|社论)"
    "|(?:提到|提及|说到|讲到|写到|介绍|涉及)[了过]?|有关|关于|列出|找出|[找查搜]一?下|给我|看看|都有"
)


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence, the article that it stands in, and the day of its issue."""

    article_id: str
    issued: date | None
    text: str


def is_timeline(question: str) -> bool:
    """Whether a course of events is asked for, and not one fact of it."""
    return bool(_TIMELINE.search(question.strip(" ?？。")))


def is_articles_question(question: str) -> bool:
    """Whether a list of articles is asked for, and not what they say."""
    return bool(_ARTICLES.search(question.casefold()))


def articles_topic(question: str) -> str:
    """What articles are asked for about: the question without the words that ask for articles."""
    about = _ASKS_FOR_ARTICLES.sub(" ", question).strip(" ?？。,，")
    return " ".join(about.split()) or question


def event_day(told: Told) -> date | None:
    """The first day that the sentence speaks of, else the day of its issue."""
    days = find_days(told.text[:SENTENCE_CHARS_MAX], told.issued)
    return days[0].first if days else told.issued


def ordered(evidence: Iterable[Told]) -> list[Told]:
    """The sentences by the days that they speak of, oldest first; those of no day at the end, as given.

    `evidence` is best first: of an article only its best sentence for each day is kept, and of a sentence
    printed twice the first.
    """
    kept: list[tuple[date, Told]] = []
    seen: set[tuple[str, date | None]] = set()
    texts: set[str] = set()
    for told in evidence:
        day = event_day(told)
        if (told.article_id, day) in seen or told.text in texts:
            continue
        seen.add((told.article_id, day))
        texts.add(told.text)
        kept.append((day or date.max, told))
    return [told for _, told in sorted(kept, key=lambda pair: pair[0])]


def disagreeing(evidence: Sequence[Told], unit: str = "") -> list[Told]:
    """Sentences of different articles that answer one number question differently, newest first.

    `evidence` is best first and answers one question; `unit` is the measure word asked for. Of each article
    its best sentence with such a figure counts, of equal values the newest article's. Empty when all agree
    or when fewer than two speak.
    """
    measured = {}
    for told in evidence:
        figure = _measured(told.text, unit)
        if figure is not None and told.article_id not in measured:
            measured[told.article_id] = (figure, told)
    if not measured:
        return []
    asked = unit or next(iter(measured.values()))[0].unit
    newest: dict[Fraction, Told] = {}
    for figure, told in sorted(measured.values(), key=lambda pair: pair[1].issued or date.min, reverse=True):
        if figure.unit == asked:
            newest.setdefault(figure.value, told)
    return list(newest.values()) if len(newest) > 1 else []


def _measured(text: str, unit: str) -> Figure | None:
    """The figure of a sentence that is counted in `unit`; without one, its only figure that is no date."""
    found = [one for one in figures(text[:SENTENCE_CHARS_MAX]) if one.unit and one.unit not in "年月日号时点"]
    if unit:
        return next((one for one in found if one.unit == unit[0]), None)
    return found[0] if len(found) == 1 else None
