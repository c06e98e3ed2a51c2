"""The folder that uploaded pages go to, `DATA/papers/<paper>/<date>/`, and the names that files get there.

Nothing that a client sends is used as a path: a folder is made of a checked paper and date, a file of the
last part of its name, less what no file system and no reader should see.
"""

from __future__ import annotations

import datetime
import os
import shutil
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from embeddings.errors import CallerError, InputRefused
from embeddings.sources.formats import FORMATS
from embeddings.sources.names import suffix_of

PAPERS = "papers"
NAME_BYTES_MAX = 120
PAPER_CHARS_MAX = 40
FILES_MAX = 500
# Characters that some file system forbids, or that make a path.
_FORBIDDEN = frozenset('/\\:*?"<>|')


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came: the name the client gave it, and how it is saved to a path."""

    name: str
    save: Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Placed:
    """A file where it was put; `kept` is where what stood there before lies, empty if nothing did."""

    path: str
    kept: str = ""


def place(
    data: Path, backup: Path, uploads: Sequence[Upload], paper: str, day: datetime.date | None
) -> list[Placed]:
    """Put uploads into the folder of their issue; what they replace is kept in `backup`.

    Without a paper or a day they go to a folder of their own, and say themselves where they belong.

    Raises:
        CallerError: there is nothing to put, too much, or one name twice.
        InputRefused: a name cannot be one of a file that is read.
        OSError: the disk is full, or the folder cannot be written; nothing is changed then.
    """
    names = [safe_name(upload.name) for upload in uploads]
    if not names or len(names) > FILES_MAX:
        raise CallerError(
            f"一次上传 1 到 {FILES_MAX} 个文件。", hint="请选择文件,或分几次上传。", code="bad_upload"
        )
    if len(set(names)) < len(names):
        raise CallerError("有同名的文件。", hint="请改名后再上传。", code="bad_upload")
    folder = data / PAPERS / (safe_paper(paper) if paper else "_") / (day.isoformat() if day else backup.name)
    folder.mkdir(parents=True, exist_ok=True)
    placed: list[Placed] = []
    try:
        for name, upload in zip(names, uploads, strict=True):
            fresh = folder / f".{name}.part"
            try:
                upload.save(fresh)
                placed.append(_put(fresh, folder / name, backup))
            finally:
                fresh.unlink(missing_ok=True)
    except OSError:
        take_back(placed)
        raise
    return placed


def take_back(placed: Sequence[Placed]) -> None:
    """Undo what was placed: what was replaced stands there again."""
    for one in reversed(placed):
        if one.kept:
            Path(one.kept).replace(one.path)
        else:
            Path(one.path).unlink(missing_ok=True)


def safe_name(given: str) -> str:
    """The name a file gets for the one a client gave it.

    Raises:
        InputRefused: nothing readable is left of it, or no such files are read (code `unsupported`).
    """
    last = unicodedata.normalize("NFC", given.replace("\\", "/")).rpartition("/")[2]
    clean = "".join(c for c in last if c not in _FORBIDDEN and c.isprintable()).strip(" .")
    name = _shortened(clean)
    if suffix_of(Path(name)) not in FORMATS or name == suffix_of(Path(name)):
        known = " ".join(sorted(FORMATS))
        raise InputRefused(
            f"不收这种文件:{clean[:60] or '(没有名字)'}。", hint=f"能读的有:{known}", code="unsupported"
        )
    return name


def safe_paper(given: str) -> str:
    """The folder of a paper.

    Raises:
        CallerError: the name cannot be a folder's (code `bad_paper`).
    """
    name = unicodedata.normalize("NFC", given).strip()
    usable = name and name[0] != "." and all(c.isprintable() and c not in _FORBIDDEN for c in name)
    if not usable or len(name) > PAPER_CHARS_MAX or name == "_":
        raise CallerError(
            f"报纸的名称应为 1 到 {PAPER_CHARS_MAX} 个字,不含斜线和引号。",
            hint="请改正后再上传。",
            code="bad_paper",
        )
    return name


def _shortened(name: str) -> str:
    """The name within what file systems allow; its suffix stays."""
    suffix = suffix_of(Path(name))
    stem = name[: len(name) - len(suffix)]
    while len((stem + suffix).encode()) > NAME_BYTES_MAX:
        stem = stem[:-1]
    return stem + suffix


def _put(fresh: Path, target: Path, backup: Path) -> Placed:
    """Put a whole file in the place of another at once."""
    kept = ""
    if target.exists():
        backup.mkdir(parents=True, exist_ok=True)
        kept = str(backup / target.name)
        shutil.copy2(target, kept)
    os.replace(fresh, target)  # noqa: PTH105 - the one call that is atomic by its contract
    return Placed(str(target), kept)
