"""Train the span reader: `python -m tests.bench.train_reader SPANS.jsonl.gz --out qa/reader.safetensors`.

SPANS holds question, context, answer and answer_start a line. The built-in encoder gets a start and
an end for every token; its embeddings and lower layers stay as they are, so that only the upper
layers and the head have to be shipped (int8, a scale a row). The reader learns "not here" from two
kinds of negative: the right context with the answer's sentences taken out, and the most alike wrong
context. A twentieth of the contexts is held out, and F1 on it is printed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from embeddings.model import built_in_model
from embeddings.sentences import sentence_spans
from embeddings.settings import load_settings
from embeddings.tokens import pairs
from qa.span_model import SpanModel, encode_pairs, pack, read_spans
from qa.span_pairs import MAX_TOKENS

WINDOW_CHARS = 280
FROZEN_LAYERS = 4
SEED = 11


@dataclass(frozen=True, slots=True)
class Example:
    """A question and a passage; `span` is the answer's place in the passage, `None` when it is not there."""

    question: str
    passage: str
    span: tuple[int, int] | None


def main() -> None:
    """Train, report, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("spans", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--minutes", type=float, default=60, help="stop here at the latest")
    given = parser.parse_args()
    torch.manual_seed(SEED)
    train, held_out = split(given.spans)
    model = SpanModel.fresh(built_in_model(load_settings().cache))
    _fit(model, _examples(train), held_out, given)
    print("held out:", evaluate(model, held_out))
    pack(model, given.out, first_layer=FROZEN_LAYERS)


def split(spans: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows to train on and rows held out, no context in both; the same split at every call."""
    random.seed(SEED)
    with gzip.open(spans, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    contexts = sorted({row["context"] for row in rows})
    held = set(random.sample(contexts, len(contexts) // 20))
    return [r for r in rows if r["context"] not in held], [r for r in rows if r["context"] in held]


def _examples(rows: list[dict[str, Any]]) -> list[Example]:
    """One positive and one negative a row, shuffled; half of the negatives of each kind."""
    alike = _most_alike(rows)
    found = []
    for i, row in enumerate(rows):
        found.append(_positive(row))
        found.append(_without_answer(row) if i % 2 else Example(row["question"], alike(row), None))
    random.shuffle(found)
    return found


def _positive(row: dict[str, Any]) -> Example:
    """The answer in a random window of its context that starts and ends with a sentence."""
    context, start, answer = row["context"], row["answer_start"], row["answer"]
    spans = sentence_spans(context)
    first = next(i for i, (_, e) in enumerate(spans) if e > start)
    low = high = first
    while spans[high][1] < start + len(answer):
        high += 1
    while True:
        options = [i for i in (low - 1, high + 1) if 0 <= i < len(spans)]
        options = [
            i
            for i in options
            if max(spans[high][1], spans[i][1]) - min(spans[low][0], spans[i][0]) <= WINDOW_CHARS
        ]
        if not options:
            break
        chosen = random.choice(options)
        low, high = min(low, chosen), max(high, chosen)
    left = spans[low][0]
    return Example(
        row["question"], context[left : spans[high][1]], (start - left, start - left + len(answer))
    )


def _without_answer(row: dict[str, Any]) -> Example:
    context, answer = row["context"], row["answer"]
    kept = "".join(context[s:e] for s, e in sentence_spans(context) if answer not in context[s:e])
    return Example(row["question"], kept.replace(answer, "")[:WINDOW_CHARS] or "。", None)


def _most_alike(rows: list[dict[str, Any]]) -> Any:
    """Chooses another context that shares many character pairs with the question and not the answer."""
    contexts = sorted({row["context"] for row in rows})
    places: dict[str, list[int]] = {}
    for i, context in enumerate(contexts):
        for pair in set(pairs(context)):
            places.setdefault(pair, []).append(i)

    def choose(row: dict[str, Any]) -> str:
        votes: Counter[int] = Counter()
        for pair in set(pairs(row["question"])):
            for i in places.get(pair, ()):
                votes[i] += 1 / len(places[pair]) ** 0.5
        wrong = [contexts[i] for i, _ in votes.most_common(4) if row["answer"] not in contexts[i]]
        context = random.choice(wrong or contexts)
        spans = sentence_spans(context)
        left = spans[random.randrange(max(1, len(spans) // 2))][0]
        return str(context[left : left + WINDOW_CHARS])

    return choose


def _fit(model: SpanModel, examples: list[Example], held_out: list[dict[str, Any]], given: Any) -> None:
    for name, parameter in model.named_parameters():
        frozen = "embeddings" in name or any(f"layer.{i}." in name for i in range(FROZEN_LAYERS))
        parameter.requires_grad_(not frozen)
    tuned = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(tuned, lr=given.rate, weight_decay=0.01)
    warm = max(1, given.steps // 10)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda n: min((n + 1) / warm, max(0.0, (given.steps - n) / (given.steps - warm)))
    )
    model.eval()  # no dropout: on a CPU its random numbers cost more than the rest of the step
    started, losses = time.monotonic(), []
    for step in range(given.steps):
        at = step * given.batch % (len(examples) - given.batch)
        loss = _loss(model, examples[at : at + given.batch])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(tuned, 1.0)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
        if step % 50 == 49:
            seconds = time.monotonic() - started
            print(f"step {step + 1} loss {sum(losses[-50:]) / 50:.3f} {seconds:.0f} s", flush=True)
            if seconds > given.minutes * 60:
                break
        if step % 500 == 499:
            print(f"step {step + 1}: {evaluate(model, held_out[:150])}", flush=True)
            pack(model, given.out, first_layer=FROZEN_LAYERS)


def _loss(model: SpanModel, batch: list[Example]) -> torch.Tensor:
    encoded = encode_pairs(model.tokenizer, [(e.question, e.passage) for e in batch])
    starts, ends = [], []
    for i, example in enumerate(batch):
        first = last = 0
        if example.span:
            inside = [
                t
                for t, (s, e) in enumerate(encoded.offsets[i])
                if e > example.span[0] and s < example.span[1]
            ]
            first, last = (inside[0], inside[-1]) if inside else (0, 0)
        starts.append(first)
        ends.append(last)
    with torch.autocast("cpu", torch.bfloat16):
        start, end = model(encoded)
    loss = torch.nn.functional.cross_entropy
    total: torch.Tensor = loss(start.float(), torch.tensor(starts)) + loss(end.float(), torch.tensor(ends))
    return total / 2


def evaluate(model: SpanModel, rows: list[dict[str, Any]]) -> dict[str, float]:
    """Exact match, character F1 given the right passage, and how well "not here" is told apart."""
    model.eval()
    exact = f1 = 0.0
    here, absent = [], []
    for row in rows:
        positive, negative = _positive(row), _without_answer(row)
        span, none = read_spans(model, positive.question, [positive.passage, negative.passage])
        exact += positive.passage[span.start : span.end] == row["answer"]
        f1 += _f1(positive.passage[span.start : span.end], row["answer"])
        here.append(span.score)
        absent.append(none.score)
    threshold = sorted(here + absent)[len(here)]
    told = (sum(s >= threshold for s in here) + sum(s < threshold for s in absent)) / (2 * len(here))
    return {"exact": exact / len(rows), "f1": f1 / len(rows), "told_apart": told, "tokens": MAX_TOKENS}


def _f1(found: str, expected: str) -> float:
    common = sum((Counter(found) & Counter(expected)).values())
    return 2 * common / (len(found) + len(expected)) if common else 0.0


if __name__ == "__main__":
    main()
