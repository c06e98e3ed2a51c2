"""One builder at a time: a lock that dies with its holder, and a note saying who holds it."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from embeddings.errors import IndexBusy, ServiceError

LOCK = "build.lock"
HOLDER = "builder.json"
# Whoever asks who is building holds the lock for an instant.
PATIENCE_S = 0.3

_JUST_STARTED = "刚刚开始"


@contextlib.contextmanager
def build_lock(data: Path) -> Iterator[None]:
    """Hold the build lock of a data folder, which is made if it is missing.

    The operating system frees the lock when its holder dies, so a stale one cannot exist.

    Raises:
        IndexBusy: another process holds it; says which, since when and where.
        ServiceError: the folder cannot be written.
    """
    lock = FileLock(data / LOCK)
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=PATIENCE_S)
        _note_holder(data)
    except Timeout:
        raise IndexBusy(
            f"另一个进程正在更新索引({_described(data)})。",
            hint="等它完成后再试;wenbao status 会说它是否还在运行。",
        ) from None
    except OSError as error:
        lock.release()
        raise ServiceError(
            f"数据文件夹不可写({error.strerror})。",
            hint="用 --data 或 WENBAO_DATA 指定可写的文件夹。",
            code="data_unwritable",
        ) from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            (data / HOLDER).unlink()
        lock.release()


def holder(data: Path) -> str | None:
    """Who is building in a data folder, for people: process, machine and start; `None` when nobody is."""
    return _described(data) if is_locked(data / LOCK) else None


def is_locked(path: Path) -> bool:
    """Whether a process holds this lock file; one that does not exist is held by nobody."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        # Shared, so that two who ask are not in each other's way.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def _note_holder(data: Path) -> None:
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    note = {"pid": os.getpid(), "host": socket.gethostname(), "started": started}
    (data / HOLDER).write_text(json.dumps(note), encoding="utf-8")


def _described(data: Path) -> str:
    """The holder of a lock that is held; a note that a dead one left behind is not its holder's."""
    try:
        note = json.loads((data / HOLDER).read_text(encoding="utf-8"))
        text = f"进程 {note['pid']},主机 {note['host']},始于 {note['started']}"
        return text if _may_live(note) else _JUST_STARTED
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return _JUST_STARTED


def _may_live(note: dict[str, Any]) -> bool:
    """Whether the process of a note is there; of another machine's nothing can be known."""
    if note["host"] != socket.gethostname():
        return True
    try:
        os.kill(int(note["pid"]), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True
