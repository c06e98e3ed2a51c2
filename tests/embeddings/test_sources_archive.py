"""ZIP archives: each member read as a file, every trap refused, nothing written."""

from __future__ import annotations

import datetime
import io
import stat
import time
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.errors import InputRefused
from embeddings.records import Page, Refusal
from embeddings.sources import archive
from embeddings.sources.archive import read_archive
from embeddings.sources.formats import Format
from embeddings.sources.found import Found, Limits
from embeddings.sources.members import MAX_MEMBERS
from embeddings.sources.place import Place
from tests.embeddings.zips import STORED, Entry, member, packed

STORY = "老街面馆开张\n\n街坊都来吃面。\n"
LIMITS = Limits(max_bytes=1 << 20, timeout_s=30)
DAY = datetime.date(2026, 10, 12)
ISSUE = Place("江风晚报", DAY)


def read(*entries: Entry, place: Place = ISSUE, limits: Limits = LIMITS) -> Found:
    """What the archive `issue.zip` of these members holds."""
    return read_archive(packed(*entries), "issue.zip", place, limits)


def codes(found: Found) -> dict[str, str]:
    """Code of each refusal by the name shown; its reason must carry it."""
    assert all(f"({refusal.code})" in refusal.reason for refusal in found.refused)
    return {refusal.file: refusal.code for refusal in found.refused}


def code_of(data: bytes, limits: Limits = LIMITS) -> str:
    """Code with which the archive as a whole is refused."""
    with pytest.raises(InputRefused) as caught:
        read_archive(data, "issue.zip", ISSUE, limits)
    assert f"({caught.value.code})" in caught.value.message
    return caught.value.code


def places(found: Found) -> list[Place]:
    """Place of each page."""
    return [Place(page.paper, page.date, page.number) for page in found.pages]


def test_read_archive_gives_members_the_place_of_their_folders() -> None:
    found = read(member("清岚日报/2026-10-12/01.txt", STORY), place=Place())
    assert found == Found((Page(STORY, "issue.zip/清岚日报/2026-10-12/01.txt", "清岚日报", DAY, "01"),))


def test_read_archive_gives_members_without_folders_the_place_of_the_archive() -> None:
    found = read(member("10.txt", STORY), member("2.txt", STORY), place=Place("江风晚报", DAY, "issue"))
    assert places(found) == [Place("江风晚报", DAY, "2"), Place("江风晚报", DAY, "10")]


def test_read_archive_without_any_place_gives_none() -> None:
    assert places(read(member("01.txt", STORY), place=Place())) == [Place()]


def test_read_archive_takes_the_paper_of_the_archive_where_only_a_date_is_given() -> None:
    found = read(member("2026-10-13/01.txt", STORY))
    assert places(found) == [Place("江风晚报", datetime.date(2026, 10, 13), "01")]


def test_read_archive_obeys_the_issue_inside() -> None:
    found = read(
        member("a/issue.toml", 'paper = "早报"\ndate = 2026-10-14\n'),
        member("a/01.txt", STORY),
        member("b/01.txt", STORY),
    )
    assert places(found) == [
        Place("早报", datetime.date(2026, 10, 14), "01"),
        Place("江风晚报", DAY, "01"),
    ]
    assert found.refused == ()


def test_read_archive_refuses_a_broken_issue_and_reads_on() -> None:
    found = read(member("issue.toml", "paper = "), member("01.txt", STORY))
    assert codes(found) == {"issue.zip/issue.toml": "bad_issue"}
    assert places(found) == [Place("江风晚报", DAY, "01")]


def test_read_archive_reads_articles_too() -> None:
    line = '{"id": "1", "title": "渡口", "body": "早班船加开。"}\n{'
    found = read(member("a.jsonl", line), member("01.txt", STORY))
    assert [(a.id, a.paper, a.date, a.page) for a in found.articles] == [("1", "江风晚报", DAY, None)]
    assert codes(found) == {"issue.zip/a.jsonl:2": "bad_json"}
    assert len(found.pages) == 1


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_read_archive_decodes_names_that_do_not_say_their_encoding(encoding: str) -> None:
    name = "清岚日报/2026-10-12/第１版.txt"
    found = read(Entry(name.encode(encoding), STORY.encode()), place=Place())
    assert [(page.file, page.paper) for page in found.pages] == [(f"issue.zip/{name}", "清岚日报")]


def test_read_archive_passes_over_what_folders_pass_over() -> None:
    skipped = (
        "__MACOSX/._01.txt",
        ".git/a.txt",
        ".hidden.txt",
        "README.md",
        "readme.txt",
        "01.txt.marks.toml",
        "Thumbs.db",
    )
    found = read(*(member(name, b"\x00\x01") for name in skipped), member("01.txt", STORY))
    assert [page.file for page in found.pages] == ["issue.zip/01.txt"]
    assert found.refused == ()


def test_read_archive_passes_over_the_pictures_of_web_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "read_as", lambda *given: Found(pages=(Page("", given[2]),)))
    found = read(*(member(name, b"") for name in ("a/a.html", "a/a_files/1.png", "a/2.jpg", "b/3.jpg")))
    assert [page.file for page in found.pages] == ["issue.zip/a/a.html", "issue.zip/b/3.jpg"]
    assert found.refused == ()


@pytest.mark.parametrize(
    "name",
    [
        "../01.txt",
        "a/../../01.txt",
        "a/..",
        "/etc/01.txt",
        "//host/01.txt",
        "C:01.txt",
        "c:/01.txt",
        "a\\01.txt",
        "..\\01.txt",
        "",
        "a" * 600 + ".txt",
    ],
)
def test_read_archive_refuses_names_that_lead_elsewhere(name: str) -> None:
    found = read(member(name, STORY), member("02.txt", STORY))
    assert list(codes(found).values()) == ["bad_name"]
    assert [page.file for page in found.pages] == ["issue.zip/02.txt"]
    assert all(len(refusal.file) < 200 for refusal in found.refused)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ('it\'s "q" & <b>.txt', 'it\'s "q" & <b>.txt'),
        ("两\n行\r\x1b[31m.txt", "两\ufffd行\ufffd\ufffd[31m.txt"),
        ("报😀.txt", "报😀.txt"),
        ("a\u202etxt.exe.txt", "a\ufffdtxt.exe.txt"),
        ("cafe\u0301.txt", "caf\xe9.txt"),
        ("a\x00.exe.txt", "a\ufffd.exe.txt"),
        ("$(id);`id`.txt", "$(id);`id`.txt"),
    ],
)
def test_read_archive_shows_strange_names_safely(name: str, shown: str) -> None:
    (page,) = read(member(name, STORY)).pages
    assert page.file == f"issue.zip/{shown}"
    assert page.number == shown.removesuffix(".txt")


def test_read_archive_judges_a_name_by_all_of_it() -> None:
    assert codes(read(member("01.txt\x00.exe", STORY))) == {"issue.zip/01.txt\ufffd.exe": "unsupported"}


def test_read_archive_reads_the_first_of_two_members_with_one_name() -> None:
    found = read(member("01.txt", STORY), member("./01.txt", "另一篇"))
    assert len(found.pages) == 1
    assert list(codes(found).values()) == ["duplicate_name"]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (member("a.zip", packed(member("01.txt", STORY))), "unsupported"),
        (member("a.jsonl.gz", b"\x1f\x8b"), "unsupported"),
        (member("a.tar", b""), "unsupported"),
        (member("a.exe", b"MZ"), "unsupported"),
        (member("a", STORY), "unsupported"),
        (member("a.txt", packed(member("01.txt", STORY))), "binary"),
        (member("a.txt", ""), "empty"),
        (member("a.txt", STORY, flags=0x1), "encrypted"),
        (member("a.txt", STORY, flags=0x41), "encrypted"),
        (member("a.txt", STORY, flags=0x20), "damaged"),
        (member("a.txt", STORY, method=14), "unsupported"),
        (member("a.txt", STORY, method=99), "unsupported"),
        (member("a.txt", "/etc/hostname", mode=stat.S_IFLNK | 0o777), "outside"),
        (member("a.txt", "", mode=stat.S_IFIFO | 0o777), "outside"),
        (member("a.txt", STORY, crc=1), "damaged"),
        (member("a.txt", "面" * 400_000), "too_large"),
    ],
)
def test_read_archive_refuses_one_member_and_reads_the_rest(entry: Entry, code: str) -> None:
    found = read(entry, member("02.txt", STORY))
    assert list(codes(found).values()) == [code]
    assert [page.file for page in found.pages] == ["issue.zip/02.txt"]


def test_read_archive_reads_plain_files_with_permissions() -> None:
    assert len(read(member("01.txt", STORY, mode=stat.S_IFREG | 0o644, method=STORED)).pages) == 1


def test_read_archive_refuses_a_member_whose_bytes_are_damaged() -> None:
    data = bytearray(packed(member("01.txt", STORY), member("02.txt", STORY)))
    data[45] ^= 0xFF
    found = read_archive(bytes(data), "issue.zip", ISSUE, LIMITS)
    assert codes(found) == {"issue.zip/01.txt": "damaged"}
    assert len(found.pages) == 1


def test_read_archive_sends_a_hostile_prone_member_to_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    form = Format("tests.embeddings.standin_readers:count", apart=True)
    monkeypatch.setattr(archive, "format_of", lambda path: form)
    found = read(member("many.pdf", b"\x0c" * 2000), member("few.pdf", b"\x0c" * 3))
    assert codes(found) == {"issue.zip/many.pdf": "too_many_pages"}
    assert [page.file for page in found.pages] == ["issue.zip/few.pdf"] * 3


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"PK\x05\x06" + bytes(10), b"no archive at all", b"PK\x05\x06" + b"\xff" * 18]
)
def test_read_archive_refuses_what_is_no_archive(data: bytes) -> None:
    assert code_of(data) == "damaged"


def test_read_archive_refuses_a_cut_off_archive() -> None:
    assert code_of(packed(member("01.txt", STORY))[:-30]) == "damaged"


def test_read_archive_refuses_an_empty_archive() -> None:
    assert code_of(packed()) == "empty"
    assert code_of(packed(member("a/", ""))) == "empty"


def test_read_archive_refuses_too_many_members() -> None:
    entries = [member(f"{n}.txt", "", method=STORED) for n in range(MAX_MEMBERS + 1)]
    assert code_of(packed(*entries)) == "too_many"
    assert len(read(*entries[:-1]).refused) == MAX_MEMBERS


def test_read_archive_refuses_a_flood_of_entries_before_it_reads_them() -> None:
    one = packed(member("a", ""))
    entry = one[one.index(b"PK\x01\x02") : one.index(b"PK\x05\x06")]
    tracemalloc.start()
    try:
        assert code_of(entry * 300_000) == "too_many"
        assert tracemalloc.get_traced_memory()[1] < 40 << 20
    finally:
        tracemalloc.stop()


def test_read_archive_refuses_members_that_share_their_bytes() -> None:
    # One megabyte of zeros, packed once and listed a thousand times.
    kernel = member("0.txt", bytes(1 << 20))
    others = [member(f"{n}.txt", bytes(1 << 20), offset=0) for n in range(1, 1000)]
    assert code_of(packed(kernel, *others)) == "damaged"


def test_read_archive_refuses_a_member_that_contains_the_next() -> None:
    inner = packed(member("b.txt", STORY))[: -60 - 22]
    outer = Entry(b"a.txt", inner, method=STORED)
    # Headers of the outer member take 30 bytes and its name 5.
    assert code_of(packed(outer, member("b.txt", STORY, offset=35))) == "damaged"


def test_read_archive_stops_a_bomb_of_zeros_early() -> None:
    bomb = packed(*(member(f"{n}.txt", bytes(10 << 20)) for n in range(20)))
    assert len(bomb) < 300_000
    tracemalloc.start()
    try:
        found = read_archive(bomb, "issue.zip", ISSUE, Limits(max_bytes=64 << 20))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The ratio gives it away after a megabyte or two, long before ten.
    assert set(codes(found).values()) == {"too_large"}
    assert peak < 10 << 20


def test_read_archive_believes_no_declared_size() -> None:
    # Declared small: no more than that is read, and its checksum is wrong.
    small = member("a.txt", "面" * 300_000, size=10)
    assert codes(read(small)) == {"issue.zip/a.txt": "damaged"}
    # Declared large: refused unread.
    large = member("a.txt", STORY, size=2 << 20)
    assert codes(read(large)) == {"issue.zip/a.txt": "too_large"}


def test_read_archive_stops_at_the_size_of_all_members_together() -> None:
    # Each kilobyte is spent as bytes and again as 1,000 characters: four members use up the 8,000.
    found = read(*(member(f"{n}.txt", "a" * 1000) for n in range(10)), limits=Limits(max_bytes=1000))
    assert len(found.pages) == 4
    assert codes(found) == {"issue.zip": "too_large"}


def test_read_archive_stops_at_its_time() -> None:
    found = read(member("1.txt", STORY), member("2.txt", STORY), limits=Limits(timeout_s=0))
    assert found.pages == ()
    assert codes(found) == {"issue.zip": "too_slow"}


def test_read_archive_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    read(member("a/01.txt", STORY), member("../b.txt", STORY))
    assert list(tmp_path.iterdir()) == []


GOOD = packed(
    member("清岚日报/2026-10-12/01.txt", STORY),
    member("issue.toml", 'paper = "早报"'),
    member("a.jsonl", '{"title": "t", "body": "船"}', method=STORED),
)


@settings(max_examples=400, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=8),
    cut=st.integers(0, len(GOOD)) | st.none(),
)
def test_read_archive_of_any_damage_reads_or_refuses(changes: list[tuple[int, int]], cut: int | None) -> None:
    data = bytearray(GOOD)
    for index, byte in changes:
        data[index] = byte
    refused: list[Refusal] = []
    try:
        refused += read_archive(bytes(data[:cut]), "issue.zip", ISSUE, LIMITS).refused
    except InputRefused as error:
        refused.append(Refusal("issue.zip", error.code, error.message))
    assert all(f"({refusal.code})" in refusal.reason for refusal in refused)


def test_read_archive_reads_what_ordinary_tools_write() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.mkdir("清岚日报")
        made.writestr("清岚日报/20261012/A1.txt", STORY)
        made.writestr("清岚日报/20261012/大.txt", "面馆开张，街坊都来。\n" * 20_000)
    started = time.monotonic()
    found = read_archive(buffer.getvalue(), "issue.zip", Place(), LIMITS)
    assert places(found) == [Place("清岚日报", DAY, "A1"), Place("清岚日报", DAY, "大")]
    assert time.monotonic() - started < 5
