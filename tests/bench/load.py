"""How the service bears a crowd: `python -m tests.bench.load [--seconds 60] [--clients 16]`.

Starts `wenbao serve` over an index of `seeds/`, asks its questions from many clients for a while, once with
nothing else going on and once with builds going on all the time, and then from 500 clients at once. Reported
are p50 and p99 in milliseconds, statuses, memory, and how soon the service answers again. Run it on an idle
machine; the two runs are compared with each other, not with those of another day.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from qa.keys import Scope, new_key

ROOT = Path(__file__).parents[2]
QUESTIONS = ROOT / "seeds/questions.jsonl"
CROWD = 500
PATIENCE_S = 120.0
TOKEN, KEY = new_key("bench", Scope.ADMIN)


@dataclass
class Tally:
    """What came of the questions: statuses, and milliseconds of those that were answered."""

    statuses: Counter[int | str] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    retry_after: int = 0

    def note(self, status: int | str, ms: float, *, retry_after: bool) -> None:
        """Note one question; appending is atomic, so threads may share a tally."""
        self.statuses[status] += 1
        self.retry_after += retry_after
        if status == http.HTTPStatus.OK:
            self.milliseconds.append(ms)

    def line(self) -> str:
        """The tally in one line."""
        if not self.milliseconds:
            return f"{dict(self.statuses)}"
        cuts = statistics.quantiles(self.milliseconds, n=100)
        return (
            f"{len(self.milliseconds)} answers, p50 {cuts[49]:.0f} ms, p90 {cuts[89]:.0f},"
            f" p99 {cuts[98]:.0f}, longest {max(self.milliseconds):.0f}; statuses {dict(self.statuses)}"
        )


class Server:
    """`wenbao serve` as a process of its own, over a data folder."""

    def __init__(self, data: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        command = [sys.executable, "-c", "from qa.cli import main; main()", "serve"]
        command += ["--data", str(data), "--port", str(self.port)]
        env = {**os.environ, "WENBAO_API_KEYS": KEY.entry()}
        self._process = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL, cwd=ROOT)
        until = time.monotonic() + PATIENCE_S
        while not self.answers("/readyz"):
            if time.monotonic() > until:
                raise SystemExit("the server did not come up")
            time.sleep(0.2)

    def answers(self, path: str) -> bool:
        """Whether a request is answered well."""
        try:
            return self.ask("GET", path, None)[0] == http.HTTPStatus.OK
        except OSError:
            return False

    def ask(self, method: str, path: str, body: object, wait_s: float = 60.0) -> tuple[int, bool]:
        """Status of a request, and whether it says when to come back."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=wait_s)
        try:
            headers = {"Content-Type": "application/json"}
            if path.startswith("/api/builds"):
                headers["Authorization"] = f"Bearer {TOKEN}"
            sent = None if body is None else json.dumps(body).encode()
            connection.request(method, path, sent, headers)
            response = connection.getresponse()
            response.read()
            return response.status, response.getheader("Retry-After") is not None
        finally:
            connection.close()

    @property
    def memory_mib(self) -> float:
        """Resident memory of the worker."""
        command = ["ps", "-o", "rss=", "--ppid", str(self._process.pid)]
        children = subprocess.run(command, capture_output=True, text=True, check=False)
        return max((int(rss) for rss in children.stdout.split()), default=0) / 1024

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(60)


def ask_all_the_time(server: Server, questions: list[str], tally: Tally, until: float, first: int) -> None:
    """One client: a question after the other, each once it has the answer to the last."""
    place = first
    while time.monotonic() < until:
        question = questions[place % len(questions)]
        place += 7
        ask_once(server, question, tally)


def ask_once(server: Server, question: str, tally: Tally) -> None:
    """Ask, and note what came of it."""
    began = time.perf_counter()
    try:
        status: int | str
        status, retry_after = server.ask("POST", "/api/answer", {"question": question})
    except OSError as error:
        status, retry_after = type(error).__name__, False
    except http.client.HTTPException as error:
        status, retry_after = type(error).__name__, False
    tally.note(status, (time.perf_counter() - began) * 1000, retry_after=retry_after)


def crowd(server: Server, questions: list[str], clients: int, seconds: float) -> Tally:
    """The tally of so many clients for a while."""
    tally, until = Tally(), time.monotonic() + seconds
    threads = [
        threading.Thread(target=ask_all_the_time, args=(server, questions, tally, until, 3 * n))
        for n in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally


@contextmanager
def building(server: Server, data: Path) -> Iterator[list[int]]:
    """Builds that follow one another, each with pages that have changed; how many there were."""
    over, done = threading.Event(), [0]
    source = sorted((ROOT / "seeds").glob("*/*/*.txt"))

    def build() -> None:
        while not over.is_set():
            folder = data / "papers" / "基准日报" / "2026-11-01"
            folder.mkdir(parents=True, exist_ok=True)
            for page in source:
                text = page.read_text(encoding="utf-8").replace("日电", f"日电{done[0]}")
                (folder / f"{page.parent.name[-2:]}{page.name}").write_text(
                    f"{text}\n第{done[0]}次更新。\n", encoding="utf-8"
                )
            server.ask("POST", "/api/builds", {})
            while not over.is_set() and not finished(data):
                time.sleep(0.2)
            done[0] += 1

    thread = threading.Thread(target=build)
    thread.start()
    yield done
    over.set()
    thread.join()


def finished(data: Path) -> bool:
    """Whether the newest build is over."""
    newest = max((data / "jobs").glob("*/job.json"), default=None)
    return newest is not None and json.loads(newest.read_text())["state"] in ("done", "failed")


def rush(server: Server, questions: list[str]) -> Tally:
    """So many clients at the same moment, each with one question."""
    tally, gate = Tally(), threading.Barrier(CROWD)

    def ask(place: int) -> None:
        gate.wait()
        ask_once(server, questions[place % len(questions)], tally)

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(CROWD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally


def recovery_s(server: Server, question: str) -> float:
    """Seconds until a question is answered again."""
    began = time.perf_counter()
    while server.ask("POST", "/api/answer", {"question": question})[0] != http.HTTPStatus.OK:
        time.sleep(0.05)
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=16)
    given = parser.parse_args()
    questions = [json.loads(line)["question"] for line in QUESTIONS.read_text("utf-8").splitlines()]
    data = Path(tempfile.mkdtemp(prefix="wenbao-load-"))
    command = [sys.executable, "-c", "from qa.cli import main; main()", "build", "seeds", "--data", str(data)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    server = Server(data)
    try:
        crowd(server, questions, given.clients, 3)
        print(f"{given.clients} clients, {given.seconds:.0f} s")
        print(f"  alone:         {crowd(server, questions, given.clients, given.seconds).line()}")
        with building(server, data) as done:
            line = crowd(server, questions, given.clients, given.seconds).line()
        print(f"  while building: {line}; {done[0]} builds")
        before = server.memory_mib
        print(f"{CROWD} clients at once: {(tally := rush(server, questions)).line()}")
        print(f"  {tally.retry_after} told when to come back")
        print(f"  memory of the worker {before:.0f} -> {server.memory_mib:.0f} MiB")
        print(f"  answers again after {recovery_s(server, questions[0]):.2f} s")
    finally:
        server.stop()
        shutil.rmtree(data, ignore_errors=True)


if __name__ == "__main__":
    main()
