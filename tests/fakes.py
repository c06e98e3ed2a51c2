"""Stand-ins for the costly parts, and short ways to write records and input files."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.encoder import Done, Vectors
from embeddings.records import Article, Page, Passage

DAY = datetime.date(2026, 10, 12)


class FakeEncoder:
    """Keeps the contract of `embeddings.encoder.Encoder` without a model.

    A text's vector counts its characters, each in one of `dimension` places, and is brought to unit
    length. With the default dimension the characters of `PLACES` have a place of their own each, so that
    cosines of such texts can be worked out by hand: "ab" and "ac" share one of two characters, 0.5.
    Queries and passages are told apart by one count in a place that nothing else uses, if `prompts`.
    """

    PLACES = "abcdefghijklmnopqrstuvwxyz"

    def __init__(
        self,
        fingerprint: str = "fake-1",
        *,
        dimension: int = 128,
        max_tokens: int = 512,
        prompts: bool = False,
        fail_after: int | None = None,
    ) -> None:
        self.name = "fake"
        self.fingerprint = fingerprint
        self.dimension = dimension
        self.max_tokens = max_tokens
        self.embedded = 0
        self.texts: list[str] = []
        self.queries: list[str] = []
        self._prompts = prompts
        self._fail_after = fail_after

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """A token a character, and two specials."""
        return [len(text) + 2 for text in texts]

    def encode_passages(self, texts: Sequence[str], done: Done | None = None) -> Vectors:
        """See the class; what was embedded is noted in `texts` and counted in `embedded`."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            if self._fail_after is not None and self.embedded >= self._fail_after:
                raise EncoderFailure
            vectors[row] = self._vector(text, 1)
            self.embedded += 1
            self.texts.append(text)
            if done is not None:
                done([row], vectors[row : row + 1])
        return vectors

    def encode_query(self, text: str) -> Vectors:
        """See the class."""
        self.queries.append(text)
        return self._vector(text, 2)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See the class."""
        return np.array([self.encode_query(text) for text in texts], np.float32).reshape(-1, self.dimension)

    def _vector(self, text: str, side: int) -> Vectors:
        counts = np.zeros(self.dimension, np.float32)
        for character in text[: self.max_tokens - 2]:
            counts[self._place(character)] += 1
        if self._prompts or not counts.any():
            counts[side] += 1
        unit: Vectors = counts / np.linalg.norm(counts)
        return unit

    def _place(self, character: str) -> int:
        """Place 0 is left free, 1 and 2 mark the side, letters follow, and the rest shares what is left."""
        if character in self.PLACES and self.dimension > 3 + len(self.PLACES):
            return 3 + self.PLACES.index(character)
        first = 3 + len(self.PLACES) if self.dimension > 3 + len(self.PLACES) else 3
        digest = hashlib.blake2b(character.encode("utf-8", "surrogatepass"), digest_size=4).digest()
        return first + int.from_bytes(digest, "little") % (self.dimension - first)


class EncoderFailure(Exception):
    """What a fake encoder raises when it was told to fail."""


def article(
    body: str = "河边新开了一座公园。", *, article_id: str = "a1", title: str = "题", **fields: Any
) -> Article:
    """An article with only the fields that matter to a test."""
    return Article(id=article_id, title=title, body=body, **fields)


def page(text: str = "", **fields: Any) -> Page:
    """A page with only the fields that matter to a test."""
    return Page(text=text, **{"file": "p.txt", **fields})


def whole_passage(of: Article, number: int = 0) -> Passage:
    """The article's whole text as one passage."""
    return Passage(of.id, number, 0, len(of.text), of.text)


def record(article_id: str, body: str, title: str = "", **fields: object) -> dict[str, object]:
    """One line of a JSON lines file."""
    return {"id": article_id, "title": title, "body": body, **fields}


def write_lines(path: Path, records: Iterable[dict[str, object]]) -> Path:
    """Write a JSON lines file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(one, ensure_ascii=False) for one in records]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
