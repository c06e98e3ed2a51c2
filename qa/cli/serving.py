"""The command `serve`: where the parts of the web process are wired together."""

from __future__ import annotations

import logging
from pathlib import Path

import click
from flask import Flask

from embeddings.encoder import find_encoder
from embeddings.errors import SettingsError
from embeddings.settings import Settings
from qa.archive import Archive
from qa.chats import CHAT_STORE, Chats
from qa.cli.show import Command, settings_for
from qa.jobs import Jobs
from qa.service import Service
from qa.spans import SpanReader
from web import create_app
from web.access import keep_secret
from web.logs import write_json_logs
from web.server import ON_CLOSE
from web.server import serve as run_server

logger = logging.getLogger(__name__)


@click.command(cls=Command)
@click.option("--host", help="监听的地址(默认 127.0.0.1)。")
@click.option("--port", type=int, help="监听的端口(默认 8000)。")
@click.option("--data", type=click.Path(path_type=Path), help="索引所在的文件夹。")
def serve(host: str | None, port: int | None, data: Path | None) -> int:
    """启动网页和 API 服务;SIGTERM 会等正在回答的请求完成,SIGHUP 重读设置。"""
    settings = settings_for(data, host=host, port=port)

    def fresh_app() -> Flask:
        """The application by the settings of this moment: a reload (SIGHUP) takes up new keys and limits."""
        try:
            return make_app(settings_for(data, host=host, port=port))
        except SettingsError as error:
            logger.error("the settings cannot be used, the former ones stay: %s", error)
            return make_app(settings)

    return run_server(fresh_app, settings)


def make_app(settings: Settings) -> Flask:
    """The application over the real service, with the models and the published snapshot in memory."""
    chats = Chats(settings.data / CHAT_STORE)
    encoder = find_encoder(settings)
    service = Service(settings, encoder, SpanReader(settings.cache), chats.conversations)
    jobs = Jobs(settings.data)
    if settings.log_format == "json":
        write_json_logs()
    chats.keep(settings.chat_days)
    service.warm()
    service.follow()
    app = create_app(service, chats, settings, Archive(settings, encoder.fingerprint), jobs)
    keep_secret(app, settings.data)
    jobs.start()

    def close() -> None:
        jobs.close()
        service.close()

    app.extensions[ON_CLOSE] = close
    return app
