from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import web
from embeddings.records import Article, Filters, Pointers
from tests.web import dated, samples
from tests.web.dated import DatedService, dated_service
from tests.web.fakes import CONVERSATION, FakeService, app_over, missing_index


def page(client: FlaskClient, path: str, status: int = 200) -> str:
    """The page's HTML without the `<template>` elements, which no reader sees."""
    response = client.get(path)
    assert response.status_code == status
    assert response.mimetype == "text/html"
    return re.sub(r"<template.*?</template>", "", response.get_data(as_text=True), flags=re.DOTALL)


def words(markup: str) -> str:
    """The text of some HTML."""
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


def asked(client: FlaskClient, question: str, status: int = 200, **given: str) -> str:
    """The page after a question was sent by the form, without the `<template>` elements."""
    response = client.post("/ask", data={"q": question, **given}, follow_redirects=True)
    assert response.status_code == status
    text = response.get_data(as_text=True)
    return re.sub(r"<template.*?</template>", "", text, flags=re.DOTALL)


def test_front_shows_what_is_indexed_and_what_to_ask(client: FlaskClient) -> None:
    front = page(client, "/")

    assert "收报道 4 篇" in front
    assert "2026年10月11日—12日" in front
    for suggestion in samples.SUGGESTIONS:
        assert f'name="q" value="{suggestion}"' in front
    assert f'href="/articles/{samples.LIBRARY.id}"' in front


def test_front_without_an_index_tells_how_to_build(empty_client: FlaskClient) -> None:
    front = page(empty_client, "/")

    assert "wenbao build seeds" in front
    assert 'name="q"' in front


@pytest.mark.parametrize("path", ["/?q=", "/?q=%20%0A"])
def test_empty_question_shows_the_front(client: FlaskClient, service: FakeService, path: str) -> None:
    assert 'class="chat front"' in page(client, path)
    assert service.calls == []


def test_form_answers_without_scripts(client: FlaskClient) -> None:
    shown = asked(client, samples.NIGHT)

    assert '<article class="turn" id="answer-answer-1-1" data-number="1">' in shown
    answer = re.search(r'<p class="answer-text"[^>]*>(.*?)</p>', shown, re.DOTALL)
    assert answer
    assert words(answer[1]) == samples.NIGHT_REPLY.text
    assert 'href="#turn-1-source-1"' in answer[1]
    assert 'id="turn-1-source-1"' in shown
    assert "[9]" in answer[1]
    assert "turn-1-source-9" not in shown


def test_source_card_shows_where_the_quote_was_printed(client: FlaskClient) -> None:
    shown = asked(client, samples.NIGHT)
    citation = samples.NIGHT_REPLY.citations[0]

    card = shown[shown.index('id="turn-1-source-1"') : shown.index('id="turn-1-source-2"')]
    for text in (samples.LIBRARY.title, "柳湾晚报", "2026年10月12日", "第01版", "本报记者 段青梧"):
        assert text in card
    assert f"<mark>{citation.quote}</mark>" in card
    href = f"/articles/{samples.LIBRARY.id}?quote={citation.quote_start}-{citation.quote_end}#quote"
    assert f'href="{href}"' in card
    passage = re.search(r"<blockquote[^>]*>(.*?)</blockquote>", card, re.DOTALL)
    assert passage
    assert words(passage[1]).strip() == citation.passage.text


def test_form_goes_on_in_the_same_conversation(client: FlaskClient, service: FakeService) -> None:
    assert f'name="conversation" value="{CONVERSATION}"' in asked(client, samples.NIGHT)

    shown = asked(client, samples.ASTRAL, conversation=CONVERSATION)

    assert shown.count('<article class="turn"') == 2
    assert 'href="#turn-2-source-1"' in shown

    assert [call["conversation_id"] for call in service.calls] == [None, CONVERSATION]


def test_unanswered_question_looks_different_and_lists_related(client: FlaskClient) -> None:
    shown = asked(client, samples.UNKNOWN)

    assert "报上没有写" in shown
    assert samples.UNKNOWN_REPLY.text in shown
    assert 'class="reply-main unanswered"' in shown
    assert 'class="reply-main answer"' not in shown
    for article in samples.UNKNOWN_REPLY.related:
        assert f'href="/articles/{article.id}"' in shown


@pytest.mark.parametrize("question", ["问" * 1001, "有\x00吗"])
def test_unusable_question_is_told_in_words_with_a_retry(client: FlaskClient, question: str) -> None:
    shown = asked(client, question, status=400)

    assert "这一问没有答成" in shown
    assert "再问一次" in shown


def test_question_without_an_index_is_told_in_words(empty_client: FlaskClient) -> None:
    shown = asked(empty_client, samples.NIGHT, status=503)

    assert "还没有建立索引" in shown
    assert "再问一次" in shown


@pytest.mark.parametrize("question", [samples.HOSTILE_QUESTION, '"><script>alert(8)</script>'])
def test_hostile_text_shows_as_text_in_the_chat(client: FlaskClient, question: str) -> None:
    service_reply = {question: samples.HOSTILE_REPLY}
    shown = asked(app_over(FakeService(replies=service_reply)).test_client(), question)

    assert re.findall(r"<script[^>]*>", shown) == ['<script type="module" src="/static/chat.js">']
    for tag in ("<img", "<svg", "<b>", "<i>", "<u>"):
        assert tag not in shown
    assert "&lt;script&gt;alert(7)&lt;/script&gt;" in shown
    assert 'href="/articles/a%2Fb%3Fc%3D%22d%22%23%3Ce%3E?quote=' in shown


def test_article_page_marks_the_quote(client: FlaskClient) -> None:
    for reply in (samples.NIGHT_REPLY, samples.ASTRAL_REPLY):
        citation = reply.citations[0]
        shown = page(client, citation.to_json()["url"])
        assert f'<mark id="quote" tabindex="-1">{citation.quote}</mark>' in shown
        assert shown.count("<mark") == 1


def test_article_page_shows_every_part(client: FlaskClient) -> None:
    shown = page(client, f"/articles/{samples.LIBRARY.id}")

    assert f"<h1>{samples.LIBRARY.title}</h1>" in shown
    assert f'<p class="kicker">{samples.LIBRARY.kicker}</p>' in shown
    assert f'<p class="subtitle">{samples.LIBRARY.subtitle}</p>' in shown
    assert shown.count("本报记者 段青梧") == 1
    assert f'<p class="caption">{samples.LIBRARY.captions[0]}</p>' in shown
    for paragraph in samples.LIBRARY.body.split("\n"):
        assert f"<p>{paragraph}</p>" in shown
    for text in ("柳湾晚报", "2026年10月12日", "第01版", "返回提问"):
        assert text in shown
    assert "<mark" not in shown


def test_article_page_over_two_paragraphs_has_one_anchor(client: FlaskClient) -> None:
    border = samples.LIBRARY.body.index("\n")
    shown = page(client, f"/articles/{samples.LIBRARY.id}?quote={border - 4}-{border + 5}")

    assert shown.count('id="quote"') == 1
    assert shown.count("<mark") == 2


@pytest.mark.parametrize("quote", ["", "x", "5-2", "0-99999", "-1-4", "0-1&quote=x", "<script>"])
def test_article_page_ignores_an_impossible_quote(client: FlaskClient, quote: str) -> None:
    shown = page(client, f"/articles/{samples.LIBRARY.id}?quote={quote}")

    assert ("<mark" in shown) == quote.startswith("0-1&")


def test_article_page_of_a_bare_article_is_whole() -> None:
    bare = replace(samples.TEA, paper=None, date=None, page=None, byline="")
    client = app_over(FakeService(articles=[bare])).test_client()

    shown = page(client, f"/articles/{bare.id}")

    assert "None" not in shown
    assert bare.body in shown


def test_hostile_article_shows_as_text(client: FlaskClient) -> None:
    shown = page(client, "/articles/a%2Fb%3Fc=%22d%22%23%3Ce%3E?quote=0-4")

    assert re.findall(r"<script[^>]*>", shown) == ['<script type="module" src="/static/article.js">']
    for tag in ("<img", "<svg", "<b>", "<i>", "<u>", "<e>"):
        assert tag not in shown
    assert not re.search(r"href=[\"']?javascript:", shown)
    assert '<mark id="quote" tabindex="-1">&lt;b&gt;正</mark>' in shown
    assert "{{ 7*7 }}" in shown
    assert "&amp;amp;" in shown


def test_article_with_a_web_address_links_to_it() -> None:
    linked = replace(samples.TEA, url="https://example.org/tea?a=1&b=2")
    client = app_over(FakeService(articles=[linked])).test_client()

    assert 'href="https://example.org/tea?a=1&amp;b=2"' in page(client, f"/articles/{linked.id}")


FIRST = replace(samples.LIBRARY, pointers=Pointers(after="3"))
REST = replace(
    samples.LIBRARY,
    id="rest",
    title="夜读<灯>亮了以后",
    page="03",
    pointers=Pointers(before="1"),
    confidence=0.4,
)


def test_article_page_links_the_two_halves_of_a_story() -> None:
    client = app_over(FakeService(articles=[FIRST, REST, samples.FERRY])).test_client()

    shown = page(client, f"/articles/{FIRST.id}")
    assert '<a href="/articles/rest">下接第03版《夜读&lt;灯&gt;亮了以后》</a>' in shown
    assert shown.index("下接第03版") > shown.index("增加经费260万元")
    assert "上接" not in shown
    shown = page(client, "/articles/rest")
    assert f'<a href="/articles/{FIRST.id}">上接第01版《{FIRST.title}》</a>' in shown
    assert shown.index("上接第01版") < shown.index("柳湾市图书馆从本月起")
    assert "下接" not in shown


@pytest.mark.parametrize("others", [(), (replace(REST, date=samples.TEA.date),), (samples.FERRY,)])
def test_article_page_without_the_other_half_links_none(others: tuple[Article, ...]) -> None:
    client = app_over(FakeService(articles=[FIRST, *others])).test_client()

    assert "下接" not in page(client, f"/articles/{FIRST.id}")


def test_article_page_links_where_else_its_text_was_printed() -> None:
    elsewhere = replace(samples.TEA, id="a/b", paper="<早报>", page="05")
    bare = replace(samples.TEA, id="bare", paper=None, date=None, page=None)
    client = app_over(FakeService(articles=[samples.TEA, elsewhere, bare])).test_client()

    shown = page(client, f"/articles/{samples.TEA.id}")
    assert "同一篇报道也见于" in shown
    assert '<a href="/articles/a%2Fb">&lt;早报&gt; 2026年10月11日 第05版</a>' in shown
    assert f'<a href="/articles/bare">《{bare.title}》</a>' in shown


def test_article_page_of_a_text_printed_once_says_nothing_of_others(client: FlaskClient) -> None:
    assert "也见于" not in page(client, f"/articles/{samples.FERRY.id}")


def test_article_page_shows_no_reader_how_surely_the_article_was_found() -> None:
    sure = app_over(FakeService(articles=[replace(REST, confidence=1.0)])).test_client()
    unsure = app_over(FakeService(articles=[REST])).test_client()

    assert page(sure, "/articles/rest") == page(unsure, "/articles/rest")


@pytest.mark.parametrize(
    "article_id", ["none", "", "%00", "..%2f..", "a" * 3000, "%3Cscript%3E", "//x", "%ff"]
)
def test_unknown_article_is_a_page(client: FlaskClient, article_id: str) -> None:
    shown = page(client, f"/articles/{article_id}", status=404)

    assert "没有找到" in shown
    assert "返回提问" in shown


def test_article_without_an_index_is_a_page(empty_client: FlaskClient) -> None:
    assert "还没有索引" in page(empty_client, "/articles/x", status=503)


def test_scripts_find_their_templates_and_slots(client: FlaskClient) -> None:
    text = client.get("/").get_data(as_text=True)

    for name in ("turn", "problem"):
        assert f'<template id="{name}-template">' in text
    for path in Path(web.__file__).parent.joinpath("static").glob("*.js"):
        with client.get(f"/static/{path.name}") as response:
            assert response.mimetype == "text/javascript"
        for name in re.findall(r'from "\./([\w.]+)"', path.read_text("utf-8")):
            assert path.with_name(name).exists(), name


@pytest.fixture
def limited() -> DatedService:
    return dated_service()


@pytest.fixture
def dated_client(limited: DatedService) -> FlaskClient:
    return app_over(limited).test_client()


def inputs(markup: str) -> dict[str, str]:
    """The named inputs of some HTML with their values."""
    return dict(re.findall(r'<input [^>]*name="(\w+)"(?: max="[^"]*")? value="([^"]*)"', markup))


def chip_of(markup: str) -> str:
    found = re.search(r'<form class="scope".*?</form>', markup, re.DOTALL)
    return found[0] if found else ""


def test_chip_shows_the_days_understood_and_asks_again_as_a_form(dated_client: FlaskClient) -> None:
    form = chip_of(asked(dated_client, dated.DATED))

    assert inputs(form) == {
        "q": dated.DATED,
        "conversation": CONVERSATION,
        "again": "1",
        "from": "2026-10-05",
        "to": "2026-10-11",
    }
    assert '<span class="period-text">上周</span>' in form
    assert '<span class="period-days">2026年10月5日—11日</span>' in form
    assert 'name="period" value="off"' in form
    assert "data-dropped" not in form


def test_question_without_a_range_has_no_chip(dated_client: FlaskClient) -> None:
    assert chip_of(asked(dated_client, samples.NIGHT)) == ""


def test_dropped_range_is_told(dated_client: FlaskClient) -> None:
    form = chip_of(asked(dated_client, dated.DROPPED))

    assert " data-dropped>" in form
    assert '<p class="period-note">这段时间的报纸里没有，以下来自全部报纸。</p>' in form


@pytest.mark.parametrize(
    ("given", "limits", "days"),
    [
        ({"from": "2026-10-01", "to": "2026-10-31"}, (date(2026, 10, 1), date(2026, 10, 31)), "1日—31日"),
        ({"from": "2026-10-01", "to": ""}, (date(2026, 10, 1), None), "2026年10月1日起"),
        ({"to": "2026-10-31"}, (None, date(2026, 10, 31)), "截至2026年10月31日"),
    ],
)
def test_days_in_the_address_limit_the_question(
    dated_client: FlaskClient,
    limited: DatedService,
    given: dict[str, str],
    limits: tuple[date | None, date | None],
    days: str,
) -> None:
    form = chip_of(asked(dated_client, dated.DATED, 200, **given))

    assert limited.calls[0]["filters"] == Filters(*limits)
    assert "use_period" not in limited.calls[0]
    assert days in form
    assert '<span class="period-text"></span>' in form


@pytest.mark.parametrize(
    "given",
    [{"period": "off", "from": "2026-10-05", "to": "2026-10-11"}, {"from": "", "to": "", "again": "1"}],
)
def test_range_is_taken_away_in_the_address(
    dated_client: FlaskClient, limited: DatedService, given: dict[str, str]
) -> None:
    shown = asked(dated_client, dated.DATED, 200, **given)

    assert limited.calls[0]["use_period"] is False
    assert not limited.calls[0]["filters"]
    assert 'class="reply-main answer"' in shown
    assert chip_of(shown) == ""


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"from": "2026-10-11", "to": "2026-10-05"}, "起始日期晚于截止日期"),
        ({"from": "2026-02-30"}, "日历上要有这一天"),
        ({"to": '"><script>'}, "日历上要有这一天"),
    ],
)
def test_impossible_days_in_the_address_are_told_in_words(
    dated_client: FlaskClient, limited: DatedService, given: dict[str, str], told: str
) -> None:
    response = dated_client.post("/ask", data={"q": dated.DATED, **given})

    assert response.status_code == 400
    assert told in response.get_data(as_text=True)
    assert "<script>" not in response.get_data(as_text=True)
    assert limited.calls == []


def test_failed_question_keeps_its_days() -> None:
    client = app_over(FakeService(replies={samples.NIGHT: missing_index()})).test_client()

    shown = asked(client, samples.NIGHT, status=503, **{"from": "2026-10-05"})

    assert inputs(chip_of(shown))["from"] == "2026-10-05"
    again = re.search(r'<form class="again".*?</form>', shown, re.DOTALL)
    assert again
    assert inputs(again[0]) == {"q": samples.NIGHT, "conversation": "", "from": "2026-10-05"}


def test_span_answer_stands_first_and_is_emphasised_where_it_was_printed(dated_client: FlaskClient) -> None:
    shown = asked(dated_client, dated.SEATS)

    short = re.search(r'<p class="short-answer"[^>]*>(.*?)</p>', shown, re.DOTALL)
    sentence = re.search(r'<p class="answer-text"[^>]*>(.*?)</p>', shown, re.DOTALL)
    assert short
    assert sentence
    assert words(short[1]) == "120把。[1]"
    assert words(sentence[1]) == f"{dated.SEATS_SENTENCE}[1]"
    assert "又添了<strong>120把</strong>椅子" in sentence[1]
    marks = re.findall(r"<mark>(.*?)</mark>", shown, re.DOTALL)
    assert marks[0] == dated.SEATS_SENTENCE.replace("120把", "<strong>120把</strong>")
    assert "<strong>" not in marks[1]


def test_span_answer_without_a_sentence_has_one_line(dated_client: FlaskClient) -> None:
    shown = asked(dated_client, dated.GROWN)

    assert re.search(r'<p class="short-answer">6吨。', shown)
    assert '<p class="answer-text">' not in shown
    assert "87吨，比去年多出<strong>6吨</strong>" in shown


def test_verdict_and_reason_stand_in_the_markup(dated_client: FlaskClient) -> None:
    assert 'class="reply-main answer" data-verdict="no"' in asked(dated_client, dated.FERRY_STOPS)
    assert "data-verdict" not in asked(dated_client, samples.NIGHT)
    refused = asked(dated_client, dated.OUTSIDE)
    assert 'class="reply-main unanswered" data-reason="outside_dates"' in refused
    assert "不在收录的日期里" in refused
    assert "报上没有写" not in re.sub(r"<main[^>]*>", "", refused)


def test_writer_is_named_only_where_a_model_wrote(dated_client: FlaskClient) -> None:
    assert "由 &lt;b&gt;qwen3:8b&lt;/b&gt; 撰写，引文来自报纸" in asked(dated_client, dated.WRITTEN)
    plain = re.sub(r"<main[^>]*>", "", asked(dated_client, samples.NIGHT))
    assert "撰写" not in plain


def test_completed_question_is_shown_where_it_says_more(dated_client: FlaskClient) -> None:
    shown = asked(dated_client, dated.FOLLOW_UP)

    assert f'<p class="understood">理解为：<span>{dated.COMPLETED}</span></p>' in shown
    assert 'class="understood"' not in asked(dated_client, samples.NIGHT)
