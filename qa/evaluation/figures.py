"""Outcomes to figures: shares from 0 to 1 with 95 % intervals, overall and by kind of question.

A figure is the mean of one value a question; a question that a figure does not apply to has none. An
unanswered question is wrong in all of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import ir_measures
import numpy as np
import numpy.typing as npt

from qa.evaluation.outcomes import Outcome

# Resamples of the questions, with replacement; the seed makes two runs comparable.
RESAMPLES, SEED = 1000, 20260101
INTERVAL_PERCENT = (2.5, 97.5)
DIGITS = 4

# Any of the right articles suffices for R@k; `recall_at_5` is the share of them.
MEASURES = {
    "r_at_1": ir_measures.Success @ 1,
    "r_at_5": ir_measures.Success @ 5,
    "mrr_at_10": ir_measures.RR @ 10,
    "ndcg_at_10": ir_measures.nDCG @ 10,
    "recall_at_5": ir_measures.R @ 5,
}

Values = npt.NDArray[np.float64]
Columns = dict[str, Values]
Groups = Mapping[str, Columns]


def metrics(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Figures as one JSON object; `null` where there is nothing to count."""
    groups = {"retrieval": _retrieval(outcomes), "answers": _answers(outcomes)}
    kinds = sorted({outcome.gold.kind or "all" for outcome in outcomes})
    by_kind = {
        kind: _figures(outcomes, groups, [(o.gold.kind or "all") == kind for o in outcomes]) for kind in kinds
    }
    return {
        **_figures(outcomes, groups, [True] * len(outcomes)),
        "contained_by_kind": {
            kind: found["answers"]["answer_contained"]
            for kind, found in by_kind.items()
            if found["answerable"] and found["answers"]
        },
        "by_kind": by_kind,
    }


def _figures(outcomes: Sequence[Outcome], groups: Groups, chosen: Sequence[bool]) -> dict[str, Any]:
    """All figures of some of the outcomes."""
    among = [outcome for outcome, taken in zip(outcomes, chosen, strict=True) if taken]
    mask = np.array(chosen, np.bool_)
    parts = {group: {name: column[mask] for name, column in of.items()} for group, of in groups.items()}
    return {
        "questions": len(among),
        "answerable": sum(outcome.gold.answerable for outcome in among),
        **{group: {name: mean(column) for name, column in of.items()} for group, of in parts.items()},
        "latency_ms": _latency(among),
        "intervals": {group: intervals(of) for group, of in parts.items()},
    }


def _retrieval(outcomes: Sequence[Outcome]) -> Columns:
    """One value a question and measure; none where no article answers."""
    judged = {str(n): dict.fromkeys(o.ranking.right, 1) or {"": 1} for n, o in enumerate(outcomes)}
    found = {
        str(n): {article: 1 / place for place, article in enumerate(o.ranking.found, 1)}
        for n, o in enumerate(outcomes)
    }
    columns = {name: np.full(len(outcomes), np.nan) for name in MEASURES}
    names = {measure: name for name, measure in MEASURES.items()}
    for one in ir_measures.iter_calc(list(names), judged, found) if outcomes else ():
        number = int(one.query_id)
        if outcomes[number].gold.answerable:
            columns[names[one.measure]][number] = one.value
    return columns


def _answers(outcomes: Sequence[Outcome]) -> Columns:
    asked = [o for o in outcomes if o.answer is not None]
    if not asked:
        return {}
    answerable = [o.gold.answerable for o in outcomes]
    unanswerable = [not known for known in answerable]
    follow_ups = [o.gold.answerable and bool(o.gold.history) for o in outcomes]
    return {
        "answer_exact": _column([o.exact for o in outcomes], answerable),
        "answer_contained": _column([o.contained for o in outcomes], answerable),
        "answer_f1": _column([o.f1 for o in outcomes], answerable),
        "article_cited": _column([o.cited for o in outcomes], answerable),
        "evidence_quoted": _column([o.quoted for o in outcomes], answerable),
        "follow_ups_contained": _column([o.contained for o in outcomes], follow_ups),
        "quotes_verbatim": _column([o.verbatim for o in outcomes], [True] * len(outcomes)),
        "answerable_refused": _column([not o.answered for o in outcomes], answerable),
        "unanswerable_refused": _column([not o.answered for o in outcomes], unanswerable),
    }


def _column(values: Sequence[float], applies: Sequence[bool]) -> Values:
    return np.where(np.array(applies, np.bool_), np.array(values, np.float64), np.nan)


def mean(column: Values) -> float | None:
    """Mean of the values there are, to 4 digits; `None` when there are none."""
    there = column[~np.isnan(column)]
    return round(float(there.mean()), DIGITS) if len(there) else None


def intervals(columns: Columns) -> dict[str, list[float] | None]:
    """95 % interval of every mean, by bootstrap over the questions; `None` when there is no value."""
    if not columns:
        return {}
    table = np.stack(list(columns.values()), axis=1)
    there = ~np.isnan(table)
    weights = _resamples(len(table))
    counts = weights @ there
    sums = weights @ np.where(there, table, 0.0)
    return {
        name: _interval(sums[:, n][counts[:, n] > 0] / counts[:, n][counts[:, n] > 0])
        for n, name in enumerate(columns)
    }


def _resamples(questions: int) -> Values:
    """How often each question is in each resample: [RESAMPLES, questions]."""
    generator = np.random.default_rng(SEED)
    if not questions:
        return np.zeros((RESAMPLES, 0))
    return generator.multinomial(questions, np.full(questions, 1 / questions), RESAMPLES).astype(np.float64)


def _interval(means: Values) -> list[float] | None:
    if not len(means):
        return None
    return [round(float(bound), DIGITS) for bound in np.percentile(means, INTERVAL_PERCENT)]


def _latency(outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    answers = [o.answer.timings_ms["total"] if o.answer else 0.0 for o in outcomes]
    searches = [o.ranking.search_ms for o in outcomes]
    return {
        "answer_p50": _quantile(answers, 50),
        "answer_p99": _quantile(answers, 99),
        "search_p50": _quantile(searches, 50),
        "search_p99": _quantile(searches, 99),
    }


def _quantile(values: Sequence[float], percent: int) -> float | None:
    found = float(np.percentile(values, percent)) if values else math.nan
    return None if math.isnan(found) else round(found, 1)
