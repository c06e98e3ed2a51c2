"""The span reader as the rest of Wenbao sees it: loaded with the first question, by the fastest engine.

That is the compiled reader (`qa.span_engine`), made now if it is not in the cache yet, or torch's
where none can be had.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, TypeAlias

from embeddings.engines.compiled import MARK, is_whole, read_mark
from embeddings.engines.graphs import Precision, fast_precisions
from embeddings.model import built_in_model
from qa.span_compiling import compile_apart
from qa.span_engine import CompiledSpans, shipped_weights, spans_folder
from qa.span_pairs import Span

__all__ = ["Span", "SpanReader"]

Notice: TypeAlias = Callable[[str], None]

logger = logging.getLogger(__name__)


class SpanEngine(Protocol):
    """What runs the reader, loaded and thread-safe: the compiled one and torch's keep to this."""

    def read(self, question: str, passages: Sequence[str], n: int = 1) -> list[list[Span]]:
        """See `SpanReader.read`."""


class SpanReader:
    """The reader shipped in the package, loaded at the first call; thread-safe.

    Args:
        cache: where the built-in model and what is compiled are kept.
        notice: told, in a sentence for people, what takes long and is done once only.
    """

    def __init__(self, cache: Path, notice: Notice = logger.warning) -> None:
        self._cache = cache
        self._notice = notice
        self._lock = threading.Lock()

    def read(self, question: str, passages: Sequence[str], n: int = 1) -> list[list[Span]]:
        """The best n spans of each passage, in the passages' order, best first.

        A passage has fewer than n, or none, where it has no more tokens.

        Raises:
            ModelUnavailable: the built-in model, which the reader is laid over, cannot be had.
        """
        if not passages:
            return []
        return self._engine.read(question, passages, n)

    @property
    def _engine(self) -> SpanEngine:
        with self._lock:
            return self._loaded

    @cached_property
    def _loaded(self) -> SpanEngine:
        return open_spans(self._cache, self._notice)


def open_spans(cache: Path, notice: Notice) -> SpanEngine:
    """The first engine that can be had, fastest first, made now if need be; torch's at last.

    Raises:
        ModelUnavailable: see `SpanReader.read`.
    """
    model = built_in_model(cache)
    try:
        compiled = _compiled(model, notice)
    except OSError as error:
        logger.info("the span reader could not be compiled: %s", error)
        notice("阅读答案的模型没能编译,改用较慢的方式;原因多为缓存文件夹不可写或磁盘已满。")
        compiled = None
    if compiled is not None:
        return compiled
    from qa.span_model import TorchSpans

    with shipped_weights() as weights:
        return TorchSpans(model, weights)


def _compiled(model: Path, notice: Notice) -> CompiledSpans | None:
    """The fastest compiled reader that was not refused; what cannot be made now is tried no further."""
    if not find_spec("openvino"):
        return None
    for precision in fast_precisions():
        folder = spans_folder(model, precision)
        engine = _opened(model, folder)
        if engine is None and _made(model, precision, folder, notice):
            engine = _opened(model, folder)
        if engine is not None:
            return engine
    return None


def _opened(model: Path, folder: Path) -> CompiledSpans | None:
    """The engine of a folder; none where it is not there or was refused. A damaged one loses its mark."""
    if not is_whole(folder) or read_mark(folder).refused:
        return None
    try:
        return CompiledSpans(folder, model)
    # OpenVINO lets through whatever its readers raise for a damaged file.
    except Exception:
        logger.info("the compiled span reader is damaged", exc_info=True)
        with contextlib.suppress(OSError):
            (folder / MARK).unlink()
        return None


def _made(model: Path, precision: Precision, folder: Path, notice: Notice) -> bool:
    """Whether the folder was made now and holds an engine.

    Raises:
        OSError: see `compile_apart`.
    """
    if is_whole(folder) or (precision == "int8" and not find_spec("nncf")):
        return False
    notice("首次使用:正在为本机的处理器编译阅读答案的模型,约需一分钟,只做一次。")
    compile_apart(model, precision, folder)
    return not read_mark(folder).refused
