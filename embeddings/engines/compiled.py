"""Embedding models compiled for the processor, each in a folder of its own in the cache.

Such a folder is made once by `embeddings.engines.compiling` and holds `graph.xml` and `graph.bin`, the
tokenizer, and a mark that is written last. Where the engine was refused the mark says why and the
rest is missing, so that it is not tried at every start. The words stay in the model's own folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.engines.engine import Done, Vectors, unit_rows
from embeddings.engines.graphs import WEIGHTS, Graph, Precision, Rows, WordTable, padded

# Raised when the folder made from the same model would differ, so that old ones are made anew.
FOLDER_VERSION = 1
MARK = "wenbao.json"
GRAPH = "graph.xml"
TOKENIZER = "tokenizer.json"
WORDS = "words.npy"

# Texts tokenised ahead; tokens run together, so few that they stay in the processor's caches.
_WINDOW = 1024
_BATCH_TOKENS = 2048


@dataclass(frozen=True, slots=True)
class Mark:
    """What a folder holds.

    `word_tensor` is the name of the words in the model's weights file; empty: they are in `WORDS` here.
    `prompts` are the model's own. `bytes` are sizes by file name. The cosines are those with the
    float32 vectors of texts that nothing was fitted to. `refused`, if any, is the reason, and then
    nothing else counts.
    """

    precision: Precision
    refused: str = ""
    dimension: int = 0
    max_tokens: int = 0
    word_tensor: str = ""
    prompts: dict[str, str] | None = None
    bytes: dict[str, int] | None = None
    cosine_mean: float = 0.0
    cosine_min: float = 0.0
    version: int = FOLDER_VERSION

    def write(self, folder: Path) -> None:
        """Write it into `folder`."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=2)
        (folder / MARK).write_text(text + "\n", encoding="utf-8")


def read_mark(folder: Path) -> Mark:
    """The mark of a folder.

    Raises:
        OSError, ValueError, TypeError: it was not made to the end.
    """
    entries = json.loads((folder / MARK).read_text(encoding="utf-8"))
    mark = Mark(**entries)
    if mark.version != FOLDER_VERSION:
        raise ValueError("made by another version")
    return mark


def is_whole(folder: Path) -> bool:
    """Whether the folder was made to the end, or refused, and no file lost its end since."""
    try:
        mark = read_mark(folder)
        sizes = mark.bytes or {}
        if mark.refused:
            return True
        return GRAPH in sizes and all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, TypeError, AttributeError):
        return False


def compiled_folder(models: Path, weights: str, precision: Precision) -> Path:
    """Where the engine of a model is kept; `weights` is the hash of the model's files."""
    return models / f"compiled-{weights[:16]}-{precision}-v{FOLDER_VERSION}"


class CompiledEngine:
    """A compiled model: the `Engine` that needs neither torch nor transformers.

    The tokenizer is read while the graph is compiled; both take some tenths of a second.

    Raises:
        OSError, ValueError, KeyError, RuntimeError: the folder is damaged.
    """

    def __init__(self, folder: Path, model: Path, *, batch_size: int = 16, streams: int = 0) -> None:
        mark = read_mark(folder)
        self.dimension = mark.dimension
        self.max_tokens = mark.max_tokens
        self.prompts = mark.prompts or {}
        self._batch_size = batch_size
        if mark.word_tensor:
            self._words = WordTable.of_tensor(model / WEIGHTS, mark.word_tensor)
        else:
            self._words = WordTable.of_array(folder / WORDS)
        with ThreadPoolExecutor(2) as pool:
            tokenizer = pool.submit(open_tokenizer, folder / TOKENIZER, self.max_tokens)
            hurried = pool.submit(Graph, folder / GRAPH, mark.precision, hurried=True)
            self._graph = Graph(folder / GRAPH, mark.precision, streams=streams)
            self._hurried = hurried.result()
            self._tokenizer = tokenizer.result()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, specials included, uncut."""
        return [len(one.ids) + self._left_out(one) for one in self._encodings(texts)]

    def encode(self, texts: Sequence[str], prompt: str, done: Done | None = None) -> Vectors:
        """Unit vectors, float32 [len(texts), dimension], in order; `done` as `Encoder` says."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        prompted = [prompt + text for text in texts]
        for numbers, (output, *_) in self._graph.run_all(self._words, self._batches(prompted)):
            vectors[numbers] = unit_rows(output)
            if done is not None:
                done(numbers, vectors[numbers])
        return vectors

    def encode_one(self, text: str, prompt: str) -> Vectors:
        """The unit vector of one text, float32 [dimension], by all cores at once."""
        output, *_ = self._hurried.run(self._words.inputs(self._ids([prompt + text])))
        vector: Vectors = unit_rows(output)[0]
        return vector

    def _left_out(self, encoding: Any) -> int:
        """Tokens that the cut left out: every further piece repeats the specials."""
        specials = self._tokenizer.num_special_tokens_to_add(False)
        return sum(len(piece.ids) - specials for piece in encoding.overflowing)

    def _batches(self, texts: list[str]) -> Iterator[tuple[list[int], Rows]]:
        """Numbers of texts and their token ids, longest first, each batch of one padded length."""
        order = sorted(range(len(texts)), key=lambda number: -len(texts[number]))
        for start in range(0, len(order), _WINDOW):
            window = order[start : start + _WINDOW]
            ids = self._ids([texts[number] for number in window])
            for places in batches_by_length([len(one) for one in ids], self._batch_size):
                yield [window[place] for place in places], [ids[place] for place in places]

    def _ids(self, texts: list[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self._encodings(texts)]

    def _encodings(self, texts: Sequence[str]) -> list[Any]:
        # The tokenizer takes text only as UTF-8, which lone surrogates are not.
        whole = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        found: list[Any] = self._tokenizer.encode_batch_fast(whole)
        return found


def batches_by_length(lengths: Sequence[int], batch_size: int) -> Iterator[list[int]]:
    """Places of `lengths`, longest first, in batches of one padded length each."""
    by_length: dict[int, list[int]] = {}
    for place, length in enumerate(lengths):
        by_length.setdefault(padded(length), []).append(place)
    for length in sorted(by_length, reverse=True):
        size = max(1, min(batch_size, _BATCH_TOKENS // length))
        places = by_length[length]
        yield from (places[start : start + size] for start in range(0, len(places), size))


def open_tokenizer(path: Path, max_tokens: int) -> Any:
    """A tokenizer of the library `tokenizers` that cuts as the model does and does not pad."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer
