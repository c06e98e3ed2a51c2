from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from flask import Flask

from embeddings import errors as tree
from tests.web.fakes import FakeService, app_over
from web.errors import KINDS, kind_of

SECRET = "/srv/secret/path"


def family(cls: type[tree.WenbaoError]) -> Iterator[type[tree.WenbaoError]]:
    yield cls
    for child in cls.__subclasses__():
        yield from family(child)


def test_every_error_of_the_tree_has_a_status() -> None:
    ours = {cls for cls in family(tree.WenbaoError) if cls.__module__.startswith(("embeddings", "qa", "web"))}

    assert ours - set(KINDS) == set()


def test_only_the_callers_own_errors_blame_the_caller() -> None:
    blamed = {cls for cls, kind in KINDS.items() if kind.status < 500}

    assert tree.SettingsError not in blamed
    assert {cls for cls in blamed if not issubclass(cls, tree.CallerError)} == {tree.IndexBusy}


def test_unmapped_subclass_falls_back_to_its_parent() -> None:
    local = type("Local", (tree.NotFoundError,), {})

    assert kind_of(local("x")).status == 404


@pytest.fixture
def broken() -> Flask:
    """An application that fails in a way nobody foresaw."""
    return app_over(FakeService(failure=RuntimeError(f"cannot read {SECRET}")))


@pytest.mark.parametrize("path", ["/api/articles/x", "/readyz"])
def test_unexpected_error_shows_an_id_and_nothing_else(
    broken: Flask, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        response = broken.test_client().get(path, headers={"X-Request-ID": "trace-me-1"})

    assert response.status_code == 500
    assert response.mimetype == "application/problem+json"
    body = response.get_json()
    assert body["code"] == "internal"
    assert body["request_id"] == "trace-me-1"
    shown = response.get_data(as_text=True)
    assert SECRET not in shown
    assert "Traceback" not in shown
    assert "RuntimeError" not in shown
    assert "trace-me-1" in caplog.text
    assert SECRET in caplog.text  # the log is where it belongs


@pytest.mark.parametrize("path", ["/", "/?q=x", "/articles/x"])
def test_unexpected_error_on_a_page_is_a_page_with_an_id(broken: Flask, path: str) -> None:
    response = broken.test_client().get(path, headers={"X-Request-ID": "trace-me-2"})

    assert response.status_code == 500
    assert response.mimetype == "text/html"
    shown = response.get_data(as_text=True)
    assert "trace-me-2" in shown
    assert SECRET not in shown
    assert "Traceback" not in shown


def test_errors_on_pages_are_pages(broken: Flask) -> None:
    client = broken.test_client()

    assert (client.get("/nothing").status_code, client.get("/nothing").mimetype) == (404, "text/html")
    assert (client.post("/").status_code, client.post("/").mimetype) == (405, "text/html")


def test_request_log_of_an_expected_failure_has_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    app = app_over(FakeService(failure=tree.IndexDamaged("索引已损坏。")))
    with caplog.at_level(logging.WARNING):
        assert app.test_client().get("/api/articles/x").status_code == 503

    assert "index_damaged" in caplog.text
    assert "Traceback" not in caplog.text
