"""A server that runs over the same data folder, asked over HTTP as any client would."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from embeddings.errors import CallerError, ServiceError, WenbaoError
from embeddings.records import Filters, Mode
from qa.server_note import ServerNote, read_note

# Who answers at all answers this at once; a server too busy for it is no faster than we are.
READY_TIMEOUT_S = 2.0
ANSWER_BYTES_MAX = 64 << 20
# What only the way over the network can run into: the question itself may be fine.
TRANSPORT_CODES = frozenset(
    """
    bad_json bad_request internal method_not_allowed not_found too_large unsupported_media_type
    key_needed unknown_key access_denied unknown_host foreign_origin overloaded too_many
    """.split()
)
# What the web's schemas let through.
NAME_CHARS_MAX = 100
SEARCH_MAX = 100


class ServerGone(Exception):
    """The server does not answer, or not as Wenbao does; nothing is known of the question."""


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that left a note. `timeout_s` is how long an answer may take."""

    note: ServerNote
    timeout_s: float = READY_TIMEOUT_S

    def ready(self) -> dict[str, Any]:
        """What its `/readyz` says: what serves or, where `status` is a number, why nothing does.

        Raises:
            ServerGone: nobody answers there, or somebody else.
        """
        _, body = self._exchange("GET", "/readyz", None, READY_TIMEOUT_S)
        if body.get("instance") != self.note.instance:
            raise ServerGone
        return body

    def answer(self, question: str, filters: Filters, mode: Mode) -> dict[str, Any]:
        """The body of `/api/answer`, less the conversation: there is none to go on with.

        Raises:
            WenbaoError: the service's own error.
            ServerGone: it does not answer, or cannot take such a request.
        """
        given = self._ask(
            "/api/answer", {"question": question, "filters": _filters_json(filters), "mode": mode}
        )
        return {**given, "conversation_id": None}

    def search(self, query: str, k: int, filters: Filters) -> dict[str, Any]:
        """The body of `/api/search`; raises as `answer` does."""
        return self._ask("/api/search", {"query": query, "k": k, "filters": _filters_json(filters)})

    def _ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        status, given = self._exchange("POST", path, json.dumps(body).encode(), self.timeout_s)
        if status != HTTPStatus.OK:
            raise _error_of(status, given)
        return given

    def _exchange(
        self, method: str, path: str, body: bytes | None, timeout_s: float
    ) -> tuple[int, dict[str, Any]]:
        """Send a request, straight to the server whatever proxy is set; status and JSON object."""
        try:
            place = urlsplit(self.note.url)
            connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=timeout_s)
            try:
                connection.request(method, path, body, {"Content-Type": "application/json"})
                response = connection.getresponse()
                given = json.loads(response.read(ANSWER_BYTES_MAX))
            finally:
                connection.close()
        except (OSError, http.client.HTTPException, ValueError, RecursionError):
            raise ServerGone from None
        if not isinstance(given, dict):
            raise ServerGone
        return response.status, given


def find_server(data: Path) -> tuple[RunningServer, dict[str, Any]] | None:
    """The server of a data folder and what it says of itself; `None` where none answers.

    A note that a killed server left behind finds nobody, or somebody else: then there is no server.
    """
    note = read_note(data)
    if note is None:
        return None
    server = RunningServer(note)
    try:
        return server, server.ready()
    except ServerGone:
        return None


def can_carry(text: object, filters: Filters, k: int = 1) -> bool:
    """Whether the server takes such a question as the service itself would, and refuses it no sooner."""
    ordered = not (filters.date_from and filters.date_to) or filters.date_from <= filters.date_to
    named = all(name is None or 1 <= len(name) <= NAME_CHARS_MAX for name in (filters.paper, filters.page))
    texts = [text, filters.paper or "", filters.page or ""]
    return ordered and named and 1 <= k <= SEARCH_MAX and all(_is_unicode(one) for one in texts)


def _is_unicode(text: object) -> bool:
    """Whether it is text, and no bytes of the command line hide in it."""
    return isinstance(text, str) and not any("\ud800" <= c <= "\udfff" for c in text)


def _filters_json(filters: Filters) -> dict[str, str | None]:
    return {
        "date_from": filters.date_from.isoformat() if filters.date_from else None,
        "date_to": filters.date_to.isoformat() if filters.date_to else None,
        "paper": filters.paper,
        "page": filters.page,
    }


def _error_of(status: int, problem: dict[str, Any]) -> WenbaoError | ServerGone:
    """The error that a problem document tells of, as the service raised it."""
    message, hint, code = (problem.get(name) for name in ("detail", "hint", "code"))
    if not (isinstance(message, str) and isinstance(hint, str) and isinstance(code, str)):
        return ServerGone()
    if code in TRANSPORT_CODES or code.startswith("http_"):
        return ServerGone()
    ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.CONFLICT
    return (ServiceError if ours else CallerError)(message, hint=hint, code=code)
