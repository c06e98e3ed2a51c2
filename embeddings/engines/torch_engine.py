"""The engine for what is not compiled: sentence-transformers, on a graphics card or on the processor."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.engines.engine import Done, Vectors, unavailable

DEFAULT_MAX_TOKENS = 512

logger = logging.getLogger(__name__)


class TorchEngine:
    """A sentence-transformers folder, whatever it holds.

    Calls from several threads take turns: two forward passes at once on one processor only slow each
    other down.

    Raises:
        ModelUnavailable: the folder holds no model that can be loaded.
    """

    def __init__(self, folder: Path, precision: str, *, batch_size: int = 16) -> None:
        self.model = _load(folder, precision)
        self._batch_size = batch_size
        self._lock = threading.Lock()

    @cached_property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self.model.get_embedding_dimension())

    @cached_property
    def max_tokens(self) -> int:
        """The model reads no further than this."""
        return int(self.model.max_seq_length or DEFAULT_MAX_TOKENS)

    @property
    def prompts(self) -> dict[str, str]:
        """The model's own prompts by name."""
        return {name: prompt for name, prompt in (self.model.prompts or {}).items() if prompt}

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, specials included, uncut."""
        if not texts:
            return []
        with self._lock:
            return [len(ids) for ids in self.model.tokenizer(list(texts), verbose=False)["input_ids"]]

    def encode(self, texts: Sequence[str], prompt: str, done: Done | None = None) -> Vectors:
        """Unit vectors in order. Longest first, so that a batch pads little and memory peaks early."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        order = sorted(range(len(texts)), key=lambda number: -len(texts[number]))
        for start in range(0, len(order), self._batch_size):
            numbers = order[start : start + self._batch_size]
            vectors[numbers] = self._encode([texts[number] for number in numbers], prompt)
            if done is not None:
                done(numbers, vectors[numbers])
        return vectors

    def encode_one(self, text: str, prompt: str) -> Vectors:
        """As `encode`, for one text."""
        vector: Vectors = self._encode([text], prompt)[0]
        return vector

    def _encode(self, texts: list[str], prompt: str) -> Vectors:
        with self._lock:
            encoded = self.model.encode(
                texts,
                prompt=prompt,
                batch_size=self._batch_size,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return np.asarray(encoded, np.float32)


def has_graphics_card() -> bool:
    """Whether torch can use one. Torch is imported only where the machine seems to have one."""
    if not any(Path("/dev").glob("nvidia[0-9]*")):
        return False
    import torch

    return bool(torch.cuda.is_available())


def _load(folder: Path, precision: str) -> Any:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        return SentenceTransformer(
            str(folder),
            device="cuda" if torch.cuda.is_available() else "cpu",
            local_files_only=True,
            model_kwargs={"dtype": torch.bfloat16 if precision == "bfloat16" else torch.float32},
        )
    # The loader lets through whatever the configuration's, tokenizer's or weights' readers raise.
    except Exception as error:
        logger.info("loading the model failed", exc_info=True)
        raise unavailable(type(error).__name__) from None
