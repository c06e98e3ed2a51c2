"""Marked pages: the text of a page with the role of every line, as an editor would mark them.

A file `NAME.page` holds a page line by line: `role<TAB>text`, a `~` after the role where the sentence goes
on in the next `body` line of the item; `@ kind | byline` before the first line of an item; blank lines
are the page's own. Roles are the words of `embeddings.layout.marks.EDITORS_ROLES`.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from embeddings.layout.lines import split_lines
from embeddings.layout.marks import EDITORS_ROLES
from embeddings.records import Page
from embeddings.sources.encoding import decode

ASIDE = ("furniture", "label")
PARAGRAPHS = ("body", "subhead", "note", "signoff")
SNIPPET_CHARS = 10


@dataclass(frozen=True, slots=True)
class MarkedLine:
    """A non-blank line: its text with the blanks before it, what it is, and the item it belongs to.

    `roles` are the words that may be right (gold of other forms does not tell all apart), `open` whether
    its sentence goes on further down (None: not told), `item` counts from 0 and is None beside items,
    `size` is its size of type in units of body type (0: not known).
    """

    text: str
    roles: tuple[str, ...]
    open: bool | None
    item: int | None
    blanks: int = 0
    size: float = 0.0


@dataclass(frozen=True, slots=True)
class MarkedItem:
    """An item: its kind (empty: not told) and the byline as an editor notes it."""

    kind: str
    byline: str


@dataclass(frozen=True, slots=True)
class MarkedPage:
    """A page with its gold."""

    name: str
    lines: tuple[MarkedLine, ...]
    items: tuple[MarkedItem, ...]

    @property
    def page(self) -> Page:
        """The page as the layout model gets it."""
        text = "".join("\n" * line.blanks + line.text + "\n" for line in self.lines)
        sizes = tuple(size for line in self.lines for size in (*[0.0] * line.blanks, line.size))
        return Page(text, self.name, sizes=sizes if any(sizes) else ())

    def of_item(self, number: int) -> list[MarkedLine]:
        """The lines of one item, in order."""
        return [line for line in self.lines if line.item == number]

    def begins(self) -> list[bool]:
        """For each line whether it is the first of an item."""
        seen: set[int] = set()
        first = []
        for line in self.lines:
            first.append(line.item is not None and line.item not in seen)
            seen |= {line.item} if line.item is not None else set()
        return first


def read_marked(path: Path) -> MarkedPage:
    """The marked page in a file.

    Raises:
        ValueError: a line has no known role, or a cut has no other half.
    """
    lines: list[MarkedLine] = []
    items: list[MarkedItem] = []
    blanks = 0
    for number, raw in enumerate(path.read_text("utf-8").splitlines(), 1):
        if raw.startswith("@"):
            kind, _, byline = raw[1:].partition("|")
            items.append(MarkedItem(kind.strip(), byline.strip()))
        elif not raw.strip():
            blanks += 1
        else:
            word, tab, text = raw.partition("\t")
            role = word.rstrip("~")
            if not tab or role not in EDITORS_ROLES or not text.strip():
                raise ValueError(f"{path.name}:{number}: no role: {raw[:40]}")
            item = None if role in ASIDE or not items else len(items) - 1
            lines.append(MarkedLine(text.rstrip(), (role,), word.endswith("~"), item, blanks))
            blanks = 0
    page = MarkedPage(path.stem, tuple(lines), tuple(items))
    for item in range(len(items)):
        _check_cuts(page, item)
    return page


def _check_cuts(page: MarkedPage, item: int) -> None:
    bodies = [line for line in page.of_item(item) if line.roles[0] in ("body", "note")]
    if not page.of_item(item) or (bodies and bodies[-1].open):
        raise ValueError(f"{page.name}: item {item} is empty or its last cut is open")


def gold_items(page: MarkedPage) -> list[dict[str, Any]]:
    """The items in the form of `pages.measure`.

    Rows from 1, parts of the headline, captions, cuts, paragraphs.
    """
    rows = [line.row + 1 for line in split_lines(page.page.text)]
    items = []
    for number, item in enumerate(page.items):
        own = [k for k, line in enumerate(page.lines) if line.item == number]
        lines = [page.lines[k] for k in own]
        items.append(
            {
                "kind": item.kind,
                "byline": item.byline,
                "title": _texts(lines, "headline"),
                "kicker": _texts(lines, "kicker"),
                "subtitle": _texts(lines, "subtitle"),
                "lines": [rows[own[0]], rows[own[-1]]],
                "captions": list(_captions(lines)),
                "breaks": list(_breaks(lines)),
                "paragraphs": list(_paragraphs(lines)),
            }
        )
    return items


def _texts(lines: list[MarkedLine], role: str) -> str:
    return " ".join(line.text.strip() for line in lines if line.roles[0] == role)


def _captions(lines: list[MarkedLine]) -> Iterator[str]:
    for line in lines:
        if line.roles[0] == "caption":
            yield line.text.strip()


def _breaks(lines: list[MarkedLine]) -> Iterator[dict[str, str]]:
    bodies = [line for line in lines if line.roles[0] in ("body", "note")]
    for left, right in pairwise(bodies):
        if left.open:
            yield {"left": left.text.strip()[-SNIPPET_CHARS:], "right": right.text.strip()[:SNIPPET_CHARS]}


def _paragraphs(lines: list[MarkedLine]) -> Iterator[str]:
    pieces: list[str] = []
    for line in lines:
        if line.roles[0] in PARAGRAPHS:
            pieces.append(line.text.strip())
            if not line.open:
                yield "".join(pieces)
                pieces = []


def load_folder(
    folder: Path, gold: Path | None = None
) -> Iterator[tuple[Page, list[dict[str, Any]], MarkedPage]]:
    """Pages of a folder with their gold, in any of its three forms.

    `NAME.page` files; `NAME.gold.json` beside `NAME.txt`; or a file of JSON lines given as `gold`, one item
    a line with its `file` below the folder.
    """
    for path in sorted(folder.rglob("*.page")) if gold is None else ():
        marked = read_marked(path)
        yield marked.page, gold_items(marked), marked
    for path, items in _other_gold(folder, gold).items():
        page = Page(decode(path.read_bytes()), str(path.relative_to(folder)))
        yield page, items, _from_items(page, items)


def _other_gold(folder: Path, gold: Path | None) -> dict[Path, list[dict[str, Any]]]:
    items: dict[Path, list[dict[str, Any]]] = defaultdict(list)
    if gold:
        for line in gold.read_text("utf-8").splitlines():
            item = json.loads(line)
            items[folder / item["file"]].append(item)
        return items
    return {
        file.with_name(file.name.replace(".gold.json", ".txt")): json.loads(file.read_text("utf-8"))
        for file in sorted(folder.rglob("*.gold.json"))
    }


def _from_items(page: Page, items: list[dict[str, Any]]) -> MarkedPage:
    """Line by line what items say; where they are silent, every role that is not ruled out."""
    firsts = [item["lines"][0] for item in items]
    lines = []
    for line in split_lines(page.text):
        number = bisect_right(firsts, line.row + 1) - 1
        inside = number >= 0 and line.row + 1 <= items[number]["lines"][1]
        roles = _roles(line.text, items[number]) if inside else ASIDE
        is_open = (
            any(line.text.endswith(cut["left"].strip()) for cut in items[number]["breaks"])
            if inside
            else None
        )
        lines.append(
            MarkedLine(" " * line.indent + line.text, roles, is_open, number if inside else None, line.blanks)
        )
    found = tuple(MarkedItem(item.get("kind", ""), item["byline"] or "") for item in items)
    return MarkedPage(page.file, tuple(lines), found)


def _roles(text: str, item: dict[str, Any]) -> tuple[str, ...]:
    squeezed = _squeeze(text)
    for role in ("kicker", "title", "subtitle"):
        part = _squeeze(item.get(role) or "")
        if part and squeezed in part and (squeezed == part or len(squeezed) > 3):
            return ("headline",) if role == "title" else (role,)
    if squeezed in {_squeeze(subhead) for subhead in item.get("subheads", ())}:
        return ("subhead",)
    if any(squeezed in _squeeze(caption) for caption in item["captions"]):
        return ("caption", "credit")
    if item.get("kind") == "photo":
        return ("caption", "credit")
    if (
        len(squeezed) < 40
        and squeezed.strip("()（）□")
        and _names(squeezed) == _names(_squeeze(item["byline"] or ""))
    ):
        return ("byline",)
    if "subheads" in item:
        return ("body", "note", "signoff", "pointer", "byline") if len(squeezed) < 40 else ("body", "note")
    return ("body", "subhead") if len(squeezed) < 40 else ("body",)


def _names(squeezed: str) -> str:
    return "".join(c for c in squeezed if c not in "()（）□、,，")


def _squeeze(text: str) -> str:
    return "".join(text.split())
