"""The second look at the first hits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from embeddings.errors import ModelUnavailable
from embeddings.records import Hit, Passage
from qa import reranking
from qa.reranking import (
    MARGIN,
    READ_AT_LEAST,
    READ_AT_MOST,
    SPAN_SCORE_MAX,
    CrossEncoderReranker,
    SecondStage,
    SpanReranker,
    in_doubt,
    reranked,
    worth_reading,
)
from tests.fake_spans import FakeSpans
from tests.fakes import article


def hit(name: str, score: float, rank: int = 1) -> Hit:
    of = article("渡口起雾。")
    return Hit(rank, score, Passage(name, 0, 0, 5, of.body), of)


def rows(*scores: float) -> list[Hit]:
    return [hit(str(n), score, n) for n, score in enumerate(scores, 1)]


def names(found: Sequence[Hit]) -> list[str]:
    return [each.passage.article_id for each in found]


@pytest.fixture(autouse=True)
def _weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reranking, "_shipped", lambda: SecondStage(search=0.5, span=20.0))


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((), 0),
        ((9.0,), 1),
        ((9.0, 1.0, 0.0), READ_AT_LEAST),
        ((9.0, 8.9, 8.8, 8.7, 1.0), 4),
        ((9.0, 9.0 - MARGIN, 9.0 - MARGIN, 8.9 - MARGIN), 3),
        ((9.0,) * 20, READ_AT_MOST),
    ],
)
def test_worth_reading_is_what_comes_near_the_first(scores: tuple[float, ...], expected: int) -> None:
    assert worth_reading(rows(*scores)) == expected


def test_reranked_weighs_both_scores_and_numbers_the_ranks_anew() -> None:
    found = reranked(rows(4.0, 3.0, 2.0), [-1.0, 2.0, 0.0])
    # 0.5 * 4 - 2, 0.5 * 3 + 4, 0.5 * 2
    assert names(found) == ["2", "3", "1"]
    assert [each.rank for each in found] == [1, 2, 3]
    assert [each.score for each in found] == pytest.approx([5.5, 1.0, 0.0])


def test_reranked_keeps_what_was_not_read_behind_in_its_order() -> None:
    found = reranked(rows(4.0, 3.9, 3.8, 1.0), [-3.0, -4.0])
    assert names(found) == ["1", "2", "3", "4"]
    assert [each.rank for each in found] == [1, 2, 3, 4]
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)


def test_reranked_does_not_lift_what_was_not_read() -> None:
    found = reranked(rows(4.0, 1.0), [5.0])
    assert [each.score for each in found] == [12.0, 1.0]


def test_reranked_counts_a_span_score_within_bounds() -> None:
    found = reranked(rows(4.0, 4.0, 3.0), [SPAN_SCORE_MAX + 50, SPAN_SCORE_MAX, -99.0])
    assert names(found) == ["1", "2", "3"]
    assert found[0].score == found[1].score


def test_reranked_of_nothing_is_nothing() -> None:
    assert reranked([], []) == []


def test_span_reranker_scores_a_passage_by_its_best_span() -> None:
    scores = SpanReranker(FakeSpans()).scores("渡口", ["灯亮了。渡口。", "灯亮了。", ""])
    assert scores == [6.0, -6.0, -SPAN_SCORE_MAX]


class _CrossEncoder:
    """Scores a passage by its length."""

    def predict(self, pairs: Sequence[tuple[str, str]], show_progress_bar: bool) -> list[float]:
        return [float(len(passage)) for _, passage in pairs]


def test_cross_encoder_is_loaded_once_and_only_when_needed() -> None:
    loaded: list[str] = []

    def load(model: str) -> Any:
        loaded.append(model)
        return _CrossEncoder()

    reranker = CrossEncoderReranker("some/model", load)
    assert reranker.scores("渡口", []) == []
    assert loaded == []
    assert reranker.scores("渡口", ["船票", "灯"]) == [2.0, 1.0]
    assert reranker.scores("渡口", ["灯"]) == [1.0]
    assert loaded == ["some/model"]


def test_cross_encoder_that_cannot_be_loaded_says_so() -> None:
    def load(_model: str) -> Any:
        raise OSError("/some/where not found")

    with pytest.raises(ModelUnavailable, match="some/model") as error:
        CrossEncoderReranker("some/model", load).scores("渡口", ["船票"])
    assert "/some/where" not in str(error.value)


def test_shipped_weights_let_both_stages_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    shipped = SecondStage.shipped()
    assert shipped.search > 0
    assert shipped.span > 0


def test_hits_in_doubt_are_those_about_as_good_as_the_first() -> None:
    assert in_doubt(rows(5.0, 4.8, 4.7, 1.0)) == 2
    assert in_doubt(rows(5.0, 3.0)) == 1
    assert in_doubt([]) == 0
