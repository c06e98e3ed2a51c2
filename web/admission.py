"""How many are answered at the same time, and how many wait: more are told at once to come back.

Answering takes a processor, not patience: beyond a few at a time everybody only waits longer. What waits is
bounded in number and in time, so that the memory of the process is bounded whatever is sent to it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

from flask import Flask, current_app

from embeddings.errors import Overloaded

GATE = "wenbao.gate"
RETRY_AFTER_S = 3


class Gate:
    """Lets `at_once` through and has `queue` more wait, each for `wait_s` at most. Thread-safe."""

    def __init__(self, at_once: int, queue: int, wait_s: float) -> None:
        self._slots = threading.BoundedSemaphore(at_once)
        self._lock = threading.Lock()
        self._room = queue
        self._wait_s = wait_s
        self.active = 0
        self.waiting = 0
        self.turned_away = 0

    def enter(self) -> Callable[[], None]:
        """Wait for a turn; what is returned ends it, and may be called once only.

        Raises:
            Overloaded: too many wait already, or the turn did not come in time.
        """
        if not self._slots.acquire(blocking=False):
            self._queue()
        with self._lock:
            self.active += 1
        return self._leave

    def _queue(self) -> None:
        with self._lock:
            if self.waiting >= self._room:
                self.turned_away += 1
                raise Overloaded(RETRY_AFTER_S)
            self.waiting += 1
        try:
            came = self._slots.acquire(timeout=self._wait_s)
        finally:
            with self._lock:
                self.waiting -= 1
        if not came:
            with self._lock:
                self.turned_away += 1
            raise Overloaded(RETRY_AFTER_S)

    def _leave(self) -> None:
        with self._lock:
            self.active -= 1
        self._slots.release()


def admit(app: Flask, at_once: int, queue: int, wait_s: float) -> None:
    """Put a gate before the answers of `app`."""
    app.extensions[GATE] = Gate(at_once, queue, wait_s)


def gate() -> Gate:
    """The running application's gate."""
    return cast("Gate", current_app.extensions[GATE])


@contextmanager
def admitted() -> Iterator[None]:
    """Run what follows in turn; raises as `Gate.enter`."""
    leave = gate().enter()
    try:
        yield
    finally:
        leave()
