"""What went wrong with a question, by class."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from qa.evaluation.outcomes import Outcome


class Mistake(StrEnum):
    """Where a question went wrong, in the order in which a page of errors lists them."""

    NOT_FOUND = "article_not_found"
    OTHER_SENTENCE = "other_sentence"
    CITED_WRONG = "cited_wrong"
    REFUSED = "refused"
    NOT_REFUSED = "should_have_refused"


def mistake(outcome: Outcome) -> Mistake:
    """The class of a wrong outcome."""
    if not outcome.gold.answerable:
        return Mistake.NOT_REFUSED
    if not outcome.answered:
        return Mistake.REFUSED
    if outcome.cited:
        return Mistake.OTHER_SENTENCE
    return Mistake.CITED_WRONG if outcome.ranking.rank else Mistake.NOT_FOUND


def mistakes(outcomes: Sequence[Outcome]) -> dict[Mistake, list[Outcome]]:
    """The wrong outcomes by class, in order; every class is there, also without any."""
    found: dict[Mistake, list[Outcome]] = {one: [] for one in Mistake}
    for outcome in outcomes:
        if outcome.wrong:
            found[mistake(outcome)].append(outcome)
    return found


def errors(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """The questions that went wrong as JSON objects, in the order in which they were asked."""
    return [_error(outcome) for outcome in outcomes if outcome.wrong]


def expected(outcome: Outcome) -> list[str] | None:
    """What would have been right; `None` when nothing is."""
    gold = outcome.gold
    if not gold.answerable:
        return None
    return [text for text in (gold.verdict, *(gold.answers_all or gold.answers)) if text]


def _error(outcome: Outcome) -> dict[str, Any]:
    answer, gold = outcome.answer, outcome.gold
    return {
        "id": gold.id,
        "kind": gold.kind,
        "mistake": str(mistake(outcome)),
        "question": gold.question,
        "standalone_question": answer.standalone_question if answer else gold.question,
        "expected": expected(outcome),
        "answer": answer.text if answer and answer.answered else None,
        "cited": outcome.cited,
        "rank": outcome.ranking.rank,
        "confidence": round(answer.confidence, 3) if answer else None,
    }
