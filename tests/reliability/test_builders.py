"""Builders in each other's way: one at a time, told who is at work, and a dead one's place is free."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from embeddings.errors import IndexBusy
from embeddings.index.snapshot import current_number, snapshot_numbers
from tests.embeddings.archive import Archive
from tests.fakes import record
from tests.reliability.forge import DONE, REFUSED, Builder, Forge, Job, read_log
from tests.reliability.wholeness import assert_tidy, assert_verified

BUILDERS = 8
PATIENCE_S = 30


@pytest.fixture
def archive(archive: Archive) -> Archive:
    archive.write("a.jsonl", record("old", "旧桥限重十吨，来往的车都要绕行。", "旧桥限行"))
    archive.build()
    archive.write("b.jsonl", *(record(f"n{n}", f"第{n}号码头今天靠了{n * 7}条船。") for n in range(30)))
    return archive


def job(archive: Archive, log: Path, pause_s: float, start: float = 0.0) -> Job:
    places = (str(archive.data), str(archive.settings.cache), str(archive.inbox), str(log))
    return Job("build", *places, pause_s=pause_s, start=start)


def embedding(forge: Forge, archive: Archive, log: Path) -> Builder:
    """A builder that has handed over its first texts, and has long to go."""
    builder = forge.start(job(archive, log, pause_s=1.0))
    deadline = time.monotonic() + PATIENCE_S
    while not read_log(log).paid:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return builder


def test_second_builder_is_refused_naming_the_holder_and_takes_over_at_once_when_it_is_killed(
    archive: Archive, forge: Forge, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    builder = embedding(forge, archive, log)
    with pytest.raises(IndexBusy, match=str(builder.pid)) as refusal:
        archive.build()
    assert os.uname().nodename in refusal.value.message
    with pytest.raises(IndexBusy):
        archive.remove("old")
    assert archive.ids() == {"old"}
    builder.kill()
    assert builder.wait() == -9
    report = archive.build()
    assert (report.added, report.embedded) == (30, 30 - len(read_log(log).paid))
    assert_tidy(archive)


def test_one_of_eight_builders_that_start_together_wins_and_the_rest_are_refused(
    archive: Archive, forge: Forge, tmp_path: Path
) -> None:
    logs = [tmp_path / f"log{n}" for n in range(BUILDERS)]
    start = time.monotonic() + 0.5
    builders = [forge.start(job(archive, log, pause_s=0.1, start=start)) for log in logs]
    statuses = [builder.wait() for builder in builders]
    assert sorted(statuses) == [DONE, *[REFUSED] * (BUILDERS - 1)]
    ends = [read_log(log).end for log in logs]
    winner = builders[statuses.index(DONE)].pid
    refusals = [end for end in ends if "code" in end]
    assert {end["code"] for end in refusals} == {"index_busy"}
    # One that looks in the very instant in which the winner notes itself learns that it has just begun.
    assert all(str(winner) in end["message"] or "刚刚开始" in end["message"] for end in refusals)
    assert (current_number(archive.data), snapshot_numbers(archive.data)) == (2, [1, 2])
    assert len(archive.ids()) == 31
    assert_verified(archive)
    assert_tidy(archive)
