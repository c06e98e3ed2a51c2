"""A turn of a conversation: what was asked and what was said."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of the conversation, completed, and the answer it got."""

    question: str
    answer: str
