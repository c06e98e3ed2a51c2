"""Questions by the size of the archive: `python -m tests.bench.queries --sizes 1000 10000 175000`.

For each size, milliseconds (p50, p99) and requests a second: of `Service.search` in process, and of
`/api/search` and `/api/answer` over HTTP with some clients at once. The server and the load are processes
of their own. Archives are made of real sentences with vectors that cost nothing (`tests.bench.archives`),
once, and kept; questions are embedded by the model that the settings name. One JSON object a size, then a
table with the exponent b of size ** b by least squares for every p50. `--plot FILE` draws it.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import itertools
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.build import build
from embeddings.encoder import Encoder, find_encoder
from embeddings.settings import Settings, load_settings
from qa.evaluation import read_questions
from qa.service import Service
from qa.spans import SpanReader
from tests.bench.archives import DIMENSION, RecalledEncoder, write_archive

QUESTIONS = 300
WARM_UP = 20
READY_S = 600.0
PATHS = {"search": ("/api/search", "query"), "answer": ("/api/answer", "question")}

Figures = dict[str, float]


class StandIn(RecalledEncoder):
    """Builds an index that the real model's questions may be asked of."""

    def __init__(self, like: Encoder) -> None:
        super().__init__()
        if like.dimension != DIMENSION:
            raise SystemExit(f"the model's vectors have {like.dimension} places, not {DIMENSION}")
        self.name, self.fingerprint = like.name, like.fingerprint


@dataclass(frozen=True, slots=True)
class Load:
    """Clients that ask one after the other for some seconds; each sends its next when it has its answer."""

    port: int
    kind: str
    clients: int
    seconds: float

    def run(self, questions: Sequence[str]) -> Figures:
        """Times of all requests; a failed one ends the run."""
        times_ms: list[float] = []
        failures: list[str] = []
        started = time.perf_counter()
        threads = [
            threading.Thread(
                target=self._ask, args=(questions[n::3] or questions, started, times_ms, failures)
            )
            for n in range(self.clients)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise SystemExit(failures[0])
        return {**_percentiles(times_ms), "rps": round(len(times_ms) / (time.perf_counter() - started), 1)}

    def _ask(
        self, questions: Sequence[str], started: float, times_ms: list[float], failures: list[str]
    ) -> None:
        path, field = PATHS[self.kind]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        for question in itertools.cycle(questions):
            before = time.perf_counter()
            if before - started > self.seconds or failures:
                return
            connection.request(
                "POST", path, json.dumps({field: question}), {"Content-Type": "application/json"}
            )
            response = connection.getresponse()
            body = response.read()
            if response.status != http.HTTPStatus.OK:
                failures.append(f"{response.status}: {body[:200]!r}")
            times_ms.append((time.perf_counter() - before) * 1000)


def main() -> None:
    """Measure every size, then fit and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="*", type=int, default=[1000, 10_000, 175_000])
    parser.add_argument("--clients", nargs="*", type=int, default=[1, 16])
    parser.add_argument("--seconds", type=float, default=10.0, help="of every load")
    parser.add_argument("--kept", type=Path, default=Path(".cache/bench"), help="where archives are kept")
    parser.add_argument("--plot", type=Path, help="an image file to draw the growth in")
    parser.add_argument("--load", nargs=3, metavar=("PORT", "KIND", "CLIENTS"), help="(used by itself)")
    given = parser.parse_args()
    questions = _questions()
    if given.load:
        port, kind, clients = given.load
        print(json.dumps(Load(int(port), kind, int(clients), given.seconds).run(questions)))
        return
    rows = []
    for size in given.sizes:
        rows.append(_measure(given, size, questions))
        print(json.dumps(rows[-1]), flush=True)
    series = _series(rows)
    print(_table(rows, series))
    if given.plot:
        _draw(given.plot, [row["passages"] for row in rows], series)


def _questions() -> list[str]:
    shared = Path(os.environ.get("SHARED", "../shared")) / "data" / "crud-news.questions.jsonl.gz"
    path = shared if shared.exists() else Path("seeds/questions.jsonl")
    return [gold.question for gold in read_questions(path)][:QUESTIONS]


def _measure(given: argparse.Namespace, size: int, questions: Sequence[str]) -> dict[str, Any]:
    settings = load_settings(data=given.kept / f"queries-{size}")
    encoder = find_encoder(settings)
    _build_once(settings, size, encoder)
    found: dict[str, Any] = _in_process(Service(settings, encoder, SpanReader(settings.cache)), questions)
    with _served(settings) as port:
        for kind in PATHS:
            for clients in given.clients:
                found[f"{kind}_{clients}"] = _loaded(port, kind, clients, given.seconds)
    return found


def _build_once(settings: Settings, size: int, encoder: Encoder) -> None:
    if (settings.data / "CURRENT").exists():
        return
    inbox = settings.data.with_name(f"{settings.data.name}-inbox")
    shared = Path(os.environ.get("SHARED", "../shared")) / "data"
    write_archive(inbox, size, shared)
    build([inbox], settings, StandIn(encoder))
    shutil.rmtree(inbox)


def _in_process(service: Service, questions: Sequence[str]) -> dict[str, Any]:
    service.warm()
    for question in questions[:WARM_UP]:
        service.search(question)
    timings = [service.search(question).timings_ms for question in questions]
    stages = {f"in_process_{stage}": _percentiles([t[stage] for t in timings]) for stage in timings[0]}
    return {"passages": service.status().passages, **stages}


def _percentiles(times_ms: Sequence[float]) -> Figures:
    cuts = statistics.quantiles(times_ms, n=100, method="inclusive")
    return {"p50_ms": round(cuts[49], 2), "p99_ms": round(cuts[98], 2)}


@contextlib.contextmanager
def _served(settings: Settings) -> Iterator[int]:
    """A server in a process of its own, on a free port, ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [str(Path(sys.executable).with_name("wenbao")), "serve", "--data", str(settings.data)]
    server = subprocess.Popen(
        [*command, "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_until_ready(server, port)
        yield port
    finally:
        server.terminate()
        server.wait(60)


def _wait_until_ready(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + READY_S
    while not _is_ready(port):
        if server.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("the server does not start")
        time.sleep(0.1)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def _loaded(port: int, kind: str, clients: int, seconds: float) -> Figures:
    """One load, from a process of its own; a short one before it warms the server."""
    for run_s in (1.0, seconds):
        command = [sys.executable, "-m", "tests.bench.queries", "--seconds", str(run_s)]
        load = ["--load", str(port), kind, str(clients)]
        done = subprocess.run([*command, *load], check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def _series(rows: Sequence[dict[str, Any]]) -> dict[str, list[float]]:
    """p50 by what was measured, one value a size."""
    names = [name for name, value in rows[0].items() if isinstance(value, dict)]
    return {name: [row[name]["p50_ms"] for row in rows] for name in names}


def _table(rows: Sequence[dict[str, Any]], series: dict[str, list[float]]) -> str:
    sizes = [row["passages"] for row in rows]
    lines = [f"{'p50 ms / p99 ms / rps':24}" + "".join(f"{size:>24,}" for size in sizes) + "  exponent"]
    for name, values in series.items():
        cells = "".join(f"{' / '.join(str(v) for v in row[name].values()):>24}" for row in rows)
        lines.append(f"{name:24}{cells}  {_exponent(sizes, values)}")
    return "\n".join(lines)


def _exponent(sizes: Sequence[int], values: Sequence[float]) -> str:
    if len(sizes) < 2:
        return "-"
    return f"{np.polyfit(np.log(sizes), np.log(values), 1)[0]:.2f}"


def _draw(path: Path, sizes: Sequence[int], series: dict[str, list[float]]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 5))
    for name, values in series.items():
        axes.plot(sizes, values, marker="o", label=f"{name}  b = {_exponent(sizes, values)}")
    axes.set(xscale="log", yscale="log", xlabel="passages", ylabel="p50, ms", title="Query time by size")
    axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    axes.grid(visible=True, which="major", alpha=0.4)
    figure.savefig(path, dpi=120, bbox_inches="tight")


if __name__ == "__main__":
    main()
