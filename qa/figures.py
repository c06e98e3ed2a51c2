"""The figures of a text by value: `35件` and `三十五件` are one, `1.2万` is `12000`, `三成` is `30%`.

Offsets are not given: a figure is compared, never quoted. `一` alone is mostly an article (`一个`, `一些`)
and counts only where it stands for a rank or a date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

# Longer runs of digits are no figures; int() would refuse the longest.
DIGITS_MAX = 30

_WIDE = str.maketrans("０１２３４５６７８９．％：－", "0123456789.%:-")
_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "○": 0,
    "两": 2,
    "壹": 1,
    "贰": 2,
    "叁": 3,
}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "亿": 10**8}
_D = "〇○零一二两三四五六七八九壹贰叁"
_RUN = rf"[{_D}十百千万亿]{{1,{DIGITS_MAX}}}"
_ARABIC = rf"(?:[0-9]{{1,3}}(?:,[0-9]{{3}}){{1,6}}|[0-9]{{1,{DIGITS_MAX}}})(?:\.[0-9]{{1,{DIGITS_MAX}}})?"
_ONE = rf"(?:{_ARABIC})\s?[十百千万亿]*|{_RUN}(?:点[{_D}]{{1,{DIGITS_MAX}}}(?![十分半{_D}]))?"
_FIGURE = re.compile(
    rf"(?P<below>[百千万]|{_ONE})分之(?P<above>{_ONE})"
    rf"|(?P<tenths>{_ONE})成(?=[^立为员功本都绩果效熟长人品交]|$)"
    rf"|(?P<plain>{_ONE})(?P<percent>\s?%)?"
)
_AROUND = re.compile(r"[多余来]?\s?(?P<unit>[^\W\d_]?)")
_COUNTS_ONE = frozenset("月日号点楼期版届")

# What is counted, where the word says so beyond doubt: a sum of money is no number of people.
_KINDS = {
    unit: kind
    for kind, units in enumerate(("元块", "人名位", "年", "月", "日天号", "时点", "吨", "米", "亩", "岁"))
    for unit in units
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A value, how it was written, and the character after it, which may tell what is counted."""

    value: Fraction
    text: str
    unit: str = ""

    def agrees(self, other: Figure) -> bool:
        """Whether both are one value and do not plainly count different things."""
        if self.value != other.value:
            return False
        mine, theirs = _KINDS.get(self.unit), _KINDS.get(other.unit)
        return mine is None or theirs is None or mine == theirs


def figures(text: str) -> list[Figure]:
    """Every figure of a text, in its order."""
    plain = text.translate(_WIDE)
    return [figure for match in _FIGURE.finditer(plain) if (figure := _figure(plain, match))]


def _figure(text: str, match: re.Match[str]) -> Figure | None:
    unit = _AROUND.match(text, match.end())
    after = unit["unit"] if unit else ""
    if match["above"]:
        below = _value(match["below"]) if match["below"] not in _SMALL else Fraction(_SMALL[match["below"]])
        above = _value(match["above"])
        return Figure(above / below, match.group(), after) if above is not None and below else None
    if match["tenths"]:
        tenths = _value(match["tenths"])
        return Figure(tenths / 10, match.group(), after) if tenths is not None else None
    value = _value(match["plain"])
    if value is None or (match["plain"] == "一" and not _ranks(text, match.start(), after)):
        return None
    return Figure(value / 100 if match["percent"] else value, match.group(), after)


def _ranks(text: str, start: int, after: str) -> bool:
    return text[start - 1 : start] == "第" or after in _COUNTS_ONE


def _value(written: str) -> Fraction | None:
    """The value of one figure; `None` for a word that only looks like one (`百`, `千万`)."""
    written = re.sub(r"[,\s]", "", written)
    arabic = re.match(r"[0-9]+(?:\.[0-9]+)?", written)
    if arabic:
        scale = 1
        for unit in written[arabic.end() :]:
            scale *= (_SMALL | _LARGE)[unit]
        return Fraction(arabic.group()) * scale
    whole, _, decimals = written.partition("点")
    if not any(c in _DIGITS or c == "十" for c in whole):
        return None
    value = Fraction(_whole(whole))
    if decimals:
        value += Fraction(_positions(decimals), 10 ** len(decimals))
    return value


def _whole(run: str) -> int:
    if len(run) > 1 and all(c in _DIGITS for c in run):
        return _positions(run)  # a year or a number read out: 二〇二六
    total = section = digit = last = 0
    for c in run:
        if c in _DIGITS:
            digit, last = _DIGITS[c], last if _DIGITS[c] else 0
        elif c in _SMALL:
            section, digit, last = section + (digit or 1) * _SMALL[c], 0, _SMALL[c]
        elif c == "万":
            total, section, digit, last = total + (section + digit or 1) * _LARGE[c], 0, 0, _LARGE[c]
        else:
            total, section, digit, last = (total + section + digit or 1) * _LARGE[c], 0, 0, _LARGE[c]
    # 一千三 is 1300, 三万五 is 35000; 十三 and 一千零三 are as written.
    return total + section + digit * (last // 10 if last >= 100 else 1)


def _positions(digits: str) -> int:
    return int("".join(str(_DIGITS[c]) for c in digits))
