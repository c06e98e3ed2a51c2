"""JSON lines: good lines become articles, each broken line is refused on its own."""

from __future__ import annotations

import datetime
import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.errors import InputRefused
from embeddings.records import ArticleKind
from embeddings.sources.jsonl import read_lines, unpack
from embeddings.sources.place import Place
from embeddings.sources.untitled import TITLE_CHARS, first_words

GOOD = {"id": "a1", "title": "面馆开张", "body": "老街上的面馆今天开张。"}


def lines(*records: Any) -> bytes:
    """Records as JSON lines; a string is taken as the line itself."""
    return "\n".join(r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in records).encode()


def test_read_lines_takes_every_field() -> None:
    record = GOOD | {
        "paper": "江风晚报",
        "date": "2026-03-04",
        "page": "A2",
        "byline": "记者 毛小路",
        "url": "https://example.org/1",
        "kicker": "老街新事",
        "subtitle": "——一碗面的三十年",
        "captions": ["面馆一角", ""],
        "kind": "brief",
    }
    (article,) = read_lines(lines(record), "a.jsonl", Place()).articles
    assert (article.id, article.title, article.body) == ("a1", "面馆开张", "老街上的面馆今天开张。")
    assert (article.paper, article.date, article.page) == ("江风晚报", datetime.date(2026, 3, 4), "A2")
    assert (article.byline, article.url, article.kicker) == (
        "记者 毛小路",
        "https://example.org/1",
        "老街新事",
    )
    assert article.captions == ("面馆一角",)
    assert article.kind is ArticleKind.BRIEF


def test_read_lines_takes_paper_and_date_of_the_folder_where_a_line_has_none() -> None:
    place = Place("江风晚报", datetime.date(2026, 3, 4))
    first, second = read_lines(lines(GOOD, GOOD | {"id": "a2", "paper": "他报"}), "a.jsonl", place).articles
    assert (first.paper, first.date, first.page) == ("江风晚报", datetime.date(2026, 3, 4), None)
    assert second.paper == "他报"


def test_read_lines_titles_an_untitled_article_with_its_first_words() -> None:
    (article,) = read_lines(lines(GOOD | {"title": ""}), "a.jsonl", Place()).articles
    assert article.title == "老街上的面馆今天开张"


def test_read_lines_makes_ids_that_differ_where_none_are_given() -> None:
    record = {"title": "面馆开张", "body": "老街上的面馆今天开张。"}
    found = read_lines(lines(record, record, record), "a.jsonl", Place()).articles
    assert len({article.id for article in found}) == 3


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{not json", "bad_json"),
        ("[1, 2]", "bad_json"),
        ('"text"', "bad_json"),
        ("9" * 5000, "bad_json"),
        ("[" * 100_000, "too_deep"),
        ({"id": "b", "title": "无"}, "missing_body"),
        (GOOD | {"id": "b", "body": " \n "}, "missing_body"),
        (GOOD | {"id": "b", "body": None}, "missing_body"),
        (GOOD | {"id": "b", "body": 3}, "bad_field"),
        (GOOD | {"id": "b", "title": ["x"]}, "bad_field"),
        (GOOD | {"id": ""}, "bad_field"),
        (GOOD | {"id": True}, "bad_field"),
        (GOOD | {"id": "x" * 201}, "bad_field"),
        (GOOD | {"id": "b", "date": "2026-02-30"}, "bad_date"),
        (GOOD | {"id": "b", "date": 20260230}, "bad_date"),
        (GOOD | {"id": "b", "captions": "一句"}, "bad_field"),
        (GOOD | {"id": "b", "captions": [1]}, "bad_field"),
        (GOOD | {"id": "b", "url": "javascript:alert(1)"}, "bad_field"),
        (GOOD | {"id": "b", "kind": "poem"}, "bad_field"),
        (GOOD, "duplicate_id"),
    ],
)
def test_read_lines_refuses_a_broken_line_and_goes_on(line: Any, code: str) -> None:
    result = read_lines(lines(GOOD, line, GOOD | {"id": "last"}), "n/a.jsonl", Place())
    assert [article.id for article in result.articles] == ["a1", "last"]
    (refusal,) = result.refused
    assert (refusal.file, refusal.code) == ("n/a.jsonl:2", code)
    assert f"({code})" in refusal.reason


def test_read_lines_accepts_a_line_separator_inside_a_string() -> None:
    (article,) = read_lines(lines(GOOD | {"body": "上一段\u2028下一段"}), "a.jsonl", Place()).articles
    assert article.body == "上一段\n下一段"


def test_read_lines_blanks_lone_surrogates() -> None:
    (article,) = read_lines(
        b'{"id": "s", "title": "\\ud800", "body": "a\\udfffb"}', "a.jsonl", Place()
    ).articles
    assert article.body == "a b"
    assert article.title == "a b"


def test_read_lines_counts_blank_lines() -> None:
    result = read_lines(lines("", GOOD, "", "{"), "a.jsonl", Place())
    assert [refusal.file for refusal in result.refused] == ["a.jsonl:4"]


def test_unpack_gives_the_bytes_inside() -> None:
    assert unpack(gzip.compress(b"abc"), 3) == b"abc"


def test_unpack_refuses_what_grows_too_large() -> None:
    with pytest.raises(InputRefused) as caught:
        unpack(gzip.compress(bytes(1 << 20)), 1000)
    assert caught.value.code == "too_large"


@pytest.mark.parametrize("data", [b"", b"no gzip", gzip.compress(b"abc" * 99)[:-9], b"\x1f\x8b\x08\x00"])
def test_unpack_refuses_a_damaged_file(data: bytes) -> None:
    if data == b"":
        assert unpack(data, 10) == b""
        return
    with pytest.raises(InputRefused) as caught:
        unpack(data, 10_000)
    assert caught.value.code == "damaged"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("三月四日,老街上的面馆今天开张。", "三月四日,老街上的面馆今天开张"),
        ("短", "短"),
        ("山" * 60, "山" * TITLE_CHARS),
        ("  两个  空格  ", "两个 空格"),
        ("", ""),
    ],
)
def test_first_words_stops_at_a_clause(text: str, title: str) -> None:
    assert first_words(text) == title


@given(st.text(min_size=1))
def test_first_words_is_empty_only_for_blank_text(text: str) -> None:
    assert bool(first_words(text)) == bool(text[: TITLE_CHARS * 8].strip())
