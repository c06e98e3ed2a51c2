"""The published snapshot, held open: looked for at every call, or followed by a thread of its own.

A snapshot that cannot serve is refused once; the one that is held goes on. At the first opening there
is none to go on with, so the newest older one that is whole steps in.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from embeddings.errors import IndexDamaged, IndexMismatch, IndexMissing, WenbaoError
from embeddings.index.snapshot import (
    CURRENT,
    Snapshot,
    current_number,
    open_snapshot,
    read_manifest,
    snapshot_folder,
    snapshot_numbers,
)

POLL_S = 0.1
# While nothing can be opened, trying again takes this share of a processor at most.
RETRY_SHARE = 0.05

logger = logging.getLogger(__name__)

# What tells one writing of a file from the next; `None` while there is no file.
Signature = tuple[int, ...] | None
_NEVER: Signature = ()


@dataclass(frozen=True, slots=True)
class Degraded:
    """The snapshot that should serve and cannot, and why; `snapshot` is `None` where no number is known."""

    snapshot: int | None
    code: str
    detail: str

    def to_json(self) -> dict[str, int | str | None]:
        """The fields as `/readyz` and `wenbao status` give them."""
        return {"snapshot": self.snapshot, "code": self.code, "detail": self.detail}

    def describe(self) -> str:
        """The same for people, as the beginning of a sentence."""
        wanted = "CURRENT" if self.snapshot is None else f"快照 {self.snapshot} "
        return f"{wanted}不能使用({self.detail.rstrip('。')})"


@dataclass(frozen=True, slots=True)
class Held:
    """The snapshot that serves, and what keeps the published one from serving, if anything does."""

    snapshot: Snapshot
    degraded: Degraded | None = None


def open_newest_good(data: Path, encoder: str | None = None) -> tuple[Snapshot, Degraded | None]:
    """Open the snapshot that `CURRENT` names or, where that is damaged, the newest older one that is whole.

    `encoder` is the fingerprint of the model that questions are embedded with; `None` lets any model's
    index through.

    Raises:
        IndexMissing: nothing has been built.
        IndexDamaged: no snapshot is whole; names the file of the published one.
        IndexMismatch: the published snapshot is of another model, or of another version of Wenbao.
    """
    number = None
    try:
        number = published_number(data)
        return open_fitting(data, number, encoder), None
    except IndexDamaged as error:
        damage = error
    for older in reversed(snapshot_numbers(data)):
        if number is None or older < number:
            with contextlib.suppress(IndexDamaged, IndexMismatch):
                degraded = Degraded(number, damage.code, damage.message)
                return open_fitting(data, older, encoder), degraded
    raise damage


def published_number(data: Path) -> int:
    """Number of the snapshot that should serve.

    Raises:
        IndexMissing: nothing has been built.
        IndexDamaged: `CURRENT` does not hold a number.
    """
    number = current_number(data)
    if number is None:
        raise IndexMissing("还没有建立索引。", hint="先运行:wenbao build seeds(或您的报纸文件夹)。")
    return number


def open_fitting(data: Path, number: int, encoder: str | None) -> Snapshot:
    """Open a snapshot that is to be asked with a model's vectors.

    Raises:
        IndexDamaged: a file is missing, fails its checksum, or a count differs.
        IndexMismatch: another model or another version of Wenbao made it.
    """
    snapshot = open_snapshot(data, number)
    if encoder is not None and snapshot.manifest.encoder != encoder:
        raise IndexMismatch(
            "索引由另一个模型或另一组模型设置建成。",
            hint="运行 wenbao build 用现在的模型重建,或把设置改回去。",
        )
    return snapshot


class Follower:
    """Holds the snapshot that serves. Thread-safe."""

    def __init__(self, data: Path, encoder: str) -> None:
        self._data = data
        self._encoder = encoder
        self._warm: Callable[[Snapshot], None] = _as_it_is
        self._opening = threading.Lock()
        self._seen = _NEVER
        self._held: Held | None = None
        self._failure: WenbaoError = IndexMissing("还没有建立索引。")
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def held(self) -> Held:
        """What serves; while a thread follows, whatever it has ready, without a look at the disk.

        Raises:
            IndexMissing, IndexDamaged, IndexMismatch: nothing can serve.
        """
        if self._thread is None:
            self._look()
        if self._held is None:
            raise self._failure.with_traceback(None)
        return self._held

    def follow(self, warm: Callable[[Snapshot], None]) -> None:
        """Open what is published now, and what will be from a thread; each is warmed before it serves.

        That nothing can be opened yet is no error: every call of `held` says so until something can.
        """
        if self._thread is None:
            self._warm = warm
            self._look()
            self._thread = threading.Thread(target=self._run, name="snapshot-follower", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread; what is held goes on being held."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join(timeout=1)

    def _run(self) -> None:
        pause = POLL_S
        while not self._closed.wait(pause):
            started = time.monotonic()
            try:
                self._look()
            except Exception:
                # A thread that dies would leave the service on this snapshot for ever, without a word.
                logger.exception("the published snapshot could not be opened")
            took = time.monotonic() - started
            pause = POLL_S if self._held else max(POLL_S, took / RETRY_SHARE)

    def _look(self) -> None:
        """Open what `CURRENT` names if it was written since the last look, or if nothing is held."""
        if self._held is not None and _signature(self._data) == self._seen:
            return
        with self._opening:
            seen = _signature(self._data)
            try:
                if self._held is None:
                    self._begin()
                elif seen != self._seen:
                    self._held = self._next(self._held, seen)
            finally:
                self._seen = seen

    def _begin(self) -> None:
        try:
            snapshot, degraded = open_newest_good(self._data, self._encoder)
            self._warm(snapshot)
        except WenbaoError as error:
            self._failure = error
            return
        self._held = Held(snapshot, degraded)
        if degraded:
            _log_refusal(degraded, snapshot.number)
        logger.info("snapshot %d serves", snapshot.number)

    def _next(self, held: Held, seen: Signature) -> Held:
        """What serves after `CURRENT` was written, as it was `seen`; what was held where nothing else can."""
        serving, number = held.snapshot, None
        try:
            number = published_number(self._data)
            if number == serving.number and self._is_unchanged(serving):
                return Held(serving)
            snapshot = open_fitting(self._data, number, self._encoder)
            self._warm(snapshot)
        except WenbaoError as error:
            if _signature(self._data) != seen:
                # Another build has published since, and may have removed what we were opening.
                return held
            degraded = Degraded(number, error.code, error.message)
            _log_refusal(degraded, serving.number)
            return Held(serving, degraded)
        logger.info("snapshot %d serves", snapshot.number)
        return Held(snapshot)

    def _is_unchanged(self, serving: Snapshot) -> bool:
        """Whether its folder is still the one that was opened: an index made anew counts from 1 again."""
        return read_manifest(snapshot_folder(self._data, serving.number)) == serving.manifest


def _as_it_is(_snapshot: Snapshot) -> None:
    """Warm nothing."""


def _signature(data: Path) -> Signature:
    try:
        found = (data / CURRENT).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size


def _log_refusal(degraded: Degraded, held: int) -> None:
    logger.error(
        "snapshot %s cannot serve (%s: %s); snapshot %d serves instead",
        degraded.snapshot,
        degraded.code,
        degraded.detail,
        held,
    )
