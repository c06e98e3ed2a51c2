"""One question to what was found for it: search, read, and search everywhere if its days gave nothing.

The `Finder` holds what every question needs (encoder, tokenizer, reader); the snapshot is given to it.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from embeddings.index.snapshot import Snapshot
from embeddings.records import Filters, Hit, Period, PeriodKind
from embeddings.tokens import Tokenizer, pairs, question_pairs
from qa import retrieval
from qa.batching import QueryBatcher
from qa.evidence import Evidence
from qa.question import Query, QuestionKind, of_standalone
from qa.reading import PASSAGES_READ, Material, Reader, Reading
from qa.reranking import Reranker, SpanReranker, SpanSource, in_doubt, reranked
from qa.retrieval import Candidate
from qa.stopwatch import Stopwatch
from qa.subquestions import subquestions
from qa.timeline import articles_topic, is_articles_question

# An article that meets so much of a topic's character pairs speaks of it.
ABOUT_TOPIC = 0.7
# Hits that a cross-encoder looks at.
RERANKED = 16
# What happened on a day is in the papers of that day and of the days after it.
REPORTED_WITHIN = datetime.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for a question: hits and the reading of them, in these limits.

    `parts` holds the best sentence for each of the things that a question is about, where they are several.
    """

    hits: tuple[Hit, ...]
    reading: Reading
    filters: Filters
    period_dropped: bool = False
    parts: tuple[Evidence, ...] = ()


class Finder:
    """Finds passages and reads them. Thread-safe.

    `reranker` has a second look at the first hits of every question; none: the span reader has one at those
    that a search leaves in doubt, and an answer reads them anyway.
    """

    def __init__(
        self,
        queries: QueryBatcher,
        tokenizer: Tokenizer,
        reader: Reader,
        spans: SpanSource,
        pool: ThreadPoolExecutor,
        reranker: Reranker | None = None,
    ) -> None:
        self._reranker = reranker
        self._second_look = SpanReranker(spans)
        self._queries = queries
        self._tokenizer = tokenizer
        self._reader = reader
        self._pool = pool

    def find(
        self, snapshot: Snapshot, query: Query, filters: Filters, enough: float, watch: Stopwatch
    ) -> Found:
        """Search within the question's days, and everywhere when nothing there answers.

        Args:
            snapshot: where to search.
            query: the question.
            filters: limits set by the caller; a period is not added to days that they set.
            enough: confidence that makes an answer.
            watch: told the stages.
        """
        if is_articles_question(query.standalone):
            topic = articles_topic(query.standalone)
            found = self._within(
                snapshot, replace(query, standalone=topic, focused=topic), filters, 0.0, watch
            )
            return replace(found, reading=_about(topic, found.reading))
        return self._within(snapshot, query, filters, enough, watch)

    def _within(
        self, snapshot: Snapshot, query: Query, filters: Filters, enough: float, watch: Stopwatch
    ) -> Found:
        limited = limited_by(query.period, filters)
        if limited is None:
            return self._found(snapshot, query, filters, enough, watch)
        held = len(snapshot.catalog.keys(limited)) > 0
        found = self._found(snapshot, query, limited, enough, watch) if held else None
        if found and (found.reading.confidence >= enough or (query.period and query.period.published)):
            return found
        everywhere = self._found(snapshot, query, filters, enough, watch)
        if everywhere.reading.confidence >= enough:
            return replace(everywhere, period_dropped=True)
        return found or replace(everywhere, filters=limited)

    def hits(
        self, snapshot: Snapshot, question: str, filters: Filters, k: int, watch: Stopwatch
    ) -> list[Hit]:
        """The k best passages, best first; may be shorter than k."""
        candidates = self._candidates(snapshot, question, filters, watch, k)
        found = retrieval.hits(snapshot, candidates, k)
        watch.lap("retrieve")
        if self._reranker is None:
            return found
        found = reranked(found, self._reranker.scores(question, _as_read(found[:RERANKED])))
        watch.lap("rerank")
        return found

    def search(
        self, snapshot: Snapshot, question: str, filters: Filters, k: int, watch: Stopwatch
    ) -> list[Hit]:
        """As `hits`, with the first ones read where they are about as good."""
        found = self.hits(snapshot, question, filters, k, watch)
        near = 0 if self._reranker else in_doubt(found)
        if near < 2:
            return found
        found = reranked(found, self._second_look.scores(question, _as_read(found[:near])))
        watch.lap("read")
        return found

    def _candidates(
        self, snapshot: Snapshot, question: str, filters: Filters, watch: Stopwatch, k: int
    ) -> list[Candidate]:
        """Candidates of both legs; the lexical one is searched while the question is embedded."""
        leg = self._pool.submit(retrieval.search_lexically, snapshot, self._tokenizer, question, filters)
        vector = self._queries.encode(question)
        watch.lap("encode")
        return retrieval.find_candidates(snapshot, leg.result(), vector, filters, k)

    def material(self, snapshot: Snapshot, query: Query, depth: int) -> Material:
        """What `depth` passages give, for learning the weights of reading."""
        hits = self.hits(snapshot, query.standalone, Filters(), depth, Stopwatch())
        return self._reader.material(snapshot, query, hits)

    def _found(
        self, snapshot: Snapshot, query: Query, filters: Filters, enough: float, watch: Stopwatch
    ) -> Found:
        hits = self.hits(snapshot, query.standalone, filters, PASSAGES_READ, watch)
        reading = self._reader.read(snapshot, query, hits)
        watch.lap("read")
        found = Found(tuple(hits), reading, filters)
        return self._with_parts(snapshot, query, found, enough, watch)

    def _with_parts(
        self, snapshot: Snapshot, query: Query, found: Found, enough: float, watch: Stopwatch
    ) -> Found:
        """With the best sentence for each thing, where a question compares things."""
        asked = subquestions(query.focused) if query.kind is QuestionKind.COMPARISON else ()
        if len(asked) < 2:
            return found
        parts, hits, confidence = [], list(found.hits), found.reading.confidence
        for question in asked:
            part = of_standalone(question, question, question)
            of_part = self.hits(snapshot, part.standalone, found.filters, PASSAGES_READ, watch)
            reading = self._reader.read(snapshot, part, of_part)
            if reading.confidence >= enough:
                parts.append(reading.evidence[0])
                hits += of_part
                confidence = max(confidence, reading.confidence)
        watch.lap("parts")
        if len(parts) < len(asked):  # half a comparison is none
            return found
        evidence = found.reading.evidence or tuple(parts)
        return replace(
            found,
            hits=tuple(hits),
            reading=Reading(evidence, confidence, found.reading.covered),
            parts=tuple(parts),
        )


def _as_read(hits: Sequence[Hit]) -> list[str]:
    return [f"{hit.article.headline}\n{hit.passage.text}" for hit in hits]


def _about(topic: str, reading: Reading) -> Reading:
    """Only the articles that meet most of a topic; that they speak of it is all that is asked."""
    asked = set(question_pairs(topic))
    articles = {e.hit.article.id: e.hit.article for e in reading.evidence if asked}
    met = {
        name: len(asked & set(pairs(f"{article.headline}\n{article.text}"))) / len(asked)
        for name, article in articles.items()
    }
    kept = tuple(e for e in reading.evidence if met.get(e.hit.article.id, 0.0) >= ABOUT_TOPIC)
    return replace(reading, evidence=kept, confidence=max((met[e.hit.article.id] for e in kept), default=0.0))


def limited_by(period: Period | None, filters: Filters) -> Filters | None:
    """The filters with the days of a question; `None` where it sets no limit to the issues.

    Days to come are in no issue yet, and an event may be told of for some days after it.
    """
    if period is None or filters.date_from or filters.date_to or period.kind is PeriodKind.FUTURE:
        return None
    last = period.last
    if last and not period.published:
        last = min(last, datetime.date.max - REPORTED_WITHIN) + REPORTED_WITHIN
    return replace(filters, date_from=period.first, date_to=last)
