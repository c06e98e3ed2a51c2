"""The command `key`: make a key to the service."""

from __future__ import annotations

import click

from qa.cli.show import Command, print_json
from qa.keys import Scope, new_key


@click.command(cls=Command)
@click.argument("name")
@click.option("--admin", is_flag=True, help="也能上传、更新和回退。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def key(name: str, admin: bool, as_json: bool) -> int:
    """生成一个访问密钥:密钥只显示这一次,设置里只存它的散列。"""
    token, made = new_key(name, Scope.ADMIN if admin else Scope.READ)
    if as_json:
        print_json({"name": made.name, "scope": str(made.scope), "key": token, "entry": made.entry()})
        return 0
    click.echo(f"密钥(只显示这一次):{token}")
    click.echo(f"加到 WENBAO_API_KEYS(多项用空格隔开):{made.entry()}")
    return 0
