"""Make the compiled span reader: `python -m qa.span_compiling MODEL PRECISION FOLDER`.

It runs in a process of its own, as `embeddings.engines.compiling` does and for the same reasons, and never
at the same time as that one: both take the lock of the cache's models.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any, TypeAlias, cast

from embeddings.engines import quantised
from embeddings.engines.apart import Refused, make_here, run_apart
from embeddings.engines.compiled import GRAPH, Mark
from embeddings.engines.graphs import Precision, WordTable
from qa.span_engine import CompiledSpans, shipped_weights
from qa.span_pairs import PairTokenizer, Span

# Against float32 in torch, over passages that nothing was fitted to: the share of best spans that
# overlap, and how far their scores move (logits, mean of the absolute). In most of the passages
# there is no answer, and which span is the least unlikely one there may well change.
OVERLAP_MIN = 0.75
MOVED_MAX = 1.0

_QUESTION_CHARS = 60
_CHECKED_EVERY = 4  # one question in so many is not fitted to, but checked on
_PASSAGES_EACH = 3

Asked: TypeAlias = list[tuple[str, list[str]]]


def compile_apart(model: Path, precision: Precision, folder: Path) -> None:
    """Make `folder` in another process, unless it is whole already; waits for it.

    Raises:
        OSError: it could not be made, for a reason that may pass: disk, memory, a missing library.
    """
    run_apart("qa.span_compiling", model, precision, folder)


def compile_spans(model: Path, precision: Precision, folder: Path) -> None:
    """Make `folder` here, unless it is whole already."""
    make_here(partial(_compile_into, model, precision), precision, folder)


def _compile_into(model: Path, precision: Precision, folder: Path) -> None:
    from qa.span_model import SpanModel, read_all_spans

    with shipped_weights() as weights:
        reference = SpanModel.overlaid(model, weights).eval()
    fitted, checked = _texts()
    word_tensor = _write_graph(reference, model, folder, precision, fitted)
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    Mark(precision, word_tensor=word_tensor, bytes=sizes).write(folder)
    engine = CompiledSpans(folder, model)
    _check(
        [span for question, passages in checked for span in engine.read(question, passages)],
        [span for question, passages in checked for span in read_all_spans(reference, question, passages)],
    )


def _texts() -> tuple[Asked, Asked]:
    """Questions with passages to fit to and to check on, none in both."""
    text = resources.files("embeddings.engines").joinpath("calibration.txt").read_text(encoding="utf-8")
    lines = text.splitlines()
    passages = [line for line in lines if len(line) > _QUESTION_CHARS]
    questions = [line for line in lines if len(line) <= _QUESTION_CHARS and line[-1:] == "？"]
    checked = _with_passages(questions[::_CHECKED_EVERY], passages)
    kept = {passage for _, alike in checked for passage in alike}
    rest = [question for number, question in enumerate(questions) if number % _CHECKED_EVERY]
    return _with_passages(rest, [passage for passage in passages if passage not in kept]), checked


def _with_passages(questions: Sequence[str], passages: Sequence[str]) -> Asked:
    """Each question with the passages that share most with it, as retrieval would find them."""
    from embeddings.tokens import pairs

    held = {passage: set(pairs(passage)) for passage in passages}

    def most_alike(question: str) -> list[str]:
        asked = set(pairs(question))
        return sorted(held, key=lambda passage: -len(asked & held[passage]))[:_PASSAGES_EACH]

    return [(question, most_alike(question)) for question in questions]


def _write_graph(reference: Any, model: Path, folder: Path, precision: Precision, asked: Asked) -> str:
    """Write the graph; returns the name of the words' tensor in the model's own file.

    Raises:
        Refused: the reader has words of its own.
    """
    embedding = reference.encoder.get_input_embeddings()
    word_tensor = quantised.keep_words(embedding, model, folder)
    if not word_tensor:
        raise Refused("words of its own")
    words = WordTable(embedding.weight.detach().numpy())
    tokenizer = PairTokenizer(model)
    ids = [pair.ids for question, passages in asked for pair in tokenizer.pairs(question, passages)]
    graph = quantised.to_graph(_network(reference), words.inputs([ids[0], ids[1][:-5]]))
    if precision == "int8":
        graph = quantised.quantised(graph, [words.inputs([one]) for one in ids], _is_delicate)
    quantised.save_graph(graph, folder / GRAPH)
    return word_tensor


def _is_delicate(name: str) -> bool:
    """Whether a product moves scores too far in 8 bits: the ends of the feed-forward layers, the head."""
    return ("output.dense" in name and "attention" not in name) or "head" in name


def _network(reference: Any) -> Any:
    """Everything behind the word embedding as one torch module: start and end logits."""
    import torch

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = reference.encoder
            self.head = reference.head

        def forward(self, inputs_embeds: Any, attention_mask: Any) -> Any:
            states = self.body(inputs_embeds=inputs_embeds, attention_mask=attention_mask, return_dict=False)
            logits = self.head(states[0])
            return logits[..., 0], logits[..., 1]

    return Network()


def _check(found: Sequence[list[Span]], expected: Sequence[list[Span]]) -> None:
    """Compare the best spans of the same passages.

    Raises:
        Refused: they differ by more than the bounds above.
    """
    both = [(a[0], b[0]) for a, b in zip(found, expected, strict=True)]
    overlap = sum(a.start < b.end and b.start < a.end for a, b in both) / len(both)
    moved = sum(abs(a.score - b.score) for a, b in both) / len(both)
    if not (overlap >= OVERLAP_MIN and moved <= MOVED_MAX):
        raise Refused(f"overlap {overlap:.3f}, scores moved {moved:.3f}")


def main(arguments: Sequence[str]) -> None:
    """See the module."""
    model, precision, folder = arguments
    compile_spans(Path(model), cast("Precision", precision), Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
