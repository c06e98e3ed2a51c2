"""Retrieval on the development data: `make eval-shared`.

For each set: builds an index of its articles below .cache/eval (once: a second run embeds nothing), then
measures R@1, R@5, MRR@10 and query times. Needs `../shared/data`, which is not part of the project.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

from embeddings.build import build
from embeddings.encoder import find_encoder
from embeddings.settings import load_settings
from qa.evaluation import GoldQuestion, evaluate, metrics, read_questions
from qa.service import Service
from qa.spans import SpanReader

# Name, article files, question file, and whether only questions whose article is known are asked.
SETS: tuple[tuple[str, tuple[str, ...], str, bool], ...] = (
    (
        "drcd-dev",
        ("drcd-dev.articles.jsonl.gz", "cmrc-trial.articles.jsonl.gz"),
        "drcd-dev.questions.jsonl.gz",
        True,
    ),
    ("crud-news", ("crud-news.articles.jsonl.gz",), "crud-news.questions.jsonl.gz", True),
)


def main() -> None:
    """Measure every set, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", help="drcd-dev, crud-news; none: all")
    parser.add_argument("--indexes", type=Path, default=Path(".cache/eval"))
    parser.add_argument("--precision", default="auto", choices=("auto", "int8", "bfloat16", "float32"))
    parser.add_argument("--sample", type=int, default=1000, help="questions of a set, evenly spread")
    given = parser.parse_args()
    shared = Path(os.environ.get("SHARED", "../shared")) / "data"
    for name, articles, questions, known in SETS:
        if not given.sets or name in given.sets:
            figures = _measure(
                given, name, [shared / file for file in articles], shared / questions, known=known
            )
            print(json.dumps(figures, ensure_ascii=False), flush=True)


def _measure(given: Any, name: str, articles: list[Path], questions: Path, *, known: bool) -> dict[str, Any]:
    settings = load_settings(data=given.indexes / f"{name}-{given.precision}", precision=given.precision)
    encoder = find_encoder(settings)
    started = time.monotonic()
    report = build(articles, settings, encoder)
    seconds = time.monotonic() - started
    gold = [q for q in read_questions(questions) if q.article_ids or not known]
    service = Service(settings, encoder, SpanReader(settings.cache))
    outcomes = evaluate(service, _spread(gold, given.sample), answers=False, step=lambda _done: None)
    found = metrics(outcomes)
    return {
        "set": name,
        "articles": report.articles,
        "passages": report.passages,
        "embedded": report.embedded,
        "build_s": round(seconds, 1),
        "embedded_per_s": round(report.embedded / seconds, 1) if report.embedded else None,
        "questions": len(outcomes),
        **found["retrieval"],
        "search_p50_ms": found["latency_ms"]["search_p50"],
        "search_p99_ms": found["latency_ms"]["search_p99"],
    }


def _spread(gold: list[GoldQuestion], count: int) -> list[GoldQuestion]:
    return gold if count >= len(gold) else [gold[i * len(gold) // count] for i in range(count)]


if __name__ == "__main__":
    main()
