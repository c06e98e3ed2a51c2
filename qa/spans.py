"""The span reader as the rest of Wenbao sees it; torch is loaded with the first question, not before."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from embeddings.model import built_in_model

if TYPE_CHECKING:
    from qa.span_model import SpanModel

WEIGHTS = "reader.safetensors"


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start:end` of a passage and their score; above 0 is rather an answer than none."""

    start: int
    end: int
    score: float


class SpanReader:
    """The reader shipped in the package, loaded at the first call; calls take turns."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._lock = threading.Lock()

    def read(self, question: str, passages: Sequence[str], n: int = 1) -> list[list[Span]]:
        """The best n spans of each passage, in the passages' order, best first.

        Raises:
            ModelUnavailable: the built-in model, which the reader is laid over, cannot be had.
        """
        from qa.span_model import read_all_spans

        if not passages:
            return []
        with self._lock:
            return read_all_spans(self._model, question, passages, n)

    @cached_property
    def _model(self) -> SpanModel:
        from qa.span_model import SpanModel

        with resources.as_file(resources.files("qa").joinpath(WEIGHTS)) as weights:
            return SpanModel.shipped(built_in_model(self._cache), weights)
