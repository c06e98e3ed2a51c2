"""A gunicorn worker that gives a thread only to a request that has arrived as a whole.

Gunicorn's threaded worker reads a request in the thread that answers it and waits as long as the client
likes, so that a few clients that send a byte now and then, or never read their answers, hold all threads for
ever. Here the one loop that watches the sockets also collects the requests: head and body must each be
complete in time, a thread reads them from memory, and what it writes must be taken. Where there is no room
for another connection, one that needs no thread is dropped for it. Only what is longer than most may send, an
upload, is read in a thread: the application refuses others before it reads.

Plain HTTP/1 only: gunicorn's own TLS, HTTP/2 and PROXY protocol are not for this worker.
"""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain, takewhile
from selectors import EVENT_READ
from typing import TYPE_CHECKING, Any, Protocol

from gunicorn import http
from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.http.unreader import IterUnreader
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

from web.security import MAX_BODY_BYTES

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MAX_HEAD_BYTES = 64 * 1024
# Longer bodies are held only as far as there is room for all of them; a question is shorter.
SMALL_BODY_BYTES = 64 * 1024
LARGE_BODIES_BYTES = 32 * 1024 * 1024
# As long as the longest line that gunicorn itself reads.
MAX_CHUNK_LINE_BYTES = 8190
RECEIVE_BYTES = 64 * 1024
# A client that takes this much within the time is slow, not gone.
SEND_BYTES = 16 * 1024
# Room for a whole page, so that who reads it slowly holds no thread. The kernel calls a socket writable
# again when about a third of this has been taken; a larger room would take slow readers for dead ones.
SEND_BUFFER_BYTES = 256 * 1024
# How long a client is given to read its last response before the connection is closed.
LINGER_S = 2.0
# A timeout of nothing would mean not to wait at all, and another error.
SHORT_S = 0.001

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
REQUEST_TIMEOUT = "408 Request Timeout"
HEAD_TOO_LARGE = "431 Request Header Fields Too Large"
NO_ROOM = "503 Service Unavailable"


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Threads for requests, one loop for clients."""

    HEAD_TIMEOUT_S = 10.0
    # Counted from the end of the head; as much again for each `MAX_BODY_BYTES` of an upload.
    BODY_TIMEOUT_S = 30.0
    # Without progress; a stream may take as long as it likes.
    WRITE_TIMEOUT_S = 30.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._heads = _Watch(self.HEAD_TIMEOUT_S)
        self._bodies = _Watch(self.BODY_TIMEOUT_S)
        self._leaving = _Watch(LINGER_S)
        # Those whose large body is held, until it has been answered.
        self._large: set[_Conn] = set()

    def accept(self, listener: Any) -> None:
        """Take up a connection, in the place of an old one if need be."""
        try:
            accepted, client = listener.accept()
            sock = _PatientSocket(accepted, self.WRITE_TIMEOUT_S)
        except OSError as error:
            # The listener stays readable: without a pause the loop would spin until a file is free.
            if error.errno in (errno.EMFILE, errno.ENFILE) and not self._drop_one():
                time.sleep(0.1)
            return
        self.nr_conns += 1
        self._make_room()
        self._await_request(_Conn(self.cfg, sock, client, listener.getsockname()), b"")

    def on_client_socket_readable(self, conn: _Conn, client: Any) -> None:
        """Collect the next request of a kept connection."""
        if conn not in self.keepalived_conns:
            return  # dropped for another since the loop saw it
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        received = conn.receive()
        if received == b"":
            self._close(conn)
        else:
            self._await_request(conn, received or b"")

    def handle_request(self, req: Any, conn: _Conn) -> Any:
        """Answer a request, which has been collected; runs in a thread."""
        # The client needs no word to go on: what it had to send is here.
        req._expected_100_continue = False  # noqa: SLF001
        if conn.incoming.cut:
            req.force_close()  # what still comes in is not a request
        elif isinstance(req.body.reader, ChunkedReader):
            # Read here, a malformed chunk is refused by gunicorn; it would be the application's failure.
            body = req.body.read()
            req.body = Body(LengthReader(IterUnreader([body]), len(body)))
        return super().handle_request(req, conn)

    def finish_request(self, conn: _Conn, fs: Any) -> None:
        """Go on with a connection whose request has been answered; runs in the loop."""
        self._let_go(conn)
        if fs.exception() or not fs.result():
            self._leave(conn)
        elif conn.rest:
            self._await_request(conn, conn.rest)
        else:
            super().finish_request(conn, fs)
        self._make_room()

    def murder_pending(self) -> None:
        """Give up on those who are late."""
        # A worker that stops waits no longer than for a kept connection.
        most_s = float("inf") if self.alive else STOP_KEEPALIVE_LINGER
        for conn in [*self._heads.overdue(most_s), *self._bodies.overdue(most_s)]:
            # Browsers open connections ahead of any request; they are told nothing.
            if conn.incoming.started and self.alive:
                self._refuse(conn, REQUEST_TIMEOUT)
            else:
                self._close(conn)
        for conn in self._leaving.overdue(most_s):
            self._close(conn)

    def _await_request(self, conn: _Conn, received: bytes) -> None:
        conn.incoming = Incoming(self.cfg, conn.client)
        conn.sock.setblocking(False)
        self._collect(conn, received)

    def _on_readable(self, conn: _Conn, _sock: Any) -> None:
        if conn.watch is None:
            return  # dropped for another since the loop saw it
        received = conn.receive()
        if received == b"":
            self._close(conn)
        elif received and conn.watch is not self._leaving:
            self._collect(conn, received)

    def _collect(self, conn: _Conn, received: bytes) -> None:
        incoming = conn.incoming
        conn.rest = incoming.take(received)
        if incoming.head_too_large:
            self._refuse(conn, HEAD_TOO_LARGE)
        elif incoming.body_bytes > SMALL_BODY_BYTES and not self._holds(conn):
            self._refuse(conn, NO_ROOM)
        elif incoming.whole:
            self._hand_over(conn)
        else:
            self._wait_on(conn)

    def _holds(self, conn: _Conn) -> bool:
        """Whether there is room for a large body among the others."""
        self._large.add(conn)
        return sum(large.incoming.body_bytes for large in self._large) <= LARGE_BODIES_BYTES

    def _let_go(self, conn: _Conn) -> None:
        """Keep no body while a connection is idle or about to be closed."""
        self._large.discard(conn)
        conn.incoming.empty()

    def _wait_on(self, conn: _Conn) -> None:
        watch = self._bodies if conn.incoming.head_ended else self._heads
        if conn.watch is watch:
            return
        self._watch(conn, watch)
        if watch is self._bodies and conn.incoming.expects_a_word:
            conn.say(CONTINUE)

    def _hand_over(self, conn: _Conn) -> None:
        self._unwatch(conn)
        conn.parser = http.get_parser(self.cfg, _source(conn, self.BODY_TIMEOUT_S), conn.client)
        conn.data_ready = True
        self.enqueue_req(conn)

    def _refuse(self, conn: _Conn, status: str) -> None:
        self._let_go(conn)
        conn.say(f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
        self._leave(conn)

    def _leave(self, conn: _Conn) -> None:
        """Close once the client has done so: closing before it has read would take its response away."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
        else:
            self._watch(conn, self._leaving)

    def _close(self, conn: _Conn) -> None:
        self._unwatch(conn)
        self._let_go(conn)
        self.nr_conns -= 1
        conn.close()

    def _watch(self, conn: _Conn, watch: _Watch) -> None:
        """Have the loop tell when something arrives, for this reason and for no other any more."""
        if conn.watch is None:
            conn.sock.setblocking(False)
            self.poller.register(conn.sock, EVENT_READ, partial(self._on_readable, conn))
        else:
            del conn.watch[conn]
        watch.add(conn)
        conn.watch = watch

    def _unwatch(self, conn: _Conn) -> None:
        if conn.watch is not None:
            self.poller.unregister(conn.sock)
            del conn.watch[conn]
            conn.watch = None

    def _make_room(self) -> None:
        """Keep a place free: at the limit gunicorn takes up no connection until one has ended by itself."""
        while self.nr_conns >= self.worker_connections and self._drop_one():
            pass

    def _drop_one(self) -> bool:
        """Close the connection that is missed least; whether there was one that needs no thread."""
        conn = self._leaving.oldest() or self._oldest_kept() or self._heads.oldest() or self._bodies.oldest()
        if conn is None:
            return False
        self._close(conn)
        return True

    def _oldest_kept(self) -> _Conn | None:
        if not self.keepalived_conns:
            return None
        conn: _Conn = self.keepalived_conns.popleft()
        self.poller.unregister(conn.sock)
        return conn


class Incoming:
    """One request while it comes in, up to its exact end."""

    def __init__(self, cfg: Any, client: Any) -> None:
        self._cfg = cfg
        self._client = client
        self._head = bytearray()
        self._body = bytearray()
        self._end: _End | None = None
        # Complete, or longer than is collected: then a body of known length goes on.
        self.whole = False
        self.cut = False
        self.goes_on = False
        self.expects_a_word = False

    @property
    def started(self) -> bool:
        """Whether anything has arrived."""
        return bool(self._head)

    @property
    def head_ended(self) -> bool:
        """Whether only the body is waited for."""
        return self._end is not None

    @property
    def head_too_large(self) -> bool:
        """Whether the head has no end where every head should."""
        return len(self._head) > MAX_HEAD_BYTES

    @property
    def body_bytes(self) -> int:
        """How much of the body has arrived."""
        return len(self._body)

    def take(self, received: bytes) -> bytes:
        """Add what has arrived; returns what comes after the request."""
        if self._end is None:
            received = self._take_head(received)
        return received if self._end is None else self._take_body(received, self._end)

    def pieces(self) -> Iterator[bytes]:
        """Yield what has been collected."""
        yield bytes(self._head)
        if self._body:
            yield bytes(self._body)

    def empty(self) -> None:
        """Forget the body."""
        self._body = bytearray()

    def _take_head(self, received: bytes) -> bytes:
        searched = max(0, len(self._head) - 3)
        self._head += received
        end = self._head.find(b"\r\n\r\n", searched)
        if end < 0:
            return b""
        after = bytes(self._head[end + 4 :])
        del self._head[end + 4 :]
        self._end = self._read_head()
        return after

    def _read_head(self) -> _End:
        """Find where the body ends: what gunicorn says, so that nobody slips a request past it."""
        try:
            request = next(http.get_parser(self._cfg, [bytes(self._head)], self._client))
        except Exception:  # noqa: BLE001 - raised again in a thread, where it is refused; the loop must go on
            return _Length(0)
        self.expects_a_word = request._expected_100_continue  # noqa: SLF001
        if not isinstance(request.body.reader, LengthReader):
            return _Chunks()
        self.goes_on = self.cut = request.body.reader.length > MAX_BODY_BYTES
        return _Length(0 if self.goes_on else request.body.reader.length)

    def _take_body(self, received: bytes, end: _End) -> bytes:
        used = end.take(received)
        self._body += received[:used]
        # Enough for the application to see that a body without a length is too long.
        self.cut = self.cut or len(self._body) > MAX_BODY_BYTES + RECEIVE_BYTES
        self.whole = self.cut or end.reached
        return received[used:]


class _End(Protocol):
    """Where a body ends."""

    @property
    def reached(self) -> bool: ...

    def take(self, received: bytes) -> int:
        """Return how many of these bytes belong to the body."""


class _Length:
    def __init__(self, left: int) -> None:
        self._left = left

    @property
    def reached(self) -> bool:
        return self._left == 0

    def take(self, received: bytes) -> int:
        used = min(self._left, len(received))
        self._left -= used
        return used


class _Chunks:
    """The end of a chunked body; one that is not well-formed ends where the parser will refuse it."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._data_left = 0
        self._in_trailers = False
        self.reached = False

    def take(self, received: bytes) -> int:
        at = 0
        while at < len(received) and not self.reached:
            if self._data_left:
                step = min(self._data_left, len(received) - at)
                self._data_left -= step
            else:
                step = self._take_line(received, at)
            at += step
        return at

    def _take_line(self, received: bytes, at: int) -> int:
        end = received.find(b"\n", at) + 1
        part = received[at : end or None]
        self._line += part
        if end:
            self._end_line(bytes(self._line).strip())
            self._line.clear()
        elif len(self._line) > MAX_CHUNK_LINE_BYTES:
            self.reached = True
        return len(part)

    def _end_line(self, line: bytes) -> None:
        if self._in_trailers:
            self.reached = not line
            return
        try:
            size = int(line.split(b";")[0], 16)
        except ValueError:
            size = -1
        self.reached = size < 0
        self._in_trailers = size == 0
        self._data_left = size + len(b"\r\n") if size > 0 else 0


class _Watch(dict["_Conn", float]):
    """Connections that are waited for, the oldest first, and since when."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def add(self, conn: _Conn) -> None:
        self[conn] = time.monotonic()

    def oldest(self) -> _Conn | None:
        return next(iter(self), None)

    def overdue(self, most_s: float) -> list[_Conn]:
        since = time.monotonic() - min(self._seconds, most_s)
        return list(takewhile(lambda conn: self[conn] <= since, self))


class _Conn(TConn):  # type: ignore[misc]  # gunicorn has no types
    """A connection with the request that comes in on it."""

    def __init__(self, cfg: Any, sock: _PatientSocket, client: Any, server: Any) -> None:
        super().__init__(cfg, sock, client, server)
        self.incoming = Incoming(cfg, client)
        # What came in after the request, which begins the next.
        self.rest = b""
        self.watch: _Watch | None = None

    def receive(self) -> bytes | None:
        """Return what has arrived, nothing when the client has left; None when there is nothing yet."""
        try:
            return bytes(self.sock.recv(RECEIVE_BYTES))
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:
            return b""

    def say(self, words: bytes) -> None:
        """Send what fits into the socket at once; a client who does not listen is closed soon."""
        with suppress(OSError):
            self.sock.send(words)


def _source(conn: _Conn, patience_s: float) -> Iterator[bytes]:
    """Return the request as the parser is to read it, the rest of an upload as it comes in."""
    pieces = conn.incoming.pieces()
    if not conn.incoming.goes_on:
        return pieces
    word = CONTINUE if conn.incoming.expects_a_word and not conn.rest else b""
    return chain(pieces, _upload(conn.sock, conn.rest, word, patience_s))


def _upload(sock: _PatientSocket, begun: bytes, word: bytes, patience_s: float) -> Iterator[bytes]:
    if begun:
        yield begun
    sock.sendall(word)
    since, received = time.monotonic(), 0
    while piece := sock.receive_by(since + patience_s * (1 + received / MAX_BODY_BYTES)):
        received += len(piece)
        yield piece


class _PatientSocket(socket.socket):
    """A client's socket: where it would wait for ever it waits for so long, then the client has left."""

    def __init__(self, accepted: socket.socket, patience_s: float) -> None:
        super().__init__(fileno=accepted.detach())
        self._patience_s = patience_s
        self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)

    def setblocking(self, flag: bool) -> None:
        self.settimeout(self._patience_s if flag else 0)

    def receive_by(self, deadline: float) -> bytes:
        """Wait for bytes until then; none when the client has ended."""
        try:
            with _late_is_gone():
                self.settimeout(max(deadline - time.monotonic(), SHORT_S))
                return self.recv(RECEIVE_BYTES)
        finally:
            self.setblocking(True)

    def sendall(self, data: ReadableBuffer, flags: int = 0) -> None:
        # A timeout holds for the whole of a call, which may send a large page over a thin line.
        view = memoryview(data)
        with _late_is_gone():
            for start in range(0, len(view), SEND_BYTES):
                super().sendall(view[start : start + SEND_BYTES], flags)

    def sendfile(self, *args: Any, **kwargs: Any) -> int:
        with _late_is_gone():
            return super().sendfile(*args, **kwargs)


@contextmanager
def _late_is_gone() -> Iterator[None]:
    """Turn a client's silence into its leaving, which gunicorn passes over in the log."""
    try:
        yield
    except TimeoutError as error:
        raise ConnectionResetError(errno.ECONNRESET, "the client is silent") from error
