"""Text to vectors, with a model's own query and passage prompts, by the fastest engine the processor has."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from embeddings.engines.digests import folder_digest
from embeddings.engines.engine import Done, Engine, Vectors, unavailable
from embeddings.engines.fastest import Notice, open_engine
from embeddings.model import MODEL_NAME, built_in_model, recorded_digest
from embeddings.records import content_hash

if TYPE_CHECKING:
    from embeddings.settings import Settings

__all__ = ["Done", "Encoder", "ModelEncoder", "Notice", "Vectors", "find_encoder"]

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
        """Changes whenever the same text could get another vector.

        With the precision `auto` it does not name the engine: each is checked against float32
        when it is made, so that an index may move between machines.
        """

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    @property
    def max_tokens(self) -> int:
        """The model reads no further than this, specials and prompt included."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text as a passage, specials and prompt included, uncut."""

    def encode_passages(self, texts: Sequence[str], done: Done | None = None) -> Vectors:
        """Vectors of passages, float32 [len(texts), dimension], unit rows, in order.

        `done` gets the numbers of texts and their vectors as they are finished, each text once, in
        any order, from the calling thread.
        """

    def encode_query(self, text: str) -> Vectors:
        """Vector of a question, float32 [dimension], unit length."""

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of several questions, float32 [len(texts), dimension], unit rows, in order."""


class ModelEncoder:
    """A sentence-transformers folder, with its own query and passage prompts.

    The engine is loaded at the first call that needs it: loading takes time, and a build with
    nothing new never does.
    """

    def __init__(self, *, name: str, weights: str, settings: Settings, load: Callable[[], Engine]) -> None:
        self.name = name
        self.fingerprint = content_hash(
            weights, settings.query_prompt, settings.passage_prompt, settings.precision
        )
        self._settings = settings
        self._load = load
        self._lock = threading.Lock()

    @property
    def _engine(self) -> Engine:
        with self._lock:
            return self._loaded

    @cached_property
    def _loaded(self) -> Engine:
        return self._load()

    @property
    def dimension(self) -> int:
        """See `Encoder`."""
        return self._engine.dimension

    @property
    def max_tokens(self) -> int:
        """See `Encoder`."""
        return self._engine.max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """See `Encoder`."""
        return self._engine.count_tokens([self._passage_prompt + text for text in texts])

    def encode_passages(self, texts: Sequence[str], done: Done | None = None) -> Vectors:
        """See `Encoder`."""
        return self._engine.encode(texts, self._passage_prompt, done)

    def encode_query(self, text: str) -> Vectors:
        """See `Encoder`."""
        return self._engine.encode_one(text, self._query_prompt)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder`."""
        return self._engine.encode(texts, self._query_prompt)

    @property
    def _query_prompt(self) -> str:
        return self._prompt(("query",), self._settings.query_prompt)

    @property
    def _passage_prompt(self) -> str:
        return self._prompt(("document", "passage"), self._settings.passage_prompt)

    def _prompt(self, names: tuple[str, ...], given: str | None) -> str:
        if given is not None:
            return given
        prompts = self._engine.prompts
        return next((prompts[name] for name in names if prompts.get(name)), "")


def find_encoder(settings: Settings, notice: Notice = logger.warning) -> ModelEncoder:
    """The encoder that the settings name, not loaded yet; the built-in one never touches the network.

    Args:
        settings: which model, at which precision, and where things made once are kept.
        notice: told, in a sentence for people, what takes long and is done once only.

    Raises:
        ModelUnavailable: the model cannot be had; the hint names the three ways to get one. A
            folder that turns out to hold no usable model raises it at the first use.
    """
    if settings.model == BUILT_IN:
        folder = built_in_model(settings.cache)
        name, weights = MODEL_NAME, recorded_digest(folder)
    else:
        given = Path(settings.model)
        local = os.path.isdir(given)  # noqa: PTH112 - unlike `Path.is_dir`, never raises: a name may be any string
        folder = given if local else _downloaded(settings.model)
        name = given.resolve().name if local else settings.model
        weights = folder_digest(folder, settings.cache / "digests")

    load = partial(open_engine, folder, weights, settings, notice)
    return ModelEncoder(name=name, weights=weights, settings=settings, load=load)


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
        raise unavailable("ValueError") from None
    try:
        huggingface_hub.HfApi().model_info(name, timeout=HUB_TIMEOUT_S)
        return Path(huggingface_hub.snapshot_download(name))
    # Network, name, licence or disk: whatever it is, the three ways out are the same.
    except Exception as error:
        logger.info("the hub did not give the model", exc_info=True)
        raise unavailable(type(error).__name__) from None
