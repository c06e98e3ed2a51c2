"""Fixtures of the browser tests: a served application and a page of headless Chromium."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import BaseWSGIServer, make_server

CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PATIENCE_MS = 10_000
POLL_S = 0.05  # how soon a server notices that it should stop


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium for the whole run; fails, never skips, where there is none."""
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: install Debian's `chromium` and `fonts-noto-cjk`.")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
        yield running
        running.close()


@pytest.fixture
def serve_app() -> Iterator[Callable[[Flask], str]]:
    """Serve applications from threads of this process: `serve_app(app)` returns the base URL."""
    running: list[tuple[BaseWSGIServer, threading.Thread]] = []

    def serve(app: Flask) -> str:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, args=(POLL_S,), daemon=True)
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def new_page(browser: Browser, serve_app: Callable[[Flask], str]) -> Iterator[Callable[..., Page]]:
    """Open pages in contexts of their own: `new_page(java_script_enabled=False, viewport=…)`.

    The test fails at its end when any of them reported an error on its console, which is where
    a violation of the content security policy shows. `serve_app` is asked for only so that the
    server outlives the pages that still load from it.
    """
    contexts = []
    complaints: list[str] = []

    def open_page(**options: object) -> Page:
        context = browser.new_context(**{"locale": "zh-CN", **options})  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda message: _note(complaints, message.type, message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def _note(complaints: list[str], kind: str, text: str) -> None:
    # Chromium reports every response that is not 2xx as an error; those tests ask for them.
    if kind == "error" and not text.startswith("Failed to load resource: the server responded"):
        complaints.append(text)


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A page at desktop size with scripts on."""
    return new_page(viewport={"width": 1280, "height": 900})
