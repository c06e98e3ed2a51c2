"""The snapshots that are kept: what each is and costs, and how an older one comes to serve again."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from embeddings.errors import CallerError, IndexDamaged, IndexMismatch, NotFoundError
from embeddings.index.disk import disk_errors, make_durable
from embeddings.index.snapshot import (
    FORMAT_VERSION,
    SNAPSHOTS,
    Manifest,
    current_number,
    damaged_files,
    open_snapshot,
    publish,
    read_manifest,
    snapshot_folder,
    snapshot_numbers,
)
from embeddings.lock import build_lock


class State(StrEnum):
    """Whether a snapshot can serve."""

    WHOLE = "whole"
    DAMAGED = "damaged"
    OLDER_FORMAT = "older_format"
    NEWER_FORMAT = "newer_format"


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot on disk; what cannot be read of a damaged one is `None`.

    `size_bytes` counts a file once however many names it has; `freed_bytes` is what removing the
    snapshot would give back: not what others share with it.
    """

    number: int
    state: State
    serves: bool
    built_at: str | None
    model: str | None
    articles: int | None
    passages: int | None
    size_bytes: int
    freed_bytes: int

    def to_json(self) -> dict[str, Any]:
        """The snapshot as a JSON object."""
        return {**asdict(self), "state": str(self.state)}


def history(data: Path) -> list[Kept]:
    """The snapshots of a data folder, newest first; reads every file of them to tell which are damaged."""
    try:
        serving = current_number(data)
    except IndexDamaged:
        serving = None
    return [_kept(data, number, serving) for number in reversed(snapshot_numbers(data))]


def total_bytes(data: Path) -> int:
    """What all snapshots take on disk together, a shared file counted once."""
    return sum(found.st_size for found, _ in _files(data / SNAPSHOTS))


def _kept(data: Path, number: int, serving: int | None) -> Kept:
    folder = snapshot_folder(data, number)
    manifest, state = _state(folder)
    files = list(_files(folder))
    return Kept(
        number=number,
        state=state,
        serves=number == serving,
        built_at=manifest.built_at if manifest else None,
        model=manifest.model if manifest else None,
        articles=manifest.articles if manifest else None,
        passages=manifest.passages if manifest else None,
        size_bytes=sum(found.st_size for found, _ in files),
        freed_bytes=sum(found.st_size for found, names in files if found.st_nlink <= names),
    )


def _state(folder: Path) -> tuple[Manifest | None, State]:
    try:
        manifest = read_manifest(folder)
    except IndexMismatch:
        return None, State.NEWER_FORMAT
    except IndexDamaged:
        return None, State.DAMAGED
    if damaged_files(folder, manifest):
        return manifest, State.DAMAGED
    return manifest, State.WHOLE if manifest.format == FORMAT_VERSION else State.OLDER_FORMAT


def _files(folder: Path) -> Iterable[tuple[os.stat_result, int]]:
    """Every file under a folder once, and how many of its names lie there."""
    found = [path.lstat() for path in folder.rglob("*") if path.is_symlink() or path.is_file()]
    names = Counter((one.st_dev, one.st_ino) for one in found)
    return [(one, names[key]) for key, one in {(one.st_dev, one.st_ino): one for one in found}.items()]


def roll_back(data: Path, fingerprint: str, number: int | None = None) -> Manifest:
    """Let a kept snapshot serve: `number`, or the newest before the one that serves.

    The next build continues from it. `fingerprint` is of the encoder in use.

    Raises:
        NotFoundError: there is no such snapshot.
        CallerError: it is damaged, of another format, or was made with another model.
        IndexBusy: a build is running.
        ServiceError: the data folder cannot be written.
    """
    if not snapshot_numbers(data):  # and so no folder to lock, which a lock would make
        raise _unknown(number, [])
    with build_lock(data), disk_errors("切换快照", "检查磁盘空间和权限后再试;正在服务的索引没有改动。"):
        chosen = _chosen(data, number)
        manifest = _checked(data, chosen, fingerprint)
        make_durable(data / SNAPSHOTS)
        publish(data, chosen)
        return manifest


def _chosen(data: Path, number: int | None) -> int:
    numbers = snapshot_numbers(data)
    if number is not None and number in numbers:
        return number
    older = [] if number is not None else _older(data, numbers)
    if not older:
        raise _unknown(number, numbers)
    return older[-1]


def _older(data: Path, numbers: list[int]) -> list[int]:
    try:
        serving = current_number(data)
    except IndexDamaged:
        return []
    return [number for number in numbers if serving is not None and number < serving]


def _unknown(number: int | None, numbers: list[int]) -> NotFoundError:
    message = "没有更早的快照可以退回。" if number is None else f"没有快照 {number}。"
    kept = f"现有快照 {'、'.join(map(str, numbers))};" if numbers else "还没有快照;"
    return NotFoundError(message, hint=f"{kept}运行 wenbao history 查看。", code="snapshot_not_found")


def _checked(data: Path, number: int, fingerprint: str) -> Manifest:
    """The manifest of a snapshot that can serve."""
    try:
        manifest = open_snapshot(data, number).manifest
    except (IndexDamaged, IndexMismatch) as error:
        raise CallerError(
            f"快照 {number} 不能服务:{error.message}",
            hint="用 wenbao history 另选一个;正在服务的索引没有改动。",
            code=error.code,
        ) from None
    if manifest.encoder != fingerprint:
        raise CallerError(
            f"快照 {number} 由另一个模型({manifest.model})建成,现在的设置不能用它回答。",
            hint="把 WENBAO_MODEL 等设置改回当时的值再退回,或运行 wenbao build 用现在的模型重建。",
            code="index_mismatch",
        )
    return manifest
