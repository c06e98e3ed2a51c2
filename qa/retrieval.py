"""Questions to passages: a dense and a lexical search, fused and weighed, without repeats.

Both legs score every candidate that either of them found, so that a passage is never punished for
having missed one leg's cut. A sum of z-scores chooses the candidates whose text is looked at: how much
of the question their best sentence meets, and how much their whole article does. A linear model over
these and the legs' scores, learned from questions with known articles, puts them in order.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib import resources

import numpy as np
import numpy.typing as npt

from embeddings.encoder import Vectors
from embeddings.index.catalog import Keys
from embeddings.index.snapshot import Snapshot
from embeddings.index.terms import Terms, query_terms
from embeddings.model import MODEL_NAME
from embeddings.records import Article, Filters, Hit, Passage
from embeddings.tokens import Tokenizer, normalised
from qa.coverage import Asked

# Share of the dense leg in the sum that chooses what is looked at.
DENSE_WEIGHT = 0.5
# Candidates whose text is looked at, some 0.1 ms each. R@1 and R@5 of crud-news are 0.599 and 0.797 with 16
# of them, 0.599 and 0.807 with 30; drcd-dev's do not change.
LOOKED_AT = 24
# A cosine of the built-in model, which lie close together, in units of this; of any other model, in the
# candidates' standard deviations.
COSINE_UNIT = 0.05
# Candidates taken from each leg. Of the dense one's 50 are as good as 100 (R@1 and R@5: drcd-dev 0.949 and
# 0.998 against 0.949 and 0.999, crud-news 0.555 and 0.782 against 0.545 and 0.782) and save 2 ms of 13;
# of the lexical one's 60 are worse (crud-news 0.540).
LEXICAL_DEPTH = 100
DENSE_DEPTH = 50
# One article may fill this many places of a result.
PASSAGES_PER_ARTICLE = 3
# Passages of different articles that share this much (Jaccard index of character pairs) are one story.
SAME_STORY = 0.8
# Differences below this are no differences.
ROUNDING = 1e-9
# Digits that scores are known to: a sum of float32 differs in its last ones with the order of its parts, and
# one text must score alike wherever it stands.
COSINE_DIGITS, BM25_DIGITS, SCORE_DIGITS = 5, 3, 6
# Hits are read from the catalog so many at a time: few are left out as a rule.
READ_AHEAD = 4

# A passage has some 250 pairs of characters: in so many bits hardly two of them meet.
SHAPE_BITS_LOG2 = 14
# Large odd numbers without a pattern (digits of pi); what is above 32 bits falls away.
_FIRST_FACTOR, _SECOND_FACTOR = np.uint32(0x243F6A89), np.uint32(0x13198A2F)

# Runs that are looked for before two texts are compared, and their length.
RUNS, RUN_CHARS = 8, 5

_NOT_ALNUM = re.compile(r"[\W_]+")

FEATURES = (
    "cosine",  # above the mean of the candidates
    "bm25",  # as a share of the question's rarity
    "sentence",  # share of the question's rarity that the passage's best sentence meets
    "article",  # the same for the whole article with its headline
)

Scores = npt.NDArray[np.float64]
Shape = int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage either leg found: cosine, BM25 sum, and their fusion; higher is better.

    A difference of 1 in `fused` makes a passage e times as likely to be the right one. `read` holds what
    the key stands for where it was looked at.
    """

    key: int
    dense: float
    lexical: float
    fused: float
    read: tuple[Passage, Article] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class LexicalLeg:
    """The terms of a question and the BM25 scores of the best passages that hold some of them, by key."""

    terms: Terms
    scores: dict[int, float]


def search_lexically(snapshot: Snapshot, tokenizer: Tokenizer, question: str, filters: Filters) -> LexicalLeg:
    """The lexical leg, which need not wait for the question's vector."""
    terms = query_terms(question, tokenizer, snapshot.names)
    return LexicalLeg(terms, dict(snapshot.terms.search(terms, LEXICAL_DEPTH, filters)))


def find_candidates(
    snapshot: Snapshot, leg: LexicalLeg, vector: Vectors, filters: Filters, k: int = 0
) -> list[Candidate]:
    """Candidates of both legs, enough for k hits, best first; empty when the filters let nothing through."""
    found = of_both_legs(snapshot, leg, vector, filters, k)
    looked_at = look_at(snapshot, found)
    rows = features(snapshot, leg, found, looked_at)
    return weighed(found, looked_at, rows @ np.array(fusion_weights()))


def of_both_legs(
    snapshot: Snapshot, leg: LexicalLeg, vector: Vectors, filters: Filters, k: int = 0
) -> list[Candidate]:
    """Candidates of both legs by the sum of z-scores, best first."""
    among = snapshot.catalog.keys(filters) if filters else None
    dense = dict(snapshot.vectors.search(vector, max(DENSE_DEPTH, k), among))
    lexical = dict(leg.scores)
    lexical |= _scores_of(snapshot, leg.terms, [key for key in dense if key not in lexical])
    only_lexical: Keys = np.array([key for key in lexical if key not in dense], np.int64)
    cosines = snapshot.vectors.cosines(only_lexical, vector)
    dense |= dict(zip(only_lexical.tolist(), cosines.tolist(), strict=True))
    return _fused(dense, lexical)


def _scores_of(snapshot: Snapshot, terms: Terms, keys: list[int]) -> dict[int, float]:
    """BM25 scores of these passages, those without any term left out; no filter has to be asked again."""
    return dict(snapshot.terms.search(terms, len(keys), Filters(), keys)) if keys else {}


def _fused(dense: dict[int, float], lexical: dict[int, float]) -> list[Candidate]:
    keys = sorted(dense)
    cosines = np.round([dense[key] for key in keys], COSINE_DIGITS)
    weights = np.round([lexical.get(key, 0.0) for key in keys], BM25_DIGITS)
    fused = DENSE_WEIGHT * z_scores(cosines) + (1 - DENSE_WEIGHT) * z_scores(weights)
    order = np.argsort(-fused, kind="stable")
    columns = (np.array(keys, np.int64), cosines, weights, fused)
    return list(map(Candidate, *(column[order].tolist() for column in columns)))


@cache
def fusion_weights() -> tuple[float, ...]:
    """The weights in the package, in the order of `FEATURES`; `tests/bench/fit_fusion.py` learns them."""
    stored = json.loads(resources.files("qa").joinpath("fusion.json").read_text(encoding="utf-8"))
    return tuple(float(stored["weights"][name]) for name in FEATURES)


def look_at(snapshot: Snapshot, found: list[Candidate]) -> list[Candidate]:
    """The first candidates with what they stand for."""
    end = min(LOOKED_AT, len(found))
    # Passages with one text score alike; which of them is looked at must not hang on when they were indexed.
    while 0 < end < len(found) and found[end].fused == found[end - 1].fused:
        end += 1
    read = snapshot.catalog.passages(candidate.key for candidate in found[:end])
    return [replace(c, read=read[c.key]) for c in found[:end] if c.key in read]


def features(
    snapshot: Snapshot, leg: LexicalLeg, found: Sequence[Candidate], looked_at: Sequence[Candidate]
) -> Scores:
    """`FEATURES` of the candidates that were looked at, [candidates, features]; `found` are all there are."""
    asked = Asked(leg.terms, snapshot.terms)
    cosines = np.array([candidate.dense for candidate in found], np.float64)
    built_in = snapshot.manifest.model == MODEL_NAME
    middle = cosines.mean() if len(cosines) else 0.0
    unit = COSINE_UNIT if built_in else max(float(cosines.std()) if len(cosines) else 0.0, ROUNDING)
    rows = [
        [(c.dense - middle) / unit, c.lexical / max(asked.rarity, 1.0), *asked.covered(*c.read)]
        for c in looked_at
        if c.read
    ]
    return np.array(rows, np.float64).reshape(len(rows), len(FEATURES))


def weighed(found: list[Candidate], looked_at: list[Candidate], scores: Scores) -> list[Candidate]:
    """Those that were looked at by their scores, and behind them the others in the order they had."""
    first = [replace(c, fused=round(float(s), SCORE_DIGITS)) for c, s in zip(looked_at, scores, strict=True)]
    first.sort(key=lambda candidate: (-candidate.fused, candidate.key))
    seen = {candidate.key for candidate in looked_at}
    rest = [candidate for candidate in found if candidate.key not in seen]
    if first and rest:
        drop = first[-1].fused - rest[0].fused - 10**-SCORE_DIGITS
        rest = [replace(c, fused=round(c.fused + drop, SCORE_DIGITS)) for c in rest]
    return first + rest


def z_scores(values: Scores) -> Scores:
    """Distance from the mean in standard deviations; zeros when all values are alike."""
    spread = values.std() if len(values) else 0.0
    # Not 0: the mean of equal floats may be off in its last digit.
    return (values - values.mean()) / spread if spread > ROUNDING else np.zeros_like(values)


def hits(snapshot: Snapshot, candidates: list[Candidate], k: int) -> list[Hit]:
    """The best k candidates as hits, at most a few an article and no story twice; may be shorter than k.

    Articles that print one text are told by their story, those that have a paragraph in common by its shape.
    """
    chosen: list[Hit] = []
    taken: Counter[str] = Counter()
    seen: list[tuple[str, _Wording]] = []
    printed_in: dict[str, str] = {}
    for passage, article, story, score in _in_order(snapshot, candidates[: 3 * k + 20], k + READ_AHEAD):
        if taken[article.id] >= PASSAGES_PER_ARTICLE or printed_in.get(story, article.id) != article.id:
            continue
        wording = _Wording(passage.text)
        if any(other != article.id and wording.is_alike(theirs) for other, theirs in seen):
            continue
        taken[article.id] += 1
        printed_in[story] = article.id
        seen.append((article.id, wording))
        chosen.append(Hit(len(chosen) + 1, score, passage, article))
        if len(chosen) == k:
            break
    return chosen


def _in_order(
    snapshot: Snapshot, candidates: list[Candidate], count: int
) -> Iterator[tuple[Passage, Article, str, float]]:
    """Candidates with what they stand for and its story, read from the catalog `count` or so at a time."""
    start = 0
    while start < len(candidates):
        end = start + count
        # Passages with one text score alike; which comes first must not hang on when they were indexed.
        while end < len(candidates) and candidates[end].fused == candidates[end - 1].fused:
            end += 1
        found = {candidate.key: candidate.read for candidate in candidates[start:end] if candidate.read}
        left = [candidate.key for candidate in candidates[start:end] if candidate.key not in found]
        if left:
            found |= snapshot.catalog.passages(left)
        stories = snapshot.catalog.stories(article.id for _, article in found.values())
        placed = [
            (passage, article, stories.get(article.id, article.id), candidate.fused)
            for candidate in candidates[start:end]
            if candidate.key in found
            for passage, article in (found[candidate.key],)
        ]
        yield from sorted(placed, key=lambda item: (-item[3], item[1].id, item[0].number))
        start = end


class _Wording:
    """A passage to compare with others; its shape is worked out once one of them has a run in common."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._letters = _NOT_ALNUM.sub("", normalised(text))

    @cached_property
    def shape(self) -> Shape:
        """See `_shape`."""
        return _shape(self._text)

    def is_alike(self, other: _Wording) -> bool:
        """Whether the two have most of their pairs of characters in common."""
        return _share_a_run(self._letters, other._letters) and _alike(self.shape, other.shape)


def _share_a_run(one: str, other: str) -> bool:
    """Whether one of a few runs of the shorter text stands in the longer; also where it is too short to tell.

    Of texts that share four fifths of their pairs all runs but one in a thousand times are broken at once.
    """
    shorter, longer = sorted((one, other), key=len)
    last = len(shorter) - RUN_CHARS
    return last < RUNS or any(shorter[i : i + RUN_CHARS] in longer for i in range(0, last, last // RUNS))


def _shape(text: str) -> Shape:
    """Pairs of neighbouring letters, digits and Han characters, each one bit of a hash of them."""
    kept = _NOT_ALNUM.sub("", normalised(text))
    if len(kept) == 1:  # it has a pair too
        kept += "\0"
    codes = np.frombuffer(kept.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint32)
    bits = np.zeros(1 << SHAPE_BITS_LOG2, np.bool_)
    # The upper bits of a product depend on all bits of its factors.
    bits[(codes[:-1] * _FIRST_FACTOR + codes[1:] * _SECOND_FACTOR) >> (32 - SHAPE_BITS_LOG2)] = True
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def _alike(one: Shape, other: Shape) -> bool:
    return (one & other).bit_count() >= SAME_STORY * (one | other).bit_count()
