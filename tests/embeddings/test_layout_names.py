"""How much a text looks like names of people."""

from __future__ import annotations

import pytest

from embeddings.layout.names import looks_like_name


@pytest.mark.parametrize(
    "text", ["毛小路", "秦川", "李 明 王晓红", "欧阳文静", "阿依古丽·买买提", "索朗德吉"]
)
def test_looks_like_name_is_high_for_names(text: str) -> None:
    assert looks_like_name(text) > 0.6


@pytest.mark.parametrize(
    "text",
    [
        "党建 激活",
        "安全 生产",
        "方便 群众",
        "高考 指南",
        "石家庄",
        "面馆",
        "于是",
        "成都",
        "毛",
        "",
        "毛小路。",
        "毛小路 摄",
        "毛" * 99,
    ],
)
def test_looks_like_name_is_low_for_other_words(text: str) -> None:
    assert looks_like_name(text) < 0.2


def test_looks_like_name_prefers_frequent_surnames_and_usual_lengths() -> None:
    assert looks_like_name("王小路") > looks_like_name("温小路") > looks_like_name("笪小路")
    assert looks_like_name("王小路") > looks_like_name("王路") > looks_like_name("王小路路")
