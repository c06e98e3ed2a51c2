"""A text file -> one page."""

from __future__ import annotations

from embeddings.records import Page
from embeddings.sources.encoding import decode
from embeddings.sources.place import Place


def read_text(data: bytes, name: str, place: Place) -> Page:
    """The page that the bytes hold, in any encoding that `decode` knows.

    Raises:
        InputRefused: code `empty`, `binary` or `undecodable`.
    """
    return Page(decode(data), name, place.paper, place.date, place.number)
