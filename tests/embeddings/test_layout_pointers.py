"""Where the other half of a story stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.layout.articles import read_page
from embeddings.layout.lines import FOLD
from embeddings.layout.pointers import page_key, pages_named
from embeddings.records import Page, Pointers
from tests.embeddings.damaged_pages import FERRY, FERRY_MORE


@pytest.mark.parametrize(
    ("number", "key"),
    [
        ("3", "3"),
        ("03", "3"),
        ("第三版", "3"),
        ("十", "10"),
        ("十二", "12"),
        ("二十", "20"),
        ("二十一", "21"),
        ("九十九", "99"),
        ("A3", "A3"),
        ("a03", "A3"),
        ("A 03版", "A3"),
        ("第A12版", "A12"),
        ("", ""),
        ("要闻", "要闻"),
    ],
)
def test_page_key_has_one_form_for_a_page(number: str, key: str) -> None:
    assert page_key(number) == key


@given(st.integers(1, 99), st.sampled_from(["", "A", "b"]))
def test_page_key_is_the_same_for_every_way_to_write_a_number(number: int, letter: str) -> None:
    digits = "〇一二三四五六七八九"
    tens, ones = divmod(number, 10)
    numeral = ("" if tens < 2 else digits[tens]) + ("十" if tens else "") + (digits[ones] if ones else "")
    ways = {f"{letter}{number}", f"{letter}0{number}", f"第{letter}{number}版", f"{letter}{numeral}"}
    assert {page_key(way) for way in ways} == {f"{letter.upper()}{number}"}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("（下转第三版）", ("", "3")),
        ("（下转A3版）", ("", "A3")),
        ("(下转3版)", ("", "3")),
        ("【下转02版】", ("", "2")),
        ("下转第二版", ("", "2")),
        ("（转第四版）", ("", "4")),
        ("（下转第3版·综合）", ("", "3")),
        ("（上接第一版）", ("1", "")),
        ("上接A01版", ("A1", "")),
        ("（紧接第1版）", ("1", "")),
        ("（接第十二版）", ("12", "")),
        ("乡亲们都来送他（下转第三版）", ("", "3")),
        ("（上接第一版）乡亲们都来送他。", ("1", "")),
        ("（上接第一版）乡亲们都来（下转第五版）", ("1", "5")),
        ("乡亲们都来送他。", ("", "")),
        ("接过父辈的面勺", ("", "")),
        ("转眼又是一版新茶", ("", "")),
        ("他说（下转第三版）是老话。", ("", "")),
        ("", ("", "")),
    ],
)
def test_pages_named_reads_whole_lines_and_both_ends(line: str, expected: tuple[str, str]) -> None:
    assert pages_named(line.translate(FOLD)) == expected


@given(st.text(alphabet="（）()【】上下接转第一二3A版，。面 ", max_size=80))
def test_pages_named_gives_pages_in_their_one_form(text: str) -> None:
    for page in pages_named(text.translate(FOLD)):
        assert page == page_key(page)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((FERRY, FERRY_MORE + "（下转第三版）"), Pointers("", "3")),
        ((FERRY, FERRY_MORE, "（下转第三版）"), Pointers("", "3")),
        (("（上接A1版）", FERRY, FERRY_MORE), Pointers("A1", "")),
        (("（上接第一版）" + FERRY, FERRY_MORE, "（下转第五版）"), Pointers("1", "5")),
        ((FERRY, FERRY_MORE), Pointers()),
    ],
)
def test_read_page_keeps_the_pages_of_the_other_halves(lines: tuple[str, ...], expected: Pointers) -> None:
    (article,) = read_page(Page("\n\n".join(("渡口送别老船工", *lines)), "p.txt"))
    assert article.pointers == expected
    assert article.body == f"{FERRY}\n{FERRY_MORE}"
