"""Paper, date and page from folders, overridden by `issue.toml`."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from embeddings.errors import InputRefused
from embeddings.sources.place import Issue, Place, parse_date, parse_issue, place_of, read_issue

DAY = datetime.date(2026, 3, 4)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/x/江风晚报/2026-03-04/01.txt", Place("江风晚报", DAY, "01")),
        ("/x/江风晚报/20260304/A3.txt", Place("江风晚报", DAY, "A3")),
        ("/x/江风晚报/2026-13-04/01.txt", Place()),
        ("/x/江风晚报/march/01.txt", Place()),
        ("/x/000_ab12.txt", Place()),
        ("/2026-03-04/01.txt", Place(None, DAY, "01")),
    ],
)
def test_place_of_reads_the_folders(path: str, place: Place) -> None:
    assert place_of(Path(path)) == place


def test_place_of_prefers_what_the_issue_says() -> None:
    path = Path("/x/江风晚报/2026-03-04/01.txt")
    assert place_of(path, Issue("早报", None)) == Place("早报", DAY, "01")
    assert place_of(path, Issue(None, datetime.date(2025, 1, 1))).date == datetime.date(2025, 1, 1)


def test_place_of_takes_the_stem_as_page_where_only_the_issue_gives_a_date() -> None:
    assert place_of(Path("/x/any/07.txt"), Issue("早报", DAY)) == Place("早报", DAY, "07")
    assert place_of(Path("/x/any/07.txt"), Issue("早报", None)) == Place("早报", None, None)


@pytest.mark.parametrize("text", ["2026-3-4", "２０２６-03-04", "2026-02-30", "", "20260304x", "0000-01-01"])
def test_parse_date_knows_no_such_date(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("toml", "issue"),
    [
        ('paper = "早报"\ndate = 2026-03-04\n', Issue("早报", DAY)),
        ('date = "20260304"\n', Issue(None, DAY)),
        ("date = 2026-03-04T08:00:00\n", Issue(None, DAY)),
        ('edition = "south"\n', Issue()),
    ],
)
def test_read_issue_reads_paper_and_date(tmp_path: Path, toml: str, issue: Issue) -> None:
    file = tmp_path / "issue.toml"
    file.write_text(toml, "utf-8")
    assert read_issue(file) == parse_issue(toml.encode()) == issue


@pytest.mark.parametrize(
    "toml", ["paper = ", "paper = 3", 'paper = " "', 'date = "soon"', "date = 8", "", "\x00"]
)
def test_read_issue_refuses_a_broken_file(tmp_path: Path, toml: str) -> None:
    file = tmp_path / "issue.toml"
    file.write_text(toml, "utf-8")
    with pytest.raises(InputRefused) as caught:
        read_issue(file)
    assert caught.value.code == "bad_issue"
    with pytest.raises(InputRefused, match="bad_issue"):
        parse_issue(toml.encode())


def test_read_issue_refuses_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputRefused):
        read_issue(tmp_path / "issue.toml")
