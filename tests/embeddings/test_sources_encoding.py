"""Bytes of any newsroom encoding become text; what is no text is refused."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.errors import InputRefused
from embeddings.sources.encoding import blank_controls, decode, familiarity

SIMPLIFIED = "江边小镇的面馆开了三十年，老板说，明年要把店交给女儿。\n\n街坊们都舍不得他走。"
TRADITIONAL = "市府昨日宣布，為了方便長者出門，將在明年增開兩條公車路線。\n\n區長說，站牌也會換新。"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
)
def test_decode_gives_the_text_back_in_every_encoding(encoding: str) -> None:
    assert decode(SIMPLIFIED.encode(encoding)) == SIMPLIFIED


@pytest.mark.parametrize("encoding", ["utf-8", "big5", "gb18030", "utf-16-le", "utf-16-be"])
def test_decode_gives_traditional_text_back(encoding: str) -> None:
    assert decode(TRADITIONAL.encode(encoding)) == TRADITIONAL


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_decode_obeys_the_byte_order_mark(mark: bytes) -> None:
    encoding = "utf-16-le" if mark == b"\xff\xfe" else "utf-16-be"
    assert decode(mark + SIMPLIFIED.encode(encoding)) == SIMPLIFIED


def test_decode_keeps_line_ends_as_they_are() -> None:
    assert decode("一行\r\n两行\r三行\n".encode()) == "一行\r\n两行\r三行\n"


def test_decode_blanks_stray_nuls_at_the_same_length() -> None:
    text = decode("镇上的桥\x00修好了，\x07大家都来看。".encode())
    assert text == "镇上的桥 修好了， 大家都来看。"


@pytest.mark.parametrize("data", [b"", b"  \n\t", "\ufeff".encode(), "\ufeff \n".encode(), b"\xff\xfe"])
def test_decode_refuses_what_is_empty(data: bytes) -> None:
    with pytest.raises(InputRefused) as caught:
        decode(data)
    assert caught.value.code == "empty"
    assert "(empty)" in caught.value.message


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(40),
        b"%PDF-1.7\n",
        b"PK\x03\x04rest",
        b"\x1f\x8b\x08rest",
        bytes(200),
        bytes(range(256)) * 8,
        b"\x01\x02\x03\x04\x05\x06" * 30,
        random.Random(7).randbytes(4096),
    ],
)
def test_decode_refuses_binary_data(data: bytes) -> None:
    with pytest.raises(InputRefused) as caught:
        decode(data)
    assert caught.value.code == "binary"


@pytest.mark.parametrize(
    "data",
    [
        "こんにちは、きょうはとてもいいてんきですね".encode("shift_jis"),
        "è à ü déjà vu façade naïve".encode("latin-1"),
        "面馆".encode()[:-1],
        b"\xff\xfe" + b"\x00\xd8\x00",
    ],
)
def test_decode_refuses_an_unknown_encoding(data: bytes) -> None:
    with pytest.raises(InputRefused) as caught:
        decode(data)
    assert caught.value.code == "undecodable"


@given(st.binary(max_size=400))
def test_decode_gives_text_or_a_refusal_for_any_bytes(data: bytes) -> None:
    with suppress(InputRefused):
        text = decode(data)
        assert text.strip()
        assert "\x00" not in text


@given(st.text())
def test_blank_controls_keeps_the_length(text: str) -> None:
    assert len(blank_controls(text)) == len(text)


def test_familiarity_is_high_for_prose_and_low_for_the_wrong_encoding() -> None:
    assert familiarity(SIMPLIFIED) > 0.4
    assert familiarity(SIMPLIFIED.encode("gb18030").decode("big5", "replace")) < 0.2
    assert familiarity("") == 0.0
