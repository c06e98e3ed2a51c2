"""Schemathesis: what the API's description promises, whatever is sent; and the examples it gives."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    missing_required_header,
    positive_data_acceptance,
)

from qa.keys import Scope, new_key
from tests.web import samples
from tests.web.fakes import FakeService, app_over

EXAMPLES = 40
# Whether a question can be used is the service's to say, and keys are the matter of `test_access`.
EXCLUDED = [positive_data_acceptance, ignored_auth, missing_required_header]
TOKEN, ADMIN = new_key("chief", Scope.ADMIN)


def served() -> Flask:
    app = app_over(FakeService(), public=True, data=Path(tempfile.mkdtemp()), api_keys=ADMIN.entry())
    # An id that answers, so that not all that is asked for is missing.
    app.test_client().post("/api/answer", json={"question": samples.NIGHT})
    return app


APP = served()
DOCUMENT = APP.test_client().get("/openapi.json").get_json()
load_all_checks()
schema = schemathesis.openapi.from_wsgi("/openapi.json", APP)


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_api_keeps_to_its_description(case: schemathesis.Case[Any]) -> None:
    response = case.call(headers={"Accept-Encoding": "identity", "Authorization": f"Bearer {TOKEN}"})
    if response.status_code == 413:  # told before anybody has looked at what is in it
        return
    case.validate_response(response, excluded_checks=EXCLUDED)


def test_description_is_openapi_31_and_names_every_api_route(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()

    assert document["openapi"].startswith("3.1")
    described = {
        (method.upper(), path)
        for path, item in document["paths"].items()
        for method in item
        if method != "parameters"
    }
    routed = {
        (method, rule.rule.replace("<path:", "{").replace("<", "{").replace(">", "}"))
        for rule in client.application.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith(("/api/", "/v1/"))
    }
    assert described == routed


def examples() -> list[tuple[str, str, Any]]:
    return [
        (method, path, content["example"])
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
        for content in operation.get("requestBody", {}).get("content", {}).values()
        if "example" in content
    ]


@pytest.mark.parametrize(("method", "path", "example"), examples())
def test_example_runs(client: FlaskClient, method: str, path: str, example: Any) -> None:
    assert client.open(path, method=method.upper(), json=example).status_code == 200


def test_there_are_examples_and_the_page_shows_them(client: FlaskClient) -> None:
    shown = client.get("/docs").get_data(as_text=True)

    assert len(examples()) >= 3
    for _, path, example in examples():
        assert path in shown
        assert json.dumps(example, ensure_ascii=False).replace('"', "&#34;") in shown
