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

from qa.cli.asking import ask, evaluation, search
from qa.cli.checking import doctor
from qa.cli.indexing import articles, build, remove, status
from qa.cli.serving import serve
from qa.cli.show import CALLERS_FAULT, OUR_FAULT

INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="wenbao")
@click.option("-v", "--verbose", is_flag=True, help="把运行日志写到标准错误。")
def cli(verbose: bool) -> None:
    """问报:把报纸版面变成可以提问的资料库,每个回答都注明出处。"""
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, stream=sys.stderr)


for _command in (articles, build, ask, search, serve, evaluation, status, remove, doctor):
    cli.add_command(_command)


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
