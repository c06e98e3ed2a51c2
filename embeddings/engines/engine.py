"""What runs an embedding model: the compiled one and torch's keep to one protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from embeddings.errors import ModelUnavailable

Vectors: TypeAlias = npt.NDArray[np.float32]
Done: TypeAlias = Callable[[list[int], Vectors], None]


class Engine(Protocol):
    """Texts to unit vectors; thread-safe, loaded."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    @property
    def max_tokens(self) -> int:
        """The model reads no further than this, specials and prompt included."""

    @property
    def prompts(self) -> Mapping[str, str]:
        """The model's own prompts by name, none empty."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, specials included, uncut."""

    def encode(self, texts: Sequence[str], prompt: str, done: Done | None = None) -> Vectors:
        """Vectors of `prompt` + text, float32 [len(texts), dimension], unit rows, in order.

        `done` gets the numbers and vectors of texts as they are finished, from the calling thread.
        """

    def encode_one(self, text: str, prompt: str) -> Vectors:
        """The vector of one text that somebody waits for, float32 [dimension], unit length."""


def unit_rows(vectors: Vectors) -> Vectors:
    """Rows brought to unit length."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: Vectors = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32, copy=False)
    return units


def unavailable(cause: str) -> ModelUnavailable:
    """The error of a model that cannot be had, with the three ways to get one."""
    return ModelUnavailable(
        f"设置的模型无法取得或载入({cause})。",
        hint="三种办法:WENBAO_MODEL=builtin 用内置模型;设为本地的 sentence-transformers 文件夹;"
        "或在能联网的机器上设为模型名(如 BAAI/bge-small-zh-v1.5),下载一次后即可离线使用。",
    )
