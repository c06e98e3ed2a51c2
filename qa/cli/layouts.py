"""What the command `articles` shows of layouts: doubts, reasons, and how to correct them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import click

from embeddings.halves import link_halves
from embeddings.intake import InputFile, Intake, read_input, sidecar_name
from embeddings.layout.articles import Doubt, Layout
from embeddings.layout.explain import Explanation, Reason, explain
from embeddings.layout.marks import role_word
from embeddings.layout.roles import Role
from embeddings.records import Article, Page
from embeddings.sources.found import Limits

# A start at least as sure needs no second look.
SURE = 0.95
WORDS_SHOWN_CHARS = 20
# What an operator has settled outweighs all else; no finite weight says how much.
MAX_WEIGHT = 100.0

ROLES_IN_CHINESE: Mapping[Role, str] = MappingProxyType(
    {
        Role.FURNITURE: "版面标识",
        Role.LABEL: "栏目名",
        Role.KICKER: "引题",
        Role.HEADLINE: "标题",
        Role.HEADLINE_MORE: "标题续行",
        Role.SUBTITLE: "副题",
        Role.BRIEF_HEADLINE: "简讯标题",
        Role.LEAD: "导语",
        Role.BODY: "正文",
        Role.BRIEF: "简讯",
        Role.UNTITLED: "无题正文",
        Role.NOTE: "编者按",
        Role.SUBHEAD: "小标题",
        Role.BYLINE_ABOVE: "题上署名",
        Role.BYLINE: "署名",
        Role.END_BYLINE: "文末署名",
        Role.SIGNATURE: "落款",
        Role.CAPTION: "图片说明",
        Role.CREDIT: "图片署名",
        Role.PHOTO: "图片新闻",
        Role.PHOTO_MORE: "图片新闻续行",
        Role.PHOTO_CREDIT: "图片新闻署名",
        Role.POINTER_FROM: "上接",
        Role.POINTER_TO: "下转",
        Role.INSET: "文中的版面标识",
    }
)


@dataclass(frozen=True, slots=True)
class ItemNotes:
    """The doubts at the lines of one item, and the lines with their reasons where these are wanted."""

    doubts: tuple[Doubt, ...] = ()
    lines: tuple[Explanation, ...] = ()


@dataclass(frozen=True, slots=True)
class PageNotes:
    """What is shown of one page's layout: of the page as a whole, and of its items in their order."""

    file: str
    all: ItemNotes
    items: tuple[ItemNotes, ...]


@dataclass(frozen=True, slots=True)
class ReadFile:
    """One input file: its articles and refusals, and the notes on its pages, in order."""

    intake: Intake
    pages: tuple[PageNotes, ...]

    def noted(self) -> Iterator[tuple[Article, ItemNotes]]:
        """Each article with its notes; articles that were not found on a page have none."""
        notes = [item for page in self.pages for item in page.items]
        missing = len(self.intake.articles) - len(notes)
        yield from zip(self.intake.articles, [*notes, *[ItemNotes()] * missing], strict=True)


def read_noted(file: InputFile, limits: Limits, *, explained: bool) -> ReadFile:
    """Read one file, keeping of its layouts only what is shown."""
    pages: list[PageNotes] = []

    def look(page: Page, layout: Layout) -> None:
        lines = tuple(explain(layout.sheet)) if explained else ()
        pages.append(_notes(page.file, layout, lines))

    return ReadFile(read_input(file, limits, look), tuple(pages))


def _notes(file: str, layout: Layout, lines: tuple[Explanation, ...]) -> PageNotes:
    rows = {reading.line.row + 1: reading.line.start for reading in layout.sheet.readings}
    item_at = {part.start: number for number, parts in enumerate(layout.parts) for part in parts}
    doubts: defaultdict[int | None, list[Doubt]] = defaultdict(list)
    explained: defaultdict[int | None, list[Explanation]] = defaultdict(list)
    for doubt in layout.doubts:
        doubts[item_at.get(rows[doubt.line])].append(doubt)
    for line in lines:
        explained[item_at.get(line.reading.line.start)].append(line)
    numbers = range(len(layout.parts))
    items = tuple(ItemNotes(tuple(doubts[n]), tuple(explained[n])) for n in numbers)
    return PageNotes(file, ItemNotes(layout.doubts, lines), items)


def confidence_text(article: Article) -> str:
    """How surely the article begins where it does, in percent; empty where it needs no second look."""
    return "" if article.confidence >= SURE else f"{article.confidence:.0%}"


def articles_json(files: Sequence[ReadFile], *, explained: bool) -> list[dict[str, Any]]:
    """The articles as JSON objects, with doubts, ids of their other halves and, if wanted, their lines."""
    noted = [pair for file in files for pair in file.noted()]
    after = link_halves(article for article, _ in noted)
    before = {second: first for first, second in after.items()}
    return [
        {
            **article.to_json(),
            "continued_on": after.get(article.id),
            "continued_from": before.get(article.id),
            "doubts": [_doubt_json(doubt) for doubt in notes.doubts],
            **({"lines": [_line_json(line) for line in notes.lines]} if explained else {}),
        }
        for article, notes in noted
    ]


def _doubt_json(doubt: Doubt) -> dict[str, Any]:
    return {"line": doubt.line, "text": doubt.text, "begins": doubt.begins, "confidence": doubt.confidence}


def _line_json(explanation: Explanation) -> dict[str, Any]:
    reading = explanation.reading
    return {
        "line": reading.line.row + 1,
        "start": reading.line.start,
        "end": reading.line.end,
        "role": role_word(reading.role),
        "probability": round(explanation.probability, 4),
        "begins": reading.begins,
        "rival": role_word(explanation.rival),
        "reasons": [{"name": reason.name, "weight": _weight(reason)} for reason in explanation.reasons],
    }


def _weight(reason: Reason) -> float:
    return round(max(-MAX_WEIGHT, min(MAX_WEIGHT, reason.weight)), 2)


def print_doubts(files: Sequence[ReadFile]) -> None:
    """List the boundaries worth a look, and show how the first of them would be corrected."""
    found = [(file, page, doubt) for file in files for page in file.pages for doubt in page.all.doubts]
    for _, page, doubt in found:
        decided = "判为新文章" if doubt.begins else "未判为新文章"
        click.echo(f"? {page.file}:{doubt.line} {_words(doubt.text)} … {decided}({doubt.confidence:.0%})")
    for file, _, doubt in found[:1]:
        click.echo(f"如有误判,在同一文件夹里写更正文件 {sidecar_name(file.intake.file)},例如:")
        click.echo(correction(doubt))


def correction(doubt: Doubt) -> str:
    """The mark, as TOML, that turns a doubtful decision round."""
    # A JSON string is a TOML string but for one control character.
    text = json.dumps(doubt.text[:WORDS_SHOWN_CHARS], ensure_ascii=False).replace("\x7f", "\\u007f")
    turned = "join" if doubt.begins else "break"
    return f"[[mark]]\ntext = {text}  # 有几行开头相同时,另加 line = {doubt.line}\n{turned} = true"


def print_lines(files: Sequence[ReadFile]) -> None:
    """Show every line of every page: its role, how probable it is, and what speaks for it."""
    for page in (page for file in files for page in file.pages):
        click.echo(f"\n{page.file}")
        for explanation in page.all.lines:
            _print_line(explanation)


def _print_line(explanation: Explanation) -> None:
    reading = explanation.reading
    begins = "新文章" if reading.begins else ""
    shown = f"{_role(reading.role)} {explanation.probability:.0%} {begins}".rstrip()
    click.echo(f"{reading.line.row + 1:5} {shown} | {_words(reading.line.text)}")
    reasons = ", ".join(f"{reason.name} {_weight(reason):+.1f}" for reason in explanation.reasons)
    click.echo(f"      相对于{_role(explanation.rival)}:{reasons}")


def _role(role: Role) -> str:
    return f"{ROLES_IN_CHINESE[role]} {role_word(role)}"


def _words(text: str) -> str:
    """The first words of a line; what a terminal would take for a command is left out."""
    return "".join(c if c.isprintable() else " " for c in text[:WORDS_SHOWN_CHARS])
