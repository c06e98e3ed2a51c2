"""A line of a manuscript and what its author's markup or style says of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LineRole(StrEnum):
    """What a style or a mark makes of a line."""

    TITLE = "title"
    SUBTITLE = "subtitle"
    HEADING = "heading"
    CAPTION = "caption"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text without blanks around it, and its role."""

    text: str
    role: LineRole = LineRole.TEXT
