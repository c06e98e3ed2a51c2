"""Text to vectors: a `SentenceTransformer`, whatever model it holds."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from embeddings.errors import ModelUnavailable
from embeddings.model import MODEL_NAME, built_in_model, recorded_digest
from embeddings.records import content_hash

if TYPE_CHECKING:
    from embeddings.settings import Settings

Vectors = npt.NDArray[np.float32]
Progress = Callable[[int], None]

BUILT_IN = "builtin"
HUB_TIMEOUT_S = 5.0

logger = logging.getLogger(__name__)


class Encoder(Protocol):
    """Texts to unit vectors; the real one below and the fake of the tests keep one contract."""

    @property
    def name(self) -> str:
        """The model's name, for people."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text could get another vector."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    @property
    def max_tokens(self) -> int:
        """The model reads no further than this, specials and prompt included."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text as a passage, specials and prompt included, uncut."""

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Vectors of passages, float32 [len(texts), dimension], unit rows, in order."""

    def encode_query(self, text: str) -> Vectors:
        """Vector of a question, float32 [dimension], unit length."""


class SentenceTransformerEncoder:
    """Any sentence-transformers model, with its own query and passage prompts.

    Calls from several threads take turns: two forward passes at once on one CPU only slow each
    other down.
    """

    def __init__(self, model: Any, *, name: str, weights: str, settings: Settings) -> None:
        self.name = name
        self._model = model
        self._batch_size = settings.batch_size
        self._lock = threading.Lock()
        self._query_prompt = _prompt(model, ("query",), settings.query_prompt)
        self._passage_prompt = _prompt(model, ("document", "passage"), settings.passage_prompt)
        self.dimension = int(model.get_embedding_dimension())
        self.max_tokens = int(model.max_seq_length or 512)
        self.fingerprint = content_hash(
            weights, str(self.dimension), self._query_prompt, self._passage_prompt, settings.precision
        )

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """See `Encoder`."""
        if not texts:
            return []
        prompted = [self._passage_prompt + text for text in texts]
        with self._lock:
            return [len(ids) for ids in self._model.tokenizer(prompted, verbose=False)["input_ids"]]

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """See `Encoder`. Longest first, so that a batch pads little and memory peaks early."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for start in range(0, len(order), self._batch_size):
            rows = order[start : start + self._batch_size]
            vectors[rows] = self._encode([texts[i] for i in rows], self._passage_prompt)
            if progress is not None:
                progress(len(rows))
        return vectors

    def encode_query(self, text: str) -> Vectors:
        """See `Encoder`."""
        vector: Vectors = self._encode([text], self._query_prompt)[0]
        return vector

    def _encode(self, texts: list[str], prompt: str) -> Vectors:
        with self._lock:
            encoded = self._model.encode(
                texts,
                prompt=prompt,
                batch_size=self._batch_size,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return np.asarray(encoded, np.float32)


def _prompt(model: Any, names: tuple[str, ...], given: str | None) -> str:
    if given is not None:
        return given
    prompts = model.prompts or {}
    return next((prompts[name] for name in names if prompts.get(name)), "")


def load_encoder(settings: Settings) -> SentenceTransformerEncoder:
    """Load the model that the settings name; the built-in one never touches the network.

    Raises:
        ModelUnavailable: the model cannot be had; the hint names the three ways to get one.
    """
    if settings.model == BUILT_IN:
        folder = built_in_model(settings.cache)
        model = _load(str(folder), settings)
        name, weights = MODEL_NAME, recorded_digest(folder) or _weights_hash(model)
    elif Path(settings.model).is_dir():
        model = _load(settings.model, settings)
        name, weights = Path(settings.model).name, _weights_hash(model)
    else:
        model = _load(_downloaded(settings.model), settings)
        name, weights = settings.model, _weights_hash(model)
    return SentenceTransformerEncoder(model, name=name, weights=weights, settings=settings)


def _downloaded(name: str) -> str:
    """Folder of a hub model: from the hub's cache, else fetched once.

    Asking for the model's card first makes a missing network or a wrong name known at once; the
    download itself would retry for more than a minute.
    """
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return huggingface_hub.snapshot_download(name, local_files_only=True)
    except LocalEntryNotFoundError:
        pass
    except ValueError:  # not even the shape of a model name
        raise _unavailable("ValueError") from None
    try:
        huggingface_hub.HfApi().model_info(name, timeout=HUB_TIMEOUT_S)
        return huggingface_hub.snapshot_download(name)
    # Network, name, licence or disk: whatever it is, the three ways out are the same.
    except Exception as error:
        logger.info("the hub did not give the model", exc_info=True)
        raise _unavailable(type(error).__name__) from None


def _load(folder: str, settings: Settings) -> Any:
    # Imported here and not above: it costs seconds, and commands that embed nothing go without.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        return SentenceTransformer(
            folder,
            device="cuda" if torch.cuda.is_available() else "cpu",
            local_files_only=True,
            model_kwargs={"dtype": getattr(torch, settings.precision)},
        )
    # The loader lets through whatever the configuration's, tokenizer's or weights' readers raise.
    except Exception as error:
        logger.info("loading the model failed", exc_info=True)
        raise _unavailable(type(error).__name__) from None


def _unavailable(cause: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"设置的模型无法取得或载入({cause})。",
        hint="三种办法:WENBAO_MODEL=builtin 用内置模型;设为本地的 sentence-transformers 文件夹;"
        "或在能联网的机器上设为模型名(如 BAAI/bge-small-zh-v1.5),下载一次后即可离线使用。",
    )


def _weights_hash(model: Any) -> str:
    """Hash of every tensor, names and shapes included."""
    import torch

    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()
