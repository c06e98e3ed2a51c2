"""What two stretches of a page have in common, by pairs of characters.

A headline shares words with the story below it, a sub-head stands inside a story that goes on. Pairs
that many lines of the page use say little and count little.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence, Set

from embeddings.layout.lines import Line

WORDS = re.compile(r"[一-鿿0-9A-Za-z]+")
WINDOW_LINES = 8
REACH_LINES = 12
# About ten rare pairs: a line or two of text cannot show that a story goes on.
SMOOTHING = 40.0
LINE_PAIRS_CHARS = 700


class Topics:
    """The pairs of a page, weighted by how few of its lines use them."""

    def __init__(self, lines: list[Line]) -> None:
        self._pairs = [pairs(line.folded[:LINE_PAIRS_CHARS]) for line in lines]
        used = Counter(pair for found in self._pairs for pair in found)
        self._rarity = {pair: math.log((1 + len(lines)) / count) for pair, count in used.items()}

    def measure(self, i: int, headings: Sequence[bool]) -> dict[str, float]:
        """How a heading at line `i` belongs with the text below and above it.

        `headings[k]` says whether line `k` may be a heading. `title_pull` is the share of the heading
        found below less the share found above (-1..1); `continuity` is the share that the text below
        has in common with the text above (0..1).
        """
        below, above = self._below(i, headings), self._above(i, headings)
        own = self._pairs[i]
        pull = (self._weight(own & below) - self._weight(own & above)) / (self._weight(own) or 1.0)
        smaller = min(self._weight(below), self._weight(above))
        continuity = self._weight(below & above) / (smaller + SMOOTHING)
        return {"title_pull": pull, "continuity": continuity}

    def _weight(self, shared: Set[str]) -> float:
        """Sum over pairs of the log of how rare each is on the page."""
        # `fsum`: the order of a set changes from run to run, and the reading of a page must not.
        return math.fsum(self._rarity[pair] for pair in shared)

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


def pairs(folded: str) -> Set[str]:
    """Pairs of adjacent characters inside words."""
    found: set[str] = set()
    for word in WORDS.findall(folded):
        found.update(word[k : k + 2] for k in range(len(word) - 1))
    return found
