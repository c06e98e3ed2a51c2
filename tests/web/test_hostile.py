"""A hostile article, question and model: what they say is shown as text, wherever it is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

from embeddings.records import Mode
from qa.keys import Scope, new_key
from tests.web import samples
from tests.web.fakes import FakeService, app_over
from web.markdown import written_answer

TOKEN, KEY = new_key("chief", Scope.ADMIN)
EVIL = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    "<a href=javascript:alert(3)>x</a>{{7*7}}{%print(1)%}</textarea></template></title>"
    "\u202e倒写\u2066\x85" + "长" * 10_000
)
ARTICLE = replace(
    samples.HOSTILE,
    title=EVIL[:400] + "\u202e" + "x" * 10_000,
    kicker=EVIL[:200],
    subtitle=EVIL[:200],
    byline=EVIL[:200],
    body=EVIL,
    captions=(EVIL[:300],),
    paper=EVIL[:90],
    page=EVIL[:40],
    date=samples.TEA.date,
)
QUESTION = EVIL[:900]
ANSWER = samples.reply(EVIL[:500] + "[1]", samples.cite(1, ARTICLE, EVIL[:80]), related=(ARTICLE,))
REFUSAL = samples.reply(EVIL[:500], related=(ARTICLE,))
# Elements that our own templates never hold.
FOREIGN = {"img", "svg", "iframe", "object", "embed", "base", "b", "i", "u", "style", "video", "math"}


class Reader(HTMLParser):
    """What a browser would make of a page: its elements with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


def harmful(markup: str) -> Iterator[str]:
    """What in a page could run or lead away."""
    reader = Reader()
    reader.feed(markup)
    for tag, attributes in reader.elements:
        if tag in FOREIGN or (tag == "script" and not (attributes.get("src") or "").startswith("/static/")):
            yield f"<{tag}>"
        for name, value in attributes.items():
            if name.startswith("on") or name == "style":
                yield f"{tag} {name}"
            if name in {"href", "src", "action", "formaction"} and not re.match(r"[/#?]", value or ""):
                yield f"{tag} {name}={value}"


@pytest.fixture
def service() -> FakeService:
    follow_up = {QUESTION: ANSWER, QUESTION + "？": REFUSAL}
    return FakeService(articles=[ARTICLE, samples.TEA], replies=follow_up)


@pytest.fixture
def client(service: FakeService) -> FlaskClient:
    client = app_over(service, api_keys=KEY.entry()).test_client()
    client.post("/login", data={"key": TOKEN})
    return client


def test_hostile_text_is_text_on_every_page(client: FlaskClient, service: FakeService) -> None:
    answered = client.post("/ask", data={"q": QUESTION, "paper": EVIL[:90]})
    refused = client.post("/ask", data={"q": QUESTION + "？"})
    answer_id = service.chats.conversations.kept("conversation-1")[0].answer or {}
    service.chats.feedback.give(answer_id["id"], -1, "wrong", EVIL[:900])
    service.chats.conversations.rename("conversation-1", EVIL[:80])
    quoted = ANSWER.citations[0].to_json()["url"]
    paths = [
        "/",
        answered.location,
        refused.location,
        "/chats",
        f"/answers/{answer_id['id']}",
        f"/answers/{answer_id['id']}/turn?number=1",
        quoted,
        quoted.replace("/articles/", "/part/articles/"),
        "/issues",
        f"/issues/{samples.TEA.date}",
        "/search",
        "/about",
        "/docs",
        "/admin",
        "/admin/feedback",
        "/admin/gaps",
        "/login",
    ]
    for path in paths:
        response = client.get(path)
        assert response.status_code == 200, path
        assert list(harmful(response.get_data(as_text=True))) == [], path
    for path in ("/search", "/", "/issues", "/admin/doubts/x", "/articles/x", "/chats/x", "/nowhere"):
        shown = client.get(path, query_string={"q": QUESTION, "paper": EVIL, "year": EVIL, "page": "1"})
        assert list(harmful(shown.get_data(as_text=True))) == [], path


def test_harm_would_be_found() -> None:
    for markup in (EVIL, '<a href="https://evil.example">x</a>', "<p onclick=x>", "<script>1</script>"):
        assert list(harmful(markup))


def test_hostile_text_in_json_and_in_events_is_a_string(client: FlaskClient) -> None:
    answer = client.post("/api/answer", json={"question": QUESTION})
    assert answer.mimetype == "application/json"
    assert answer.get_json()["answer"] == ANSWER.text

    stream = client.post(
        "/api/answer", json={"question": QUESTION}, headers={"Accept": "text/event-stream"}
    ).get_data(as_text=True)
    for event in stream.strip().split("\n\n"):
        name, data = event.split("\n")  # a line break in the text would have made more of them
        assert name.startswith("event: ")
        json.loads(data.removeprefix("data: "))
    chunks = client.post(
        "/v1/chat/completions",
        json={"model": "wenbao", "messages": [{"role": "user", "content": QUESTION}], "stream": True},
    ).get_data(as_text=True)
    for chunk in chunks.strip().split("\n\n")[:-1]:
        json.loads(chunk.removeprefix("data: "))


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[点我](javascript:alert(1))",
        "[点我](https://evil.example)",
        "![图](https://evil.example/x.png)",
        "<https://evil.example>",
        "<img src=x onerror=alert(1)>",
        "`<script>`",
        "```html\n<script>alert(1)</script>\n```",
        "# 标题\n<h1 onclick=alert(1)>",
        '[1]: javascript:alert(1) "x"\n[1]',
        "&lt;script&gt;",
        EVIL,
    ],
)
def test_what_a_model_wrote_can_do_nothing(text: str, client: FlaskClient) -> None:
    with client.application.test_request_context():
        markup = str(written_answer(text, {1}, 1))
    assert list(harmful(markup)) == []
    assert "evil.example" not in " ".join(re.findall(r'"[^"]*"', markup))


def test_markdown_of_a_model_is_rendered_with_its_marks(client: FlaskClient) -> None:
    with client.application.test_request_context():
        markup = str(written_answer("## 三点\n\n- **延时**到十一点[1]\n- 添了椅子[2][9]", {1, 2}, 3))
    assert "<h4>三点</h4>" in markup
    assert "<strong>延时</strong>" in markup
    assert markup.count('class="cite"') == 2
    assert 'href="#turn-3-source-2"' in markup
    assert "[9]" in markup


def test_generative_answer_is_shown_as_markdown() -> None:
    written = replace(
        samples.reply("- 一[1]\n- 二[1]", samples.cite(1, samples.TEA, "茶农说")),
        mode=Mode.GENERATIVE,
        model="m",
    )
    client = app_over(FakeService(replies={"问": written})).test_client()
    shown = client.post("/ask", data={"q": "问"}, follow_redirects=True).get_data(as_text=True)
    assert "<ul>\n<li>一<a" in shown
