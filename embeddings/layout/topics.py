"""What two stretches of a page have in common, by pairs of characters.

A headline shares words with the story below it, a sub-head stands inside a story that goes on. Pairs
that most news uses say little and count little: `pairs.json` holds how rare the common ones are.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence, Set
from functools import cache
from importlib.resources import files

from embeddings.layout.lines import Line

FILE = "pairs.json"
# Width of the file's bands of log rarity.
BAND = 0.25
WORDS = re.compile(r"[一-鿿0-9A-Za-z]+")
WINDOW_LINES = 8
REACH_LINES = 16
HEADINGS_BACK = 4
# About ten rare pairs: a line or two of text cannot show that a story goes on.
SMOOTHING = 40.0
RARE_SMOOTHING = 5.0
# Natural logarithms: what a pair that is in no band counts, less than which it is not rare, and what all
# news shares.
RAREST, RARE, SHARED_BY_ALL = 6.0, 5.0, 1.0
LINE_PAIRS_CHARS = 700
# What nine of ten sub-heads have in common stays under these: they stand for 1.
KIN, RARE_KIN = 0.125, 0.085


class Topics:
    """The pairs of each line of a page."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._pairs = [pairs(line.folded[:LINE_PAIRS_CHARS]) for line in lines]

    def measure(self, i: int, headings: Sequence[bool]) -> dict[str, float]:
        """How line `i` belongs with the text below and above it, all between -1 and 1.

        `headings[k]` says whether line `k` may be a heading. For a heading: `title_pull` is the share of
        it found below less the share found above; `continuity` the share that the text below has in
        common with the text above, `rare_continuity` the same of names and other rare words alone;
        `older_heading` the most that the text below has of a heading further up; `lead_share` the share
        found in the first paragraph below. For text: `kinship`, what it has in common with the text above.
        """
        above = self._above(i, headings)
        if not headings[i]:
            return {"kinship": _spread(self._common(self._pairs[i], above), KIN)}
        own, below = self._pairs[i], self._below(i, headings)
        smaller = min(len(below), len(above))
        shared_rare = sum(rarity(pair) >= RARE - SHARED_BY_ALL for pair in below & above)
        return {
            "title_pull": self._share(own, below) - self._share(own, above),
            "continuity": _spread(self._common(below, above), KIN),
            "rare_continuity": _spread(shared_rare / (smaller + RARE_SMOOTHING), RARE_KIN),
            "older_heading": self._older_heading(i, below, headings),
            "lead_share": self._share(own, self._lead(i, headings)),
        }

    def _lead(self, i: int, headings: Sequence[bool]) -> Set[str]:
        """Pairs of the first line of text below."""
        reach = range(i + 1, min(i + 1 + REACH_LINES, len(self._pairs)))
        return next((self._pairs[j] for j in reach if not headings[j]), frozenset())

    def _older_heading(self, i: int, below: Set[str], headings: Sequence[bool]) -> float:
        above = [j for j in range(max(0, i - 2 * REACH_LINES), i) if headings[j]][-HEADINGS_BACK:]
        return max((self._share(self._pairs[j], below) for j in above), default=0.0)

    @staticmethod
    def _share(own: Set[str], other: Set[str]) -> float:
        """Share of `own`, by weight, that `other` has too."""
        return weight(own & other) / (weight(own) or 1.0)

    @staticmethod
    def _common(one: Set[str], other: Set[str]) -> float:
        return weight(one & other) / (min(weight(one), weight(other)) + SMOOTHING)

    def _below(self, i: int, headings: Sequence[bool]) -> Set[str]:
        """Pairs of the text that follows, up to the next heading after it."""
        chosen: list[int] = []
        for j in range(i + 1, min(i + 1 + REACH_LINES, len(self._pairs))):
            if not headings[j]:
                chosen.append(j)
            elif chosen:
                break
        return self._union(chosen[:WINDOW_LINES])

    def _above(self, i: int, headings: Sequence[bool]) -> Set[str]:
        """Pairs of the text before, across headings: a story with sub-heads is longer than a section."""
        chosen = [j for j in range(i - 1, max(-1, i - 1 - REACH_LINES), -1) if not headings[j]]
        return self._union(chosen[:WINDOW_LINES])

    def _union(self, chosen: Sequence[int]) -> Set[str]:
        return frozenset().union(*(self._pairs[j] for j in chosen))


def _spread(value: float, full: float) -> float:
    """The value as a share of what counts as much, so that all measures are of one size."""
    return min(1.0, value / full)


def pairs(folded: str) -> Set[str]:
    """Pairs of adjacent characters inside words."""
    found: set[str] = set()
    for word in WORDS.findall(folded):
        found.update(word[k : k + 2] for k in range(len(word) - 1))
    return found


def weight(shared: Set[str]) -> float:
    """Sum of how rare the pairs are."""
    # `fsum`: the order of a set changes from run to run, and the reading of a page must not.
    return math.fsum(rarity(pair) for pair in shared)


def rarity(pair: str) -> float:
    """Log of how few articles use the pair, less what all share; between 0 and `RAREST - SHARED_BY_ALL`."""
    return _rarities().get(pair, RAREST - SHARED_BY_ALL)


@cache
def _rarities() -> dict[str, float]:
    bands = json.loads(files(__package__).joinpath(FILE).read_text("utf-8"))["bands"]
    return {
        band[k : k + 2]: max(0.0, int(number) * BAND - SHARED_BY_ALL)
        for number, band in bands.items()
        for k in range(0, len(band), 2)
    }
