"""The build lock: who has it, who had it, and who may take it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from embeddings.errors import IndexBusy, ServiceError
from embeddings.lock import HOLDER, LOCK, build_lock, holder

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
from pathlib import Path
from embeddings.lock import build_lock
with build_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""
# No process has it: the kernel gives none so large.
NOBODY = 2**22 + 1


@contextmanager
def held_elsewhere(data: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock; killed at the end, if not before."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(data)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_holder_is_named_while_it_builds_and_nobody_after(tmp_path: Path) -> None:
    assert holder(tmp_path / "missing") is None
    with build_lock(tmp_path):
        assert f"进程 {os.getpid()},主机 {socket.gethostname()}" in (holder(tmp_path) or "")
    assert holder(tmp_path) is None
    assert not (tmp_path / HOLDER).exists()


def test_second_builder_is_refused_with_process_machine_and_start(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as process:
        note = json.loads((tmp_path / HOLDER).read_text("utf-8"))
        with pytest.raises(IndexBusy) as caught, build_lock(tmp_path):
            pytest.fail("two builders at once")
        assert note["pid"] == process.pid
        assert all(str(note[name]) in caught.value.message for name in ("pid", "host", "started"))
        assert f"({holder(tmp_path)})" in caught.value.message


def test_lock_of_a_killed_builder_is_taken_over_and_its_note_not_reported(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert (tmp_path / HOLDER).exists()
    assert holder(tmp_path) is None
    with build_lock(tmp_path):
        assert str(os.getpid()) in (holder(tmp_path) or "")


@pytest.mark.parametrize(
    "note",
    [
        "",
        "[]",
        '{"pid": 1}',
        json.dumps({"pid": NOBODY, "host": socket.gethostname(), "started": "2026-10-12"}),
        json.dumps({"pid": 10**30, "host": socket.gethostname(), "started": "2026-10-12"}),
        json.dumps({"pid": "many", "host": socket.gethostname(), "started": "2026-10-12"}),
    ],
)
def test_note_that_is_not_the_holders_names_nobody(tmp_path: Path, note: str) -> None:
    with build_lock(tmp_path):
        (tmp_path / HOLDER).write_text(note, encoding="utf-8")
        assert holder(tmp_path) == "刚刚开始"


def test_builder_on_another_machine_is_named_whether_its_process_is_here_or_not(tmp_path: Path) -> None:
    note = {"pid": NOBODY, "host": "another", "started": "2026-10-12"}
    with build_lock(tmp_path):
        (tmp_path / HOLDER).write_text(json.dumps(note), encoding="utf-8")
        assert holder(tmp_path) == f"进程 {NOBODY},主机 another,始于 2026-10-12"


def test_asking_who_builds_never_keeps_a_builder_out(tmp_path: Path) -> None:
    with build_lock(tmp_path):
        pass
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            holder(tmp_path)
            time.sleep(0.001)

    asking = [threading.Thread(target=ask) for _ in range(2)]
    for thread in asking:
        thread.start()
    try:
        for _ in range(50):
            with build_lock(tmp_path):
                pass
    finally:
        done.set()
        for thread in asking:
            thread.join()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to root")
def test_folder_that_cannot_be_written_is_refused_with_what_to_do(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o500)
    assert_unwritable(data)


def test_place_where_no_folder_can_be_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert_unwritable(tmp_path / "file" / "data")


def test_lock_that_is_a_folder_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / LOCK).mkdir()
    assert_unwritable(tmp_path)


def test_note_that_cannot_be_written_frees_the_lock(tmp_path: Path) -> None:
    (tmp_path / HOLDER).mkdir()
    assert_unwritable(tmp_path)
    (tmp_path / HOLDER).rmdir()
    with build_lock(tmp_path):
        pass


def assert_unwritable(data: Path) -> None:
    with pytest.raises(ServiceError) as caught, build_lock(data):
        pytest.fail("held a lock that cannot be")
    assert caught.value.code == "data_unwritable"
    assert "WENBAO_DATA" in caught.value.hint
    assert str(data) not in str(caught.value)
