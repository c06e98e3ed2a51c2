"""An answer read back from the body that was given: what it cites is as it was then."""

from __future__ import annotations

import datetime
from typing import Any

from embeddings.records import (
    Answer,
    AnswerKind,
    Article,
    Citation,
    Mode,
    Passage,
    Period,
    PeriodKind,
)


def answer_of(body: dict[str, Any]) -> Answer:
    """The answer whose `to_json` gave this body; its articles hold what the body says, and no text."""
    return Answer(
        id=body["id"],
        question=body["question"],
        standalone_question=body["standalone_question"],
        answered=body["answered"],
        text=body["answer"],
        kind=AnswerKind(body["answer_kind"]),
        confidence=body["confidence"],
        citations=tuple(_citation(one) for one in body["citations"]),
        related=tuple(_article(one) for one in body["related"]),
        mode=Mode(body["mode"]),
        snapshot=body["snapshot"],
        conversation_id=body["conversation_id"],
        timings_ms=body["timings_ms"],
        reason=body["reason"] or "",
        period=_period(body["period"]),
        period_dropped=bool(body["period"] and body["period"]["dropped"]),
        model=body["model"] or "",
        span=body["span"] or "",
        verdict=body["verdict"] or "",
    )


def _article(fields: dict[str, Any]) -> Article:
    return Article(
        id=fields["article_id"],
        title=fields["title"],
        body="",
        byline=fields["byline"] or "",
        paper=fields["paper"],
        date=_day(fields["date"]),
        page=fields["page"],
    )


def _citation(fields: dict[str, Any]) -> Citation:
    text, start = fields["passage"], fields["passage_start"]
    number = int(fields["passage_id"].rpartition("#")[2])
    return Citation(
        n=fields["n"],
        article=_article(fields),
        passage=Passage(fields["article_id"], number, start, start + len(text), text),
        quote=fields["quote"],
        quote_start=fields["quote_start"],
        quote_end=fields["quote_end"],
        score=fields["score"],
    )


def _period(fields: dict[str, Any] | None) -> Period | None:
    if fields is None:
        return None
    text = fields["text"]
    first, last = _day(fields["date_from"]), _day(fields["date_to"])
    return Period(first, last, text, 0, len(text), kind=PeriodKind.PAST)


def _day(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None
