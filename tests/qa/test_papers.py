"""Where uploads go, whatever they are called."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.errors import CallerError, InputRefused
from qa.papers import PAPERS, Upload, place, safe_name, safe_paper, take_back

DAY = datetime.date(2026, 10, 20)


def upload(name: str, text: str = "版面") -> Upload:
    return Upload(name, lambda path: _write(path, text))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def failing(name: str) -> Upload:
    def save(path: Path) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    return Upload(name, save)


def test_files_go_to_the_folder_of_their_issue(tmp_path: Path) -> None:
    placed = place(tmp_path, tmp_path / "jobs" / "1", [upload("01.txt"), upload("02.txt")], "柳湾晚报", DAY)

    folder = tmp_path / PAPERS / "柳湾晚报" / "2026-10-20"
    assert [one.path for one in placed] == [str(folder / "01.txt"), str(folder / "02.txt")]
    assert sorted(path.name for path in folder.iterdir()) == ["01.txt", "02.txt"]


def test_files_of_no_issue_get_a_folder_of_their_own(tmp_path: Path) -> None:
    [one] = place(tmp_path, tmp_path / "jobs" / "job1", [upload("issue.zip")], "", None)
    assert one.path == str(tmp_path / PAPERS / "_" / "job1" / "issue.zip")


def test_what_is_replaced_comes_back_when_it_is_taken_back(tmp_path: Path) -> None:
    place(tmp_path, tmp_path / "1", [upload("01.txt", "旧")], "报", DAY)
    placed = place(tmp_path, tmp_path / "2", [upload("01.txt", "新"), upload("02.txt")], "报", DAY)
    target = Path(placed[0].path)
    assert target.read_text(encoding="utf-8") == "新"

    take_back(placed)

    assert target.read_text(encoding="utf-8") == "旧"
    assert [path.name for path in target.parent.iterdir()] == ["01.txt"]


def test_full_disk_leaves_everything_as_it_was(tmp_path: Path) -> None:
    place(tmp_path, tmp_path / "1", [upload("01.txt", "旧")], "报", DAY)
    with pytest.raises(OSError, match="No space"):
        place(tmp_path, tmp_path / "2", [upload("01.txt", "新"), failing("02.txt")], "报", DAY)

    folder = tmp_path / PAPERS / "报" / "2026-10-20"
    assert [path.name for path in folder.iterdir()] == ["01.txt"]
    assert (folder / "01.txt").read_text(encoding="utf-8") == "旧"


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("01.txt", "01.txt"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("/etc/cron.d/x.txt", "x.txt"),
        ("C:\\Windows\\01.txt", "01.txt"),
        ("..\\..\\01.txt", "01.txt"),
        (".hidden.txt", "hidden.txt"),
        ("第01版 要闻.txt", "第01版 要闻.txt"),
        ("a\x00b\n.txt", "ab.txt"),
        ("01.txt/", None),
        ("", None),
        ("..", None),
        (".txt", None),
        ("evil.py", None),
        ("01.txt.exe", None),
        ("01.marks.toml", None),
        ("issue.toml", None),
    ],
)
def test_name_of_a_client_becomes_a_name_and_never_a_path(given_name: str, name: str | None) -> None:
    if name is None:
        with pytest.raises(InputRefused):
            safe_name(given_name)
    else:
        assert safe_name(given_name) == name


@given(st.text(max_size=300))
def test_no_name_leaves_its_folder(name: str) -> None:
    try:
        safe = safe_name(name + ".txt")
    except InputRefused:
        return
    assert Path("/folder", safe).parent == Path("/folder")
    assert Path("/folder", safe).resolve().parent == Path("/folder")
    assert len(safe.encode()) <= 120
    assert safe == safe_name(safe)


@pytest.mark.parametrize("paper", ["", "..", ".hidden", "a/b", "a\\b", "a\x00b", "长" * 41, "_", "a\nb", '"'])
def test_paper_that_is_no_folder_is_refused(paper: str) -> None:
    with pytest.raises(CallerError) as caught:
        safe_paper(paper)
    assert caught.value.code == "bad_paper"


@pytest.mark.parametrize("uploads", [[], [upload("01.txt"), upload("../01.txt")], [upload("x.txt")] * 501])
def test_nothing_too_much_or_twice_is_refused(tmp_path: Path, uploads: list[Upload]) -> None:
    with pytest.raises(CallerError):
        place(tmp_path, tmp_path / "1", uploads, "报", DAY)
    assert not (tmp_path / PAPERS).exists()


def test_saver_is_given_a_path_that_no_build_reads(tmp_path: Path) -> None:
    seen: list[str] = []

    def noting(path: Path) -> None:
        seen.append(path.name)
        path.write_text("x")

    save: Callable[[Path], None] = noting
    place(tmp_path, tmp_path / "1", [Upload("01.txt", save)], "报", DAY)
    assert seen == [".01.txt.part"]
