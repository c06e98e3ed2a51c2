"""The chat page and the article page in a real browser, over the fake service."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect

from embeddings.records import Answer, Citation
from tests.web import samples
from tests.web.fakes import CONVERSATION, FakeService, app_over, missing_index

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def base_url(service: FakeService, serve_app: Callable[[Flask], str]) -> str:
    return serve_app(app_over(service))


def ask(page: Page, question: str) -> Locator:
    """Ask in the chat page; the turn, once it has its reply."""
    page.get_by_label("问题").fill(question)
    page.get_by_label("问题").press("Enter")
    turn = page.locator(".turn").last
    expect(turn.locator(".question")).to_contain_text(question)
    expect(turn).not_to_have_attribute("aria-busy", "true")
    return turn


def compose(page: Page, script: str) -> None:
    """Run a script against the question box with the helpers an input method's events need."""
    page.get_by_label("问题").evaluate(
        """(box, script) => {
            const key = (options) => box.dispatchEvent(new KeyboardEvent("keydown",
                { key: "Enter", bubbles: true, cancelable: true, ...options }));
            const composition = (type) => box.dispatchEvent(new CompositionEvent(type, { bubbles: true }));
            new Function("key", "composition", script)(key, composition);
        }""",
        script,
    )


def test_question_is_answered_with_a_citation_that_opens_at_the_quote(page: Page, base_url: str) -> None:
    page.goto(base_url)
    turn = ask(page, samples.NIGHT)

    expect(turn.locator(".answer-text")).to_have_text(samples.NIGHT_REPLY.text)
    expect(turn.locator(".cite")).to_have_text(["[1]", "[2]", "[2]"])
    expect(turn.locator(".cite").first).to_have_attribute("href", "#turn-1-source-1")
    card = turn.locator(".source").first
    for text in (samples.LIBRARY.title, "柳湾晚报", "2026年10月12日", "第01版", "本报记者 段青梧"):
        expect(card).to_contain_text(text)
    citation = samples.NIGHT_REPLY.citations[0]
    expect(card.locator("mark")).to_have_text(citation.quote)

    card.click()

    expect(page).to_have_url(f"{base_url}{citation.to_json()['url']}")
    mark = page.locator("mark#quote")
    expect(mark).to_have_text(citation.quote)
    expect(mark).to_be_in_viewport(ratio=1)


def test_quote_far_down_is_scrolled_to_on_a_phone(
    new_page: Callable[..., Page], serve_app: Callable[[Flask], str]
) -> None:
    long = replace(samples.TEA, body="\n".join(f"第{n}段写的是茶山上的事。" * 6 for n in range(40)))
    text = "第31段写的是茶山上的事。"
    start = long.text.index(text)
    base_url = serve_app(app_over(FakeService(articles=[long])))
    page = new_page(viewport=PHONE)

    page.goto(f"{base_url}/articles/{long.id}?quote={start}-{start + len(text)}#quote")

    expect(page.locator("#quote")).to_have_text(text)
    expect(page.locator("#quote")).to_be_in_viewport(ratio=1)


def test_quote_after_astral_characters_is_cut_at_the_right_place(page: Page, base_url: str) -> None:
    page.goto(base_url)
    turn = ask(page, samples.ASTRAL)

    quote_text = samples.ASTRAL_REPLY.citations[0].quote
    expect(turn.locator("mark")).to_have_text(quote_text)
    turn.locator(".source").click()
    expect(page.locator("#quote")).to_have_text(quote_text)


def test_way_back_from_an_article_finds_the_answer_again(page: Page, base_url: str) -> None:
    page.goto(base_url)
    ask(page, samples.NIGHT).locator(".source").first.click()
    expect(page.locator("#quote")).to_be_visible()

    page.get_by_role("link", name="返回提问").first.click()

    expect(page.locator(".answer-text")).to_have_text(samples.NIGHT_REPLY.text)


def test_mark_leads_to_its_source(page: Page, base_url: str) -> None:
    page.goto(base_url)
    turn = ask(page, samples.NIGHT)

    turn.get_by_role("link", name="出处 2").first.click()

    expect(turn.locator("#turn-1-source-2")).to_be_in_viewport()
    assert page.evaluate("document.querySelector(':target').id") == "turn-1-source-2"


def test_turns_stand_one_below_another_in_one_conversation(
    page: Page, base_url: str, service: FakeService
) -> None:
    page.goto(base_url)
    ask(page, samples.NIGHT)
    second = ask(page, samples.ASTRAL)

    expect(page.locator(".turn")).to_have_count(2)
    expect(second.locator(".cite")).to_have_attribute("href", "#turn-2-source-1")
    expect(second.locator(".question")).to_be_in_viewport()
    assert [call["conversation_id"] for call in service.calls] == [None, CONVERSATION]


def test_suggested_question_is_asked_at_a_click(page: Page, base_url: str, service: FakeService) -> None:
    page.goto(base_url)
    buttons = page.locator("#suggestions button")
    expect(buttons).to_have_count(3)

    buttons.nth(1).click()

    expect(page.locator(".answer-text")).to_be_visible()
    assert [call["question"] for call in service.calls] == [samples.SUGGESTIONS[1]]
    expect(page.locator("#suggestions")).to_have_count(0)


@pytest.mark.parametrize(
    "script",
    [
        'composition("compositionstart"); key({ isComposing: true });',
        'composition("compositionstart"); key({ keyCode: 229 });',
        'composition("compositionstart"); key({});',
        'composition("compositionstart"); composition("compositionend"); key({ keyCode: 229 });',
        'composition("compositionstart"); composition("compositionend"); key({});',  # Safari's order
        "key({ keyCode: 229 });",
        "key({ shiftKey: true });",
    ],
)
def test_enter_of_an_input_method_does_not_send(
    page: Page, base_url: str, service: FakeService, script: str
) -> None:
    page.goto(base_url)
    page.get_by_label("问题").fill(samples.NIGHT)

    compose(page, script)
    page.wait_for_timeout(300)

    expect(page.locator(".turn")).to_have_count(0)
    assert service.calls == []

    compose(page, 'composition("compositionend");')
    page.wait_for_timeout(200)
    page.get_by_label("问题").press("Enter")

    expect(page.locator(".turn")).to_have_count(1)


def test_shift_enter_breaks_the_line(page: Page, base_url: str, service: FakeService) -> None:
    page.goto(base_url)
    box = page.get_by_label("问题")
    box.fill("第一行")
    box.press("Shift+Enter")
    box.type("第二行")

    assert box.input_value() == "第一行\n第二行"
    assert service.calls == []


def test_blank_question_is_not_sent(page: Page, base_url: str, service: FakeService) -> None:
    page.goto(base_url)
    page.get_by_label("问题").fill("  ")
    page.get_by_label("问题").press("Enter")
    page.wait_for_timeout(200)

    assert service.calls == []


def test_waiting_turn_is_busy_and_takes_no_second_question(
    page: Page, serve_app: Callable[[Flask], str]
) -> None:
    released = threading.Event()

    def wait() -> Answer:
        released.wait(20)
        return samples.NIGHT_REPLY

    service = FakeService(replies={"慢": wait})
    page.goto(serve_app(app_over(service)))
    box = page.get_by_label("问题")
    box.fill("慢")
    box.press("Enter")

    try:
        expect(page.locator(".turn")).to_have_attribute("aria-busy", "true")
        expect(page.locator(".turn")).to_contain_text("正在翻报")
        expect(page.get_by_role("button", name="提问")).to_be_disabled()
        box.fill("快")
        box.press("Enter")
    finally:
        released.set()
    expect(page.locator(".answer-text")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("已回答")
    expect(box).to_have_value("快")
    expect(page.locator(".turn")).to_have_count(1)
    assert [call["question"] for call in service.calls] == ["慢"]


def test_unanswered_question_looks_different_and_offers_related(page: Page, base_url: str) -> None:
    page.goto(base_url)
    turn = ask(page, samples.UNKNOWN)

    expect(turn).to_contain_text("报上没有写")
    expect(turn.locator(".unanswered .answer-text")).to_have_text(samples.UNKNOWN_REPLY.text)
    expect(turn.locator(".reports .headline")).to_have_text([samples.FERRY.title, samples.TEA.title])
    turn.locator(".reports .headline").first.click()
    expect(page.locator("h1")).to_have_text(samples.FERRY.title)


def test_failure_is_told_in_words_and_asked_again(page: Page, serve_app: Callable[[Flask], str]) -> None:
    replies: dict[str, Answer | Exception] = {samples.NIGHT: RuntimeError("secret")}
    page.goto(serve_app(app_over(FakeService(replies=replies))))
    turn = ask(page, samples.NIGHT)
    expect(turn).to_contain_text("服务内部出了差错")
    expect(turn).to_contain_text("请求编号")
    expect(turn).not_to_contain_text("secret")

    replies[samples.NIGHT] = samples.NIGHT_REPLY
    turn.get_by_role("link", name="再问一次").click()

    expect(turn.locator(".answer-text")).to_have_text(samples.NIGHT_REPLY.text)
    expect(page.locator(".turn")).to_have_count(1)


def test_service_out_of_reach_is_told_in_words(
    new_page: Callable[..., Page], serve_app: Callable[[Flask], str]
) -> None:
    page = new_page()
    page.goto(serve_app(app_over(FakeService())))
    page.route("**/api/answer", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    expect(ask(page, "一")).to_contain_text("读不懂")
    page.unroute("**/api/answer")

    page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('gone')); }")
    expect(ask(page, "二")).to_contain_text("连不上服务")


def test_missing_index_is_told_on_the_front_and_in_the_reply(
    page: Page, serve_app: Callable[[Flask], str]
) -> None:
    page.goto(serve_app(app_over(FakeService(failure=missing_index()))))
    expect(page.locator(".notice")).to_contain_text("wenbao build seeds")

    turn = ask(page, samples.NIGHT)

    expect(turn).to_contain_text("还没有建立索引")


def test_hostile_text_is_shown_as_text(page: Page, base_url: str) -> None:
    page.goto(base_url)
    turn = ask(page, samples.HOSTILE_QUESTION)

    expect(turn.locator(".question")).to_contain_text(samples.HOSTILE_QUESTION)
    expect(turn.locator(".answer-text")).to_have_text(samples.HOSTILE_REPLY.text)
    assert page.locator("#turns script, #turns img, #turns svg, #turns b, #turns i").count() == 0
    turn.locator(".source").click()
    expect(page.locator("#quote")).to_have_text(samples.HOSTILE_REPLY.citations[0].quote)
    assert page.locator("main script, main img, main svg, main b, main i").count() == 0


@pytest.mark.parametrize("viewport", [PHONE, {"width": 320, "height": 640}, {"width": 1280, "height": 900}])
def test_nothing_is_wider_than_the_screen(
    new_page: Callable[..., Page], base_url: str, viewport: dict[str, int]
) -> None:
    page = new_page(viewport=viewport)
    addresses = ("/", f"/?q={quote(samples.NIGHT)}", f"/?q={quote(samples.HOSTILE_QUESTION)}", "/none")
    hostile_article = f"/articles/{quote(samples.HOSTILE.id, safe='')}"
    for address in (*addresses, f"/articles/{samples.LIBRARY.id}", hostile_article):
        page.goto(base_url + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], address


def test_form_works_without_scripts(
    new_page: Callable[..., Page], base_url: str, service: FakeService
) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(base_url)
    page.get_by_label("问题").fill(samples.NIGHT)
    page.get_by_role("button", name="提问", exact=True).click()

    expect(page.locator(".answer-text")).to_have_text(samples.NIGHT_REPLY.text)
    page.get_by_label("问题").fill(samples.ASTRAL)
    page.get_by_role("button", name="提问", exact=True).click()
    expect(page.locator(".answer-text")).to_have_text(samples.ASTRAL_REPLY.text)
    assert [call["conversation_id"] for call in service.calls] == [None, CONVERSATION]

    page.locator(".source .headline").click()
    expect(page.locator("#quote")).to_have_text(samples.ASTRAL_REPLY.citations[0].quote)
    expect(page.locator("#quote")).to_be_in_viewport()
    page.get_by_role("link", name="返回提问").first.click()
    page.locator("#suggestions button").first.click()
    expect(page.locator(".question")).to_contain_text(samples.SUGGESTIONS[0])


def test_page_from_the_server_and_page_from_scripts_are_the_same(
    new_page: Callable[..., Page], base_url: str
) -> None:
    scripted, plain = new_page(), new_page(java_script_enabled=False)
    scripted.goto(base_url)
    for question in (samples.NIGHT, samples.ASTRAL, samples.UNKNOWN, samples.HOSTILE_QUESTION):
        scripted.goto(base_url)
        shown = ask(scripted, question).inner_html()
        plain.goto(f"{base_url}/?q={quote(question)}")
        assert squeezed(shown) == squeezed(plain.locator(".turn").inner_html())


def squeezed(markup: str) -> str:
    """Markup without the spaces between elements and with attributes that only one way needs."""
    return re.sub(r">\s+|\s+<", lambda match: match[0].strip(), markup.replace(' hidden=""', ""))


def test_everything_comes_from_this_host(page: Page, base_url: str) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(base_url)
    ask(page, samples.NIGHT).locator(".source").first.click()
    expect(page.locator("#quote")).to_be_visible()

    assert len(requested) > 8
    assert [url for url in requested if not url.startswith(base_url + "/")] == []


def test_whole_chat_works_from_the_keyboard(page: Page, base_url: str) -> None:
    page.goto(base_url)
    expect(page.get_by_label("问题")).to_be_focused()
    page.keyboard.type(samples.ASTRAL)
    page.keyboard.press("Enter")
    expect(page.locator(".answer-text")).to_be_visible()

    page.keyboard.press("Shift+Tab")
    expect(page.locator(".source .headline")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("#quote")).to_be_focused()


def test_text_modules_cut_where_the_server_does(page: Page, base_url: str) -> None:
    page.goto(base_url)
    cases: list[Citation] = [samples.ASTRAL_REPLY.citations[0], *samples.NIGHT_REPLY.citations]
    for citation in cases:
        cut = page.evaluate(
            "async (citation) => (await import('/static/text.js')).excerpt(citation)", citation.to_json()
        )
        assert cut["quote"] == citation.quote
        assert "".join(cut.values()) == citation.passage.text
