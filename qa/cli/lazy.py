"""Commands that are imported when they are used: the command line must not wait for what it does not need."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, NamedTuple, cast

import click


class Place(NamedTuple):
    """Where a command stands (`module:name`), and its one line in the list of commands."""

    address: str
    short_help: str


class LazyCommands(MutableMapping[str, click.Command]):
    """Commands by name, each imported when it is asked for."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        self.places = dict(places)
        self._loaded: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._loaded:
            module, _, attribute = self.places[name].address.partition(":")
            self._loaded[name] = cast(click.Command, getattr(importlib.import_module(module), attribute))
        return self._loaded[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self.places[name] = Place("", command.get_short_help_str())
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self.places[name]
        self._loaded.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


class LazyGroup(click.Group):
    """A group whose list of commands is shown without importing any."""

    def __init__(self, name: str | None = None, *, places: Mapping[str, Place], **options: Any) -> None:
        self._lazy = LazyCommands(places)
        super().__init__(name, self._lazy, **options)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands by name."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._lazy.places[name].short_help) for name in sorted(self._lazy)])
