"""Commands of the operator: `articles`, `build`, `remove`, `status`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from embeddings import build as building
from embeddings.build import BuildReport
from embeddings.encoder import find_encoder
from embeddings.index.snapshot import open_current
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
    progress_bars,
    settings_for,
)
from qa.service import status_of

DEFAULT_INPUT = Path("seeds")

_paths = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))


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


@click.command(cls=Command)
@_paths
@click.option("--prune", is_flag=True, help="移除这些文件夹里已消失的文件的文章。")
@common_options
def build(paths: tuple[Path, ...], prune: bool, data: Path | None, as_json: bool) -> int:
    """建立或更新索引(默认收录 seeds/);只有新的段落需要编码。"""
    settings = settings_for(data)
    encoder = find_encoder(settings)
    with progress_bars() as step:
        report = building.build(paths or (DEFAULT_INPUT,), settings, encoder, prune=prune, step=step)
    return _print_report(report, as_json=as_json)


@click.command(cls=Command)
@click.argument("ids", nargs=-1, required=True)
@common_options
def remove(ids: tuple[str, ...], data: Path | None, as_json: bool) -> int:
    """按编号移除文章。"""
    settings = settings_for(data)
    return _print_report(building.remove(ids, settings, find_encoder(settings)), as_json=as_json)


def _print_report(report: BuildReport, *, as_json: bool) -> int:
    if as_json:
        print_json(report.to_json())
    else:
        serving = f"快照 {report.snapshot}" if report.snapshot is not None else "没有可用的快照"
        click.echo(f"{serving}:{report.articles} 篇文章,{report.passages} 个段落")
        click.echo(
            f"新增 {report.added},更新 {report.updated},移除 {report.removed},未变 {report.unchanged};"
            f"编码 {report.embedded} 个段落,用时 {report.seconds:.1f} 秒"
        )
    print_refusals(report.refused)
    return REFUSED if report.refused else 0


@click.command(cls=Command)
@common_options
def status(data: Path | None, as_json: bool) -> int:
    """正在服务的索引:快照、篇数、日期范围、模型。"""
    found = status_of(open_current(settings_for(data).data))
    if as_json:
        print_json(found.to_json())
        return 0
    dates = f"{found.first_date} 至 {found.last_date}" if found.first_date else "没有日期"
    click.echo(f"快照 {found.snapshot}(建于 {found.built_at})")
    click.echo(f"{found.articles} 篇文章,{found.passages} 个段落,{dates}")
    click.echo(f"模型 {found.model}")
    return 0
