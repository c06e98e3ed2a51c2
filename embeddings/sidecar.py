"""An operator's corrections beside a file: `01.marks.toml`, or `01.txt.marks.toml`, beside `01.txt`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from embeddings.errors import InputRefused
from embeddings.inputs import InputFile, bytes_of, shown_name
from embeddings.layout.marks import Mark, parse_marks
from embeddings.records import Refusal
from embeddings.sources.encoding import decode
from embeddings.sources.names import suffix_of

SIDECAR_SUFFIX = ".marks.toml"
SIDECAR_MAX_BYTES = 256 << 10
# Of the marks that fit nowhere, so many are named, by so many of their characters.
NAMED_MARKS = 3
NAMED_CHARS = 16


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The corrections of one file; without a `name` there are none.

    `data` are its bytes as far as they could be read. `refusal` says why no mark of it is used.
    """

    name: str = ""
    data: bytes = b""
    marks: tuple[Mark, ...] = ()
    refusal: Refusal | None = None

    def refuse_unused(self, unused: Iterable[int]) -> Refusal:
        """The refusal of the marks at these places, at least one, which fit no line of the file."""
        marks = [self.marks[place] for place in unused]
        named = "、".join(f"“{mark.text[:NAMED_CHARS]}”" for mark in marks[:NAMED_MARKS])
        more = f"等 {len(marks)} 处" if len(marks) > NAMED_MARKS else ""
        reason = f"版面上没有以{named}{more}开头的行,这样的标记未采用,请改 text (unused_mark)"
        return Refusal(self.name, "unused_mark", reason)


def sidecars_of(path: Path) -> tuple[Path, Path]:
    """Where corrections of a file may lie, whether or not they do; the first there is counts."""
    stem = path.name[: len(path.name) - len(suffix_of(path))]
    return path.with_name(path.name + SIDECAR_SUFFIX), path.with_name(stem + SIDECAR_SUFFIX)


def sidecar_name(file: InputFile) -> str:
    """The name shown for a file's sidecar: the one there is, else the one to write."""
    paths = sidecars_of(file.path)
    return _shown(file, next((path for path in paths if os.path.lexists(path)), paths[-1]))


def read_sidecar(file: InputFile) -> Sidecar:
    """The corrections of a file; what cannot be used of them comes back as a refusal, never as an error."""
    path = next((path for path in sidecars_of(file.path) if os.path.lexists(path)), None)
    if path is None:
        return Sidecar()
    name, data = _shown(file, path), b""
    try:
        data = _bytes_of(path)
        return Sidecar(name, data, _marks(data))
    except InputRefused as error:
        return Sidecar(name, data, refusal=Refusal(name, error.code, str(error)))


def _shown(file: InputFile, path: Path) -> str:
    return "/".join([*file.name.split("/")[:-1], shown_name(path.name)])


def _bytes_of(path: Path) -> bytes:
    # A link could lead anywhere, a pipe would block.
    if path.is_symlink() or not path.is_file():
        raise InputRefused("更正文件不是普通文件,未采用 (unreadable)", code="unreadable")
    return bytes_of(path, SIDECAR_MAX_BYTES)


def _marks(data: bytes) -> tuple[Mark, ...]:
    if not data.strip():
        return ()
    try:
        text = decode(data)
    except InputRefused:
        raise InputRefused("版面标记读不懂,未采用:不是文本 (bad_marks)", code="bad_marks") from None
    return parse_marks(text)
