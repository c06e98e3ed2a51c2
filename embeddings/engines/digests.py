"""Which model a folder holds: a hash of its files, each read once and remembered."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from pathlib import Path
from typing import TypeAlias

# What tells a changed file without reading it: bytes, ns of the last change of content and of inode.
State: TypeAlias = list[int]
Known: TypeAlias = dict[str, tuple[State, str]]

MODEL_FILES = frozenset({".safetensors", ".bin", ".json", ".txt", ".model"})
# A file changed this lately may change again within the clock's grain, and is not remembered yet.
SETTLED_NS = 2_000_000_000


def folder_digest(folder: Path, memory: Path) -> str:
    """Hash of every weight and configuration file: another model in the same folder is another model.

    The files' own hashes are remembered below `memory`, so that 470 MB are not read at every start.
    """
    note = memory / f"{hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:24]}.json"
    before = _remembered(note)
    known = {path.relative_to(folder).as_posix(): _known(folder, path, before) for path in _files(folder)}
    if known != before:
        _remember(note, known)
    digest = hashlib.sha256()
    for name in sorted(known):
        digest.update(name.encode("utf-8", "surrogateescape"))
        digest.update(bytes.fromhex(known[name][1]))
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.suffix in MODEL_FILES and path.is_file()]


def _known(folder: Path, path: Path, before: Known) -> tuple[State, str]:
    state = _state(path)
    remembered = before.get(path.relative_to(folder).as_posix())
    if remembered is not None and remembered[0] == state:
        return remembered
    with path.open("rb") as file:
        return state, hashlib.file_digest(file, "sha256").hexdigest()


def _state(path: Path) -> State:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _remembered(note: Path) -> Known:
    try:
        entries = json.loads(note.read_text(encoding="utf-8"))
        return {name: ([int(n) for n in state], _hexadecimal(sha)) for name, (state, sha) in entries.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _hexadecimal(text: object) -> str:
    return bytes.fromhex(str(text)).hex()


def _remember(note: Path, known: Known) -> None:
    """Keep what is settled. A cache that cannot be written only costs the reading next time."""
    now = time.time_ns()
    settled = {name: entry for name, entry in known.items() if now - max(entry[0][1:3]) > SETTLED_NS}
    with contextlib.suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        unfinished = note.with_suffix(f".{os.getpid()}")
        unfinished.write_text(json.dumps(settled), encoding="utf-8")
        unfinished.replace(note)
