"""A reader's way through the real service: ask, see the citation, open it at the very sentence."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.model]


def test_citation_opens_at_the_highlighted_sentence(
    page: Page, serve_app: Callable[[Flask], str], real_app: Flask
) -> None:
    base_url = serve_app(real_app)
    page.goto(base_url)
    page.get_by_label("问题").fill("岚江三桥总投资多少亿元?")
    page.get_by_label("问题").press("Enter")
    turn = page.locator(".turn").last
    expect(turn).to_contain_text("19.8亿元", timeout=60_000)
    turn.locator(".source .headline", has_text="岚江三桥").first.click()
    mark = page.locator("#panel mark#quote")
    expect(mark).to_be_in_viewport()
    expect(mark).to_contain_text("19.8亿元")
    page.get_by_role("link", name="单独打开").click()
    expect(page.locator("h1")).to_contain_text("岚江三桥")
