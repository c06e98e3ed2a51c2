"""The process that does one job of `qa.jobs`: `python -m qa.job_runner JOB DATA`.

It reads the settings as any command does, and holds the runner's lock while it lives.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from embeddings import build as building
from embeddings.encoder import Encoder, find_encoder
from embeddings.errors import IndexBusy, WenbaoError
from embeddings.settings import Settings, load_settings
from qa.jobs import Job, JobStore, Progress, State, now

# Progress is written no more often than anybody looks at it.
TOLD_EVERY_S = 0.5
# Another build, from the command line, is waited for this long.
BUSY_WAIT_S = 3600.0
BUSY_POLL_S = 1.0
# The web server is asked at the same time: it comes first.
NICENESS = 10

logger = logging.getLogger(__name__)

UNEXPECTED = "更新出了差错,已记入日志(jobs 文件夹里的 runner.log)。"


def run(job_id: str, settings: Settings, find: Callable[[Settings], Encoder] = find_encoder) -> int:
    """Do a job that waits; 0 when it came to its end, whatever that was."""
    store = JobStore(settings.data)
    lock = FileLock(store.runner_lock)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return 1  # another runner is at work; the server will come back to this job
    try:
        _do(store, store.of(job_id), settings, find)
    finally:
        lock.release()
    return 0


def _do(store: JobStore, job: Job, settings: Settings, find: Callable[[Settings], Encoder]) -> None:
    planning = job.state is State.PLANNING
    if job.state not in (State.PLANNING, State.QUEUED):
        return
    job = replace(job, started=now(), state=State.PLANNING if planning else State.BUILDING)
    store.write(job)
    teller = _Teller(store, job)
    paths = [Path(path) for path in job.paths]
    try:
        encoder = find(settings)
        if planning:
            plan = building.plan(paths, settings, encoder, step=teller.step)
            done = replace(job, state=State.PLANNED, plan=plan.to_json(), started="")
        else:
            report = _built(paths, settings, encoder, teller)
            done = replace(job, state=State.DONE, report=report, finished=now())
    except WenbaoError as error:
        done = replace(job, state=State.FAILED, error=f"{error.message}{error.hint}", finished=now())
    except Exception:
        logger.exception("job %s failed", job.id)
        done = replace(job, state=State.FAILED, error=UNEXPECTED, finished=now())
    store.write(replace(done, progress=Progress()))


def _built(paths: list[Path], settings: Settings, encoder: Encoder, teller: _Teller) -> dict[str, object]:
    """The report of a build, which waits for one that somebody started by hand."""
    until = time.monotonic() + BUSY_WAIT_S
    while True:
        try:
            return building.build(paths, settings, encoder, step=teller.step).to_json()
        except IndexBusy:
            if time.monotonic() > until:
                raise
            time.sleep(BUSY_POLL_S)


class _Teller:
    """Writes down how far a job is, and how long the rest will take at the pace so far."""

    def __init__(self, store: JobStore, job: Job) -> None:
        self._store = store
        self._job = job
        self._stage = ""
        self._began = self._told = 0.0

    def step(self, stage: str, done: int, total: int) -> None:
        """Note a step of the build."""
        at = time.monotonic()
        if stage != self._stage:
            self._stage, self._began = stage, at
        elif at - self._told < TOLD_EVERY_S and done < total:
            return
        self._told = at
        pace = (at - self._began) / done if done else None
        left = None if pace is None else round(pace * (total - done), 1)
        self._store.write(replace(self._job, progress=Progress(stage, done, total, left)))


def main(arguments: list[str]) -> int:
    """Do the job that the arguments name."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    job_id, data = arguments
    os.nice(NICENESS)
    return run(job_id, load_settings(data=Path(data)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
