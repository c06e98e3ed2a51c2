from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from embeddings.errors import IndexBusy, IndexMismatch, ModelUnavailable, SettingsError, WenbaoError
from qa.following import Degraded
from qa.service import Status
from tests.web.fakes import FakeService, app_over
from web.health import name_instance


def test_alive_whatever_the_index(client: FlaskClient, empty_client: FlaskClient) -> None:
    for each in (client, empty_client):
        response = each.get("/healthz")
        assert (response.status_code, response.get_json()) == (200, {"status": "ok"})


def test_ready_says_what_serves(client: FlaskClient) -> None:
    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.get_json() == {
        "status": "ready",
        "snapshot": 3,
        "built_at": "2026-10-13T01:00:00Z",
        "model": "fake",
        "articles": 4,
        "passages": 9,
    }


def test_ready_with_an_older_snapshot_says_why() -> None:
    class Damaged(FakeService):
        def status(self) -> Status:
            return replace(super().status(), degraded=Degraded(7, "index_damaged", "索引文件 x 已损坏。"))

    ready = app_over(Damaged()).test_client().get("/readyz").get_json()

    assert (ready["status"], ready["snapshot"]) == ("ready", 3)
    assert ready["degraded"] == {"snapshot": 7, "code": "index_damaged", "detail": "索引文件 x 已损坏。"}


def test_ready_or_not_the_instance_is_told(app: Flask) -> None:
    failing = app_over(FakeService(failure=IndexMismatch("不行")))
    for each in (app, failing):
        name_instance(each, "drawn")
        assert each.test_client().get("/readyz").get_json()["instance"] == "drawn"


def test_not_ready_without_an_index(empty_client: FlaskClient) -> None:
    response = empty_client.get("/readyz")

    assert response.status_code == 503
    assert response.mimetype == "application/problem+json"
    assert response.get_json()["code"] == "index_missing"
    assert response.get_json()["status"] == 503


@pytest.mark.parametrize("error", [IndexMismatch, ModelUnavailable, IndexBusy, SettingsError])
def test_not_ready_whatever_the_reason(error: type[WenbaoError]) -> None:
    client = app_over(FakeService(failure=error("不行"))).test_client()

    assert client.get("/readyz").status_code == 503
