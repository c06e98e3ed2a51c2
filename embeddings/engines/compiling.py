"""Make the compiled form of a model: `python -m embeddings.engines.compiling MODEL PRECISION FOLDER`.

It runs in a process of its own: torch and the quantiser take a gigabyte, print and warn, and none of
that belongs into the process that serves.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from embeddings.engines import quantised
from embeddings.engines.compiled import GRAPH, TOKENIZER, CompiledEngine, Mark, is_whole, open_tokenizer
from embeddings.engines.engine import Engine
from embeddings.engines.graphs import Precision, WordTable
from embeddings.engines.making import made_once
from embeddings.engines.torch_engine import TorchEngine
from embeddings.errors import ModelUnavailable

# Vectors of a compiled model may be mixed with float32 ones in one index.
COSINE_MEAN_MIN = 0.99
COSINE_MIN = 0.97
TIMEOUT_S = 900

_TEXTS = Path(__file__).with_name("calibration.txt")
_QUESTION_CHARS = 60
_CHECKED_EVERY = 4  # one text in so many is not fitted to, but checked on


class Refused(Exception):
    """The model cannot be compiled so; its text is the reason."""


def compile_apart(model: Path, precision: Precision, folder: Path) -> None:
    """Make `folder` in another process, unless it is whole already; waits for it.

    Raises:
        OSError: it could not be made, for a reason that may pass: disk, memory, a missing library.
    """
    if is_whole(folder):
        return
    path = os.pathsep.join(filter(None, (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-m", "embeddings.engines.compiling", str(model), precision, str(folder)]
    environment = {**os.environ, "PYTHONPATH": path, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    try:
        ended = subprocess.run(  # noqa: S603 - our own module, no shell
            command,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise OSError("compiling the model took too long") from None
    if ended.returncode != 0 or not is_whole(folder):
        raise OSError(ended.stderr[-2000:] or f"compiling the model ended with {ended.returncode}")


def compile_model(model: Path, precision: Precision, folder: Path) -> None:
    """Make `folder` here, unless it is whole already."""
    made_once(folder, partial(_write, model, precision), is_whole)


def _write(model: Path, precision: Precision, folder: Path) -> None:
    try:
        _compile_into(model, precision, folder)
    except (ImportError, OSError, MemoryError, ModelUnavailable):
        raise  # these may pass
    # Converters raise whatever their parts do over a network that they do not know.
    except Exception as error:  # noqa: BLE001
        for path in folder.iterdir():
            path.unlink()
        reason = str(error) if isinstance(error, Refused) else type(error).__name__
        Mark(precision, refused=reason).write(folder)


def _compile_into(model: Path, precision: Precision, folder: Path) -> None:
    reference = TorchEngine(model, "float32")
    reference.model.to("cpu")
    texts = _TEXTS.read_text(encoding="utf-8").splitlines()
    fitted = [
        _prompted(text, reference.prompts) for number, text in enumerate(texts) if number % _CHECKED_EVERY
    ]
    checked = [_prompted(text, reference.prompts) for text in texts[::_CHECKED_EVERY]]
    word_tensor = _write_parts(reference.model, model, folder, precision, fitted)
    mark = Mark(
        precision,
        dimension=reference.dimension,
        max_tokens=reference.max_tokens,
        word_tensor=word_tensor,
        prompts=reference.prompts,
        bytes={path.name: path.stat().st_size for path in folder.iterdir()},
    )
    mark.write(folder)
    mean, least = _cosines(CompiledEngine(folder, model), reference, checked)
    if not (mean >= COSINE_MEAN_MIN and least >= COSINE_MIN):
        raise Refused(f"cosine {mean:.4f}, least {least:.4f}")
    replace(mark, cosine_mean=mean, cosine_min=least).write(folder)


def _prompted(text: str, prompts: Mapping[str, str]) -> str:
    """The text as the model meets it: short ones are questions."""
    names = ("query",) if len(text) <= _QUESTION_CHARS else ("document", "passage")
    return next((prompts[name] for name in names if name in prompts), "") + text


def _write_parts(
    transformer: Any, model: Path, folder: Path, precision: Precision, texts: Sequence[str]
) -> str:
    """Write the tokenizer and the graph; returns the name of the words' tensor, see `Mark`."""
    network, embedding = _network(transformer)
    transformer.tokenizer.backend_tokenizer.save(str(folder / TOKENIZER), pretty=False)
    tokenizer = open_tokenizer(folder / TOKENIZER, transformer.max_seq_length)
    word_tensor = quantised.keep_words(embedding, model, folder)
    words = WordTable(embedding.weight.detach().numpy())
    ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts))]
    graph = quantised.to_graph(network, words.inputs([ids[0], ids[1][:-5]]))
    if precision == "int8":
        graph = quantised.quantised(graph, [words.inputs([one]) for one in ids])
    quantised.save_graph(graph, folder / GRAPH)
    return word_tensor


def _network(transformer: Any) -> tuple[Any, Any]:
    """Everything behind the word embedding as one torch module, and the word embedding.

    Raises:
        Refused: it is not a text model with pooling behind it.
    """
    import torch

    first, *rest = transformer
    pooling = next((module for module in rest if type(module).__name__ == "Pooling"), None)
    if pooling is None or not getattr(pooling, "include_prompt", True) or not hasattr(first, "auto_model"):
        raise Refused("no transformer with pooling")

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = first.auto_model
            self.rest = torch.nn.ModuleList(rest)

        def forward(self, inputs_embeds: Any, attention_mask: Any) -> Any:
            states = self.body(inputs_embeds=inputs_embeds, attention_mask=attention_mask, return_dict=False)
            features = {"token_embeddings": states[0], "attention_mask": attention_mask}
            for module in self.rest:
                features = module(features)
            return features["sentence_embedding"]

    return Network(), first.auto_model.get_input_embeddings()


def _cosines(engine: Engine, reference: Engine, texts: Sequence[str]) -> tuple[float, float]:
    cosines = (engine.encode(texts, "") * reference.encode(texts, "")).sum(axis=1)
    return float(cosines.mean()), float(cosines.min())


def main(arguments: Sequence[str]) -> None:
    """See the module."""
    model, precision, folder = arguments
    compile_model(Path(model), cast("Precision", precision), Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
