"""Embedding speed against sentence-transformers' own float32, and how near the vectors are: one JSON object.

`python -m tests.bench.embedding [--passages N] [--rounds N] [--recall]`. Both are measured in turns on
the same texts, and medians are given. Texts are those of seeds/ and, where `../shared/data` is there,
real news; `--recall` compares dense retrieval on drcd-dev.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.encoder import ModelEncoder, Vectors, find_encoder
from embeddings.engines.engine import Engine
from embeddings.engines.fastest import open_engine
from embeddings.engines.torch_engine import TorchEngine
from embeddings.intake import find_inputs, limits_of, read_input
from embeddings.model import built_in_model, recorded_digest
from embeddings.passages import encoder_text, split_article
from embeddings.records import Article
from embeddings.settings import Settings, load_settings
from qa.evaluation import read_questions

SEEDS = Path("seeds")
TORCH_BATCH = 32  # sentence-transformers' default
QUERIES = 40
NEWS = "crud-news.articles.jsonl.gz"
RECALL = ("drcd-dev.articles.jsonl.gz", "drcd-dev.questions.jsonl.gz")

# Multiply-adds of multilingual-e5-small a token: 12 layers of 4 * 384^2 + 2 * 384 * 1536 weights.
PRODUCTS_PER_TOKEN = 12 * (4 * 384 * 384 + 2 * 384 * 1536)


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=500, help="of real news, at most")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--recall", action="store_true", help="also R@1 on drcd-dev (minutes)")
    given = parser.parse_args()
    settings = load_settings(precision=given.precision)
    shared = Path(os.environ.get("SHARED", "../shared")) / "data"
    figures = _figures(settings, _texts(settings, shared, given.passages), given.rounds)
    if given.recall:
        figures["recall"] = _recall(settings, shared)
    print(json.dumps(figures, ensure_ascii=False, indent=2))


def _texts(settings: Settings, shared: Path, count: int) -> dict[str, list[str]]:
    texts = {"seeds": list(_passages(settings, [SEEDS]))}
    if (shared / NEWS).is_file():
        texts["news"] = list(islice(_passages(settings, [shared / NEWS]), count))
    return texts


def _passages(settings: Settings, paths: list[Path]) -> Iterator[str]:
    for article in _articles(settings, paths):
        yield from _split(settings, article)


def _articles(settings: Settings, paths: list[Path]) -> Iterator[Article]:
    for file in find_inputs(paths)[0]:
        yield from read_input(file, limits_of(settings)).articles


def _split(settings: Settings, article: Article) -> list[str]:
    passages = split_article(
        article, target_chars=settings.passage_chars, max_chars=settings.passage_chars_max
    )
    return [encoder_text(article, passage) for passage in passages]


def _engines(settings: Settings) -> tuple[TorchEngine, Engine, ModelEncoder]:
    folder = built_in_model(settings.cache)
    ours = open_engine(folder, recorded_digest(folder), settings)
    return TorchEngine(folder, "float32", batch_size=TORCH_BATCH), ours, find_encoder(settings)


def _figures(settings: Settings, texts: dict[str, list[str]], rounds: int) -> dict[str, Any]:
    torch, ours, encoder = _engines(settings)
    prompt = torch.prompts["document"]
    figures: dict[str, Any] = {"engine": type(ours).__name__, "precision": settings.precision}
    for name, passages in texts.items():
        tokens = statistics.mean(ours.count_tokens([prompt + text for text in passages]))
        theirs = _torch_all(torch, passages, prompt)
        figures[name] = {
            "passages": len(passages),
            "tokens_mean": round(tokens, 1),
            "products_per_passage": round(tokens * PRODUCTS_PER_TOKEN),
            **_rates(
                lambda: _torch_all(torch, passages, prompt),  # noqa: B023 - called before the next round
                lambda: encoder.encode_passages(passages),  # noqa: B023
                len(passages),
                rounds,
            ),
            **_nearness(theirs, encoder.encode_passages(passages)),
        }
    questions = [gold.question for gold in read_questions(SEEDS / "questions.jsonl")][:QUERIES]
    return figures | {"query": _query_figures(torch, encoder, questions, rounds)}


def _torch_all(torch: TorchEngine, texts: Sequence[str], prompt: str) -> Vectors:
    """As a user of sentence-transformers would: one call, its own order and batches."""
    encoded = torch.model.encode(list(texts), prompt=prompt, normalize_embeddings=True)
    return np.asarray(encoded, np.float32)


def _rates(
    theirs: Callable[[], object], ours: Callable[[], object], count: int, rounds: int
) -> dict[str, float]:
    times = [(_timed(theirs), _timed(ours)) for _ in range(rounds)]
    torch_s, ours_s = (statistics.median(column) for column in zip(*times, strict=True))
    ratios = [torch_time / our_time for torch_time, our_time in times]
    return {
        "torch_per_s": round(count / torch_s, 1),
        "ours_per_s": round(count / ours_s, 1),
        "ratio_median": round(statistics.median(ratios), 2),
    }


def _timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _query_figures(
    torch: TorchEngine, encoder: ModelEncoder, questions: list[str], rounds: int
) -> dict[str, float]:
    prompt = torch.prompts["query"]
    pairs = [
        (_timed(lambda: _torch_all(torch, [one], prompt)), _timed(lambda: encoder.encode_query(one)))  # noqa: B023
        for _ in range(rounds + 1)
        for one in questions
    ][len(questions) :]
    theirs, ours = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
    nearness = _nearness(_torch_all(torch, questions, prompt), encoder.encode_queries(questions))
    return {
        "torch_ms": round(theirs, 2),
        "ours_ms": round(ours, 2),
        "ratio_median": round(statistics.median(a / b for a, b in pairs), 2),
        **nearness,
    }


def _nearness(theirs: Vectors, ours: Vectors) -> dict[str, float]:
    cosines = (theirs * ours).sum(axis=1)
    return {"cosine_mean": round(float(cosines.mean()), 5), "cosine_min": round(float(cosines.min()), 5)}


def _recall(settings: Settings, shared: Path) -> dict[str, float]:
    """Share of questions whose nearest passage is of the right article, by vectors alone."""
    torch, _, encoder = _engines(settings)
    owners, texts = [], []
    for article in _articles(settings, [shared / RECALL[0]]):
        for text in _split(settings, article):
            owners.append(article.id)
            texts.append(text)
    gold = [one for one in read_questions(shared / RECALL[1]) if one.article_ids]
    questions = [one.question for one in gold]
    wanted = [set(one.article_ids) for one in gold]
    theirs = (
        _torch_all(torch, texts, torch.prompts["document"]),
        _torch_all(torch, questions, torch.prompts["query"]),
    )
    ours = encoder.encode_passages(texts), encoder.encode_queries(questions)
    return {
        "questions": len(gold),
        "passages": len(texts),
        "torch_r1": _first_right(*theirs, owners, wanted),
        "ours_r1": _first_right(*ours, owners, wanted),
        "mixed_r1": _first_right(theirs[0], ours[1], owners, wanted),
    }


def _first_right(passages: Vectors, queries: Vectors, owners: list[str], wanted: Iterable[set[str]]) -> float:
    nearest = (queries @ passages.T).argmax(axis=1)
    hits = [owners[place] in ids for place, ids in zip(nearest, wanted, strict=True)]
    return round(statistics.mean(hits), 4)


if __name__ == "__main__":
    main()
