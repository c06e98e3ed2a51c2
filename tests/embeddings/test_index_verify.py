"""What `verify` finds in a snapshot: nothing when it is whole, and by name whatever is wrong."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from embeddings.index.snapshot import (
    CATALOG,
    TERMS,
    VECTORS,
    checksums,
    read_manifest,
    snapshot_files,
    snapshot_folder,
    write_manifest,
)
from embeddings.index.terms import TermIndexWriter, term_document
from embeddings.index.vectors import VectorIndex, write_vectors
from embeddings.index.verify import FINDINGS_MAX, Finding, verify_snapshot
from embeddings.settings import Settings
from embeddings.standing import cutting_fingerprint
from embeddings.tokens import Tokenizer
from tests.embeddings.archive import Archive
from tests.fakes import article, record, whole_passage

Change = Callable[[sqlite3.Connection], object]

FIRST = record(
    "first", "灯塔昨晚又亮了。守塔人说灯泡换了新的。", "灯塔重亮", byline="记者 何小舟", date="2026-03-02"
)
SECOND = record("second", "早班渡轮改在六点开。", "渡轮改点", paper="河口晚报", page="2")


@pytest.fixture
def archive(settings: Settings, tmp_path: Path) -> Archive:
    archive = Archive(settings, tmp_path / "inbox")
    archive.write("a.jsonl", FIRST, SECOND)
    archive.build()
    return archive


@pytest.fixture
def folder(archive: Archive) -> Path:
    """The folder of a snapshot with two articles of one passage each, under keys 1 and 2."""
    return snapshot_folder(archive.data, 1)


@pytest.fixture
def found(archive: Archive, folder: Path) -> Callable[[], list[Finding]]:
    """What is found in the folder as it stands."""
    return lambda: verify_snapshot(folder, cutting_fingerprint(archive.settings))


def reseal(folder: Path, **changes: object) -> None:
    """Make the manifest agree with the files, so that only what they hold can be wrong."""
    manifest = dataclasses.replace(read_manifest(folder), checksums=checksums(folder), **changes)  # type: ignore[arg-type]
    write_manifest(folder, manifest)


def change_catalog(folder: Path, change: Change) -> None:
    database = sqlite3.connect(folder / CATALOG)
    with database:
        change(database)
    database.close()
    reseal(folder)


def codes(findings: list[Finding]) -> set[tuple[str, str]]:
    return {(finding.code, finding.place) for finding in findings}


def test_whole_snapshot_has_no_findings(found: Callable[[], list[Finding]]) -> None:
    assert found() == []


def test_snapshots_after_changes_and_removals_have_no_findings(archive: Archive) -> None:
    archive.write("a.jsonl", record("first", "灯塔今晚熄了。"), SECOND)
    archive.write("b.jsonl", *(record(f"n{n}", f"第{n}号码头靠了{n * 3}条船。") for n in range(40)))
    archive.build()
    archive.remove("n3", "second")
    for number in (1, 2, 3):
        assert verify_snapshot(snapshot_folder(archive.data, number)) == []


def test_byte_that_changed_in_any_file_is_found_by_the_name_of_the_file(
    folder: Path, found: Callable[[], list[Finding]]
) -> None:
    for path in [*snapshot_files(folder), folder / "manifest.json"]:
        whole = path.read_bytes()
        for at in {0, len(whole) // 2, len(whole) - 1} if whole else ():
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            assert path.relative_to(folder).as_posix() in {finding.place for finding in found()}, (path, at)
        path.write_bytes(whole)
    assert found() == []


def test_every_missing_file_is_found(folder: Path, found: Callable[[], list[Finding]]) -> None:
    names = {path.relative_to(folder).as_posix() for path in snapshot_files(folder)}
    for name in names:
        (folder / name).unlink()
    assert codes(found()) == {("damaged_file", name) for name in names}


def test_folder_without_a_snapshot_is_a_finding(tmp_path: Path) -> None:
    assert codes(verify_snapshot(tmp_path / "000009")) == {("index_damaged", "manifest.json")}


def test_file_that_nobody_published_is_found(folder: Path, found: Callable[[], list[Finding]]) -> None:
    (folder / TERMS / "stray").write_bytes(b"x")
    (folder / "link").symlink_to(folder / CATALOG)
    assert codes(found()) == {("unknown_file", "terms/stray"), ("not_a_file", "link")}


def test_empty_lock_file_is_no_finding(folder: Path, found: Callable[[], list[Finding]]) -> None:
    (folder / TERMS / "other.lock").touch()
    assert found() == []


@pytest.mark.parametrize("name", ["articles", "passages", "dimension"])
def test_count_that_differs_from_the_manifest_is_found(
    folder: Path, found: Callable[[], list[Finding]], name: str
) -> None:
    reseal(folder, **{name: 77})
    assert found()
    assert all("77" in finding.detail for finding in found())


CHANGES: dict[str, tuple[str, tuple[str, str]]] = {
    "starts too early": ("UPDATE passages SET start = -1 WHERE key = 1", ("bad_offsets", "first#0")),
    "ends after the text": ("UPDATE passages SET end = 999 WHERE key = 1", ("bad_offsets", "first#0")),
    "is empty": ("UPDATE passages SET end = start WHERE key = 1", ("bad_offsets", "first#0")),
    "leaves out the end": ("UPDATE passages SET end = end - 1 WHERE key = 2", ("not_covered", "second")),
    "leaves out the start": ("UPDATE passages SET start = 2 WHERE key = 2", ("not_covered", "second#0")),
    "has another number": ("UPDATE passages SET number = 4 WHERE key = 2", ("bad_passage", "second#4")),
    "was read otherwise": ("UPDATE passages SET hash = 'x' WHERE key = 2", ("bad_passage", "second#0")),
    "has no article": ("UPDATE passages SET article = 9 WHERE key = 2", ("bad_reference", CATALOG)),
    "is gone": ("DELETE FROM passages WHERE key = 2", ("keys", VECTORS)),
    "has another paper": ("UPDATE articles SET paper = '别报' WHERE id = 'first'", ("bad_record", "first")),
    "has another day": ("UPDATE articles SET day = 20260303 WHERE id = 'first'", ("bad_record", "first")),
    "has another page": ("UPDATE articles SET page = '9' WHERE id = 'second'", ("bad_record", "second")),
    "has another id": ("UPDATE articles SET id = 'other' WHERE id = 'first'", ("bad_record", "other")),
    "has no record": ("UPDATE articles SET record = '{' WHERE id = 'first'", ("bad_record", "first")),
    "has an odd record": ("UPDATE articles SET record = '[1]' WHERE id = 'first'", ("bad_record", "first")),
    "is named by nobody": ("INSERT INTO names VALUES ('何小舟', 99)", ("bad_reference", CATALOG)),
    "acts by itself": (
        "CREATE TRIGGER t AFTER INSERT ON names BEGIN DELETE FROM articles; END",
        ("unknown_file", CATALOG),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_catalog_in_which_something_is_wrong_is_found(
    folder: Path, found: Callable[[], list[Finding]], change: str
) -> None:
    statement, finding = CHANGES[change]
    change_catalog(folder, lambda database: database.execute(statement))
    assert finding in codes(found())


def test_overlapping_passages_are_found(folder: Path, found: Callable[[], list[Finding]]) -> None:
    change_catalog(
        folder,
        lambda database: database.execute(
            "INSERT INTO passages (article, number, start, end, hash) VALUES (1, 1, 3, 5, 'x')"
        ),
    )
    assert ("bad_offsets", "first#1") in codes(found())


def test_hash_is_not_compared_where_passages_were_cut_otherwise(folder: Path) -> None:
    change_catalog(folder, lambda database: database.execute("UPDATE passages SET hash = 'x'"))
    assert verify_snapshot(folder, "another cutting") == []


def test_file_that_is_no_database_is_found(folder: Path, found: Callable[[], list[Finding]]) -> None:
    (folder / CATALOG).write_bytes(b"not a database" * 100)
    reseal(folder)
    assert ("index_damaged", CATALOG) in codes(found())


def write_other_vectors(folder: Path, keys: list[int], vectors: list[list[float]]) -> None:
    shutil.rmtree(folder / VECTORS)
    rows = np.zeros((len(vectors), 128), np.float32)
    for row, values in enumerate(vectors):
        rows[row, : len(values)] = values
    write_vectors(
        folder / VECTORS,
        base=None,
        dimension=128,
        dropped=np.zeros(0, np.int64),
        keys=np.array(keys, np.int64),
        vectors=rows,
    )
    reseal(folder)


def test_vectors_of_other_passages_are_found(folder: Path, found: Callable[[], list[Finding]]) -> None:
    write_other_vectors(folder, [1, 3], [[1.0], [0.6, 0.8]])
    assert [(finding.place, finding.detail) for finding in found()] == [
        (VECTORS, "缺少 1 个段落,键为 2"),
        (VECTORS, "多出 1 个段落,键为 3"),
    ]


@pytest.mark.parametrize("odd", [[0.5, 0.5], [], [float("nan")], [float("inf")], [1.0, 0.2]])
def test_vector_that_is_not_of_unit_length_is_found(
    folder: Path, found: Callable[[], list[Finding]], odd: list[float]
) -> None:
    write_other_vectors(folder, [1, 2], [[1.0], odd])
    assert [(finding.code, finding.detail) for finding in found()] == [
        ("not_unit", "向量不是单位长度:1 个段落,键为 2")
    ]


def test_vector_rounded_to_half_precision_is_no_finding(
    folder: Path, found: Callable[[], list[Finding]]
) -> None:
    write_other_vectors(folder, [1, 2], [[1.0], [0.6015625, 0.80078125]])
    assert found() == []


@pytest.mark.parametrize(
    ("keys", "details"),
    [
        ([1], ["passages 有 1 条,应有 2 条", "缺少 1 个段落,键为 2"]),
        ([1, 5], ["缺少 1 个段落,键为 2", "多出 1 个段落,键为 5"]),
        ([1, 2, 2], ["3 个文档只有 2 个不同的键"]),
    ],
)
def test_terms_of_other_passages_are_found(
    folder: Path,
    found: Callable[[], list[Finding]],
    tokenizer: Tokenizer,
    keys: list[int],
    details: list[str],
) -> None:
    shutil.rmtree(folder / TERMS)
    writer = TermIndexWriter(folder / TERMS)
    for key in keys:
        one = article(f"第{key}篇。")
        writer.add(term_document(key, one, whole_passage(one), tokenizer))
    writer.commit()
    reseal(folder)
    assert [(finding.place, finding.detail) for finding in found()] == [(TERMS, detail) for detail in details]


def test_snapshot_of_an_older_format_is_checked_by_its_checksums_only(
    folder: Path, found: Callable[[], list[Finding]]
) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "format": 2, "articles": 9}))
    assert found() == []
    (folder / CATALOG).write_bytes(b"")
    assert codes(found()) == {("damaged_file", CATALOG)}


def test_snapshot_of_a_newer_format_is_a_finding(folder: Path, found: Callable[[], list[Finding]]) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "format": 99}))
    assert codes(found()) == {("index_mismatch", "manifest.json")}


def test_findings_are_not_without_number(folder: Path, found: Callable[[], list[Finding]]) -> None:
    for number in range(FINDINGS_MAX + 5):
        (folder / f"{number}.txt").touch()
    assert len(found()) == FINDINGS_MAX


def test_checking_changes_nothing(folder: Path, found: Callable[[], list[Finding]]) -> None:
    before = checksums(folder)
    found()
    assert checksums(folder) == before
    assert len(VectorIndex.open(folder / VECTORS)) == 2
