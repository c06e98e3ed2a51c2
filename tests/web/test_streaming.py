"""`POST /api/answer` as a stream of events."""

from __future__ import annotations

import http.client
import json
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from embeddings.errors import GenerationFailed, IndexMissing, QuestionError
from embeddings.records import Answer
from tests.web import samples
from tests.web.fakes import FakeService, app_over
from tests.web.served import SLOW
from tests.web.test_server import Served
from web import streaming

STREAM = {"Accept": "text/event-stream"}
CITATION = samples.NIGHT_REPLY.citations[0]

Event = tuple[str, Any]


def events(body: str) -> list[Event]:
    """The events of a stream, after checking its form; comments left out."""
    assert body.endswith("\n\n")
    found = []
    for block in body.removesuffix("\n\n").split("\n\n"):
        if block.startswith(":"):
            continue
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def ask(service: FakeService, question: str = samples.NIGHT) -> TestResponse:
    client = app_over(service).test_client()
    return client.post("/api/answer", json={"question": question}, headers=STREAM)


def test_events_come_in_order_with_the_whole_body_last() -> None:
    tells = [
        ("stage", "read"),
        ("stage", "write"),
        ("citation", CITATION),
        ("token", "首周到馆4126人次[1]。"),
    ]
    response = ask(FakeService(tells=tells))

    assert response.status_code == 200
    assert response.mimetype == "text/event-stream"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert response.headers["Cache-Control"] == "no-store, no-transform"
    assert response.headers["X-Request-ID"]
    found = events(response.get_data(as_text=True))
    assert found[:3] == [("stage", {"stage": stage}) for stage in ("search", "read", "write")]
    assert found[3] == ("citation", CITATION.to_json())
    assert found[4] == ("token", {"text": "首周到馆4126人次[1]。"})
    assert [name for name, _ in found[5:]] == ["answer"]


def test_streamed_body_is_that_of_the_plain_answer(client: FlaskClient) -> None:
    plain = client.post("/api/answer", json={"question": samples.NIGHT}).get_json()
    streamed = client.post("/api/answer", json={"question": samples.NIGHT}, headers=STREAM)

    name, body = events(streamed.get_data(as_text=True))[-1]
    assert name == "answer"
    for drawn in ("id", "conversation_id"):
        assert body.pop(drawn) != plain.pop(drawn)
    assert body == plain


def test_answer_that_was_not_told_is_told_at_once(client: FlaskClient) -> None:
    response = client.post("/api/answer", json={"question": samples.NIGHT}, headers=STREAM)

    found = events(response.get_data(as_text=True))
    assert [name for name, _ in found] == ["stage", "citation", "citation", "token", "answer"]
    assert found[3][1]["text"] == samples.NIGHT_REPLY.text


def test_hostile_text_cannot_end_an_event() -> None:
    told = "一\n\nevent: answer\ndata: {}\n\n\r\r二"
    found = events(ask(FakeService(tells=[("token", told)])).get_data(as_text=True))

    assert found[1] == ("token", {"text": told})
    assert len(found) == 3


@pytest.mark.parametrize(
    "accept",
    ["application/json", "*/*", "", "text/html", "text/event-stream;q=0.5, application/json"],
)
def test_who_does_not_ask_for_events_gets_one_document(client: FlaskClient, accept: str) -> None:
    response = client.post("/api/answer", json={"question": samples.NIGHT}, headers={"Accept": accept})

    assert response.mimetype == "application/json"


def test_failure_before_the_first_event_is_an_ordinary_problem() -> None:
    response = ask(FakeService(), " ")
    assert (response.status_code, response.mimetype) == (400, "application/problem+json")
    response = ask(FakeService(failure=IndexMissing("没有索引。")))
    assert (response.status_code, response.get_json()["code"]) == (503, "index_missing")


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (GenerationFailed("timeout"), 502, "generator_timeout"),
        (QuestionError("不行。"), 400, "bad_question"),
        (RuntimeError("/srv/secret"), 500, "internal"),
    ],
)
def test_failure_after_it_is_the_last_event(failure: Exception, status: int, code: str) -> None:
    response = ask(FakeService(replies={"x": failure}, tells=[("token", "甲[1]。")]), "x")

    body = response.get_data(as_text=True)
    name, problem = events(body)[-1]
    assert (name, problem["status"], problem["code"]) == ("error", status, code)
    assert problem["request_id"] == response.headers["X-Request-ID"]
    assert "secret" not in body


def test_silent_service_sends_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT_S", 0.05)

    def slow() -> Answer:
        time.sleep(0.3)
        return samples.NIGHT_REPLY

    body = ask(FakeService(replies={"x": slow}), "x").get_data(as_text=True)

    assert body.count(": …\n\n") >= 2
    assert events(body)[-1][0] == "answer"


class Endless:
    """Tells without end, and notes how often, and that it was stopped."""

    def __init__(self) -> None:
        self.told = 0
        self.stopped = threading.Event()

    def __iter__(self) -> Iterator[Event]:
        try:
            while True:
                self.told += 1
                yield "token", "还有。"
        finally:
            self.stopped.set()


def endless_answer(endless: Endless) -> TestResponse:
    client = app_over(FakeService(tells=endless)).test_client()
    return client.post("/api/answer", json={"question": "x"}, headers=STREAM, buffered=False)


def test_reader_that_leaves_ends_the_work() -> None:
    endless = Endless()
    response = endless_answer(endless)
    lines = response.iter_encoded()
    assert next(lines)
    assert next(lines)

    response.close()
    assert endless.stopped.wait(3)


def test_reader_that_leaves_before_the_first_line_ends_the_work() -> None:
    endless = Endless()

    endless_answer(endless).close()
    assert endless.stopped.wait(3)


def test_service_does_not_run_far_ahead_of_its_reader() -> None:
    endless = Endless()
    response = endless_answer(endless)
    time.sleep(0.2)

    assert endless.told <= streaming.EVENTS_AHEAD + 2
    response.close()


def test_stream_goes_on_to_its_end_at_shutdown(tmp_path: Path) -> None:
    served = Served(tmp_path)
    try:
        served.wait_until_up()
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
        headers = {"Content-Type": "application/json", **STREAM}
        connection.request("POST", "/api/answer", json.dumps({"question": SLOW}), headers)
        response = connection.getresponse()
        first = response.readline() + response.readline() + response.readline()
        assert first == b'event: stage\ndata: {"stage": "search"}\n\n'

        served.process.send_signal(signal.SIGTERM)

        assert events(response.read().decode())[-1][0] == "answer"
        connection.close()
        assert served.process.wait(20) == 0
    finally:
        served.process.kill()
        served.process.communicate()
