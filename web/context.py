"""What the views need of the process they run in: the service and the settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from flask import Flask, current_app

from embeddings.records import Answer, Article, Filters, Mode

if TYPE_CHECKING:
    from embeddings.halves import Halves
    from embeddings.settings import Settings
    from qa.service import SearchResult, Status
    from qa.turns import Turn

SERVICE = "wenbao.service"
SETTINGS = "wenbao.settings"
NO_FILTERS = Filters()
# Told "stage" with its name, "token" with text, "citation" with the record, as they come.
Listener: TypeAlias = Callable[[str, Any], None]


def deaf(_event: str, _what: Any) -> None:
    """Listen to nothing."""


class AskService(Protocol):
    """The part of `qa.service.Service` that the web uses; the tests' fake is the other one.

    Every method raises from the tree in `embeddings.errors`, `IndexMissing` first of all.
    """

    def answer(
        self,
        question: object,
        *,
        filters: Filters = NO_FILTERS,
        mode: Mode = Mode.AUTO,
        conversation_id: str | None = None,
        history: Sequence[Turn] = (),
        today: date | None = None,
        use_period: bool = True,
        listen: Listener = deaf,
    ) -> Answer:
        """Answer one question; `QuestionError` when it cannot be used.

        Without `use_period` no range of days is read out of the question. `listen` is called in the asking
        thread; what it raises ends the work and is passed on.
        """

    def search(
        self, query: object, *, k: int = 10, filters: Filters = NO_FILTERS, today: date | None = None
    ) -> SearchResult:
        """Find passages, best first, at most `k`."""

    def turns(self, conversation_id: str) -> list[Turn]:
        """Return the turns of a conversation, oldest first; `NotFoundError` when there is none."""

    def forget(self, conversation_id: str) -> None:
        """Delete a conversation; `NotFoundError` when there is none."""

    def article(self, article_id: str) -> Article:
        """Return one article; `NotFoundError` for any id that names none."""

    def halves(self, article: Article) -> Halves:
        """Return the articles that the one given continues and is continued by, where they are indexed."""

    def reprints(self, article: Article) -> list[Article]:
        """Return the other articles that print the same text, newest issue first."""

    def newest(self, limit: int) -> list[Article]:
        """Return articles of the newest issues first, the front page first in each."""

    def suggestions(self, limit: int) -> list[str]:
        """Return questions worth asking, made from the newest headlines; at most `limit`."""

    def status(self) -> Status:
        """Return what serves now; `IndexMissing` when nothing has been built."""


def provide(app: Flask, service: AskService, settings: Settings) -> None:
    """Hand the service and the settings to every view of `app`."""
    app.extensions[SERVICE] = service
    app.extensions[SETTINGS] = settings


def service() -> AskService:
    """Return the running application's service."""
    return cast("AskService", current_app.extensions[SERVICE])


def settings() -> Settings:
    """Return the running application's settings."""
    return cast("Settings", current_app.extensions[SETTINGS])
