"""How good the answers are, on questions whose answers are known.

Every question counts in every figure it belongs to: one that was refused or missed counts as wrong.
"""

from __future__ import annotations

import gzip
import json
import re
import statistics
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embeddings.errors import InputRefused
from embeddings.records import Article, Passage
from qa.question import Turn
from qa.service import SearchResult, Service

DEPTH = 10


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question with what is known about its answer.

    One of `answers` suffices; of `answers_all` every one is needed. `article_ids` may be empty when
    the article is not known: then a passage that holds an answer counts as right.
    """

    id: str
    question: str
    answers: tuple[str, ...]
    article_ids: frozenset[str]
    answerable: bool
    kind: str = ""
    answers_all: tuple[str, ...] = ()
    history: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened to one question; `rank` of the first right article counts from 1, `None` beyond 10."""

    gold: GoldQuestion
    rank: int | None
    answered: bool
    contained: bool
    cited: bool
    verbatim: bool
    confidence: float
    answer_ms: float
    search_ms: float
    answer: str


def read_questions(path: Path) -> list[GoldQuestion]:
    """Read an evaluation file, plain or `.gz`.

    Raises:
        InputRefused: it cannot be read, or a line is not a question; names the line.
    """
    try:
        stored = path.read_bytes()
        text = (gzip.decompress(stored) if path.suffix == ".gz" else stored).decode("utf-8-sig")
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        raise InputRefused(f"评测文件 {path.name} 无法读取。", hint="应为 UTF-8 的 JSON 行文件。") from None
    return [_question(path.name, number, line) for number, line in lines]


def _question(name: str, number: int, line: str) -> GoldQuestion:
    try:
        fields = json.loads(line)
        answers = tuple(str(answer) for answer in fields.get("answers") or ())
        return GoldQuestion(
            id=str(fields.get("id", number)),
            question=str(fields["question"]),
            answers=answers,
            article_ids=frozenset(fields.get("article_ids") or ()),
            answerable=bool(fields.get("answerable", True)),
            kind=str(fields.get("kind", "")),
            answers_all=tuple(str(answer) for answer in fields.get("answers_all") or ()),
            history=tuple(Turn(turn["question"], turn["answer"]) for turn in fields.get("history") or ()),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputRefused(
            f"评测文件 {name} 第 {number} 行不是问题。", hint='每行一个 {"question", "answers", ...}。'
        ) from None


def evaluate(
    service: Service, questions: Sequence[GoldQuestion], *, answers: bool = True, step: Callable[[int], None]
) -> list[Outcome]:
    """Ask every question, in order; with `answers` off only the search is measured."""
    outcomes = []
    for done, gold in enumerate(questions, 1):
        outcomes.append(_outcome(service, gold, answers=answers))
        step(done)
    return outcomes


def _outcome(service: Service, gold: GoldQuestion, *, answers: bool) -> Outcome:
    answer = service.answer(gold.question, history=gold.history) if answers else None
    asked = answer.standalone_question if answer else gold.question
    found = service.search(asked, k=DEPTH)
    return Outcome(
        gold=gold,
        rank=_rank(gold, found),
        answered=bool(answer and answer.answered),
        contained=bool(answer and answer.answered and contains(gold, answer.text)),
        cited=bool(answer and any(_is_right(gold, c.article, c.passage) for c in answer.citations)),
        verbatim=all(c.article.text[c.quote_start : c.quote_end] == c.quote for c in answer.citations)
        if answer
        else True,
        confidence=answer.confidence if answer else 0.0,
        answer_ms=answer.timings_ms["total"] if answer else 0.0,
        search_ms=found.timings_ms["total"],
        answer=answer.text if answer else "",
    )


def _rank(gold: GoldQuestion, found: SearchResult) -> int | None:
    """Rank among distinct articles, so that a long article does not push others down."""
    seen: list[str] = []
    for hit in found.hits:
        if hit.article.id in seen:
            continue
        seen.append(hit.article.id)
        if _is_right(gold, hit.article, hit.passage):
            return len(seen)
    return None


def _is_right(gold: GoldQuestion, article: Article, passage: Passage) -> bool:
    return article.id in gold.article_ids or (not gold.article_ids and contains(gold, passage.text))


def contains(gold: GoldQuestion, text: str) -> bool:
    """Whether a text holds an acceptable answer, form of width, blanks and case aside."""
    folded = _folded(text)
    if gold.answers_all:
        return all(_holds(folded, answer) for answer in gold.answers_all)
    return any(_holds(folded, answer) for answer in gold.answers)


def _holds(folded: str, answer: str) -> bool:
    """Whether the answer stands there whole: `5件` does not stand in `35件`."""
    wanted = _folded(answer)
    alone = r"(?<![0-9.])" if wanted[:1].isdigit() else ""
    return bool(wanted) and re.search(alone + re.escape(wanted), folded) is not None


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def metrics(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Figures as one JSON object; shares are 0 to 1, `null` where there is nothing to count."""
    answerable = [o for o in outcomes if o.gold.answerable]
    unanswerable = [o for o in outcomes if not o.gold.answerable]
    by_kind: defaultdict[str, list[Outcome]] = defaultdict(list)
    for outcome in answerable:
        by_kind[outcome.gold.kind or "all"].append(outcome)
    return {
        "questions": len(outcomes),
        "answerable": len(answerable),
        "retrieval": {
            "r_at_1": _share([o.rank == 1 for o in answerable]),
            "r_at_5": _share([o.rank is not None and o.rank <= 5 for o in answerable]),
            "mrr_at_10": _mean([1 / o.rank if o.rank else 0.0 for o in answerable]),
        },
        "answers": {
            "answer_contained": _share([o.contained for o in answerable]),
            "article_cited": _share([o.cited for o in answerable]),
            "quotes_verbatim": _share([o.verbatim for o in outcomes]),
            "answerable_refused": _share([not o.answered for o in answerable]),
            "unanswerable_refused": _share([not o.answered for o in unanswerable]),
        },
        "contained_by_kind": {
            kind: _share([o.contained for o in found]) for kind, found in sorted(by_kind.items())
        },
        "latency_ms": {
            "answer_p50": _quantile([o.answer_ms for o in outcomes], 50),
            "answer_p99": _quantile([o.answer_ms for o in outcomes], 99),
            "search_p50": _quantile([o.search_ms for o in outcomes], 50),
            "search_p99": _quantile([o.search_ms for o in outcomes], 99),
        },
    }


def _share(found: Sequence[bool]) -> float | None:
    return _mean([float(right) for right in found])


def _mean(values: Sequence[float]) -> float | None:
    return round(statistics.fmean(values), 4) if values else None


def _quantile(values: Sequence[float], percent: int) -> float | None:
    if len(values) < 2:
        return round(values[0], 1) if values else None
    return round(statistics.quantiles(values, n=100, method="inclusive")[percent - 1], 1)


def errors(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """The questions that went wrong, with what was answered, to be read."""
    return [
        {
            "id": o.gold.id,
            "kind": o.gold.kind,
            "question": o.gold.question,
            "expected": list(o.gold.answers_all or o.gold.answers) if o.gold.answerable else None,
            "answer": o.answer if o.answered else None,
            "cited": o.cited,
            "rank": o.rank,
            "confidence": round(o.confidence, 3),
        }
        for o in outcomes
        if (not o.contained if o.gold.answerable else o.answered)
    ]
