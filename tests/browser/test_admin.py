"""The administrator's pages in a real browser, over the real index and jobs; and axe-core on all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.test_accessibility import DESKTOP, violations
from tests.browser.test_chat import PHONE
from tests.web.test_admin import PAGE, TOKEN, Newsroom, newsroom

__all__ = ["newsroom"]

pytestmark = pytest.mark.browser


@pytest.fixture
def base_url(newsroom: Newsroom, serve_app: Callable[[Flask], str]) -> str:
    return serve_app(newsroom.app)


def log_in(page: Page, base_url: str) -> None:
    page.goto(f"{base_url}/admin")
    page.get_by_label("访问密钥").fill(TOKEN)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="管理")).to_be_visible()


def upload(page: Page, folder: Path) -> None:
    """Choose a page, and wait for its plan."""
    path = folder / "05.txt"
    path.write_text(PAGE, encoding="utf-8")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_label("报纸").fill("柳湾晚报")
    page.get_by_label("日期").fill("2026-10-20")
    page.get_by_role("button", name="上传并看计划").click()
    expect(page.locator(".state")).to_have_text("等待确认", timeout=60_000)


@pytest.mark.parametrize("scripts", [True, False])
def test_issue_is_uploaded_planned_built_and_asked(
    new_page: Callable[..., Page], base_url: str, tmp_path: Path, scripts: bool
) -> None:
    page = new_page(java_script_enabled=scripts)
    log_in(page, base_url)
    upload(page, tmp_path)
    expect(page.locator(".facts")).to_contain_text("新增2")

    page.get_by_role("button", name="开始更新").click()
    expect(page.locator(".state")).to_have_text("完成", timeout=60_000)

    page.goto(f"{base_url}/issues")
    page.get_by_role("link", name="20").click()
    expect(page.get_by_role("heading", name="第05版")).to_be_visible()
    expect(page.locator(".issue-page")).to_contain_text("老巷换路灯")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_of_the_administration_has_a_violation(
    new_page: Callable[..., Page], base_url: str, tmp_path: Path, theme: str, viewport: dict[str, int]
) -> None:
    page = new_page(viewport=viewport, color_scheme=theme)
    found = {}
    page.goto(f"{base_url}/login")
    found["/login"] = violations(page)
    log_in(page, base_url)
    upload(page, tmp_path)
    found["plan"] = violations(page)
    page.get_by_role("button", name="开始更新").click()
    expect(page.locator(".state")).to_have_text("完成", timeout=60_000)
    found["done"] = violations(page)
    page.goto(f"{base_url}/issues/2026-10-20")
    article = (page.locator(".headline").first.get_attribute("href") or "").rpartition("/")[2]
    for path in ("", "/doubts", f"/doubts/{article}", "/feedback", "/gaps"):
        page.goto(f"{base_url}/admin{path}")
        found[path] = violations(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], path
    page.goto(f"{base_url}/docs")
    found["/docs"] = violations(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert {path: told for path, told in found.items() if told} == {}
