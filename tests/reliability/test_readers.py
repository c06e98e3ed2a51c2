"""Readers keep asking a real server while another process builds: no failure, no answer of two snapshots."""

from __future__ import annotations

import http.client
import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from embeddings.settings import Settings
from tests.embeddings.archive import Archive
from tests.fakes import record
from tests.reliability.forge import ROOT, Forge, Job

BUILDS = 30
READERS = 4
REQUESTS_PER_S = 20
ARTICLES = 24
START_S = 30
# Far above what is measured, and far below what a request that waits for a build would take under load.
P99_MAX_S = 5.0
_VERSION = re.compile(r"第(\d+)版")
PLACES = "渡口 码头 早市 老巷 面馆 桥头".split()


def write_version(archive: Archive, version: int) -> None:
    """Every article in every file says its version in each of its sentences."""
    for place in PLACES:
        lines = [
            record(
                f"{place}{n}",
                f"{place}的{n}号船票今天{n * 7 + 3}元，这是第{version}版。"
                f"{place}换了{n}盏灯，也是第{version}版。",
                f"{place}船票第{version}版",
            )
            for n in range(ARTICLES // len(PLACES))
        ]
        archive.write(f"{place}.jsonl", *lines)


@dataclass
class Seen:
    """What the readers got."""

    seconds: list[float] = field(default_factory=list)
    snapshots: set[int] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)
    citations: int = 0

    def take(self, path: str, status: int, body: str, seconds: float) -> None:
        self.seconds.append(seconds)
        if status != 200:
            self.failures.append(f"{path}: {status} {body[:300]}")
            return
        reply = json.loads(body)
        self.snapshots.add(reply["snapshot"])
        versions = set(map(int, _VERSION.findall(body)))
        # Snapshots count from 1 as the versions do, and each build publishes one.
        if versions != {reply["snapshot"]}:
            self.failures.append(f"{path}: snapshot {reply['snapshot']} shows versions {versions}")
        for citation in reply.get("citations", ()):
            self.check(citation)

    def check(self, citation: dict[str, Any]) -> None:
        self.citations += 1
        start = citation["quote_start"] - citation["passage_start"]
        if citation["passage"][start : start + len(citation["quote"])] != citation["quote"]:
            self.failures.append(f"a quote that is not in its passage: {citation['quote']}")


class Reader(threading.Thread):
    """Asks one question after the other on a connection of its own."""

    def __init__(self, port: int, number: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.seen = Seen()
        self._port, self._number, self._stopped = port, number, stop

    def run(self) -> None:
        count, started = self._number, time.monotonic()
        while not self._stopped.is_set():
            place = PLACES[count % len(PLACES)]
            question = f"{place}的{count % 4}号船票多少元？"
            path, body = (
                ("/api/answer", {"question": question})
                if count % 2
                else ("/api/search", {"query": question, "k": 8})
            )
            try:
                self._ask(path, body)
            except (OSError, http.client.HTTPException) as error:
                self.seen.failures.append(f"{path}: {error!r}")
            count += READERS + 1
            due = started + len(self.seen.seconds) * READERS / REQUESTS_PER_S
            self._stopped.wait(max(0.0, due - time.monotonic()))

    def _ask(self, path: str, body: object) -> None:
        started = time.monotonic()
        status, text = request(self._port, "POST", path, body)
        self.seen.take(path, status, text, time.monotonic() - started)


def request(port: int, method: str, path: str, body: object = None) -> tuple[int, str]:
    """Status and text of a reply."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_S)
    try:
        payload = None if body is None else json.dumps(body).encode()
        connection.request(method, path, payload, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


@pytest.fixture
def archive(settings: Settings, quick_folder: Path) -> Archive:
    archive = Archive(settings.model_copy(update={"data": quick_folder / "data"}), quick_folder / "inbox")
    write_version(archive, 1)
    assert archive.build().snapshot == 1
    return archive


@pytest.fixture
def port(archive: Archive, tmp_path: Path) -> Iterator[int]:
    """Where a real server answers from the archive."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = int(free.getsockname()[1])
    places = (str(archive.data), str(archive.settings.cache))
    command = [sys.executable, "-m", "tests.reliability.served", str(number), *places]
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    try:
        _wait_until_up(number)
        yield number
    finally:
        process.terminate()
        assert process.wait(START_S) == 0


def _wait_until_up(port: int) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            if request(port, "GET", "/readyz")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    pytest.fail("the server did not come up")


def test_readers_during_thirty_builds_meet_no_failure_and_no_mixture(
    archive: Archive, port: int, forge: Forge, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stop = threading.Event()
    readers = [Reader(port, number, stop) for number in range(READERS)]
    for reader in readers:
        reader.start()
    started = time.monotonic()
    places = (str(archive.data), str(archive.settings.cache), str(archive.inbox), str(tmp_path / "log"))
    for version in range(2, BUILDS + 2):
        write_version(archive, version)
        assert forge.run(Job("build", *places, pause_s=0.004)) == 0
    _wait_for_snapshot(port, BUILDS + 1)
    time.sleep(0.3)
    stop.set()
    for reader in readers:
        reader.join(START_S)
    took = time.monotonic() - started
    seconds = sorted(s for reader in readers for s in reader.seen.seconds)
    p50, p99 = seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.99)]
    with capsys.disabled():
        print(
            f"\n{len(seconds)} requests in {took:.1f} s during {BUILDS} builds: "
            f"p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, longest {seconds[-1] * 1000:.0f} ms"
        )
    assert [failure for reader in readers for failure in reader.seen.failures] == []
    snapshots = set().union(*(reader.seen.snapshots for reader in readers))
    assert {BUILDS + 1} < snapshots <= set(range(1, BUILDS + 2))
    assert len(snapshots) >= BUILDS // 3
    assert sum(reader.seen.citations for reader in readers) >= len(seconds) // 4
    assert p99 < P99_MAX_S


def _wait_for_snapshot(port: int, number: int) -> None:
    deadline = time.monotonic() + START_S
    while f'"snapshot": {number}' not in _readiness(port):
        assert time.monotonic() < deadline, _readiness(port)
        time.sleep(0.05)


def _readiness(port: int) -> str:
    return json.dumps(json.loads(request(port, "GET", "/readyz")[1]))
