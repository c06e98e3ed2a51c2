"""The web server: gunicorn with one worker process, so that the model is in memory once.

The application is made inside the worker. The parent process only watches it: it holds no model,
hands SIGTERM on and lets requests finish, and starts a fresh worker on SIGHUP. While a worker
serves, a note in the data folder says where (`qa.server_note`).
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gunicorn.app.base import BaseApplication
from gunicorn.errors import AppImportError
from gunicorn.glogging import Logger

from embeddings.errors import WenbaoError
from qa.server_note import new_note, remove_note, write_note
from web.health import name_instance
from web.worker import PatientWorker

if TYPE_CHECKING:
    from flask import Flask

    from embeddings.settings import Settings

logger = logging.getLogger(__name__)

# Loading a model must not look like a hung worker, even on a cold disk.
START_TIMEOUT_S = 600
# A question in the address of the page that needs no script; gunicorn allows no longer line.
MAX_REQUEST_LINE_BYTES = 8190
# Each takes a file, and many systems give a process no more than 1024.
MAX_CONNECTIONS = 512
# Path without the query string, where a question may stand; nothing that a client names freely.
ACCESS_LOG = '%(t)s %(h)s "%(m)s %(U)s" %(s)s %(B)s %(M)sms %({x-request-id}o)s'
SPARE_THREADS = 16
# Under this name an application may keep what is to be called when its worker ends.
ON_CLOSE = "wenbao.on_close"
ANY_ADDRESS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, not bound to


def serve(make_app: Callable[[], Flask], settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT, then let running requests finish; returns an exit status.

    `make_app` is called in the worker process. When it raises one of our errors, its message and
    hint go to stderr, nothing is served, and the status is 1.
    """
    parent, instance = os.getpid(), secrets.token_urlsafe(12)
    try:
        _Server(make_app, settings, instance).run()
    except SystemExit as leaving:
        if os.getpid() != parent:
            raise  # the worker was forked in here and leaves the same way; its status is gunicorn's
        return 1 if leaving.code else 0
    finally:
        if os.getpid() == parent:
            remove_note(settings.data, instance)
    return 0


def server_url(host: str, port: int) -> str:
    """Return the address to open in a browser on this machine."""
    name = "localhost" if host in ANY_ADDRESS else _bracketed(host)
    return f"http://{name}:{port}/"


def gunicorn_options(settings: Settings) -> dict[str, Any]:
    """Return gunicorn's settings for ours."""
    return {
        "bind": f"{_bracketed(settings.host)}:{settings.port}",
        "workers": 1,
        "worker_class": PatientWorker,
        "worker_connections": MAX_CONNECTIONS,
        # Beside those whose questions are answered or wait, some for what takes no time: pages, refusals.
        "threads": settings.threads + settings.queue + SPARE_THREADS,
        "timeout": max(START_TIMEOUT_S, settings.request_timeout_s),
        "graceful_timeout": settings.request_timeout_s,
        "limit_request_line": MAX_REQUEST_LINE_BYTES,
        "loglevel": "warning",
        "accesslog": "-",
        "access_log_format": ACCESS_LOG,
        "logger_class": AccessLogger,
        "post_worker_init": _announce,
        "worker_exit": _close,
        # It would listen on a socket in the operator's home folder.
        "control_socket_disable": True,
    }


class AccessLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's logger with everything on stderr and one request on one line."""

    def setup(self, cfg: Any) -> None:
        """Move the access log from stdout, which belongs to the command's own output."""
        super().setup(cfg)
        for handler in self.access_log.handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stdout:
                handler.setStream(sys.stderr)

    def atoms(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> dict[str, Any]:
        """Return what a line is made of, with the path escaped: it may hold a line break."""
        found: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        found["U"] = quote(environ.get("PATH_INFO", ""), safe="/", encoding="latin-1")
        return found


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, make_app: Callable[[], Flask], settings: Settings, instance: str) -> None:
        self._make_app = make_app
        self._settings = settings
        self._instance = instance
        self._on_close: Callable[[], None] | None = None
        super().__init__()

    def load_config(self) -> None:
        for name, value in gunicorn_options(self._settings).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        try:
            app = self._make_app()
        except WenbaoError as error:
            raise AppImportError(str(error)) from error
        name_instance(app, self._instance)
        self._on_close = app.extensions.get(ON_CLOSE)
        return app

    def announce(self) -> None:
        """Say where the server is, to who started it and to who looks into its data folder."""
        sys.stderr.write(f"问报 → {self.url}\n")
        sys.stderr.flush()
        note = new_note(os.getppid(), self.url, self._instance, self._settings)
        try:
            write_note(self._settings.data, note)
        except OSError as error:
            logger.warning("the server's note could not be written: %s", error.strerror)

    def close(self) -> None:
        """End what the application runs beside its requests."""
        if self._on_close:
            self._on_close()

    @property
    def url(self) -> str:
        return server_url(self._settings.host, self._settings.port)


def _announce(worker: Any) -> None:
    worker.app.announce()


def _close(_arbiter: Any, worker: Any) -> None:
    worker.app.close()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
