"""Questions to passages: a dense and a lexical search, fused, without repeats.

Both legs score every candidate that either of them found, so that a passage is never punished for
having missed one leg's cut. Scores are made comparable as z-scores over the candidates and added
with fixed weights: unlike ranks, they keep how far apart two passages are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from embeddings.encoder import Vectors
from embeddings.index.catalog import Keys
from embeddings.index.snapshot import Snapshot
from embeddings.index.terms import query_terms
from embeddings.records import Article, Filters, Hit, Passage
from embeddings.tokens import Tokenizer, normalised

# Share of the dense leg in the fused score. R@1 and R@5 at 0.4: drcd-dev 0.949 and 0.999, crud-news 0.545 and
# 0.797; at 0.6: 0.949 and 0.998, 0.505 and 0.738 (`make eval-shared PRECISION=bfloat16`).
DENSE_WEIGHT = 0.4
# Candidates taken from each leg.
DEPTH = 100
# One article may fill this many places of a result.
PASSAGES_PER_ARTICLE = 3
# Passages of different articles that share this much (Jaccard index of character pairs) are one story.
SAME_STORY = 0.8
# Differences below this are no differences.
ROUNDING = 1e-9

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage either leg found: cosine, BM25 sum, and their fusion; higher is better."""

    key: int
    dense: float
    lexical: float
    fused: float


def find_candidates(
    snapshot: Snapshot, tokenizer: Tokenizer, question: str, vector: Vectors, filters: Filters
) -> list[Candidate]:
    """Candidates of both legs, best first; empty when the filters let nothing through."""
    among = snapshot.catalog.keys(filters) if filters else None
    dense = dict(snapshot.vectors.search(vector, DEPTH, among))
    terms = query_terms(question, tokenizer, snapshot.names)
    lexical = dict(snapshot.terms.search(terms, DEPTH, filters))
    only_dense = [key for key in dense if key not in lexical]
    lexical |= dict(snapshot.terms.search(terms, len(only_dense) or 1, filters, only_dense))
    only_lexical: Keys = np.array([key for key in lexical if key not in dense], np.int64)
    cosines = snapshot.vectors.vectors(only_lexical) @ vector
    dense |= {int(key): float(score) for key, score in zip(only_lexical, cosines, strict=True)}
    return _fused(dense, lexical)


def _fused(dense: dict[int, float], lexical: dict[int, float]) -> list[Candidate]:
    keys = sorted(dense)
    cosines = np.array([dense[key] for key in keys])
    weights = np.array([lexical.get(key, 0.0) for key in keys])
    fused = DENSE_WEIGHT * z_scores(cosines) + (1 - DENSE_WEIGHT) * z_scores(weights)
    order = np.argsort(-fused, kind="stable")
    return [Candidate(keys[i], float(cosines[i]), float(weights[i]), float(fused[i])) for i in order]


def z_scores(values: Scores) -> Scores:
    """Distance from the mean in standard deviations; zeros when all values are alike."""
    spread = values.std() if len(values) else 0.0
    # Not 0: the mean of equal floats may be off in its last digit.
    return (values - values.mean()) / spread if spread > ROUNDING else np.zeros_like(values)


def hits(snapshot: Snapshot, candidates: list[Candidate], k: int) -> list[Hit]:
    """The best k candidates as hits, at most a few an article and no story twice; may be shorter than k."""
    chosen: list[Hit] = []
    taken: Counter[str] = Counter()
    seen: list[tuple[str, frozenset[str]]] = []
    for passage, article, score in _in_order(snapshot, candidates, 3 * k + 20):
        if taken[article.id] >= PASSAGES_PER_ARTICLE:
            continue
        shape = _shape(passage.text)
        if any(other != article.id and _alike(shape, theirs) for other, theirs in seen):
            continue
        taken[article.id] += 1
        seen.append((article.id, shape))
        chosen.append(Hit(len(chosen) + 1, score, passage, article))
        if len(chosen) == k:
            break
    return chosen


def _in_order(
    snapshot: Snapshot, candidates: list[Candidate], limit: int
) -> list[tuple[Passage, Article, float]]:
    found = snapshot.catalog.passages(candidate.key for candidate in candidates[:limit])
    placed = [(*found[c.key], c.fused) for c in candidates[:limit] if c.key in found]
    # Passages with one text score alike; which comes first must not hang on when they were indexed.
    return sorted(placed, key=lambda item: (-item[2], item[1].id, item[0].number))


def _shape(text: str) -> frozenset[str]:
    """Pairs of neighbouring letters, digits and Han characters."""
    kept = "".join(c for c in normalised(text) if c.isalnum())
    return frozenset(kept[i : i + 2] for i in range(max(1, len(kept) - 1)))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= SAME_STORY * len(one | other)
