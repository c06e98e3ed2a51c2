"""The life of an index over many builds: plans, interruptions, corrections, another model, compaction."""

from __future__ import annotations

import datetime
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from embeddings.build import build
from embeddings.encoder import Done, Vectors
from embeddings.errors import IndexMissing
from embeddings.index.snapshot import (
    current_number,
    publish,
    read_manifest,
    snapshot_folder,
    snapshot_numbers,
)
from embeddings.journal import kept_count
from embeddings.reports import Cost
from embeddings.settings import Settings
from tests.embeddings.archive import Archive, contents, found
from tests.fakes import EncoderFailure, FakeEncoder, record

MARKET = record("market", "早市从六点开到九点，摊位有四十二个。", "早市搬家")
FERRY = record("ferry", "渡船每天往返十八趟，票价两元。", "渡口不停航")
LIGHTS = record("lights", "老巷换了一百盏路灯，用电少了一半。", "老巷亮了")

PAGE = """老街面馆开张

本报讯（记者 毛小路）老街上的面馆今天开张，街坊都来吃面。面馆的汤熬了一整夜，老街的早晨又热闹起来。

渡口不停航

本报讯（记者 阮小舟）渡船每天往返十八趟，票价两元。船工说，大雾天也只晚开半个钟头，没有停过一天。
"""


@pytest.fixture
def archive(settings: Settings, tmp_path: Path) -> Archive:
    return Archive(settings, tmp_path / "inbox")


def page(archive: Archive, text: str) -> Path:
    path = archive.inbox / "江风晚报" / "2026-03-04" / "01.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def tree(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*")}


class InterruptedEncoder(FakeEncoder):
    """Is interrupted by Ctrl-C once so many texts are embedded."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self._after = after

    def encode_passages(self, texts: list[str], done: Done | None = None) -> Vectors:  # type: ignore[override]
        for row, text in enumerate(texts):
            if self.embedded >= self._after:
                raise KeyboardInterrupt
            vectors = super().encode_passages([text])
            if done is not None:
                done([row], vectors)
        return np.stack([self._vector(text, 1) for text in texts])


def test_plan_tells_what_a_build_would_do_and_changes_nothing(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET, FERRY)
    archive.build()
    archive.write("a.jsonl", MARKET, record("ferry", "渡船停航三天。", "渡口停航"))
    archive.write("b.jsonl", LIGHTS)
    before = tree(archive.data)
    plan = archive.plan()
    assert tree(archive.data) == before
    assert (plan.snapshot, plan.added, plan.updated, plan.unchanged, plan.to_embed) == (1, 1, 1, 1, 2)
    report = archive.build()
    assert (report.added, report.updated, report.embedded) == (1, 1, plan.to_embed)
    assert (report.articles, report.passages) == (plan.articles, plan.passages)


def test_plan_before_the_first_build_leaves_no_data_folder(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET)
    plan = archive.plan()
    assert (plan.snapshot, plan.added, plan.to_embed) == (None, 1, 1)
    assert not archive.data.exists()


def test_plan_says_that_another_model_costs_everything(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET, FERRY)
    archive.build()
    archive.encoder = FakeEncoder("fake-2")
    plan = archive.plan()
    assert (plan.rewrites, plan.to_embed, plan.unchanged) == ("model", 2, 2)


def test_plan_of_pruning_tells_what_would_go(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET)
    archive.write("b.jsonl", FERRY)
    archive.build()
    (archive.inbox / "b.jsonl").unlink()
    assert archive.plan(prune=True).removed == 1
    assert archive.plan().removed == 0


def test_build_with_another_model_announces_its_cost_and_the_old_snapshot_serves_meanwhile(
    archive: Archive,
) -> None:
    archive.write("a.jsonl", MARKET, FERRY)
    archive.build()
    told: list[tuple[Cost, int | None]] = []
    other = FakeEncoder("fake-2")
    build(
        [archive.inbox],
        archive.settings,
        other,
        announce=lambda cost: told.append((cost, current_number(archive.data))),
    )
    [(cost, serving)] = told
    assert (cost.to_embed, cost.rewrites, serving) == (2, "model", 1)
    assert read_manifest(snapshot_folder(archive.data, 2)).encoder == "fake-2"


def test_build_back_with_the_first_model_embeds_nothing_while_its_snapshot_is_kept(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET, FERRY)
    archive.build()
    first = archive.encoder
    archive.encoder = FakeEncoder("fake-2")
    assert archive.build().embedded == 2
    archive.encoder = first
    assert archive.build().embedded == 0


def test_text_that_comes_back_is_not_embedded_again_while_a_snapshot_has_it(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET, FERRY)
    archive.build()
    archive.write("a.jsonl", MARKET)
    archive.build()
    archive.write("a.jsonl", MARKET, FERRY)
    report = archive.build()
    assert (report.added, report.embedded) == (1, 0)


def test_interrupted_build_keeps_what_was_embedded_and_the_next_goes_on_from_there(archive: Archive) -> None:
    archive.write("a.jsonl", *(record(f"n{n}", f"第{n}号码头今天靠了{n * 7}条船。") for n in range(50)))
    archive.encoder = InterruptedEncoder(after=40)
    with pytest.raises(KeyboardInterrupt):
        archive.build()
    assert kept_count(archive.data) == 40
    assert current_number(archive.data) is None
    archive.encoder = FakeEncoder()
    report = archive.build()
    assert (report.articles, report.embedded, archive.encoder.embedded) == (50, 10, 10)
    assert kept_count(archive.data) == 0


def test_build_after_the_model_failed_goes_on_from_there(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET, FERRY, LIGHTS)
    archive.encoder = FakeEncoder(fail_after=2)
    with pytest.raises(EncoderFailure):
        archive.build()
    archive.encoder = FakeEncoder()
    assert archive.build().embedded == 1


def test_vectors_kept_for_another_model_are_never_used(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET, FERRY)
    archive.encoder = FakeEncoder(fail_after=1)
    with pytest.raises(EncoderFailure):
        archive.build()
    archive.encoder = FakeEncoder("fake-2", prompts=True)
    assert archive.build().embedded == 2
    fresh = Archive(
        archive.settings.model_copy(update={"data": archive.data / "fresh"}), archive.inbox, archive.encoder
    )
    fresh.build()
    assert contents(archive) == contents(fresh)


def test_corrected_body_keeps_the_id(archive: Archive) -> None:
    page(archive, PAGE)
    archive.build()
    before = archive.ids()
    page(archive, PAGE.replace("票价两元", "票价三元"))
    report = archive.build()
    assert (report.updated, report.unchanged, archive.ids()) == (1, 1, before)


def test_corrected_headline_leaves_the_old_id_leading_to_the_article(archive: Archive) -> None:
    page(archive, PAGE)
    archive.build()
    [old] = [a.id for a in archive.snapshot().catalog.articles() if a.title == "渡口不停航"]
    page(archive, PAGE.replace("渡口不停航\n", "渡口全年不停航\n"))
    archive.build()
    article = archive.snapshot().catalog.article(old)
    assert (article.title, article.id == old, len(archive.ids())) == ("渡口全年不停航", False, 2)
    page(archive, PAGE.replace("渡口不停航\n", "渡口全年都不停航\n").replace("票价两元", "票价三元"))
    archive.build()
    assert archive.snapshot().catalog.article(old).title == "渡口全年都不停航"
    assert archive.snapshot().catalog.article(article.id).title == "渡口全年都不停航"
    page(archive, PAGE)
    archive.build()
    assert archive.snapshot().catalog.article(old).id == old
    assert archive.snapshot().catalog.article(article.id).id == old


def test_article_that_took_another_ones_place_does_not_take_its_id(archive: Archive) -> None:
    path = archive.write("a.jsonl", record("one", "早市从六点开到九点，摊位有四十二个，都在河边。"))
    archive.build()
    path.write_text(
        path.read_text()
        .replace("早市从六点开到九点，摊位有四十二个，都在河边", "老巷换了一百盏路灯")
        .replace("one", "two")
    )
    archive.build()
    with pytest.raises(Exception, match="没有这篇文章"):
        archive.snapshot().catalog.article("one")


def test_compaction_leaves_what_can_be_seen_as_it_was(archive: Archive) -> None:
    for n in range(6):
        archive.write("a.jsonl", MARKET, record("ferry", f"渡船每天往返{n}趟，票价两元。", "渡口不停航"))
        archive.build()
    before, answers = contents(archive), found(archive, "渡船票价")
    report = archive.compact()
    assert (report.snapshot, report.embedded, report.updated) == (7, 0, 0)
    assert (contents(archive), found(archive, "渡船票价")) == (before, answers)
    vectors = snapshot_folder(archive.data, 7) / "vectors"
    assert len(list(vectors.glob("*.faiss"))) == 1
    assert archive.build().snapshot == 7


def test_compaction_before_the_first_build_says_what_to_do(archive: Archive) -> None:
    with pytest.raises(IndexMissing):
        archive.compact()


def test_build_with_nothing_new_copies_nothing(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.write("a.jsonl", MARKET, FERRY)
    archive.build()
    monkeypatch.setattr(shutil, "copyfile", lambda *_: pytest.fail("something was copied"))
    report = archive.build(prune=True)
    assert (report.snapshot, report.articles, report.passages, report.unchanged) == (1, 2, 2, 2)


def test_next_issue_rewrites_no_vectors_of_the_last(archive: Archive) -> None:
    archive.write("a.jsonl", *(record(f"n{n}", f"第{n}号码头今天靠了{n * 7}条船。") for n in range(60)))
    archive.build()
    archive.write("b.jsonl", FERRY)
    archive.build()
    first, second = (snapshot_folder(archive.data, n) / "vectors" for n in (1, 2))
    [segment] = first.glob("*.faiss")
    assert (second / segment.name).samefile(segment)


def test_folder_that_cannot_be_looked_into_has_not_vanished(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.write("old/a.jsonl", MARKET)
    archive.write("b.jsonl", FERRY)
    archive.build()
    hidden = archive.inbox / "old"
    real, real_access = os.stat, os.access

    def stat(path: object, *rest: object, **options: object) -> os.stat_result:
        if str(path).startswith(f"{hidden}/"):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("embeddings.changes.os.stat", stat)
    monkeypatch.setattr(
        "embeddings.changes.os.access",
        lambda path, mode: str(path) != str(hidden) and real_access(path, mode),
    )
    monkeypatch.setattr("embeddings.inputs.os.walk", _walk_without(hidden))
    assert archive.build(prune=True).removed == 0
    monkeypatch.undo()
    (hidden / "a.jsonl").unlink()
    assert archive.build(prune=True).removed == 1


def _walk_without(hidden: Path) -> object:
    real = os.walk

    def walk(root: Path, onerror: object = None) -> object:
        for folder, subfolders, names in real(root):
            if Path(folder) != hidden:
                yield folder, subfolders, names

    return walk


def test_clock_that_goes_backwards_changes_nothing_for_a_build(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive.write("a.jsonl", MARKET)
    archive.build()
    path.write_text(path.read_text().replace("四十二", "四十三"))
    os.utime(path, (1_000_000, 1_000_000))

    class Clock(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Clock:
            return cls(2001, 1, 1, tzinfo=tz)

    monkeypatch.setattr(datetime, "datetime", Clock)
    report = archive.build()
    assert (report.updated, report.snapshot, current_number(archive.data)) == (1, 2, 2)
    assert "四十三" in archive.body("market")


def test_snapshots_that_were_rolled_back_go_with_the_next_build(archive: Archive) -> None:
    for n in range(4):
        archive.write("a.jsonl", record("a", f"第{n}天下了雨。"))
        archive.build()
    publish(archive.data, 2)
    archive.write("b.jsonl", FERRY)
    assert archive.build().snapshot == 5
    assert snapshot_numbers(archive.data) == [2, 5]
    assert archive.body("a") == "第3天下了雨。"
