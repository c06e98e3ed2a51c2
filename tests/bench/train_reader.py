"""Train the span reader: `python -m tests.bench.train_reader SPANS.jsonl.gz --out qa/reader.safetensors`.

SPANS holds question, context, answer, answer_start and source a line; to them come our own questions over
marked newspaper pages (`tests.bench.own_questions`, less those held out). The built-in encoder gets a start
and an end for every token; its embeddings and lower layers stay as they are, so that only the upper layers
and the head have to be shipped (int8, a scale a row). The reader learns "not here" from the right context
with the answer's sentences taken out, from the most alike wrong contexts, and from questions that no page
answers. Every pass over the questions cuts other windows and takes other wrong contexts. A twentieth of the
contexts and the questions over the pages held out are kept apart, and figures on them are printed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch

from embeddings.model import built_in_model
from embeddings.sentences import sentence_spans
from embeddings.settings import load_settings
from embeddings.tokens import pairs
from qa.span_model import SpanModel, encode_pairs, pack, read_spans
from qa.span_pairs import MAX_TOKENS
from tests.bench.own_questions import GoldPassage, OwnQuestion, gold_passages, own_questions

WINDOW_CHARS = 280
FROZEN_LAYERS = 4
SEED = 11
# How often a question is seen in a pass over all: the few sources whose answers are like those that readers
# of newspapers need (clauses, lists, reasons) would drown in the many that ask for a name or a year.
REPEATS = {"cmrc-trial": 3, "xquad-zh": 1, "drcd-dev": 1, "drcd-test": 1, "own": 4}

T = TypeVar("T")


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
    parser.add_argument("--start", type=Path, help="weights to go on from; none: the encoder with a new head")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--minutes", type=float, default=60, help="stop here at the latest")
    parser.add_argument("--without-own", action="store_true", help="leave our own questions out")
    given = parser.parse_args()
    torch.manual_seed(SEED)
    train, held_out = split(given.spans)
    folder = built_in_model(load_settings().cache)
    model = SpanModel.overlaid(folder, given.start) if given.start else SpanModel.fresh(folder)
    own = [] if given.without_own else [q for q in own_questions() if not q.row.get("history")]
    examples = _Examples(train, [q for q in own if not q.held_out])
    _fit(model, iter(examples), held_out, [q for q in own if q.held_out], given)
    pack(model, given.out, first_layer=FROZEN_LAYERS)


def split(spans: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows to train on and rows held out, no context in both; the same split at every call."""
    random.seed(SEED)
    with gzip.open(spans, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    contexts = sorted({row["context"] for row in rows})
    held = set(random.sample(contexts, len(contexts) // 20))
    return [r for r in rows if r["context"] not in held], [r for r in rows if r["context"] in held]


class _Examples:
    """Examples without end: every pass is shuffled anew, with other windows and other wrong contexts."""

    def __init__(self, rows: list[dict[str, Any]], own: list[OwnQuestion]) -> None:
        self._rows = rows
        self._own = own
        contexts = sorted({row["context"] for row in rows})
        self._contexts = _Alike(contexts, contexts)
        passages = [p for p in gold_passages() if own]
        self._passages = _Alike(passages, [_as_read(p) for p in passages])

    def __iter__(self) -> Iterator[Example]:
        while True:
            found = [
                e for row in self._rows for _ in range(REPEATS[row["source"]]) for e in self._of_row(row)
            ]
            found += [e for q in self._own for _ in range(REPEATS["own"]) for e in self._of_own(q)]
            random.shuffle(found)
            yield from found

    def _of_row(self, row: dict[str, Any]) -> list[Example]:
        """One positive and, three times out of four, a negative of either kind."""
        chance = random.random()
        if chance < 0.25:
            return [_positive(row)]
        if chance < 0.5:
            return [_positive(row), _without_answer(row)]
        wrong = [c for c in self._contexts.to(row["question"], 4) if row["answer"] not in c]
        return (
            [_positive(row), Example(row["question"], _window(random.choice(wrong)), None)] if wrong else []
        )

    def _of_own(self, question: OwnQuestion) -> list[Example]:
        """The passages that answer, as far as they do, and one of the most alike that do not."""
        alike = [p for p in self._passages.to(question.question, 8) if not _proves(p, question)]
        wrong = [
            Example(question.question, _as_read(p), None) for p in random.sample(alike, min(1, len(alike)))
        ]
        right = [p for p in gold_passages() if _proves(p, question)]
        return [*wrong, _own_positive(question, random.choice(right))] if right else wrong


def _proves(gold: GoldPassage, question: OwnQuestion) -> bool:
    """Whether it holds one of the sentences that answer."""
    return gold.page == question.page and any(sentence in gold.passage.text for sentence in question.evidence)


def _as_read(gold: GoldPassage) -> str:
    """The passage as `qa.reading` gives it to the reader."""
    return f"{gold.article.headline}\n{gold.passage.text}"


def _own_positive(question: OwnQuestion, gold: GoldPassage) -> Example:
    text = _as_read(gold)
    sentence = next(s for s in question.evidence if s in gold.passage.text)
    answer = _answer_in(question, sentence)
    start = text.index(sentence, len(gold.article.headline)) + sentence.index(answer)
    return Example(question.question, text, (start, start + len(answer)))


def _answer_in(question: OwnQuestion, sentence: str) -> str:
    """What of a sentence answers: all of it where the question's span stands in another one."""
    parts = (question.span, *question.row.get("answers_all", ()), *question.row["answers"])
    return next((part for part in parts if part and part in sentence), sentence)


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


def _window(context: str) -> str:
    spans = sentence_spans(context)
    left = spans[random.randrange(max(1, len(spans) // 2))][0]
    return context[left : left + WINDOW_CHARS]


class _Alike(Generic[T]):
    """Finds the items whose texts share most rare pairs of characters with a question."""

    def __init__(self, items: Sequence[T], texts: Sequence[str]) -> None:
        self._items = items
        self._places: defaultdict[str, list[int]] = defaultdict(list)
        for number, text in enumerate(texts):
            for pair in set(pairs(text)):
                self._places[pair].append(number)

    def to(self, question: str, n: int) -> list[T]:
        """The n most alike, best first."""
        votes: Counter[int] = Counter()
        for pair in set(pairs(question)):
            for number in self._places.get(pair, ()):
                votes[number] += 1 / len(self._places[pair]) ** 0.5
        return [self._items[number] for number, _ in votes.most_common(n)]


def _fit(
    model: SpanModel,
    examples: Iterator[Example],
    held_out: list[dict[str, Any]],
    own: list[OwnQuestion],
    given: Any,
) -> None:
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
    for step, batch in zip(range(given.steps), _batches(examples, given.batch), strict=False):
        loss = _loss(model, batch)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(tuned, 1.0)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
        seconds = time.monotonic() - started
        if step % 50 == 49:
            print(f"step {step + 1} loss {sum(losses[-50:]) / 50:.3f} {seconds:.0f} s", flush=True)
        if step % 400 == 399 or step + 1 == given.steps or seconds > given.minutes * 60:
            pack(model, given.out, first_layer=FROZEN_LAYERS)
            report(model, held_out, own)
        if seconds > given.minutes * 60:
            break


def _batches(examples: Iterator[Example], size: int) -> Iterator[list[Example]]:
    """Batches of examples of about one length, so that little of a batch is padding."""
    while True:
        some = sorted((next(examples) for _ in range(8 * size)), key=lambda e: len(e.passage))
        batches = [some[at : at + size] for at in range(0, len(some), size)]
        random.shuffle(batches)
        yield from batches


def report(model: SpanModel, held_out: list[dict[str, Any]], own: list[OwnQuestion]) -> None:
    """Print the figures on what was kept apart, by source and kind of question."""
    training = random.getstate()
    random.seed(SEED)  # the same windows at every report, or 38 questions differ by hundredths
    by_source: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in held_out:
        by_source[row["source"]].append(row)
    for source, rows in by_source.items():
        print(source, len(rows), evaluate(model, rows), flush=True)
    random.setstate(training)
    by_kind: defaultdict[str, list[float]] = defaultdict(list)
    for question in own:
        gold = [p for p in gold_passages() if question.span and _proves(p, question)]
        if gold:
            example = _own_positive(question, gold[0])
            span = read_spans(model, example.question, [example.passage])[0]
            right = example.span and span.start < example.span[1] and example.span[0] < span.end
            by_kind[question.kind].append(float(bool(right)))
    print("own, overlap:", {k: (len(v), round(sum(v) / len(v), 2)) for k, v in by_kind.items()}, flush=True)


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
