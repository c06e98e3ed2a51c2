"""The README tells the truth: its settings table, its targets and its commands."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from embeddings.settings import PREFIX, Settings
from qa.cli import cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def settings_table() -> str:
    """The settings table as the README must have it."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.default if field.default_factory is None else "the user's cache folder"
        shown = "" if default is None else f"`{default}`" if field.default_factory is None else default
        rows.append(f"| `{PREFIX}{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(rows)


def test_settings_table_is_that_of_the_code() -> None:
    assert settings_table() in README


@pytest.mark.parametrize("target", sorted(set(re.findall(r"make ([a-z-]+)", README))))
def test_make_target_of_the_readme_exists(target: str) -> None:
    assert re.search(rf"^{target}:.*## ", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("line", re.findall(r"^    wenbao .+$", README, re.MULTILINE))
def test_command_of_the_readme_is_understood(line: str) -> None:
    words = re.findall(r'"[^"]*"|\S+', line.split("#")[0])[1:]
    command = cli.commands[words[0]]
    context = click.Context(command)
    command.make_parser(context).parse_args([word.strip('"') for word in words[1:]])


def test_pictures_of_the_readme_exist() -> None:
    for path in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (ROOT / path).is_file()
