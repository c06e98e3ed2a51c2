"""Answers over seeds/ with the built-in model and the shipped reader, through the API."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from qa.evaluation import evaluate, metrics, read_questions
from qa.service import Service
from tests.conftest import SEEDS

pytestmark = pytest.mark.model


@pytest.fixture
def client(real_app: Flask) -> FlaskClient:
    return real_app.test_client()


def ask(client: FlaskClient, question: str, **more: Any) -> dict[str, Any]:
    response = client.post("/api/answer", json={"question": question, **more})
    assert response.status_code == 200
    found: dict[str, Any] = response.get_json()
    return found


def test_number_is_answered_with_the_verbatim_sentence(client: FlaskClient) -> None:
    answer = ask(client, "岚江三桥总投资多少亿元?")
    assert answer["answered"] is True
    assert "19.8亿元" in answer["answer"]
    assert "[1]" in answer["answer"]
    citation = answer["citations"][0]
    article = client.get(f"/api/articles/{citation['article_id']}").get_json()
    assert article["text"][citation["quote_start"] : citation["quote_end"]] == citation["quote"]
    assert citation["paper"] == "清岚日报"


def test_question_about_nothing_in_the_papers_is_refused_with_related_articles(client: FlaskClient) -> None:
    answer = ask(client, "火星探测器什么时候返回地球?")
    assert answer["answered"] is False
    assert answer["answer_kind"] == "none"
    assert answer["citations"] == []
    assert answer["related"]


def test_follow_up_is_answered_from_the_turn_before(client: FlaskClient) -> None:
    first = ask(client, "替战友写家书的老兵是谁?")
    answer = ask(client, "他退伍后干了什么工作?", conversation_id=first["conversation_id"])
    assert "老兵" in answer["standalone_question"]
    assert "邮递员" in answer["answer"]


@pytest.mark.parametrize("question", ["岚江三桥总投资多少?" * 90, "ﷺ" * 900, "a" * 1000, "桥 " * 450])
def test_longest_question_is_answered_or_refused_in_words(client: FlaskClient, question: str) -> None:
    assert ask(client, question)["answer"]


def test_filter_keeps_other_days_out(client: FlaskClient) -> None:
    only = {"date_from": "2026-10-13", "date_to": "2026-10-13"}
    response = client.post("/api/search", json={"query": "岚江三桥", "k": 20, "filters": only})
    hits = response.get_json()["hits"]
    assert hits
    assert {hit["date"] for hit in hits} == {"2026-10-13"}


def test_golden_questions_stay_above_the_floor(real_app: Flask) -> None:
    """A floor well under the measured figures (README): it is there to catch what breaks, not what drifts."""
    service: Service = real_app.extensions["wenbao.service"]
    questions = read_questions(SEEDS / "questions.jsonl")[::2]
    figures = metrics(evaluate(service, questions, step=lambda _done: None))
    assert figures["answers"]["quotes_verbatim"] == 1.0
    assert figures["retrieval"]["r_at_5"] >= 0.9
    assert figures["answers"]["article_cited"] >= 0.7
    assert figures["answers"]["answer_contained"] >= 0.6
    assert figures["answers"]["unanswerable_refused"] >= 0.4
