"""Torch modules to OpenVINO graphs, and graphs to 8-bit integers. Needs torch, so it is used once only.

The modules take `inputs_embeds` and `attention_mask`, as `embeddings.engines.graphs` says.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.engines.graphs import WEIGHTS, WordTable, openvino

WORDS = "words.npy"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Nothing of the libraries' progress bars and warnings reaches the user."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def to_graph(module: Any, example: dict[str, Any]) -> Any:
    """An OpenVINO model of a torch module, any number of texts and tokens.

    Args:
        module: takes `inputs_embeds` and `attention_mask`, returns a tensor or a tuple of them.
        example: such inputs as numpy arrays, two texts of unlike length.
    """
    import torch

    library = openvino()
    hidden = example["inputs_embeds"].shape[2]
    shapes = [
        ("inputs_embeds", library.PartialShape([-1, -1, hidden]), library.Type.f32),
        ("attention_mask", library.PartialShape([-1, -1]), library.Type.i64),
    ]
    given = {name: torch.from_numpy(values) for name, values in example.items()}
    with quiet(), torch.no_grad():
        return library.convert_model(module.eval(), example_input=given, input=shapes)


def quantised(
    graph: Any, calibration: Sequence[dict[str, Any]], keep: Callable[[str], bool] = lambda _name: False
) -> Any:
    """The graph with 8-bit matrix products, their ranges taken from what `calibration` does in it.

    Products whose name `keep` says yes to stay as they are.

    Raises:
        ImportError: `nncf` is not installed.
    """
    openvino()
    import nncf

    with quiet():
        return nncf.quantize(
            graph,
            nncf.Dataset(list(calibration)),
            model_type=nncf.ModelType.TRANSFORMER,
            subset_size=len(calibration),
            ignored_scope=nncf.IgnoredScope(names=_products(graph, keep), validate=False),
        )


def _products(graph: Any, chosen: Callable[[str], bool]) -> list[str]:
    """Names of the graph's matrix products that are chosen."""
    names = (node.get_friendly_name() for node in graph.get_ordered_ops() if node.get_type_name() == "MatMul")
    return [name for name in names if chosen(name)]


def save_graph(graph: Any, path: Path) -> None:
    """Write a graph as `path` (.xml) and its weights beside it (.bin)."""
    openvino().save_model(graph, str(path), compress_to_fp16=False)


def keep_words(embedding: Any, model: Path, folder: Path) -> str:
    """Where a torch word embedding can be mapped from: its tensor's name in the model's own file.

    Where no tensor of `model` equals it, it is written below `folder` once, and "" is returned.

    Raises:
        TypeError: it does more than look rows up.
    """
    import torch

    if type(embedding) is not torch.nn.Embedding or embedding.max_norm is not None:
        raise TypeError("not a plain table of words")
    table = embedding.weight.detach().float().cpu().numpy()
    for name in _tensors(model / WEIGHTS):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            if np.array_equal(WordTable.of_tensor(model / WEIGHTS, name).table, table):
                return name
    np.save(folder / WORDS, table)
    return ""


def _tensors(path: Path) -> list[str]:
    """Names of the tensors that may be a word table."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            return [name for name in file.keys() if "embed" in name]  # noqa: SIM118 - not a mapping
    except (OSError, SafetensorError):
        return []
