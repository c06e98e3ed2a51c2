from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.records import Article, Citation, Passage
from tests.web import samples
from web.cards import article_href, web_href
from web.typeset import (
    NEAR_CHARS,
    AnswerPart,
    Excerpt,
    Piece,
    SetArticle,
    Span,
    answer_parts,
    date_text,
    dates_text,
    excerpt,
    page_text,
    period_text,
    quoted_span,
    search_excerpt,
    set_article,
)


@pytest.mark.parametrize(
    ("text", "numbers", "parts"),
    [
        ("甲[1]。", {1}, (AnswerPart("甲"), AnswerPart("[1]", 1), AnswerPart("。"))),
        ("甲[1][2]", {1, 2}, (AnswerPart("甲"), AnswerPart("[1]", 1), AnswerPart("[2]", 2))),
        ("甲[3]乙[1]", {1}, (AnswerPart("甲[3]乙"), AnswerPart("[1]", 1))),
        ("[a] [] [1234] [１]", {1, 1234}, (AnswerPart("[a] [] [1234] [１]"),)),
        ("没有", set(), (AnswerPart("没有"),)),
        ("", set(), ()),
    ],
)
def test_answer_is_split_at_marks_that_citations_carry(
    text: str, numbers: set[int], parts: tuple[AnswerPart, ...]
) -> None:
    assert answer_parts(text, numbers) == parts


@given(st.text(alphabet="甲乙[]123", max_size=30), st.sets(st.integers(1, 30)))
def test_answer_parts_lose_nothing(text: str, numbers: set[int]) -> None:
    assert "".join(part.text for part in answer_parts(text, numbers)) == text


def cited(text: str, offset: int, start: int, end: int) -> Citation:
    passage = Passage(samples.TEA.id, 0, offset, offset + len(text), text)
    return Citation(1, samples.TEA, passage, "", start, end, 1.0)


def test_excerpt_cuts_at_the_quote_where_the_passage_stands_in_the_article() -> None:
    assert excerpt(cited("𠮷甲乙丙", 10, 11, 13)) == Excerpt("", "𠮷", "甲乙", "丙", "")


def test_excerpt_keeps_what_is_near_apart_from_what_is_far() -> None:
    cut = excerpt(cited("前" * 60 + "句" + "后" * 70, 0, 60, 61))

    assert [len(part) for part in (cut.far_before, cut.before)] == [60 - NEAR_CHARS, NEAR_CHARS]
    assert cut.quote == "句"
    assert [len(part) for part in (cut.after, cut.far_after)] == [NEAR_CHARS, 70 - NEAR_CHARS]


@given(st.text(max_size=150), st.integers(0, 50), st.integers(0, 300), st.integers(0, 300))
def test_excerpt_loses_nothing_wherever_the_quote_is(text: str, offset: int, start: int, end: int) -> None:
    cut = excerpt(cited(text, offset, start, end))

    assert cut.far_before + cut.before + cut.quote + cut.after + cut.far_after == text


@pytest.mark.parametrize("parameter", ["0-5", "2-3", "4-5"])
def test_quote_inside_the_text_is_read(parameter: str) -> None:
    start, end = parameter.split("-")

    assert quoted_span(parameter, "一二三四五") == Span(int(start), int(end))


@pytest.mark.parametrize(
    "parameter",
    [
        None,
        "",
        "x",
        "1",
        "1-",
        "-1",
        "3-2",
        "2-2",
        "0-6",
        "-1-3",
        "1-2-3",
        "１-２",
        " 1-2",
        "1e1-20",
        "0-" + "9" * 50,
    ],
)
def test_quote_that_is_malformed_or_outside_is_ignored(parameter: str | None) -> None:
    assert quoted_span(parameter, "一二三四五") is None


ARTICLE = Article("a", "题", "甲一\n甲二", byline="记者 丁", captions=("图丙",))


def test_article_is_set_part_by_part() -> None:
    assert set_article(ARTICLE, None) == SetArticle(
        paragraphs=((Piece("甲一"),), (Piece("甲二"),)),
        captions=((Piece("图丙"),),),
        byline=((Piece("记者 丁"),),),
    )


def test_quote_over_two_paragraphs_is_anchored_once() -> None:
    assert set_article(ARTICLE, Span(1, 4)).paragraphs == (
        (Piece("甲"), Piece("一", marked=True, anchor=True)),
        (Piece("甲", marked=True), Piece("二")),
    )


def test_quote_in_a_caption_and_in_the_byline_is_marked_there() -> None:
    text = ARTICLE.text
    in_caption = set_article(ARTICLE, Span(text.index("丙"), text.index("丙") + 1))
    in_byline = set_article(ARTICLE, Span(text.index("丁"), text.index("丁") + 1))

    assert in_caption.captions == ((Piece("图"), Piece("丙", marked=True, anchor=True)),)
    assert in_byline.byline == ((Piece("记者 "), Piece("丁", marked=True, anchor=True)),)


def test_byline_that_the_body_carries_is_not_set_twice() -> None:
    assert set_article(replace(ARTICLE, body="甲（记者 丁）"), None).byline == ()


def test_article_of_captions_or_byline_alone_is_set() -> None:
    assert set_article(replace(ARTICLE, body="", byline=""), None).captions == ((Piece("图丙"),),)
    assert set_article(replace(ARTICLE, body="", captions=()), None).byline == ((Piece("记者 丁"),),)


LINES = st.text(alphabet="甲𠮷 \n", max_size=12)


@given(LINES, st.lists(LINES, max_size=2), LINES, st.integers(0, 40), st.integers(1, 20))
def test_marked_characters_are_the_quoted_ones(
    body: str, captions: list[str], byline: str, start: int, length: int
) -> None:
    article = Article("a", "题", body, byline=byline, captions=tuple(captions))
    quote = quoted_span(f"{start}-{start + length}", article.text)
    setting = set_article(article, quote)
    lines = (*setting.paragraphs, *setting.captions, *setting.byline)
    pieces = [piece for line in lines for piece in line]

    expected = article.text[quote.start : quote.end] if quote else ""
    assert "".join(p.text for p in pieces if p.marked).replace(" ", "") == "".join(expected.split())
    assert "".join(p.text for p in pieces).replace(" ", "") == "".join(article.text.split())
    assert sum(piece.anchor for piece in pieces) <= 1


def test_dates_and_pages_are_written_as_people_read_them() -> None:
    assert date_text(date(2026, 10, 2)) == "2026年10月2日"
    assert date_text("2026-10-12") == "2026年10月12日"
    assert date_text(None) == ""
    assert dates_text("2026-10-11", "2026-10-12") == "2026年10月11日—12日"
    assert dates_text("2026-10-12", "2026-10-12") == "2026年10月12日"
    assert dates_text(None, "2026-10-12") == ""
    assert page_text("01") == "第01版"
    assert page_text(None) == ""


def test_article_link_holds_any_id_in_one_segment() -> None:
    assert article_href("a/b?c#d", Span(1, 2)) == "/articles/a%2Fb%3Fc%23d?quote=1-2#quote"
    assert article_href("20261012-01-1a2b3c4d") == "/articles/20261012-01-1a2b3c4d"


@pytest.mark.parametrize("url", ["https://example.org/a", "http://example.org"])
def test_ordinary_web_address_is_linked(url: str) -> None:
    assert web_href(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,x",
        "//x",
        "https://",
        "http://[x",
        "/a",
    ],
)
def test_any_other_address_is_not_linked(url: str) -> None:
    assert web_href(url) == ""


@pytest.mark.parametrize(
    ("first", "last", "written"),
    [
        ("2026-10-05", "2026-10-05", "2026年10月5日"),
        ("2026-10-05", "2026-10-11", "2026年10月5日—11日"),
        ("2026-09-28", "2026-10-04", "2026年9月28日—10月4日"),
        ("2025-12-29", "2026-01-04", "2025年12月29日—2026年1月4日"),
        ("2026-10-05", None, "2026年10月5日起"),
        (None, "2026-10-11", "截至2026年10月11日"),
        (None, None, ""),
    ],
)
def test_days_are_written_with_what_they_share_said_once(
    first: str | None, last: str | None, written: str
) -> None:
    assert period_text(*(date.fromisoformat(day) if day else None for day in (first, last))) == written


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("渡口", ["渡口", "渡口"]),
        ("南渡口的新船", ["南渡口的"]),
        ("飞机", []),
        ("", []),
        ("(渡口)*", ["渡口", "渡口"]),
    ],
)
def test_result_of_a_search_marks_what_was_met(query: str, shown: list[str]) -> None:
    pieces = search_excerpt("南渡口的轮渡还是两块钱。\n渡口不远。", query)
    assert [piece.text for piece in pieces if piece.marked] == shown
    assert "".join(piece.text for piece in pieces) == "南渡口的轮渡还是两块钱。 渡口不远。"


def test_result_of_a_search_is_cut_to_where_it_is_met() -> None:
    pieces = search_excerpt("前" * 300 + "渡口" + "后" * 300, "渡口")
    text = "".join(piece.text for piece in pieces)
    assert [piece.text for piece in pieces if piece.marked] == ["渡口"]
    assert text.startswith("……前")
    assert text.endswith("后……")
    assert len(text) < 180
