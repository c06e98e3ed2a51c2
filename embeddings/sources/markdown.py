"""The lines of a Markdown text, and its front matter."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

from embeddings.sources.htmlblocks import Block, blocks_of, plain
from embeddings.sources.htmltree import markup_of, tree_of
from embeddings.sources.typed import Line, LineRole

FRONT = re.compile(r"\s{0,20}---[ \t]*\r?\n(.{0,8000}?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
FIELD = re.compile(r"\s{0,4}([\w-]{1,20})\s*[:：]\s*(.*)")
# Beyond this a paragraph's marks are left as they are: some patterns of them take quadratic time.
MAX_INLINE_CHARS = 20_000
MARKED = re.compile(r"[\\`*_\[<&\n]")


def front_matter(text: str) -> tuple[dict[str, str], str]:
    """The `key: value` lines between `---` lines at the start (keys in lower case), and the rest."""
    match = FRONT.match(text)
    if not match:
        return {}, text
    fields: dict[str, str] = {}
    for line in match[1].splitlines():
        if field := FIELD.match(line):
            fields[field[1].lower()] = _scalar(field[2])
    return fields, text[match.end() :]


def _scalar(value: str) -> str:
    value = value.strip()
    if value[:1] == "[" and value[-1:] == "]":
        return " ".join(_scalar(part) for part in re.split("[,，]", value[1:-1]))
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return " ".join(value.split())


def markdown_lines(text: str) -> list[Line]:
    """The text's lines as a reader sees them; the words for a picture become captions.

    It goes through HTML, so that raw HTML in it is read by the same careful rules as a web page.
    """
    root = tree_of(markup_of(_rendered(text).encode("utf-8", "replace")).text)
    if root is None:
        return []
    lines = [Line(block.text, _role(block)) for block in blocks_of(root)]
    alts = (plain(image.get("alt") or "") for image in root.iter("img"))
    return lines + [Line(alt, LineRole.CAPTION) for alt in alts if alt]


def _role(block: Block) -> LineRole:
    if block.caption:
        return LineRole.CAPTION
    return LineRole.HEADING if block.level else LineRole.TEXT


def _rendered(text: str) -> str:
    parser, inline = MarkdownIt("commonmark").enable("table").disable("inline"), MarkdownIt("commonmark")
    tokens = parser.parse(text)
    number = ""
    for token in tokens:
        if token.type == "list_item_open":
            number = f"{token.info}{token.markup} " if token.info else ""
        elif token.type == "inline":
            token.children = _inline(inline, number + token.content)
            number = ""
    return str(parser.renderer.render(tokens, parser.options, {})) or " "


def _inline(parser: MarkdownIt, content: str) -> list[Token]:
    if len(content) > MAX_INLINE_CHARS or not MARKED.search(content):
        return [Token("text", "", 0, content=content)]
    return parser.parseInline(content)[0].children or []
