"""Paragraphs cut by a column or a picture: where a sentence goes on, and putting it together."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from embeddings.layout.lines import Line, open_brackets
from embeddings.layout.topics import pairs

PICTURE = frozenset("credit credit_at_end caption_words after:credit folio furniture".split())
OPENER = re.compile(
    r"据(?:介绍|了解|悉|统计|记者)|近日|日前|近年来|今年|去年|目前|同时|此外|另外|随后|当天|当日|记者|为此|对此|下一步|其中|然而|但是|不过"
)
LIST_MARK = re.compile(
    r"\(?[一二三四五六七八九十0-9]{1,3}[)、.](?![0-9])|[●■◆▲★○◎□◇△☆※►▶·]|第[一二三四五六七八九十]+[,、条]|[一二三四五六]是"
)
UNIT = re.compile(r"[0-9%.年月日时分万亿元个人名家次米公吨斤多余]")
CLOSER_BEFORE_OPENER = re.compile(r"^[^“‘《(]{0,60}[”’》)]")
LATIN = re.compile(r"[A-Za-z]")
RIGHT = (("mid_sentence", re.compile(r"[,。、;:!?”’)》%]")), ("opener", OPENER), ("list_mark", LIST_MARK))
SEARCH_BACK = 4


class Seams:
    """What speaks for and against each line going on with the sentence that the text before it left open."""

    def __init__(self, lines: Sequence[Line], names: Sequence[Set[str]]) -> None:
        self._lines = lines
        self._names = names
        self._known: set[str] = set()
        for line in lines:
            self._known |= pairs(line.folded)

    def evidence(self, i: int) -> frozenset[str]:
        """Names of the evidence at line `i`; empty at the top."""
        before = self._text_before(i)
        if before is None:
            return frozenset()
        set_off = {"indented", "flush"} & self._names[i]
        return frozenset(seam(self._lines[before].folded, self._lines[i].folded, self._known) | set_off)

    def _text_before(self, i: int) -> int | None:
        """The nearest line above that is no picture text; the nearest of all if there is none."""
        for j in range(i - 1, max(-1, i - 1 - SEARCH_BACK), -1):
            if not self._names[j] & PICTURE and not self._stands_apart(j):
                return j
        return i - 1 if i else None

    def _stands_apart(self, j: int) -> bool:
        """A short line set off by a wide gap after a sentence that was left open: a bare caption."""
        seen = self._names[j]
        return j > 0 and "wide_gap" in seen and "ends_plain" in self._names[j - 1] and "chars>90" not in seen


def seam(left: str, right: str, known: Set[str]) -> set[str]:
    """Evidence about `right` going on where `left` stops (folded text); `known` are pairs of the page."""
    found = {name for name, pattern in RIGHT if pattern.match(right)}
    if open_brackets(left) and CLOSER_BEFORE_OPENER.match(right):
        found.add("closes_quote")
    if left[-1].isdigit() and UNIT.match(right):
        found.add("unit_after_digit")
    if LATIN.match(left[-1]) and LATIN.match(right[0]):
        found.add("latin")
    if left[-1] + right[0] in known:
        found.add("known_pair")
    if right[0] == "“" and left[-1] not in ",:、":
        found.add("quote_opens")
    return found


def close_up(pieces: Sequence[str]) -> str:
    """The pieces of one paragraph as it read before it was cut: Chinese needs no space between."""
    return "".join(pieces)
