"""The stand-ins do what the tests that count on them say."""

from __future__ import annotations

import pytest

from tests.fakes import FakeEncoder


@pytest.mark.parametrize(
    ("one", "other", "cosine"),
    [("ab", "ab", 1.0), ("ab", "ba", 1.0), ("ab", "ac", 0.5), ("ab", "cd", 0.0), ("aab", "b", 1 / 5**0.5)],
)
def test_fake_cosine_is_the_share_of_characters(one: str, other: str, cosine: float) -> None:
    encoder = FakeEncoder()
    first, second = encoder.encode_passages([one, other])
    assert float(first @ second) == pytest.approx(cosine)


def test_fake_encoder_counts_and_notes_what_it_embeds() -> None:
    encoder = FakeEncoder("other", dimension=64)
    encoder.encode_passages(["a", "b"])
    encoder.encode_query("c")
    assert (encoder.fingerprint, encoder.dimension, encoder.embedded) == ("other", 64, 2)
    assert (encoder.texts, encoder.queries) == (["a", "b"], ["c"])
