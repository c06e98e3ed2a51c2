"""The command `wenbao`: a thin face over the packages, for people and (with `--json`) for programs.

stdout carries the result and nothing else; progress, logs and errors go to stderr. Exit status: 0
done, 1 our fault, 2 the caller's, 3 done but some inputs were refused and are listed.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence

import click

from qa.cli.lazy import LazyGroup, Place
from qa.cli.show import CALLERS_FAULT, OUR_FAULT

INTERRUPTED = 130

COMMANDS = {
    "articles": Place("qa.cli.parsing:articles", "只解析,不建索引:列出版面上的文章,和拿不准的分界。"),
    "ask": Place("qa.cli.asking:ask", "提问,得到注明出处的回答。"),
    "build": Place("qa.cli.building:build", "建立或更新索引(默认收录 seeds/);只有新的段落需要编码。"),
    "chats": Place("qa.cli.chats:chats", "删除久未使用的对话(chats purge)。"),
    "compact": Place("qa.cli.lifecycle:compact", "整理索引:去掉历次更新留下的空间。"),
    "doctor": Place("qa.cli.checking:doctor", "检查模型、索引、磁盘和版本,说明哪里有问题、怎么修。"),
    "eval": Place("qa.cli.evaluating:evaluation", "用有标准答案的问题(JSON 行)评测检索和回答。"),
    "export": Place("qa.cli.lifecycle:export", "把索引(或文章)写成一个文件。"),
    "history": Place("qa.cli.lifecycle:history", "保留着的快照,新的在前。"),
    "import": Place("qa.cli.lifecycle:import_", "接收另一台机器导出的索引。"),
    "key": Place("qa.cli.keys:key", "生成一个访问密钥。"),
    "mcp": Place("qa.cli.mcp:mcp", "以 MCP 协议(标准输入输出)让 AI 助手查阅报纸。"),
    "remove": Place("qa.cli.building:remove", "按编号移除文章;以后再读到也不收录。"),
    "restore": Place("qa.cli.building:restore", "收回移除过的文章;不给编号则列出它们。"),
    "rollback": Place("qa.cli.lifecycle:rollback", "让以前的一个快照重新服务。"),
    "search": Place("qa.cli.asking:search", "搜索段落。"),
    "serve": Place("qa.cli.serving:serve", "启动网页和 API 服务;SIGTERM 会等正在回答的请求完成。"),
    "status": Place("qa.cli.state:status", "索引和服务的状况:哪个快照在用,有哪些保留着,谁在更新。"),
    "verify": Place("qa.cli.lifecycle:verify", "核对快照:校验和、数目、每个段落的位置。"),
}


@click.group(cls=LazyGroup, places=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="wenbao")
@click.option("-v", "--verbose", is_flag=True, help="把运行日志写到标准错误。")
def cli(verbose: bool) -> None:
    """问报:把报纸版面变成可以提问的资料库,每个回答都注明出处。"""
    _log_to_stderr(verbose=verbose)


def _log_to_stderr(*, verbose: bool) -> None:
    """Errors of the libraries, and of our own also what an operator should know; all of it if `verbose`."""
    if verbose:
        logging.basicConfig(level=logging.INFO, stream=sys.stderr)
        return
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr, format="%(message)s")
    for package in ("embeddings", "qa", "web"):
        logging.getLogger(package).setLevel(logging.WARNING)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit status."""
    try:
        status_code = cli.main(args=list(arguments) if arguments is not None else None, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(CALLERS_FAULT)
    except (click.Abort, KeyboardInterrupt):
        click.echo("已中断。", err=True)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output has left; nothing more can be said, not even at shutdown.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(OUR_FAULT)
    sys.exit(status_code if isinstance(status_code, int) else 0)
