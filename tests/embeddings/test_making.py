"""Folders made once: whole or not there."""

from __future__ import annotations

import multiprocessing
import os
import signal
import stat
import time
from functools import partial
from pathlib import Path

import pytest

from embeddings.engines.making import UNFINISHED, made_once


def is_whole(folder: Path) -> bool:
    return (folder / "mark").is_file()


def write(folder: Path) -> None:
    (folder / "part").write_text("part")
    (folder / "mark").write_text("mark")


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


def test_made_once_makes_what_is_missing_and_only_that(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "made"
    made_once(folder, write, is_whole)
    made_once(folder, lambda _folder: pytest.fail("made again"), is_whole)
    assert visible(folder.parent) == ["made"]
    assert visible(folder) == ["mark", "part"]


def test_made_once_makes_anew_what_lost_its_mark(tmp_path: Path) -> None:
    made_once(tmp_path / "made", write, is_whole)
    (tmp_path / "made" / "mark").unlink()
    (tmp_path / "made" / "stray").write_text("")
    made_once(tmp_path / "made", write, is_whole)
    assert visible(tmp_path / "made") == ["mark", "part"]


def test_made_once_leaves_nothing_of_a_making_that_fails(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "part").write_text("part")
        raise ValueError

    with pytest.raises(ValueError):
        made_once(tmp_path / "made", fail, is_whole)
    assert visible(tmp_path) == []


def test_made_once_removes_what_a_killed_making_left(tmp_path: Path) -> None:
    for left in (UNFINISHED + "made", UNFINISHED + "x8fk2"):
        (tmp_path / left).mkdir()
        (tmp_path / left / "part").write_text("470 MB")
    made_once(tmp_path / "made", write, is_whole)
    assert visible(tmp_path) == ["made"]


def test_made_once_gives_files_the_mode_that_the_umask_asks_for(tmp_path: Path) -> None:
    def write_private(folder: Path) -> None:
        write(folder)
        (folder / "part").chmod(0o600)

    before = os.umask(0o022)
    try:
        made_once(tmp_path / "made", write_private, is_whole)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == 0o755
    assert {stat.S_IMODE((tmp_path / "made" / name).stat().st_mode) for name in ("mark", "part")} == {0o644}


def slow_write(log: Path, folder: Path) -> None:
    with log.open("a") as file:
        file.write("made\n")
    time.sleep(0.3)
    write(folder)


def make_slowly(folder: Path, log: Path) -> None:
    made_once(folder, partial(slow_write, log), is_whole)


def test_made_once_by_several_processes_is_made_by_one(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(target=make_slowly, args=(tmp_path / "all" / "made", tmp_path / "log"))
        for _ in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert (tmp_path / "log").read_text() == "made\n"
    assert visible(tmp_path / "all") == ["made"]


def never_ends(log: Path, folder: Path) -> None:
    (folder / "part").write_text("half")
    log.write_text("begun")
    time.sleep(60)


def make_without_end(folder: Path, log: Path) -> None:
    made_once(folder, partial(never_ends, log), is_whole)


def test_made_once_after_a_kill_is_made_by_the_next(tmp_path: Path) -> None:
    folder, log = tmp_path / "all" / "made", tmp_path / "log"
    worker = multiprocessing.get_context("spawn").Process(target=make_without_end, args=(folder, log))
    worker.start()
    while not log.exists():
        assert worker.is_alive()
        time.sleep(0.01)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    worker.join(60)
    assert visible(folder.parent) == [UNFINISHED + "made"]
    made_once(folder, write, is_whole)
    assert visible(folder.parent) == ["made"]
    assert visible(folder) == ["mark", "part"]
