"""Asking from the shell while a server runs: it answers, and nobody could tell from what is printed."""

from __future__ import annotations

import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from embeddings.records import Filters
from embeddings.settings import Settings
from qa.cli import nearest
from qa.running import ServerGone, _error_of, can_carry, find_server
from qa.server_note import (
    NOTE,
    ServerNote,
    new_note,
    read_note,
    remove_note,
    settings_digest,
    write_note,
)
from tests.qa.conftest import Ran, Run

ROOT = Path(__file__).parents[2]
START_S = 60.0
BRIDGE = "清岸新桥总投资多少元"


@contextmanager
def server_over(data: Path) -> Iterator[subprocess.Popen[str]]:
    """`wenbao serve` in a process of its own, over the data folder that the environment names."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.qa.served", str(port)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "http_proxy": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"},
    )
    try:
        deadline = time.monotonic() + START_S
        while find_server(data) is None:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def data(run: Run, pages: Path, tmp_path: Path) -> Path:
    """The data folder of the commands, with an index in it."""
    run("build", str(pages))
    return tmp_path / "data"


@pytest.fixture
def only_server(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes every question fail that the server does not answer."""

    def fail(_settings: Settings) -> object:
        pytest.fail("asked in this process although a server runs")

    return lambda: monkeypatch.setattr(nearest, "make_service", fail)


def told(ran: Ran) -> tuple[int, object, str]:
    """All of what a command left that is not new every time it is asked."""
    try:
        documents = [json.loads(line) for line in ran.out.splitlines()]
    except ValueError:
        return ran.status, ran.out, ran.err
    for document in documents:
        if isinstance(document, dict):
            for name in ("id", "timings_ms"):
                document.pop(name, None)
    return ran.status, documents, ran.err


ASKED_OF_THE_SERVER = [
    ("ask", BRIDGE),
    ("ask", BRIDGE, "--json"),
    ("ask", "谁当上了市长", "--json"),
    ("ask", "谁当上了市长"),
    ("ask", BRIDGE, "--from", "2026-03-02", "--to", "2026-03-02", "--page", "01", "--json"),
    ("ask", BRIDGE, "--paper", "没有的报", "--json"),
    ("ask", "", "--json"),
    ("ask", "？！"),
    ("ask", "问" * 2000, "--json"),
    ("ask", BRIDGE, "--mode", "generative", "--json"),
    ("ask", BRIDGE, "--mode", "generative"),
    ("search", "社区食堂"),
    ("search", "社区食堂", "-k", "1", "--json"),
    ("search", "社区食堂", "-k", "100", "--paper", "清岸日报", "--json"),
    ("search", "。"),
]
ASKED_HERE = [
    ("search", "食堂", "-k", "0", "--json"),
    ("search", "食堂", "-k", "101"),
    ("ask", BRIDGE, "--paper", "", "--json"),
    ("ask", BRIDGE, "--page", "版" * 101, "--json"),
    ("ask", BRIDGE, "--from", "2026-03-03", "--to", "2026-03-02", "--json"),
    ("ask", "食堂\udce9几时开张", "--json"),
]


def test_server_is_asked_and_everything_printed_is_the_same(
    run: Run, data: Path, only_server: Callable[[], None], tmp_path: Path
) -> None:
    batch = tmp_path / "batch.jsonl"
    batch.write_text('{"query": "新桥"}\n{broken\n{"question": ""}\n{"query": 7}\n', encoding="utf-8")
    batches = [("search", "--batch", str(batch)), ("ask", "--batch", str(batch))]
    alone = {arguments: told(run(*arguments)) for arguments in [*ASKED_OF_THE_SERVER, *ASKED_HERE, *batches]}
    with server_over(data):
        for arguments in [*ASKED_HERE, *batches]:
            assert told(run(*arguments)) == alone[arguments]
        only_server()
        for arguments in ASKED_OF_THE_SERVER:
            assert told(run(*arguments)) == alone[arguments]
        status = run("status", "--json").document["server"]
        note = read_note(data)
        assert note is not None
        assert (status["pid"], status["url"], status["snapshot"]) == (note.pid, note.url, 1)
        assert f"(进程 {note.pid}," in run("status").out


def test_server_swaps_while_it_is_asked_and_status_says_to_what(run: Run, data: Path, pages: Path) -> None:
    with server_over(data):
        (pages / "2026-03-02" / "02.txt").write_text(
            "旧仓库改成图书馆\n\n旧仓库下月开放。\n", encoding="utf-8"
        )
        assert run("build", str(pages), "--json").document["snapshot"] == 2
        deadline = time.monotonic() + START_S
        while run("status", "--json").document["server"]["snapshot"] != 2:
            assert time.monotonic() < deadline
        assert run("ask", BRIDGE, "--json").document["snapshot"] == 2


def test_server_stops_when_told_and_its_note_goes(run: Run, data: Path) -> None:
    with server_over(data) as process:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=START_S)
    assert process.returncode == 0
    assert not (data / NOTE).exists()
    assert run("status", "--json").document["server"] is None


def test_question_is_answered_here_after_the_server_was_killed(run: Run, data: Path) -> None:
    with server_over(data) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert (data / NOTE).exists()
    assert run("ask", BRIDGE, "--json").document["answered"] in (True, False)
    assert "服务没有运行" in run("status").out


@pytest.mark.parametrize(
    "setting",
    [("MIN_CONFIDENCE", "0.9"), ("MODEL", "other"), ("QUERY_PROMPT", "?"), ("MAX_QUESTION_CHARS", "50")],
)
def test_server_with_other_settings_is_not_asked(
    setting: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = settings_digest(Settings())
    monkeypatch.setenv(f"WENBAO_{setting[0]}", setting[1])
    assert settings_digest(Settings()) != before


@pytest.mark.parametrize(
    "setting", [("PORT", "1"), ("DATA", "x"), ("THREADS", "2"), ("REQUEST_TIMEOUT_S", "9")]
)
def test_settings_that_change_no_answer_keep_no_server_away(
    setting: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = settings_digest(Settings())
    monkeypatch.setenv(f"WENBAO_{setting[0]}", setting[1])
    assert settings_digest(Settings()) == before


class Impostor(http.server.BaseHTTPRequestHandler):
    """Answers `/readyz` and everything else with what it was told."""

    def __init__(self, ready: Any, rest: tuple[int, bytes], *arguments: Any) -> None:
        self._replies = {"/readyz": (200, json.dumps(ready).encode())}
        self._rest = rest
        super().__init__(*arguments)

    def do_GET(self) -> None:
        self._reply()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._reply()

    def _reply(self) -> None:
        status, body = self._replies.get(self.path, self._rest)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def impostor(data: Path, ready: Any, rest: tuple[int, bytes]) -> Iterator[ServerNote]:
    """Somebody at the address that the note in the data folder gives."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Impostor, ready, rest)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        note = new_note(os.getpid(), f"http://127.0.0.1:{server.server_port}/", "drawn", Settings())
        write_note(data, note)
        try:
            yield note
        finally:
            server.shutdown()
            thread.join()


READY = {"status": "ready", "snapshot": 1, "instance": "drawn"}


@pytest.mark.parametrize(
    ("ready", "rest"),
    [
        ({**READY, "instance": "another"}, (200, b"{}")),
        ([], (200, b"{}")),
        ("ready", (200, b"{}")),
        (READY, (200, b"[1]")),
        (READY, (200, b"<html>")),
        (READY, (200, b"\xff")),
        (READY, (200, b"[" * 100_000)),
        (READY, (302, b"{}")),
        (READY, (404, b'{"code": "not_found", "detail": "x", "hint": ""}')),
        (READY, (413, b'{"code": "too_large", "detail": "x", "hint": ""}')),
        (READY, (500, b'{"code": "internal", "detail": "x", "hint": ""}')),
        (READY, (400, b'{"code": 7, "detail": [], "hint": null}')),
    ],
)
def test_whoever_answers_not_as_the_server_of_this_folder_is_not_believed(
    run: Run, data: Path, ready: Any, rest: tuple[int, bytes]
) -> None:
    alone = told(run("search", "食堂", "--json"))
    with impostor(data, ready, rest):
        assert told(run("search", "食堂", "--json")) == alone


def test_server_that_has_nothing_to_serve_is_not_asked_but_shown(run: Run, data: Path) -> None:
    with impostor(data, {"status": 503, "code": "index_mismatch", "instance": "drawn"}, (200, b"{}")) as note:
        assert "hits" in run("search", "食堂", "--json").document
        assert f"服务 {note.url}" in (shown := run("status").out)
        assert "没有可用的快照" in shown


def test_server_that_stays_with_an_older_snapshot_says_why(run: Run, data: Path) -> None:
    degraded = {"snapshot": 2, "code": "index_mismatch", "detail": "索引由另一个模型建成。"}
    with impostor(data, {**READY, "degraded": degraded}, (200, b"{}")):
        assert run("status", "--json").document["server"]["degraded"] == degraded
        assert "正在用快照 1;快照 2 不能使用(索引由另一个模型建成)" in run("status").out


def test_server_of_another_version_is_not_asked(run: Run, data: Path) -> None:
    with impostor(data, READY, (200, b'{"hits": "of the impostor"}')) as note:
        assert run("search", "食堂", "--json").document == {"hits": "of the impostor"}
        write_note(data, replace(note, version="0.0.0"))
        assert run("search", "食堂", "--json").document["hits"][0]["title"] == "老街食堂月底开张"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{",
        '{"pid": 1}',
        "[" * 100_000,
        "\x00",
        json.dumps({"pid": "1", "url": "", "started": "", "version": "", "instance": "", "settings": ""}),
        json.dumps({"pid": 1, "url": 5, "started": "", "version": "", "instance": "", "settings": ""}),
    ],
)
def test_note_that_is_none_is_passed_over(tmp_path: Path, text: str) -> None:
    (tmp_path / NOTE).write_text(text, encoding="utf-8")
    assert read_note(tmp_path) is None
    assert find_server(tmp_path) is None


@pytest.mark.parametrize(
    "url", ["", "http://", "http://[", "http://127.0.0.1:99999/", "http://127.0.0.1:1/", "ftp://x"]
)
def test_note_with_an_address_of_nobody_finds_nobody(tmp_path: Path, url: str) -> None:
    write_note(tmp_path, replace(new_note(1, "", "drawn", Settings()), url=url))
    assert find_server(tmp_path) is None


def test_note_is_taken_back_only_by_who_left_it(tmp_path: Path) -> None:
    note = new_note(1, "http://127.0.0.1:1/", "drawn", Settings())
    write_note(tmp_path, note)
    remove_note(tmp_path, "another")
    assert read_note(tmp_path) == note
    remove_note(tmp_path, "drawn")
    assert list(tmp_path.iterdir()) == []
    remove_note(tmp_path, "drawn")


@pytest.mark.parametrize(
    ("text", "filters", "carried"),
    [
        ("桥", Filters(), True),
        ("\U00020000 \x00", Filters(page="A1"), True),
        ("\udc80", Filters(), False),
        ("桥", Filters(paper="\udc80"), False),
        (7, Filters(), False),
    ],
)
def test_text_that_json_cannot_hold_is_not_carried(text: object, filters: Filters, *, carried: bool) -> None:
    assert can_carry(text, filters) is carried


@pytest.mark.parametrize("code", ["key_needed", "unknown_key", "overloaded", "too_many", "unknown_host"])
def test_server_that_does_not_let_us_in_is_done_without(code: str) -> None:
    problem = {"detail": "x", "hint": "y", "code": code}
    assert isinstance(_error_of(401, problem), ServerGone)
    assert not isinstance(_error_of(400, {**problem, "code": "bad_question"}), ServerGone)


def test_settings_of_access_and_logs_do_not_keep_a_server_apart(settings: Settings) -> None:
    other = settings.model_copy(update={"queue": 5, "public": True, "log_format": "json", "chat_days": 1})
    assert settings_digest(other) == settings_digest(settings)
    assert settings_digest(settings.model_copy(update={"min_confidence": 0.9})) != settings_digest(settings)
