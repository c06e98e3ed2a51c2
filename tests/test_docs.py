"""The README tells the truth: its settings table, its targets and its commands."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from embeddings.layout.marks import EDITORS_ROLES, Mark, parse_marks
from embeddings.settings import PREFIX, Settings
from embeddings.sources.formats import FORMATS
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


def test_roles_of_the_readme_are_those_of_the_marks() -> None:
    rows = README.split("| role | what it is |")[1].split("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", rows, re.MULTILINE) == list(EDITORS_ROLES)


def test_marks_of_the_readme_are_understood() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    assert parse_marks(example) == (
        Mark("同心共建和美乡村", begins=True),
        Mark("本报讯", row=56, role="body"),
    )


def test_codes_of_refusal_of_the_readme_are_those_of_the_code() -> None:
    rows = README.split("| code | what to do |")[1].split("\n\n")[0]
    listed = re.findall(r"`([a-z_]+)`", " ".join(row.split("|")[1] for row in rows.splitlines()[2:]))
    front = ("inputs", "intake", "sidecar", "changes", "layout/marks")
    files = [*(ROOT / "embeddings" / "sources").glob("*.py")]
    files += [ROOT / "embeddings" / f"{name}.py" for name in front]
    given = {code for file in files for code in re.findall(r"\(([a-z_]+)\)[\"']", file.read_text("utf-8"))}
    assert len(listed) == len(set(listed))
    assert set(listed) == given


def test_formats_of_the_readme_are_those_of_the_code() -> None:
    rows = README.split("| file | what it holds | how it is read |")[1].split("\n\n")[0]
    listed = re.findall(r"`(\.[a-z.]+)`", " ".join(row.split("|")[1] for row in rows.splitlines()[2:]))
    assert set(listed) == set(FORMATS) - {".jpeg", ".tiff", ".markdown"}  # other spellings of those listed


def test_pictures_of_the_readme_exist() -> None:
    for path in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (ROOT / path).is_file()
