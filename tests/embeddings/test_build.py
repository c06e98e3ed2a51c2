"""Builds: whatever changes in the files, the index is what a build from nothing would make of them."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import faiss
import pytest

from embeddings import build as building
from embeddings.build import build
from embeddings.errors import IndexMismatch, NotFoundError, ServiceError
from embeddings.index.snapshot import (
    CATALOG,
    FORMAT_VERSION,
    TERMS,
    VECTORS,
    checksums,
    current_number,
    publish,
    read_manifest,
    snapshot_folder,
    snapshot_numbers,
    write_manifest,
)
from embeddings.index.vectors import VectorIndex
from embeddings.reports import BuildReport
from embeddings.settings import Settings
from embeddings.standing import cutting_fingerprint
from tests.embeddings.archive import Archive, contents, found
from tests.fakes import EncoderFailure, FakeEncoder, record

MARKET = record("market", "早市从六点开到九点，摊位有四十二个。", "早市搬家")
FERRY = record("ferry", "渡船每天往返十八趟，票价两元。", "渡口不停航")
LIGHTS = record("lights", "老巷换了一百盏路灯，用电少了一半。", "老巷亮了")
NEW_FERRY = record("ferry", "渡船每天往返二十四趟，票价三元。", "渡口不停航")


@pytest.fixture
def archive(settings: Settings, tmp_path: Path) -> Archive:
    return Archive(settings, tmp_path / "inbox")


def counters(report: BuildReport) -> dict[str, int]:
    """The counters of a report that are not 0."""
    names = ("added", "updated", "removed", "unchanged", "embedded")
    return {name: getattr(report, name) for name in names if getattr(report, name)}


def spoil(path: Path) -> None:
    """Change a byte in the middle of a file, which other snapshots may share by a hard link."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.unlink()
    path.write_bytes(data)


def test_build_from_nothing_adds_every_article(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET, FERRY)
    report = archive.build()
    assert counters(report) == {"added": 2, "embedded": 2}
    assert (report.snapshot, report.articles, report.passages, report.refused) == (1, 2, 2, ())
    assert archive.ids() == {"market", "ferry"}


def test_build_of_an_empty_folder_publishes_nothing(archive: Archive) -> None:
    report = archive.build()
    assert (report.snapshot, report.articles) == (None, 0)
    assert current_number(archive.data) is None


def test_build_again_without_changes_embeds_and_publishes_nothing(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET, FERRY)
    archive.build()
    report = archive.build()
    assert counters(report) == {"unchanged": 2}
    assert (report.snapshot, report.articles, report.passages) == (1, 2, 2)
    assert snapshot_numbers(archive.data) == [1]


def test_build_of_a_touched_file_changes_nothing(archive: Archive) -> None:
    path = archive.write("a.jsonl", MARKET)
    archive.build()
    os.utime(path, ns=(1, 1))
    assert counters(archive.build()) == {"unchanged": 1}
    assert snapshot_numbers(archive.data) == [1]


def test_build_with_a_new_file_adds_it_and_keeps_the_rest(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET)
    archive.build()
    archive.write("b.jsonl", FERRY)
    assert counters(archive.build()) == {"added": 1, "unchanged": 1, "embedded": 1}
    assert archive.ids() == {"market", "ferry"}


def test_build_of_another_folder_keeps_what_is_indexed(archive: Archive, tmp_path: Path) -> None:
    archive.write("a.jsonl", MARKET)
    archive.build()
    archive.inbox = tmp_path / "other"
    archive.write("b.jsonl", FERRY)
    archive.build(prune=True)
    assert archive.ids() == {"market", "ferry"}


def test_build_of_an_edited_article_updates_it_under_its_id(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET, FERRY)
    archive.build()
    archive.write("a.jsonl", MARKET, NEW_FERRY)
    report = archive.build()
    assert counters(report) == {"updated": 1, "unchanged": 1, "embedded": 1}
    assert (report.articles, report.passages) == (2, 2)
    assert archive.body("ferry") == NEW_FERRY["body"]
    assert archive.encoder.texts == ["渡口不停航\n渡船每天往返二十四趟，票价三元。"]


def test_build_of_an_article_that_only_moved_in_its_file_embeds_nothing(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET, FERRY)
    archive.build()
    archive.write("a.jsonl", FERRY, MARKET)
    assert counters(archive.build()) == {"unchanged": 2}


def test_build_of_a_new_byline_updates_without_embedding_the_passages(archive: Archive) -> None:
    archive.write("a.jsonl", {**FERRY, "page": "01"})
    archive.build()
    archive.write("a.jsonl", {**FERRY, "page": "02"})
    assert counters(archive.build()) == {"updated": 1}
    assert archive.snapshot().catalog.article("ferry").page == "02"


def test_build_of_an_article_gone_from_its_file_removes_it(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET, FERRY)
    archive.build()
    archive.write("a.jsonl", MARKET)
    assert counters(archive.build()) == {"removed": 1, "unchanged": 1}
    assert archive.ids() == {"market"}
    assert found(archive, "渡船票价")[0][0] == "market#0"


def test_build_without_prune_keeps_articles_of_a_vanished_file(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET)
    archive.write("b.jsonl", FERRY).unlink()
    archive.write("b.jsonl", FERRY)
    archive.build()
    (archive.inbox / "b.jsonl").unlink()
    archive.build()
    assert archive.ids() == {"market", "ferry"}


def test_build_with_prune_removes_articles_of_a_vanished_file(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET)
    archive.write("b.jsonl", FERRY)
    archive.build()
    (archive.inbox / "b.jsonl").unlink()
    assert counters(archive.build(prune=True)) == {"removed": 1, "unchanged": 1}
    assert archive.ids() == {"market"}


def test_build_with_prune_of_everything_leaves_an_index_that_opens_empty(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET)
    archive.build()
    (archive.inbox / "a.jsonl").unlink()
    report = archive.build(prune=True)
    assert (report.snapshot, report.articles, report.passages) == (2, 0, 0)
    assert found(archive, "早市") == []


def test_build_of_a_renamed_file_moves_its_articles(archive: Archive) -> None:
    path = archive.write("a.jsonl", MARKET, FERRY)
    archive.build()
    path.rename(path.with_name("z.jsonl"))
    assert counters(archive.build()) == {"unchanged": 2}
    assert counters(archive.build(prune=True)) == {"unchanged": 2}
    assert archive.ids() == {"market", "ferry"}


def test_build_of_a_renamed_and_edited_file_updates_its_article(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET, FERRY)
    archive.build()
    (archive.inbox / "a.jsonl").unlink()
    archive.write("b.jsonl", MARKET, NEW_FERRY)
    assert counters(archive.build()) == {"updated": 1, "unchanged": 1, "embedded": 1}
    assert archive.body("ferry") == NEW_FERRY["body"]


def test_build_of_two_files_with_swapped_contents_keeps_both(archive: Archive) -> None:
    one, other = archive.write("a.jsonl", MARKET), archive.write("b.jsonl", FERRY)
    archive.build()
    archive.write("a.jsonl", FERRY)
    archive.write("b.jsonl", MARKET)
    assert counters(archive.build()) == {"unchanged": 2}
    assert archive.ids() == {"market", "ferry"}
    one.rename(one.with_name("c"))
    other.rename(one)
    one.with_name("c").rename(other)
    assert counters(archive.build()) == {"unchanged": 2}
    archive.write("a.jsonl", LIGHTS)
    archive.build()
    assert archive.ids() == {"lights", "ferry"}


def test_build_of_files_swapped_by_name_with_equal_size_and_time_reads_them(archive: Archive) -> None:
    one = archive.write("a.jsonl", record("same", "甲"), record("one", "乙"))
    other = archive.write("b.jsonl", record("same", "丙"), record("two", "丁"))
    for path in (one, other):
        os.utime(path, ns=(10**18, 10**18))
    archive.build()
    one.rename(one.with_name("c"))
    other.rename(one)
    one.with_name("c").rename(other)
    archive.build()
    assert archive.body("same") == "丙"


def test_build_of_one_id_in_two_files_refuses_the_second(archive: Archive) -> None:
    archive.write("a.jsonl", FERRY)
    archive.write("b.jsonl", NEW_FERRY, MARKET)
    report = archive.build()
    assert counters(report) == {"added": 2, "embedded": 2}
    (refusal,) = report.refused
    assert (refusal.file, refusal.code) == ("b.jsonl", "duplicate_id")
    assert "ferry" in refusal.reason
    assert archive.body("ferry") == FERRY["body"]


def test_build_again_refuses_the_second_file_of_one_id_again(archive: Archive) -> None:
    archive.write("a.jsonl", FERRY)
    archive.write("b.jsonl", NEW_FERRY, MARKET)
    first = archive.build()
    again = archive.build()
    assert again.refused == first.refused
    assert counters(again) == {"unchanged": 2}
    assert again.snapshot == 1


def test_build_of_one_article_in_two_files_indexes_it_once(archive: Archive) -> None:
    archive.write("a.jsonl", FERRY)
    archive.write("b.jsonl", FERRY)
    report = archive.build()
    assert counters(report) == {"added": 1, "embedded": 1}
    assert (report.articles, report.refused) == (1, ())


@pytest.mark.parametrize("second", [FERRY, NEW_FERRY])
def test_build_after_the_first_of_two_files_is_gone_takes_the_second(
    archive: Archive, second: dict[str, object]
) -> None:
    archive.write("a.jsonl", FERRY)
    archive.write("b.jsonl", second)
    archive.build()
    (archive.inbox / "a.jsonl").unlink()
    report = archive.build(prune=True)
    assert archive.body("ferry") == second["body"]
    assert report.refused == ()


def test_build_after_the_first_of_two_files_lets_go_takes_the_second(archive: Archive) -> None:
    archive.write("a.jsonl", FERRY)
    archive.write("b.jsonl", NEW_FERRY)
    archive.build()
    archive.write("a.jsonl", MARKET)
    report = archive.build()
    assert archive.ids() == {"market", "ferry"}
    assert archive.body("ferry") == NEW_FERRY["body"]
    assert report.refused == ()


def test_build_with_an_earlier_file_of_the_same_id_prefers_it_as_a_first_build_would(
    archive: Archive,
) -> None:
    archive.write("b.jsonl", NEW_FERRY)
    archive.build()
    archive.write("a.jsonl", FERRY)
    report = archive.build()
    assert archive.body("ferry") == FERRY["body"]
    assert [(r.file, r.code) for r in report.refused] == [("b.jsonl", "duplicate_id")]


def test_build_reuses_the_vector_of_a_text_that_comes_back_elsewhere(archive: Archive) -> None:
    archive.write("a.jsonl", FERRY)
    archive.build()
    archive.write("b.jsonl", {**FERRY, "id": "reprint"})
    assert counters(archive.build()) == {"added": 1, "unchanged": 1}


def test_build_embeds_one_text_of_two_articles_once(archive: Archive) -> None:
    archive.write("a.jsonl", FERRY, {**FERRY, "id": "reprint"})
    report = archive.build()
    assert counters(report) == {"added": 2, "embedded": 1}
    assert report.passages == 2


def test_build_of_a_file_unreadable_now_keeps_its_old_articles(archive: Archive) -> None:
    path = archive.write("a.jsonl", MARKET, FERRY)
    archive.build()
    path.write_bytes(b"\x00\x01\x02\x03" * 50)
    report = archive.build()
    assert counters(report) == {"unchanged": 2}
    assert [refusal.file for refusal in report.refused] == ["a.jsonl"]
    assert archive.ids() == {"market", "ferry"}


def test_build_of_a_file_too_large_until_the_limit_is_raised_reads_it(archive: Archive) -> None:
    archive.write("a.jsonl", record("long", "长长的队伍排到了街角。" * 200))
    archive.write("b.jsonl", MARKET)
    archive.settings = archive.settings.model_copy(update={"max_file_bytes": 1024})
    assert [refusal.code for refusal in archive.build().refused] == ["too_large"]
    archive.settings = archive.settings.model_copy(update={"max_file_bytes": 1 << 20})
    assert archive.build().refused == ()
    assert archive.ids() == {"long", "market"}


def test_build_refuses_a_broken_line_and_indexes_the_rest(archive: Archive) -> None:
    path = archive.write("a.jsonl", MARKET, FERRY)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0], "{broken", lines[1]]), encoding="utf-8")
    report = archive.build()
    assert [(r.file, r.code) for r in report.refused] == [("a.jsonl:2", "bad_json")]
    assert archive.ids() == {"market", "ferry"}
    assert archive.build().refused == report.refused


def test_build_of_pages_gives_articles_their_paper_date_and_page(archive: Archive) -> None:
    page = archive.inbox / "柳湾晚报" / "2026-10-12" / "02.txt"
    page.parent.mkdir(parents=True)
    page.write_text("渡口换了新船\n\n本报讯（记者 阮小舟）渡口昨天换上新船。\n", encoding="utf-8")
    archive.build()
    (article,) = archive.snapshot().catalog.articles()
    assert (article.paper, str(article.date), article.page) == ("柳湾晚报", "2026-10-12", "02")
    assert article.id.startswith("20261012-02-")


def test_build_of_an_edited_page_keeps_ids_and_the_order_of_print(archive: Archive) -> None:
    page = archive.inbox / "柳湾晚报" / "2026-10-12" / "02.txt"
    page.parent.mkdir(parents=True)
    text = "\n\n\n".join(
        f"{title}\n\n本报讯（记者 阮小舟）{body}"
        for title, body in (
            ("渡口换了新船", "渡口昨天换上新船，一次能坐六十人。"),
            ("早市搬进大棚", "早市昨天搬进新建的大棚，下雨也能买菜。"),
        )
    )
    page.write_text(text + "\n", encoding="utf-8")
    archive.build()
    before = [article.id for article in archive.snapshot().catalog.newest(9)]
    page.write_text(text.replace("六十人", "七十二人") + "\n", encoding="utf-8")
    report = archive.build()
    assert (report.updated, report.added, report.removed) == (1, 0, 0)
    assert [article.id for article in archive.snapshot().catalog.newest(9)] == before


def test_build_calls_step_with_files_then_passages(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET)
    archive.write("b.jsonl", FERRY)
    steps: list[tuple[str, int, int]] = []
    archive.build(step=lambda *step: steps.append(step))
    assert steps == [
        ("files", 0, 2),
        ("files", 1, 2),
        ("files", 2, 2),
        ("passages", 0, 2),
        ("passages", 1, 2),
        ("passages", 2, 2),
    ]


def test_build_with_another_model_embeds_everything_again(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET, FERRY)
    archive.build()
    archive.encoder = FakeEncoder("fake-2", dimension=64)
    report = archive.build()
    assert counters(report) == {"unchanged": 2, "embedded": 2}
    snapshot = archive.snapshot()
    assert (snapshot.manifest.encoder, snapshot.vectors.dimension) == ("fake-2", 64)


def test_build_with_other_passage_lengths_cuts_again_and_embeds_only_new_texts(archive: Archive) -> None:
    long = "".join(f"第{n}个摊位卖的是自家种的青菜和豆角。" for n in range(30))
    archive.write("a.jsonl", record("long", long), MARKET)
    archive.build()
    archive.settings = archive.settings.model_copy(update={"passage_chars": 100, "passage_chars_max": 120})
    report = archive.build()
    assert report.passages == report.embedded + 1 == len(archive.snapshot().vectors)
    assert all(len(p.text) <= 120 for _, p in archive.snapshot().catalog.passages_of("long"))
    fresh = Archive(archive.settings.model_copy(update={"data": archive.data / "fresh"}), archive.inbox)
    fresh.build()
    assert contents(archive) == contents(fresh)


def test_cutting_fingerprint_changes_with_the_passage_lengths(settings: Settings) -> None:
    shorter = settings.model_copy(update={"passage_chars": 200})
    assert cutting_fingerprint(settings) != cutting_fingerprint(shorter)
    assert cutting_fingerprint(settings) == cutting_fingerprint(settings.model_copy())


@pytest.mark.parametrize(("part", "pattern"), [(VECTORS, "*.faiss"), (TERMS, "*.term")])
def test_build_over_a_damaged_part_makes_it_anew_from_the_catalog(
    archive: Archive, part: str, pattern: str
) -> None:
    archive.write("a.jsonl", MARKET, FERRY)
    archive.build()
    before = contents(archive)
    path = snapshot_folder(archive.data, 1) / part
    spoil(next(path.glob(pattern)))
    report = archive.build()
    assert report.snapshot == 2
    assert report.embedded == (2 if part == VECTORS else 0)
    assert contents(archive) == before


def test_build_over_a_damaged_catalog_goes_on_from_the_snapshot_before(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET)
    archive.build()
    archive.write("b.jsonl", FERRY)
    archive.build()
    spoil(snapshot_folder(archive.data, 2) / CATALOG)
    report = archive.build()
    assert counters(report) == {"added": 1, "unchanged": 1, "embedded": 1}
    assert report.snapshot == 3
    assert archive.ids() == {"market", "ferry"}


def test_build_over_a_damaged_catalog_alone_starts_from_nothing(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET)
    archive.build()
    spoil(snapshot_folder(archive.data, 1) / CATALOG)
    assert counters(archive.build()) == {"added": 1, "embedded": 1}
    assert archive.ids() == {"market"}


@pytest.mark.parametrize("content", ["", "garbage", "\N{SNOWMAN}"])
def test_build_over_a_damaged_current_mends_it(archive: Archive, content: str) -> None:
    archive.write("a.jsonl", MARKET)
    archive.build()
    (archive.data / "CURRENT").write_text(content, encoding="utf-8")
    report = archive.build()
    assert counters(report) == {"unchanged": 1}
    assert archive.snapshot().number == report.snapshot == 2


def test_build_over_an_index_of_a_newer_version_refuses(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET)
    archive.build()
    manifest = snapshot_folder(archive.data, 1) / "manifest.json"
    manifest.write_text(manifest.read_text().replace(f'"format": {FORMAT_VERSION}', '"format": 99'))
    with pytest.raises(IndexMismatch):
        archive.build()
    assert current_number(archive.data) == 1


def age(archive: Archive) -> None:
    """Make the index that serves one of format 1, as that Wenbao wrote it: its articles knew less."""
    folder = snapshot_folder(archive.data, 1)
    with contextlib.closing(sqlite3.connect(folder / CATALOG)) as db, db:
        fields = "'$.people', '$.dateline', '$.pointers', '$.confidence'"
        db.execute(f"UPDATE articles SET record = json_remove(record, {fields}), hash = 'of old'")
        db.execute("UPDATE files SET reader = 1")
        db.execute("DROP TABLE former_ids")
        db.execute("DROP TABLE withheld")
    vectors = VectorIndex.open(folder / VECTORS)
    index = faiss.IndexIDMap2(faiss.IndexFlatIP(vectors.dimension))
    index.add_with_ids(vectors.vectors(vectors.keys()), vectors.keys())
    faiss.write_index(index, str(folder / "vectors.faiss"))
    shutil.rmtree(folder / VECTORS)
    manifest = read_manifest(folder)
    write_manifest(folder, replace(manifest, format=1, checksums=checksums(folder)))


def test_build_over_an_older_format_reads_again_and_keeps_what_it_was_not_given(
    archive: Archive, tmp_path: Path
) -> None:
    archive.write("a.jsonl", record("market", str(MARKET["body"]), "早市搬家", byline="记者 毛小路"), FERRY)
    archive.build()
    archive.inbox = tmp_path / "other"
    age(archive)
    with pytest.raises(IndexMismatch):
        archive.snapshot()
    archive.write("b.jsonl", LIGHTS)
    assert counters(archive.build()) == {"added": 1, "embedded": 1}
    assert archive.ids() == {"market", "ferry", "lights"}
    archive.inbox = tmp_path / "inbox"
    assert counters(archive.build()) == {"updated": 1, "unchanged": 1}
    assert archive.snapshot().catalog.article("market").people[0].name == "毛小路"
    assert archive.body("ferry") == FERRY["body"]


def test_build_over_an_older_format_publishes_although_no_file_is_given(
    archive: Archive, tmp_path: Path
) -> None:
    archive.write("a.jsonl", MARKET)
    archive.build()
    age(archive)
    archive.inbox = tmp_path / "empty"
    assert (counters(archive.build()), archive.ids()) == ({}, {"market"})


def test_build_of_a_page_with_marks_changes_that_page_alone_and_keeps_the_ids_of_the_rest(
    archive: Archive,
) -> None:
    story = "老街面馆开张\n\n本报讯（记者 毛小路）老街上的面馆今天开张，街坊都来吃面。\n"
    more = "街坊说，面馆的汤熬了一整夜，老街的早晨又热闹起来。\n"
    other = "\n渡口不停航\n\n本报讯（记者 阮小舟）渡船每天往返十八趟，票价两元。\n"
    issue = archive.inbox / "江风晚报" / "2026-03-04"
    issue.mkdir(parents=True)
    (issue / "01.txt").write_text(story + more + other, encoding="utf-8")
    (issue / "02.txt").write_text(story, encoding="utf-8")
    archive.build()
    plain = contents(archive)
    assert len(plain["articles"]) == 3

    marks = issue / "01.marks.toml"
    marks.write_text('[[mark]]\ntext = "街坊说"\nbreak = true\n', encoding="utf-8")
    report = archive.build()
    assert (report.added, report.updated, report.removed, report.unchanged) == (1, 1, 0, 2)
    assert archive.ids() > set(plain["articles"])

    marks.write_text("# nothing yet\n", encoding="utf-8")
    report = archive.build()
    assert (report.added, report.updated, report.removed, report.unchanged) == (0, 1, 1, 2)
    assert contents(archive) == plain

    marks.unlink()
    assert counters(archive.build()) == {"unchanged": 3}


def test_build_with_a_broken_sidecar_says_so_every_time_and_keeps_the_articles(archive: Archive) -> None:
    archive.inbox.mkdir()
    story = "老街面馆开张\n\n本报讯（记者 毛小路）老街上的面馆今天开张，街坊都来吃面。\n"
    (archive.inbox / "01.txt").write_text(story, encoding="utf-8")
    archive.build()
    (archive.inbox / "01.marks.toml").write_text("[[mark]", encoding="utf-8")
    for _ in range(2):
        report = archive.build()
        assert counters(report) == {"unchanged": 1}
        assert [(refusal.file, refusal.code) for refusal in report.refused] == [
            ("01.marks.toml", "bad_marks")
        ]


def test_build_keeps_as_many_snapshots_as_set(archive: Archive) -> None:
    archive.settings = archive.settings.model_copy(update={"keep_snapshots": 2})
    for n in range(4):
        archive.write(f"{n}.jsonl", record(f"a{n}", f"第{n}天下了雨。"))
        archive.build()
    assert snapshot_numbers(archive.data) == [3, 4]
    assert current_number(archive.data) == 4


def test_build_after_a_rollback_never_gives_a_number_twice(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET)
    archive.build()
    archive.write("b.jsonl", FERRY)
    archive.build()
    publish(archive.data, 1)
    archive.write("c.jsonl", LIGHTS)
    assert archive.build().snapshot == 3
    assert archive.ids() == {"market", "ferry", "lights"}


def test_build_leaves_earlier_snapshots_as_they_were(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET, FERRY)
    archive.build()
    first = archive.snapshot()
    archive.write("a.jsonl", NEW_FERRY, LIGHTS)
    archive.build()
    publish(archive.data, 1)
    assert archive.ids() == {"market", "ferry"}
    assert first.catalog.article("ferry").body == FERRY["body"]


def test_build_with_carried_terms_finds_what_a_fresh_one_does(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET, FERRY)
    archive.build()
    archive.write("a.jsonl", NEW_FERRY, LIGHTS)
    archive.build()
    assert found(archive, "渡船往返几趟")[0][0] == "ferry#0"
    assert len(archive.snapshot().terms) == 2


def test_build_cleans_up_the_work_folder_of_a_build_cut_off(archive: Archive) -> None:
    left = archive.data / "snapshots" / ".building"
    left.mkdir(parents=True)
    (left / CATALOG).write_text("half a catalog")
    archive.write("a.jsonl", MARKET)
    archive.build()
    assert not left.exists()
    assert archive.ids() == {"market"}


@pytest.mark.parametrize("stage", ["write_manifest", "publish", "checksums", "snapshot_folder"])
def test_build_on_a_full_disk_says_so_and_leaves_the_old_snapshot(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    archive.write("a.jsonl", MARKET)
    archive.build()
    archive.write("b.jsonl", FERRY)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(building, stage, full)
        if stage == "snapshot_folder":
            patch.setattr(shutil, "copyfile", full)
        with pytest.raises(ServiceError) as caught:
            archive.build()
    assert caught.value.code == "disk_error"
    assert str(archive.data) not in str(caught.value)
    assert archive.ids() == {"market"}
    archive.build()
    assert archive.ids() == {"market", "ferry"}


def test_build_whose_encoder_fails_leaves_the_old_snapshot(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET)
    archive.build()
    archive.write("b.jsonl", FERRY)
    archive.encoder = FakeEncoder(fail_after=0)
    with pytest.raises(EncoderFailure):
        archive.build()
    assert archive.ids() == {"market"}
    assert not (archive.data / "snapshots" / ".building").exists()


def test_build_in_a_data_path_that_is_a_file_says_so(archive: Archive, tmp_path: Path) -> None:
    archive.write("a.jsonl", MARKET)
    (tmp_path / "taken").write_text("")
    archive.settings = archive.settings.model_copy(update={"data": tmp_path / "taken"})
    with pytest.raises(ServiceError) as caught:
        archive.build()
    assert caught.value.code == "data_unwritable"


def test_remove_takes_articles_out(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET, FERRY, LIGHTS)
    archive.build()
    report = archive.remove("ferry", "lights")
    assert counters(report) == {"removed": 2}
    assert archive.ids() == {"market"}
    assert [passage for passage, _ in found(archive, "渡船路灯")] == ["market#0"]


def test_removed_article_stays_out_when_its_file_is_read_again(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET, FERRY)
    archive.build()
    archive.remove("ferry")
    archive.build()
    assert archive.ids() == {"market"}
    archive.write("a.jsonl", MARKET, NEW_FERRY)
    archive.write("b.jsonl", FERRY)
    archive.build()
    assert archive.ids() == {"market"}


def test_removed_article_stays_out_under_another_headline(archive: Archive) -> None:
    body = "渡口管理处昨天说，渡船每天往返十八趟，票价两元，老人和孩子坐船不要钱。"
    archive.write("a.jsonl", MARKET, record("ferry", body, "渡船票价"))
    archive.build()
    archive.remove("ferry")
    archive.write("a.jsonl", MARKET, record("ferry-2", body, "渡船票价公布"))
    archive.build()
    assert archive.ids() == {"market"}


def test_readmitted_article_comes_back_with_the_next_build(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET, FERRY)
    archive.build()
    archive.remove("ferry")
    report = archive.readmit("ferry")
    assert (report.added, archive.ids()) == (0, {"market"})
    assert counters(archive.build()) == {"added": 1, "unchanged": 1}
    assert archive.ids() == {"market", "ferry"}


def test_readmission_of_an_article_that_was_not_removed_changes_nothing(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET, FERRY)
    archive.build()
    with pytest.raises(NotFoundError, match="market"):
        archive.readmit("market")
    assert current_number(archive.data) == 1


def test_remove_of_an_unknown_id_removes_nothing(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET, FERRY)
    archive.build()
    with pytest.raises(NotFoundError, match="nobody") as caught:
        archive.remove("ferry", "nobody")
    assert caught.value.code == "article_not_found"
    assert archive.ids() == {"market", "ferry"}
    assert current_number(archive.data) == 1


def test_remove_of_one_id_named_twice_counts_it_once(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET, FERRY)
    archive.build()
    assert counters(archive.remove("ferry", "ferry")) == {"removed": 1}


def test_build_where_hard_links_are_refused_copies(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.write("a.jsonl", MARKET)
    archive.build()

    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    archive.write("b.jsonl", FERRY)
    archive.build()
    assert {passage for passage, _ in found(archive, "渡船早市")} == {"market#0", "ferry#0"}


def test_build_report_as_json_has_the_keys_of_the_contract(archive: Archive) -> None:
    archive.write("a.jsonl", MARKET)
    (archive.inbox / "b.docx").write_text("x")
    assert set(archive.build().to_json()) == {
        "snapshot", "articles", "passages", "added", "updated", "removed", "unchanged", "embedded",
        "refused", "seconds",
    }  # fmt: skip
    refused = archive.build().to_json()["refused"]
    assert refused[0].items() >= {"file": "b.docx"}.items()
    assert refused[0]["reason"]


def test_build_of_a_moved_data_folder_goes_on(archive: Archive, tmp_path: Path) -> None:
    archive.write("a.jsonl", MARKET)
    archive.build()
    moved = tmp_path / "moved"
    shutil.move(archive.data, moved)
    archive = replace(archive, settings=archive.settings.model_copy(update={"data": moved}))
    assert counters(archive.build()) == {"unchanged": 1}


def test_build_of_a_file_given_twice_reads_it_once(archive: Archive) -> None:
    path = archive.write("a.jsonl", MARKET)
    report = build([path, archive.inbox, path], archive.settings, archive.encoder)
    assert counters(report) == {"added": 1, "embedded": 1}
