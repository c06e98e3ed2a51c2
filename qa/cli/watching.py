"""`wenbao build --watch`: follow folders until the operator or the system says stop."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType

import click

from embeddings.errors import WenbaoError
from embeddings.watch import RETRY_S, SETTLE_S, watch


def follow(paths: Sequence[Path], rebuild: Callable[[], None], *, settle_s: float = SETTLE_S) -> int:
    """Call `rebuild` at first and after every batch of changes; the exit status once it is told to stop.

    Ctrl-C and SIGTERM let a build that runs come to its end; the second one breaks it off.
    """
    stop = threading.Event()
    with _stopped_by_signals(stop):
        click.echo(f"正在关注 {len(paths)} 处;按 Ctrl-C 结束。", err=True)
        watch(paths, rebuild, settle_s=settle_s, stop=stop, failed=_tell)
    click.echo("已结束关注。", err=True)
    return 0


def _tell(error: WenbaoError) -> None:
    click.echo(f"错误:{error.message}", err=True)
    if error.hint:
        click.echo(f"提示:{error.hint}", err=True)
    click.echo(f"文件再有变化时,或 {RETRY_S:.0f} 秒后,会再试。", err=True)


@contextlib.contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    def ask(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        click.echo("正在结束;若有更新在进行,会先完成它。再按一次立即中断。", err=True)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
