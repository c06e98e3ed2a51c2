"""The real gunicorn in a process of its own, over the fake service."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from embeddings.settings import Settings
from qa.running import find_server
from qa.server_note import NOTE, read_note, write_note
from tests.web.served import CLOSED, SLOW
from web.server import SPARE_THREADS, gunicorn_options, server_url

ROOT = Path(__file__).parents[2]
START_S = 30


class Served:
    """A running server and what it wrote."""

    def __init__(self, data: Path, *arguments: str) -> None:
        self.port = free_port()
        self.data = data
        # A pipe that nobody reads would be full after some hundred requests, and hold the server up.
        descriptor, name = tempfile.mkstemp(prefix="served-", suffix=".log")
        self._log = Path(name)
        os.close(descriptor)
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.web.served", str(self.port), *arguments],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                env={**os.environ, "WENBAO_DATA": str(data)},
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
        return self.ended()

    def ended(self) -> tuple[int, str, str]:
        """The same of a server that ends by itself."""
        out, _ = self.process.communicate(timeout=START_S)
        err = self._log.read_text(encoding="utf-8")
        self._log.unlink()
        return self.process.returncode, out, err


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    server = Served(tmp_path / "data")
    try:
        server.wait_until_up()
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.communicate()


def test_server_logs_requests_by_id_without_their_questions(served: Served) -> None:
    assert served.request("POST", "/api/answer", {"question": "夜间到馆"})[0] == 200
    assert served.request("GET", "/?q=%E8%BD%AE%E6%B8%A1&extra=ferry")[0] == 303
    assert served.request("GET", "/line%0Abreak%22")[0] == 404

    status, out, err = served.finish()

    assert (status, out) == (0, "")
    assert f"http://127.0.0.1:{served.port}/" in err
    lines = err.splitlines()
    assert sum('"POST /api/answer" 200' in line and "seen-in-the-log" in line for line in lines) == 1
    assert any('"GET /" 303' in line for line in lines)
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


def test_server_leaves_a_note_while_it_serves_and_takes_it_back(served: Served) -> None:
    note = read_note(served.data)
    assert note is not None
    assert (note.pid, note.url) == (served.process.pid, f"http://127.0.0.1:{served.port}/")
    assert json.loads(served.request("GET", "/readyz")[1])["instance"] == note.instance

    served.finish()

    assert list(served.data.iterdir()) == []


def test_server_that_was_killed_leaves_a_note_that_finds_nobody(served: Served, tmp_path: Path) -> None:
    served.process.kill()
    served.process.communicate()
    assert read_note(served.data) is not None
    wait_until(lambda: find_server(served.data) is None)


def test_note_of_another_server_finds_nobody_and_is_left_alone(served: Served) -> None:
    note = read_note(served.data)
    assert note is not None
    found = find_server(served.data)
    assert found is not None
    assert found[0].note == note
    write_note(served.data, replace(note, instance="another"))
    assert find_server(served.data) is None

    served.finish()

    assert read_note(served.data) == replace(note, instance="another")


def test_server_that_reloads_leaves_its_note_again(served: Served) -> None:
    before = read_note(served.data)
    (served.data / NOTE).unlink()
    served.process.send_signal(signal.SIGHUP)
    wait_until(lambda: find_server(served.data))
    after = read_note(served.data)
    assert before is not None
    assert after is not None
    assert (after.pid, after.instance) == (before.pid, before.instance)


def test_server_ends_what_its_application_runs_beside_requests(served: Served) -> None:
    assert CLOSED in served.finish()[2]


def test_server_over_a_folder_that_cannot_be_written_serves_without_a_note(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    server = Served(tmp_path / "file" / "data")
    try:
        server.wait_until_up()
        assert server.request("GET", "/readyz")[0] == 200
    finally:
        status, _, err = server.finish()
    assert status == 0
    assert "Traceback" not in err


def wait_until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + START_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_server_that_cannot_make_its_application_says_why(tmp_path: Path) -> None:
    server = Served(tmp_path / "data", "broken")
    status, out, err = server.ended()

    assert (status, out) == (1, "")
    assert read_note(server.data) is None
    assert "模型不可用。 请检查设置。" in err
    assert "Traceback" not in err


def test_options_follow_the_settings() -> None:
    options = gunicorn_options(Settings(host="::1", port=8123, threads=7, queue=5, request_timeout_s=33))

    assert options["bind"] == "[::1]:8123"
    assert (options["workers"], options["graceful_timeout"]) == (1, 33)
    assert options["threads"] == 7 + 5 + SPARE_THREADS


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
