"""The command `mcp`: the archive for an assistant, over the Model Context Protocol on stdin and stdout."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from embeddings.errors import SettingsError
from qa.cli.nearest import make_service
from qa.cli.show import Command, settings_for

if TYPE_CHECKING:
    from mcp.server import MCPServer

    from embeddings.settings import Settings
    from qa.service import Service

_PACKAGES = ("mcp", "mcp_types")


@click.command(cls=Command)
@click.option("--data", type=click.Path(path_type=Path), help="索引所在的文件夹(默认 WENBAO_DATA 或 var)。")
def mcp(data: Path | None) -> None:
    """以 MCP 协议(标准输入输出)让 AI 助手查阅报纸;由助手启动,不在终端里使用。"""
    server = make_mcp_server(settings_for(data))
    # The SDK's end waits for a line on stdin. Nothing is written here, so Ctrl-C may end it at once.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    server.run()


def make_mcp_server(settings: Settings) -> MCPServer[None]:
    """The server over the real service, which begins to load when a client is there.

    Raises:
        SettingsError: the SDK is not installed.
    """
    try:
        from qa.mcp_server import make_server
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] not in _PACKAGES:
            raise
        raise SettingsError(
            "没有安装 MCP 的软件包。", hint='请运行:pip install "mcp>=2"', code="mcp_missing"
        ) from None
    opening = Opening(settings)
    return make_server(opening.service, opening.lifespan)


class Opening:
    """A service that is made, models and all, in a thread of its own: the handshake does not wait for it.

    It is not begun before the server has taken stdout for the protocol, whatever a library may print.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: Future[Service]

    def service(self) -> Service:
        """The service, once it is there; raises what making it raised."""
        return self._made.result()

    @asynccontextmanager
    async def lifespan(self, _server: MCPServer[None]) -> AsyncIterator[None]:
        """Make the service while the client is there, and close it afterwards."""
        with ThreadPoolExecutor(1, "opening") as pool:
            self._made = pool.submit(_open, self._settings)
            try:
                yield
            finally:
                if self._made.exception() is None:
                    self._made.result().close()


def _open(settings: Settings) -> Service:
    service = make_service(settings)
    service.warm()
    service.follow()
    return service
