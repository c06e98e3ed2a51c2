"""What is written differently and means the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.folding import folded, normalised, simplified


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("三十五件", "35件"),
        ("３５件", "35件"),
        ("第三百二十一章", "第321章"),
        ("一百零五", "105"),
        ("两百多", "200多"),
        ("十五", "15"),
        ("二〇二六年十月", "2026年十月"),
        ("二零二六年", "2026年"),
        ("两万五千人", "25000人"),
        ("2.5万", "25000"),
        ("2万5千", "25000"),
        ("三万五", "35000"),
        ("一亿二千万", "120000000"),
        ("十亿零三千", "1000003000"),
        ("一万亿", "1000000000000"),
        ("1,234,567元", "1234567元"),
        ("1，234元", "1234元"),
        ("百分之三十五点六", "35.6%"),
        ("百分之五", "5%"),
        ("35.6％", "35.6%"),
        ("二十三点五度", "23.5度"),
    ],
)
def test_numerals_become_arabic_digits(text: str, expected: str) -> None:
    assert folded(text) == expected


@pytest.mark.parametrize(
    "text", ["三个", "十个", "一些", "万一", "千万别去", "万万", "1.2.3万", "百货", "ppr-9087"]
)
def test_what_is_no_numeral_of_two_characters_stays(text: str) -> None:
    assert folded(text) == text


def test_long_rows_of_numerals_stay() -> None:
    assert folded("九" * 40) == "九" * 40


def test_traditional_characters_become_simplified_and_keep_their_places() -> None:
    assert simplified("國慶檔:車票") == "国庆档:车票"
    assert folded("國慶三十五週年") == "国庆35周年"


def test_normalised_leaves_characters_and_numerals() -> None:
    assert normalised("ＡＢ國慶三十五") == "ab國慶三十五"


@given(st.text(max_size=60))
def test_simplified_keeps_the_length_of_any_text(text: str) -> None:
    assert len(simplified(text)) == len(text)


@given(st.text(alphabet="零〇一二两三十百千万亿点0123456789.,%分之件 年", max_size=40))
def test_folding_of_any_row_of_numerals_ends_and_holds_no_error(text: str) -> None:
    assert isinstance(folded(text), str)


@given(st.integers(11, 99_999))
def test_numbers_in_words_meet_their_digits(number: int) -> None:
    assert folded(f"共{_in_words(number)}件") == f"共{number}件"


def _in_words(number: int) -> str:
    """As Chinese writes it out, 11 to 99,999."""
    digits = "零一二三四五六七八九"
    text = "".join(
        digits[int(d)] + (unit if d != "0" else "")
        for d, unit in zip(f"{number:05}", ("万", "千", "百", "十", ""), strict=True)
    )
    while "零零" in text:
        text = text.replace("零零", "零")
    text = text.strip("零")
    return text[1:] if text.startswith("一十") else text
