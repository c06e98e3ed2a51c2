"""A tree -> the blocks of text a reader would see, in order."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml.etree import iterwalk
from lxml.html import HtmlElement

BLOCKS = frozenset(
    """address article aside blockquote body center caption dd details dialog div dl dt fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html legend li main nav ol p pre section
    summary table tbody tfoot thead title tr ul founder-content founder-title""".split()
)
SECTIONS = frozenset(("article", "section", "main", "hr", "table", "blockquote"))
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
ASIDE = frozenset(("nav", "footer", "aside", "header"))
CAPTION_TAGS = frozenset(("figcaption", "caption"))
CAPTION_CLASS = re.compile(
    r"caption|pic[-_]?(?:text|desc|info|title)|img[-_]?(?:text|desc|info)|tushuo|newspic"
)
PICTURE_TEXT = re.compile(
    r"^图[为:：①-⑨]|[\u4e00-\u9fff ]{2,8}摄(?:影)?[)）]?。?$|供图[)）]?$|资料图|新华社发[)）]?$"
)
PICTURE_CHARS = 120
CJK = "　-〿㐀-鿿豈-﫿＀-￯“”‘’…—"
WRAPPED = re.compile(rf"(?<=[{CJK}])[ \t]*[\r\n][ \t\r\n]*(?=[{CJK}])")


@dataclass(frozen=True, slots=True)
class Block:
    """One line of text. `level` is 1..6 of a heading or 0.

    `linked` counts the characters that are links; `apart` says that a section or a blank line
    stands before it; `aside` that it belongs to the page's frame; `article` numbers the
    `<article>` around it from 1, or is 0.
    """

    text: str
    level: int = 0
    linked: int = 0
    apart: bool = False
    aside: bool = False
    caption: bool = False
    article: int = 0

    @property
    def is_link(self) -> bool:
        """Whether it is there to be clicked, not read."""
        return self.linked > 0.8 * len(self.text)


class Gatherer:
    """Collects the pieces of the block that is being walked."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.open: dict[str, int] = {}
        self.headings: list[int] = []
        self.captions = 0
        self.links = 0
        self.articles = 0
        self.apart = False
        self.pictured = False
        self.pieces: list[str] = []
        self.linked = 0

    def enter(self, element: HtmlElement, tag: str) -> None:
        """Note what a start tag changes, then take the text right after it."""
        if tag in BLOCKS:
            self.flush()
        self.apart = self.apart or tag in SECTIONS
        self.open[tag] = self.open.get(tag, 0) + 1
        if tag in HEADINGS:
            self.headings.append(int(tag[1]))
        self.articles += tag == "article"
        self.captions += is_caption(element)
        self.links += is_link(element)
        self.pictured = self.pictured or tag == "img"
        if tag == "br":
            self.flush()
        elif tag in ("td", "th"):
            self.pieces.append("\xa0")  # unlike a blank, it is kept at a line's end
        self.add(element.text)

    def leave(self, element: HtmlElement, tag: str, tail: str) -> None:
        """Note what an end tag changes, then take the text after it."""
        if tag in BLOCKS:
            self.flush()
        self.apart = self.apart or tag in SECTIONS
        self.open[tag] -= 1
        if tag in HEADINGS:
            self.headings.pop()
        self.captions -= is_caption(element)
        self.links -= is_link(element)
        self.add(tail)

    def add(self, text: str | None) -> None:
        """Take a piece of text."""
        if not text:
            return
        if self.open.get("pre"):
            *lines, text = text.splitlines() if text[-1:] not in "\r\n" else [*text.splitlines(), ""]
            for line in lines:
                self.pieces.append(line)
                self.flush()
                self.apart = self.apart or not line.strip()
        self.pieces.append(text)
        if self.links:
            self.linked += len(text.strip())

    def flush(self) -> None:
        """End the block, if there is anything in it."""
        text = plain("".join(self.pieces))
        if text:
            self.blocks.append(self._block(text))
            self.apart = self.pictured = False
        self.pieces, self.linked = [], 0

    def _block(self, text: str) -> Block:
        return Block(
            text,
            min(self.headings, default=0),
            self.linked,
            self.apart,
            any(self.open.get(tag) for tag in ASIDE) and not self.open.get("article"),
            self.captions > 0 or (self.pictured and bool(PICTURE_TEXT.search(text[:PICTURE_CHARS]))),
            self.articles if self.open.get("article") else 0,
        )


def blocks_of(root: HtmlElement) -> list[Block]:
    """The blocks of the tree, in order; table cells of one row are one block."""
    gatherer = Gatherer()
    for event, element in iterwalk(root, events=("start", "end")):
        tag = str(element.tag).lower()
        if tag in ("head", "title"):
            # The page's title is not in its text.
            continue
        if event == "start":
            gatherer.enter(element, tag)
        else:
            gatherer.leave(element, tag, "" if element is root else element.tail or "")
    gatherer.flush()
    return gatherer.blocks


def plain(text: str) -> str:
    """Text without the blanks that only the source has; a break inside Chinese leaves nothing."""
    return " ".join(WRAPPED.sub("", text).split())


def is_link(element: HtmlElement) -> bool:
    """Whether the element can be clicked; old pages leave `<a name=top>` open around everything."""
    return element.tag == "a" and element.get("href") is not None


def is_caption(element: HtmlElement) -> bool:
    """Whether the element holds what stands under a picture."""
    if element.tag in CAPTION_TAGS:
        return True
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    return len(names) < 200 and bool(CAPTION_CLASS.search(names.lower()))
