"""Which blocks of a web page of an unknown system are its story, or its stories."""

from __future__ import annotations

import re
from configparser import ConfigParser
from copy import deepcopy

import trafilatura
from lxml.etree import LxmlError
from lxml.html import HtmlElement
from trafilatura.settings import DEFAULT_CONFIG

from embeddings.sources.htmlblocks import Block
from embeddings.sources.htmlfacts import FURNITURE_CHARS, Facts
from embeddings.sources.signed import is_byline

# Notices of the site; news about licences and copyright must pass.
LEGAL = re.compile(
    r"版权所有|版权声明|版权归.{0,20}所有|©|copyright|ICP备|许可证(?:编?号)?\s*[:：]|一切内容.{0,60}仅供"
    r"|未经.{0,30}授权.{0,60}(?:转载|使用|复制|镜像|责任)",
    re.IGNORECASE,
)
FRAME = re.compile(
    r"(?:来源|责任?编辑?|责编|编辑|发布时间|时间|日期|字号|分享|浏览|阅读|打印|作者|点击)\s*[:：(（]"
    r"|《[^》]{2,20}》\s*[(（]|第\s*\w{1,3}\s*版|[A-Z]?\d{1,3}\s*版\s*[:：]"
    r"|\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}[^。]{0,40}$|(?:上|下)一[版篇期]"
)
# A window's title that names a story rather than a paper or a page.
HEADLINE = re.compile(r".{6,80}(?<![报版])")
SENTENCE_END = ("。", "!", "?", "！", "？", "”", "…", "；")
# As browsers show h1 to h6.
SIZES = (2.0, 1.5, 1.2, 1.1, 1.0, 1.0)
PROSE_CHARS = 24
MIN_PROSE_CHARS = 60
MIN_STORY_CHARS = 12
# A larger tree takes the extraction library minutes; the blocks alone then have to do.
MAX_EXTRACTED_BLOCKS = 3000
MAX_EXTRACTED_CHARS = 400_000
MIN_KEPT_SHARE = 0.5


def readable(blocks: list[Block]) -> list[Block]:
    """The blocks without the page's frame, its links and its legal notices; headings may be links."""
    return [
        b for b in blocks if not b.aside and (b.level or not b.is_link) and not LEGAL.search(b.text[:400])
    ]


def is_prose(block: Block) -> bool:
    """Whether the block is running text."""
    if block.level or block.caption or block.is_link or is_frame(block.text):
        return False
    return len(block.text) >= PROSE_CHARS or block.text.endswith(SENTENCE_END)


def is_frame(line: str) -> bool:
    """Whether the line tells date, source, editor or page around a story, rather than the story."""
    return len(line) <= FURNITURE_CHARS and bool(FRAME.match(line)) and not line.endswith("。")


def is_index(blocks: list[Block]) -> bool:
    """Whether the page is a list of links, without a story."""
    prose = _prose_chars(readable(blocks))
    linked = sum(b.linked for b in blocks)
    rest = sum(len(b.text) - b.linked for b in readable(blocks))
    return not readable(blocks) or (prose < MIN_PROSE_CHARS and linked > rest)


def is_several(blocks: list[Block], is_article: bool, title: str) -> bool:
    """Whether the page holds several stories, or one that only the layout model can find.

    `is_article` is what the page says of itself, `title` its headline or the title of its window.
    """
    blocks = readable(blocks)
    told: dict[int, int] = {}
    for block in blocks:
        if block.article and is_prose(block):
            told[block.article] = told.get(block.article, 0) + len(block.text)
    if sum(chars >= MIN_STORY_CHARS for chars in told.values()) > 1:
        return True
    if is_article:
        return False
    levels = _levels_with_text(blocks)
    if levels:
        return levels.count(min(levels)) > 1
    shorts = [b for b in blocks if not (is_prose(b) or b.caption or is_frame(b.text) or is_byline(b.text))]
    return any(not b.level for b in shorts) or not (shorts or HEADLINE.fullmatch(title))


def sizes_of(blocks: list[Block]) -> list[float]:
    """Size of type of each block, in units of body type.

    Web pages are laid out by level, not by size: whatever level the stories' own headings have, they
    are the page's headlines.
    """
    top = min(_levels_with_text(blocks), default=1)
    return [SIZES[max(block.level - top, 0)] if block.level else 1.0 for block in blocks]


def paragraphs_of(root: HtmlElement, blocks: list[Block], facts: Facts) -> list[str]:
    """The paragraphs of the page's only story: its blocks, as far as trafilatura finds them in it."""
    at = next((i for i, b in enumerate(blocks) if b.text == facts.title), -1)
    own = [b for b in readable(blocks[at + 1 :]) if not b.is_link and not b.caption]
    if len(blocks) > MAX_EXTRACTED_BLOCKS or sum(len(b.text) for b in blocks) > MAX_EXTRACTED_CHARS:
        return [b.text for b in own]
    found = _squeezed(_extracted(root))
    kept = [i for i, block in enumerate(own) if _squeezed(block.text) in found]
    if not kept or _prose_chars([own[i] for i in kept]) < MIN_KEPT_SHARE * _prose_chars(own):
        return [b.text for b in own]
    # Nothing inside the story is dropped, and no running text before it.
    first, last = kept[0], kept[-1]
    return [b.text for i, b in enumerate(own[: last + 1]) if i >= first or is_prose(b)]


def _prose_chars(blocks: list[Block]) -> int:
    return sum(len(block.text) for block in blocks if is_prose(block))


def _levels_with_text(blocks: list[Block]) -> list[int]:
    """Levels of the headings that running text follows before the next heading, in order."""
    levels: list[int] = []
    waiting = 0
    for block in blocks:
        if block.level:
            waiting = block.level
        elif waiting and is_prose(block):
            levels.append(waiting)
            waiting = 0
    return levels


def _extracted(root: HtmlElement) -> str:
    """The main text as trafilatura reads it; empty where it fails. It works on the tree alone."""
    try:
        document = trafilatura.bare_extraction(root, fast=True, include_comments=False, config=_settings())
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError, LxmlError):
        # Whatever odd markup does to the library, the blocks can still be read.
        return ""
    text = document["text"] if isinstance(document, dict) else document.text if document else ""
    return text or ""


def _settings() -> ConfigParser:
    settings = deepcopy(DEFAULT_CONFIG)
    # The defaults are for alphabets; Chinese says as much in a tenth of the characters.
    settings["DEFAULT"]["MIN_EXTRACTED_SIZE"] = "20"
    settings["DEFAULT"]["MIN_OUTPUT_SIZE"] = "0"
    return settings


def _squeezed(text: str) -> str:
    return re.sub(r"[\s|]+", "", text)


def starting_lines(lines: list[str], facts: Facts) -> int:
    """How many lines before the text repeat its headline or tell date, source and names."""
    known = {_squeezed(part) for part in (facts.title, facts.kicker, facts.subtitle) if part}
    count = 0
    for line in lines[:-1]:
        if not (_squeezed(line) in known or is_frame(line) or is_byline(line)):
            break
        count += 1
    return count
