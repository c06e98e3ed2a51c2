"""Compiled networks: run with OpenVINO on the processor, their word table left on disk.

A graph takes `inputs_embeds` (float32 [texts, tokens, hidden], the rows of the word table) and
`attention_mask` (int64 [texts, tokens]). It knows nothing of what its outputs are for.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import struct
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Precision: TypeAlias = Literal["int8", "bfloat16", "float32"]
Rows: TypeAlias = Sequence[Sequence[int]]
Batch: TypeAlias = tuple[list[int], Rows]
Outputs: TypeAlias = list[npt.NDArray[np.float32]]

WEIGHTS = "model.safetensors"

# Processor flags under which the arithmetic is done by instructions made for it.
INT8_FLAGS = frozenset({"avx512_vnni", "avx_vnni", "amx_int8", "i8mm"})
BFLOAT16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})

_ARITHMETIC = {"int8": "f32", "bfloat16": "bf16", "float32": "f32"}
_HEADER_BYTES_MAX = 100 << 20
_PROCESSOR = Path("/proc/cpuinfo")


def fast_precisions() -> tuple[Precision, ...]:
    """What this processor does fast, fastest first; float32 always."""
    flags = _processor_flags()
    fast: list[Precision] = []
    if flags & INT8_FLAGS:
        fast.append("int8")
    if flags & BFLOAT16_FLAGS:
        fast.append("bfloat16")
    return (*fast, "float32")


def _processor_flags() -> frozenset[str]:
    with contextlib.suppress(OSError):
        for line in _PROCESSOR.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.split(":")[0].strip() in {"flags", "Features"}:
                return frozenset(line.split(":")[1].split())
    return frozenset()


def openvino() -> Any:
    """The library, imported at first use and without its reports home over the network."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class WordTable:
    """A model's word embeddings, float32 [vocabulary, hidden], read from disk as they are needed."""

    def __init__(self, table: npt.NDArray[np.float32]) -> None:
        self.table = table

    @classmethod
    def of_tensor(cls, path: Path, tensor: str) -> WordTable:
        """A float32 matrix inside a safetensors file, mapped and not loaded.

        Raises:
            OSError, ValueError, KeyError: no such file, tensor or layout.
        """
        with path.open("rb") as file:
            (size,) = struct.unpack("<Q", file.read(8).ljust(8, b"\0"))
            if size > _HEADER_BYTES_MAX:
                raise ValueError("not a safetensors file")
            entry = json.loads(file.read(size))[tensor]
        if entry["dtype"] != "F32" or len(entry["shape"]) != 2:
            raise ValueError("not a float32 matrix")
        start = 8 + size + int(entry["data_offsets"][0])
        return cls(np.memmap(path, "<f4", "r", start, tuple(entry["shape"])))

    @classmethod
    def of_array(cls, path: Path) -> WordTable:
        """A float32 matrix in numpy's own file format, mapped and not loaded."""
        return cls(np.load(path, mmap_mode="r", allow_pickle=False))

    def inputs(self, rows: Rows) -> dict[str, Any]:
        """What a graph takes for token ids: padded to the length of the longest and then to `padded`."""
        tokens = padded(max(map(len, rows)))
        embeds = np.zeros((len(rows), tokens, self.table.shape[1]), np.float32)
        mask = np.zeros((len(rows), tokens), np.int64)
        for row, ids in enumerate(rows):
            embeds[row, : len(ids)] = self.table[np.asarray(ids, np.int64)]
            mask[row, : len(ids)] = 1
        return {"inputs_embeds": embeds, "attention_mask": mask}


def padded(tokens: int) -> int:
    """The length that a text of `tokens` tokens is run at: few lengths in all, little padding.

    It depends on the text alone. A text is run with others of its own padded length only, and so
    gets the same vector to the last bit whatever it is run with.
    """
    step = 8 if tokens <= 64 else 16
    return -(-max(tokens, 1) // step) * step


class Graph:
    """A network on the processor. Calls from several threads share its streams, one a processor core.

    With `hurried` there is one stream over all cores: a single short text takes a third less time, many take
    longer.
    """

    def __init__(self, path: Path, precision: Precision, *, streams: int = 0, hurried: bool = False) -> None:
        self.streams = 1 if hurried else streams or processors()
        options = {
            "NUM_STREAMS": str(self.streams),
            "INFERENCE_NUM_THREADS": str(processors() if hurried else self.streams),
            "INFERENCE_PRECISION_HINT": _ARITHMETIC[precision],
            "PERFORMANCE_HINT": "LATENCY" if hurried else "THROUGHPUT",
        }
        compiled = openvino().Core().compile_model(str(path), "CPU", options)
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(self.streams):
            self._requests.put(compiled.create_infer_request())

    def run(self, inputs: Mapping[str, Any]) -> Outputs:
        """The outputs for one batch, in the graph's order; waits while every stream is taken."""
        request = self._requests.get()
        try:
            request.infer(dict(inputs), share_inputs=True)
            return [np.array(tensor.data, np.float32) for tensor in request.output_tensors]
        finally:
            self._requests.put(request)

    def run_all(self, words: WordTable, batches: Iterable[Batch]) -> Iterator[tuple[list[int], Outputs]]:
        """Outputs of every batch with the batch's own numbers, in order, all streams busy.

        A single batch is run by the calling thread: threads cost a question more than they gain.
        """
        coming = iter(batches)
        first = list(itertools.islice(coming, 2))
        if len(first) < 2:
            yield from ((numbers, self.run(words.inputs(rows))) for numbers, rows in first)
            return
        with ThreadPoolExecutor(self.streams, "graph") as pool:
            running: deque[tuple[list[int], Future[Outputs]]] = deque()
            try:
                for numbers, rows in itertools.chain(first, coming):
                    running.append((numbers, pool.submit(self._run_rows, words, rows)))
                    if len(running) > 2 * self.streams:
                        yield _finished(running)
                while running:
                    yield _finished(running)
            finally:
                pool.shutdown(cancel_futures=True)

    def _run_rows(self, words: WordTable, rows: Rows) -> Outputs:
        return self.run(words.inputs(rows))


def _finished(running: deque[tuple[list[int], Future[Outputs]]]) -> tuple[list[int], Outputs]:
    numbers, future = running.popleft()
    return numbers, future.result()
