"""Later reports of a story."""

from __future__ import annotations

from pathlib import Path

import pytest

from embeddings.settings import Settings
from qa.service import Service
from tests.embeddings.archive import Archive
from tests.fake_spans import FakeSpans
from tests.fakes import FakeEncoder

BRIDGE: dict[str, object] = {
    "id": "first",
    "title": "江口大桥主墩开工",
    "body": "江口大桥的主墩昨天开工。",
    "date": "2026-10-12",
}
OPEN: dict[str, object] = {
    "id": "open",
    "title": "江口大桥通车",
    "body": "江口大桥主墩完工，今天通车。",
    "date": "2026-10-20",
}
SAME_DAY: dict[str, object] = {
    "id": "same",
    "title": "江口大桥主墩开工仪式",
    "body": "江口大桥主墩开工。",
    "date": "2026-10-12",
}
REPRINT: dict[str, object] = {**BRIDGE, "id": "reprint", "date": "2026-10-13", "paper": "早报"}
OTHER: dict[str, object] = {
    "id": "other",
    "title": "茶叶下山",
    "body": "江口的秋茶收了。大桥边很热闹，主墩旁开工。",
    "date": "2026-10-21",
}
UNDATED: dict[str, object] = {"id": "undated", "title": "江口大桥主墩开工", "body": "不知哪天。"}


@pytest.fixture
def service(settings: Settings, tmp_path: Path) -> Service:
    archive = Archive(settings, tmp_path / "inbox")
    archive.write("a.jsonl", BRIDGE, OPEN, SAME_DAY, REPRINT, OTHER, UNDATED)
    archive.build()
    return Service(settings, FakeEncoder(), FakeSpans())


def test_later_report_of_the_same_story_is_found_and_nothing_else(service: Service) -> None:
    assert [one.id for one in service.later(service.article("first"), 5)] == ["open"]


@pytest.mark.parametrize("article_id", ["open", "undated", "other"])
def test_story_without_a_later_report_has_none(service: Service, article_id: str) -> None:
    assert service.later(service.article(article_id), 5) == []


def test_number_is_limited(service: Service) -> None:
    assert service.later(service.article("first"), 0) == []
