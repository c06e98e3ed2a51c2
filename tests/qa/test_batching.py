"""Questions of many threads, embedded together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

from embeddings.encoder import Vectors
from embeddings.errors import ModelUnavailable, ServiceError
from qa.batching import QueryBatcher
from tests.fakes import FakeEncoder

WAIT_S = 10.0


class GatedEncoder(FakeEncoder):
    """Notes every batch, and holds each one back until `gate` is open; told to, it fails."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[str]] = []
        self.started = threading.Semaphore(0)
        self.gate = threading.Event()
        self.failing: set[str] = set()
        self.at_once = 0
        self.at_once_max = 0

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        self.at_once += 1
        self.at_once_max = max(self.at_once_max, self.at_once)
        self.batches.append(list(texts))
        self.started.release()
        assert self.gate.wait(WAIT_S)
        self.at_once -= 1
        if self.failing & set(texts):
            raise ModelUnavailable("没有模型。")
        return np.stack([super(GatedEncoder, self).encode_query(text) for text in texts])

    def encode_query(self, text: str) -> Vectors:
        vector: Vectors = self.encode_queries([text])[0]
        return vector


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.fixture
def encoder() -> GatedEncoder:
    return GatedEncoder()


def held_back(
    pool: ThreadPoolExecutor, batcher: QueryBatcher, encoder: GatedEncoder, texts: Sequence[str]
) -> list[Future[Vectors]]:
    """Ask the texts in order; all but the first wait behind it."""
    futures = [pool.submit(batcher.encode, texts[0])]
    assert encoder.started.acquire(timeout=WAIT_S)
    for place, text in enumerate(texts[1:], 1):
        futures.append(pool.submit(batcher.encode, text))
        eventually(lambda place=place: len(batcher._waiting) == place)  # type: ignore[misc]
    return futures


def test_question_alone_is_embedded_at_once_and_alone(encoder: GatedEncoder) -> None:
    encoder.gate.set()
    batcher = QueryBatcher(encoder)
    assert batcher.encode("ab").tolist() == FakeEncoder().encode_query("ab").tolist()
    assert batcher.encode("cd").tolist() == FakeEncoder().encode_query("cd").tolist()
    assert encoder.batches == [["ab"], ["cd"]]


def test_questions_that_come_while_one_runs_go_together_and_get_their_own_vectors(
    encoder: GatedEncoder,
) -> None:
    texts = ["a", "b", "c", "d", "e"]
    batcher = QueryBatcher(encoder)
    with ThreadPoolExecutor(len(texts)) as pool:
        futures = held_back(pool, batcher, encoder, texts)
        encoder.gate.set()
        found = [future.result(WAIT_S).tolist() for future in futures]
    assert encoder.batches == [["a"], ["b", "c", "d", "e"]]
    assert found == [FakeEncoder().encode_query(text).tolist() for text in texts]


def test_batch_is_no_larger_than_its_bound_and_keeps_the_order(encoder: GatedEncoder) -> None:
    texts = ["a", "b", "c", "d", "e", "f"]
    batcher = QueryBatcher(encoder, batch_max=2)
    with ThreadPoolExecutor(len(texts)) as pool:
        futures = held_back(pool, batcher, encoder, texts)
        encoder.gate.set()
        for future in futures:
            future.result(WAIT_S)
    assert encoder.batches == [["a"], ["b", "c"], ["d", "e"], ["f"]]


def test_error_reaches_every_caller_of_its_batch_and_no_other(encoder: GatedEncoder) -> None:
    texts = ["a", "b", "c", "d", "e"]
    encoder.failing = {"c"}
    batcher = QueryBatcher(encoder, batch_max=2)
    with ThreadPoolExecutor(len(texts)) as pool:
        futures = held_back(pool, batcher, encoder, texts)
        encoder.gate.set()
        errors = [type(future.exception(WAIT_S)) for future in futures]
    assert errors == [type(None), ModelUnavailable, ModelUnavailable, type(None), type(None)]
    assert batcher.encode("a").tolist() == FakeEncoder().encode_query("a").tolist()


def test_error_of_the_first_question_does_not_stop_those_that_wait(encoder: GatedEncoder) -> None:
    encoder.failing = {"a"}
    batcher = QueryBatcher(encoder)
    with ThreadPoolExecutor(2) as pool:
        first, second = held_back(pool, batcher, encoder, ["a", "b"])
        encoder.gate.set()
        assert isinstance(first.exception(WAIT_S), ModelUnavailable)
        assert second.result(WAIT_S).tolist() == FakeEncoder().encode_query("b").tolist()


def test_wait_ends_with_an_error_and_leaves_no_trace(encoder: GatedEncoder) -> None:
    batcher = QueryBatcher(encoder, wait_s=0.05)
    with ThreadPoolExecutor(2) as pool:
        first, second = held_back(pool, batcher, encoder, ["a", "b"])
        error = second.exception(WAIT_S)
        assert isinstance(error, ServiceError)
        assert error.code == "busy"
        encoder.gate.set()
        first.result(WAIT_S)
    assert batcher.encode("c").tolist() == FakeEncoder().encode_query("c").tolist()
    assert encoder.batches == [["a"], ["c"]]


def test_many_threads_get_their_own_vectors_and_never_two_batches_at_once(encoder: GatedEncoder) -> None:
    encoder.gate.set()
    batcher = QueryBatcher(encoder, batch_max=3)
    texts = [chr(ord("a") + n % 26) * (n % 7 + 1) + chr(ord("a") + n // 26) for n in range(400)]
    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(batcher.encode, texts))
    assert [vector.tolist() for vector in found] == [
        FakeEncoder().encode_query(text).tolist() for text in texts
    ]
    assert encoder.at_once_max == 1
    assert sorted(text for batch in encoder.batches for text in batch) == sorted(texts)
    assert max(len(batch) for batch in encoder.batches) <= 3
