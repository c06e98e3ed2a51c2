"""Builds that the service was asked for: queued, run apart, watched, cancelled, survived."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from embeddings.errors import CallerError, NotFoundError
from embeddings.index.snapshot import current_number
from embeddings.lock import build_lock
from embeddings.settings import Settings
from qa import job_runner
from qa.jobs import INTERRUPTED, Job, Jobs, JobStore, Progress, State, new_job_id
from qa.papers import Placed
from tests.fakes import FakeEncoder

PATIENCE_S = 60.0
LINE = json.dumps({"id": "a", "title": "渡口换新船", "body": "柳湾渡口昨天换上新船。"}, ensure_ascii=False)


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    path = tmp_path / "papers" / "a.jsonl"
    path.parent.mkdir()
    path.write_text(LINE + "\n", encoding="utf-8")
    return path.parent


@pytest.fixture
def jobs(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    """Jobs whose runner is the real process over a stand-in for the model."""
    monkeypatch.setenv("WENBAO_CACHE", str(settings.cache))
    monkeypatch.setattr("qa.jobs.RUNNER", ["-m", "tests.qa.fake_runner"])
    jobs = Jobs(settings.data)
    yield jobs
    jobs.close()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def ended(jobs: Jobs, job: Job) -> Job:
    until(lambda: jobs.store.of(job.id).state not in (State.PLANNING, State.QUEUED, State.BUILDING))
    return jobs.store.of(job.id)


def test_job_is_planned_confirmed_and_built(jobs: Jobs, papers: Path, settings: Settings) -> None:
    jobs.start()
    planned = ended(jobs, jobs.add([papers], plan_first=True, by="chief"))
    assert (planned.state, planned.by) == (State.PLANNED, "chief")
    assert planned.plan
    assert (planned.plan["added"], planned.plan["to_embed"]) == (1, 1)
    assert current_number(settings.data) is None

    jobs.confirm(planned.id)
    done = ended(jobs, planned)

    assert done.state is State.DONE
    assert done.report
    assert (done.report["added"], done.report["snapshot"]) == (1, current_number(settings.data))
    assert done.started
    assert done.finished
    assert done.progress == Progress()


def test_jobs_run_one_at_a_time_in_their_order(jobs: Jobs, papers: Path) -> None:
    first, second = (jobs.add([papers], plan_first=False) for _ in range(2))
    running: set[str] = set()
    jobs.start()

    def watch() -> bool:
        now_running = {job.id for job in jobs.store.all() if job.state is State.BUILDING}
        assert len(now_running) <= 1
        running.update(now_running)
        return jobs.store.of(second.id).state is State.DONE

    until(watch)
    assert jobs.store.of(first.id).finished <= jobs.store.of(second.id).started
    assert [job.id for job in jobs.store.all()] == [second.id, first.id]


def test_build_outlives_the_server_that_began_it(settings: Settings, jobs: Jobs, papers: Path) -> None:
    (papers / "slow").write_text("2")
    job = jobs.add([papers], plan_first=False)
    jobs.start()
    until(lambda: jobs.store.of(job.id).state is State.BUILDING)
    jobs.close()

    later = Jobs(settings.data)
    later.start()
    try:
        assert later.store.of(job.id).state is State.BUILDING
        assert ended(later, job).state is State.DONE
    finally:
        later.close()


def test_build_that_was_killed_is_said_to_have_failed_and_the_next_goes_on(jobs: Jobs, papers: Path) -> None:
    (papers / "slow").write_text("30")
    job = jobs.add([papers], plan_first=False)
    jobs.start()
    until(lambda: jobs.store.of(job.id).state is State.BUILDING)
    assert jobs._runner
    os.killpg(jobs._runner.pid, signal.SIGKILL)

    failed = ended(jobs, job)
    assert (failed.state, failed.error) == (State.FAILED, INTERRUPTED)
    (papers / "slow").unlink()
    assert ended(jobs, jobs.add([papers], plan_first=False)).state is State.DONE


def test_build_waits_for_one_that_was_started_by_hand(jobs: Jobs, papers: Path, settings: Settings) -> None:
    with build_lock(settings.data):
        job = jobs.add([papers], plan_first=False)
        jobs.start()
        until(lambda: jobs.store.of(job.id).state is State.BUILDING)
        time.sleep(0.5)
        assert jobs.store.of(job.id).state is State.BUILDING
    assert ended(jobs, job).state is State.DONE


def test_refusals_are_told_and_the_rest_is_built(jobs: Jobs, papers: Path) -> None:
    (papers / "b.jsonl").write_text("no json\n")
    jobs.start()
    done = ended(jobs, jobs.add([papers], plan_first=False))
    assert done.report
    assert done.report["added"] == 1
    assert [one["file"] for one in done.report["refused"]] == ["b.jsonl:1"]


def test_planned_job_is_cancelled_and_its_files_go(jobs: Jobs, papers: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"
    kept.write_text("before")
    fresh = papers / "fresh.jsonl"
    fresh.write_text(LINE)
    placed = [Placed(str(papers / "a.jsonl"), str(kept)), Placed(str(fresh))]
    job = jobs.add([papers], plan_first=True, placed=placed)
    jobs.store.write(replace(job, state=State.PLANNED))

    assert jobs.cancel(job.id).state is State.CANCELLED
    assert (papers / "a.jsonl").read_text() == "before"
    assert not fresh.exists()


@pytest.mark.parametrize("state", [state for state in State if state is not State.PLANNED])
def test_only_a_planned_job_is_confirmed_or_cancelled(jobs: Jobs, papers: Path, state: State) -> None:
    job = jobs.add([papers], plan_first=True)
    jobs.store.write(replace(job, state=state))
    for change in (jobs.confirm, jobs.cancel):
        with pytest.raises(CallerError) as caught:
            change(job.id)
        assert caught.value.code == "bad_state"


def test_same_key_gives_the_same_job_and_another_content_is_refused(jobs: Jobs, papers: Path) -> None:
    job = jobs.add([papers], plan_first=True, key="k", digest="d")
    assert jobs.same("k", "d") == job
    assert jobs.same("other", "d") is None
    assert jobs.same("", "") is None
    with pytest.raises(CallerError) as caught:
        jobs.same("k", "another")
    assert caught.value.code == "idempotency_mismatch"


@pytest.mark.parametrize("job_id", ["", "..", "../x", "a/b", "nothing", "x" * 5000, "é"])
def test_unknown_job_is_not_found(jobs: Jobs, job_id: str) -> None:
    with pytest.raises(NotFoundError):
        jobs.store.of(job_id)


def test_job_outside_of_the_folder_of_jobs_is_not_found(jobs: Jobs, papers: Path) -> None:
    job = jobs.add([papers], plan_first=True)
    outside = jobs.store.folder.parent / "job.json"
    outside.write_bytes((jobs.store.folder / job.id / "job.json").read_bytes())
    with pytest.raises(NotFoundError):
        jobs.store.of("..")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": 1}', "null", "[" * 100_000])
def test_damaged_job_is_left_out(jobs: Jobs, papers: Path, text: str) -> None:
    job = jobs.add([papers], plan_first=True)
    whole = jobs.add([papers], plan_first=True)
    (jobs.store.folder / job.id / "job.json").write_text(text)
    assert [one.id for one in jobs.store.all()] == [whole.id]


def test_client_is_told_no_path(jobs: Jobs, papers: Path) -> None:
    job = jobs.add([papers], plan_first=True, placed=[Placed(str(papers / "a.jsonl"))])
    assert str(papers) not in json.dumps(job.to_json())
    assert job.to_json()["files"] == ["a.jsonl"]


def test_runner_does_nothing_while_another_lives(settings: Settings, papers: Path) -> None:
    store = JobStore(settings.data)
    job = Job(new_job_id(), State.QUEUED, "", (str(papers),))
    store.write(job)
    with FileLock(store.runner_lock):
        assert job_runner.run(job.id, settings, lambda _settings: FakeEncoder()) == 1
    assert store.of(job.id).state is State.QUEUED


def test_unexpected_failure_is_told_without_its_words(
    settings: Settings, papers: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_settings: Settings) -> FakeEncoder:
        raise RuntimeError("secret")

    store = JobStore(settings.data)
    job = Job(new_job_id(), State.QUEUED, "", (str(papers),))
    store.write(job)
    assert job_runner.run(job.id, settings, broken) == 0
    failed = store.of(job.id)
    assert failed.state is State.FAILED
    assert "secret" not in failed.error
    assert "secret" in caplog.text


def test_runner_tells_how_long_it_will_take(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 10.0, 10.1, 20.0])
    monkeypatch.setattr("qa.job_runner.time.monotonic", lambda: next(clock))
    store = JobStore(settings.data)
    job = Job(new_job_id(), State.BUILDING, "", ())
    teller = job_runner._Teller(store, job)
    teller.step("passages", 0, 40)
    teller.step("passages", 10, 40)
    assert store.of(job.id).progress == Progress("passages", 10, 40, 30.0)
    teller.step("passages", 11, 40)  # too soon to be told
    teller.step("passages", 20, 40)
    assert store.of(job.id).progress == Progress("passages", 20, 40, 20.0)


@pytest.mark.model
def test_real_runner_ends_with_an_error_for_a_job_that_is_none(settings: Settings) -> None:
    command = [sys.executable, "-m", "qa.job_runner", "nothing", str(settings.data)]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0
