"""The chat page and the article page in a real browser, over the fake service."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from urllib.parse import quote

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect

from embeddings.records import Answer, Filters
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

    panel = page.get_by_role("complementary", name="原文")
    expect(panel).to_contain_text(samples.LIBRARY.title)
    expect(panel.locator("#quote")).to_have_text(citation.quote)
    expect(panel.locator("#quote")).to_be_focused()
    expect(panel.locator("#quote")).to_be_in_viewport(ratio=1)
    expect(turn).to_be_visible()

    panel.get_by_role("link", name="单独打开").click()
    expect(page).to_have_url(f"{base_url}{citation.to_json()['url']}")
    expect(page.locator("#quote")).to_be_in_viewport(ratio=1)


def test_mark_shows_its_source_on_hover_and_on_focus(page: Page, base_url: str) -> None:
    page.goto(base_url)
    turn = ask(page, samples.NIGHT)
    preview = page.get_by_role("tooltip")
    quotes = [citation.quote for citation in samples.NIGHT_REPLY.citations]

    turn.locator(".cite").first.hover()
    expect(preview).to_contain_text(quotes[0])
    expect(preview).to_contain_text("柳湾晚报")
    expect(turn.locator(".cite").first).to_have_attribute("aria-describedby", "preview")
    preview.hover()
    page.wait_for_timeout(400)
    expect(preview).to_be_visible()
    page.keyboard.press("Escape")
    expect(preview).to_be_hidden()

    page.mouse.move(0, 0)
    turn.locator(".cite").nth(1).focus()
    expect(preview).to_contain_text(quotes[1])
    page.keyboard.press("Shift+Tab")
    expect(preview).to_contain_text(quotes[0])
    turn.locator(".question").focus()
    expect(preview).to_be_hidden()


def test_mark_opens_the_article_at_its_quote_and_closing_leads_back(page: Page, base_url: str) -> None:
    page.goto(base_url)
    mark = ask(page, samples.NIGHT).get_by_role("link", name="出处 2").first
    mark.focus()
    page.keyboard.press("Enter")

    panel = page.locator("#panel")
    expect(panel.locator("#quote")).to_have_text(samples.NIGHT_REPLY.citations[1].quote)
    expect(panel.locator("#quote")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")

    expect(panel).to_be_hidden()
    expect(mark).to_be_focused()


def test_article_lies_over_the_chat_on_a_phone(new_page: Callable[..., Page], base_url: str) -> None:
    page = new_page(viewport=PHONE)
    page.goto(base_url)
    ask(page, samples.NIGHT).locator(".source").first.click()

    panel = page.locator("#panel")
    expect(panel.locator("#quote")).to_be_in_viewport(ratio=1)
    box = panel.bounding_box()
    assert box
    assert (box["width"], box["height"]) == (PHONE["width"], PHONE["height"])
    panel.get_by_role("button", name="关闭原文").click()
    expect(panel).to_be_hidden()


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
    expect(page.locator("#panel #quote")).to_have_text(quote_text)


def test_way_back_from_an_article_finds_the_answer_again(page: Page, base_url: str) -> None:
    page.goto(base_url)
    ask(page, samples.NIGHT).locator(".source").first.click()
    page.get_by_role("link", name="单独打开").click()
    expect(page.locator("#quote")).to_be_visible()

    page.get_by_role("link", name="返回提问").first.click()

    expect(page.locator(".answer-text")).to_have_text(samples.NIGHT_REPLY.text)


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
    expect(page).to_have_url(f"{base_url}/chats/{CONVERSATION}")

    page.reload()
    expect(page.locator(".turn .question")).to_contain_text([samples.NIGHT, samples.ASTRAL])
    expect(page.locator(".turn").last.locator(".answer-text")).to_have_text(samples.ASTRAL_REPLY.text)
    third = ask(page, samples.UNKNOWN)
    expect(third).to_have_attribute("data-number", "3")
    assert service.calls[-1]["conversation_id"] == CONVERSATION


def test_conversation_is_listed_renamed_and_deleted(page: Page, base_url: str) -> None:
    page.goto(base_url)
    chats = page.get_by_role("navigation", name="我的提问")
    expect(chats).to_contain_text("还没有提过问")
    ask(page, samples.NIGHT)
    entry = chats.get_by_role("link", name=samples.NIGHT)
    expect(entry).to_have_attribute("aria-current", "true")

    chats.locator(".chat-menu summary").click()
    chats.get_by_label("名称").fill("夜里的图书馆")
    chats.get_by_role("button", name="改名").click()
    expect(chats.get_by_role("link", name="夜里的图书馆")).to_be_visible()
    expect(page.locator(".answer-text")).to_have_text(samples.NIGHT_REPLY.text)

    chats.get_by_role("link", name="新的提问").click()
    expect(page.locator(".turn")).to_have_count(0)
    chats.get_by_role("link", name="夜里的图书馆").click()
    expect(page.locator(".turn")).to_have_count(1)

    chats.locator(".chat-menu summary").click()
    chats.get_by_role("button", name="删除").click()
    expect(page).to_have_url(f"{base_url}/")
    expect(chats).to_contain_text("还没有提过问")


def test_suggested_follow_up_goes_on_in_the_conversation(
    page: Page, base_url: str, service: FakeService
) -> None:
    page.goto(base_url)
    turn = ask(page, samples.NIGHT)
    expect(turn.locator(".follow-ups button")).to_have_text(list(samples.FOLLOW_UPS))

    turn.locator(".follow-ups button").first.click()

    expect(page.locator(".turn").last.locator(".answer-text")).to_be_visible()
    assert [(call["question"], call["conversation_id"]) for call in service.calls] == [
        (samples.NIGHT, None),
        (samples.FOLLOW_UPS[0], CONVERSATION),
    ]


def test_filters_are_sent_shown_as_chips_and_taken_away(
    page: Page, base_url: str, service: FakeService
) -> None:
    page.goto(base_url)
    page.locator(".filters summary").click()
    page.locator("#ask").get_by_label("从", exact=True).fill("2026-10-12")
    page.locator("#ask").get_by_label("报纸").select_option("柳湾晚报")
    page.locator("#ask").get_by_label("版面").fill("01")
    page.keyboard.press("Escape")
    expect(page.locator(".filters .popover")).to_be_hidden()
    expect(page.locator(".set-filter")).to_have_text(["从 2026-10-12 ×", "柳湾晚报 ×", "第01版 ×"])

    turn = ask(page, samples.NIGHT)
    assert service.calls[-1]["filters"] == Filters(date(2026, 10, 12), None, "柳湾晚报", "01")
    expect(turn.locator(".scope")).to_contain_text("2026年10月12日起")
    expect(turn.locator(".chip-text")).to_have_text(["柳湾晚报", "第01版"])

    page.get_by_role("button", name="去掉从 2026-10-12").click()
    ask(page, samples.NIGHT)
    assert service.calls[-1]["filters"] == Filters(None, None, "柳湾晚报", "01")
    page.locator(".turn").last.get_by_role("button", name="不限版面再问").click()
    expect(page.locator(".turn")).to_have_count(3)
    expect(page.locator(".turn").last.locator(".chip-text")).to_have_text(["柳湾晚报"])
    assert service.calls[-1]["filters"] == Filters(None, None, "柳湾晚报", None)


def test_answer_is_copied_with_its_sources(new_page: Callable[..., Page], base_url: str) -> None:
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(base_url)
    turn = ask(page, samples.NIGHT)
    turn.locator(".copying summary").click()

    turn.locator("[data-copies=gbt]").click()
    expect(turn.locator(".copied")).to_have_text("已复制")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "[1] 段青梧. 夜读灯亮到十一点[N]. 柳湾晚报, 2026-10-12(1)." in copied
    turn.locator("[data-copies=plain]").click()
    page.wait_for_timeout(100)
    copied = page.evaluate("navigator.clipboard.readText()")
    assert f"[2] 《{samples.FERRY.title}》，柳湾晚报 2026年10月12日 第02版：" in copied
    assert "[9]" not in copied


def test_thumb_is_given_with_a_reason_and_taken_back(page: Page, base_url: str, service: FakeService) -> None:
    page.goto(base_url)
    turn = ask(page, samples.NIGHT)
    turn.locator("summary.thumb").click()
    turn.get_by_label("答非所问").check()
    turn.get_by_label("想说的话").fill("问的是别的")
    turn.get_by_role("button", name="提交").click()
    expect(turn.locator(".thanks")).to_have_text("谢谢您的意见")
    [opinion] = service.chats.feedback.all()
    assert (opinion.rating, opinion.reason, opinion.comment) == (-1, "off_topic", "问的是别的")

    up = turn.get_by_role("button", name="有用", exact=True)
    up.click()
    expect(up).to_have_attribute("aria-pressed", "true")
    assert [one.rating for one in service.chats.feedback.all()] == [1]
    page.reload()
    expect(up).to_have_attribute("aria-pressed", "true")
    up.click()
    expect(up).to_have_attribute("aria-pressed", "false")
    assert service.chats.feedback.all() == []


def test_link_to_an_answer_shows_it_alone_to_anybody(
    page: Page, new_page: Callable[..., Page], base_url: str
) -> None:
    page.goto(base_url)
    ask(page, samples.NIGHT)
    ask(page, samples.ASTRAL)
    href = page.locator(".permalink").first.get_attribute("href")

    other = new_page()
    other.goto(f"{base_url}{href}")
    expect(other.locator(".turn")).to_have_count(1)
    expect(other.locator(".answer-text")).to_have_text(samples.NIGHT_REPLY.text)
    assert CONVERSATION not in other.content()


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
        expect(page.get_by_role("button", name="提问", exact=True)).to_be_hidden()
        expect(page.get_by_role("button", name="停止")).to_be_visible()
        box.fill("快")
        box.press("Enter")
    finally:
        released.set()
    expect(page.locator(".answer-text")).to_be_visible()
    expect(page.locator("#status")).to_contain_text("已回答")
    expect(box).to_have_value("快")
    expect(page.locator(".turn")).to_have_count(1)
    assert [call["question"] for call in service.calls] == ["慢"]


@pytest.mark.parametrize("way", ["button", "escape"])
def test_question_is_stopped_and_another_can_be_asked(
    page: Page, serve_app: Callable[[Flask], str], way: str
) -> None:
    released = threading.Event()

    def wait() -> Answer:
        released.wait(20)
        return samples.NIGHT_REPLY

    page.goto(serve_app(app_over(FakeService(replies={"慢": wait, samples.NIGHT: samples.NIGHT_REPLY}))))
    page.get_by_label("问题").fill("慢")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="停止")).to_be_visible()
    try:
        if way == "button":
            page.get_by_role("button", name="停止").click()
        else:
            page.keyboard.press("Escape")
        expect(page.locator(".turn")).to_contain_text("已停止")
        expect(ask(page, samples.NIGHT).locator(".answer-text")).to_have_text(samples.NIGHT_REPLY.text)
    finally:
        released.set()


def test_stages_and_text_are_shown_as_they_are_told(page: Page, serve_app: Callable[[Flask], str]) -> None:
    steps = {name: threading.Event() for name in ("read", "text", "done")}

    def told() -> Iterator[tuple[str, str]]:
        for name, event in (("read", ("stage", "read")), ("text", ("token", "首周夜间"))):
            steps[name].wait(20)
            yield event
        steps["done"].wait(20)

    page.goto(serve_app(app_over(FakeService(tells=told()))))
    page.get_by_label("问题").fill(samples.NIGHT)
    page.keyboard.press("Enter")
    try:
        expect(page.locator(".stage")).to_have_text("正在翻报……")
        steps["read"].set()
        expect(page.locator(".stage")).to_have_text("正在细读……")
        steps["text"].set()
        expect(page.locator(".draft")).to_have_text("首周夜间")
    finally:
        for step in steps.values():
            step.set()
    expect(page.locator(".answer .answer-text")).to_have_text(samples.NIGHT_REPLY.text)
    expect(page.locator(".draft")).to_have_count(0)


def test_unanswered_question_looks_different_and_offers_related(page: Page, base_url: str) -> None:
    page.goto(base_url)
    turn = ask(page, samples.UNKNOWN)

    expect(turn).to_contain_text("报上没有写")
    expect(turn.locator(".unanswered .answer-text")).to_have_text(samples.UNKNOWN_REPLY.text)
    expect(turn.locator(".reports .headline")).to_have_text([samples.FERRY.title, samples.TEA.title])
    turn.locator(".reports .headline").first.click()
    expect(page.locator("#panel .title")).to_have_text(samples.FERRY.title)


def test_failure_is_told_in_words_and_asked_again(page: Page, serve_app: Callable[[Flask], str]) -> None:
    replies: dict[str, Answer | Exception] = {samples.NIGHT: RuntimeError("secret")}
    page.goto(serve_app(app_over(FakeService(replies=replies))))
    turn = ask(page, samples.NIGHT)
    expect(turn).to_contain_text("服务内部出了差错")
    expect(turn).to_contain_text("请求编号")
    expect(turn).not_to_contain_text("secret")

    replies[samples.NIGHT] = samples.NIGHT_REPLY
    turn.get_by_role("button", name="再问一次").click()

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
    expect(page.locator("#panel #quote")).to_have_text(samples.HOSTILE_REPLY.citations[0].quote)
    assert page.locator("#panel script, #panel img, #panel svg, #panel b, #panel i").count() == 0
    page.get_by_role("link", name="单独打开").click()
    expect(page.locator("h1")).to_contain_text("<script>")
    assert page.locator("main script, main img, main svg, main b, main i").count() == 0


@pytest.mark.parametrize("viewport", [PHONE, {"width": 320, "height": 640}, {"width": 1280, "height": 900}])
def test_nothing_is_wider_than_the_screen(
    new_page: Callable[..., Page], base_url: str, viewport: dict[str, int]
) -> None:
    page = new_page(viewport=viewport)
    pages = ("/issues", "/issues/2026-10-12", f"/search?q={quote('图书馆')}", "/about", "/chats")
    addresses = (
        "/",
        *pages,
        f"/?q={quote(samples.NIGHT)}",
        f"/?q={quote(samples.HOSTILE_QUESTION)}",
        "/none",
    )
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
    expect(page.locator(".answer-text").last).to_have_text(samples.ASTRAL_REPLY.text)
    assert [call["conversation_id"] for call in service.calls] == [None, CONVERSATION]

    page.locator(".turn").last.locator("summary.thumb").click()
    page.locator(".turn").last.get_by_label("说得不对").check()
    page.locator(".turn").last.get_by_role("button", name="提交").click()
    assert [one.reason for one in service.chats.feedback.all()] == ["wrong"]
    page.locator(".turn").last.locator(".source .headline").click()
    expect(page.locator("#quote")).to_have_text(samples.ASTRAL_REPLY.citations[0].quote)
    expect(page.locator("#quote")).to_be_in_viewport()
    page.get_by_role("link", name="返回提问").first.click()
    page.locator("#suggestions button").first.click()
    expect(page.locator(".question")).to_contain_text(samples.SUGGESTIONS[0])


def test_everything_comes_from_this_host(page: Page, base_url: str) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(base_url)
    ask(page, samples.NIGHT).locator(".source").first.click()
    expect(page.locator("#quote")).to_be_visible()
    for path in ("/issues", "/search", "/about"):
        page.goto(f"{base_url}{path}")

    assert len(requested) > 15
    assert [url for url in requested if not url.startswith(base_url + "/")] == []


def test_whole_chat_works_from_the_keyboard(page: Page, base_url: str) -> None:
    page.goto(base_url)
    box = page.get_by_label("问题")
    expect(box).to_be_focused()
    page.keyboard.type(samples.ASTRAL)
    page.keyboard.press("Enter")
    expect(page.locator(".tools")).to_be_visible()

    page.keyboard.press("Shift+Tab")
    expect(page.locator(".source .headline")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#quote")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".source .headline")).to_be_focused()

    page.keyboard.press("/")
    expect(box).to_be_focused()
    expect(box).to_have_value("")


def test_arrows_bring_earlier_questions_back(page: Page, base_url: str) -> None:
    page.goto(base_url)
    ask(page, samples.NIGHT)
    ask(page, samples.ASTRAL)
    box = page.get_by_label("问题")
    box.focus()

    for key, value in (
        ("ArrowUp", samples.ASTRAL),
        ("ArrowUp", samples.NIGHT),
        ("ArrowUp", samples.NIGHT),
        ("ArrowDown", samples.ASTRAL),
        ("ArrowDown", ""),
        ("ArrowDown", ""),
    ):
        page.keyboard.press(key)
        expect(box).to_have_value(value)
    box.fill("写了一半")
    page.keyboard.press("ArrowUp")
    expect(box).to_have_value("写了一半")


def test_slash_in_a_field_is_a_slash(page: Page, base_url: str) -> None:
    page.goto(base_url)
    page.get_by_label("问题").focus()
    page.keyboard.type("1/2")

    expect(page.get_by_label("问题")).to_have_value("1/2")


def test_page_speaks_english_to_an_english_browser(new_page: Callable[..., Page], base_url: str) -> None:
    page = new_page(locale="en-GB")
    page.goto(base_url)
    page.get_by_role("textbox", name="Question").fill(samples.NIGHT)
    page.keyboard.press("Enter")

    turn = page.locator(".turn")
    expect(turn.locator(".answer-text")).to_have_text(samples.NIGHT_REPLY.text)
    expect(turn).to_contain_text("Sources")
    expect(turn).to_contain_text("2026/10/12")
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("navigation", name="我的提问")).to_be_visible()


def test_answer_is_printed_without_the_tools(page: Page, base_url: str) -> None:
    page.goto(base_url)
    turn = ask(page, samples.NIGHT)
    page.emulate_media(media="print")

    expect(turn.locator(".answer-text")).to_be_visible()
    expect(turn.locator(".source").first).to_be_visible()
    for hidden in ("#chats", ".desk", ".sections"):
        expect(page.locator(hidden)).to_be_hidden()
    expect(turn.locator(".tools")).to_be_hidden()
