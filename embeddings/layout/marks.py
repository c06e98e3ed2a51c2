"""An operator's corrections of one page: a small TOML file beside it, `<page>.marks.toml`.

    [[mark]]
    text = "同心共建和美乡村"    # how the line begins, blanks aside
    line = 57                  # optional: its line in the file, where several begin so
    break = true               # an item begins here; `join = true`: it goes on here
    role = "headline"          # optional: what the line is for

A mark finds its line by its words, so it survives lines that come and go above it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.errors import InputRefused
from embeddings.layout.lines import Line
from embeddings.layout.roles import Role
from embeddings.layout.states import STATES

MAX_MARKS = 2000
KEYS = frozenset(("text", "line", "break", "join", "role"))
R = Role
# The words an editor uses, and the roles of the model that each stands for.
EDITORS_ROLES: dict[str, tuple[Role, ...]] = {
    "furniture": (R.FURNITURE, R.INSET),
    "label": (R.LABEL,),
    "kicker": (R.KICKER,),
    "headline": (R.HEADLINE, R.HEADLINE_MORE, R.BRIEF_HEADLINE),
    "subtitle": (R.SUBTITLE,),
    "byline": (R.BYLINE, R.END_BYLINE, R.BYLINE_ABOVE),
    "body": (R.LEAD, R.BODY, R.BRIEF, R.UNTITLED),
    "subhead": (R.SUBHEAD,),
    "note": (R.NOTE,),
    "caption": (R.CAPTION, R.PHOTO, R.PHOTO_MORE),
    "credit": (R.CREDIT, R.PHOTO_CREDIT),
    "signoff": (R.SIGNATURE,),
    "pointer": (R.POINTER_FROM, R.POINTER_TO),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """What an operator says of one line: `begins` whether an item begins there, `role` an editor's word."""

    text: str
    row: int | None = None
    begins: bool | None = None
    role: str | None = None


Marks = Sequence[Mark]


@dataclass(frozen=True, slots=True)
class Constraints:
    """For each line: the states it may be in (None: any) and whether an item begins there (None: open)."""

    allowed: Sequence[NDArray[np.bool_] | None]
    begins: Sequence[bool | None]
    unused: tuple[int, ...]


def parse_marks(text: str) -> tuple[Mark, ...]:
    """The marks of a sidecar file, in its order.

    Raises:
        InputRefused: code `bad_marks`; the message says which mark and what is wrong with it.
    """
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError):
        raise _bad("不是合法的 TOML") from None
    marks = table.get("mark", [])
    if set(table) - {"mark"} or not isinstance(marks, list):
        raise _bad("只能有若干个 [[mark]]")
    if len(marks) > MAX_MARKS:
        raise _bad(f"多于 {MAX_MARKS} 个标记")
    return tuple(_mark(number, entry) for number, entry in enumerate(marks, 1))


def _mark(number: int, entry: Any) -> Mark:
    if not isinstance(entry, dict) or set(entry) - KEYS:
        raise _bad(f"第 {number} 个标记只能有 text、line、break、join、role")
    text, line, role = entry.get("text"), entry.get("line"), entry.get("role")
    if not isinstance(text, str) or not text.strip():
        raise _bad(f"第 {number} 个标记缺少 text(该行开头的文字)")
    if line is not None and (type(line) is not int or line < 1):
        raise _bad(f"第 {number} 个标记的 line 应为从 1 起的行号")
    if role is not None and not (isinstance(role, str) and role in EDITORS_ROLES):
        raise _bad(f"第 {number} 个标记的 role 应为 {'、'.join(EDITORS_ROLES)} 之一")
    begins = _begins(number, entry)
    if begins is None and role is None:
        raise _bad(f"第 {number} 个标记应有 break、join 或 role")
    return Mark("".join(text.split()), line - 1 if line else None, begins, role)


def _begins(number: int, entry: dict[str, Any]) -> bool | None:
    given = [key for key in ("break", "join") if key in entry]
    if len(given) > 1 or any(entry[key] is not True for key in given):
        raise _bad(f"第 {number} 个标记的 break 或 join 只能写一个,值为 true")
    return given[0] == "break" if given else None


def _bad(what: str) -> InputRefused:
    return InputRefused(f"版面标记读不懂,未采用:{what} (bad_marks)", code="bad_marks")


def constraints(marks: Marks, lines: Sequence[Line]) -> Constraints:
    """What the marks say of each line; the last mark of a line wins."""
    allowed: list[NDArray[np.bool_] | None] = [None] * len(lines)
    begins: list[bool | None] = [None] * len(lines)
    unused = []
    squeezed = ["".join(line.text.split()) for line in lines] if marks else []
    for number, mark in enumerate(marks):
        i = _line_of(mark, lines, squeezed)
        if i is None:
            unused.append(number)
            continue
        # An item begins with the page whatever is marked there.
        if mark.begins is not None and (i or mark.begins):
            begins[i] = mark.begins
        if mark.role is not None:
            allowed[i] = np.array([state.role in EDITORS_ROLES[mark.role] for state in STATES])
    return Constraints(allowed, begins, tuple(unused))


def _line_of(mark: Mark, lines: Sequence[Line], squeezed: Sequence[str]) -> int | None:
    """The line that begins with the words of the mark: the one on its row, else the nearest to it."""
    found = [i for i, text in enumerate(squeezed) if text.startswith(mark.text)]
    row = mark.row
    if row is None or not found:
        return found[0] if found else None
    return min(found, key=lambda i: abs(lines[i].row - row))


def role_word(role: Role) -> str:
    """The editor's word for a role of the model."""
    return next(word for word, meant in EDITORS_ROLES.items() if role in meant)
