from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import web
from tests.web import samples

EVERY_KIND_OF_RESPONSE = [
    "/",
    "/?q=x",
    "/articles/none",
    f"/articles/{samples.LIBRARY.id}",
    "/api/nothing",
    "/healthz",
    "/readyz",
    "/static/paper.css",
    "/static/none.js",
]


@pytest.mark.parametrize("path", EVERY_KIND_OF_RESPONSE)
def test_every_response_carries_the_headers(client: FlaskClient, path: str) -> None:
    with client.get(path) as response:
        headers = response.headers

    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert policy.split("; ") == [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Request-ID"]


def test_request_id_of_the_caller_is_kept(client: FlaskClient) -> None:
    response = client.get("/healthz", headers={"X-Request-ID": "abc-123.DEF_4"})

    assert response.headers["X-Request-ID"] == "abc-123.DEF_4"


@pytest.mark.parametrize("given", ["", "a b", "<script>", "x" * 65, "编号", "-lead", "a;b"])
def test_request_id_that_is_no_plain_token_is_replaced(client: FlaskClient, given: str) -> None:
    headers = {"X-Request-ID": given.encode().decode("latin-1")}
    response = client.get("/healthz", headers=headers)

    assert re.fullmatch("[0-9a-f]{32}", response.headers["X-Request-ID"])


def test_request_ids_differ(client: FlaskClient) -> None:
    ids = {client.get("/healthz").headers["X-Request-ID"] for _ in range(5)}

    assert len(ids) == 5


def test_answers_are_not_stored_and_pages_are_revalidated(client: FlaskClient) -> None:
    assert client.post("/api/search", json={"query": "x"}).headers["Cache-Control"] == "no-store"
    assert client.get("/").headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("path", ["/", "/?q=x", "/nothing", f"/articles/{samples.LIBRARY.id}"])
def test_pages_hold_nothing_inline_and_nothing_from_elsewhere(client: FlaskClient, path: str) -> None:
    page = client.get(path).get_data(as_text=True)

    assert "<style" not in page
    assert not re.search(r"\sstyle=", page)
    assert not re.search(r"<[^>]*\son[a-z]+=", page)
    assert all(" src=" in tag for tag in re.findall("<script[^>]*>", page))
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", page)


def test_scripts_write_text_only() -> None:
    root = Path(web.__file__).parent / "static"
    sources = {path.name: path.read_text("utf-8") for path in root.glob("*.js")}

    assert sources
    for name, source in sources.items():
        for way in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "DOMParser",
            "setHTMLUnsafe",
            "eval(",
            "http:",
            "https:",
        ):
            allowed = (name, way) == ("fragment.js", "DOMParser")  # parts of pages of our own
            assert allowed or way not in source, f"{name}: {way}"


def test_styles_load_nothing_from_elsewhere() -> None:
    for path in (Path(web.__file__).parent / "static").glob("*.css"):
        assert not re.search(r"@import|url\(", path.read_text("utf-8")), path.name


def test_static_path_does_not_leave_its_folder(client: FlaskClient) -> None:
    for path in ("/static/../pages.py", "/static/..%2Fpages.py", "/static/%2e%2e/pages.py"):
        assert client.get(path).status_code == 404
