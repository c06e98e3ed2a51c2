"""Clients that take their time, over the real gunicorn: they get what is theirs and hold up nobody else.

Most tests ask something ordinary while more slow clients than the server has threads are at it.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPResponse, parse_headers
from io import BytesIO
from pathlib import Path

import pytest

from tests.web.served import LARGE_BYTES, PATIENCE_S, SLOW, SLOW_S, THREADS
from tests.web.test_server import Served
from web.security import MAX_BODY_BYTES
from web.server import MAX_CONNECTIONS

AT_ONCE_S = 1.0
# The worker looks at its clock once a second.
TOO_LATE_S = PATIENCE_S + 2
MORE_THAN_THREADS = 2 * THREADS
TRICKLE_S = 0.1

QUESTION = b'{"question": "x"}'
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
GET_AND_CLOSE = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
GET_LARGE = b"GET /bare/large HTTP/1.1\r\nHost: localhost\r\n\r\n"
HALF_A_HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
POST = b"POST /api/answer HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
WITH_LENGTH = b"Content-Length: %d\r\n" % len(QUESTION)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
UPLOAD_BYTES = 4 * MAX_BODY_BYTES
UPLOAD = b"POST /bare/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n" % UPLOAD_BYTES
EXPECT = b"Expect: 100-continue\r\n"
END = b"\r\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    server = Served(tmp_path_factory.mktemp("slow") / "data", "impatient")
    try:
        server.wait_until_up()
        yield server
        status, _, err = server.finish()
        assert status == 0
        assert "Traceback" not in err
    finally:
        server.process.kill()
        server.process.communicate()


def test_ordinary_request_is_answered_at_once_beside_200_slow_heads(served: Served) -> None:
    with connected(served, 200) as clients, trickle(clients, HALF_A_HEAD):
        for _ in range(5):
            assert ask(served) < AT_ONCE_S


def test_head_that_does_not_end_is_refused_and_silence_is_closed(served: Served) -> None:
    with connected(served, MORE_THAN_THREADS) as silent, connected(served, MORE_THAN_THREADS) as clients:
        with trickle(clients, HALF_A_HEAD):
            assert {status_of(client) for client in clients} == {408}
        assert {client.recv(1) for client in silent} == {b""}


def test_next_request_on_a_kept_connection_must_end_too(served: Served) -> None:
    with connected(served, MORE_THAN_THREADS) as clients:
        for client in clients:
            client.sendall(GET)
            assert status_of(client) == 200
        with trickle(clients, HALF_A_HEAD):
            assert ask(served) < AT_ONCE_S
            assert {status_of(client) for client in clients} == {408}


@pytest.mark.parametrize(
    "head", [POST + WITH_LENGTH + END, POST + CHUNKED + END + b"1000\r\n"], ids=["length", "chunked"]
)
def test_body_that_does_not_end_is_refused_and_holds_no_thread(served: Served, head: bytes) -> None:
    with connected(served, MORE_THAN_THREADS) as clients:
        for client in clients:
            client.sendall(head)
        for _ in range(len(QUESTION) // 2):
            for client in clients:
                client.sendall(b" ")
        assert ask(served) < AT_ONCE_S
        assert {status_of(client) for client in clients} == {408}


def test_response_that_nobody_takes_holds_a_thread_for_so_long(served: Served) -> None:
    with connected(served, MORE_THAN_THREADS) as clients:
        for client in clients:
            client.sendall(GET_LARGE)
        assert {client.recv(12) for client in clients[:THREADS]} == {b"HTTP/1.1 200"}
        assert ask(served, within_s=2 * TOO_LATE_S) < 2 * TOO_LATE_S


def test_response_that_is_taken_slowly_arrives_whole_beside_those_that_nobody_takes(served: Served) -> None:
    with connected(served, THREADS + 1) as clients:
        *_, reader = clients
        for client in clients:
            client.sendall(GET_LARGE)
        started = time.monotonic()
        assert len(read_slowly(reader)) == LARGE_BYTES
        assert time.monotonic() - started > 1.5 * PATIENCE_S


def test_kept_and_pipelined_requests_are_answered_beside_slow_heads(served: Served) -> None:
    with connected(served, MORE_THAN_THREADS) as clients, trickle(clients, HALF_A_HEAD):
        with connected(served, 1) as (kept,):
            for _ in range(3):
                kept.sendall(GET)
                assert status_of(kept) == 200
        with connected(served, 1) as (pipelining,):
            pipelining.sendall(GET + POST + WITH_LENGTH + END + QUESTION + GET + GET[:20])
            assert [status_of(pipelining) for _ in range(3)] == [200, 200, 200]
            pipelining.sendall(GET[20:])
            assert status_of(pipelining) == 200


def test_chunked_body_ends_where_it_ends_beside_slow_heads(served: Served) -> None:
    request = POST + CHUNKED + END + b"a;x=y\r\n%b\r\n007\r\n%b\r\n0\r\nX-Sum: x\r\n\r\n"
    with connected(served, MORE_THAN_THREADS + 1) as (*clients, client), trickle(clients, HALF_A_HEAD):
        for byte in request % (QUESTION[:10], QUESTION[10:]) + GET:
            client.sendall(bytes([byte]))
        assert [status_of(client) for _ in range(2)] == [200, 200]


def test_malformed_chunk_is_the_fault_of_its_client(served: Served) -> None:
    with connected(served, MORE_THAN_THREADS) as clients:
        for client in clients:
            client.sendall(POST + CHUNKED + END + b"xyz\r\n")
            assert status_of(client) == 400
        assert ask(served) < AT_ONCE_S


def test_client_that_waits_for_a_word_gets_it_once_beside_others_that_wait_longer(served: Served) -> None:
    with connected(served, MORE_THAN_THREADS) as clients:
        for client in clients:
            client.sendall(POST + WITH_LENGTH + EXPECT + END)
        for client in clients:
            assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        asking, *others = clients
        asking.sendall(QUESTION)
        assert asking.recv(12) == b"HTTP/1.1 200"
        assert ask(served) < AT_ONCE_S
        assert {status_of(client) for client in others} == {408}


def test_body_that_is_too_long_is_refused_unread_and_the_connection_closed(served: Served) -> None:
    with connected(served, MORE_THAN_THREADS) as clients:
        for client in clients:
            client.sendall(POST + b"Content-Length: 9999999\r\n" + EXPECT + END)
        for client in clients:
            assert status_of(client) == 413
            assert client.recv(1) == b""


def test_upload_goes_on_beside_slow_heads(served: Served) -> None:
    with connected(served, MORE_THAN_THREADS + 1) as (*clients, client), trickle(clients, HALF_A_HEAD):
        client.sendall(UPLOAD + EXPECT + END)
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        for _ in range(4):
            client.sendall(bytes(UPLOAD_BYTES // 4))
            time.sleep(PATIENCE_S / 3)
        assert status_of(client) == 200
        assert client.recv(1) == b""


def test_upload_that_comes_too_slowly_holds_a_thread_for_so_long(served: Served) -> None:
    with connected(served, THREADS) as clients, trickle(clients, UPLOAD + END):
        assert ask(served, within_s=TOO_LATE_S) < TOO_LATE_S
        assert {status_of(client) for client in clients} == {400}


def test_clients_that_do_not_close_their_side_hold_up_nobody(served: Served) -> None:
    with connected(served, MORE_THAN_THREADS) as clients:
        for client in clients:
            client.sendall(GET_AND_CLOSE)
        for client in clients:
            assert status_of(client) == 200
        assert ask(served) < AT_ONCE_S


def test_connections_beyond_the_limit_take_the_place_of_the_oldest(served: Served) -> None:
    with connected(served, MAX_CONNECTIONS + 50) as clients:
        assert ask(served) < AT_ONCE_S
        assert {client.recv(1) for client in clients[:50]} == {b""}
        clients[-1].sendall(GET)
        assert status_of(clients[-1]) == 200


def test_server_that_stops_finishes_what_runs_and_waits_for_no_slow_client(tmp_path: Path) -> None:
    server = Served(tmp_path / "data", "impatient")
    try:
        server.wait_until_up()
        answers: list[tuple[int, str]] = []
        asking = threading.Thread(
            target=lambda: answers.append(server.request("POST", "/api/answer", {"question": SLOW}))
        )
        asking.start()
        time.sleep(SLOW_S / 3)
        with connected(server, MORE_THAN_THREADS) as clients, trickle(clients, HALF_A_HEAD):
            time.sleep(2 * TRICKLE_S)
            started = time.monotonic()
            status, _, err = server.finish()
            took_s = time.monotonic() - started
        asking.join()
    finally:
        server.process.kill()
        server.process.communicate()
    assert status == 0
    assert took_s < SLOW_S + TOO_LATE_S
    assert [code for code, _ in answers] == [200]
    assert "Traceback" not in err


@contextmanager
def connected(served: Served, count: int) -> Iterator[list[socket.socket]]:
    """So many connections, which take little at a time when they read at all."""
    with ExitStack() as stack:
        yield [stack.enter_context(_connection(served)) for _ in range(count)]


def _connection(served: Served) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    client.settimeout(TOO_LATE_S)
    client.connect(("127.0.0.1", served.port))
    return client


@contextmanager
def trickle(clients: list[socket.socket], start: bytes) -> Iterator[None]:
    """Send a start, then a byte now and then for ever, as long as somebody takes it."""
    for client in clients:
        client.sendall(start)
    enough = threading.Event()
    sending = threading.Thread(target=_trickle, args=(clients, enough))
    sending.start()
    try:
        yield
    finally:
        enough.set()
        sending.join()


def _trickle(clients: list[socket.socket], enough: threading.Event) -> None:
    left = list(clients)
    while not enough.wait(TRICKLE_S):
        for client in list(left):
            try:
                client.send(b"x")
            except OSError:
                left.remove(client)


def status_of(client: socket.socket) -> int:
    """The status of the next response, which is read to its end and no further."""
    head = b""
    while not head.endswith(2 * END):
        byte = client.recv(1)
        assert byte, head
        head += byte
    headers = parse_headers(BytesIO(head.partition(END)[2]))
    client.recv(int(headers["Content-Length"]), socket.MSG_WAITALL)
    return int(head.split()[1])


def read_slowly(client: socket.socket) -> bytes:
    """The body of a response, taken with pauses shorter than the server's patience."""
    response = HTTPResponse(client)
    response.begin()
    taken = bytearray()
    while piece := response.read(LARGE_BYTES // 8):
        taken += piece
        time.sleep(PATIENCE_S / 4)
    return bytes(taken)


def ask(served: Served, within_s: float = AT_ONCE_S) -> float:
    """Seconds until an ordinary request on a connection of its own was answered."""
    started = time.monotonic()
    connection = HTTPConnection("127.0.0.1", served.port, timeout=within_s)
    try:
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
    finally:
        connection.close()
    return time.monotonic() - started
