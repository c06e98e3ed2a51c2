"""The nearest service: the server that runs over the same data folder, or else one made in this process.

A server has its models in memory; here they take seconds to load. What comes back is the same, errors
included.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from embeddings.records import Filters, Mode
from embeddings.settings import Settings
from qa.running import RunningServer, ServerGone, can_carry, find_server
from qa.server_note import own_version, settings_digest

if TYPE_CHECKING:
    from qa.service import Service

# A server gives up at its own limit; its words about that should still arrive.
EXTRA_WAIT_S = 5


class NearestService:
    """Answers and searches as JSON objects. Raises what `qa.service.Service` raises."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._server = fitting_server(settings)

    def answer(self, question: object, *, filters: Filters, mode: Mode, alone: bool = True) -> dict[str, Any]:
        """The body of `/api/answer`; one of many questions (`alone` is false) is not for the server.

        It keeps a conversation for every question that it is asked, and forgets its readers' for ours.
        """
        if self._server and alone and isinstance(question, str) and can_carry(question, filters):
            try:
                return self._server.answer(question, filters, mode)
            except ServerGone:
                self._server = None
        return self._service.answer(question, filters=filters, mode=mode).to_json()

    def search(self, query: object, *, k: int, filters: Filters) -> dict[str, Any]:
        """The body of `/api/search`."""
        if self._server and isinstance(query, str) and can_carry(query, filters, k):
            try:
                return self._server.search(query, k, filters)
            except ServerGone:
                self._server = None
        return self._service.search(query, k=k, filters=filters).to_json()

    @cached_property
    def _service(self) -> Service:
        return make_service(self._settings)


def make_service(settings: Settings) -> Service:
    """A service in this process, its models not loaded yet."""
    from embeddings.encoder import find_encoder
    from qa.service import Service
    from qa.spans import SpanReader

    return Service(settings, find_encoder(settings), SpanReader(settings.cache))


def fitting_server(settings: Settings) -> RunningServer | None:
    """The running server that would answer as a service with these settings would."""
    found = find_server(settings.data)
    if found is None:
        return None
    server, ready = found
    same = (server.note.version, server.note.settings) == (own_version(), settings_digest(settings))
    fits = same and ready.get("status") == "ready"
    return RunningServer(server.note, settings.request_timeout_s + EXTRA_WAIT_S) if fits else None
