"""Pairs of texts for the span reader, and spans in its logits; a small tokenizer is the model's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qa.span_pairs import ANSWER_TOKENS_MAX, MAX_TOKENS, QUESTION_TOKENS_MAX, PairTokenizer, Span, best_spans

PROMPT = len("query: ")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer of which every character but a space is a token."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors

    words = {"<unk>": 0, "<s>": 1, "</s>": 2, **{chr(code): code for code in range(3, 127)}}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(" "), "removed"), pre_tokenizers.Split(Regex("."), "isolated")]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    made = tmp_path_factory.mktemp("tokenizer")
    tokenizer.save(str(made / "tokenizer.json"))
    return made


@pytest.fixture
def tokenizer(folder: Path) -> PairTokenizer:
    return PairTokenizer(folder)


def test_pair_holds_the_prompt_the_question_and_the_passage_with_its_characters(
    tokenizer: PairTokenizer,
) -> None:
    (pair,) = tokenizer.pairs("ab", ["c d"])
    asked = [ord(letter) for letter in "query:ab"]
    assert pair.ids == [1, *asked, 2, 2, ord("c"), ord("d"), 2]
    assert pair.offsets.tolist() == [[0, 0]] * 11 + [[0, 1], [2, 3], [0, 0]]


def test_pairs_keep_the_order_of_the_passages(tokenizer: PairTokenizer) -> None:
    assert [pair.ids[-2] for pair in tokenizer.pairs("?", ["a", "b", "c"])] == [97, 98, 99]


def test_pair_of_a_long_passage_loses_the_passages_end(tokenizer: PairTokenizer) -> None:
    (pair,) = tokenizer.pairs("ab", ["x" * 1000])
    assert len(pair.ids) == MAX_TOKENS
    kept = MAX_TOKENS - 4 - len("query:ab")
    assert pair.ids.count(ord("x")) == kept
    assert pair.offsets[-2].tolist() == [kept - 1, kept]


def test_pair_of_a_long_question_holds_the_questions_end_and_the_passage(tokenizer: PairTokenizer) -> None:
    (pair,) = tokenizer.pairs("a" * 5000 + "z" * 10, ["xyw"])
    assert (pair.ids.count(ord("z")), pair.ids.count(ord("a"))) == (10, QUESTION_TOKENS_MAX - 10)
    assert pair.offsets.max() == 3


@pytest.mark.parametrize("passage", ["", "   "])
def test_pair_of_an_empty_passage_has_no_token_of_it(tokenizer: PairTokenizer, passage: str) -> None:
    (pair,) = tokenizer.pairs("a", [passage])
    assert not pair.offsets.any()


def test_pair_with_a_lone_surrogate_keeps_the_places_behind_it(tokenizer: PairTokenizer) -> None:
    (pair,) = tokenizer.pairs("\udc80", ["😀\ud800b"])
    assert pair.offsets[-4:-1].tolist() == [[0, 1], [1, 2], [2, 3]]
    assert pair.ids[-2] == ord("b")


def spans(start: list[float], end: list[float], offsets: list[tuple[int, int]], n: int = 1) -> list[Span]:
    return best_spans(np.array(start, np.float32), np.array(end, np.float32), np.array(offsets, np.int64), n)


OFFSETS = [(0, 0), (0, 0), (0, 2), (2, 3), (4, 6)]


def test_best_span_is_scored_against_not_here() -> None:
    found = spans([1, 9, 0, 5, 2], [2, 9, 0, 1, 4], OFFSETS)
    assert found == [Span(2, 6, 5 + 4 - (1 + 2))]  # tokens 3 to 4; the question's own 9 is no answer


def test_best_spans_come_best_first() -> None:
    found = spans([1, 9, 0, 5, 2], [2, 9, 0, 1, 4], OFFSETS, 3)
    assert found == [Span(2, 6, 6), Span(2, 3, 3), Span(4, 6, 3)]


def test_best_spans_are_no_more_than_there_are() -> None:
    found = spans([0, 0, 1, 2, 3], [0, 0, 3, 2, 1], OFFSETS, 50)
    assert len(found) == 6  # of three tokens: three of one, two of two, one of three
    assert all(span.start < span.end for span in found)


def test_best_spans_never_end_before_they_start() -> None:
    assert spans([0, 0, 0, 0, 9], [0, 0, 9, 0, 0], OFFSETS)[0] in (
        Span(0, 2, 9),
        Span(4, 6, 9),
        Span(0, 6, 9),
    )
    assert {(s.start, s.end) for s in spans([0, 0, 0, 0, 9], [0, 0, 9, 0, 0], OFFSETS, 2)} == {(0, 2), (4, 6)}


def test_best_spans_of_a_passage_without_tokens_are_none() -> None:
    assert spans([3, 1, 1], [3, 1, 1], [(0, 0)] * 3, 4) == []


def test_best_spans_are_at_most_an_answer_long() -> None:
    length = ANSWER_TOKENS_MAX + 20
    start, end = np.zeros(length), np.zeros(length)
    start[1], end[ANSWER_TOKENS_MAX], end[ANSWER_TOKENS_MAX + 1] = 5, 5, 9
    offsets = [(0, 0), *((place, place + 1) for place in range(length - 1))]
    best, *others = spans(start.tolist(), end.tolist(), offsets, 200)
    assert best == Span(0, ANSWER_TOKENS_MAX, 10)  # with the 9 it would be a token too long
    assert max(span.end - span.start for span in [best, *others]) <= ANSWER_TOKENS_MAX
