"""Commands that change the index: `build`, `remove`, `restore`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from embeddings import build as building
from embeddings.build import Announce
from embeddings.encoder import find_encoder
from embeddings.journal import kept_count
from embeddings.reports import BuildReport, Cost, Plan
from embeddings.settings import Settings
from embeddings.watch import present
from qa.cli.show import (
    REFUSED,
    Command,
    common_options,
    print_json,
    print_refusals,
    progress_bars,
    settings_for,
)
from qa.cli.watching import follow

DEFAULT_INPUT = Path("seeds")
# What takes longer than this is told before it starts, and not only shown as a bar.
TOLD_SECONDS = 30.0

_REWRITES = {
    "model": "模型或它的设置变了,所有段落都要重新编码",
    "cutting": "分段长度或词典变了,所有段落都要重新切分",
    "format": "索引的格式升级了",
    "damage": "索引有文件损坏,要重做",
}


@click.command(cls=Command)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--prune", is_flag=True, help="移除这些文件夹里已消失的文件的文章。")
@click.option("--dry-run", is_flag=True, help="只说会做什么、要多久,什么都不改。")
@click.option("--watch", "watched", is_flag=True, help="一直关注这些文件夹,有变化就更新;Ctrl-C 结束。")
@common_options
def build(
    paths: tuple[Path, ...], prune: bool, dry_run: bool, watched: bool, data: Path | None, as_json: bool
) -> int:
    """建立或更新索引(默认收录 seeds/);只有新的段落需要编码。"""
    if dry_run and watched:
        raise click.UsageError("--dry-run 和 --watch 不能同时使用。")
    settings = settings_for(data)
    inputs = paths or (DEFAULT_INPUT,)
    encoder = find_encoder(settings)

    def run(given: Sequence[Path]) -> int:
        with _keeping_told(settings), progress_bars() as step:
            report = building.build(
                given, settings, encoder, prune=prune, step=step, announce=_announce(settings)
            )
        return _print_report(report, as_json=as_json)

    def rebuild() -> None:
        found = present(inputs)  # a disk that is not there now must not cost its articles
        if found:
            run(found)

    if dry_run:
        return _print_plan(building.plan(inputs, settings, encoder, prune=prune), as_json=as_json)
    if watched:
        return follow(inputs, rebuild)
    return run(inputs)


@click.command(cls=Command)
@click.argument("ids", nargs=-1, required=True)
@common_options
def remove(ids: tuple[str, ...], data: Path | None, as_json: bool) -> int:
    """按编号移除文章;以后再读到也不收录,除非用 restore 收回。"""
    settings = settings_for(data)
    return _print_report(building.remove(ids, settings, find_encoder(settings)), as_json=as_json)


@click.command(cls=Command)
@click.argument("ids", nargs=-1)
@common_options
def restore(ids: tuple[str, ...], data: Path | None, as_json: bool) -> int:
    """收回移除过的文章:下次 build 读到时重新收录;不给编号则列出移除过的。"""
    settings = settings_for(data)
    if not ids:
        withheld = building.withheld(settings.data)
        if as_json:
            print_json({"removed": [{"id": one.id, "title": one.title} for one in withheld]})
        else:
            click.echo("\n".join(f"{one.id}  {one.title}" for one in withheld) or "没有移除过的文章。")
        return 0
    report = building.readmit(ids, settings, find_encoder(settings))
    if not as_json:
        click.echo("已收回;运行 wenbao build 重新收录。")
    return _print_report(report, as_json=as_json)


def _announce(settings: Settings) -> Announce:
    def announce(cost: Cost) -> None:
        if cost.rewrites or cost.seconds > TOLD_SECONDS:
            reason = f"{_REWRITES[cost.rewrites]}:" if cost.rewrites else ""
            click.echo(f"{reason}要编码 {cost.to_embed} 个段落,约需 {_duration(cost.seconds)}。", err=True)
            if settings.data.joinpath("CURRENT").exists():
                click.echo("完成之前,现有的索引照常服务;中断也不会丢掉已编码的段落。", err=True)

    return announce


@contextlib.contextmanager
def _keeping_told(settings: Settings) -> Iterator[None]:
    """Tell somebody who breaks a build off what of it is kept."""
    try:
        yield
    except KeyboardInterrupt:
        kept = kept_count(settings.data)
        if kept:
            click.echo(f"已编码的 {kept} 个段落保存好了,下次 build 从这里继续。", err=True)
        raise


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} 秒"
    if seconds < 5400:
        return f"{round(seconds / 60)} 分钟"
    return f"{seconds / 3600:.1f} 小时"


def _print_plan(plan: Plan, *, as_json: bool) -> int:
    if as_json:
        print_json(plan.to_json())
    else:
        click.echo(
            f"将新增 {plan.added},更新 {plan.updated},移除 {plan.removed},未变 {plan.unchanged} 篇文章"
        )
        if plan.rewrites:
            click.echo(f"{_REWRITES[plan.rewrites]}。")
        cost = f",约需 {_duration(plan.seconds)}" if plan.to_embed else ""
        click.echo(
            f"要编码 {plan.to_embed} 个段落{cost};之后共 {plan.articles} 篇文章,{plan.passages} 个段落"
        )
        click.echo("没有改动任何东西。")
    print_refusals(plan.refused)
    return REFUSED if plan.refused else 0


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
