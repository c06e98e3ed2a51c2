"""The chip with a question's days, and the kinds of answers, in a real browser over the fake service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from urllib.parse import quote

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect

from embeddings.records import Filters
from tests.browser.test_chat import PHONE, ask, squeezed
from tests.web import dated, samples
from tests.web.dated import DatedService, dated_service
from tests.web.fakes import app_over
from web.typeset import period_text

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
    return turn.locator(".period")


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

    expect(turn.locator(".period-days")).to_have_text("2026年10月1日—31日")
    expect(turn.locator(".period-text")).to_be_empty()
    expect(turn.locator(".chip summary")).to_be_focused()
    expect(page.locator(".turn")).to_have_count(1)
    assert [call["filters"] for call in service.calls] == [Filters(), OCTOBER]
    assert {call["question"] for call in service.calls} == {dated.DATED}
    assert "from=2026-10-01&to=2026-10-31" in page.url

    page.reload()
    expect(page.locator(".period-days")).to_have_text("2026年10月1日—31日")
    assert service.calls[-1]["filters"] == OCTOBER


def test_range_is_taken_away_and_the_same_question_is_asked_again(
    page: Page, base_url: str, service: DatedService
) -> None:
    page.goto(base_url)
    turn = ask(page, dated.DATED)

    turn.get_by_role("button", name="不限时间再问").click()

    expect(turn.locator(".period")).to_have_count(0)
    expect(turn.locator(".answer-text")).to_have_text(dated.DATED_REPLY.text)
    expect(turn.locator(".question")).to_be_focused()
    assert [call.get("use_period", True) for call in service.calls] == [True, False]
    assert page.url.endswith("period=off")


def test_one_day_left_empty_is_open_and_both_lift_the_limit(
    page: Page, base_url: str, service: DatedService
) -> None:
    page.goto(base_url)
    turn = ask(page, dated.DATED)

    opened(turn).get_by_label("到", exact=True).fill("")
    page.get_by_role("button", name="按此时间再问").click()
    expect(turn.locator(".period-days")).to_have_text("2026年10月5日起")
    opened(turn).get_by_label("从", exact=True).fill("")
    page.get_by_role("button", name="按此时间再问").click()

    expect(turn.locator(".period")).to_have_count(0)
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
    expect(ask(page, dated.DATED).locator(".period-note")).to_be_hidden()


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

    expect(turn.locator(".period")).to_have_count(0)
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
    expect(page.locator(".period-days")).to_have_text("2026年10月1日—31日")

    page.get_by_role("button", name="不限时间再问").click()

    expect(page.locator(".period")).to_have_count(0)
    expect(page.locator(".answer-text")).to_have_text(dated.DATED_REPLY.text)
    assert [call["filters"] for call in service.calls] == [Filters(), OCTOBER, Filters()]
    assert service.calls[-1]["use_period"] is False


def test_failed_change_keeps_the_days_and_can_be_tried_again(
    page: Page, base_url: str, service: DatedService
) -> None:
    page.goto(base_url)
    turn = ask(page, dated.DATED)
    page.route("**/api/answer", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    form = opened(turn)
    form.get_by_label("从", exact=True).fill("2026-10-01")
    form.get_by_label("到", exact=True).fill("2026-10-31")
    form.get_by_role("button", name="按此时间再问").click()
    expect(turn).to_contain_text("读不懂")
    expect(form.get_by_label("从", exact=True)).to_have_value("2026-10-01")

    page.unroute("**/api/answer")
    turn.get_by_role("link", name="再问一次").click()

    expect(turn.locator(".period-days")).to_have_text("2026年10月1日—31日")
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


def test_figure_is_not_emphasised_inside_a_longer_one(page: Page, base_url: str) -> None:
    page.goto(base_url)
    for text, span, start in (("13件里有3件", "3件", 5), ("3.5元和5元", "5元", 5), ("13件", "3件", 1)):
        parts = page.evaluate(
            "async ([text, span]) => (await import('/static/text.js')).emphasised([{ text }], span)",
            [text, span],
        )
        assert [part["text"] for part in parts if part.get("strong")] == [span]
        assert len(parts[0]["text"]) == start


def test_both_ways_show_every_kind_of_answer_alike(new_page: Callable[..., Page], base_url: str) -> None:
    scripted, plain = new_page(), new_page(java_script_enabled=False)
    for question in dated.REPLIES:
        scripted.goto(base_url)
        shown = ask(scripted, question).inner_html()
        plain.goto(f"{base_url}/?q={quote(question)}")
        assert squeezed(shown) == squeezed(plain.locator(".turn").inner_html()), question


@pytest.mark.parametrize("width", [320, PHONE["width"], 1280])
def test_opened_chip_stays_on_the_screen(new_page: Callable[..., Page], base_url: str, width: int) -> None:
    page = new_page(viewport={"width": width, "height": 800})
    page.goto(f"{base_url}/?q={quote(dated.DROPPED)}")
    opened(page.locator(".turn"))

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.locator(".period-panel").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


@pytest.mark.parametrize(
    ("first", "last", "written"),
    [
        ("2026-10-05", "2026-10-05", "2026年10月5日"),
        ("2026-10-05", "2026-10-11", "2026年10月5日—11日"),
        ("2026-09-28", "2026-10-04", "2026年9月28日—10月4日"),
        ("2025-12-29", "2026-01-04", "2025年12月29日—2026年1月4日"),
        ("2026-10-05", None, "2026年10月5日起"),
        (None, "2026-10-11", "截至2026年10月11日"),
        (None, None, ""),
    ],
)
def test_days_are_written_alike_by_scripts_and_server(
    page: Page, base_url: str, first: str | None, last: str | None, written: str
) -> None:
    page.goto(base_url)

    shown = page.evaluate(
        """async ([first, last]) => (await import("/static/text.js")).periodText(
            document.getElementById("content").dataset, first, last)""",
        [first, last],
    )

    assert shown == written
    assert period_text(*(date.fromisoformat(day) if day else None for day in (first, last))) == written
