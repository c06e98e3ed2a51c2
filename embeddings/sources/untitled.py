"""A title for what has none."""

from __future__ import annotations

import re

TITLE_CHARS = 24
# A date or a place alone is no title.
MIN_CLAUSE_CHARS = 8
CLAUSE_END = re.compile(r"[。！？!?；;，,]")


def first_words(text: str) -> str:
    """The first clause of the text, at most `TITLE_CHARS` characters; empty only for blank text."""
    squeezed = " ".join(text[: TITLE_CHARS * 8].split())
    end = CLAUSE_END.search(squeezed, MIN_CLAUSE_CHARS)
    clause = squeezed[: end.start()] if end else squeezed
    return clause[:TITLE_CHARS].rstrip("。；;，, ") or clause[:TITLE_CHARS]
