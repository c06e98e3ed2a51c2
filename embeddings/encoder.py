"""Text to vectors: a `SentenceTransformer`, whatever model it holds."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections.abc import Callable, Sequence
from functools import cached_property
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
DEFAULT_MAX_TOKENS = 512

_MODEL_FILES = {".safetensors", ".bin", ".json", ".txt", ".model"}

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
    """A sentence-transformers folder, with its own query and passage prompts.

    The model is loaded at the first call that needs it: loading costs seconds, and a build with
    nothing new never does. Calls from several threads take turns:
    two forward passes at once on one processor only slow each other down.
    """

    def __init__(self, folder: Path, *, name: str, weights: str, settings: Settings) -> None:
        self.name = name
        self.fingerprint = content_hash(
            weights, settings.query_prompt, settings.passage_prompt, settings.precision
        )
        self._folder = folder
        self._settings = settings
        self._lock = threading.RLock()

    @cached_property
    def _model(self) -> Any:
        return _load(self._folder, self._settings.precision)

    @property
    def dimension(self) -> int:
        """See `Encoder`."""
        with self._lock:
            return int(self._model.get_embedding_dimension())

    @property
    def max_tokens(self) -> int:
        """See `Encoder`."""
        with self._lock:
            return int(self._model.max_seq_length or DEFAULT_MAX_TOKENS)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """See `Encoder`."""
        if not texts:
            return []
        with self._lock:
            prompted = [self._passage_prompt + text for text in texts]
            return [len(ids) for ids in self._model.tokenizer(prompted, verbose=False)["input_ids"]]

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """See `Encoder`. Longest first, so that a batch pads little and memory peaks early."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        size = self._settings.batch_size
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            vectors[rows] = self._encode([texts[i] for i in rows], self._passage_prompt)
            if progress is not None:
                progress(len(rows))
        return vectors

    def encode_query(self, text: str) -> Vectors:
        """See `Encoder`."""
        vector: Vectors = self._encode([text], self._query_prompt)[0]
        return vector

    @property
    def _query_prompt(self) -> str:
        return _prompt(self._model, ("query",), self._settings.query_prompt)

    @property
    def _passage_prompt(self) -> str:
        return _prompt(self._model, ("document", "passage"), self._settings.passage_prompt)

    def _encode(self, texts: list[str], prompt: str) -> Vectors:
        with self._lock:
            encoded = self._model.encode(
                texts,
                prompt=prompt,
                batch_size=self._settings.batch_size,
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


def find_encoder(settings: Settings) -> SentenceTransformerEncoder:
    """The encoder that the settings name, not loaded yet; the built-in one never touches the network.

    Raises:
        ModelUnavailable: the model cannot be had; the hint names the three ways to get one. A
            folder that turns out to hold no usable model raises it at the first use.
    """
    if settings.model == BUILT_IN:
        folder = built_in_model(settings.cache)
        return SentenceTransformerEncoder(
            folder, name=MODEL_NAME, weights=recorded_digest(folder), settings=settings
        )
    given = Path(settings.model)
    local = os.path.isdir(given)  # noqa: PTH112 - unlike `Path.is_dir`, never raises: a name may be any string
    folder = given if local else _downloaded(settings.model)
    name = given.resolve().name if local else settings.model
    return SentenceTransformerEncoder(folder, name=name, weights=_folder_hash(folder), settings=settings)


def _downloaded(name: str) -> Path:
    """Folder of a hub model: from the hub's cache, else fetched once.

    Asking for the model's card first makes a missing network or a wrong name known at once; the
    download itself would retry for more than a minute.
    """
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(huggingface_hub.snapshot_download(name, local_files_only=True))
    except LocalEntryNotFoundError:
        pass
    except ValueError:  # not even the shape of a model name
        raise _unavailable("ValueError") from None
    try:
        huggingface_hub.HfApi().model_info(name, timeout=HUB_TIMEOUT_S)
        return Path(huggingface_hub.snapshot_download(name))
    # Network, name, licence or disk: whatever it is, the three ways out are the same.
    except Exception as error:
        logger.info("the hub did not give the model", exc_info=True)
        raise _unavailable(type(error).__name__) from None


def _load(folder: Path, precision: str) -> Any:
    # Imported here and not above: it costs seconds, and commands that embed nothing go without.
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
            model_kwargs={"dtype": getattr(torch, precision)},
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


def _folder_hash(folder: Path) -> str:
    """Hash of every weight and configuration file: another model in the same folder is another model."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in _MODEL_FILES and p.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
