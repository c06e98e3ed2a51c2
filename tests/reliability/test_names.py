"""File names as people and machines make them: read or refused, known again, renamed, and pruned."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from embeddings.records import content_hash
from tests.embeddings.archive import Archive
from tests.fakes import record, write_lines
from tests.reliability.wholeness import assert_verified

_TEXTS = (
    "今天 的 报纸.jsonl",
    " leading and trailing .jsonl",
    "'single' \"double\" `back`.jsonl",
    "one\ntwo\r\tthree.jsonl",
    "船⛴️票🎫👨‍👩‍👧.jsonl",
    "100%s%20%d{0}$HOME.jsonl",
    "--help.jsonl",
    "-rf.jsonl",
    "a;b&c|d>e.jsonl",
    "back\\slash.jsonl",
    "?*[x].jsonl",
    "#fragment?query=1.jsonl",
    "长" * 83 + ".jsonl",
    "n" * 249 + ".jsonl",
    "שלום עולם.jsonl",
    "\u202egnp.\u202cjsonl.jsonl",
    "\u200bzero\ufeffwidth.jsonl",
    "caf\u00e9.jsonl",
    "cafe\u0301.jsonl",
    "case.jsonl",
    "CASE.jsonl",
    "upper.JSONL",
    "file:memory?mode=ro.jsonl",
    "\x01\x1b[31m\x7f.jsonl",
    "deep/" * 40 + "deep.jsonl",
    "夹 夹\n夹/%/报.jsonl",
)
NAMES = (
    *map(str.encode, _TEXTS),
    b"\xff\xfe\x80.jsonl",
    b"\xb1\xa8\xd6\xbd.jsonl",
    b"folder\xff/inside.jsonl",
)


def put(archive: Archive, name: bytes, number: int) -> Path:
    path = archive.inbox / os.fsdecode(name)
    return write_lines(path, [record(f"n{number}", f"第{number}号码头今天靠了{number * 7}条船。")])


@pytest.fixture
def full(archive: Archive) -> Archive:
    for number, name in enumerate(NAMES):
        put(archive, name, number)
    report = archive.build()
    assert report.refused == ()
    assert report.articles == len(NAMES)
    return archive


def test_any_name_is_read_and_known_again_by_the_next_build(full: Archive) -> None:
    report = full.build(prune=True)
    assert (report.unchanged, report.removed, report.embedded, report.snapshot) == (len(NAMES), 0, 0, 1)
    assert_verified(full)


def test_shown_names_can_be_printed_and_are_distinct(full: Archive) -> None:
    shown = [entry.name for entry in full.snapshot().catalog.files().values()]
    assert len(set(shown)) == len(NAMES)
    for name in shown:
        name.encode()


def test_changed_file_of_any_name_is_read_again_and_takes_nobody_elses_place(full: Archive) -> None:
    for number, name in enumerate(NAMES):
        write_lines(full.inbox / os.fsdecode(name), [record(f"n{number}", f"第{number}座灯塔亮了。")])
    report = full.build(prune=True)
    assert (report.updated, report.added, report.removed) == (len(NAMES), 0, 0)


def test_renamed_file_of_any_name_is_moved_without_embedding(full: Archive) -> None:
    for name in NAMES:
        path = full.inbox / os.fsdecode(name)
        path.rename(path.with_name(f"{content_hash(os.fsencode(path.name).hex())}.jsonl"))
    report = full.build(prune=True)
    assert (report.articles, report.removed, report.embedded) == (len(NAMES), 0, 0)
    assert_verified(full)


def test_file_of_any_name_is_pruned_when_it_is_gone(full: Archive) -> None:
    for name in NAMES[1:]:
        (full.inbox / os.fsdecode(name)).unlink()
    report = full.build(prune=True)
    assert (report.removed, full.ids()) == (len(NAMES) - 1, {"n0"})


def test_links_that_lead_in_circles_are_refused_and_the_rest_is_read(archive: Archive) -> None:
    put(archive, b"plain.jsonl", 1)
    for name, target in {
        "self.jsonl": "self.jsonl",
        "there.jsonl": "back.jsonl",
        "back.jsonl": "there.jsonl",
        "dangling.jsonl": "nowhere.jsonl",
        "above": "..",
        "here": ".",
        "alias.jsonl": "plain.jsonl",
    }.items():
        (archive.inbox / name).symlink_to(target)
    report = archive.build()
    assert archive.ids() == {"n1"}
    assert {refusal.file for refusal in report.refused} == {
        "self.jsonl",
        "there.jsonl",
        "back.jsonl",
        "dangling.jsonl",
    }
    assert archive.build(prune=True).embedded == 0
