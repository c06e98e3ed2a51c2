from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from embeddings.errors import IndexBusy, IndexMismatch, ModelUnavailable, SettingsError, WenbaoError
from embeddings.settings import Settings
from tests.web.fakes import FakeService
from web import create_app


def test_alive_whatever_the_index(client: FlaskClient, empty_client: FlaskClient) -> None:
    for each in (client, empty_client):
        response = each.get("/healthz")
        assert (response.status_code, response.get_json()) == (200, {"status": "ok"})


def test_ready_says_what_serves(client: FlaskClient) -> None:
    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.get_json() == {"status": "ready", "snapshot": 3, "articles": 4, "passages": 9}


def test_not_ready_without_an_index(empty_client: FlaskClient) -> None:
    response = empty_client.get("/readyz")

    assert response.status_code == 503
    assert response.mimetype == "application/problem+json"
    assert response.get_json()["code"] == "index_missing"
    assert response.get_json()["status"] == 503


@pytest.mark.parametrize("error", [IndexMismatch, ModelUnavailable, IndexBusy, SettingsError])
def test_not_ready_whatever_the_reason(error: type[WenbaoError]) -> None:
    client = create_app(FakeService(failure=error("不行")), Settings()).test_client()

    assert client.get("/readyz").status_code == 503
