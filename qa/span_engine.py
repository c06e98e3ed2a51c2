"""The compiled span reader: the shipped layers over the built-in encoder, as one OpenVINO graph.

It is made once by `qa.span_compiling` into a folder like those of `embeddings.engines.compiled`. The words
and the tokenizer stay in the built-in model's own folder.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

from embeddings.engines.compiled import FOLDER_VERSION, GRAPH, batches_by_length, read_mark
from embeddings.engines.graphs import WEIGHTS, Batch, Graph, Precision, WordTable, fast_precisions
from embeddings.model import recorded_digest
from qa.span_pairs import Pair, PairTokenizer, Span, best_spans

SHIPPED = "reader.safetensors"
# Raised when the folder made from the same weights would differ, so that old ones are made anew.
READER_VERSION = 2


@contextlib.contextmanager
def shipped_weights() -> Iterator[Path]:
    """The trained layers and head in the package, as a file."""
    with resources.as_file(resources.files("qa").joinpath(SHIPPED)) as path:
        yield path


def spans_folder(model: Path, precision: Precision) -> Path:
    """Where the compiled reader over the built-in model's folder is kept: beside that folder."""
    with shipped_weights() as path:
        trained = hashlib.sha256(path.read_bytes()).hexdigest()
    both = hashlib.sha256(f"{recorded_digest(model)} {trained}".encode()).hexdigest()
    return model.parent / f"reader-{both[:16]}-{precision}-v{READER_VERSION}.{FOLDER_VERSION}"


def _beside(precision: Precision) -> Precision:
    """What to compute in where the graph is not of 8-bit integers."""
    return "bfloat16" if precision == "int8" and "bfloat16" in fast_precisions() else precision


class CompiledSpans:
    """The reader that needs neither torch nor transformers; calls share the processor's cores.

    Raises:
        OSError, ValueError, KeyError, RuntimeError: the folder is damaged.
    """

    def __init__(self, folder: Path, model: Path) -> None:
        mark = read_mark(folder)
        self._words = WordTable.of_tensor(model / WEIGHTS, mark.word_tensor)
        with ThreadPoolExecutor(1) as pool:
            tokenizer = pool.submit(PairTokenizer, model)
            self._graph = Graph(folder / GRAPH, _beside(mark.precision))
            self._tokenizer = tokenizer.result()

    def read(self, question: str, passages: Sequence[str], n: int = 1) -> list[list[Span]]:
        """See `qa.spans.SpanReader`. A passage gets the same spans whatever it is read with."""
        pairs = self._tokenizer.pairs(question, passages)
        found: list[list[Span]] = [[] for _ in pairs]
        for numbers, (starts, ends) in self._graph.run_all(self._words, self._batches(pairs)):
            for number, start, end in zip(numbers, starts, ends, strict=True):
                pair = pairs[number]
                tokens = len(pair.ids)
                found[number] = best_spans(start[:tokens], end[:tokens], pair.offsets, n)
        return found

    def _batches(self, pairs: list[Pair]) -> Iterator[Batch]:
        """Batches of one padded length, so small that a question's passages keep every core busy."""
        size = -(-len(pairs) // self._graph.streams)
        for numbers in batches_by_length([len(pair.ids) for pair in pairs], size):
            yield numbers, [pairs[number].ids for number in numbers]
