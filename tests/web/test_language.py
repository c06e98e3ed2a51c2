"""Chinese first, English second, chosen by the browser or by the reader."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from flask.testing import FlaskClient

import web
from tests.web import samples
from web.errors import HTTP_KINDS, KINDS, UNEXPECTED

ROOT = Path(web.__file__).parent
ENGLISH = ROOT / "translations/en/LC_MESSAGES"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]


def messages() -> set[str]:
    """Every text that the pages mark for translation, and the texts of errors."""
    found = {str(message) for _, _, message, _, _ in extract_from_dir(ROOT, METHODS, comment_tags=())}
    kinds = [UNEXPECTED, *HTTP_KINDS.values()]
    found |= {text for kind in kinds for text in (kind.title, kind.detail, kind.hint) if text}
    return found | {kind.title for kind in KINDS.values()}


def test_everything_the_pages_say_is_said_in_english() -> None:
    with (ENGLISH / "messages.po").open("rb") as file:
        catalog = read_po(file, locale="en")

    said = {str(message.id): str(message.string) for message in catalog if message.id}
    assert messages() - said.keys() == set()
    for chinese, english in said.items():
        assert english, chinese
        for values in (r"%\(\w+\)s", r"\{\}"):
            assert sorted(re.findall(values, chinese)) == sorted(re.findall(values, english)), chinese


def test_compiled_translations_are_those_of_the_source() -> None:
    with (ENGLISH / "messages.po").open("rb") as source, (ENGLISH / "messages.mo").open("rb") as compiled:
        catalog, made = read_po(source, locale="en"), read_mo(compiled)

    def texts(one: object) -> dict[str, str]:
        return {message.id: message.string for message in one if message.id}  # type: ignore[attr-defined]

    assert texts(catalog) == texts(made)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "zh-CN"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("zh-TW", "zh-CN"),
        ("en-GB,en;q=0.9,zh;q=0.2", "en"),
        ("de,en;q=0.5", "en"),
        ("de", "zh-CN"),
        ("*", "zh-CN"),
        (";;;q=x", "zh-CN"),
    ],
)
def test_page_is_in_the_language_of_the_browser(client: FlaskClient, accepted: str, language: str) -> None:
    shown = client.get("/", headers={"Accept-Language": accepted}).get_data(as_text=True)

    assert f'<html lang="{language}">' in shown
    assert ("Ask the papers" in shown) == (language == "en")


def test_reader_chooses_another_language_and_stays_on_the_page(client: FlaskClient) -> None:
    response = client.post("/language", data={"language": "en", "back": "/about"})

    assert (response.status_code, response.location) == (303, "/about")
    assert '<html lang="en">' in client.get("/about").get_data(as_text=True)


@pytest.mark.parametrize(
    "back", ["https://example.org/", "//example.org", "/\\example.org", "x", "", "/a\nb"]
)
def test_choice_of_a_language_leads_to_no_other_host(client: FlaskClient, back: str) -> None:
    response = client.post("/language", data={"language": "xx", "back": back})

    assert response.location == "/"
    assert "Set-Cookie" not in response.headers


def test_newspaper_text_stays_as_it_is_in_english(client: FlaskClient) -> None:
    headers = {"Accept-Language": "en"}
    shown = client.post("/ask", data={"q": samples.NIGHT}, headers=headers, follow_redirects=True)
    text = shown.get_data(as_text=True)

    assert samples.LIBRARY.title in text
    assert "2026/10/12" in text
    assert "Sources" in text


def test_error_is_told_in_english(client: FlaskClient) -> None:
    response = client.get("/api/articles/none", headers={"Accept-Language": "en"})
    page = client.get("/nowhere", headers={"Accept-Language": "en"}).get_data(as_text=True)

    assert response.get_json()["title"] == "Not found"
    assert "There is nothing at this address." in page
