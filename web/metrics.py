"""`/metrics`: what a monitoring system should know, in Prometheus' text format."""

from __future__ import annotations

import datetime
import time
from collections import Counter as Counts
from collections.abc import Iterator
from typing import cast

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from embeddings.errors import WenbaoError
from embeddings.records import Answer
from qa.jobs import Jobs, State
from web.admission import Gate
from web.context import AskService

METRICS = "wenbao.metrics"
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
UNROUTED = "none"

metrics = Blueprint("metrics", __name__)


class Metrics:
    """The counters of one application."""

    def __init__(self, asked: AskService, gate: Gate, jobs: Jobs) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "wenbao_requests", "Requests by route", ("route", "method", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "wenbao_request_seconds",
            "Seconds to the response's first byte",
            ("route",),
            registry=self.registry,
            buckets=BUCKETS_S,
        )
        self.stages = Histogram(
            "wenbao_answer_stage_seconds",
            "Seconds of answering by stage",
            ("stage",),
            registry=self.registry,
            buckets=BUCKETS_S,
        )
        self.answers = Counter(
            "wenbao_answers", "Answers by outcome", ("outcome", "mode"), registry=self.registry
        )
        self.events = Counter(
            "wenbao_events",
            "What was put right while answering: breaches of citations, failures of a language model",
            ("event", "kind"),
            registry=self.registry,
        )
        self.registry.register(_State(asked, gate, jobs))
        asked.observe(lambda event, kind: self.events.labels(event, kind).inc())

    def note_answer(self, answer: Answer) -> None:
        """Count an answer and its stages."""
        outcome = "answered" if answer.answered else answer.reason or "refused"
        self.answers.labels(outcome, str(answer.mode)).inc()
        for stage, ms in answer.timings_ms.items():
            self.stages.labels(stage).observe(ms / 1000)


class _State(Collector):
    """What is so at the moment of asking."""

    def __init__(self, asked: AskService, gate: Gate, jobs: Jobs) -> None:
        self._service = asked
        self._gate = gate
        self._jobs = jobs

    def collect(self) -> Iterator[Metric]:
        """The gauges; those of the index are missing while there is none."""
        yield GaugeMetricFamily("wenbao_answering", "Answers being made", self._gate.active)
        yield GaugeMetricFamily("wenbao_queue", "Questions that wait for their turn", self._gate.waiting)
        yield GaugeMetricFamily(
            "wenbao_turned_away", "Questions turned away since the start", self._gate.turned_away
        )
        yield self._builds()
        try:
            status = self._service.status()
        except WenbaoError:
            yield GaugeMetricFamily("wenbao_ready", "Whether there is an index", 0)
            return
        built = datetime.datetime.fromisoformat(status.built_at)
        age = datetime.datetime.now(datetime.UTC) - built
        yield GaugeMetricFamily("wenbao_ready", "Whether there is an index", 1)
        yield GaugeMetricFamily("wenbao_degraded", "An older index serves", int(bool(status.degraded)))
        yield GaugeMetricFamily("wenbao_index_age_seconds", "Seconds since it was built", age.total_seconds())
        yield GaugeMetricFamily("wenbao_index_snapshot", "Number of the snapshot", status.snapshot)
        yield GaugeMetricFamily("wenbao_index_articles", "Articles", status.articles)
        yield GaugeMetricFamily("wenbao_index_passages", "Passages", status.passages)

    def _builds(self) -> Metric:
        """Builds by state, as far back as they are listed."""
        builds = GaugeMetricFamily("wenbao_builds", "Builds by state", labels=("state",))
        states = Counts(str(job.state) for job in self._jobs.store.all())
        for state in State:
            builds.add_metric((str(state),), states[str(state)])
        return builds


def measure(app: Flask, asked: AskService, gate: Gate, jobs: Jobs) -> None:
    """Count the requests of `app`."""
    app.extensions[METRICS] = Metrics(asked, gate, jobs)
    app.before_request(_begin)
    app.after_request(_count)


def counters() -> Metrics:
    """The running application's counters."""
    return cast("Metrics", current_app.extensions[METRICS])


@metrics.get("/metrics")
def page() -> Response:
    """Give the counters."""
    return Response(generate_latest(counters().registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _begin() -> None:
    g.began = time.perf_counter()


def _count(response: Response) -> Response:
    # The route, not the path: paths hold ids, and are without number.
    route = request.url_rule.rule if request.url_rule else UNROUTED
    found = counters()
    found.requests.labels(route, request.method, response.status_code).inc()
    found.seconds.labels(route).observe(elapsed_s())
    return response


def elapsed_s() -> float:
    """Seconds since this request began."""
    return time.perf_counter() - float(g.get("began", time.perf_counter()))
