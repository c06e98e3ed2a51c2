"""The command `articles`: what Wenbao makes of pages, without indexing them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from embeddings.intake import find_inputs, limits_of
from embeddings.records import Article
from qa.cli.layouts import (
    ReadFile,
    articles_json,
    confidence_text,
    print_doubts,
    print_lines,
    read_noted,
)
from qa.cli.show import (
    REFUSED,
    Command,
    common_options,
    print_json,
    print_refusals,
    print_table,
    settings_for,
)


@click.command(cls=Command)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--explain", "explained", is_flag=True, help="逐行说明判断的依据。")
@common_options
def articles(paths: tuple[Path, ...], explained: bool, data: Path | None, as_json: bool) -> int:
    """只解析,不建索引:列出版面上的文章,和拿不准的分界。"""
    limits = limits_of(settings_for(data))
    inputs, refused = find_inputs(paths)
    files = [read_noted(file, limits, explained=explained) for file in inputs]
    refused += [refusal for file in files for refusal in file.intake.refused]
    if as_json:
        print_json(articles_json(files, explained=explained))
    else:
        _print_articles(files)
        if explained:
            print_lines(files)
    print_refusals(refused)
    return REFUSED if refused else 0


def _print_articles(files: Sequence[ReadFile]) -> None:
    found = [article for file in files for article in file.intake.articles]
    columns = ("类型", "日期", "版", "标题", "署名", "字数", "把握")
    print_table(columns, [_row(article) for article in found], f"共 {len(found)} 篇")
    print_doubts(files)


def _row(article: Article) -> tuple[object, ...]:
    return (
        article.kind,
        article.date or "",
        article.page or "",
        article.title,
        article.byline,
        len(article.text),
        confidence_text(article),
    )
