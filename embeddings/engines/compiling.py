"""Make the compiled form of a model: `python -m embeddings.engines.compiling MODEL PRECISION FOLDER`.

It runs in a process of its own: torch and the quantiser take a gigabyte, print and warn, and none of
that belongs into the process that serves.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from embeddings.engines import quantised
from embeddings.engines.apart import Refused, make_here, run_apart
from embeddings.engines.compiled import GRAPH, TOKENIZER, CompiledEngine, Mark, open_tokenizer
from embeddings.engines.engine import Engine
from embeddings.engines.graphs import Precision, WordTable
from embeddings.engines.torch_engine import TorchEngine

# Vectors of a compiled model may be mixed with float32 ones in one index.
COSINE_MEAN_MIN = 0.99
COSINE_MIN = 0.97

_TEXTS = Path(__file__).with_name("calibration.txt")
_QUESTION_CHARS = 60
_CHECKED_EVERY = 4  # one text in so many is not fitted to, but checked on


def compile_apart(model: Path, precision: Precision, folder: Path) -> None:
    """Make `folder` in another process, unless it is whole already; waits for it.

    Raises:
        OSError: it could not be made, for a reason that may pass: disk, memory, a missing library.
    """
    run_apart("embeddings.engines.compiling", model, precision, folder)


def compile_model(model: Path, precision: Precision, folder: Path) -> None:
    """Make `folder` here, unless it is whole already."""
    make_here(partial(_compile_into, model, precision), precision, folder)


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
