"""One builder at a time: a lock that dies with its holder, and a note saying who holds it."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from embeddings.errors import IndexBusy, ServiceError

LOCK = "build.lock"
HOLDER = "builder.json"


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
        lock.acquire(timeout=0)
        _note_holder(data)
    except Timeout:
        raise IndexBusy(
            f"另一个进程正在更新索引({_holder(data)})。", hint="等它完成后再试;wenbao status 可查看进度。"
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


def _note_holder(data: Path) -> None:
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    note = {"pid": os.getpid(), "host": socket.gethostname(), "started": started}
    (data / HOLDER).write_text(json.dumps(note), encoding="utf-8")


def _holder(data: Path) -> str:
    try:
        note = json.loads((data / HOLDER).read_text(encoding="utf-8"))
        return f"进程 {note['pid']},主机 {note['host']},始于 {note['started']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "刚刚开始"
