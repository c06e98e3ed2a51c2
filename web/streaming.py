"""An answer as server-sent events, while it is being made.

    stage      {"stage": "search" | "read" | "write"}
    citation   one citation, as in the body of an answer
    token      {"text": …}: a whole statement, checked; the tokens together make up the answer's text
    answer     the whole body of `/api/answer`; where it differs from the tokens, it is what counts
    error      a problem document; nothing comes after it

The service works in a thread of its own, so that a sign of life can be sent while it is silent. A reader who
leaves is noticed when something is sent, and the work ends at its next event.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, TypeAlias

from flask import Response, request, stream_with_context

from embeddings.records import Answer, Citation
from web.context import Listener
from web.errors import noted_problem

MEDIA_TYPE = "text/event-stream"
# Proxies and browsers give a silent connection up; this keeps it open.
HEARTBEAT_S = 10.0
# How far the service may be ahead of its reader.
EVENTS_AHEAD = 64
POLL_S = 0.5

# What the API's description says of a request that may be streamed.
DESCRIBED: dict[str, Any] = {
    "description": "With `Accept: text/event-stream` it comes as events: `stage`, `citation`, `token`,"
    " then `answer` with the whole body, or `error` with a problem document."
}

# A comment that says nothing, to keep a connection open.
SILENCE = ": …\n\n"

Give: TypeAlias = Callable[[Listener], Answer]
Event: TypeAlias = "tuple[str, Any]"
# Events as lines; `None` is silence. An event `error` holds the exception.
Write: TypeAlias = "Callable[[Iterator[Event | None]], Iterator[str]]"


class ReaderGone(Exception):
    """Nobody listens any more."""


class _Work:
    """The service at work in its thread, and what it has told so far."""

    def __init__(self, give: Give, leave: Callable[[], None]) -> None:
        self._give = give
        self._over = leave
        self._told: queue.Queue[Event] = queue.Queue(EVENTS_AHEAD)
        self._gone = threading.Event()

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._run, name="answer", daemon=True).start()

    def next(self, wait_s: float) -> Event | None:
        """What was told next; nothing when it takes longer than that."""
        try:
            return self._told.get(timeout=wait_s)
        except queue.Empty:
            return None

    def leave(self) -> None:
        """Listen no longer: the work ends at its next event."""
        self._gone.set()

    def _run(self) -> None:
        with suppress(ReaderGone):
            try:
                answer = self._given()
            except ReaderGone:
                raise
            except Exception as error:  # noqa: BLE001 - shown by who reads, as any view's would be
                self._tell("error", error)
            else:
                self._tell("answer", answer)

    def _given(self) -> Answer:
        try:
            return self._give(self._tell)
        finally:
            self._over()  # a slow reader holds up nobody else's turn

    def _tell(self, event: str, what: Any) -> None:
        while not self._gone.is_set():
            try:
                return self._told.put((event, what), timeout=POLL_S)
            except queue.Full:
                continue
        raise ReaderGone


def wants_stream() -> bool:
    """Whether the request asks for events rather than for one document."""
    best = request.accept_mimetypes.best_match(["application/json", MEDIA_TYPE], default="application/json")
    return best == MEDIA_TYPE


def stream(give: Give, leave: Callable[[], None], write: Write | None = None) -> Response:
    """Return the events of one answer, written as above or by `write`; `leave` is called when it is made.

    Raises:
        WenbaoError: it failed before there was anything to tell, as it would without a stream.
    """
    work = _Work(give, leave)
    work.start()
    first = work.next(HEARTBEAT_S)
    if first and first[0] == "error":
        raise first[1]
    response = Response(stream_with_context((write or _lines)(_events(work, first))), mimetype=MEDIA_TYPE)
    # However it ends: a reader who has left before the first line never starts the lines.
    response.call_on_close(work.leave)
    response.headers["Cache-Control"] = "no-store, no-transform"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would keep it all back until the end
    return response


def _events(work: _Work, first: Event | None) -> Iterator[Event | None]:
    """What is told, to its end; `None` where nothing was for a while.

    An answer that was not told while it was made is told before its end: its citations, then its text.
    """
    told = False
    event = first
    while True:
        if event:
            name, what = event
            told = told or name == "token"
            if name == "answer" and not told:
                yield from (("citation", citation) for citation in what.citations)
                yield "token", what.text
        yield event
        if event and name in ("answer", "error"):
            return
        event = work.next(HEARTBEAT_S)


def _lines(events: Iterable[Event | None]) -> Iterator[str]:
    for event in events:
        yield _line(*event) if event else SILENCE


def _line(name: str, what: Any) -> str:
    return f"event: {name}\ndata: {json.dumps(_document(name, what), ensure_ascii=False)}\n\n"


def _document(name: str, what: Any) -> Any:
    if isinstance(what, Answer | Citation):
        return what.to_json()
    if isinstance(what, Exception):
        return noted_problem(what).to_json()
    return {"text" if name == "token" else name: what}
