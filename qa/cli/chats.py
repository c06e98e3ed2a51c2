"""The command `chats`: what is kept of readers' questions."""

from __future__ import annotations

from pathlib import Path

import click

from qa.chats import CHAT_STORE, Chats
from qa.cli.show import Command, common_options, print_json, settings_for


@click.command(cls=Command)
@click.argument("action", type=click.Choice(["purge"]))
@click.option("--days", type=click.IntRange(0, 3650), help="多少天没有用过(默认按 WENBAO_CHAT_DAYS)。")
@common_options
def chats(action: str, days: int | None, data: Path | None, as_json: bool) -> int:  # noqa: ARG001
    """删除久未使用的对话,连同其中的意见(purge);--days 0 全部删除。"""
    settings = settings_for(data)
    keep = settings.chat_days if days is None else days
    if days is None and not keep:
        raise click.UsageError("设置里说永久保留(WENBAO_CHAT_DAYS=0);要删除请用 --days。")
    path = settings.data / CHAT_STORE
    purged = 0
    if path.exists():
        store = Chats(path)
        purged = store.purge(keep)
        store.close()
    if as_json:
        print_json({"purged": purged})
    else:
        click.echo(f"删除了 {purged} 个对话。")
    return 0
