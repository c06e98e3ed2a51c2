"""axe-core on every page, in both themes, on a desktop and on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.test_chat import PHONE, ask
from tests.web import dated, samples
from tests.web.dated import dated_service
from tests.web.fakes import app_over

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
DESKTOP = {"width": 1280, "height": 900}
PATHS = (
    "/",
    "/issues",
    "/issues/2026-10-12",
    "/search?q=%E6%B8%A1%E5%8F%A3",
    "/search",
    "/about",
    "/chats",
    f"/articles/{samples.LIBRARY.id}?quote=0-9",
    "/nowhere",
)


def violations(page: Page) -> list[str]:
    """What axe-core has against the page as it is now."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]


@pytest.fixture
def base_url(serve_app: Callable[[Flask], str]) -> str:
    return serve_app(app_over(dated_service()))


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_a_violation(
    new_page: Callable[..., Page], base_url: str, theme: str, viewport: dict[str, int]
) -> None:
    page = new_page(viewport=viewport, color_scheme=theme)
    found = {}
    for path in PATHS:
        page.goto(f"{base_url}{path}")
        found[path] = violations(page)
    assert {path: told for path, told in found.items() if told} == {}


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_state_of_the_chat_has_a_violation(
    new_page: Callable[..., Page], base_url: str, theme: str, viewport: dict[str, int]
) -> None:
    page = new_page(viewport=viewport, color_scheme=theme, reduced_motion="reduce")
    page.goto(base_url)
    found = {}
    for question in (dated.DATED, dated.DROPPED, dated.SEATS, samples.UNKNOWN, "问" * 1001):
        ask(page, question)
        found[question[:20]] = violations(page)
    for opener in (".chip summary", ".copying summary", "summary.thumb", ".filters summary"):
        page.locator(opener).first.click()
        found[opener] = violations(page)
        page.keyboard.press("Escape")
    page.locator(".cite").first.focus()
    found["preview"] = violations(page)
    page.locator(".source").first.click()
    expect(page.locator("#panel #quote")).to_be_visible()
    found["panel"] = violations(page)
    assert {state: told for state, told in found.items() if told} == {}


def test_a_violation_would_be_found(page: Page, base_url: str) -> None:
    page.goto(base_url)
    page.evaluate("document.documentElement.removeAttribute('lang')")

    assert any(told.startswith("html-has-lang:") for told in violations(page))
