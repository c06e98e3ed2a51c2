"""The real gunicorn in a process of its own, over the fake service."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from embeddings.settings import Settings
from tests.web.served import SLOW
from web.server import gunicorn_options, server_url

ROOT = Path(__file__).parents[2]
START_S = 30


class Served:
    """A running server and what it wrote."""

    def __init__(self, *arguments: str) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.web.served", str(self.port), *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def wait_until_up(self) -> None:
        deadline = time.monotonic() + START_S
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                self.request("GET", "/healthz")
            except OSError:
                time.sleep(0.1)
            else:
                return
        pytest.fail(f"the server did not come up: {self.finish()}")

    def request(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_S)
        try:
            headers = {"Content-Type": "application/json", "X-Request-ID": "seen-in-the-log"}
            connection.request(method, path, json.dumps(body) if body else None, headers)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def finish(self) -> tuple[int, str, str]:
        """Stop with SIGTERM; the exit status, stdout and stderr."""
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=START_S)
        return self.process.returncode, out, err


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture
def served() -> Iterator[Served]:
    server = Served()
    try:
        server.wait_until_up()
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.communicate()


def test_server_logs_requests_by_id_without_their_questions(served: Served) -> None:
    assert served.request("POST", "/api/answer", {"question": "夜间到馆"})[0] == 200
    assert served.request("GET", "/?q=%E8%BD%AE%E6%B8%A1&extra=ferry")[0] == 200
    assert served.request("GET", "/line%0Abreak%22")[0] == 404

    status, out, err = served.finish()

    assert (status, out) == (0, "")
    assert f"http://127.0.0.1:{served.port}/" in err
    lines = err.splitlines()
    assert sum('"POST /api/answer" 200' in line and "seen-in-the-log" in line for line in lines) == 1
    assert any('"GET /" 200' in line for line in lines)
    assert any('"GET /line%0Abreak%22" 404' in line for line in lines)
    for text in ("夜间到馆", "轮渡", "%E8%BD%AE", "ferry"):
        assert text not in err


def test_server_finishes_running_requests_when_told_to_stop(served: Served) -> None:
    answers: list[tuple[int, str]] = []
    asking = threading.Thread(
        target=lambda: answers.append(served.request("POST", "/api/answer", {"question": SLOW}))
    )
    asking.start()
    time.sleep(0.5)

    status, _, _ = served.finish()
    asking.join()

    assert status == 0
    assert [code for code, _ in answers] == [200]


def test_server_that_cannot_make_its_application_says_why() -> None:
    server = Served("broken")
    out, err = server.process.communicate(timeout=START_S)

    assert (server.process.returncode, out) == (1, "")
    assert "模型不可用。 请检查设置。" in err
    assert "Traceback" not in err


def test_options_follow_the_settings() -> None:
    options = gunicorn_options(Settings(host="::1", port=8123, threads=7, request_timeout_s=33))

    assert options["bind"] == "[::1]:8123"
    assert (options["workers"], options["threads"], options["graceful_timeout"]) == (1, 7, 33)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/"),
        ("0.0.0.0", "http://localhost:8000/"),
        ("::", "http://localhost:8000/"),
        ("::1", "http://[::1]:8000/"),
    ],
)
def test_url_opens_on_this_machine(host: str, url: str) -> None:
    assert server_url(host, 8000) == url
