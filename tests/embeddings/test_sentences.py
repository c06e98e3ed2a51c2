"""Where sentences begin and end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.sentences import NESTING_MAX, QUOTATION_CHARS_MAX, sentence_spans, trimmed

# Texts made of the characters that matter, so that every rule is met.
chinese = st.text(alphabet="船票。！？…“”‘’（）【】《》，\n .aA说!?", max_size=200)


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("没有句号", ["没有句号"]),
        ("船开了。人走了。", ["船开了。", "人走了。"]),
        ("几点开？六点！好……走", ["几点开？", "六点！", "好……", "走"]),
        ("真的？！是的。", ["真的？！", "是的。"]),
        ("一行\n又一行。\n", ["一行\n", "又一行。\n"]),
        ("他说：“船开了。人走了。”大家笑了。", ["他说：“船开了。人走了。”", "大家笑了。"]),
        ("“票价不涨。”船长阮阿根说。船开了。", ["“票价不涨。”船长阮阿根说。", "船开了。"]),
        ("票价（含保险。）两元。", ["票价（含保险。）", "两元。"]),
        ("读了《船。票》一书。好看。", ["读了《船。票》一书。", "好看。"]),
        ("忘了关的“引号。\n新的一段。再一句。", ["忘了关的“引号。\n", "新的一段。", "再一句。"]),
        ("多余的”关引号。下一句。", ["多余的”关引号。", "下一句。"]),
        ("It opened. The fare is 2.5 yuan. end", ["It opened.", " The fare is 2.5 yuan. end"]),
        ("第3.2节没有断开。", ["第3.2节没有断开。"]),
        ("  \n  ", ["  \n  "]),
        ("\n\n船开了。", ["\n\n船开了。"]),
        ("船开了。  \n\n人走了。", ["船开了。  \n\n", "人走了。"]),
    ],
)
def test_sentence_spans_end_where_a_sentence_does(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_sentence_spans_read_a_long_quotation_sentence_by_sentence() -> None:
    short = "“" + "船开了。" * 3
    assert len(sentences(short)) == 1
    long = "“" + "船开了。" * (QUOTATION_CHARS_MAX // 4 + 5)
    assert len(sentences(long)) > 3


@pytest.mark.parametrize(
    "text", ["“。" * 20_000, "“】" * 20_000, "（" * 40_000 + "。", "“" * 20_000 + "”" * 20_000]
)
def test_sentence_spans_of_marks_never_closed_are_found_in_linear_time(text: str) -> None:
    spans = sentence_spans(text)
    assert spans[0][0] == 0
    assert spans[-1][1] == len(text)


def test_sentence_spans_count_no_deeper_than_anybody_quotes() -> None:
    deep = "（" * (NESTING_MAX + 5) + "船。" + "）" * (NESTING_MAX + 5) + "票。"
    assert sentences(deep)[-1] == "票。"


@given(chinese)
def test_sentence_spans_touch_and_cover_the_text(text: str) -> None:
    spans = sentence_spans(text)
    assert "".join(text[start:end] for start, end in spans) == text
    assert all(start < end for start, end in spans)
    assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]


@given(chinese)
def test_sentence_spans_are_not_blank_beside_a_sentence(text: str) -> None:
    spans = sentence_spans(text)
    if len(spans) > 1:
        assert all(text[start:end].strip() for start, end in spans)


@given(chinese, st.integers(0, 50), st.integers(0, 50))
def test_trimmed_keeps_what_is_not_blank(text: str, start: int, length: int) -> None:
    span = (min(start, len(text)), min(start + length, len(text)))
    left, right = trimmed(text, span)
    assert text[left:right] == text[slice(*span)].strip()
    assert span[0] <= left <= right <= span[1]
