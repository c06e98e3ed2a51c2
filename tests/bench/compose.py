"""Further marked pages out of marked ones: items of several pages on one, set in another way.

What is learned from them is not how one page happens to be set (blank lines, indents, width of
punctuation, whether authors are named) but what holds for all.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.bench.marked import ASIDE, MarkedItem, MarkedLine, MarkedPage

WIDE, NARROW = "，：；？！（）", ",:;?!()"
INDENT = "　　"
# A quarter of the pages come with sizes of type, as PDF, OCR and HTML give them.
SIZED_SHARE = 0.25
SIZES = {
    "headline": (1.4, 3.2),
    "brief": (1.1, 1.7),
    "kicker": (1.1, 1.7),
    "subtitle": (1.05, 1.6),
    "subhead": (1.0, 1.35),
    "label": (1.0, 1.8),
    "byline": (0.85, 1.05),
    "caption": (0.75, 0.98),
    "credit": (0.75, 0.98),
    "furniture": (0.7, 1.1),
    "pointer": (0.85, 1.0),
    "note": (0.95, 1.05),
    "body": (0.97, 1.03),
}
CONFUSED = dict(zip("0O1l已未日人。，:“”摄讯记", 'O0l1己末曰入.、;""撮汛纪', strict=True)) | {
    "者": "老",
    "、": ".",
    "（": "(",
}
ITEMS = (5, 12)
# One made page in so many is one story that came without its headline, of at least so many lines.
HEADLESS_EVERY, HEADLESS_LINES = 12, 3


@dataclass(frozen=True, slots=True)
class Setting:
    """How a page is set.

    Blank lines before lines, before items and around pictures; indents; punctuation; OCR noise; sizes of
    type.
    """

    gap: int
    item_gap: int
    picture_gap: int
    indent: bool
    wide: bool | None
    noise: float
    sized: bool


def variants(pages: Sequence[MarkedPage], count: int, chance: random.Random) -> list[MarkedPage]:
    """`count` pages made of the items of `pages`: half mix items of several, most others reset one."""
    made = []
    for k in range(count):
        source = mixed(pages, chance) if k % 2 else chance.choice(pages)
        if k % HEADLESS_EVERY == 0:
            source = headless(source) or source
        made.append(reset(source, _setting(chance), f"made {k} of {source.name}", chance))
    return made


def _setting(chance: random.Random) -> Setting:
    gap = chance.choice((0, 0, 1, 1, 2))
    return Setting(
        gap,
        chance.choice((gap, gap, gap + 1)),
        chance.choice((gap, gap, gap + 2)),
        chance.random() < 0.35,
        chance.choice((None, True, False)),
        chance.choice((0.0, 0.0, 0.0, 0.0, 0.01, 0.03)),
        chance.random() < SIZED_SHARE,
    )


def headless(page: MarkedPage) -> MarkedPage | None:
    """The paragraphs of the longest story of the page without its headline; None if all are short."""
    stories = [
        [line for line in page.of_item(number) if set(line.roles) & {"body"}]
        for number in range(len(page.items))
    ]
    longest = max(stories, key=len, default=[])
    if len(longest) < HEADLESS_LINES:
        return None
    lines = tuple(replace(line, item=0) for line in longest)
    return MarkedPage(page.name, lines, (MarkedItem("article", ""),))


def mixed(pages: Sequence[MarkedPage], chance: random.Random) -> MarkedPage:
    """A page of items taken from several, each with the furniture and labels before it."""
    lines: list[MarkedLine] = []
    items: list[MarkedItem] = []
    for _ in range(chance.randint(*ITEMS)):
        page = chance.choice(pages)
        number = chance.randrange(len(page.items))
        lines += [replace(x, item=None if x.item is None else len(items)) for x in _cut_out(page, number)]
        items.append(page.items[number])
    return MarkedPage("mixed", tuple(lines), tuple(items))


def _cut_out(page: MarkedPage, number: int) -> list[MarkedLine]:
    """The lines of an item with what stands inside and directly before it."""
    own = [k for k, line in enumerate(page.lines) if line.item == number]
    first = own[0]
    while first and page.lines[first - 1].item is None and page.lines[first - 1].roles[0] in ASIDE:
        first -= 1
    return list(page.lines[first : own[-1] + 1])


def reset(page: MarkedPage, setting: Setting, name: str, chance: random.Random) -> MarkedPage:
    """The page set in another way; the rest of a sentence that was cut is never indented."""
    lines: list[MarkedLine] = []
    begins = page.begins()
    open_before = False
    for k, line in enumerate(page.lines):
        text = _noisy(_width(line.text.strip(), setting.wide), setting.noise, chance)
        body = set(line.roles) & {"body", "note"}
        if setting.indent and body and not open_before:
            text = INDENT + text
        size = _size(page, line, chance) if setting.sized else 0.0
        lines.append(replace(line, text=text, blanks=_blanks(page, k, begins[k], setting), size=size))
        if body:
            open_before = bool(line.open)
    return MarkedPage(name, tuple(lines), page.items)


def _blanks(page: MarkedPage, k: int, begins: bool, setting: Setting) -> int:
    if not k:
        return 0
    picture = "caption" in page.lines[k].roles or {"caption", "credit"} & set(page.lines[k - 1].roles)
    credit = "credit" in page.lines[k].roles and "caption" not in page.lines[k].roles
    if picture and not credit:
        return setting.picture_gap
    return setting.item_gap if begins else setting.gap


def _size(page: MarkedPage, line: MarkedLine, chance: random.Random) -> float:
    """A size of type that a line of this role may have, in units of body type."""
    role = line.roles[0]
    brief = line.item is not None and page.items[line.item].kind in ("brief", "notice")
    low, high = SIZES.get("brief" if role == "headline" and brief else role, (1.0, 1.0))
    return round(chance.uniform(low, high), 2)


def _noisy(text: str, noise: float, chance: random.Random) -> str:
    """The text as a poor OCR gives it: characters confused, lost, or with a blank after them."""
    return "".join(_misread(c, chance) if chance.random() < noise else c for c in text).strip() or text


def _misread(character: str, chance: random.Random) -> str:
    return CONFUSED.get(character) or chance.choice((character + " ", character, ""))


def _width(text: str, wide: bool | None) -> str:
    if wide is None:
        return text
    table = str.maketrans(NARROW, WIDE) if wide else str.maketrans(WIDE, NARROW)
    return text.translate(table)
