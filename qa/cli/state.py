"""The command `status`: which snapshot serves, whether a server runs, and who is building."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from embeddings.errors import IndexMissing
from embeddings.index.snapshot import snapshot_numbers
from embeddings.lock import holder
from qa.cli.show import Command, common_options, print_json, settings_for
from qa.following import Degraded, open_newest_good
from qa.running import find_server
from qa.service import Status, status_of


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `snapshot` is the one that it serves, `None` while it has none."""

    url: str
    pid: int
    started: str
    version: str
    snapshot: int | None
    degraded: Degraded | None

    def to_json(self) -> dict[str, Any]:
        """The server as a JSON object."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {**fields, "degraded": self.degraded.to_json() if self.degraded else None}


@click.command(cls=Command)
@common_options
def status(data: Path | None, as_json: bool) -> int:
    """索引和服务的状况:哪个快照在用,有哪些保留着,谁在更新。"""
    folder = settings_for(data).data
    building = holder(folder)
    found = _index(folder, building)
    server = running_server(folder)
    kept = snapshot_numbers(folder)
    if as_json:
        print_json(
            {
                **found.to_json(),
                "server": server.to_json() if server else None,
                "kept": kept,
                "building": building,
            }
        )
        return 0
    _print_index(found)
    click.echo(f"保留的快照 {'、'.join(map(str, kept))}")
    click.echo(_server_text(server))
    click.echo(f"正在更新索引:{building}" if building else "没有进程在更新索引")
    return 0


def _index(data: Path, building: str | None) -> Status:
    try:
        return status_of(*open_newest_good(data))
    except IndexMissing as error:
        if building is None:
            raise
        raise IndexMissing(error.message, hint=f"正在建立:{building}。请等它完成。") from None


def running_server(data: Path) -> Server | None:
    """The server of a data folder, if one answers."""
    found = find_server(data)
    if found is None:
        return None
    server, ready = found
    note, why = server.note, ready.get("degraded")
    # Read field by field: the server may be of another version than we are.
    degraded = Degraded(why.get("snapshot"), why.get("code", ""), why.get("detail", "")) if why else None
    return Server(note.url, note.pid, note.started, note.version, ready.get("snapshot"), degraded)


def _print_index(found: Status) -> None:
    dates = f"{found.first_date} 至 {found.last_date}" if found.first_date else "没有日期"
    click.echo(f"快照 {found.snapshot}(建于 {found.built_at})")
    click.echo(f"{found.articles} 篇文章,{found.passages} 个段落,{dates}")
    click.echo(f"模型 {found.model}")
    if found.degraded:
        click.echo(f"注意:{found.degraded.describe()},由快照 {found.snapshot} 代替")


def _server_text(server: Server | None) -> str:
    if server is None:
        return "服务没有运行"
    serving = "没有可用的快照" if server.snapshot is None else f"正在用快照 {server.snapshot}"
    why = f";{server.degraded.describe()}" if server.degraded else ""
    return f"服务 {server.url}(进程 {server.pid},始于 {server.started}),{serving}{why}"
