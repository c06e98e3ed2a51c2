"""Paths to articles: every bad input is a refusal with a reason, never an error."""

from __future__ import annotations

import datetime
import gzip
import json
import os
from pathlib import Path

import pytest

from embeddings.intake import InputFile, find_inputs, natural_key, read_input, suffix_of
from embeddings.sources.place import Place

STORY = "老街面馆开张\n\n本报讯（记者 毛小路）老街上的面馆今天开张，街坊都来吃面。\n"
LIMIT = 1 << 20


def write(path: Path, content: str | bytes = STORY) -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def names(folder: Path) -> list[str]:
    """Names of the inputs found under the folder."""
    return [file.name for file in find_inputs([folder])[0]]


def refusal_of(path: Path, limit: int = LIMIT) -> tuple[str, str]:
    """Code and reason of the one refusal that reading the file gives."""
    intake = read_input(InputFile(path, path.name), limit)
    assert intake.articles == ()
    (refusal,) = intake.refused
    assert refusal.file == path.name
    assert f"({refusal.code})" in refusal.reason
    return refusal.code, refusal.reason


def test_find_inputs_sorts_naturally_and_names_below_the_root(tmp_path: Path) -> None:
    for name in ("10.txt", "2.txt", "01.txt"):
        write(tmp_path / "江风晚报" / "2026-03-04" / name)
    assert names(tmp_path) == [f"江风晚报/2026-03-04/{n}" for n in ("01.txt", "2.txt", "10.txt")]


def test_find_inputs_gives_each_file_its_place(tmp_path: Path) -> None:
    page = write(tmp_path / "江风晚报" / "2026-03-04" / "01.txt")
    (file,) = find_inputs([page])[0]
    assert file.name == "01.txt"
    assert file.place == Place("江风晚报", datetime.date(2026, 3, 4), "01")


def test_find_inputs_passes_over_what_is_known_to_be_no_input(tmp_path: Path) -> None:
    for name in (
        ".hidden.txt",
        ".git/x.txt",
        "issue.toml",
        "questions.jsonl",
        "questions-dev.jsonl.gz",
        "a.questions.jsonl",
        "01.marks.toml",
        "README.md",
        "readme.txt",
    ):
        write(tmp_path / name, 'paper = "早报"')
    assert find_inputs([tmp_path]) == ([], [])


def test_find_inputs_refuses_unknown_kinds_of_file(tmp_path: Path) -> None:
    write(tmp_path / "a" / "page.docx")
    files, (refusal,) = find_inputs([tmp_path])
    assert files == []
    assert (refusal.file, refusal.code) == ("a/page.docx", "unsupported")


def test_find_inputs_refuses_a_missing_path_without_showing_folders(tmp_path: Path) -> None:
    _, (refusal,) = find_inputs([tmp_path / "gone"])
    assert refusal.code == "not_found"
    assert str(tmp_path) not in refusal.file + refusal.reason


def test_find_inputs_reads_a_file_given_by_name_even_if_folders_would_skip_it(tmp_path: Path) -> None:
    page = write(tmp_path / "readme.txt")
    assert [file.path for file in find_inputs([page])[0]] == [page]


def test_find_inputs_lists_a_file_once(tmp_path: Path) -> None:
    page = write(tmp_path / "a.txt")
    assert len(find_inputs([tmp_path, page, tmp_path])[0]) == 1


def test_find_inputs_tells_apart_files_of_one_name_from_two_folders(tmp_path: Path) -> None:
    write(tmp_path / "x" / "a.txt")
    write(tmp_path / "y" / "a.txt")
    assert [f.name for f in find_inputs([tmp_path / "x", tmp_path / "y"])[0]] == ["a.txt", "y/a.txt"]


def test_find_inputs_does_not_follow_links_out_of_the_root(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside" / "secret.txt")
    root = tmp_path / "root"
    write(root / "a.txt")
    (root / "link.txt").symlink_to(outside)
    (root / "folder").symlink_to(outside.parent)
    files, (refusal,) = find_inputs([root])
    assert [file.name for file in files] == ["a.txt"]
    assert (refusal.file, refusal.code) == ("link.txt", "outside")


def test_find_inputs_refuses_what_is_no_ordinary_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "dangling.txt").symlink_to(tmp_path / "nowhere.txt")
    files, refused = find_inputs([tmp_path])
    assert files == []
    assert {refusal.code for refusal in refused} == {"unreadable"}


def test_find_inputs_refuses_a_broken_issue_once_and_keeps_the_folders(tmp_path: Path) -> None:
    folder = tmp_path / "江风晚报" / "2026-03-04"
    for name in ("01.txt", "02.txt"):
        write(folder / name)
    write(folder / "issue.toml", "paper = ")
    files, (refusal,) = find_inputs([tmp_path])
    assert (refusal.file, refusal.code) == ("江风晚报/2026-03-04/issue.toml", "bad_issue")
    assert {file.place.paper for file in files} == {"江风晚报"}


def test_find_inputs_obeys_the_issue_file(tmp_path: Path) -> None:
    write(tmp_path / "01.txt")
    write(tmp_path / "issue.toml", 'paper = "早报"\ndate = 2026-03-04\n')
    (file,) = find_inputs([tmp_path])[0]
    assert file.place == Place("早报", datetime.date(2026, 3, 4), "01")


def test_find_inputs_shows_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    try:
        write(tmp_path / os.fsdecode(b"\xff.txt"))
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    (found,) = find_inputs([tmp_path])[0]
    assert found.name == "\ufffd.txt"
    assert read_input(found, LIMIT).articles


def test_read_input_gives_the_articles_of_a_page(tmp_path: Path) -> None:
    page = write(tmp_path / "江风晚报" / "2026-03-04" / "01.txt", STORY.encode("gb18030"))
    (file,) = find_inputs([tmp_path])[0]
    intake = read_input(file, LIMIT)
    (article,) = intake.articles
    assert (article.title, article.byline, article.page) == ("老街面馆开张", "记者 毛小路", "01")
    assert article.source is not None
    assert article.source.file == file.name
    assert len(intake.content_hash) == 32
    write(page, STORY + "又一段。")
    assert read_input(file, LIMIT).content_hash != intake.content_hash


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "A.JSONL"])
def test_read_input_reads_json_lines(tmp_path: Path, name: str) -> None:
    data = json.dumps({"id": "1", "title": "t", "body": "面馆开张。"}).encode() + b"\n{"
    path = write(tmp_path / name, gzip.compress(data) if name.endswith(".gz") else data)
    (file,) = find_inputs([path])[0]
    intake = read_input(file, LIMIT)
    assert [article.id for article in intake.articles] == ["1"]
    assert [refusal.file for refusal in intake.refused] == [f"{name}:2"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b" \r\n\t ", "empty"),
        ("　\n".encode(), "empty"),
        (bytes(64), "binary"),
        (b"\x89PNG\r\n\x1a\n", "binary"),
        ("あいうえおかきくけこさしすせそ".encode("shift_jis"), "undecodable"),
    ],
)
def test_read_input_refuses_bad_content(tmp_path: Path, content: bytes, code: str) -> None:
    assert refusal_of(write(tmp_path / "p.txt", content))[0] == code


def test_read_input_refuses_a_page_of_furniture_only(tmp_path: Path) -> None:
    assert refusal_of(write(tmp_path / "p.txt", "上一版 下一版\n第02版:要闻\n"))[0] == "no_article"


def test_read_input_refuses_a_file_that_is_too_large(tmp_path: Path) -> None:
    assert refusal_of(write(tmp_path / "p.txt", "面" * 100), limit=200)[0] == "too_large"


def test_read_input_bounds_the_read_where_the_size_is_not_known(tmp_path: Path) -> None:
    # The size of /dev/zero is 0 and it never ends.
    assert read_input(InputFile(Path("/dev/zero"), "zero.txt"), 1000).refused[0].code == "too_large"


def test_read_input_refuses_a_file_that_has_gone(tmp_path: Path) -> None:
    assert refusal_of(tmp_path / "gone.txt")[0] == "not_found"


def test_read_input_refuses_an_unreadable_file_without_showing_its_folder(tmp_path: Path) -> None:
    (tmp_path / "p.txt").mkdir()
    code, reason = refusal_of(tmp_path / "p.txt")
    assert code == "unreadable"
    assert str(tmp_path) not in reason


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_read_input_refuses_a_file_without_permission(tmp_path: Path) -> None:
    path = write(tmp_path / "p.txt")
    path.chmod(0)
    assert refusal_of(path)[0] == "unreadable"


def test_read_input_refuses_a_gzip_that_grows_too_large(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl.gz", gzip.compress(b" " * 100_000))
    assert refusal_of(path, limit=1000)[0] == "too_large"


def test_natural_key_takes_numbers_of_any_length() -> None:
    assert sorted(["a10", "a9", "a" + "1" * 6000, "a²"], key=natural_key)[:2] == ["a9", "a10"]


@pytest.mark.parametrize(
    ("name", "suffix"), [("a.TXT", ".txt"), ("a.b.jsonl.GZ", ".jsonl.gz"), ("a", ""), ("a.gz", ".gz")]
)
def test_suffix_of_keeps_what_stands_before_gz(name: str, suffix: str) -> None:
    assert suffix_of(Path(name)) == suffix
