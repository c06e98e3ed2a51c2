"""What the views need of the process they run in: the service, the chat store and the settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from flask import Flask, current_app

from embeddings.records import Answer, Article, Filters, Mode

if TYPE_CHECKING:
    from embeddings.halves import Halves
    from embeddings.index.catalog import IssuePage
    from embeddings.settings import Settings
    from qa.archive import Archive
    from qa.chats import Chats
    from qa.service import SearchResult, Status
    from qa.turns import Turn

SERVICE = "wenbao.service"
SETTINGS = "wenbao.settings"
CHATS = "wenbao.chats"
ARCHIVE = "wenbao.archive"
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
        reader: str = "",
        listen: Listener = deaf,
    ) -> Answer:
        """Answer one question and keep it; `QuestionError` when it cannot be used.

        A new conversation is kept for `reader`. Without `use_period` no range of days is read out of the
        question. `listen` is called in the asking thread; what it raises ends the work and is passed on.
        """

    def observe(self, observer: Callable[[str, str], None]) -> None:
        """Tell an observer what is put right while answering: the event, and its kind."""

    def search(
        self, query: object, *, k: int = 10, filters: Filters = NO_FILTERS, today: date | None = None
    ) -> SearchResult:
        """Find passages, best first, at most `k`."""

    def article(self, article_id: str) -> Article:
        """Return one article; `NotFoundError` for any id that names none."""

    def halves(self, article: Article) -> Halves:
        """Return the articles that the one given continues and is continued by, where they are indexed."""

    def reprints(self, article: Article) -> list[Article]:
        """Return the other articles that print the same text, newest issue first."""

    def later(self, article: Article, limit: int) -> list[Article]:
        """Return articles of later days that go on with the story of this one, best first."""

    def papers(self) -> list[str]:
        """Return the names of the papers that are indexed."""

    def issue_pages(self, filters: Filters) -> list[IssuePage]:
        """Return the pages of the issues that a filter lets through, newest day first."""

    def articles_of(self, filters: Filters, limit: int, offset: int = 0) -> list[Article]:
        """Return articles that a filter lets through, page by page as printed."""

    def count_of(self, filters: Filters) -> int:
        """Return how many articles a filter lets through."""

    def follow_ups(self, answer: Answer, limit: int) -> list[str]:
        """Return questions that go on from an answer and that its articles answer; at most `limit`."""

    def newest(self, limit: int) -> list[Article]:
        """Return articles of the newest issues first, the front page first in each."""

    def suggestions(self, limit: int) -> list[str]:
        """Return questions worth asking, made from the newest headlines; at most `limit`."""

    def status(self) -> Status:
        """Return what serves now; `IndexMissing` when nothing has been built."""


def provide(app: Flask, service: AskService, chats: Chats, settings: Settings) -> None:
    """Hand the service, the chat store and the settings to every view of `app`."""
    app.extensions[SERVICE] = service
    app.extensions[CHATS] = chats
    app.extensions[SETTINGS] = settings


def service() -> AskService:
    """Return the running application's service."""
    return cast("AskService", current_app.extensions[SERVICE])


def chats() -> Chats:
    """Return the running application's chat store."""
    return cast("Chats", current_app.extensions[CHATS])


def archive() -> Archive:
    """Return what the administration of the running application works on."""
    return cast("Archive", current_app.extensions[ARCHIVE])


def settings() -> Settings:
    """Return the running application's settings."""
    return cast("Settings", current_app.extensions[SETTINGS])
