"""Commands of the reader: `ask`, `search`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from embeddings.errors import CallerError, InputRefused, QuestionError
from embeddings.records import Filters, Mode
from qa.cli.nearest import NearestService
from qa.cli.show import (
    REFUSED,
    Command,
    common_options,
    error_json,
    print_json,
    print_table,
    settings_for,
)

_QUOTE_SHOWN_CHARS = 60


def _filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    day = click.DateTime(["%Y-%m-%d"])
    for option in (
        click.option("--from", "date_from", type=day, help="只看这天及以后的报纸(YYYY-MM-DD)。"),
        click.option("--to", "date_to", type=day, help="只看这天及以前的报纸(YYYY-MM-DD)。"),
        click.option("--paper", help="只看这份报纸。"),
        click.option("--page", help="只看这个版。"),
    ):
        command = option(command)
    return command


def _filters(
    date_from: datetime | None, date_to: datetime | None, paper: str | None, page: str | None
) -> Filters:
    return Filters(date_from and date_from.date(), date_to and date_to.date(), paper, page)


_batch = click.option(
    "--batch",
    type=click.Path(path_type=Path, dir_okay=False),
    help="JSON 行文件,每行有 query 或 question;按顺序每行打印一个结果。",
)


@click.command(cls=Command)
@click.argument("question", required=False)
@click.option(
    "--mode", type=click.Choice([str(mode) for mode in Mode]), default=str(Mode.AUTO), show_default=True
)
@_batch
@_filter_options
@common_options
def ask(
    question: str | None, mode: str, batch: Path | None, data: Path | None, as_json: bool, **limits: Any
) -> int:
    """提问,得到注明出处的回答。"""
    service = NearestService(settings_for(data))
    asked = partial(service.answer, filters=_filters(**limits), mode=Mode(mode))
    if batch:
        return _print_batch(batch, partial(asked, alone=False))
    found = asked(_given(question))
    if as_json:
        print_json(found)
    else:
        _print_answer(found)
    return 0


def _print_answer(answer: dict[str, Any]) -> None:
    click.echo(answer["answer"])
    if answer["citations"]:
        click.echo()
    for citation in answer["citations"]:
        click.echo(f"[{citation['n']}] {_place(citation)}")
    if not answer["answered"]:
        for article in answer["related"]:
            click.echo(f"  · 《{article['title']}》{article['date'] or ''}")


def _place(item: dict[str, Any]) -> str:
    page = f"第{item['page']}版" if item["page"] else None
    where = " ".join(str(part) for part in (item["paper"], item["date"], page, item.get("byline")) if part)
    return f"《{item['title']}》{where}"


@click.command(cls=Command)
@click.argument("query", required=False)
@click.option("-k", type=int, default=10, show_default=True, help="最多几个段落(1 到 100)。")
@_batch
@_filter_options
@common_options
def search(
    query: str | None, k: int, batch: Path | None, data: Path | None, as_json: bool, **limits: Any
) -> int:
    """搜索段落。"""
    searched = partial(NearestService(settings_for(data)).search, k=k, filters=_filters(**limits))
    if batch:
        return _print_batch(batch, searched)
    found = searched(_given(query))
    if as_json:
        print_json(found)
        return 0
    rows = [
        (hit["rank"], f"{hit['score']:.3f}", _place(hit), _short(hit["passage"])) for hit in found["hits"]
    ]
    print_table(("名次", "得分", "文章", "段落"), rows)
    return 0


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _QUOTE_SHOWN_CHARS else line[: _QUOTE_SHOWN_CHARS - 1] + "…"


def _given(text: str | None) -> str:
    if text is None:
        raise QuestionError(
            "没有给出问题。", hint='例如:wenbao ask "大桥什么时候通车?"', code="question_empty"
        )
    return text


def _print_batch(path: Path, answer: Callable[[object], dict[str, Any]]) -> int:
    """One line out for every line in; a line that cannot be used gives its error and the rest goes on."""
    failed = False
    for line in _lines(path):
        try:
            print_json(answer(_query_of(line)))
        except CallerError as error:
            failed = True
            print_json({"error": error_json(error)})
    return REFUSED if failed else 0


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from (line for line in file if line.strip())
    except (OSError, UnicodeDecodeError):
        raise InputRefused(f"文件 {path.name} 无法读取。", hint="应为 UTF-8 的 JSON 行文件。") from None


def _query_of(line: str) -> object:
    try:
        fields = json.loads(line)
        return fields["query"] if "query" in fields else fields["question"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise QuestionError("这一行没有 query 或 question。", hint='每行形如 {"query": "……"}。') from None
