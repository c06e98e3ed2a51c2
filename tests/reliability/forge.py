"""Builders as processes of their own, forked from one that has imported everything and runs no thread.

    python -m tests.reliability.forge CACHE

reads jobs from its standard input, one JSON object a line, and forks a process for each. Whatever a
builder does it notes in the job's log, a line at a time: the phases it enters, the hash of every text that
it has handed over, and how it ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any
from unittest import mock

import embeddings.index.snapshot
from embeddings import build as building
from embeddings import changes
from embeddings.build import build, compact, remove
from embeddings.encoder import Done, Vectors
from embeddings.errors import ServiceError
from embeddings.index import history, importing
from embeddings.index.history import roll_back
from embeddings.index.importing import import_snapshot
from embeddings.records import content_hash
from embeddings.settings import Settings
from embeddings.tokens import Tokenizer
from tests.fakes import FakeEncoder

ROOT = Path(__file__).parents[2]
BUSY_S = 60
# Exit statuses of a builder.
DONE, REFUSED = 0, 3


@dataclass(frozen=True, slots=True)
class Job:
    """What a builder is to do.

    It kills itself at the `die_after`-th call that it makes after it has entered the phase `die_in`. It waits
    `pause_s` before each text, and until `start` (a time of `time.monotonic`) before it does anything.
    """

    work: str
    data: str
    cache: str
    inbox: str
    log: str
    arguments: tuple[str, ...] = ()
    keep: int = 3
    pause_s: float = 0.0
    die_in: str = ""
    die_after: int = 0
    start: float = 0.0

    @property
    def settings(self) -> Settings:
        return Settings(data=Path(self.data), cache=Path(self.cache), keep_snapshots=self.keep)


@dataclass(frozen=True, slots=True)
class Log:
    """What a builder has noted: phases in order, hashes of texts handed over, its end if it came."""

    phases: list[str]
    paid: set[str]
    end: dict[str, Any]


def read_log(path: Path) -> Log:
    """The log of a job; empty where the builder got to nothing."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    noted = [line.partition(" ")[::2] for line in lines]
    ends = [json.loads(rest) for kind, rest in noted if kind == "end"]
    return Log(
        phases=[rest for kind, rest in noted if kind == "phase"],
        paid={rest for kind, rest in noted if kind == "paid"},
        end=ends[0] if ends else {},
    )


@dataclass(slots=True)
class Builder:
    """A builder at work."""

    forge: Forge
    pid: int
    _exited: int = field(init=False)

    def __post_init__(self) -> None:
        self._exited = os.pidfd_open(self.pid)

    def kill(self) -> None:
        """Kill -9; it may have ended already."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._exited, signal.SIGKILL)

    def wait(self, timeout_s: float = BUSY_S) -> int:
        """Its exit status once it is gone: negative when a signal killed it."""
        if not select.select([self._exited], [], [], timeout_s)[0]:
            self.kill()
            raise TimeoutError(f"builder {self.pid} runs still")
        os.close(self._exited)
        return os.waitstatus_to_exitcode(int(self.forge.ask({"reap": self.pid})))


class Forge:
    """The process that builders are forked from; a context manager."""

    def __init__(self, cache: Path) -> None:
        # Threads of a library would not outlive the fork, and what waits for them neither.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.forge", str(cache)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Forge:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=BUSY_S)

    def ask(self, question: dict[str, Any]) -> str:
        """Send one line and read one."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()

    def start(self, job: Job) -> Builder:
        """Fork a builder."""
        Path(job.log).unlink(missing_ok=True)
        return Builder(self, int(self.ask(asdict(job))))

    def run(self, job: Job) -> int:
        """Fork a builder and wait for its end."""
        return self.start(job).wait()


class _Notes:
    """The log, written; each line is there as soon as it is written, whatever happens next."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._file = os.open(job.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write(self, kind: str, text: str) -> None:
        os.write(self._file, f"{kind} {text}\n".encode())

    def enter(self, phase: str) -> None:
        self.write("phase", phase)
        if phase == self._job.die_in:
            sys.setprofile(_death_after(self._job.die_after))


def _death_after(calls: int) -> Callable[[FrameType, str, object], None]:
    left = iter(range(calls))

    def count(_frame: FrameType, _event: str, _argument: object) -> None:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    return count


class PacedEncoder(FakeEncoder):
    """Takes its time, hands over a few texts at once, and notes them when they were taken."""

    ROWS = 3

    def __init__(self, notes: _Notes, pause_s: float) -> None:
        super().__init__()
        self._notes = notes
        self._pause_s = pause_s

    def encode_passages(self, texts: Sequence[str], done: Done | None = None) -> Vectors:
        self._notes.enter("embedding")
        vectors = super().encode_passages(texts)
        for start in range(0, len(texts), self.ROWS):
            rows = list(range(start, min(start + self.ROWS, len(texts))))
            time.sleep(self._pause_s * len(rows))
            if done is not None:
                done(rows, vectors[rows])
            for row in rows:
                self._notes.write("paid", content_hash(texts[row]))
        return vectors


# The phases of a build in the order in which they begin, and the functions that begin them.
PHASES: dict[str, tuple[tuple[Any, str], ...]] = {
    "finding": ((building, "find_inputs"),),
    "reading": ((changes, "read_input"),),
    "embedding": (),  # noted by the encoder
    "vectors": ((building, "write_vectors"),),
    "terms": ((building, "term_document"),),
    "sealing": ((building, "write_manifest"), (importing, "write_manifest")),
    "publishing": ((building, "publish"), (importing, "publish"), (history, "publish")),
    "removing": ((building, "remove_old"), (importing, "remove_old")),
    "forgetting": ((embeddings.index.snapshot, "remove_snapshot"),),
}


@contextlib.contextmanager
def _noted(notes: _Notes) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for phase, places in PHASES.items():
            for module, name in places:
                noting = _noting(notes, phase, getattr(module, name))
                stack.enter_context(mock.patch.object(module, name, noting))
        yield


def _noting(notes: _Notes, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def called(*arguments: Any, **named: Any) -> Any:
        notes.enter(phase)
        return function(*arguments, **named)

    return called


def _work(job: Job, encoder: FakeEncoder) -> dict[str, Any]:
    """Do it; what is to be told of it."""
    settings = job.settings
    if job.work == "remove":
        return remove(job.arguments, settings, encoder).to_json()
    if job.work == "compact":
        return compact(settings, encoder).to_json()
    if job.work == "import":
        return asdict(import_snapshot(Path(job.arguments[0]), settings, encoder.fingerprint))
    if job.work == "rollback":
        return asdict(roll_back(settings.data, encoder.fingerprint, *map(int, job.arguments)))
    return build([Path(job.inbox)], settings, encoder, prune=True).to_json()


def do(job: Job) -> int:
    """Do a job in this process; its exit status."""
    notes = _Notes(job)
    time.sleep(max(0.0, job.start - time.monotonic()))
    try:
        with _noted(notes):
            try:
                end = _work(job, PacedEncoder(notes, job.pause_s))
            finally:
                if job.die_in:
                    sys.setprofile(None)
    except ServiceError as error:
        notes.write("end", json.dumps({"code": error.code, "message": error.message, "hint": error.hint}))
        return REFUSED
    notes.write("end", json.dumps(end))
    return DONE


def main(cache: str) -> None:
    """Fork builders until the input ends."""
    tokenizer = Tokenizer(Path(cache) / "jieba")
    tokenizer.words("预先备好词典")
    Tokenizer._loaded = tokenizer._loaded  # type: ignore[method-assign]
    for line in sys.stdin:
        question = json.loads(line)
        if "reap" in question:
            answer = os.waitpid(question["reap"], 0)[1]
        else:
            answer = os.fork()
            if not answer:
                _become_builder(Job(**question))
        print(answer, flush=True)


def _become_builder(job: Job) -> None:
    status = 1
    try:
        status = do(job)
    finally:
        # Leaves without the server's standard input and what stands in its buffers.
        os._exit(status)


if __name__ == "__main__":
    main(sys.argv[1])
