"""Builds that somebody asked the service for: what is planned, waits, runs and ran.

Each is a folder `DATA/jobs/<id>/` with a file `job.json`, written whole or not at all. The work is done by
a process of its own (`qa.job_runner`), one at a time, that outlives the server: whoever reads the folder, the
same server or the next, finds the job as it is. A runner holds a lock while it lives, so that one that was
killed is told from one that works.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import logging
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from embeddings.errors import CallerError, NotFoundError
from embeddings.lock import is_locked
from qa.papers import Placed, take_back

JOBS = "jobs"
JOB = "job.json"
RUNNER_LOCK = "runner.lock"
RUNNER = ["-m", "qa.job_runner"]
LISTED_MAX = 100
POLL_S = 0.3
# With nothing to run only a new job needs to be seen, and that wakes us.
IDLE_POLL_S = 30.0

logger = logging.getLogger(__name__)


class State(StrEnum):
    """How far a job is."""

    PLANNING = "planning"  # waits for, or is at, finding out what it would do
    PLANNED = "planned"  # waits for somebody to start or cancel it
    QUEUED = "queued"  # waits for its turn
    BUILDING = "building"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


WAITING = frozenset({State.PLANNING, State.QUEUED})
FINISHED = frozenset({State.DONE, State.FAILED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the running stage is: `files` or `passages`; seconds left as far as they can be told."""

    stage: str = ""
    done: int = 0
    total: int = 0
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A build as it is now. Times are ISO 8601 in UTC, empty while they have not come.

    `paths` are the files and folders to build, `placed` the files that were uploaded for it. `key` is the
    client's idempotency key and `digest` the hash of what came with it. `plan` and `report` are those of
    `embeddings.reports`; `error` says in words why it failed.
    """

    id: str
    state: State
    created: str
    paths: tuple[str, ...]
    placed: tuple[Placed, ...] = ()
    by: str = ""
    key: str = ""
    digest: str = ""
    started: str = ""
    finished: str = ""
    progress: Progress = field(default_factory=Progress)
    plan: dict[str, Any] | None = None
    report: dict[str, Any] | None = None
    error: str = ""

    def to_json(self) -> dict[str, Any]:
        """What a client is told: names of files, never paths."""
        return {
            "id": self.id,
            "state": str(self.state),
            "created": self.created,
            "started": self.started or None,
            "finished": self.finished or None,
            "by": self.by or None,
            "files": [Path(one.path).name for one in self.placed],
            "progress": asdict(self.progress),
            "plan": self.plan,
            "report": self.report,
            "error": self.error or None,
        }


def now() -> str:
    """The present moment, as jobs note it."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


class JobStore:
    """The jobs of a data folder. A job is written by the server until it runs, and then by its runner."""

    def __init__(self, data: Path) -> None:
        self.folder = data.absolute() / JOBS

    def of(self, job_id: str) -> Job:
        """One job.

        Raises:
            NotFoundError: there is none with this id.
        """
        found = self._read(job_id) if job_id.isascii() and job_id.isalnum() else None
        if found is None:
            raise NotFoundError("没有这次更新。", hint="请从列表里选择。", code="build_not_found")
        return found

    def all(self) -> list[Job]:
        """All jobs, newest first."""
        try:
            names = sorted((path.name for path in self.folder.iterdir() if path.is_dir()), reverse=True)
        except OSError:
            return []
        return [job for name in names[:LISTED_MAX] if (job := self._read(name))]

    def write(self, job: Job) -> None:
        """Keep a job as it is now.

        Raises:
            OSError: the folder cannot be written.
        """
        path = self.folder / job.id / JOB
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{JOB}.{os.getpid()}.{threading.get_ident()}")
        fresh.write_text(json.dumps(asdict(job), ensure_ascii=False), encoding="utf-8")
        fresh.replace(path)

    @property
    def runner_lock(self) -> Path:
        """What a runner holds while it lives."""
        return self.folder / RUNNER_LOCK

    def _read(self, name: str) -> Job | None:
        try:
            fields = json.loads((self.folder / name / JOB).read_text(encoding="utf-8"))
            fields["state"] = State(fields["state"])
            fields["paths"] = tuple(fields["paths"])
            fields["placed"] = tuple(Placed(**one) for one in fields["placed"])
            fields["progress"] = Progress(**fields["progress"])
            return Job(**fields)
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None


def new_job_id() -> str:
    """An id that sorts by time and cannot be guessed."""
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d%H%M%S%f")
    return f"{stamp}{secrets.token_hex(6)}"


class Jobs:
    """The queue of one server: takes jobs, and has them run one after the other. Thread-safe."""

    def __init__(self, data: Path) -> None:
        self.store = JobStore(data)
        self._data = data.absolute()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closed = False
        self._runner: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """From now on run what waits; what a runner that is gone left behind is said to have failed."""
        self._thread = threading.Thread(target=self._supervise, name="jobs", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Run nothing more; what runs goes on without us."""
        self._closed = True
        self._wake.set()
        if self._thread:
            self._thread.join(5)
        if self._runner and self._runner.poll() is None:
            self._runner.returncode = 0  # not ours to wait for: it outlives us

    def same(self, key: str, digest: str) -> Job | None:
        """The job that was asked for with this idempotency key, if there is one.

        Raises:
            CallerError: it was asked for with another content (code `idempotency_mismatch`).
        """
        found = next((job for job in self.store.all() if key and job.key == key), None)
        if found and found.digest != digest:
            raise CallerError(
                "这个 Idempotency-Key 已用于别的内容。", hint="换一个新的再发。", code="idempotency_mismatch"
            )
        return found

    def add(
        self,
        paths: Sequence[Path],
        *,
        plan_first: bool,
        placed: Sequence[Placed] = (),
        job_id: str = "",
        by: str = "",
        key: str = "",
        digest: str = "",
    ) -> Job:
        """Take a job; it runs when its turn comes."""
        job = Job(
            id=job_id or new_job_id(),
            state=State.PLANNING if plan_first else State.QUEUED,
            created=now(),
            paths=tuple(str(path.absolute()) for path in paths),
            placed=tuple(placed),
            by=by,
            key=key,
            digest=digest,
        )
        self.store.write(job)
        self._wake.set()
        return job

    def confirm(self, job_id: str) -> Job:
        """Have a planned job run.

        Raises:
            NotFoundError: there is no such job.
            CallerError: it is not waiting for this (code `bad_state`).
        """
        return self._change(job_id, State.PLANNED, State.QUEUED)

    def cancel(self, job_id: str) -> Job:
        """Give up a planned job: its files go, what they replaced comes back; raises as `confirm`."""
        job = self._change(job_id, State.PLANNED, State.CANCELLED)
        take_back(job.placed)
        return job

    def _change(self, job_id: str, wanted: State, then: State) -> Job:
        with self._lock:
            job = self.store.of(job_id)
            if job.state is not wanted:
                raise CallerError("这次更新已经不在等待确认。", hint="请刷新后再看。", code="bad_state")
            job = replace(job, state=then, finished=now() if then in FINISHED else "")
            self.store.write(job)
        self._wake.set()
        return job

    def _supervise(self) -> None:
        busy = True
        while not self._closed:
            self._wake.wait(POLL_S if busy else IDLE_POLL_S)
            self._wake.clear()
            with contextlib.suppress(OSError):
                busy = self._look()

    def _look(self) -> bool:
        """Run what waits longest, if nothing runs; whether anything runs or waits."""
        if self._is_running():
            return True
        waiting = None
        for job in self.store.all():
            if job.state is State.BUILDING or (job.started and job.state is State.PLANNING):
                self.store.write(replace(job, state=State.FAILED, finished=now(), error=INTERRUPTED))
            elif job.state in WAITING:
                waiting = job  # the list is newest first: the last of it waits longest
        if waiting and not self._closed:
            self._run(waiting)
        return waiting is not None

    def _is_running(self) -> bool:
        """Whether a runner lives: ours, or one that an earlier server started."""
        if self._runner and self._runner.poll() is None:
            return True
        self._runner = None
        return is_locked(self.store.runner_lock)

    def _run(self, job: Job) -> None:
        command = [sys.executable, *RUNNER, job.id, str(self._data)]
        log = (self.store.folder / job.id / "runner.log").open("wb")
        with log:
            # A session of its own: what ends the server does not end the build.
            self._runner = subprocess.Popen(  # noqa: S603 - our own module, an id of ours
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )


INTERRUPTED = "更新被打断了;已编码的段落保存着,重新开始会接着做。"
