"""Bytes of a web page -> safe markup, and safe markup -> a tree. Nothing is fetched or run."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import html
from lxml.etree import ParserError
from lxml.html import HtmlElement, HTMLParser

from embeddings.errors import InputRefused
from embeddings.sources.encoding import MAGIC, MARKS, decode

CHARSET = re.compile(
    rb"<(?:meta|\?xml)[^>]{0,400}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w:.-]{2,30})", re.IGNORECASE
)
CHARSET_BYTES = 8192
# Wider sets of the same family: pages that claim gb2312 are full of characters that only gbk has.
FAMILIES = (
    (re.compile(r"gb[-_]?(2312|k|18030)|x-gbk|cn-gb|hz-gb.*", re.IGNORECASE), "gb18030"),
    (re.compile(r"(cn-)?big5([-_]?(hkscs|eten))?", re.IGNORECASE), "big5hkscs"),
    (re.compile(r"utf-?8", re.IGNORECASE), "utf-8"),
)
LINKED_DATA = re.compile(r"<script[^>]{1,400}application/ld\+json", re.IGNORECASE)
MAX_LINKED_DATA = 20
MAX_BROKEN_SHARE = 0.001
MAX_TAG_CHARS = 4096
MAX_VALUE_CHARS = 1024

# One token of HTML that can hide or swallow others. Possessive throughout, and each branch also ends
# at the end of the text, so that every character is looked at once whatever the input.
ATTRIBUTES = r"""
    (?:[\s/]++
      |[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>"'][^\s>]*+)?+)?+
    )*+(?:>|\Z)"""
TOKEN = re.compile(
    rf"""<!--(?P<comment>(?=-?>)|.*?)(?:-?-!?>|(?<=<!--)>|\Z)
       |<(?P<hidden>script|style|noscript|template|iframe|svg|math|object|applet|xmp|noembed|noframes)
        (?=[\s/>]){ATTRIBUTES}.*?(?:</(?P=hidden)\b[^>]*+(?:>|\Z)|\Z)
       |<(?P<name>[A-Za-z][^\s/>]*+){ATTRIBUTES}""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
QUOTED = re.compile(rf"""=\s*+(?:"[^"]{{{MAX_VALUE_CHARS},}}+"|'[^']{{{MAX_VALUE_CHARS},}}+')""")
KEPT_COMMENT = re.compile(r"\s*/?\s*(?:enpproperty|enpcontent)\b", re.IGNORECASE)
HIDDEN = (
    "//*[@hidden or @aria-hidden='true' or contains(translate(@style, 'DISPLAYNOE ', 'displaynoe'),"
    " 'display:none') or contains(translate(@style, 'VISBLTYHDEN ', 'visbltyhden'), 'visibility:hidden')]"
    "|//select|//option|//textarea|//button|//input|//datalist"
)


@dataclass(frozen=True, slots=True)
class Markup:
    """Safe markup: no scripts, styles, comments (but Founder's) or over-long attributes.

    `linked_data` are the texts of the page's JSON-LD scripts, as they came.
    """

    text: str
    linked_data: tuple[str, ...] = ()


def markup_of(data: bytes) -> Markup:
    """The page's safe markup.

    Raises:
        InputRefused: code `empty`, `binary` or `undecodable`.
    """
    linked_data: list[str] = []

    def safe(token: re.Match[str]) -> str:
        if token["hidden"] and LINKED_DATA.match(token.group()):
            linked_data.append(token.group().partition(">")[2].rpartition("</")[0])
        return _safe(token)

    text = TOKEN.sub(safe, text_of(data))
    return Markup(text, tuple(linked_data[:MAX_LINKED_DATA]))


def text_of(data: bytes) -> str:
    """The page's decoded source: by its byte order mark, as UTF-8, by what it claims, or by its looks."""
    if data.startswith((*MAGIC, *(mark for mark, _ in MARKS))) or _is_utf8(data):
        return decode(data)
    claimed = CHARSET.search(data[:CHARSET_BYTES])
    for pattern, encoding in FAMILIES if claimed else ():
        if claimed and pattern.fullmatch(claimed[1].decode("ascii", "replace")):
            text = data.decode(encoding, "replace")
            # One broken byte is no reason to refuse a page.
            if text.count("\ufffd") <= 1 + MAX_BROKEN_SHARE * len(text):
                return decode(text.encode("utf-8", "replace"))
    return decode(data)


def tree_of(markup: str) -> HtmlElement | None:
    """The tree of safe markup, hidden elements taken out; None where there is nothing in it.

    Raises:
        InputRefused: code `too_deep`, the elements stand more than 2,000 deep in one another.
    """
    if not markup.strip():
        return None
    # Without `huge_tree` everything below 256 unclosed elements would be lost in silence.
    parser = HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        root = html.document_fromstring(markup.encode("utf-8", "replace"), parser=parser)
    except ParserError:
        return None
    if any("depth" in entry.message for entry in parser.error_log if entry.level_name == "FATAL"):
        raise InputRefused("网页嵌套过深,请另存为纯文本后再交 (too_deep)", code="too_deep")
    for element in list(root.xpath(HIDDEN)):
        if element.getparent() is not None:
            element.drop_tree()
    return root


def _is_utf8(data: bytes) -> bool:
    if b"\x00" in data:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _safe(token: re.Match[str]) -> str:
    if token["comment"] is not None:
        return token.group() if KEPT_COMMENT.match(token["comment"]) else ""
    if token["hidden"]:
        return " "
    if token.end() - token.start() <= MAX_VALUE_CHARS:
        return token.group()
    shorter = QUOTED.sub('=""', token.group())
    # The parser's time grows with the square of the attributes of one element.
    return shorter if len(shorter) <= MAX_TAG_CHARS else f"<{token['name']}>"
