"""The typed client, against the application over a real socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import httpx
import pytest
from werkzeug.serving import make_server

from embeddings.errors import GenerationFailed
from embeddings.records import Filters
from qa.client import Client, ServiceProblem
from tests.web import samples
from tests.web.fakes import CONVERSATION, FakeService, app_over


@pytest.fixture
def base_url(service: FakeService) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app_over(service), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(base_url: str) -> Iterator[Client]:
    with Client(base_url) as client:
        yield client


def test_ask_gives_the_answer_and_goes_on_in_its_conversation(client: Client, service: FakeService) -> None:
    answer = client.ask(samples.NIGHT, filters={"date_from": "2026-10-12", "page": "01"})
    client.ask(samples.ASTRAL, conversation_id=answer["conversation_id"])

    assert answer["answer"] == samples.NIGHT_REPLY.text
    assert [citation["quote"] for citation in answer["citations"]] == [
        citation.quote for citation in samples.NIGHT_REPLY.citations
    ]
    assert service.calls[0]["filters"] == Filters(date_from=date(2026, 10, 12), page="01")
    assert service.calls[1]["conversation_id"] == CONVERSATION


def test_stream_tells_events_and_ends_with_the_answer(client: Client) -> None:
    events = list(client.stream(samples.NIGHT))

    assert [name for name, _ in events] == ["stage", "citation", "citation", "token", "answer"]
    assert events[-1][1]["answer"] == samples.NIGHT_REPLY.text


def test_search_and_article_give_what_is_indexed(client: Client) -> None:
    found = client.search("图书馆", k=2)
    assert [hit["rank"] for hit in found["hits"]] == [1, 2]

    for article in samples.ARTICLES:  # an id may hold anything
        assert client.article(article.id)["text"] == article.text


def test_issues_come_page_by_page(client: Client, service: FakeService) -> None:
    days = [date(2026, 1, 1) + timedelta(days=day) for day in range(120)]
    service.articles = [replace(samples.TEA, id=str(day), date=day) for day in days]

    listed = list(client.issues(date_from="2026-01-02"))
    assert [issue["date"] for issue in listed] == [day.isoformat() for day in reversed(days[1:])]


@pytest.mark.parametrize(
    ("question", "status", "code"), [("", 400, "bad_question"), ("问" * 1001, 400, "bad_question")]
)
def test_problem_of_the_service_is_raised(client: Client, question: str, status: int, code: str) -> None:
    with pytest.raises(ServiceProblem) as caught:
        client.ask(question)
    assert (caught.value.status, caught.value.code) == (status, code)
    with pytest.raises(ServiceProblem):
        list(client.stream(question))


def test_problem_in_the_middle_of_a_stream_is_raised(client: Client, service: FakeService) -> None:
    service.replies = {samples.NIGHT: GenerationFailed("cut_stream")}
    with pytest.raises(ServiceProblem) as caught:
        list(client.stream(samples.NIGHT))
    assert caught.value.code == "generator_cut_stream"


def test_reply_of_something_else_is_a_problem_too() -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(502, text="<h1>Bad gateway</h1>"))
    client = Client("http://proxy.invalid")
    client._http = httpx.Client(base_url="http://proxy.invalid", transport=transport)
    with pytest.raises(ServiceProblem) as caught:
        client.ask("有人吗？")
    assert (caught.value.status, caught.value.code) == (502, "http_502")


def test_service_out_of_reach_raises_the_error_of_the_network() -> None:
    with Client("http://127.0.0.1:9") as client, pytest.raises(httpx.HTTPError):
        client.ask("有人吗？")
