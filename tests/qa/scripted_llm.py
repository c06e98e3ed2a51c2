"""A server that speaks the OpenAI chat protocol from a script, as well or as badly as a test wants."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

MODEL = "scripted-1"


@dataclass(frozen=True)
class Reply:
    """One reply. `pieces` are streamed, `pause_s` before each and `wait_s` before the first byte.

    `plain` gives the text in one JSON object, `cut` ends the connection before the end of the stream, `raw`
    replaces the body, and `trickle_s` sends it byte by byte.
    """

    pieces: Sequence[str] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    content_type: str = "text/event-stream"
    wait_s: float = 0.0
    pause_s: float = 0.0
    trickle_s: float = 0.0
    plain: bool = False
    cut: bool = False
    finish: str = "stop"


def says(text: str, **how: Any) -> Reply:
    """A reply of this text in pieces of three characters."""
    return Reply([text[i : i + 3] for i in range(0, len(text), 3)], **how)


Script = Reply | Callable[[dict[str, Any]], Reply]


class ScriptedLLM:
    """Gives its replies in order, the last one again and again; notes what it was sent."""

    def __init__(self, *script: Script) -> None:
        self.script = list(script)
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.left_early = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """The base URL for a client."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _next(self, request: dict[str, Any]) -> Reply:
        scripted = self.script[min(len(self.requests), len(self.script)) - 1]
        return scripted(request) if callable(scripted) else scripted

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        llm = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                llm.requests.append(request)
                llm.keys.append(self.headers.get("Authorization", ""))
                try:
                    _send(self, llm._next(request))
                except OSError:
                    llm.left_early.set()
                self.close_connection = True

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
                pass

        return Handler


def _send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    time.sleep(reply.wait_s)
    handler.send_response(reply.status)
    handler.send_header("Content-Type", "application/json" if reply.plain else reply.content_type)
    for name, value in reply.headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    if reply.raw is not None or reply.plain:
        body = _whole("".join(reply.pieces), reply.finish) if reply.raw is None else reply.raw
        step = 1 if reply.trickle_s else len(body) or 1
        for i in range(0, len(body), step):
            _write(handler, body[i : i + step], reply.trickle_s)
        return
    for piece in reply.pieces:
        _write(handler, _event({"content": piece}), reply.pause_s)
    if not reply.cut:
        _write(handler, _event({}, reply.finish) + b"data: [DONE]\n\n", reply.pause_s)


def _write(handler: BaseHTTPRequestHandler, data: bytes, pause_s: float) -> None:
    time.sleep(pause_s)
    handler.wfile.write(data)
    handler.wfile.flush()


def _event(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return f"data: {json.dumps(_object('chat.completion.chunk', choice), ensure_ascii=False)}\n\n".encode()


def _whole(text: str, finish: str) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return json.dumps(_object("chat.completion", choice), ensure_ascii=False).encode()


def _object(kind: str, choice: dict[str, Any]) -> dict[str, Any]:
    return {"id": "reply-1", "object": kind, "created": 1, "model": MODEL, "choices": [choice]}
