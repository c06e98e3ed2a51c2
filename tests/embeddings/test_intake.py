"""Paths to articles: every bad input is a refusal with a reason, never an error."""

from __future__ import annotations

import datetime
import gzip
import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from embeddings import intake
from embeddings.build import build
from embeddings.intake import (
    InputFile,
    find_inputs,
    limits_of,
    natural_key,
    read_input,
    sidecar_name,
    sidecars_of,
    suffix_of,
)
from embeddings.layout.articles import Layout
from embeddings.records import Dateline, Page
from embeddings.settings import Settings
from embeddings.sidecar import SIDECAR_MAX_BYTES
from embeddings.sources import formats
from embeddings.sources.apart import load_reader
from embeddings.sources.formats import FORMATS, LINES, MANUSCRIPT, TEXT, Format, format_of
from embeddings.sources.found import Found, Limits
from embeddings.sources.place import Place
from tests.embeddings.zips import member, packed
from tests.fakes import FakeEncoder

ROOT = Path(__file__).parents[2]
STORY = "老街面馆开张\n\n本报讯（记者 毛小路）老街上的面馆今天开张，街坊都来吃面。\n"
LIMITS = Limits(max_bytes=1 << 20)
DAY = datetime.date(2026, 3, 4)


def write(path: Path, content: str | bytes = STORY) -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def names(folder: Path) -> list[str]:
    """Names of the inputs found under the folder."""
    return [file.name for file in find_inputs([folder])[0]]


def refusal_of(path: Path, limits: Limits = LIMITS) -> tuple[str, str]:
    """Code and reason of the one refusal that reading the file gives."""
    read = read_input(InputFile(path, path.name), limits)
    assert read.articles == ()
    (refusal,) = read.refused
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


def test_find_inputs_passes_over_the_pictures_of_web_pages(tmp_path: Path) -> None:
    for name in ("a/页.html", "a/页_files/1.jpg", "a/图.png", "b/01.jpg", "readme.html", "02.png"):
        write(tmp_path / name)
    assert names(tmp_path) == ["02.png", "a/页.html", "b/01.jpg"]
    assert [file.name for file in find_inputs([tmp_path / "a" / "图.png"])[0]] == ["图.png"]


def test_find_inputs_refuses_unknown_kinds_of_file(tmp_path: Path) -> None:
    write(tmp_path / "a" / "page.xls")
    files, (refusal,) = find_inputs([tmp_path])
    assert files == []
    assert (refusal.file, refusal.code) == ("a/page.xls", "unsupported")


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
    assert read_input(found, LIMITS).articles


def test_read_input_gives_the_articles_of_a_page(tmp_path: Path) -> None:
    page = write(tmp_path / "江风晚报" / "2026-03-04" / "01.txt", STORY.encode("gb18030"))
    (file,) = find_inputs([tmp_path])[0]
    read = read_input(file, LIMITS)
    (article,) = read.articles
    assert (article.title, article.byline, article.page) == ("老街面馆开张", "记者 毛小路", "01")
    assert article.source is not None
    assert article.source.file == file.name
    assert len(read.content_hash) == 32
    write(page, STORY + "又一段。")
    assert read_input(file, LIMITS).content_hash != read.content_hash


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "A.JSONL"])
def test_read_input_reads_json_lines(tmp_path: Path, name: str) -> None:
    data = json.dumps({"id": "1", "title": "t", "body": "面馆开张。"}).encode() + b"\n{"
    path = write(tmp_path / name, gzip.compress(data) if name.endswith(".gz") else data)
    (file,) = find_inputs([path])[0]
    read = read_input(file, LIMITS)
    assert [article.id for article in read.articles] == ["1"]
    assert [refusal.file for refusal in read.refused] == [f"{name}:2"]


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
    assert refusal_of(write(tmp_path / "p.txt", "面" * 100), limits=Limits(max_bytes=200))[0] == "too_large"


def test_read_input_bounds_the_read_where_the_size_is_not_known(tmp_path: Path) -> None:
    # The size of /dev/zero is 0 and it never ends.
    assert (
        read_input(InputFile(Path("/dev/zero"), "zero.txt"), Limits(max_bytes=1000)).refused[0].code
        == "too_large"
    )


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
    assert refusal_of(path, limits=Limits(max_bytes=1000))[0] == "too_large"


def test_natural_key_takes_numbers_of_any_length() -> None:
    assert sorted(["a10", "a9", "a" + "1" * 6000, "a²"], key=natural_key)[:2] == ["a9", "a10"]


@pytest.mark.parametrize(
    ("name", "suffix"), [("a.TXT", ".txt"), ("a.b.jsonl.GZ", ".jsonl.gz"), ("a", ""), ("a.gz", ".gz")]
)
def test_suffix_of_keeps_what_stands_before_gz(name: str, suffix: str) -> None:
    assert suffix_of(Path(name)) == suffix


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("江风晚报/2026-03-04/01.pdf", Place("江风晚报", DAY, "01")),
        ("江风晚报/2026-03-04.pdf", Place("江风晚报", DAY)),
        ("江风晚报/2026-03-04.zip", Place("江风晚报", DAY)),
        ("江风晚报/20260304/20260304.zip", Place("江风晚报", DAY)),
        ("江风晚报/2026-03-04/稿件/3.txt", Place("江风晚报", DAY)),
        ("江风晚报/2026-03-04/manuscripts/面馆.docx", Place("江风晚报", DAY)),
        ("江风晚报/2026-03-04/面馆.docx", Place("江风晚报", DAY)),
        ("江风晚报/2026-03-04/content_8123.html", Place("江风晚报", DAY)),
        ("江风晚报/2026-03-04/第4版.png", Place("江风晚报", DAY, "第4版")),
        ("江风晚报/2026-03-04/头版.txt", Place("江风晚报", DAY, "头版")),
        ("江风晚报/2026-03-04/A3.md", Place("江风晚报", DAY, "A3")),
        ("江风晚报/2026-03-04/all.jsonl", Place("江风晚报", DAY)),
        ("江风晚报/2026-03-04.txt", Place()),
        ("稿件/面馆.txt", Place()),
    ],
)
def test_find_inputs_places_every_format_in_its_issue(tmp_path: Path, path: str, place: Place) -> None:
    write(tmp_path / path)
    (file,) = find_inputs([tmp_path])[0]
    assert (file.name, file.place) == (path, place)


def test_find_inputs_obeys_the_issue_file_above_a_folder_of_manuscripts(tmp_path: Path) -> None:
    write(tmp_path / "a" / "issue.toml", 'paper = "早报"\ndate = 2026-03-04\n')
    write(tmp_path / "a" / "稿件" / "面馆.txt")
    (file,) = find_inputs([tmp_path])[0]
    assert file.place == Place("早报", DAY)


def test_find_inputs_names_a_broken_issue_above_a_folder_of_manuscripts(tmp_path: Path) -> None:
    write(tmp_path / "a" / "issue.toml", "paper = ")
    write(tmp_path / "a" / "稿件" / "面馆.txt")
    assert [refusal.file for refusal in find_inputs([tmp_path])[1]] == ["a/issue.toml"]


def test_format_of_reads_single_articles_from_folders_of_manuscripts_only() -> None:
    assert format_of(Path("/a/稿件/b.txt")) is MANUSCRIPT
    assert format_of(Path("/a/manuscripts/b.TXT")) is MANUSCRIPT
    assert format_of(Path("/稿件/a/b.txt")) is TEXT
    assert format_of(Path("/a/稿件/b.jsonl")) is LINES
    assert format_of(Path("/a/b.exe")) is None


@pytest.mark.parametrize(
    "reader",
    sorted(
        {form.reader for form in (*FORMATS.values(), MANUSCRIPT)}
        | {"embeddings.sources.pdf:read_pdf", "embeddings.sources.scan:read_scanned_pdf"}
    ),
)
def test_formats_name_readers_that_exist(reader: str) -> None:
    parameters = list(inspect.signature(load_reader(reader)).parameters)
    assert [name.lstrip("_") for name in parameters] == ["data", "name", "place", "limits"]


def test_formats_load_no_library_before_it_is_needed() -> None:
    code = "import sys, embeddings.intake; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    heavy = {"pypdfium2", "rapidocr", "onnxruntime", "cv2", "docx", "lxml", "PIL", "markdown_it"}
    assert heavy.isdisjoint(name.split(".")[0] for name in loaded.stdout.split())


def use_reader(monkeypatch: pytest.MonkeyPatch, suffix: str, reader: str) -> None:
    """Let a stand-in, in a process of its own, read files with this suffix."""
    form = Format(f"tests.embeddings.standin_readers:{reader}", apart=True)
    monkeypatch.setattr(formats, "FORMATS", {suffix: form})


def test_read_input_refuses_a_file_with_too_many_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_reader(monkeypatch, ".pdf", "count")
    path = write(tmp_path / "p.pdf", b"\x0c" * 2000)
    assert refusal_of(path)[0] == "too_many_pages"
    # It may be read once the limit is raised, so it must not be taken for known.
    assert read_input(InputFile(path, "p.pdf"), LIMITS).content_hash == ""
    assert len(read_input(InputFile(path, "p.pdf"), Limits(max_pages=2000)).articles) == 2000


def test_read_input_refuses_a_file_its_reader_dies_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_reader(monkeypatch, ".pdf", "abort")
    assert refusal_of(write(tmp_path / "p.pdf", b"%PDF-"))[0] == "damaged"


def test_read_input_keeps_ids_distinct_over_pages_of_one_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def repeat(*_: object) -> Found:
        page = Page(STORY, "p.txt", "江风晚报", DAY, "01")
        return Found(pages=(page, Page("版面\n", "p.txt", number="02"), page))

    monkeypatch.setattr(intake, "read_as", repeat)
    read = read_input(InputFile(write(tmp_path / "p.txt"), "p.txt"), LIMITS)
    first = read.articles[0].id
    assert [article.id for article in read.articles if article.id.startswith(first)] == [
        first,
        f"{first}-2",
    ]


def test_read_input_refuses_an_empty_page_and_reads_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = (Page("上一版 下一版\n第02版:要闻\n", "p.txt/2"), Page(STORY, "p.txt/3"))
    monkeypatch.setattr(intake, "read_as", lambda *_: Found(pages=pages))
    read = read_input(InputFile(write(tmp_path / "p.txt"), "p.txt"), LIMITS)
    assert [(refusal.file, refusal.code) for refusal in read.refused] == [("p.txt/2", "no_article")]
    assert [article.title for article in read.articles] == ["老街面馆开张"]


def test_read_input_refuses_a_file_that_holds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "read_as", lambda *_: Found())
    assert refusal_of(write(tmp_path / "p.txt"))[0] == "no_article"


def test_read_input_reads_an_archive_of_an_issue(tmp_path: Path) -> None:
    issue = packed(member("01.txt", STORY), member("../02.txt", STORY))
    write(tmp_path / "江风晚报" / "2026-03-04.zip", issue)
    (file,) = find_inputs([tmp_path])[0]
    read = read_input(file, LIMITS)
    (article,) = read.articles
    assert (article.paper, article.date, article.page) == ("江风晚报", DAY, "01")
    assert article.source is not None
    assert article.source.file == "江风晚报/2026-03-04.zip/01.txt"
    assert [refusal.code for refusal in read.refused] == ["bad_name"]
    assert len(read.content_hash) == 32


LONG_STORY = STORY + "街坊说，面馆的汤熬了一整夜，老街的早晨又热闹起来。\n"
WHOLE, SPLIT = ["老街面馆开张"], ["老街面馆开张", "街坊说，面馆的汤熬了一整夜"]
BREAK = '[[mark]]\ntext = "街坊 说，面馆"\nbreak = true\n'
LOST = '[[mark]]\ntext = "早市搬家，{}摊位一个不少，街坊早起"\nbreak = true\n'


def titles(file: InputFile) -> list[str]:
    return [article.title for article in read_input(file, LIMITS).articles]


@pytest.mark.parametrize("name", ["01.txt.marks.toml", "01.marks.toml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_read_input_obeys_the_sidecar_in_any_encoding(tmp_path: Path, name: str, encoding: str) -> None:
    file = InputFile(write(tmp_path / "01.txt", LONG_STORY), "01.txt")
    assert titles(file) == WHOLE
    write(tmp_path / name, BREAK.encode(encoding))
    assert titles(file) == SPLIT
    assert read_input(file, LIMITS).refused == ()
    (tmp_path / name).unlink()
    assert titles(file) == WHOLE


def test_read_input_covers_the_sidecar_by_the_hash(tmp_path: Path) -> None:
    file = InputFile(write(tmp_path / "01.txt"), "01.txt")
    hashes = [read_input(file, LIMITS).content_hash]
    for content in ("# 1", "# 2", ""):
        write(tmp_path / "01.marks.toml", content)
        hashes.append(read_input(file, LIMITS).content_hash)
    assert len(set(hashes)) == 4
    (tmp_path / "01.marks.toml").unlink()
    assert read_input(file, LIMITS).content_hash == hashes[0]


@pytest.mark.parametrize("content", [b"", b" \n\t", b"# nothing yet\n"])
def test_read_input_takes_a_sidecar_without_marks_as_none(tmp_path: Path, content: bytes) -> None:
    file = InputFile(write(tmp_path / "01.txt", LONG_STORY), "01.txt")
    write(tmp_path / "01.marks.toml", content)
    assert titles(file) == WHOLE
    assert read_input(file, LIMITS).refused == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[[mark]", "不是合法的 TOML"),
        (b"\x89PNG\r\n\x1a\n", "不是文本"),
        (bytes(64), "不是文本"),
        ("あいうえおかきくけこさしすせそ".encode("shift_jis"), "不是文本"),
        ("x = " + "[" * 50_000, "不是合法的 TOML"),
        (BREAK + '[[mark]]\ntext = "早市"\n', "第 2 个标记"),
    ],
)
def test_read_input_reads_the_page_without_a_broken_sidecar(
    tmp_path: Path, content: str | bytes, words: str
) -> None:
    write(tmp_path / "a" / "01.txt", LONG_STORY)
    file = InputFile(tmp_path / "a" / "01.txt", "a/01.txt")
    plain = read_input(file, LIMITS)
    write(tmp_path / "a" / "01.marks.toml", content)
    read = read_input(file, LIMITS)
    (refusal,) = read.refused
    assert read.articles == plain.articles
    assert (refusal.file, refusal.code) == ("a/01.marks.toml", "bad_marks")
    assert words in refusal.reason
    # Known as it stands: it is read again only once something changes.
    assert read.content_hash not in ("", plain.content_hash)


def test_read_input_names_the_marks_that_fit_no_line_and_applies_the_others(tmp_path: Path) -> None:
    file = InputFile(write(tmp_path / "01.txt", LONG_STORY), "01.txt")
    sidecar = write(tmp_path / "01.marks.toml", LOST.format("两个") + BREAK)
    read = read_input(file, LIMITS)
    assert [article.title for article in read.articles] == SPLIT
    (refusal,) = read.refused
    assert (refusal.file, refusal.code) == ("01.marks.toml", "unused_mark")
    assert "“早市搬家，两个摊位一个不少，街坊”开头" in refusal.reason
    assert "街坊说" not in refusal.reason
    write(sidecar, "".join(LOST.format(f"{n}个") for n in range(5)))
    (refusal,) = read_input(file, LIMITS).refused
    assert "2个" in refusal.reason
    assert "3个" not in refusal.reason
    assert "等 5 处" in refusal.reason


def test_read_input_counts_a_mark_as_used_if_any_page_of_the_file_uses_it(tmp_path: Path) -> None:
    issue = packed(member("01.txt", STORY), member("02.txt", LONG_STORY))
    file = InputFile(write(tmp_path / "2026-03-04.zip", issue), "2026-03-04.zip")
    sidecar = write(tmp_path / "2026-03-04.marks.toml", BREAK)
    assert titles(file) == WHOLE + SPLIT
    assert read_input(file, LIMITS).refused == ()
    write(sidecar, BREAK + LOST.format("两个"))
    (refusal,) = read_input(file, LIMITS).refused
    assert (refusal.file, refusal.code) == ("2026-03-04.marks.toml", "unused_mark")


def test_read_input_says_that_marks_of_a_file_without_pages_are_unused(tmp_path: Path) -> None:
    line = json.dumps({"id": "1", "title": "渡口不停航", "body": "渡船每天往返十八趟。"}, ensure_ascii=False)
    file = InputFile(write(tmp_path / "a.jsonl", line), "a.jsonl")
    write(tmp_path / "a.marks.toml", BREAK)
    read = read_input(file, LIMITS)
    assert [article.id for article in read.articles] == ["1"]
    assert [refusal.code for refusal in read.refused] == ["unused_mark"]


def test_read_input_lets_every_layout_be_seen_in_the_order_of_the_articles(tmp_path: Path) -> None:
    issue = packed(
        member("01.txt", LONG_STORY),
        member("02.txt", "上一版 下一版\n第02版:要闻\n"),
        member("03.txt", STORY),
    )
    file = InputFile(write(tmp_path / "2026-03-04.zip", issue), "2026-03-04.zip")
    seen: list[tuple[str, Layout]] = []
    read = read_input(file, LIMITS, lambda page, layout: seen.append((page.file, layout)))
    assert [name for name, _ in seen] == [f"2026-03-04.zip/0{n}.txt" for n in (1, 2, 3)]
    assert [len(layout.articles) for _, layout in seen] == [1, 0, 1]
    found = [article for _, layout in seen for article in layout.articles]
    assert [article.body for article in read.articles] == [article.body for article in found]


def test_sidecar_with_the_whole_name_comes_before_that_with_the_stem(tmp_path: Path) -> None:
    assert sidecars_of(tmp_path / "01.txt") == (tmp_path / "01.txt.marks.toml", tmp_path / "01.marks.toml")
    assert sidecars_of(tmp_path / "a.jsonl.gz")[1] == tmp_path / "a.marks.toml"


def test_read_input_reads_the_page_although_its_sidecar_is_refused(tmp_path: Path) -> None:
    file = InputFile(write(tmp_path / "a" / "01.txt"), "a/01.txt")
    plain = read_input(file, LIMITS)
    sidecar = write(tmp_path / "a" / "01.marks.toml", b"#" * (SIDECAR_MAX_BYTES + 1))
    read = read_input(file, LIMITS)
    assert read.articles == plain.articles
    assert [(refusal.file, refusal.code) for refusal in read.refused] == [("a/01.marks.toml", "too_large")]
    assert read.content_hash not in ("", plain.content_hash)
    sidecar.unlink()
    sidecar.symlink_to(tmp_path / "elsewhere.toml")
    assert [refusal.code for refusal in read_input(file, LIMITS).refused] == ["unreadable"]
    sidecar.unlink()
    os.mkfifo(sidecar)
    assert [refusal.code for refusal in read_input(file, LIMITS).refused] == ["unreadable"]


def test_sidecar_name_is_that_of_the_one_there_is_else_of_the_one_to_write(tmp_path: Path) -> None:
    file = InputFile(write(tmp_path / "a" / "01.txt"), "a/01.txt")
    assert sidecar_name(file) == "a/01.marks.toml"
    write(tmp_path / "a" / "01.txt.marks.toml", "")
    assert sidecar_name(file) == "a/01.txt.marks.toml"


def test_build_reads_a_page_again_when_its_sidecar_comes_changes_or_goes(
    tmp_path: Path, settings: Settings, encoder: FakeEncoder
) -> None:
    def articles() -> int:
        return build([tmp_path / "in"], settings, encoder).articles

    write(tmp_path / "in" / "01.txt", LONG_STORY)
    sidecar = tmp_path / "in" / "01.txt.marks.toml"
    assert articles() == 1
    # All of one length, and within one tick of the clock.
    for change, count in ((BREAK, 2), (BREAK.replace("break", "join "), 1), (BREAK, 2)):
        write(sidecar, change)
        assert articles() == count
    sidecar.unlink()
    assert articles() == 1


def test_limits_of_are_those_of_the_settings(settings: Settings) -> None:
    changes = {"max_file_bytes": 2048, "max_file_pages": 3, "read_timeout_s": 7}
    assert limits_of(settings.model_copy(update=changes)) == Limits(2048, 3, 7.0)


def test_read_input_splits_the_byline_of_an_article_that_came_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    record = {
        "title": "老街面馆开张",
        "body": "本报石桥3月4日电 面馆开张。",
        "byline": "记者 毛小路 通讯员 秦川",
    }
    path.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
    (article,) = read_input(InputFile(path, "a.jsonl"), Limits()).articles
    assert [(person.name, person.role) for person in article.people] == [
        ("毛小路", "reporter"),
        ("秦川", "correspondent"),
    ]
    assert article.dateline == Dateline("本报", "石桥", "3月4日")
