"""What two articles have in common: the wording of one, and whether two wordings are one text.

Reprints differ in headline, dateline, punctuation and in how much was cut from the end. Notices and reports
made from one template have most of their text in common, too, but count different things: where both count
something, they have to count the same.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from embeddings.layout.bylines import DATELINE_CHARS, LEAD_BYLINE, dateline_match
from embeddings.layout.lines import FOLD
from embeddings.records import Article, content_hash
from embeddings.tokens import normalised

# Texts with fewer letters, digits and Han characters are one only when nothing differs, title included.
SHORT_CHARS = 60
SHINGLE_CHARS = 4
# Share of the shorter text's shingles that the longer one has to hold, and of the longer text's length that
# the shorter one has to have: a copy may be cut to half, but a brief is no copy of the round-up it is in.
HELD_SHARE = 0.8
LENGTH_SHARE = 0.5
# One figure in so many may differ (a misprint, a misread character). At 10, more variants of seeds/ with half
# of their figures changed pass for reprints (0.10 instead of 0.07); at 20, fewer copies with 2 % of their
# characters misread do (0.91 instead of 0.96).
FIGURES_A_SLIP = 15
# Characters on either side of a figure that say what it counts.
CONTEXT_CHARS = 2

_NUMBER_GROUP = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_FIGURE = re.compile(r"([0-9]+(?:\.[0-9]+)*|[零〇一二三四五六七八九十百千万亿两]+)")
_HAN_DIGITS = str.maketrans("零〇一二三四五六七八九两", "001234567892")
_NOT_KEPT = re.compile(r"[\W_]+")
# Odd numbers without a pattern: digits of pi.
_SHINGLE_FACTORS = np.array(
    [0x243F6A8885A308D3, 0x13198A2E03707345, 0xA4093822299F31D1, 0x082EFA98EC4E6C89], np.uint64
)


@dataclass(frozen=True, slots=True)
class Wording:
    """What of an article is compared: its letters, digits and Han characters, and the figures among them.

    `figures` are pairs of 32-bit hashes, what the figure counts and the figure, as one integer each.
    """

    digest: str
    plain: str
    figures: frozenset[int]

    @property
    def short(self) -> bool:
        """Whether only the very same text is the same story."""
        return len(self.plain) < SHORT_CHARS


def wording_of(article: Article) -> Wording:
    """An article's wording; where it has no body, that of its captions."""
    wording = _wording(article.body, article.captions)
    if not wording.short:
        return wording
    # Texts without a word have nothing in common.
    unlike = "" if wording.plain else article.id
    headline = _NOT_KEPT.sub("", normalised(article.headline))
    return replace(wording, digest=content_hash(wording.digest, headline, unlike))


def _wording(body: str, captions: Iterable[str]) -> Wording:
    text = _without_lead(body if body.strip() else "\n".join(captions))
    parts = _FIGURE.split(_NUMBER_GROUP.sub("", normalised(text)))
    parts[::2] = [_NOT_KEPT.sub("", part) for part in parts[::2]]
    plain, figures = "".join(parts), parts[1::2]
    found = frozenset(_figures("\0".join(parts[::2]), figures))
    return Wording(content_hash(plain, " ".join(figures)), plain, found)


def shingles_of(body: str, captions: Iterable[str]) -> frozenset[str]:
    """Every run of `SHINGLE_CHARS` characters of an article's wording."""
    plain = _wording(body, captions).plain
    return frozenset(plain[i : i + SHINGLE_CHARS] for i in range(len(plain) - SHINGLE_CHARS + 1))


def _without_lead(text: str) -> str:
    """The text behind `新华社江城10月12日电(记者 甲)`: papers print their own, and its day is no figure."""
    head = text[: 2 * DATELINE_CHARS].translate(FOLD)
    lead = dateline_match(head)
    if not lead:
        return text
    names = LEAD_BYLINE.match(head, lead.end())
    return text[(names or lead).end() :]


def _figures(masked: str, figures: list[str]) -> Iterator[int]:
    places = (i for i, character in enumerate(masked) if character == "\0")
    for i, figure in zip(places, figures, strict=True):
        context = masked[max(0, i - CONTEXT_CHARS) : i + CONTEXT_CHARS + 1]
        yield _hash32(context) << 32 | _hash32(_value(figure))


def _value(figure: str) -> str:
    """`07` and `七` as `7`; longer numbers in Han characters stay as they are."""
    return figure.translate(_HAN_DIGITS) if len(figure) == 1 else figure.lstrip("0") or "0"


def _hash32(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def same_figures(one: frozenset[int], other: frozenset[int]) -> bool:
    """Whether hardly anything is counted by one figure here and by another there.

    What only one of the texts counts says nothing: it may have been cut from the other.
    """
    here, there = (Counter(figure >> 32 for figure in only) for only in (one - other, other - one))
    return (here & there).total() <= min(len(one), len(other)) // FIGURES_A_SLIP


def same_text(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether one text holds most of the other's shingles and is not much longer."""
    shorter, longer = sorted((len(one), len(other)))
    return shorter >= LENGTH_SHARE * longer and len(one & other) >= HELD_SHARE * shorter


def shingle_hashes(plain: str) -> list[int]:
    """32-bit hashes of the shingles of a text, ascending, each once."""
    codes = np.frombuffer(plain.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    count = len(codes) - SHINGLE_CHARS + 1
    sums = sum(codes[i : count + i] * factor for i, factor in enumerate(_SHINGLE_FACTORS))
    return [int(value) for value in np.unique(sums >> np.uint64(32))]
