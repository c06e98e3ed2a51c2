"""The chip with a question's days, and the kinds of answers, in a real browser over the fake service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from urllib.parse import quote

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect

from embeddings.records import Filters
from tests.browser.test_chat import PHONE, ask
from tests.web import dated, samples
from tests.web.dated import DatedService, dated_service
from tests.web.fakes import app_over

pytestmark = pytest.mark.browser

OCTOBER = Filters(date(2026, 10, 1), date(2026, 10, 31))


@pytest.fixture
def service() -> DatedService:
    return dated_service()


@pytest.fixture
def base_url(service: DatedService, serve_app: Callable[[Flask], str]) -> str:
    return serve_app(app_over(service))


def opened(turn: Locator) -> Locator:
    """The turn's chip with its dates shown."""
    turn.locator(".chip summary").click()
    expect(turn.get_by_label("从", exact=True)).to_be_visible()
    return turn.locator(".scope")


def test_days_are_changed_and_the_same_question_is_asked_again(
    page: Page, base_url: str, service: DatedService
) -> None:
    page.goto(base_url)
    turn = ask(page, dated.DATED)
    expect(turn.locator(".chip summary")).to_contain_text("上周2026年10月5日—11日")
    expect(turn.get_by_label("从", exact=True)).to_be_hidden()

    form = opened(turn)
    expect(form.get_by_label("从", exact=True)).to_have_value("2026-10-05")
    form.get_by_label("从", exact=True).fill("2026-10-01")
    form.get_by_label("到", exact=True).fill("2026-10-31")
    form.get_by_role("button", name="按此时间再问").click()

    expect(page.locator(".turn")).to_have_count(2)
    again = page.locator(".turn").last
    expect(again.locator(".period-days")).to_have_text("2026年10月1日—31日")
    expect(again.locator(".period-text")).to_be_empty()
    assert [call["filters"] for call in service.calls] == [Filters(), OCTOBER]
    assert {call["question"] for call in service.calls} == {dated.DATED}

    page.reload()
    expect(page.locator(".period-days")).to_have_text(["2026年10月5日—11日", "2026年10月1日—31日"])


def test_range_is_taken_away_and_the_same_question_is_asked_again(
    page: Page, base_url: str, service: DatedService
) -> None:
    page.goto(base_url)
    turn = ask(page, dated.DATED)

    turn.get_by_role("button", name="不限时间再问").click()

    expect(page.locator(".turn")).to_have_count(2)
    again = page.locator(".turn").last
    expect(again.locator(".answer-text")).to_have_text(dated.DATED_REPLY.text)
    expect(again.locator(".period")).to_have_count(0)
    assert [call.get("use_period", True) for call in service.calls] == [True, False]


def test_one_day_left_empty_is_open_and_both_lift_the_limit(
    page: Page, base_url: str, service: DatedService
) -> None:
    page.goto(base_url)
    turn = ask(page, dated.DATED)

    opened(turn).get_by_label("到", exact=True).fill("")
    turn.get_by_role("button", name="按此时间再问").click()
    second = page.locator(".turn").nth(1)
    expect(second.locator(".period-days")).to_have_text("2026年10月5日起")
    opened(second).get_by_label("从", exact=True).fill("")
    second.get_by_role("button", name="按此时间再问").click()

    third = page.locator(".turn").nth(2)
    expect(third.locator(".answer-text")).to_be_visible()
    expect(third.locator(".period")).to_have_count(0)
    assert [call["filters"] for call in service.calls] == [Filters(), Filters(date(2026, 10, 5)), Filters()]
    assert service.calls[-1]["use_period"] is False


def test_days_the_wrong_way_round_are_not_sent(page: Page, base_url: str, service: DatedService) -> None:
    page.goto(base_url)
    form = opened(ask(page, dated.DATED))

    form.get_by_label("到", exact=True).fill("2026-10-04")
    form.get_by_role("button", name="按此时间再问").click()
    page.wait_for_timeout(200)

    assert len(service.calls) == 1


def test_dropped_range_is_told(page: Page, base_url: str) -> None:
    page.goto(base_url)
    turn = ask(page, dated.DROPPED)

    expect(turn.locator(".period-note")).to_have_text("这段时间的报纸里没有，以下来自全部报纸。")
    expect(turn.locator(".chip summary")).to_contain_text("上周")
    expect(ask(page, dated.DATED).locator(".period-note")).to_have_count(0)


def test_chip_works_from_the_keyboard(page: Page, base_url: str, service: DatedService) -> None:
    page.goto(base_url)
    turn = ask(page, dated.DATED)
    turn.locator(".chip summary").focus()
    page.keyboard.press("Enter")
    expect(turn.get_by_label("从", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(turn.get_by_label("从", exact=True)).to_be_hidden()
    expect(turn.locator(".chip summary")).to_be_focused()

    page.keyboard.press("Tab")
    expect(turn.get_by_role("button", name="不限时间再问")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator(".turn").last.locator(".answer-text")).to_be_visible()
    assert len(service.calls) == 2


def test_chip_works_without_scripts(
    new_page: Callable[..., Page], base_url: str, service: DatedService
) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(f"{base_url}/?q={quote(dated.DATED)}")
    form = opened(page.locator(".turn"))
    form.get_by_label("从", exact=True).fill("2026-10-01")
    form.get_by_label("到", exact=True).fill("2026-10-31")
    form.get_by_label("到", exact=True).press("Enter")
    expect(page.locator(".turn").last.locator(".period-days")).to_have_text("2026年10月1日—31日")

    page.locator(".turn").last.get_by_role("button", name="不限时间再问").click()

    expect(page.locator(".turn")).to_have_count(3)
    expect(page.locator(".turn").last.locator(".period")).to_have_count(0)
    assert [call["filters"] for call in service.calls] == [Filters(), OCTOBER, Filters()]
    assert service.calls[-1]["use_period"] is False


def test_failed_change_can_be_tried_again_with_its_days(
    page: Page, base_url: str, service: DatedService
) -> None:
    page.goto(base_url)
    form = opened(ask(page, dated.DATED))
    page.route("**/api/answer", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    form.get_by_label("从", exact=True).fill("2026-10-01")
    form.get_by_label("到", exact=True).fill("2026-10-31")
    form.get_by_role("button", name="按此时间再问").click()
    again = page.locator(".turn").last
    expect(again).to_contain_text("读不懂")

    page.unroute("**/api/answer")
    again.get_by_role("button", name="再问一次").click()

    expect(again.locator(".period-days")).to_have_text("2026年10月1日—31日")
    assert service.calls[-1]["filters"] == OCTOBER


def test_next_question_is_not_limited_by_the_days_of_the_last(
    page: Page, base_url: str, service: DatedService
) -> None:
    page.goto(f"{base_url}/?q={quote(dated.DATED)}&from=2026-10-01&to=2026-10-31")

    ask(page, samples.NIGHT)

    assert [call["filters"] for call in service.calls] == [OCTOBER, Filters()]


def test_span_is_emphasised_in_its_sentence(page: Page, base_url: str) -> None:
    page.goto(base_url)
    turn = ask(page, dated.SEATS)

    expect(turn.locator(".short-answer")).to_have_text("120把。[1]")
    expect(turn.locator(".answer-text")).to_have_text(f"{dated.SEATS_SENTENCE}[1]")
    expect(turn.locator("strong")).to_have_text(["120把", "120把"])
    expect(turn.locator("mark").first).to_have_text(dated.SEATS_SENTENCE)


@pytest.mark.parametrize("width", [320, PHONE["width"], 1280])
def test_opened_chip_stays_on_the_screen(new_page: Callable[..., Page], base_url: str, width: int) -> None:
    page = new_page(viewport={"width": width, "height": 800})
    page.goto(f"{base_url}/?q={quote(dated.DROPPED)}")
    opened(page.locator(".turn"))

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert_on_screen(page, ".chip-panel", width)


@pytest.mark.parametrize("width", [320, PHONE["width"], 1280])
def test_what_opens_from_a_tool_stays_on_the_screen(
    new_page: Callable[..., Page], base_url: str, width: int
) -> None:
    page = new_page(viewport={"width": width, "height": 800})
    page.goto(base_url)
    turn = ask(page, samples.NIGHT)
    for opener, opened_one in (
        (turn.locator(".copying summary"), ".copying .popover"),
        (turn.locator("summary.thumb"), ".feedback .popover"),
        (page.locator(".filters summary"), ".filters .popover"),
    ):
        opener.click()
        assert_on_screen(page, opened_one, width)
        page.keyboard.press("Escape")


def assert_on_screen(page: Page, selector: str, width: int) -> None:
    """The element is as wide as the screen at most, and all of it is there."""
    box = page.locator(selector).bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width
