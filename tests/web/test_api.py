from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from embeddings.errors import GeneratorUnavailable
from embeddings.records import Filters, Mode, Pointers
from qa.turns import Turn
from tests.web import samples
from tests.web.fakes import CONVERSATION, FakeService, app_over


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The response's problem document, after checking everything that all of them share."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "application/problem+json"
    document: dict[str, Any] = response.get_json()
    assert set(document) == {"type", "title", "status", "detail", "code", "hint", "request_id"}
    assert document["status"] == status
    assert document["code"] == code
    assert document["title"]
    assert document["detail"]
    assert document["request_id"] == response.headers["X-Request-ID"]
    return document


def test_answer_returns_the_contract_body(client: FlaskClient) -> None:
    response = client.post("/api/answer", json={"question": samples.NIGHT})

    assert response.status_code == 200
    assert response.mimetype == "application/json"
    body = response.get_json()
    assert body["answered"] is True
    assert body["question"] == samples.NIGHT
    assert body["conversation_id"] == CONVERSATION
    assert [citation["n"] for citation in body["citations"]] == [1, 2]
    assert set(body) == {
        "id",
        "conversation_id",
        "question",
        "standalone_question",
        "answered",
        "answer",
        "answer_kind",
        "confidence",
        "citations",
        "related",
        "span",
        "verdict",
        "reason",
        "period",
        "mode",
        "model",
        "snapshot",
        "timings_ms",
    }


def test_answer_writes_chinese_unescaped(client: FlaskClient) -> None:
    response = client.post("/api/answer", json={"question": samples.NIGHT})

    assert "夜读灯亮到十一点" in response.get_data(as_text=True)


def test_answer_passes_every_field_to_the_service(client: FlaskClient, service: FakeService) -> None:
    body = {
        "question": samples.NIGHT,
        "conversation_id": "c-7",
        "mode": "extractive",
        "filters": {"date_from": "2026-10-11", "date_to": "2026-10-12", "paper": "柳湾晚报", "page": "01"},
    }
    assert client.post("/api/answer", json=body).get_json()["conversation_id"] == "c-7"

    assert service.calls == [
        {
            "question": samples.NIGHT,
            "conversation_id": "c-7",
            "mode": Mode.EXTRACTIVE,
            "filters": Filters(date(2026, 10, 11), date(2026, 10, 12), "柳湾晚报", "01"),
        }
    ]


@pytest.mark.parametrize("filters", [None, {}, {"paper": None}])
def test_answer_without_limits_asks_without_limits(
    client: FlaskClient, service: FakeService, filters: object
) -> None:
    client.post("/api/answer", json={"question": samples.NIGHT, "filters": filters})

    assert service.calls[0]["filters"] == Filters()


@pytest.mark.parametrize(
    "question",
    ["", "   \n\t", "问" * 1001, "问" * 100_000, "有\x00吗", 5, 1.5, True, None, ["问"], {"问": "报"}],
)
@pytest.mark.parametrize(("path", "key"), [("/api/answer", "question"), ("/api/search", "query")])
def test_unusable_question_is_a_bad_question(
    client: FlaskClient, path: str, key: str, question: object
) -> None:
    problem(client.post(path, json={key: question}), 400, "bad_question")


@pytest.mark.parametrize(("path", "key"), [("/api/answer", "question"), ("/api/search", "query")])
def test_missing_question_is_named(client: FlaskClient, path: str, key: str) -> None:
    assert key in problem(client.post(path, json={}), 400, "bad_question")["detail"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"{'question': 'x'}",
        b'{"question": "\xff"}',
        "图书馆".encode("gb18030"),
        '{"question": "图书馆"}'.encode("gb18030"),
        '{"question": "x"}'.encode("utf-16"),
        b'{"question": "\\ud800"}',
        b'{"question": "x"} trailing',
        b'{"question": "x", "z": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"question": "x", "k": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_not_json_is_bad_json(client: FlaskClient, raw: bytes) -> None:
    response = client.post("/api/answer", data=raw, content_type="application/json")

    assert problem(response, 400, "bad_json")["hint"]


@pytest.mark.parametrize("body", [[], "x", 5, True, [{"question": "x"}]])
def test_json_that_is_no_object_is_a_bad_request(client: FlaskClient, body: object) -> None:
    problem(client.post("/api/answer", json=body), 400, "bad_request")


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        ({"nonsense": 1}, "bad_request"),
        ({"mode": "magic"}, "bad_request"),
        ({"mode": 3}, "bad_request"),
        ({"conversation_id": 5}, "bad_request"),
        ({"conversation_id": ""}, "bad_request"),
        ({"conversation_id": "c" * 101}, "bad_request"),
        ({"filters": []}, "bad_question"),
        ({"filters": {"newspaper": "x"}}, "bad_question"),
        ({"filters": {"page": 1}}, "bad_question"),
        ({"filters": {"date_from": "12/10/2026"}}, "bad_question"),
        ({"filters": {"date_from": "2026-02-30"}}, "bad_question"),
        ({"filters": {"date_from": 1760000000}}, "bad_question"),
        ({"filters": {"date_from": "2026-10-13", "date_to": "2026-10-12"}}, "bad_question"),
    ],
)
def test_field_of_the_wrong_shape_is_refused(
    client: FlaskClient, service: FakeService, extra: dict[str, object], code: str
) -> None:
    problem(client.post("/api/answer", json={"question": samples.NIGHT, **extra}), 400, code)
    assert service.calls == []


def test_unknown_field_of_great_length_is_not_echoed_whole(client: FlaskClient) -> None:
    response = client.post("/api/answer", json={"question": "x", "k" * 9000: 1})

    assert len(problem(response, 400, "bad_request")["detail"]) < 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", None])
def test_other_content_types_are_unsupported(client: FlaskClient, content_type: str | None) -> None:
    response = client.post("/api/answer", data=b'{"question": "x"}', content_type=content_type)

    problem(response, 415, "unsupported_media_type")


def test_json_with_a_charset_or_suffix_is_read(client: FlaskClient) -> None:
    for content_type in ("application/json; charset=utf-8", "application/vnd.wenbao+json"):
        response = client.post("/api/answer", data=b'{"question": "x"}', content_type=content_type)
        assert response.status_code == 200


def test_body_beyond_the_limit_is_too_large(client: FlaskClient) -> None:
    response = client.post("/api/answer", json={"question": "x" * (1 << 20)})

    problem(response, 413, "too_large")


@pytest.mark.parametrize("path", ["/api/answer", "/api/search"])
def test_reading_a_route_that_is_posted_to_is_not_allowed(client: FlaskClient, path: str) -> None:
    response = client.get(path)

    problem(response, 405, "method_not_allowed")
    assert "POST" in response.headers["Allow"]


def test_unknown_api_path_is_a_problem(client: FlaskClient) -> None:
    for path in ("/api", "/api/", "/api/nothing"):
        problem(client.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("path", "body"), [("/api/answer", {"question": "x"}), ("/api/search", {"query": "x"})]
)
def test_missing_index_is_unavailable_with_a_hint(
    empty_client: FlaskClient, path: str, body: dict[str, str]
) -> None:
    assert "wenbao build seeds" in problem(empty_client.post(path, json=body), 503, "index_missing")["hint"]


def test_generative_mode_without_a_model_is_the_callers_to_mend() -> None:
    service = FakeService(replies={"x": GeneratorUnavailable("没有配置语言模型。", hint="换用 extractive。")})
    client = app_over(service).test_client()

    response = client.post("/api/answer", json={"question": "x", "mode": "generative"})

    problem(response, 400, "generator_unavailable")


def test_search_returns_the_contract_body(client: FlaskClient, service: FakeService) -> None:
    body = client.post("/api/search", json={"query": "轮渡", "k": 2}).get_json()

    assert service.calls == [{"query": "轮渡", "k": 2, "filters": Filters()}]
    assert set(body) == {"hits", "snapshot", "timings_ms"}
    assert [hit["rank"] for hit in body["hits"]] == [1, 2]


@pytest.mark.parametrize("k", [0, -1, 101, "10", 1.0, True, None])
def test_search_for_an_impossible_count_is_refused(client: FlaskClient, k: object) -> None:
    problem(client.post("/api/search", json={"query": "轮渡", "k": k}), 400, "bad_request")


@pytest.mark.parametrize("k", [1, 100])
def test_search_takes_the_limits_of_the_count(client: FlaskClient, k: int) -> None:
    assert client.post("/api/search", json={"query": "轮渡", "k": k}).status_code == 200


def test_article_has_its_fields_and_the_text_quotes_count_in(client: FlaskClient) -> None:
    body = client.get(f"/api/articles/{samples.LIBRARY.id}").get_json()

    others: dict[str, object] = {"continued_on": None, "continued_from": None, "reprints": []}
    assert body == {**samples.LIBRARY.to_json(), "text": samples.LIBRARY.text, **others}
    citation = samples.ASTRAL_REPLY.citations[0]
    assert body["text"][citation.quote_start : citation.quote_end] == citation.quote


def test_article_names_its_other_halves() -> None:
    first = replace(samples.LIBRARY, pointers=Pointers(after="3"))
    middle = replace(first, id="middle", page="03", pointers=Pointers("1", "5"))
    last = replace(first, id="a/b", page="05", pointers=Pointers(before="3"))
    service = FakeService(articles=[last, middle, first])
    client = app_over(service).test_client()

    body = client.get("/api/articles/middle").get_json()
    assert (body["continued_from"], body["continued_on"]) == (first.id, "a/b")
    assert body["pointers"] == {"before": "1", "after": "5"}
    body = client.get(f"/api/articles/{first.id}").get_json()
    assert (body["continued_from"], body["continued_on"]) == (None, "middle")


def test_article_names_where_else_its_text_was_printed() -> None:
    elsewhere = replace(samples.TEA, id="a/b", paper="江风早报")
    client = app_over(FakeService(articles=[samples.TEA, elsewhere])).test_client()

    assert client.get(f"/api/articles/{samples.TEA.id}").get_json()["reprints"] == ["a/b"]


def test_article_with_a_hostile_id_is_found_by_it(client: FlaskClient) -> None:
    body = client.get("/api/articles/a%2Fb%3Fc=%22d%22%23%3Ce%3E").get_json()

    assert body["id"] == samples.HOSTILE.id


@pytest.mark.parametrize(
    "article_id",
    [
        "none",
        "%00",
        "..%2F..%2Fetc%2Fpasswd",
        "a" * 4000,
        "%ED%A0%80",
        "%ff",
        "'%20OR%201=1",
        "%2F%2Fx",
        "{{7*7}}",
    ],
)
def test_unknown_article_is_not_found(client: FlaskClient, article_id: str) -> None:
    problem(client.get(f"/api/articles/{article_id}"), 404, "not_found")


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-03-01", date(2026, 3, 1)),
        ("2026-03-01T23:30:00+08:00", date(2026, 3, 1)),
        ("2026-03-01 23:30", date(2026, 3, 1)),
        ("2026-03-01T23:30:00Z", date(2026, 3, 1)),
    ],
)
@pytest.mark.parametrize(("path", "key"), [("/api/answer", "question"), ("/api/search", "query")])
def test_day_of_the_question_reaches_the_service(
    client: FlaskClient, service: FakeService, path: str, key: str, now: str, day: date
) -> None:
    assert client.post(path, json={key: "x", "now": now}).status_code == 200

    assert service.calls[0]["today"] == day


@pytest.mark.parametrize(
    "now",
    [
        "",
        "昨天",
        "2026-02-30",
        "01/03/2026",
        "20260301",
        "2026-03-01T25:00",
        1760000000,
        True,
        [],
        {},
        "9" * 5000,
    ],
)
def test_what_is_no_day_is_refused(client: FlaskClient, service: FakeService, now: object) -> None:
    problem(client.post("/api/answer", json={"question": "x", "now": now}), 400, "bad_request")
    assert service.calls == []


def test_history_of_the_request_reaches_the_service(client: FlaskClient, service: FakeService) -> None:
    history = [{"question": "轮渡多少钱？", "answer": "两块钱[1]。"}, {"question": "谁开船？"}]
    client.post("/api/answer", json={"question": "他多大？", "history": history, "now": None})

    assert service.calls[0]["history"] == (Turn("轮渡多少钱？", "两块钱[1]。"), Turn("谁开船？", ""))
    assert "today" not in service.calls[0]


@pytest.mark.parametrize("turns", [0, 1, 50])
def test_history_of_up_to_fifty_turns_is_taken(client: FlaskClient, turns: int) -> None:
    history = [{"question": "问", "answer": "答"}] * turns
    assert client.post("/api/answer", json={"question": "x", "history": history}).status_code == 200


@pytest.mark.parametrize(
    "history",
    [
        [{"question": "问", "answer": "答"}] * 51,
        [{"question": "", "answer": "答"}],
        [{"question": "问" * 2001}],
        [{"question": "问", "answer": "答" * 10_001}],
        [{"answer": "答"}],
        [{"question": "问", "role": "system"}],
        [{"question": 5}],
        ["问"],
        "问",
        None,
        {"question": "问"},
    ],
)
def test_history_of_the_wrong_shape_is_refused(
    client: FlaskClient, service: FakeService, history: object
) -> None:
    problem(client.post("/api/answer", json={"question": "x", "history": history}), 400, "bad_request")
    assert service.calls == []


def test_conversation_is_shown_renamed_and_deleted(client: FlaskClient) -> None:
    given = client.post("/api/answer", json={"question": samples.NIGHT}).get_json()
    path = f"/api/conversations/{CONVERSATION}"

    shown = client.get(path).get_json()
    [turn] = shown["turns"]
    assert (shown["id"], shown["title"]) == (CONVERSATION, samples.NIGHT)
    assert (turn["question"], turn["answer"], turn["body"]) == (samples.NIGHT, given["answer"], given)
    assert client.patch(path, json={"title": "夜里的图书馆"}).get_json()["title"] == "夜里的图书馆"
    assert client.get(path).get_json()["title"] == "夜里的图书馆"
    deleted = client.delete(path)
    assert (deleted.status_code, deleted.get_data()) == (204, b"")
    problem(client.get(path), 404, "conversation_not_found")


@pytest.mark.parametrize("body", [{}, {"title": ""}, {"title": 5}, {"title": "名", "id": "x"}])
def test_conversation_takes_no_title_of_the_wrong_shape(client: FlaskClient, body: object) -> None:
    problem(client.patch(f"/api/conversations/{CONVERSATION}", json=body), 400, "bad_request")


def test_conversations_of_a_reader_are_listed_to_the_same_browser_only(app: Flask) -> None:
    one, other = app.test_client(), app.test_client()
    one.get("/")
    other.get("/")
    one.post("/api/answer", json={"question": samples.NIGHT})

    [listed] = one.get("/api/conversations").get_json()["conversations"]
    assert (listed["id"], listed["title"]) == (CONVERSATION, samples.NIGHT)
    assert other.get("/api/conversations").get_json() == {"conversations": []}
    assert app.test_client().get("/api/conversations").get_json() == {"conversations": []}


def test_answer_is_kept_and_given_again(client: FlaskClient) -> None:
    given = client.post("/api/answer", json={"question": samples.NIGHT}).get_json()

    assert client.get(f"/api/answers/{given['id']}").get_json() == given
    problem(client.get("/api/answers/nothing"), 404, "answer_not_found")


def test_feedback_is_kept(client: FlaskClient, service: FakeService) -> None:
    given = client.post("/api/answer", json={"question": samples.NIGHT}).get_json()
    said = {"answer_id": given["id"], "rating": -1, "reason": "off_topic", "comment": "问的不是这个"}

    assert client.post("/api/feedback", json=said).status_code == 204

    [opinion] = service.chats.feedback.all()
    assert (opinion.rating, opinion.reason, opinion.comment) == (-1, "off_topic", "问的不是这个")


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"answer_id": "nothing", "rating": 1}, 404, "answer_not_found"),
        ({"answer_id": "x", "rating": 5}, 400, "bad_request"),
        ({"answer_id": "x", "rating": True}, 400, "bad_request"),
        ({"answer_id": "x"}, 400, "bad_request"),
        ({"answer_id": "x", "rating": 1, "comment": "长" * 1001}, 400, "bad_request"),
    ],
)
def test_feedback_that_is_none_is_refused(
    client: FlaskClient, said: dict[str, object], status: int, code: str
) -> None:
    problem(client.post("/api/feedback", json=said), status, code)


@pytest.mark.parametrize("method", ["get", "delete"])
def test_conversation_that_is_not_there_is_a_problem(client: FlaskClient, method: str) -> None:
    problem(getattr(client, method)("/api/conversations/nobody"), 404, "conversation_not_found")


def test_answer_passes_on_that_days_shall_limit_nothing(client: FlaskClient, service: FakeService) -> None:
    client.post("/api/answer", json={"question": samples.NIGHT, "use_period": False})
    assert service.calls[0]["use_period"] is False
