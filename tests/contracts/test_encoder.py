"""What every encoder keeps to: the fake one of the tests, and the built-in one."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import pytest

from embeddings.encoder import Encoder, SentenceTransformerEncoder
from tests.fakes import FakeEncoder

# The prompts cost tokens too; no contract says how many.
TEXTS = ("渡口的船票两元一张。", "Lamps: 100 new ones", "早市" * 40, "")
REAL = pytest.param("built_in_encoder", marks=pytest.mark.model, id="built-in")

Request: TypeAlias = pytest.FixtureRequest


@pytest.fixture(params=["fake", REAL])
def encoder(request: Request) -> Encoder:
    if request.param == "fake":
        return FakeEncoder(prompts=True)
    found: SentenceTransformerEncoder = request.getfixturevalue("built_in_encoder")
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


def test_progress_sums_to_the_number_of_texts(encoder: Encoder) -> None:
    counts: list[int] = []
    encoder.encode_passages([f"第{n}张船票" for n in range(21)], counts.append)
    assert sum(counts) == 21
    assert all(count > 0 for count in counts)


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
