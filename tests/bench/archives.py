"""Large archives to measure on: articles by the thousand, and vectors without the time a model takes.

Articles are put together from the sentences of real ones (crud-news in `../shared/data`, else seeds/), each
from many, so that no two are one story. Vectors are those of no text in particular: they scatter about a few
hundred directions as the vectors of news do.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.encoder import Done, Vectors
from embeddings.intake import find_inputs, read_input
from embeddings.sentences import sentence_spans
from embeddings.sources.found import Limits

NEWS = "crud-news.articles.jsonl.gz"
PASSAGES_PER_ARTICLE = 2.5
DIMENSION = 384
_DIRECTIONS = 500
_NOISE = 0.6


class RecalledEncoder:
    """Keeps the contract of `Encoder`; a vector hangs on its text's hash and costs microseconds."""

    name = "recalled"
    fingerprint = "recalled-1"
    dimension = DIMENSION
    max_tokens = 512

    def __init__(self) -> None:
        centre = np.random.default_rng(0).normal(size=DIMENSION)
        directions = centre + 0.8 * np.random.default_rng(1).normal(size=(_DIRECTIONS, DIMENSION))
        self._directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """About as many as the built-in model's."""
        return [len(text) * 2 // 3 + 2 for text in texts]

    def encode_passages(self, texts: Sequence[str], done: Done | None = None) -> Vectors:
        """See `Encoder`."""
        vectors = self.encode_queries(texts)
        for start in range(0, len(texts) if done else 0, 512):
            rows = list(range(start, min(start + 512, len(texts))))
            assert done is not None
            done(rows, vectors[rows])
        return vectors

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder`."""
        return np.array([self.encode_query(text) for text in texts], np.float32).reshape(-1, DIMENSION)

    def encode_query(self, text: str) -> Vectors:
        """See `Encoder`."""
        seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
        generator = np.random.default_rng(seed)
        noise = generator.normal(size=DIMENSION) / np.sqrt(DIMENSION)
        vector = self._directions[seed % _DIRECTIONS] + _NOISE * noise
        unit: Vectors = np.asarray(vector / np.linalg.norm(vector), np.float32)
        return unit


def write_archive(folder: Path, passages: int, shared: Path, *, seed: int = 0, name: str = "archive") -> None:
    """Write JSON lines files of about so many passages, two thousand articles a file."""
    folder.mkdir(parents=True, exist_ok=True)
    articles = _articles(list(_sentences(shared)), round(passages / PASSAGES_PER_ARTICLE), seed, name)
    lines = [json.dumps(article, ensure_ascii=False) for article in articles]
    for start in range(0, len(lines), 2000):
        path = folder / f"{name}-{start // 2000:04}.jsonl"
        path.write_text("\n".join(lines[start : start + 2000]) + "\n", encoding="utf-8")


def _articles(sentences: list[str], count: int, seed: int, name: str) -> Iterator[dict[str, Any]]:
    chosen = random.Random(seed)
    for number in range(count):
        body = ""
        length = chosen.choice((250, 450, 650, 900, 1300))
        while len(body) < length:
            body += chosen.choice(sentences)
        day = f"20{10 + number // 3600 % 16:02}-{1 + number // 300 % 12:02}-{1 + number // 12 % 28:02}"
        title = chosen.choice(sentences)[:18]
        page = f"{1 + number % 12:02}"
        yield {
            "id": f"{name}-{number}",
            "title": title,
            "body": body,
            "paper": "样报",
            "date": day,
            "page": page,
        }


def _sentences(shared: Path) -> Iterator[str]:
    for body in _bodies(shared):
        for start, end in sentence_spans(body):
            if 12 <= end - start <= 120:
                yield body[start:end].strip()


def _bodies(shared: Path) -> Iterator[str]:
    news = shared / NEWS
    if news.exists():
        with gzip.open(news, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)["body"]
        return
    for file in find_inputs([Path("seeds")])[0]:
        for article in read_input(file, Limits(32 << 20, 200, 120.0)).articles:
            yield article.body
