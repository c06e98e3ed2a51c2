"""More clients at once than can be answered: some are, the others are told when to come back, at once."""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from tests.web.served import SLOW
from tests.web.test_server import Served

CROWD = 500
# The server answers 4 at a time, 16 wait, and each answer takes 1.5 s.
PATIENCE_S = 60.0
RECOVERY_S = 5.0
# Under such a rush; a queue without end would have them wait for 15 s.
AT_ONCE_S = 4.0
# Five hundred connections, their threads and their replies; measured: about 10 MiB.
GROWTH_MIB = 100


@dataclass
class Rush:
    """What came of a crowd's questions."""

    statuses: Counter[int | str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    told_when: int = 0
    refused_after_s: list[float] = field(default_factory=list)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    server = Served(tmp_path_factory.mktemp("crowd") / "data", "crowded")
    try:
        server.wait_until_up()
        yield server
        status, _, err = server.finish()
        assert status == 0
        assert "Traceback" not in err
    finally:
        server.process.kill()
        server.process.communicate()


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_crowd_is_answered_or_told_when_to_come_back(served: Served, accept: str) -> None:
    before = memory_mib(served)
    found = rush(served, accept)
    grown = memory_mib(served) - before

    assert set(found.statuses) == {200, 503}
    assert found.statuses.total() == CROWD
    assert found.codes == {"overloaded": found.statuses[503]}
    assert found.told_when == found.statuses[503]
    assert found.statuses[503] > CROWD / 2
    assert statistics.median(found.refused_after_s) < AT_ONCE_S
    assert grown < GROWTH_MIB
    began = time.monotonic()
    while ask(served, "图书馆夜间到馆有多少人？", accept)[0] != 200:
        time.sleep(0.05)
    assert time.monotonic() - began < RECOVERY_S


def rush(served: Served, accept: str) -> Rush:
    """Everybody at the same moment, with one slow question each."""
    found, gate = Rush(), threading.Barrier(CROWD)

    def one() -> None:
        gate.wait()
        began = time.monotonic()
        status, told_when, code = ask(served, SLOW, accept)
        found.statuses[status] += 1
        found.told_when += told_when
        if code:
            found.codes[code] += 1
            found.refused_after_s.append(time.monotonic() - began)

    threads = [threading.Thread(target=one) for _ in range(CROWD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def ask(served: Served, question: str, accept: str) -> tuple[int | str, bool, str]:
    """Status of a question, whether it says when to come back, and the code of a problem."""
    connection = HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE_S)
    try:
        headers = {"Content-Type": "application/json", "Accept": accept}
        connection.request("POST", "/api/answer", json.dumps({"question": question}).encode(), headers)
        response = connection.getresponse()
        body = response.read()
        problem = response.getheader("Content-Type") == "application/problem+json"
        code = json.loads(body)["code"] if problem else ""
        return response.status, response.getheader("Retry-After") is not None, code
    except (OSError, HTTPException) as error:
        return type(error).__name__, False, ""
    finally:
        connection.close()


def memory_mib(served: Served) -> float:
    """Resident memory of the server's processes."""
    pids = [served.process.pid, *children_of(served.process.pid)]
    statuses = [Path(f"/proc/{pid}/status").read_text(encoding="utf-8") for pid in pids]
    lines = [line for status in statuses for line in status.splitlines() if line.startswith("VmRSS")]
    return sum(int(line.split()[1]) for line in lines) / 1024


def children_of(pid: int) -> list[int]:
    """Processes that a process has started."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
    return [int(child) for child in text.split()]
