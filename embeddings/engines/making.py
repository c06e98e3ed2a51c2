"""Folders made once and kept: whole or not there, whoever else is making them and whoever is killed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

LOCK = ".lock"
UNFINISHED = ".making-"


def made_once(folder: Path, write: Callable[[Path], None], is_whole: Callable[[Path], bool]) -> None:
    """Make `folder` with `write`, which fills an empty folder beside it, unless it is whole already.

    One process makes at a time among the folders beside each other: whoever waited finds the folder
    there. The lock dies with its holder, so what it finds unfinished was left by one that was killed.

    Raises:
        OSError: it cannot be written. What `write` raises passes through; nothing is left behind.
    """
    if is_whole(folder):
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / LOCK):
        _clear(folder.parent)
        if is_whole(folder):
            return
        unfinished = folder.with_name(UNFINISHED + folder.name)
        try:
            unfinished.mkdir()
            write(unfinished)
            _same_mode(unfinished)
            _move(unfinished, folder, is_whole)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


def _clear(parent: Path) -> None:
    for left in parent.glob(UNFINISHED + "*"):
        shutil.rmtree(left, ignore_errors=True)


def _same_mode(folder: Path) -> None:
    """Files as readable as the folder: some writers keep theirs to the user alone."""
    mode = folder.stat().st_mode & 0o666
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(mode)


def _move(unfinished: Path, folder: Path, is_whole: Callable[[Path], bool]) -> None:
    if os.path.lexists(folder) and not is_whole(folder):
        shutil.rmtree(folder)  # left by someone who removed parts of it
    try:
        unfinished.rename(folder)
    except OSError:
        if not is_whole(folder):  # made meanwhile on a file system without locks: then that one serves
            raise
