"""Traces: sent to the collector that is set, with routes and never with questions."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from embeddings.errors import SettingsError
from embeddings.settings import Settings
from tests.web import samples
from tests.web.fakes import FakeService, app_over
from web.tracing import trace


class Collector(HTTPServer):
    """Keeps what it is sent."""

    received: list[tuple[str, bytes]]


class Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Collector)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector(("127.0.0.1", 0), Taking)
    server.received = []
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_request_is_traced_by_its_route_without_its_question(collector: Collector) -> None:
    app = app_over(FakeService())
    provider = trace(app, Settings(otel_endpoint=f"http://127.0.0.1:{collector.server_port}"))
    assert provider
    try:
        client = app.test_client()
        client.get("/search", query_string={"q": "secretquestion"})
        client.get(f"/articles/{samples.LIBRARY.id}", query_string={"quote": "0-9"})
        client.get("/healthz")
        provider.force_flush()
    finally:
        provider.shutdown()

    sent = b"".join(body for path, body in collector.received if path == "/v1/traces")
    assert b"/search" in sent
    assert b"/articles/<path:article_id>" in sent
    assert b"wenbao" in sent
    assert b"secretquestion" not in sent
    assert b"healthz" not in sent


def test_collector_without_the_extra_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.instrumentation.flask", None)
    with pytest.raises(SettingsError) as caught:
        app_over(FakeService(), otel_endpoint="http://127.0.0.1:4318")
    assert "wenbao[otel]" in caught.value.hint


def test_without_a_collector_nothing_is_traced() -> None:
    assert trace(app_over(FakeService()), Settings()) is None
