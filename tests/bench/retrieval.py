"""Retrieval on the development data: `make eval-shared`.

Builds the index of each set below .cache/eval (once: a second run embeds nothing) and measures R@1, R@5,
MRR@10, nDCG@10 and times in milliseconds of: the sum of z-scores alone (`sum`), what the package does
(`search`), and that with the passages worth it read by the span reader (`read`). All are asked the same
questions in one run. `won` and `lost` count the questions whose first hit became right and wrong against
the way before.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from embeddings.records import Filters, Hit
from embeddings.tokens import Tokenizer
from qa.reranking import SpanReranker, reranked, worth_reading
from qa.retrieval import find_candidates, hits, of_both_legs, search_lexically
from qa.spans import SpanReader
from tests.bench.retrieval_sets import Known, OpenIndex, QuestionSet, Sets, as_line, spread

DEPTH = 10
WAYS = ("sum", "search", "read")


@dataclass(slots=True)
class Column:
    """What one way of searching found: places of the first right hit (0: none), and times in milliseconds."""

    places: list[int] = field(default_factory=list)
    gains: list[float] = field(default_factory=list)
    times_ms: list[float] = field(default_factory=list)
    read: list[int] = field(default_factory=list)

    def add(self, question: Known, found: Sequence[Hit], started: float, read: int = 0) -> None:
        """Count a question."""
        right = [hit.article.id in question.article_ids for hit in found[:DEPTH]]
        self.times_ms.append((time.perf_counter() - started) * 1000)
        self.places.append(right.index(True) + 1 if any(right) else 0)
        self.gains.append(_ndcg(found[:DEPTH], question))
        self.read.append(read)

    def figures(self) -> dict[str, object]:
        """All figures of this way."""
        return {
            "r_at_1": _mean([place == 1 for place in self.places]),
            "r_at_5": _mean([1 <= place <= 5 for place in self.places]),
            "mrr_at_10": _mean([1 / place if place else 0.0 for place in self.places]),
            "ndcg_at_10": _mean(self.gains),
            "p50_ms": round(statistics.median(self.times_ms), 1),
            "p99_ms": round(statistics.quantiles(self.times_ms, n=100, method="inclusive")[98], 1),
            "read": _mean([float(read) for read in self.read]),
        }


def main() -> None:
    """Measure every set, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", help="none: all but own-held-out")
    parser.add_argument("--indexes", type=Path, default=Path(".cache/eval"))
    parser.add_argument("--precision", default="auto", choices=("auto", "int8", "bfloat16", "float32"))
    parser.add_argument("--sample", type=int, default=1000, help="questions of a set, evenly spread")
    given = parser.parse_args()
    sets = Sets(Path(os.environ.get("SHARED", "../shared")) / "data", given.indexes, given.precision)
    for name, make in sets.all().items():
        if name in given.sets or (not given.sets and name != "own-held-out"):
            asked = make()
            for line in measure(sets.index(asked.index), asked, given.sample):
                print(as_line(line), flush=True)


def measure(index: OpenIndex, asked: QuestionSet, sample: int) -> list[dict[str, object]]:
    """A line for every way of searching."""
    tokenizer = Tokenizer(index.settings.cache / "jieba")
    reranker = SpanReranker(SpanReader(index.settings.cache))
    columns = {way: Column() for way in WAYS}
    questions = spread(asked.questions, sample)
    for question in (questions[0], *questions):
        _ask(index, tokenizer, reranker, question, columns)
    for column in columns.values():  # the first question only warmed everything up
        for values in (column.places, column.gains, column.times_ms, column.read):
            del values[0]
    lines = []
    for before, (way, column) in zip(("", *WAYS), columns.items(), strict=False):
        line = {"set": asked.name, "questions": len(questions), "way": way, **column.figures()}
        if before:
            pairs = list(zip(columns[before].places, column.places, strict=True))
            line["won"] = sum(old != 1 and new == 1 for old, new in pairs)
            line["lost"] = sum(old == 1 and new != 1 for old, new in pairs)
        lines.append(line)
    head = {"set": asked.name, "articles": index.report.articles, "passages": index.report.passages}
    return [{**head, "embedded": index.report.embedded, "build_s": index.report.seconds}, *lines]


def _ask(
    index: OpenIndex,
    tokenizer: Tokenizer,
    reranker: SpanReranker,
    question: Known,
    columns: dict[str, Column],
) -> None:
    started = time.perf_counter()
    snapshot, filters = index.snapshot, Filters()
    vector = index.encoder.encode_query(question.question)
    leg = search_lexically(snapshot, tokenizer, question.question, filters)
    encoded = time.perf_counter() - started
    summed = hits(snapshot, of_both_legs(snapshot, leg, vector, filters), DEPTH)
    columns["sum"].add(question, summed, started)
    started = time.perf_counter() - encoded
    found = hits(snapshot, find_candidates(snapshot, leg, vector, filters), DEPTH)
    columns["search"].add(question, found, started)
    count = worth_reading(found)
    texts = [f"{hit.article.headline}\n{hit.passage.text}" for hit in found[:count]]
    better = reranked(found, reranker.scores(question.question, texts))
    columns["read"].add(question, better, started, count)


def _ndcg(found: Sequence[Hit], question: Known) -> float:
    """nDCG@10 over articles, each counted where it stands first."""
    articles = list(dict.fromkeys(hit.article.id for hit in found))
    gain = sum(
        1 / math.log2(n + 2) for n, found_id in enumerate(articles) if found_id in question.article_ids
    )
    return gain / sum(1 / math.log2(n + 2) for n in range(min(DEPTH, len(question.article_ids))))


def _mean(values: Sequence[float]) -> float:
    return round(statistics.fmean(values), 4)


if __name__ == "__main__":
    main()
