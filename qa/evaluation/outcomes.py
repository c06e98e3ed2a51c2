"""Every question asked once, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from embeddings.records import Answer, Filters, Hit
from qa.evaluation.judging import is_contained, is_exact, is_quoted, is_right, is_verbatim, overlap
from qa.evaluation.questions import GoldQuestion
from qa.retrieval import PASSAGES_PER_ARTICLE
from qa.service import SearchResult, Service

DEPTH = 10


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ids of the best `DEPTH` distinct articles, best first, of them those that are right, and search ms."""

    found: tuple[str, ...] = ()
    right: frozenset[str] = frozenset()
    search_ms: float = 0.0

    @property
    def rank(self) -> int | None:
        """Place of the first right article, from 1; `None` when none is among the best."""
        return next((n for n, article_id in enumerate(self.found, 1) if article_id in self.right), None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question. `answer` is `None` where only the search was measured.

    `contained`, `exact`, `cited` (an article that is right is) and `quoted` (the quotes carry the answer) are
    false and `f1` is 0 where nothing was answered; `verbatim` says so of every quote there is.
    """

    gold: GoldQuestion
    ranking: Ranking
    answer: Answer | None = None
    exact: bool = False
    contained: bool = False
    f1: float = 0.0
    cited: bool = False
    quoted: bool = False
    verbatim: bool = True

    @property
    def answered(self) -> bool:
        """Whether there was an answer."""
        return self.answer is not None and self.answer.answered

    @property
    def wrong(self) -> bool:
        """Whether a reader was told something false, nothing, or was sent to the wrong article."""
        return not (self.contained and self.cited) if self.gold.answerable else self.answered


def evaluate(
    service: Service, questions: Sequence[GoldQuestion], *, answers: bool = True, step: Callable[[int], None]
) -> list[Outcome]:
    """Ask every question, in order; with `answers` off only the search is measured."""
    outcomes = []
    for done, gold in enumerate(questions, 1):
        outcomes.append(_answered(service, gold) if answers else _searched(service, gold))
        step(done)
    return outcomes


def _searched(service: Service, gold: GoldQuestion) -> Outcome:
    return Outcome(gold, _ranking(service, gold, gold.question, Filters()))


def _answered(service: Service, gold: GoldQuestion) -> Outcome:
    answer = service.answer(gold.question, history=gold.history, today=gold.now)
    ranking = _ranking(service, gold, answer.standalone_question, _limits(answer))
    return judged(gold, ranking, answer)


def judged(gold: GoldQuestion, ranking: Ranking, answer: Answer) -> Outcome:
    """The answer against what is known."""
    return Outcome(
        gold,
        ranking,
        answer,
        exact=is_exact(gold, answer),
        contained=is_contained(gold, answer),
        f1=overlap(gold, answer),
        cited=any(is_right(gold, c.article, c.passage) for c in answer.citations),
        quoted=is_quoted(gold, answer.citations),
        verbatim=all(map(is_verbatim, answer.citations)),
    )


def _limits(answer: Answer) -> Filters:
    """The days that the answer was looked for in."""
    if answer.period is None or answer.period_dropped:
        return Filters()
    return Filters(answer.period.first, answer.period.last)


def _ranking(service: Service, gold: GoldQuestion, text: str, limits: Filters) -> Ranking:
    """Distinct articles, so that a long one does not push others down."""
    found = service.search(text, k=DEPTH, filters=limits)
    places = _places(found)
    if len(places) < DEPTH and len(found.hits) == DEPTH:  # some have several passages: look further
        places = _places(service.search(text, k=DEPTH * PASSAGES_PER_ARTICLE, filters=limits))
    right = [article for article, hits in places.items() if any(_is_right(gold, hit) for hit in hits)]
    # Of articles that are not known by their ids the first one is what was looked for.
    known = gold.article_ids or frozenset(right[:1])
    return Ranking(tuple(places), frozenset(known), found.timings_ms["total"])


def _places(found: SearchResult) -> dict[str, list[Hit]]:
    """Hits by article, best article first."""
    places: dict[str, list[Hit]] = {}
    for hit in found.hits:
        places.setdefault(hit.article.id, []).append(hit)
    return dict(list(places.items())[:DEPTH])


def _is_right(gold: GoldQuestion, hit: Hit) -> bool:
    return is_right(gold, hit.article, hit.passage)
