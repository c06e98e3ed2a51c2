"""`kill -9` at random points: readers get the old index or the new, and nothing paid for is lost."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from embeddings.index.snapshot import current_number, snapshot_numbers
from embeddings.index.transfer import export_snapshot
from embeddings.records import content_hash
from embeddings.settings import Settings
from tests.embeddings.archive import Archive
from tests.fakes import EncoderFailure, FakeEncoder, record
from tests.reliability.forge import PHASES, Forge, Job, do, read_log
from tests.reliability.newsroom import FILES, PAGES, Newsroom
from tests.reliability.wholeness import (
    View,
    assert_tidy,
    assert_verified,
    fresh_build,
    published_hashes,
    view,
)

KILLS = 200
SEED = 20_261_012
PAUSE_S = 0.002
# Every so many rounds the index is compared with one that is built from nothing.
FRESH_EVERY = 10
WORKS = ["build"] * 14 + ["remove", "compact", "rollback", "import"]
# About so many calls a build makes from the begin of a phase to its end.
CALLS = {
    "finding": 3000,
    "reading": 3000,
    "embedding": 3000,
    "vectors": 3000,
    "terms": 2000,
    "sealing": 500,
    "publishing": 250,
    "removing": 200,
    "forgetting": 150,
}


@dataclass
class Tally:
    """What the kills met."""

    phases: Counter[str] = field(default_factory=Counter)
    works: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)

    @property
    def kills(self) -> int:
        return self.works.total()


class Ordeal:
    """One archive that is built, killed and built again."""

    def __init__(self, archive: Archive, forge: Forge, folder: Path, rng: random.Random) -> None:
        self.archive, self.forge, self.folder, self.rng = archive, forge, folder, rng
        self.newsroom = Newsroom(archive.inbox, rng)
        self.tally = Tally()
        self._usual_s = 0.2
        for name in FILES:
            self.newsroom.write(name)
        for name in PAGES:
            self.newsroom.write_page(name)
        archive.build()

    def round(self, number: int) -> None:
        work = self.rng.choice(WORKS)
        for _ in range(self.rng.randint(1, 5)):
            self.newsroom.change()
        job = self._job(work, self._arguments(work))
        old, new = view(self.archive), self._undisturbed(job)
        paid, killed = self._kill(job)
        got = view(self.archive)
        assert got in (old, new), "neither the old index nor the new one"
        assert_verified(self.archive)
        if killed:
            self._count(work, job, "old" if got == old else "new")
        self._complete(work, job, got, new, paid)
        if number % FRESH_EVERY == 0:
            self._compare_with_fresh(number)

    def _arguments(self, work: str) -> tuple[str, ...]:
        if work == "remove":
            return tuple(self.rng.sample(sorted(self.archive.ids()), 2))
        if work == "rollback":
            numbers = snapshot_numbers(self.archive.data)
            return (str(self.rng.choice(numbers)),)
        if work == "import":
            target = self.folder / "export.tar"
            export_snapshot(self.archive.data, current_number(self.archive.data) or 0, target)
            return (str(target),)
        return ()

    def _job(self, work: str, arguments: tuple[str, ...]) -> Job:
        """Every other one dies at a call in a phase; the rest is killed from outside at a moment."""
        phase, calls = "", 0
        if self.rng.random() < 0.6:
            phase = self.rng.choice(list(PHASES))
            calls = int(CALLS[phase] ** self.rng.random())
        settings = self.archive.settings
        return Job(
            work=work,
            data=str(settings.data),
            cache=str(settings.cache),
            inbox=str(self.archive.inbox),
            log=str(self.folder / "log"),
            arguments=arguments,
            pause_s=PAUSE_S,
            die_in=phase,
            die_after=calls,
        )

    def _undisturbed(self, job: Job) -> View:
        """What the same work gives in a copy of the data folder."""
        twin = self.folder / "twin"
        shutil.rmtree(twin, ignore_errors=True)
        shutil.copytree(self.archive.data, twin)
        log = self.folder / "twin.log"
        log.unlink(missing_ok=True)
        calm = Job(job.work, str(twin), job.cache, job.inbox, str(log), job.arguments)
        assert do(calm) == 0, read_log(log).end
        return view(Archive(self.archive.settings.model_copy(update={"data": twin}), self.archive.inbox))

    def _kill(self, job: Job) -> tuple[set[str], bool]:
        """Hashes of what was embedded, and whether it was killed before its end."""
        started = time.monotonic()
        builder = self.forge.start(job)
        if not job.die_in:
            time.sleep(self.rng.random() * self._usual_s)
            builder.kill()
        status = builder.wait()
        log = read_log(Path(job.log))
        assert status in (-9, 0), log.end
        if status == 0:
            self._usual_s = 0.8 * self._usual_s + 0.2 * (time.monotonic() - started)
        return log.paid, status == -9

    def _count(self, work: str, job: Job, left: str) -> None:
        phases = read_log(Path(job.log)).phases
        self.tally.phases[phases[-1] if phases else "starting"] += 1
        self.tally.works[work] += 1
        self.tally.left[left] += 1

    def _complete(self, work: str, job: Job, got: View, new: View, paid: set[str]) -> None:
        """The next build completes and pays for nothing twice."""
        paid |= published_hashes(self.archive.data)
        if work != "build" and got != new:
            assert do(Job(work, job.data, job.cache, job.inbox, job.log, job.arguments)) == 0
            assert view(self.archive) == new
        self.archive.build(prune=True)
        again = paid & set(map(content_hash, self.archive.encoder.texts))
        assert not again, f"{len(again)} texts were embedded again"
        if work == "build":
            assert view(self.archive) == new
        assert_verified(self.archive)
        assert self.archive.build(prune=True).embedded == 0
        assert_tidy(self.archive)

    def _compare_with_fresh(self, number: int) -> None:
        data = self.folder / f"fresh{number}"
        assert view(self.archive) == view(fresh_build(self.archive, data))
        shutil.rmtree(data)


def _archive(settings: Settings, folder: Path) -> Archive:
    return Archive(settings.model_copy(update={"data": folder / "data"}), folder / "inbox")


def test_index_killed_at_random_points_is_the_old_or_the_new_and_nothing_is_paid_for_twice(
    settings: Settings, quick_folder: Path, forge: Forge, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = random.Random(SEED)
    ordeal = Ordeal(_archive(settings, quick_folder), forge, quick_folder, rng)
    number = 0
    while ordeal.tally.kills < KILLS:
        number += 1
        try:
            ordeal.round(number)
        except Exception as error:
            error.add_note(f"seed {SEED}, round {number}, after {ordeal.tally}")
            raise
    with capsys.disabled():
        print(f"\n{number} rounds: {ordeal.tally}")
    # Before, while and after it was published; in every phase that all builds have.
    assert min(ordeal.tally.left["old"], ordeal.tally.left["new"]) >= KILLS // 10
    assert {"finding", "reading", "embedding", "vectors", "terms", "sealing", "publishing"} <= set(
        ordeal.tally.phases
    )
    assert {"build", "remove", "compact", "rollback", "import"} == set(ordeal.tally.works)


def test_removal_after_an_interrupted_build_leaves_what_was_paid_for(archive: Archive) -> None:
    archive.write("a.jsonl", record("one", "渡船每天往返十八趟。"), record("two", "早市六点开门。"))
    archive.build()
    archive.write("b.jsonl", *(record(f"n{n}", f"第{n}号码头靠了{n * 7}条船。") for n in range(9)))
    archive.encoder = FakeEncoder(fail_after=6)
    with pytest.raises(EncoderFailure):
        archive.build()
    archive.encoder = FakeEncoder()
    archive.remove("one")
    archive.compact()
    assert archive.build().embedded == 3
