"""Where a file belongs: paper, date and page from its folders and from `issue.toml`."""

from __future__ import annotations

import datetime
import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from embeddings.errors import InputRefused
from embeddings.sources.encoding import decode

ISSUE_FILE = "issue.toml"
ISSUE_MAX_BYTES = 64 << 10
DATE_FOLDER = re.compile(r"(\d{4})-(\d{2})-(\d{2})|(\d{4})(\d{2})(\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """Paper, date and page number; any of them may be unknown."""

    paper: str | None = None
    date: datetime.date | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """What an `issue.toml` says; `None` where it is silent."""

    paper: str | None = None
    date: datetime.date | None = None


def parse_date(text: str) -> datetime.date | None:
    """The date written `YYYY-MM-DD` or `YYYYMMDD`; None if it is no such date."""
    match = DATE_FOLDER.fullmatch(text)
    if not match:
        return None
    year, month, day = (int(part) for part in match.groups() if part is not None)
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def place_of(path: Path, issue: Issue | None = None) -> Place:
    """Place of a page file, from `<paper>/<date>/<page>.<ext>`; what `issue` says wins.

    A stem is a page number only inside an issue, so a stray file gets no page.
    """
    path = path.absolute()
    date = parse_date(path.parent.name)
    paper = path.parent.parent.name if date else ""
    place = Place(paper or None, date)
    if issue:
        place = Place(issue.paper or place.paper, issue.date or place.date)
    return replace(place, number=path.stem) if place.date else place


def read_issue(path: Path) -> Issue:
    """What the `issue.toml` at `path` says.

    Raises:
        InputRefused: code `bad_issue`, the file is unreadable, or as `parse_issue`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(ISSUE_MAX_BYTES)
    except OSError:
        raise _bad_issue() from None
    return parse_issue(data)


def parse_issue(data: bytes) -> Issue:
    """What the bytes of an `issue.toml` say.

    Raises:
        InputRefused: code `bad_issue`, they are no TOML, or hold wrong types.
    """
    try:
        table = tomllib.loads(decode(data))
    except (ValueError, RecursionError, InputRefused):
        raise _bad_issue() from None
    return Issue(_paper(table.get("paper")), _date(table.get("date")))


def _bad_issue() -> InputRefused:
    return InputRefused("issue.toml 读不懂,已改用文件夹名 (bad_issue)", code="bad_issue")


def _paper(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise InputRefused("issue.toml 的 paper 应为报名 (bad_issue)", code="bad_issue")


def _date(value: Any) -> datetime.date | None:
    if value is None:
        return None
    date = parse_date(value) if isinstance(value, str) else value
    if isinstance(date, datetime.datetime):
        return date.date()
    if isinstance(date, datetime.date):
        return date
    raise InputRefused("issue.toml 的 date 应为 YYYY-MM-DD (bad_issue)", code="bad_issue")
