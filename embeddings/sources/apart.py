"""A reader run in a process of its own: what it does to memory, time and itself stays there.

    python -m embeddings.sources.apart MODULE:FUNCTION < task + bytes > outcome

The first line of the input is the task as JSON, the rest the bytes of the file; the outcome is JSON:
what was found, or why the file is refused. The child keeps no file of ours open, writes no files,
connects to nothing, and ends with its parent.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import math
import os
import resource
import selectors
import signal
import site
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from embeddings.errors import InputRefused
from embeddings.sources.found import Found, Limits
from embeddings.sources.place import Place

MEMORY_BYTES = 4 << 30
CHUNK_BYTES = 1 << 16
# Beside the text there are the records' names and numbers.
OUTCOME_FACTOR = 2
OUTCOME_EXTRA_BYTES = 1 << 20
OFFLINE = frozenset(
    {"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"}
)
PR_SET_PDEATHSIG = 1

Reader = Callable[[bytes, str, Place, Limits], Found]


@dataclass(frozen=True, slots=True)
class Task:
    """What the child is told about the bytes; `parent` is the process it must not outlive."""

    name: str
    place: Place
    limits: Limits
    parent: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the child found, or its refusal."""

    found: Found | None = None
    code: str = ""
    message: str = ""
    hint: str = ""


def load_reader(reader: str) -> Reader:
    """The function that `module:function` names."""
    module, _, function = reader.partition(":")
    return cast(Reader, getattr(importlib.import_module(module), function))


def read_apart(reader: str, data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """What the reader, named `module:function`, finds in the bytes.

    Raises:
        InputRefused: by the reader; or code `damaged` when it crashed, `too_slow` when it took longer
            than `limits.timeout_s`, `too_large` when it gave far more than `limits.max_bytes`, `too_busy`
            when the machine could not start it.
    """
    task = TypeAdapter(Task).dump_json(Task(name, place, limits, os.getpid()))
    with _started(reader) as process:
        try:
            answer = _converse(process, task + b"\n" + data, limits)
        finally:
            # Its whole group, so that nothing it started lives on; the number is its own until waited for.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
    return _found(answer)


def _started(reader: str) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - our own module, no shell; the file's name is not in it
            [sys.executable, "-P", "-m", "embeddings.sources.apart", reader],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=_environment(),
            start_new_session=True,
        )
    except OSError:
        reason = "机器资源不足,暂时无法读取,请稍后重试 (too_busy)"
        raise InputRefused(reason, code="too_busy") from None


def _environment() -> dict[str, str]:
    root = str(Path(__file__).resolve().parents[2])
    # Where we are not installed it must be told; what is installed must not come before Python's own.
    installed = root in {*site.getsitepackages(), site.getusersitepackages()}
    told = {} if installed else {"PYTHONPATH": root}
    return {"PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1", **told}


def _converse(process: subprocess.Popen[bytes], sent: bytes, limits: Limits) -> bytes:
    """Send all, and gather what comes back until the child closes its end."""
    assert process.stdin is not None
    assert process.stdout is not None
    deadline = time.monotonic() + limits.timeout_s
    rest, received = memoryview(sent), bytearray()
    os.set_blocking(process.stdin.fileno(), False)
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdin, selectors.EVENT_WRITE)
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in selector.select(max(0.0, deadline - time.monotonic()))}
            if not ready or time.monotonic() > deadline:
                seconds = math.ceil(limits.timeout_s)
                raise InputRefused(f"读取超过 {seconds} 秒,已停止;请拆分文件 (too_slow)", code="too_slow")
            if process.stdin in ready:
                rest = _send(process.stdin.fileno(), rest)
                if not rest:
                    selector.unregister(process.stdin)
                    process.stdin.close()
            if process.stdout in ready and not _receive(process.stdout.fileno(), received, limits):
                return bytes(received)


def _send(pipe: int, rest: memoryview) -> memoryview:
    """What is still to be sent; nothing more once the child does not listen."""
    try:
        return rest[os.write(pipe, rest[:CHUNK_BYTES]) :]
    except BlockingIOError:
        return rest
    except BrokenPipeError:
        return rest[:0]


def _receive(pipe: int, received: bytearray, limits: Limits) -> bool:
    """Whether more may come."""
    chunk = os.read(pipe, CHUNK_BYTES)
    received += chunk
    if len(received) > OUTCOME_FACTOR * limits.max_bytes + OUTCOME_EXTRA_BYTES:
        raise InputRefused("读出的内容超过大小上限 (too_large)", code="too_large")
    return bool(chunk)


def _found(answer: bytes) -> Found:
    try:
        outcome = TypeAdapter(Outcome).validate_json(answer, strict=True)
    except ValidationError:  # it crashed before it had answered, or while it did
        outcome = Outcome(code="damaged", message="文件无法读取,可能已损坏,请重新导出 (damaged)")
    if outcome.found is None:
        raise InputRefused(outcome.message, hint=outcome.hint, code=outcome.code)
    return outcome.found


def main(reader: str) -> None:
    """The child: read the task and the bytes, run the reader, answer."""
    # What a library prints must not get into the answer.
    answer = os.dup(1)
    os.dup2(2, 1)
    task = TypeAdapter(Task).validate_json(sys.stdin.buffer.readline())
    _end_with(task.parent)
    data = sys.stdin.buffer.read()
    _confine(task.limits)
    outcome = TypeAdapter(Outcome).dump_json(_outcome(reader, data, task))
    with open(answer, "wb") as out:  # noqa: PTH123 - a descriptor, not a path
        out.write(outcome)
    # Libraries' clean-up has nothing to save here, and may hang.
    os._exit(0)


def _outcome(reader: str, data: bytes, task: Task) -> Outcome:
    try:
        return Outcome(load_reader(reader)(data, task.name, task.place, task.limits))
    except InputRefused as error:
        return Outcome(code=error.code, message=error.message, hint=error.hint)


def _end_with(parent: int) -> None:
    """Be killed when the parent dies; elsewhere than on Linux the closed pipe has to do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before that took hold
            os._exit(1)


def _confine(limits: Limits) -> None:
    cpu_s = math.ceil(limits.timeout_s) * (os.cpu_count() or 1) + 1
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        # A system that cannot limit this still has the parent's watch.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (least, least))
    sys.addaudithook(_stay_offline)


def _stay_offline(event: str, _arguments: tuple[Any, ...]) -> None:
    if event in OFFLINE:
        raise PermissionError("a reader connects to nothing")


if __name__ == "__main__":
    main(sys.argv[1])
