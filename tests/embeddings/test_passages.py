"""Passages cover an article, keep to its sentences and fit the model's window."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.passages import CONTEXT_HEADLINE_CHARS, encoder_text, fit_tokens, split_article
from embeddings.records import Article, Passage
from tests.fakes import article, whole_passage

texts = st.text(alphabet="船票两元。！？“”（），；、\n a𠮷\u3000", max_size=600)


def split(body: str, target: int = 100, longest: int = 120) -> list[Passage]:
    return split_article(article(body), target_chars=target, max_chars=longest)


def assert_covers(of: Article, passages: Sequence[Passage]) -> None:
    """Every non-blank character lies in exactly one passage, in order; offsets round-trip."""
    end = 0
    for number, passage in enumerate(passages):
        assert (passage.article_id, passage.number) == (of.id, number)
        assert passage.text == of.text[passage.start : passage.end]
        assert passage.text == passage.text.strip() != ""
        assert not of.text[end : passage.start].strip()
        assert passage.start >= end
        end = passage.end
    assert not of.text[end:].strip()


@pytest.mark.parametrize("body", ["", "  \n ", "\n"])
def test_split_article_without_text_gives_none(body: str) -> None:
    assert split(body) == []


def test_split_article_of_a_short_text_gives_one() -> None:
    (passage,) = split("船开了。\n人走了。")
    assert passage.text == "船开了。\n人走了。"


def test_split_article_cuts_between_sentences_at_about_equal_lengths() -> None:
    passages = split("渡船今天照常开，票价两元。" * 20)
    assert all(passage.text.endswith("。") for passage in passages)
    lengths = [len(passage.text) for passage in passages]
    assert max(lengths) - min(lengths) <= 13
    assert all(75 <= length <= 120 for length in lengths)


def test_split_article_prefers_to_end_with_a_paragraph() -> None:
    first, second = "船开了，人走了。" * 11, "灯亮了，街静了。" * 13
    assert [passage.text for passage in split(f"{first}\n{second}")] == [first, second]


def test_split_article_cuts_a_long_sentence_after_a_clause() -> None:
    first, *_ = split("渡船照常开，" * 30 + "。", 100, 110)
    assert first.text.endswith("，")
    assert 55 < len(first.text) <= 110


def test_split_article_cuts_a_sentence_without_clauses_anywhere() -> None:
    passages = split("船" * 500, 100, 120)
    assert "".join(passage.text for passage in passages) == "船" * 500
    assert all(len(passage.text) <= 120 for passage in passages)


def test_split_article_covers_captions_and_byline_too() -> None:
    of = article("船开了。", captions=("图为渡口。",), byline="记者 阮小舟")
    passages = split_article(of, target_chars=100, max_chars=120)
    assert_covers(of, passages)
    assert passages[-1].text.endswith("记者 阮小舟")


@given(texts, st.integers(80, 200), st.integers(0, 100))
def test_split_article_covers_every_character_once(body: str, target: int, more: int) -> None:
    of = article(body)
    passages = split_article(of, target_chars=target, max_chars=target + more)
    assert_covers(of, passages)
    assert all(len(passage.text) <= target + more for passage in passages)


@given(texts)
def test_split_article_keeps_whole_sentences_together(body: str) -> None:
    passages = split_article(article(body), target_chars=300, max_chars=2000)
    assert split_article(article(body), target_chars=300, max_chars=2000) == passages
    if len(body) <= 300:
        assert len(passages) <= 1


def heavy_tokens(heavy: str) -> int:
    return sum(40 if character == "𠮷" else 1 for character in heavy)


@given(texts, st.integers(60, 300))
def test_fit_tokens_keeps_within_the_limit_with_an_encoder_that_counts_weirdly(body: str, limit: int) -> None:
    of = article(body, title="")
    passages = split_article(of, target_chars=280, max_chars=350)
    fitted = fit_tokens(of, passages, lambda texts: [heavy_tokens(text) for text in texts], limit)
    assert_covers(of, fitted)
    assert all(heavy_tokens(encoder_text(of, passage)) <= limit for passage in fitted)


def test_fit_tokens_leaves_passages_that_fit_alone() -> None:
    of = article("船开了。人走了。")
    passages = [whole_passage(of)]
    assert fit_tokens(of, passages, lambda texts: [len(text) for text in texts], 100) == passages


def test_fit_tokens_of_a_character_that_never_fits_ends() -> None:
    of = article("船票")
    fitted = fit_tokens(of, [whole_passage(of)], lambda texts: [99 for _ in texts], 10)
    assert [passage.text for passage in fitted] == ["船", "票"]


def test_fit_tokens_of_nothing_is_nothing() -> None:
    assert fit_tokens(article(""), [], lambda texts: [0 for _ in texts], 10) == []


def test_encoder_text_puts_headline_and_date_before_the_passage() -> None:
    of = article(
        "船开了。", title="渡口换新船", kicker="便民", subtitle="票价不变", date=datetime.date(2026, 10, 2)
    )
    assert encoder_text(of, whole_passage(of)) == "便民 渡口换新船 票价不变 2026年10月2日\n船开了。"


def test_encoder_text_without_context_is_the_passage() -> None:
    of = article("船开了。", title="船开了…")
    assert encoder_text(of, whole_passage(of)) == "船开了。"


def test_encoder_text_cuts_a_headline_that_would_crowd_the_passage_out() -> None:
    of = article("船开了。", title="长" * 500)
    assert encoder_text(of, whole_passage(of)) == "长" * CONTEXT_HEADLINE_CHARS + "\n船开了。"
