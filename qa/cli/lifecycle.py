"""Commands for the index as a whole: `history`, `rollback`, `verify`, `compact`, `export`, `import`."""

from __future__ import annotations

from pathlib import Path

import click

from embeddings import build as building
from embeddings.encoder import find_encoder
from embeddings.errors import CallerError, IndexMissing
from embeddings.index.history import Kept, State, roll_back, total_bytes
from embeddings.index.history import history as kept_snapshots
from embeddings.index.importing import import_snapshot
from embeddings.index.snapshot import current_number, snapshot_folder, snapshot_numbers
from embeddings.index.transfer import article_lines, export_lines, export_snapshot
from embeddings.index.verify import Finding, verify_snapshot
from embeddings.settings import Settings
from embeddings.standing import cutting_fingerprint
from qa.cli.show import OUR_FAULT, Command, common_options, print_json, print_table, settings_for

STDOUT = Path("-")

_STATES = {
    State.WHOLE: "完好",
    State.DAMAGED: "已损坏",
    State.OLDER_FORMAT: "旧格式",
    State.NEWER_FORMAT: "新版问报的格式",
}


@click.command(cls=Command)
@common_options
def history(data: Path | None, as_json: bool) -> int:
    """列出保留的快照:建立时间、篇数、占用的磁盘,哪一个正在服务。"""
    folder = settings_for(data).data
    kept = kept_snapshots(folder)
    if as_json:
        print_json({"snapshots": [one.to_json() for one in kept], "bytes": total_bytes(folder)})
    elif not kept:
        click.echo("还没有快照。")
    else:
        columns = ("快照", "建于", "文章", "段落", "模型", "大小", "删除可释放", "状态")
        print_table(columns, [_row(one) for one in kept], f"共 {_mebibytes(total_bytes(folder))}")
    return 0


def _row(one: Kept) -> tuple[object, ...]:
    state = _STATES[one.state] + (",正在服务" if one.serves else "")
    known = (one.built_at, one.articles, one.passages, one.model)
    sizes = (_mebibytes(one.size_bytes), _mebibytes(one.freed_bytes))
    return (one.number, *("?" if value is None else value for value in known), *sizes, state)


def _mebibytes(size_bytes: int) -> str:
    return f"{size_bytes / (1 << 20):.1f} MiB"


@click.command(cls=Command)
@click.argument("number", type=int, required=False)
@common_options
def rollback(number: int | None, data: Path | None, as_json: bool) -> int:
    """让一个较早的快照重新服务(默认上一个);以后的更新从它接着做。"""
    settings = settings_for(data)
    manifest = roll_back(settings.data, find_encoder(settings).fingerprint, number)
    if as_json:
        print_json({"snapshot": manifest.number, "articles": manifest.articles})
    else:
        click.echo(f"快照 {manifest.number}(建于 {manifest.built_at},{manifest.articles} 篇文章)现在服务。")
    return 0


@click.command(cls=Command)
@click.option("--all", "every", is_flag=True, help="检查所有保留的快照,不只是正在服务的。")
@common_options
def verify(every: bool, data: Path | None, as_json: bool) -> int:
    """彻底检查索引:校验和、条数、每个段落的位置、向量和词条。"""
    settings = settings_for(data)
    cutting = cutting_fingerprint(settings)
    found = {
        number: verify_snapshot(snapshot_folder(settings.data, number), cutting)
        for number in _numbers(settings.data, every=every)
    }
    if as_json:
        print_json(_verify_json(found))
    else:
        for number, findings in found.items():
            click.echo(f"快照 {number}:{f'{len(findings)} 处有误' if findings else '完好'}")
            for finding in findings:
                click.echo(f"  {finding.place}:{finding.detail} ({finding.code})")
    return OUR_FAULT if any(found.values()) else 0


def _numbers(data: Path, *, every: bool) -> list[int]:
    serving = current_number(data)
    numbers = set(snapshot_numbers(data)) if every else set()
    if serving is None and not numbers:
        raise IndexMissing("还没有建立索引。", hint="先运行:wenbao build seeds(或您的报纸文件夹)。")
    return sorted(numbers | ({serving} if serving is not None else set()), reverse=True)


def _verify_json(found: dict[int, list[Finding]]) -> dict[str, object]:
    snapshots = [
        {"snapshot": number, "whole": not findings, "findings": [finding.to_json() for finding in findings]}
        for number, findings in found.items()
    ]
    return {"whole": not any(found.values()), "snapshots": snapshots}


@click.command(cls=Command)
@common_options
def compact(data: Path | None, as_json: bool) -> int:
    """把索引重写成最紧凑的样子:去掉已移除的段落留下的空间,合并小文件。"""
    settings = settings_for(data)
    report = building.compact(settings, find_encoder(settings))
    if as_json:
        print_json(report.to_json())
    else:
        click.echo(f"快照 {report.snapshot}:{report.articles} 篇文章,用时 {report.seconds:.1f} 秒")
    return 0


@click.command(cls=Command)
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--format",
    "form",
    type=click.Choice(["snapshot", "jsonl"]),
    default="snapshot",
    help="snapshot:整个索引;jsonl:只有文章,一行一篇(FILE 可为 -,即标准输出)。",
)
@click.option("--snapshot", "number", type=int, help="导出哪个快照(默认正在服务的)。")
@common_options
def export(target: Path, form: str, number: int | None, data: Path | None, as_json: bool) -> int:
    """把索引(或文章)写成一个文件,可搬到另一台机器。"""
    folder = settings_for(data).data
    chosen = _exported(folder, number)
    if form == "jsonl":
        return _export_lines(folder, chosen, target, as_json=as_json)
    if target == STDOUT:
        raise CallerError("整个索引不能写到标准输出。", hint="给出文件名,或用 --format jsonl。")
    header = export_snapshot(folder, chosen, target)
    if as_json:
        print_json({"snapshot": chosen, "files": len(header.files), "bytes": header.bytes})
    else:
        click.echo(f"快照 {chosen}:{len(header.files)} 个文件,{_mebibytes(header.bytes)}")
    return 0


def _exported(data: Path, number: int | None) -> int:
    if number is None:
        return _numbers(data, every=False)[0]
    if number not in snapshot_numbers(data):
        raise CallerError(
            f"没有快照 {number}。", hint="运行 wenbao history 查看。", code="snapshot_not_found"
        )
    return number


def _export_lines(data: Path, number: int, target: Path, *, as_json: bool) -> int:
    if target == STDOUT:
        for line in article_lines(data, number):
            click.echo(line)
        return 0
    count = export_lines(data, number, target)
    if as_json:
        print_json({"snapshot": number, "articles": count})
    else:
        click.echo(f"快照 {number}:{count} 篇文章")
    _warn_if_large(target)
    return 0


def _warn_if_large(target: Path) -> None:
    size, limit = target.stat().st_size, Settings.model_fields["max_file_bytes"].default
    if size > limit:
        click.echo(f"文件有 {size} 字节;收录它的机器需设 WENBAO_MAX_FILE_BYTES={size}。", err=True)


@click.command("import", cls=Command)
@click.argument("archive", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--any-model", is_flag=True, help="即使索引由另一个模型建成也导入(换成那个模型后才能服务)。")
@common_options
def import_(archive: Path, any_model: bool, data: Path | None, as_json: bool) -> int:
    """导入 wenbao export 写的索引,校验后让它服务。"""
    settings = settings_for(data)
    fingerprint = find_encoder(settings).fingerprint
    manifest = import_snapshot(archive, settings, fingerprint, any_model=any_model)
    fits = manifest.encoder == fingerprint
    if as_json:
        print_json({"snapshot": manifest.number, "articles": manifest.articles, "same_model": fits})
    else:
        click.echo(f"已导入为快照 {manifest.number}:{manifest.articles} 篇文章,{manifest.passages} 个段落")
    if not fits:
        click.echo(f"它由另一个模型({manifest.model})建成:换成那个模型之前不能回答。", err=True)
    return 0
