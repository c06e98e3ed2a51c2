"""The figures of a claim beside those of a sentence, by value."""

from __future__ import annotations

import re
from fractions import Fraction

from qa.figures import Figure, figures

# A day or an hour is more often where than what: another one is another event.
_OF_TIME = frozenset("年月日号时点")
_BEFORE = re.compile(r"以前|之前|过去|原来|原先|从前|曾|原本|由|从")
_CHANGED = re.compile(
    r"[由从](?:原来的?)?([^,，。;由从]{1,12}?)(?:压缩|缩短|减少|下降|降低|降|减|增加|增长|提高|提升|上升|升|涨|扩大|扩|延长|改|调整|变|增)"
    r"[至到为成]([^,，。;]{1,12})"
)
_RANGE = re.compile(r"([\d.]{1,9}[^\d,，。;]{0,2})[至到~-]([\d.]{1,9}[^\d,，。;]{0,2})")


def figures_met(told: str, said: str) -> tuple[int, int, str]:
    """How many figures the sentence has, for how many it has another, and the first such other."""
    mine, theirs = figures(told), figures(said)
    same = other = 0
    wanted = ""
    was = {} if _BEFORE.search(told) else _replaced(said)
    for figure in mine:
        now = was.get(figure.value)
        if now:
            other += 1
            wanted = wanted or _written(now, said)
            continue
        if any(figure.agrees(one) for one in theirs) or _in_a_range(figure, said):
            same += 1
            continue
        rivals = [
            one
            for one in theirs
            if one.unit
            and one.unit == figure.unit
            and (one.unit not in _OF_TIME or _asked_when(told, figure))
        ]
        if rivals:
            other += 1
            wanted = wanted or _written(rivals[0], said)
    return same, other, wanted


def _replaced(said: str) -> dict[Fraction, Figure]:
    """Values that the sentence says are no more, with the new ones: `由30天压缩至1天`."""
    found: dict[Fraction, Figure] = {}
    for change in _CHANGED.finditer(said):
        old, new = figures(change[1]), figures(change[2])
        if old and new:
            found.setdefault(old[0].value, new[0])
    return found


def _in_a_range(figure: Figure, said: str) -> bool:
    """Whether the sentence gives a range of the same measure that holds the figure: `1至3岁`."""
    for ends in _RANGE.finditer(said):
        low, high = figures(ends[1]), figures(ends[2])
        if low and high and high[0].unit == figure.unit and low[0].value <= figure.value <= high[0].value:
            return True
    return False


def _asked_when(told: str, figure: Figure) -> bool:
    """Whether the question is about this day or hour: `是4月份启用`."""
    return bool(re.search(r"是[在于从]?$", told[: max(0, told.find(figure.text))]))


def _written(figure: Figure, said: str) -> str:
    return figure.text + figure.unit if figure.text + figure.unit in said else figure.text
