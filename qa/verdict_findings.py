"""How what a question claims and a sentence meet: by words, by opposites, by figures, by names.

The claim's predicate, which stands at its end, is looked for in the sentence: by the same words or by words
of the same side of a scale (`qa.verdict_words`), each with the number of negations shortly before it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from qa.figures import figures
from qa.verdict_figures import figures_met
from qa.verdict_roles import other_in_place
from qa.verdict_words import (
    NEGATION_REACH_CHARS,
    ONLY,
    PART,
    SAYS_NO,
    SAYS_YES,
    SCALES,
    TO_COME,
    WHOLE,
    is_empty,
    negations,
)

# What is longer is no question of a person and no sentence of a newspaper: its head is read.
CHARS_MAX = 400
# The predicate of a Chinese question stands in its last characters, and so does the word on a scale.
TAIL_CHARS = 6
END_CHARS = 1
SCALE_CHARS = 10
ANCHOR_CHARS = 2

# One after the other may stand at the end (`对吗`, `了没有呢`), never many.
_TAIL = re.compile(
    r"[,，]?(?:对不对|是不是|有这回事吗?|是这样吗?|没有|与否|(?:是真的|真的|对|是|好|行|没错)?[吗嘛么吧呢啊]|不是|不|没)$"
)
_TAILS_MAX = 2
_END = re.compile(r"[?？!！。~～]+|\.+$")
_A_NOT_A = re.compile(r"是不是|是否|([\u4e00-\u9fff])[不没]\1")
_ABLE = re.compile(r"[能可]否")
_ASKS = re.compile(r"^问[:：]|[?？][”\"」』]?$")
_DONE = re.compile(r"已|了(?:$|(?=的))|完")
_CLAUSE = re.compile(r"[,，。;；!！?？\n:：]")
# What a negation does not reach across.
_BREAKS = re.compile(r"[,，。;；!！?？\n:：也就则却]")
_CORRECTED = re.compile(
    r"[“\"]?([^“”\"，。,;；]{1,30})[”\"]?(?:系|有误,?)?应为[“\"]?([^“”\"，。,;；]{1,30})[”\"]?"
)


@dataclass(frozen=True, slots=True)
class Findings:
    """How a claim and a sentence meet.

    `says` is a plain yes (1) or no (-1) at the sentence's head; `asks`: it is a question itself. `agrees`
    and `differs` count the scales on which claim and sentence stand on one side and on opposite ones. `meets`
    tells whether the words of the predicate stand in the sentence with the same polarity (1), the other (-1)
    or not at all (0). `same` and `other` count figures that it has, and figures and names for which it has
    another. `whole` and `whole_met`: claim and sentence say "all"; `partial`: the sentence says "a part";
    `only`: the claim says "no more than", the sentence does not; `open`: claimed as done, told as to come.
    `met` is the share of the predicate that the sentence holds, 0 to 1, `topic` that of the whole claim with
    the context. `wanted` is what the sentence has instead.
    """

    says: int = 0
    asks: bool = False
    agrees: int = 0
    differs: int = 0
    meets: int = 0
    same: int = 0
    other: int = 0
    whole: bool = False
    whole_met: bool = False
    partial: bool = False
    only: bool = False
    open: bool = False
    met: float = 0.0
    topic: float = 0.0
    wanted: str = ""


def findings(question: str, sentence: str, context: str = "") -> Findings:
    """Lay a question's claim beside a sentence."""
    told, said = claim(question), _plain(sentence)
    nearest = _nearest_clause(told, said)
    scales = _met_scales(told, said, nearest)
    met, meets = _met_tail(told, said)
    same, other, wanted = figures_met(told, said)
    name, right = other_in_place(told, said), _put_right(told, said)
    return Findings(
        says=-1 if right else _plainly(said),
        asks=bool(_ASKS.search(said)),
        agrees=scales.count(1),
        differs=scales.count(-1),
        meets=meets,
        same=same,
        other=other + bool(name),
        whole=bool(WHOLE.search(told)),
        whole_met=bool(WHOLE.search(said)),
        partial=bool(PART.search(said)),
        only=bool(ONLY.search(told)) and not ONLY.search(said),
        open=bool(_DONE.search(told) and TO_COME.search(said[nearest.start : nearest.stop])),
        met=met,
        topic=_share(told, said + "\n" + _plain(context)),
        wanted=right or wanted or name,
    )


def claim(question: str) -> str:
    """What a yes/no question claims: without what asks, `是否` and `有没有` made plain."""
    first = next((part for part in _END.split(_plain(question)) if part), "")
    told = first
    for _ in range(_TAILS_MAX):
        told = _TAIL.sub("", told) or told
    told = _A_NOT_A.sub(lambda match: "是" if match.group().startswith("是") else match[1], told)
    return _ABLE.sub("能", told)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", "".join(text[:CHARS_MAX].split()))[:CHARS_MAX]


def _plainly(said: str) -> int:
    if SAYS_NO.search(said):
        return -1
    return 1 if SAYS_YES.search(said) else 0


@cache
def _scales() -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
    return tuple((re.compile(one), re.compile(other)) for one, other in SCALES)


def _met_scales(told: str, said: str, nearest: range) -> list[int]:
    """For every scale of which both speak: 1 when they stand on one side of it, -1 when on opposite ones."""
    met = []
    denied, denied_said = negations(told), negations(said)
    for sides in _scales():
        asked = [side for side in _sides(sides, told, denied) if side[0] >= len(told) - SCALE_CHARS]
        answered = _sides(sides, said, denied_said)
        if not asked or not answered:
            continue
        signs = {sign for _, sign in answered}
        if len(signs) > 1:
            signs = {sign for start, sign in answered if start in nearest} or signs
        if len(signs) == 1:
            met.append(1 if asked[-1][1] in signs else -1)
    return met


def _nearest_clause(told: str, said: str) -> range:
    """The clause of the sentence that shares most with the claim."""
    ends = [match.end() for match in _CLAUSE.finditer(said)]
    clauses = [range(a, b) for a, b in zip([0, *ends], [*ends, len(said)], strict=True)]
    return max(clauses, key=lambda clause: _share(told, said[clause.start : clause.stop]))


def _sides(
    sides: tuple[re.Pattern[str], re.Pattern[str]], text: str, denied: list[int]
) -> list[tuple[int, int]]:
    """Where a text speaks of a scale and on which side (1, -1), in order."""
    places = sorted(
        (match.start(), -match.end(), sign)
        for sign, side in zip((1, -1), sides, strict=True)
        for match in side.finditer(text)
    )
    found: list[tuple[int, int]] = []
    reached = -1
    for start, end, sign in places:
        if -end > reached:  # 收费 inside of 不收费 is no word of its own
            found.append((start, sign * _polarity(text, start, denied)))
            reached = -end
    return found


def _polarity(text: str, start: int, denied: list[int]) -> int:
    """-1 when an odd number of negations of the same clause stand shortly before a place, else 1."""
    near = text[max(0, start - NEGATION_REACH_CHARS) : start]
    breaks = [match.end() for match in _BREAKS.finditer(near)]
    begins = start - len(near) + (breaks[-1] if breaks else 0)
    count = sum(1 for end in denied if begins < end <= start)
    return -1 if count % 2 else 1


def _met_tail(told: str, said: str) -> tuple[float, int]:
    """`met` and `meets` of the findings."""
    begins = _tail_start(told)
    anchors = _anchors(told, begins, said)
    counted = [i for i in range(begins, len(told)) if not is_empty(told[i])]
    covered = {i for start, end in anchors for i in range(start, end)}
    met = sum(1 for i in counted if i in covered) / len(counted) if counted else 0.0
    if not anchors or not counted or not covered.intersection(counted[-END_CHARS:]):
        return met, 0
    start, end = anchors[-1]
    word = told[start:end]
    mine = _polarity(told, start, negations(told))
    denied = negations(said)
    theirs = {_polarity(said, match.start(), denied) for match in re.finditer(re.escape(word), said)}
    return met, 1 if mine in theirs else -1


def _tail_start(told: str) -> int:
    """Where the last characters that say something begin: after `有` in `有没有二胡`."""
    has = told.rfind("有", -TAIL_CHARS - 1)
    if 0 < has < len(told) - 1 and told[has - 1] not in "没所拥具还":
        return has + 1
    left = TAIL_CHARS
    for i in range(len(told) - 1, -1, -1):
        left -= not is_empty(told[i])
        if left == 0:
            return i
    return 0


def _anchors(told: str, begins: int, said: str) -> list[tuple[int, int]]:
    """The longest runs of the claim, from `begins` on, that the sentence holds."""
    found = []
    at = begins
    while at < len(told):
        end = at
        while end < len(told) and told[at : end + 1] in said:
            end += 1
        if end - at >= ANCHOR_CHARS and not all(is_empty(c) for c in told[at:end]):
            found.append((at, end))
            at = end
        else:
            at += 1
    return found


def _share(told: str, said: str) -> float:
    counted = [i for i in range(len(told)) if not is_empty(told[i])]
    covered = {i for start, end in _anchors(told, 0, said) for i in range(start, end)}
    return sum(1 for i in counted if i in covered) / len(counted) if counted else 0.0


def _put_right(told: str, said: str) -> str:
    """What `“六百公顷”应为“六十公顷”` puts in the place of the claim's words; empty when it does not."""
    for found in _CORRECTED.finditer(said):
        claimed = figures(found[1])
        if found[1] in told or any(one.agrees(other) for one in claimed for other in figures(told)):
            return found[2]
    return ""
