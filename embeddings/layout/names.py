"""Names of people as printed, with blanks inside them or none between them -> the names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from embeddings.layout.bylines import HAN
from embeddings.layout.lines import FOLD
from embeddings.layout.pieces import Piece, cut_pieces
from embeddings.layout.surnames import COMPOUND_SURNAMES, NAME_SCORE_MIN, SURNAME_WEIGHTS, is_pair, name_score

DIVIDED_CHARS_MAX = 16
NAMES_CHARS = 40
BETWEEN_NAMES = re.compile("[、, ]+")
JOINERS = ("和", "与", "及", "等")
JOINED_PAIR = re.compile(r"(?P<one>.{2,3})[和与及](?P<other>.{2,3})")


def looks_like_name(text: str) -> float:
    """How much a short text looks like one or several names of people, 0 to 1.

    From how common the surname is, the length, and whether it is a word that only begins with a
    surname; of several names (parted by blanks or 、) the least likely one counts. A character that
    belongs to no name makes it 0.
    """
    folded = text[: NAMES_CHARS + 1].translate(FOLD).strip()
    if len(folded) > NAMES_CHARS or not re.fullmatch(rf"[{HAN}·、, ]+", folded):
        return 0.0
    names = close_names(list(cut_pieces(folded)))
    if sum(map(len, names)) < len(BETWEEN_NAMES.sub("", folded)):
        return 0.0
    return min(map(name_score, names), default=0.0)


def close_names(words: Sequence[Piece]) -> list[str]:
    """The words with blanks inside names closed: `李 明 王晓红` -> 李明, 王晓红."""
    names: list[str] = []
    pending = ""  # what a name may go on from: single characters, a compound surname
    for piece in words:
        word, apart = piece.text, bool(piece.gap.strip())
        if apart or (word in COMPOUND_SURNAMES and len(pending) > 1):
            names, pending = names + _spaced(pending), ""
        if len(word) == 1 or (word in COMPOUND_SURNAMES and not pending):
            pending += word
        elif joined := _with_given(pending, word):
            names, pending = names + joined, ""
        elif word.isascii() and names and names[-1].isascii() and not apart:
            names[-1] += f" {word}"
        else:
            names, pending = [*names, *_spaced(pending), word], ""
    return names + _spaced(pending)


def _with_given(pending: str, word: str) -> list[str]:
    """`欧阳` and `文静`, `李明王` and `晓红` -> the names they make; empty where `word` stands alone."""
    if len(word) != 2 or pending in ("", *JOINERS):
        return []
    if pending in COMPOUND_SURNAMES:
        return [pending + word]
    begins = len(pending) % 2 == 1 and pending[-1] in SURNAME_WEIGHTS
    if not begins or (len(pending) > 1 and name_score(word) >= NAME_SCORE_MIN):
        return []
    return [*_spaced(pending[:-1]), pending[-1] + word]


def _spaced(characters: str) -> list[str]:
    """Characters printed one by one: pairs where every second one is a surname."""
    if len(characters) < 2:
        return []
    if len(characters) % 2 == 0 and all(c in SURNAME_WEIGHTS for c in characters[::2]):
        return [characters[i : i + 2] for i in range(0, len(characters), 2)]
    return [characters] if len(characters) <= 4 else divide_names(characters)


def divide_names(run: str) -> list[str]:
    """Names set without a blank, cut where the likeliest names come out; empty where none do."""
    if is_pair(run):
        return [run[:2], run[2:]]
    if not 4 < len(run) <= DIVIDED_CHARS_MAX:
        return []
    if match := JOINED_PAIR.fullmatch(run):
        pair = [match["one"], match["other"]]
        if min(map(name_score, pair)) >= NAME_SCORE_MIN:
            return pair
    best: list[tuple[float, list[str]]] = [(1.0, [])]
    for end in range(1, len(run) + 1):
        ends = [(0.0, list[str]())]
        for size in range(2, min(4, end) + 1):
            likely, names = best[end - size]
            score = name_score(run[end - size : end])
            ends.append((likely * score if score >= NAME_SCORE_MIN else 0.0, [*names, run[end - size : end]]))
        best.append(max(ends, key=lambda item: item[0]))
    likely, names = best[-1]
    return names if likely > 0 else []
