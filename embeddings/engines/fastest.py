"""Which engine runs a model: the fastest that the processor has and that keeps the model's vectors."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from embeddings.engines.compiled import MARK, CompiledEngine, compiled_folder, is_whole, read_mark
from embeddings.engines.compiling import compile_apart
from embeddings.engines.engine import Engine
from embeddings.engines.graphs import Precision, fast_precisions
from embeddings.engines.torch_engine import TorchEngine, has_graphics_card

if TYPE_CHECKING:
    from embeddings.settings import Settings

Notice: TypeAlias = Callable[[str], None]

logger = logging.getLogger(__name__)


def open_engine(model: Path, weights: str, settings: Settings, notice: Notice = logger.warning) -> Engine:
    """The first engine that can be had, made now if it is not in the cache yet; torch's own at last.

    Args:
        model: the model's folder.
        weights: hash of its files.
        settings: the precision (`auto`: what the processor does fast, fastest first), and the cache.
        notice: told, in a sentence for people, what takes long and is done once only.

    Raises:
        ModelUnavailable: the folder holds no model that can be loaded.
    """
    for precision in _precisions(model, settings):
        folder = compiled_folder(settings.cache / "models", weights, precision)
        engine = _opened_or_made(model, precision, folder, settings.batch_size, notice)
        if engine is not None:
            return engine
    plain = "bfloat16" if settings.precision == "bfloat16" else "float32"
    return TorchEngine(model, plain, batch_size=settings.batch_size)


def _precisions(model: Path, settings: Settings) -> Sequence[Precision]:
    """What to try: nothing where a graphics card does better, or a part is missing."""
    has_weights = any(next(model.rglob(pattern), None) for pattern in ("*.safetensors", "*.bin"))
    if not has_weights or not importlib.util.find_spec("openvino") or has_graphics_card():
        return ()
    return fast_precisions() if settings.precision == "auto" else (settings.precision,)


def _opened_or_made(
    model: Path, precision: Precision, folder: Path, batch_size: int, notice: Notice
) -> CompiledEngine | None:
    engine = _opened(model, folder, batch_size)
    if engine is not None or not _make(model, precision, folder, notice):
        return engine
    return _opened(model, folder, batch_size)


def _opened(model: Path, folder: Path, batch_size: int) -> CompiledEngine | None:
    """The engine of a folder; none where it is not there or was refused. A damaged one loses its mark."""
    if not is_whole(folder) or read_mark(folder).refused:
        return None
    try:
        return CompiledEngine(folder, model, batch_size=batch_size)
    # OpenVINO and the tokenizer let through whatever their readers raise for a damaged file.
    except Exception:
        logger.info("the compiled model is damaged", exc_info=True)
        with contextlib.suppress(OSError):
            (folder / MARK).unlink()
        return None


def _make(model: Path, precision: Precision, folder: Path, notice: Notice) -> bool:
    """Whether there is a folder to open now."""
    if is_whole(folder):
        return False  # it was refused
    if precision == "int8" and not importlib.util.find_spec("nncf"):
        return False
    notice("首次使用:正在为本机的处理器编译模型,约需半分钟到一分钟,只做一次。")
    try:
        compile_apart(model, precision, folder)
    except OSError as error:
        logger.info("the model could not be compiled: %s", error)
        notice("模型没能编译,改用较慢的方式(结果相同);原因多为缓存文件夹不可写或磁盘已满。")
        return False
    if read_mark(folder).refused:
        notice(f"此模型不宜用 {precision} 计算,改用下一种方式。")
        return False
    return True
