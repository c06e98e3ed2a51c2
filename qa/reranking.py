"""A second look at the first hits: how likely the answer stands in each.

A `Reranker` scores passages for a question; what it says is weighed with what the search says. The built-in
one is the span reader, whose spans are needed for the answer anyway; `reranker` in the settings names a
`sentence_transformers.CrossEncoder` to be used instead.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib import resources
from typing import Any, Protocol

from embeddings.errors import ModelUnavailable
from embeddings.records import Hit
from qa.spans import Span

# Hits this far behind the first one in score are not worth reading: e to this power less likely. R@1 without
# reading, with margins of 1, 2 and 4, and passages read on average: own 0.969, 0.975, 0.975, 0.975 (1.1, 1.2
# and 1.6); crud-news 0.609, 0.614 to 0.619 (2.2, 2.8 and 3.5).
MARGIN = 2.0
READ_AT_LEAST, READ_AT_MOST = 2, 4
# A span's score counts up to here: beyond it the reader is sure, and surer is no better.
SPAN_SCORE_MAX = 8.0


# A search alone has the first two hits read where they are so near to each other: 30 ms for one in a few.
DOUBT = 0.35


class Reranker(Protocol):
    """What scores passages for a question; the built-in one, a cross-encoder, or the tests' fake."""

    def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        """A score for each passage, in order; the higher, the likelier the answer stands there."""


class SpanSource(Protocol):
    """What reads spans: `qa.spans.SpanReader`, or the tests' fake."""

    def read(self, question: str, passages: Sequence[str], n: int = 1) -> list[list[Span]]:
        """The best n spans of each passage, in the passages' order, best first."""


@dataclass(frozen=True, slots=True)
class SecondStage:
    """Weights of the search's score and of the reranker's, in log-odds."""

    search: float
    span: float

    @classmethod
    def shipped(cls) -> SecondStage:
        """The weights in the package; `tests/bench/fit_fusion.py` learns them."""
        return _shipped()


@cache
def _shipped() -> SecondStage:
    stored = json.loads(resources.files("qa").joinpath("fusion.json").read_text(encoding="utf-8"))
    return SecondStage(**{name: float(value) for name, value in stored["second_stage"].items()})


def worth_reading(hits: Sequence[Hit]) -> int:
    """How many of the hits, best first, may still turn out to be the best."""
    near = sum(hit.score >= hits[0].score - MARGIN for hit in hits) if hits else 0
    return min(len(hits), max(READ_AT_LEAST, min(near, READ_AT_MOST)))


def in_doubt(hits: Sequence[Hit]) -> int:
    """How many of the hits, best first, are as good as the first one, 2 at most; less: there is no doubt."""
    return sum(hit.score >= hits[0].score - DOUBT for hit in hits[:2]) if hits else 0


def reranked(hits: Sequence[Hit], scores: Sequence[float]) -> list[Hit]:
    """The hits in their new order, with new ranks and scores, those without a score behind.

    `scores` are the reranker's for the first hits, in their order. A new score counts in log-odds like the
    old; one left as it was keeps its distance to the last that was read.
    """
    weights = SecondStage.shipped()
    read = [
        replace(hit, score=weights.search * hit.score + weights.span * _bounded(score) / 10)
        for hit, score in zip(hits, scores, strict=False)
    ]
    read.sort(key=lambda hit: -hit.score)
    rest = list(hits[len(read) :])
    if read and rest:
        drop = min(0.0, read[-1].score - rest[0].score)
        rest = [replace(hit, score=hit.score + drop) for hit in rest]
    return [replace(hit, rank=rank) for rank, hit in enumerate([*read, *rest], 1)]


def _bounded(score: float) -> float:
    return max(-SPAN_SCORE_MAX, min(SPAN_SCORE_MAX, score))


class SpanReranker:
    """The span reader as a reranker: the score of a passage is that of its best span."""

    def __init__(self, spans: SpanSource) -> None:
        self._spans = spans

    def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        """See `Reranker`."""
        return [
            spans[0].score if spans else -SPAN_SCORE_MAX for spans in self._spans.read(question, passages)
        ]


class CrossEncoderReranker:
    """A cross-encoder by its name or folder, loaded at the first call; thread-safe.

    Its scores are log-odds, whatever the model ends with.
    """

    def __init__(self, model: str, load: Callable[[str], Any] | None = None) -> None:
        self._model = model
        self._load = load or _cross_encoder
        self._lock = threading.Lock()

    def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        """See `Reranker`.

        Raises:
            ModelUnavailable: the model cannot be loaded.
        """
        if not passages:
            return []
        with self._lock:  # tokenizers of this kind must not be used by two threads at once
            found = self._loaded.predict(
                [(question, passage) for passage in passages], show_progress_bar=False
            )
        return [float(score) for score in found]

    @cached_property
    def _loaded(self) -> Any:
        try:
            return self._load(self._model)
        # transformers and the hub raise whatever their parts raise.
        except Exception as error:
            raise ModelUnavailable(
                f"无法加载重排模型 {self._model}。",
                hint="检查设置 reranker 的模型名或文件夹;留空则使用内置模型。",
            ) from error


def _cross_encoder(model: str) -> Any:
    import torch
    from sentence_transformers import CrossEncoder

    return CrossEncoder(model, activation_fn=torch.nn.Identity())
