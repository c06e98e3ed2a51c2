"""Paragraphs cut by a column or a picture: where a sentence goes on, and putting it together."""

from __future__ import annotations

import re
from collections.abc import Sequence

from embeddings.layout.features import Features, open_brackets
from embeddings.layout.lines import Line
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
SEARCH_BACK = 4


class Seams:
    """How likely each line goes on with the sentence that the text before it left open."""

    def __init__(self, lines: Sequence[Line], features: Sequence[Features]) -> None:
        self._lines = lines
        self._features = features
        self._known: set[str] = set()
        for line in lines:
            self._known |= pairs(line.folded)

    def score(self, i: int) -> float:
        """Positive where line `i` reads as the rest of the text above it, about -4..6; 0 at the top."""
        before = self._text_before(i)
        if before is None:
            return 0.0
        return seam(self._lines[before].folded, self._lines[i].folded, self._known) + self._indent(i)

    def _text_before(self, i: int) -> int | None:
        """The nearest line above that is no picture text; the nearest of all if there is none."""
        for j in range(i - 1, max(-1, i - 1 - SEARCH_BACK), -1):
            if not self._features[j].names & PICTURE and not self._stands_apart(j):
                return j
        return i - 1 if i else None

    def _stands_apart(self, j: int) -> bool:
        """A short line set off by a wide gap after a sentence that was left open: a bare caption."""
        seen = self._features[j]
        return (
            j > 0 and "wide_gap" in seen and "ends_plain" in self._features[j - 1] and "chars>90" not in seen
        )

    def _indent(self, i: int) -> float:
        names = self._features[i].names
        return -3.0 if "indented" in names else 2.0 if "flush" in names else 0.0


def seam(left: str, right: str, known: set[str]) -> float:
    """Evidence that `right` goes on where `left` stops (folded text); `known` are pairs of the page."""
    score = 0.0
    if right[0] in ",。、;:!?”’)》%":
        score += 4.0
    if open_brackets(left) and CLOSER_BEFORE_OPENER.match(right):
        score += 2.5
    if left[-1].isdigit() and UNIT.match(right):
        score += 2.0
    if left[-1].isascii() and left[-1].isalpha() and right[0].isascii() and right[0].isalpha():
        score += 1.5
    if left[-1] + right[0] in known:
        score += 1.0
    if OPENER.match(right):
        score -= 1.5
    if LIST_MARK.match(right):
        score -= 4.0
    if right[0] == "“" and left[-1] not in ",:、":
        score -= 1.0
    return score


def close_up(pieces: Sequence[str]) -> str:
    """The pieces of one paragraph as it read before it was cut: Chinese needs no space between."""
    return "".join(pieces)
