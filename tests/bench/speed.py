"""Embedding and query speed on seeds/, in one run: `make bench`. Medians of several rounds."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from embeddings.build import build
from embeddings.encoder import find_encoder
from embeddings.index.snapshot import open_current
from embeddings.settings import Settings, load_settings
from qa.evaluation import read_questions
from qa.service import Service
from qa.spans import SpanReader

ROUNDS = 3
PASSAGES = 48
QUESTIONS = 40


def main() -> None:
    """Print one JSON object."""
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(_figures(Path(folder)), ensure_ascii=False, indent=2))


def _figures(folder: Path) -> dict[str, object]:
    settings = load_settings(data=folder / "float32")
    encoder = find_encoder(settings)
    _, first = _timed(lambda: build([Path("seeds")], settings, encoder))
    _, again = _timed(lambda: build([Path("seeds")], settings, encoder))
    return {
        "first_build_s": round(first, 2),
        "unchanged_build_s": round(again, 3),
        "passages_per_s": {p: _embedding_rate(settings, folder, p) for p in ("float32", "bfloat16")},
        **_query_times(Service(settings, encoder, SpanReader(settings.cache))),
    }


def _timed(action: Callable[[], object]) -> tuple[object, float]:
    started = time.perf_counter()
    result = action()
    return result, time.perf_counter() - started


def _embedding_rate(settings: Settings, folder: Path, precision: str) -> float:
    encoder = find_encoder(load_settings(data=folder, precision=precision))
    snapshot = open_current(settings.data)
    keys = snapshot.catalog.passages(range(1, PASSAGES + 1))
    texts = [passage.text for passage, _ in keys.values()]
    encoder.encode_passages(texts[:2])
    rounds = [_timed(lambda: encoder.encode_passages(texts))[1] for _ in range(ROUNDS)]
    return round(len(texts) / statistics.median(rounds), 1)


def _query_times(service: Service) -> dict[str, float]:
    service.warm()
    questions = [q.question for q in read_questions(Path("seeds/questions.jsonl"))][:QUESTIONS]
    answers = [service.answer(question).timings_ms["total"] for question in questions]
    searches = [service.search(question).timings_ms["total"] for question in questions]
    return {
        "answer_p50_ms": round(statistics.median(answers), 1),
        "answer_max_ms": round(max(answers), 1),
        "search_p50_ms": round(statistics.median(searches), 1),
        "search_max_ms": round(max(searches), 1),
    }


if __name__ == "__main__":
    main()
