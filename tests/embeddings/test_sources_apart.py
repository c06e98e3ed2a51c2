"""A reader in a process of its own: what it finds comes back whole, what it does wrong stays there."""

from __future__ import annotations

import datetime
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from embeddings.errors import InputRefused
from embeddings.records import Page, Refusal
from embeddings.sources.apart import read_apart
from embeddings.sources.found import Found, Limits
from embeddings.sources.place import Place
from tests.embeddings import standin_readers as readers

PLACE = Place("江风晚报", datetime.date(2026, 3, 4), "A3")
LIMITS = Limits(max_bytes=1 << 20, max_pages=200, timeout_s=60.0)
SOON = Limits(max_bytes=1 << 20, timeout_s=3.0)
ROOT = Path(__file__).parents[2]


def read(reader: str, data: bytes = b"", name: str = "a.pdf", limits: Limits = LIMITS) -> Found:
    """What the stand-in of this name finds."""
    return read_apart(f"tests.embeddings.standin_readers:{reader}", data, name, PLACE, limits)


def refusal(reader: str, data: bytes = b"", name: str = "a.pdf", limits: Limits = LIMITS) -> str:
    """Code of the refusal that the stand-in of this name ends in; its sentence must carry it."""
    with pytest.raises(InputRefused) as caught:
        read(reader, data, name, limits)
    assert f"({caught.value.code})" in caught.value.message
    return caught.value.code


def text(found: Found) -> str:
    """Text of the one page found."""
    (page,) = found.pages
    return page.text


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that is only not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def processes(folder: Path) -> list[int]:
    """Numbers that looping readers have left in the folder."""
    return [int(path.name) for path in folder.iterdir()]


def all_gone(folder: Path, seconds: float = 10) -> bool:
    """Whether every process named in the folder ends in time."""
    deadline = time.monotonic() + seconds
    while any(is_alive(pid) for pid in processes(folder)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(is_alive(pid) for pid in processes(folder))


def test_read_apart_brings_back_every_field_of_every_record() -> None:
    page = Page("一\n二\x0c\u2028三", "a.pdf", "江风晚报", PLACE.date, "A3", (1.0, 2.25))
    refused = Refusal("a.pdf:2", "damaged", "第二页已损坏 (damaged)")
    assert read("everything") == Found((page,), (readers.FULL,), (refused,))


@pytest.mark.parametrize("name", ['it\'s "quoted".pdf', "two\nlines.pdf", "报😀.pdf", "-h", "$(id);`id`.pdf"])
def test_read_apart_carries_any_name(name: str) -> None:
    assert read("echo", "面馆".encode(), name).pages == (
        Page("面馆", name, PLACE.paper, PLACE.date, PLACE.number),
    )


def test_read_apart_passes_bytes_larger_than_a_pipe_both_ways() -> None:
    data = b"0123456789\n" * 90_000
    assert text(read("echo", data)) == data.decode()


def test_read_apart_tells_the_reader_its_limits() -> None:
    assert text(read("tell_limits")) == repr(LIMITS)


def test_read_apart_refuses_what_the_reader_refuses() -> None:
    assert refusal("count", b"\x0c" * 2000) == "too_many_pages"
    assert len(read("count", b"\x0c" * 200).pages) == 200


@pytest.mark.parametrize(
    "reader", ["abort", "exit_quietly", "fail", "recurse", "garble", "eat_memory", "missing"]
)
def test_read_apart_refuses_a_file_its_reader_dies_of(reader: str) -> None:
    assert refusal(reader) == "damaged"


def test_read_apart_stops_a_reader_at_its_time(tmp_path: Path) -> None:
    started = time.monotonic()
    assert refusal("loop", name=str(tmp_path), limits=SOON) == "too_slow"
    assert time.monotonic() - started < 20
    assert len(processes(tmp_path)) == 1
    assert all_gone(tmp_path)


def test_read_apart_stops_a_reader_that_does_not_listen(tmp_path: Path) -> None:
    assert refusal("deaf", name=str(tmp_path), limits=SOON) == "too_slow"
    assert all_gone(tmp_path)


def test_read_apart_stops_what_the_reader_started(tmp_path: Path) -> None:
    assert refusal("family", name=str(tmp_path), limits=SOON) == "too_slow"
    assert len(processes(tmp_path)) == 2
    assert all_gone(tmp_path)


def test_read_apart_stops_what_a_reader_left_behind(tmp_path: Path) -> None:
    assert text(read("leave_behind", b"x", str(tmp_path))) == "x"
    assert all_gone(tmp_path)


def test_read_apart_refuses_a_reader_that_gives_too_much() -> None:
    assert refusal("flood") == "too_large"


def test_read_apart_keeps_what_the_reader_prints_out_of_the_answer() -> None:
    assert text(read("chatter", b"x")) == "x"


def test_read_apart_lets_the_reader_write_nothing(tmp_path: Path) -> None:
    assert refusal("write_file", b"x", str(tmp_path / "out")) == "damaged"
    assert not (tmp_path / "out").exists() or (tmp_path / "out").read_bytes() == b""


def test_read_apart_lets_the_reader_connect_to_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1]).encode()
        assert text(read("phone", port)) == "没有接通"


@pytest.mark.skipif(sys.platform != "linux", reason="lists open files in /proc")
def test_read_apart_hands_on_no_file_and_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENBAO_DATA", "secret-folder")
    with (tmp_path / "open.txt").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        lines = text(read("surroundings")).splitlines()
    kinds = sorted(line.split(":")[0] for line in lines if line.startswith(("pipe:", "/dev", str(tmp_path))))
    assert kinds == ["/dev/null", "/dev/null", "pipe", "pipe"]
    assert {line.split("=")[0] for line in lines if "=" in line} <= {
        "PYTHONPATH",
        "PYTHONUTF8",
        "PYTHONDONTWRITEBYTECODE",
        "LC_CTYPE",  # set by Python itself
    }


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it ends when it next writes")
def test_child_dies_with_its_parent(tmp_path: Path) -> None:
    code = "import sys\nfrom tests.embeddings.test_sources_apart import read\nread('loop', name=sys.argv[1])"
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT)
    deadline = time.monotonic() + 30
    while not processes(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.02)
    (child,) = processes(tmp_path)
    assert is_alive(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert all_gone(tmp_path)
