"""Questions that arrive together are embedded together.

One forward pass over sixteen questions costs far less than sixteen passes. Nobody waits for company,
though: whoever comes while the encoder is idle runs at once, alone; those that come while it runs go
together, in one batch, when it is done. There is no thread behind it: the first of those that wait
runs the batch.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

from embeddings.encoder import Encoder, Vectors
from embeddings.errors import ServiceError

BATCH_MAX = 16
# A batch takes some 20 ms; a model that is loaded for the first question takes seconds.
WAIT_S = 60.0


@dataclass(slots=True, eq=False)
class _Request:
    """One question; `woken` is set when it is answered, or when its caller is to run the next batch."""

    text: str
    woken: threading.Event = field(default_factory=threading.Event)
    done: bool = False
    vector: Vectors | None = None
    error: BaseException | None = None


class QueryBatcher:
    """Embeds questions from many threads, `batch_max` at a time, first come, first served. Thread-safe."""

    def __init__(self, encoder: Encoder, *, batch_max: int = BATCH_MAX, wait_s: float = WAIT_S) -> None:
        self._encoder = encoder
        self._batch_max = batch_max
        self._wait_s = wait_s
        self._lock = threading.Lock()
        self._waiting: deque[_Request] = deque()
        self._running = False

    def encode(self, text: str) -> Vectors:
        """Vector of a question, float32 [dimension], unit length.

        Raises:
            ServiceError: its turn did not come in time (`busy`).
            ModelUnavailable: as the encoder; every question of a batch meets the batch's error.
        """
        request = _Request(text)
        if not self._is_first(request):
            self._wait(request)
        if not request.done:
            self._run_batch()
        if request.error is not None:
            raise request.error
        assert request.vector is not None
        return request.vector

    def _is_first(self, request: _Request) -> bool:
        with self._lock:
            self._waiting.append(request)
            first = not self._running
            self._running = True
            return first

    def _wait(self, request: _Request) -> None:
        if request.woken.wait(self._wait_s):
            return
        with self._lock:
            # It may have been woken just now; then the others rely on it.
            if request.woken.is_set():
                return
            if request in self._waiting:
                self._waiting.remove(request)
        raise ServiceError("现在的提问太多,没有轮到。", hint="请稍后再试。", code="busy")

    def _run_batch(self) -> None:
        """Answer the questions that wait longest, the caller's first, and wake who runs the next batch."""
        with self._lock:
            count = min(self._batch_max, len(self._waiting))
            batch = [self._waiting.popleft() for _ in range(count)]
        try:
            self._embed(batch)
        finally:
            self._hand_over()
            for request in batch:
                request.done = True
                request.woken.set()

    def _embed(self, batch: list[_Request]) -> None:
        try:
            if len(batch) == 1:
                batch[0].vector = self._encoder.encode_query(batch[0].text)
                return
            vectors = self._encoder.encode_queries([request.text for request in batch])
            for request, vector in zip(batch, vectors, strict=True):
                request.vector = vector
        except BaseException as error:
            for request in batch:
                request.error = error
            raise

    def _hand_over(self) -> None:
        with self._lock:
            self._running = bool(self._waiting)
            if self._waiting:
                self._waiting[0].woken.set()
