"""What the commands print: JSON for programs, tables and progress for people."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from embeddings.errors import CallerError, WenbaoError

if TYPE_CHECKING:
    from rich.progress import TaskID

    from embeddings.changes import Step
    from embeddings.records import Refusal
    from embeddings.settings import Settings

OUR_FAULT = 1
CALLERS_FAULT = 2
REFUSED = 3

_STAGES = {"files": "读取文件", "passages": "编码段落", "questions": "回答问题"}

Function = TypeVar("Function", bound=Callable[..., Any])


def common_options(command: Function) -> Function:
    """`--data` and `--json`, as every command takes them."""
    data = click.option(
        "--data", type=click.Path(path_type=Path), help="索引所在的文件夹(默认 WENBAO_DATA 或 var)。"
    )
    as_json = click.option("--json", "as_json", is_flag=True, help="在标准输出打印一个 JSON 文档。")
    return data(as_json(command))


def settings_for(data: Path | None, **given: Any) -> Settings:
    """The settings, with what the command line gave on top."""
    from embeddings.settings import load_settings

    return load_settings(data=data, **given)


def print_json(document: object) -> None:
    """Print one JSON document on one line."""
    click.echo(json.dumps(document, ensure_ascii=False, allow_nan=False))


def error_json(error: WenbaoError) -> dict[str, str]:
    """An error as a JSON object, named as the API names it."""
    return {"title": error.message, "detail": error.hint or error.message, "code": error.code}


class Command(click.Command):
    """A command that tells our errors as such: as JSON where `--json` was given, and by its exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error of our tree becomes its exit status."""
        try:
            return super().invoke(ctx)
        except WenbaoError as error:
            if ctx.params.get("as_json"):
                print_json(error_json(error))
            click.echo(f"错误:{error.message}", err=True)
            if error.hint:
                click.echo(f"提示:{error.hint}", err=True)
            return CALLERS_FAULT if isinstance(error, CallerError) else OUR_FAULT


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> None:
    """Print a table; cells are shown as they are, never read as markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, title=title or None, title_justify="left", box=None, header_style="bold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    Console().print(table)


def print_refusals(refused: Sequence[Refusal]) -> None:
    """List what was refused on stderr."""
    for refusal in refused:
        click.echo(f"未收录 {refusal.file}:{refusal.reason}", err=True)


@contextlib.contextmanager
def progress_bars() -> Iterator[Step]:
    """A `step(stage, done, total)` that draws one bar a stage on stderr, with rate and time left.

    Draws nothing when stderr is no terminal.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:

        def step(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(_STAGES.get(stage, stage), total=total, rate="")
            speed = progress.tasks[tasks[stage]].speed
            progress.update(tasks[stage], completed=done, rate=f"{speed:.1f}/秒" if speed else "")

        yield step
