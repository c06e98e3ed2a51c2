"""Names of input files: their order, their suffix, and which are known to be no input."""

from __future__ import annotations

import re
from pathlib import PurePath

NOT_INPUT = re.compile(
    r"\..*|~\$.*|thumbs\.db|desktop\.ini|issue\.toml|(.*\.)?questions.*\.jsonl(\.gz)?|.*\.marks\.toml|readme.*",
    re.IGNORECASE,
)
# Copies of files' metadata that macOS puts into archives, under the files' own names.
NOT_INPUT_FOLDER = re.compile(r"\..*|__MACOSX")


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key under which `2.txt` comes before `10.txt`."""
    parts = re.split(r"([0-9]+)", name)
    # At most 18 digits are read as a number: Python refuses to convert very long ones.
    return tuple((0, int(p[-18:]), p) if p.isdecimal() and p.isascii() else (1, 0, p) for p in parts)


def suffix_of(path: PurePath) -> str:
    """The suffix in lower case, with the one before `.gz`."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return "".join(suffixes[-2:]) if suffixes[-1:] == [".gz"] else "".join(suffixes[-1:])


def is_passed_over(path: PurePath) -> bool:
    """Whether a file with this relative path is passed over without a word inside a folder or an archive."""
    folders = path.parts[:-1]
    return bool(NOT_INPUT.fullmatch(path.name)) or any(NOT_INPUT_FOLDER.fullmatch(f) for f in folders)
