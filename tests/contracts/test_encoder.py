"""What every encoder keeps to: the fake one of the tests, and the built-in one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import numpy as np
import pytest

from embeddings.encoder import Encoder, ModelEncoder, Vectors
from tests.fakes import FakeEncoder

# The prompts cost tokens too; no contract says how many.
TEXTS = ("渡口的船票两元一张。", "Lamps: 100 new ones", "早市" * 40, "")
REAL = pytest.param("built_in_encoder", marks=pytest.mark.model, id="built-in")

Request: TypeAlias = pytest.FixtureRequest


@pytest.fixture(params=["fake", REAL])
def encoder(request: Request) -> Encoder:
    if request.param == "fake":
        return FakeEncoder(prompts=True)
    found: ModelEncoder = request.getfixturevalue("built_in_encoder")
    return found


def test_encode_passages_gives_unit_rows_of_float32(encoder: Encoder) -> None:
    vectors = encoder.encode_passages(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_encode_query_gives_a_unit_vector_of_float32(encoder: Encoder) -> None:
    vector = encoder.encode_query("船票多少钱？")
    assert vector.shape == (encoder.dimension,)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_encode_query_of_nothing_gives_a_unit_vector(encoder: Encoder) -> None:
    assert np.linalg.norm(encoder.encode_query("")) == pytest.approx(1, abs=1e-5)


def test_encode_passages_of_nothing_gives_no_rows(encoder: Encoder) -> None:
    vectors = encoder.encode_passages([])
    assert vectors.shape == (0, encoder.dimension)
    assert vectors.dtype == np.float32


def test_encode_passages_does_not_depend_on_the_company(encoder: Encoder) -> None:
    together = encoder.encode_passages(TEXTS)
    backwards = encoder.encode_passages(TEXTS[::-1])[::-1]
    alone = np.concatenate([encoder.encode_passages([text]) for text in TEXTS])
    np.testing.assert_allclose(together, backwards, atol=1e-5)
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_encode_passages_twice_gives_the_same(encoder: Encoder) -> None:
    np.testing.assert_array_equal(encoder.encode_passages(TEXTS), encoder.encode_passages(TEXTS))


def test_encode_passages_tells_texts_apart_and_meets_the_like(encoder: Encoder) -> None:
    ferry, fare, lamps = encoder.encode_passages(
        ["渡口的船票两元", "渡口船票要两元", "lamps in the old lane"]
    )
    assert ferry @ fare > ferry @ lamps


def test_queries_and_passages_are_not_the_same_side(encoder: Encoder) -> None:
    assert not np.allclose(encoder.encode_query("船票"), encoder.encode_passages(["船票"])[0], atol=1e-3)


def test_encode_passages_hands_over_every_vector_once_as_it_is_done(encoder: Encoder) -> None:
    texts = [f"第{n}张船票" + "，当日有效" * (n % 5) for n in range(21)]
    handed: dict[int, Vectors] = {}

    def done(numbers: list[int], vectors: Vectors) -> None:
        assert vectors.shape == (len(numbers), encoder.dimension)
        assert not handed.keys() & set(numbers)
        handed.update(zip(numbers, vectors, strict=True))

    vectors = encoder.encode_passages(texts, done)
    np.testing.assert_array_equal(vectors, [handed[number] for number in range(21)])


def test_encode_passages_stops_where_done_fails(encoder: Encoder) -> None:
    calls: list[int] = []

    def done(numbers: list[int], _vectors: Vectors) -> None:
        calls.extend(numbers)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        encoder.encode_passages([f"第{n}张船票" for n in range(300)], done)
    assert len(calls) < 300
    assert encoder.encode_passages(["船票"]).shape == (1, encoder.dimension)


def test_encode_queries_gives_what_encode_query_gives_one_by_one(encoder: Encoder) -> None:
    questions = ["船票多少钱？", "几点关门", "船票多少钱？", "", "lamps" * 30]
    together = encoder.encode_queries(questions)
    assert together.dtype == np.float32
    np.testing.assert_allclose(together, [encoder.encode_query(one) for one in questions], atol=1e-5)


def test_encode_queries_of_nothing_gives_no_rows(encoder: Encoder) -> None:
    vectors = encoder.encode_queries([])
    assert vectors.shape == (0, encoder.dimension)
    assert vectors.dtype == np.float32


def test_encoders_answer_several_threads_at_once(encoder: Encoder) -> None:
    questions = [f"第{n}路车{'经过渡口' * (n % 7)}吗？" for n in range(40)]
    alone = encoder.encode_queries(questions)
    with ThreadPoolExecutor(8) as pool:
        passages = pool.submit(encoder.encode_passages, questions)
        together = list(pool.map(encoder.encode_query, questions))
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(passages.result(), encoder.encode_passages(questions), atol=1e-5)


@pytest.mark.parametrize("text", ["船票\ud83d", "\x00\x01", "\n\n", "👍🏽" * 700, "船" * 200_000])
def test_encoders_read_any_text(encoder: Encoder, text: str) -> None:
    assert np.linalg.norm(encoder.encode_query(text)) == pytest.approx(1, abs=1e-5)
    assert encoder.count_tokens([text])[0] >= 2


def test_count_tokens_grows_with_the_text_and_counts_specials(encoder: Encoder) -> None:
    empty, short, long = encoder.count_tokens(["", "船票", "船票两元一张，每天十八趟。" * 100])
    assert 2 <= empty < short < long
    assert long > encoder.max_tokens  # uncut
    assert encoder.count_tokens([]) == []


def test_encode_passages_of_a_text_over_the_limit_reads_its_beginning(encoder: Encoder) -> None:
    start = "甲乙丙丁" * 600
    one, other = encoder.encode_passages([start + "船", start + "灯"])
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_name_and_fingerprint_say_something(encoder: Encoder) -> None:
    assert encoder.name
    assert encoder.fingerprint
