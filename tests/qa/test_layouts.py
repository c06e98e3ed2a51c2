"""What `wenbao articles` shows of layouts: doubts, reasons, corrections, and the halves of a story."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from embeddings.inputs import InputFile
from embeddings.intake import Intake
from embeddings.layout.articles import Doubt, lay_out
from embeddings.layout.explain import Explanation, Reason
from embeddings.layout.lines import split_lines
from embeddings.layout.marks import EDITORS_ROLES, Mark, parse_marks
from embeddings.layout.readings import Reading
from embeddings.layout.roles import Role
from embeddings.records import Article, Page, Pointers, Source
from embeddings.sources.found import Limits
from qa.cli import layouts
from qa.cli.layouts import (
    ROLES_IN_CHINESE,
    ItemNotes,
    PageNotes,
    ReadFile,
    articles_json,
    confidence_text,
    correction,
    print_doubts,
    print_lines,
    read_noted,
)
from tests.fakes import DAY, article

TEXT = (
    "老街面馆开张\n\n本报讯（记者 毛小路）老街上的面馆今天开张，街坊都来吃面。\n"
    "街坊说，面馆的汤熬了一整夜，老街的早晨又热闹起来。\n"
)
BREAK = '[[mark]]\ntext = "街坊说"\nbreak = true\n'
NEW = Doubt(57, "同心共建和美乡村", True, 0.62)
SAME = Doubt(60, "乡亲们“说”\\走\t就走", False, 0.551)


def read(doubts: tuple[Doubt, ...] = (), lines: tuple[Explanation, ...] = ()) -> ReadFile:
    """A file of one page with one article, and what is noted of them."""
    file = InputFile(Path("/nowhere/2026-10-12/01.txt"), "2026-10-12/01.txt")
    notes = ItemNotes(doubts, lines)
    found = (article(article_id="first"), article(article_id="whole"))
    return ReadFile(Intake(file, "", found, ()), (PageNotes("2026-10-12/01.txt", notes, (notes,)),))


def explanation(*reasons: Reason, role: Role = Role.LEAD, begins: bool = False) -> Explanation:
    line = split_lines("\n\n  面馆\x1b[31m今天开张\n")[0]
    return Explanation(Reading(line, role, False, begins), 0.98765, Role.UNTITLED, 0.01, reasons)


@pytest.mark.parametrize(("confidence", "text"), [(1.0, ""), (0.95, ""), (0.949, "95%"), (0.62, "62%")])
def test_confidence_is_shown_where_it_is_low(confidence: float, text: str) -> None:
    assert confidence_text(article(confidence=confidence)) == text


def test_doubts_are_listed_with_a_correction_of_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    print_doubts([read(), read((NEW, SAME))])
    assert capsys.readouterr().out.splitlines() == [
        "? 2026-10-12/01.txt:57 同心共建和美乡村 … 判为新文章(62%)",
        "? 2026-10-12/01.txt:60 乡亲们“说”\\走 就走 … 未判为新文章(55%)",
        "如有误判,在同一文件夹里写更正文件 2026-10-12/01.marks.toml,例如:",
        "[[mark]]",
        'text = "同心共建和美乡村"  # 有几行开头相同时,另加 line = 57',
        "join = true",
    ]


def test_no_doubts_print_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    print_doubts([read()])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("text", [SAME.text, 'a"b', "\x7f\x01", "一" * 300])
def test_correction_is_a_mark_that_fits_the_line(text: str) -> None:
    (mark,) = parse_marks(correction(replace(SAME, text=text)))
    assert (mark.begins, mark.row, mark.role) == (True, None, None)
    assert "".join(text.split()).startswith(mark.text)
    assert parse_marks(correction(NEW)) == (Mark("同心共建和美乡村", begins=False),)


def test_lines_are_shown_with_role_probability_and_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    told = explanation(Reason("lead", 1.24), Reason("marked", float("inf")), begins=True)
    print_lines([read(lines=(told, explanation(role=Role.BODY)))])
    assert capsys.readouterr().out.splitlines() == [
        "",
        "2026-10-12/01.txt",
        "    3 导语 body 99% 新文章 | 面馆 [31m今天开张",
        "      相对于无题正文 body:lead +1.2, marked +100.0",
        "    3 正文 body 99% | 面馆 [31m今天开张",
        "      相对于无题正文 body:",
    ]


def test_every_role_has_a_chinese_word_of_its_own() -> None:
    assert set(ROLES_IN_CHINESE) == set(Role)
    assert len(set(ROLES_IN_CHINESE.values())) == len(Role)


def test_json_of_an_item_holds_its_doubts_and_only_if_wanted_its_lines() -> None:
    told = explanation(Reason("lead", -1.236), Reason("marked", float("inf")), begins=True)
    first, whole = articles_json([read((NEW,), (told,))], explained=True)
    assert first["doubts"] == [{"line": 57, "text": "同心共建和美乡村", "begins": True, "confidence": 0.62}]
    assert first["lines"] == [
        {
            "line": 3,
            "start": 4,
            "end": 15,
            "role": "body",
            "probability": 0.9877,
            "begins": True,
            "rival": "body",
            "reasons": [{"name": "lead", "weight": -1.24}, {"name": "marked", "weight": 100.0}],
        }
    ]
    assert (whole["doubts"], whole["lines"]) == ([], [])
    assert "lines" not in articles_json([read((NEW,), (told,))], explained=False)[0]


def test_json_of_an_item_names_its_other_half_in_another_file() -> None:
    def half(name: str, page: str, pointers: Pointers) -> ReadFile:
        one = article(article_id=name, title="渡口的冬天", date=DAY, page=page, pointers=pointers)
        return ReadFile(Intake(InputFile(Path("/x"), "x"), "", (one,), ()), ())

    files = [half("rest", "03", Pointers(before="1")), half("first", "01", Pointers(after="3"))]
    rest, first = articles_json(files, explained=False)
    assert (first["continued_on"], first["continued_from"]) == ("rest", None)
    assert (rest["continued_on"], rest["continued_from"]) == (None, "first")


@pytest.fixture
def page(tmp_path: Path) -> InputFile:
    path = tmp_path / "01.txt"
    path.write_text(TEXT, encoding="utf-8")
    return InputFile(path, "01.txt")


def inside(text: str, found: Article, lines: Iterator[dict[str, Any]]) -> list[str]:
    source = found.source or Source("", 0, 0)
    return [text[line["start"] : line["end"]] for line in lines if source.start <= line["start"] < source.end]


def test_each_line_of_a_page_is_explained_in_its_item(page: InputFile) -> None:
    page.path.with_name("01.marks.toml").write_text(BREAK, encoding="utf-8")
    file = read_noted(page, Limits(), explained=True)
    items = articles_json([file], explained=True)
    assert [line["line"] for item in items for line in item["lines"]] == [1, 3, 4]
    for found, item in zip(file.intake.articles, items, strict=True):
        assert inside(TEXT, found, iter(item["lines"])) == [
            TEXT[x["start"] : x["end"]] for x in item["lines"]
        ]
    # The mark of the operator must not show as an infinite weight, which is no JSON.
    (marked,) = items[1]["lines"]
    assert {"name": "marked", "weight": 100.0} in marked["reasons"]
    assert marked["begins"]
    json.dumps(items, allow_nan=False)
    assert {line["role"] for item in items for line in item["lines"]} <= set(EDITORS_ROLES)


def test_doubts_are_those_at_the_lines_of_the_item(page: InputFile, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = lay_out(Page(TEXT, "01.txt"), parse_marks(BREAK))
    doubtful = replace(layout, doubts=(Doubt(4, "街坊说", True, 0.5), Doubt(3, "本报讯", False, 0.7)))

    def read_input(file: InputFile, _limits: Limits, look: Any) -> Intake:
        look(Page(TEXT, file.name), doubtful)
        return Intake(file, "", doubtful.articles, ())

    monkeypatch.setattr(layouts, "read_input", read_input)
    first, second = articles_json([read_noted(page, Limits(), explained=False)], explained=False)
    assert [doubt["line"] for doubt in first["doubts"]] == [3]
    assert [doubt["line"] for doubt in second["doubts"]] == [4]
