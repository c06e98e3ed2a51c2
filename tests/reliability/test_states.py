"""`update(build(A), B) == build(B)` as a machine of states: any edits, builds, removals and interruptions."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from embeddings.build import withheld
from embeddings.errors import CallerError
from embeddings.index.history import roll_back
from embeddings.index.snapshot import current_number, read_manifest, snapshot_folder, snapshot_numbers
from embeddings.records import content_hash
from embeddings.reports import BuildReport
from embeddings.settings import Settings
from embeddings.standing import published_numbers, snapshots_of_encoder
from tests.embeddings.archive import Archive
from tests.fakes import EncoderFailure, FakeEncoder, record, write_lines
from tests.reliability.wholeness import assert_verified, fresh_build, published_hashes, view

FILES = ("a.jsonl", "b.jsonl", "c/d.jsonl", "c/e.jsonl")
PAGE = Path("江风晚报/2026-03-04/01.txt")
BODIES = (
    "渡船每天往返十八趟。票价两元。",
    "渡船每天往返二十四趟。票价三元。",
    "老巷换了一百盏路灯，用电少了一半。",
    "",
)
HEADLINES = ("渡口不停航", "渡口全年不停航", "老街面馆开张")
TEXTS = (
    "本报讯（记者 阮小舟）渡船每天往返十八趟，票价两元。船工说，大雾天也只晚开半个钟头，没有停过一天。",
    "本报讯（记者 毛小路）老街上的面馆今天开张，街坊都来吃面。面馆的汤熬了一整夜，老街又热闹起来。",
)

ids = st.sampled_from(("p", "q", "r", "s"))
names = st.sampled_from(FILES)


@st.composite
def lines(draw: st.DrawFn) -> list[dict[str, object]]:
    """Up to three records; a long body is of one id only, so that removing it removes no other one's."""
    chosen = draw(st.lists(ids, min_size=1, max_size=3, unique=True))
    bodies = st.sampled_from((*BODIES, "long"))
    return [
        record(
            article_id,
            f"{article_id}的早市从六点开到九点。" * 40 if body == "long" else body,
            draw(st.sampled_from(("", "渡口消息"))),
        )
        for article_id, body in ((one, draw(bodies)) for one in chosen)
    ]


class Life(RuleBasedStateMachine):
    """One inbox and one index over many builds."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        super().__init__()
        self._folder = Path(tempfile.mkdtemp(dir=folder))
        given = settings.model_copy(update={"data": self._folder / "data"})
        self._archive = Archive(given, self._folder / "inbox")
        self._archive.inbox.mkdir()
        self._paid: set[str] = set()
        self._numbers = itertools.count()

    def teardown(self) -> None:
        shutil.rmtree(self._folder)

    @property
    def _inbox(self) -> Path:
        return self._archive.inbox

    @property
    def _is_built(self) -> bool:
        return current_number(self._archive.data) is not None

    @rule(name=names, given=lines())
    def write(self, name: str, given: list[dict[str, object]]) -> None:
        write_lines(self._inbox / name, given)

    @rule(name=names)
    def delete(self, name: str) -> None:
        (self._inbox / name).unlink(missing_ok=True)

    @rule(name=names, other=names)
    def rename(self, name: str, other: str) -> None:
        if (self._inbox / name).exists() and name != other:
            (self._inbox / other).parent.mkdir(exist_ok=True)
            (self._inbox / name).rename(self._inbox / other)

    @rule(name=names, other=names)
    def swap_texts(self, name: str, other: str) -> None:
        one, two = self._inbox / name, self._inbox / other
        if one.exists() and two.exists():
            first, second = one.read_bytes(), two.read_bytes()
            one.write_bytes(second)
            two.write_bytes(first)

    @rule(name=names, other=names)
    def copy(self, name: str, other: str) -> None:
        """The same ids in two files."""
        if (self._inbox / name).exists() and name != other:
            (self._inbox / other).parent.mkdir(exist_ok=True)
            shutil.copyfile(self._inbox / name, self._inbox / other)

    @rule(headlines=st.lists(st.sampled_from(HEADLINES), min_size=2, max_size=2, unique=True))
    def print_page(self, headlines: list[str]) -> None:
        """Other headlines over the same texts."""
        path = self._inbox / PAGE
        path.parent.mkdir(parents=True, exist_ok=True)
        parts = (f"{headline}\n\n{text}\n" for headline, text in zip(headlines, TEXTS, strict=True))
        path.write_text("\n".join(parts), encoding="utf-8")

    @rule(name=names, time_s=st.sampled_from((1, 1_000_000_000, 4_000_000_000)))
    def touch(self, name: str, time_s: int) -> None:
        """A time long gone or still to come."""
        if (self._inbox / name).exists():
            os.utime(self._inbox / name, (time_s, time_s))

    @rule(prune=st.booleans())
    def build(self, prune: bool) -> None:
        plan = self._archive.plan(prune=prune)
        before = self._known()
        report = self._archive.build(prune=prune)
        again = before & set(map(content_hash, self._archive.encoder.texts))
        assert not again, "embedded again"
        planned = (plan.added, plan.updated, plan.removed, plan.unchanged, plan.articles, plan.passages)
        done = (report.added, report.updated, report.removed, report.unchanged)
        assert planned == (*done, report.articles, report.passages)
        assert plan.to_embed == report.embedded == len(set(self._archive.encoder.texts))
        assert {one.file for one in plan.refused} == {one.file for one in report.refused}
        self._paid.clear()
        self._check(report, pruned=prune)

    @rule(after=st.integers(0, 4))
    def interrupt_build(self, after: int) -> None:
        """The model fails once so many texts are embedded."""
        whole = self._archive.encoder
        before = self._known()
        self._archive.encoder = FakeEncoder(
            whole.fingerprint, prompts=whole.fingerprint == "fake-2", fail_after=after
        )
        try:
            self._archive.build(prune=True)
        except EncoderFailure:
            self._paid |= set(map(content_hash, self._archive.encoder.texts))
        else:
            self._paid.clear()
        assert not before & set(map(content_hash, self._archive.encoder.texts))
        self._archive.encoder = whole

    @precondition(lambda self: self._is_built)
    @rule(place=st.integers(0, 9))
    def remove(self, place: int) -> None:
        found = sorted(self._archive.ids()) if self._serves_this_model() else []
        if found:
            article_id = found[place % len(found)]
            self._archive.remove(article_id)
            assert article_id not in self._archive.ids()
            assert_verified(self._archive)

    @precondition(lambda self: self._is_built)
    @rule(place=st.integers(0, 9))
    def readmit(self, place: int) -> None:
        out = withheld(self._archive.data)
        if out and self._serves_this_model():
            self._archive.readmit(out[place % len(out)].id)

    @precondition(lambda self: self._is_built)
    @rule(place=st.integers(0, 9))
    def roll_back(self, place: int) -> None:
        numbers = snapshot_numbers(self._archive.data)
        number = numbers[place % len(numbers)]
        fingerprint = self._archive.encoder.fingerprint
        fits = read_manifest(snapshot_folder(self._archive.data, number)).encoder == fingerprint
        try:
            roll_back(self._archive.data, fingerprint, number)
        except CallerError:
            assert not fits
        else:
            assert fits
            assert current_number(self._archive.data) == number

    @precondition(lambda self: self._is_built)
    @rule()
    def compact(self) -> None:
        if self._serves_this_model():
            before = view(self._archive)
            assert self._archive.compact().embedded == 0
            assert view(self._archive) == before
            assert_verified(self._archive)

    @rule()
    def switch_model(self) -> None:
        other = "fake-1" if self._archive.encoder.fingerprint == "fake-2" else "fake-2"
        self._archive.encoder = FakeEncoder(other, prompts=other == "fake-2")
        # One journal is kept, for the model that embedded last.
        self._paid.clear()

    def _known(self) -> set[str]:
        """Hashes of the texts that this model has embedded and that are on disk."""
        data, fingerprint = self._archive.data, self._archive.encoder.fingerprint
        folders = [folder for folder, _ in snapshots_of_encoder(data, fingerprint)]
        return self._paid | published_hashes(data, {int(folder.name) for folder in folders})

    def _serves_this_model(self) -> bool:
        data = self._archive.data
        manifest = read_manifest(snapshot_folder(data, published_numbers(data)[0]))
        return manifest.encoder == self._archive.encoder.fingerprint

    def _check(self, report: BuildReport, *, pruned: bool) -> None:
        if report.snapshot is None:
            assert not self._is_built
            return
        assert report.snapshot == current_number(self._archive.data)
        assert_verified(self._archive)
        if not pruned:
            return
        data = self._folder / f"fresh{next(self._numbers)}"
        fresh = fresh_build(self._archive, data)
        if current_number(data) is None:
            assert not self._archive.ids()
        else:
            assert view(self._archive) == view(fresh)
        shutil.rmtree(data, ignore_errors=True)


@pytest.mark.usefixtures("jieba_cache")
def test_index_equals_one_built_from_nothing_whatever_happened_before(
    settings: Settings, quick_folder: Path
) -> None:
    run_state_machine_as_test(
        lambda: Life(settings, quick_folder),  # type: ignore[arg-type]
        settings=hypothesis(max_examples=70, stateful_step_count=24),
    )
