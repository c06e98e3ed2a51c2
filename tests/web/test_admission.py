"""How many are answered at once, and what the others are told; metrics and logs of it."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from embeddings.errors import Overloaded
from embeddings.records import Answer
from tests.web import samples
from tests.web.fakes import FakeService, app_over
from web.admission import Gate
from web.logs import write_json_logs


def test_gate_lets_so_many_through_and_turns_the_rest_away() -> None:
    gate = Gate(at_once=2, queue=0, wait_s=5)
    leave = gate.enter()
    gate.enter()
    with pytest.raises(Overloaded):
        gate.enter()
    leave()
    gate.enter()
    assert (gate.active, gate.waiting, gate.turned_away) == (2, 0, 1)


def test_gate_has_the_queue_wait_for_a_turn() -> None:
    gate = Gate(at_once=1, queue=1, wait_s=5)
    leave = gate.enter()
    came = threading.Event()

    def wait() -> None:
        gate.enter()
        came.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    while not gate.waiting:
        time.sleep(0.001)
    with pytest.raises(Overloaded):
        gate.enter()
    assert not came.is_set()
    leave()
    waiting.join(5)
    assert came.is_set()


def test_gate_waits_no_longer_than_it_says() -> None:
    gate = Gate(at_once=1, queue=5, wait_s=0.05)
    gate.enter()
    with pytest.raises(Overloaded):
        gate.enter()
    assert gate.waiting == 0


@pytest.fixture
def held() -> tuple[FlaskClient, Callable[[], None], Callable[[], None]]:
    """A client of an application that answers one at a time; hold the place, and free it."""
    free, entered = threading.Event(), threading.Event()

    def wait() -> Answer:
        entered.set()
        free.wait(10)
        return samples.NIGHT_REPLY

    app = app_over(FakeService(replies={"慢": wait}), threads=1, queue=0)
    thread = threading.Thread(target=lambda: app.test_client().post("/api/answer", json={"question": "慢"}))

    def hold() -> None:
        thread.start()
        entered.wait(10)

    def release() -> None:
        free.set()
        thread.join(10)

    return app.test_client(), hold, release


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_question_too_many_is_told_when_to_come_back(
    held: tuple[FlaskClient, Callable[[], None], Callable[[], None]], accept: str
) -> None:
    client, hold, release = held
    hold()
    try:
        response = client.post("/api/answer", json={"question": samples.NIGHT}, headers={"Accept": accept})
        assert (response.status_code, response.get_json()["code"]) == (503, "overloaded")
        assert int(response.headers["Retry-After"]) >= 1
        assert client.post("/ask", data={"q": samples.NIGHT}).status_code == 503
        assert client.post("/api/search", json={"query": "x"}).status_code == 503
        assert client.get("/search?q=x").status_code == 503
        assert client.get("/healthz").status_code == 200
        assert client.get("/about").status_code == 200
    finally:
        release()
    assert client.post("/api/answer", json={"question": samples.NIGHT}).status_code == 200


def test_turns_are_given_back_whatever_happens(client: FlaskClient, service: FakeService) -> None:
    client.application.config["PROPAGATE_EXCEPTIONS"] = False
    service.replies = {"坏": RuntimeError("boom")}
    for _ in range(40):  # more than there are turns
        for accept in ("application/json", "text/event-stream"):
            client.post("/api/answer", json={"question": "坏"}, headers={"Accept": accept})
    assert client.post("/api/answer", json={"question": samples.NIGHT}).status_code == 200


def metric(client: FlaskClient, line: str) -> float:
    text = client.get("/metrics").get_data(as_text=True)
    [value] = [row.rsplit(" ", 1)[1] for row in text.splitlines() if row.startswith(line)]
    return float(value)


def test_metrics_count_requests_answers_and_stages(client: FlaskClient) -> None:
    client.post("/api/answer", json={"question": samples.NIGHT})
    client.post("/api/answer", json={"question": samples.UNKNOWN})
    client.get(f"/articles/{samples.LIBRARY.id}")
    client.get("/nowhere/with/a/secret")

    assert metric(client, 'wenbao_answers_total{mode="extractive",outcome="answered"}') == 1
    assert metric(client, 'wenbao_answers_total{mode="extractive",outcome="refused"}') == 1
    route = 'method="GET",route="/articles/<path:article_id>",status="200"'
    assert metric(client, f"wenbao_requests_total{{{route}}}") == 1
    assert metric(client, 'wenbao_requests_total{method="GET",route="none",status="404"}') == 1
    assert metric(client, 'wenbao_answer_stage_seconds_count{stage="total"}') == 2
    assert metric(client, "wenbao_index_articles") == len(samples.ARTICLES)
    assert metric(client, "wenbao_index_age_seconds") > 0
    assert metric(client, "wenbao_queue") == 0
    text = client.get("/metrics").get_data(as_text=True)
    for secret in (samples.NIGHT, "secret", samples.LIBRARY.id):
        assert secret not in text


def test_metrics_count_what_was_put_right_and_builds(client: FlaskClient, service: FakeService) -> None:
    for observer in service.observers:
        observer("breach", "not_verbatim")
        observer("breach", "not_verbatim")
        observer("llm_failed", "timeout")

    assert metric(client, 'wenbao_events_total{event="breach",kind="not_verbatim"}') == 2
    assert metric(client, 'wenbao_events_total{event="llm_failed",kind="timeout"}') == 1
    assert metric(client, 'wenbao_builds{state="building"}') == 0


def test_metrics_without_an_index_say_so(empty_client: FlaskClient) -> None:
    assert metric(empty_client, "wenbao_ready") == 0


def test_slow_answer_is_logged_with_its_timings_and_without_its_question(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for shown in (False, True):
        client = app_over(FakeService(), slow_s=0, log_questions=shown).test_client()
        client.post("/api/answer", json={"question": samples.NIGHT}, headers={"X-Request-ID": "abc"})
    hidden, shown_record = [record for record in caplog.records if record.name == "web.asking"]

    assert "abc" in hidden.message
    assert "total" in hidden.message
    assert not hasattr(hidden, "question")
    assert vars(shown_record)["question"] == samples.NIGHT


def test_json_log_has_a_line_a_request(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        write_json_logs()
        client = app_over(FakeService(), log_format="json").test_client()
        client.post("/api/answer", json={"question": samples.NIGHT}, headers={"X-Request-ID": "abc"})
    finally:
        root.handlers[:], level = before
        root.setLevel(level)

    [line] = capsys.readouterr().err.splitlines()
    noted = json.loads(line)
    assert (noted["request_id"], noted["path"], noted["status"]) == ("abc", "/api/answer", 200)
    assert noted["ms"] > 0
    assert samples.NIGHT not in line
