"""Addresses that a client sends back to us."""

from __future__ import annotations

FRONT = "/"


def own_path(given: str) -> str:
    """The path if it is one of this host's, else that of the front page."""
    plain = given.startswith("/") and not given.startswith(("//", "/\\")) and given.isprintable()
    return given if plain else FRONT
