"""Readers that behave and readers that do not, to be run in a child process by the tests."""

from __future__ import annotations

import datetime
import os
import signal
import socket
import sys
import time
from pathlib import Path

from embeddings.errors import InputRefused
from embeddings.records import Article, ArticleKind, Page, Refusal, Source
from embeddings.sources.found import Found, Limits
from embeddings.sources.place import Place

FULL = Article(
    id="20260304-A3-0a1b2c3d",
    title="渡口“早班船”加开两趟",
    body="渡口今早加开两趟船。\n乘客说:“不用等了😀”。",
    kind=ArticleKind.BRIEF,
    kicker="便民",
    subtitle="——一路到对岸",
    byline="记者 顾一舟",
    paper="江风晚报",
    date=datetime.date(2026, 3, 4),
    page="A3",
    captions=("渡口早晨",),
    url="https://example.org/1",
    source=Source("a.pdf", 3, 40),
)


def echo(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """The bytes as the text of one page."""
    return Found(pages=(Page(data.decode(), name, place.paper, place.date, place.number),))


def everything(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """Something in every field there is."""
    page = Page("一\n二\x0c\u2028三", name, place.paper, place.date, place.number, (1.0, 2.25))
    return Found((page,), (FULL,), (Refusal(f"{name}:2", "damaged", "第二页已损坏 (damaged)"),))


def count(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """As many pages as there are form feeds, within the limit."""
    pages = data.count(b"\x0c")
    if pages > limits.max_pages:
        raise InputRefused(f"超过 {limits.max_pages} 页 (too_many_pages)", code="too_many_pages")
    return Found(
        pages=tuple(Page(f"渡口今早加开第{n}趟船，乘客都说不用再等了。", name) for n in range(pages))
    )


def surroundings(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """What the child has from its parent: open files, variables, folder and arguments."""
    links = [link for link in list(Path("/proc/self/fd").iterdir()) if _is_open(int(link.name))]
    files = [str(link.readlink()) for link in links]
    lines = [*files, *(f"{k}={v}" for k, v in os.environ.items()), str(Path.cwd()), *sys.argv]
    return Found(pages=(Page("\n".join(lines), name),))


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def loop(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """Never ends; leaves an empty file with its number as name in the folder `name`."""
    Path(name, str(os.getpid())).touch()
    while True:
        time.sleep(0.01)


def family(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """Never ends, with a child of its own that does not either."""
    os.fork()
    return loop(data, name, place, limits)


def leave_behind(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """Ends well, but leaves a process running that holds none of its pipes."""
    if os.fork() == 0:
        os.closerange(0, 64)
        loop(data, name, place, limits)
    return echo(data, name, place, limits)


def deaf(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """Ignores what asks it to end."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    return loop(data, name, place, limits)


def eat_memory(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """Takes more memory than it may."""
    return Found(pages=(Page(str(len(bytearray(5 << 30))), name),))


def abort(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """Dies as a crashed library does."""
    os.abort()


def exit_quietly(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """Ends without an answer."""
    os._exit(0)


def fail(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """Fails in a way nobody thought of."""
    raise ZeroDivisionError(name)


def recurse(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """Recurses without end."""
    return recurse(data, name, place, limits)


def garble(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """Writes rubbish to every descriptor there is, then dies."""
    for fd in range(1, 64):
        try:
            os.write(fd, b'{"found": {"pages": [')
        except OSError:
            continue
    os._exit(0)


def chatter(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """Prints while it works, in Python and below it."""
    print("working", flush=True)
    os.write(1, b"still working")
    return echo(data, name, place, limits)


def flood(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """Gives far more than it may."""
    return Found(pages=(Page("字" * (3 << 20), name),))


def write_file(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """Writes into the file `name`."""
    Path(name).write_bytes(data)
    return Found()


def phone(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """Connects to the port of this machine that the bytes name; says so when it could not."""
    try:
        socket.create_connection(("127.0.0.1", int(data)), timeout=5).close()
    except PermissionError:
        return Found(pages=(Page("没有接通", name),))
    return Found(pages=(Page("接通了", name),))


def tell_limits(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """The limits as text."""
    return Found(pages=(Page(repr(limits), name),))
