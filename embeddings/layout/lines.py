"""A page's text -> its non-blank lines, each knowing where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Full-width forms to ASCII and corner quotes to curly ones, one character for one, so that a rule is
# written once and offsets hold.
FOLD = {0xFF01 + i: 0x21 + i for i in range(94)} | {
    ord(a): b
    for a, b in {
        "　": " ",
        "\xa0": " ",
        "\t": " ",
        "「": "“",
        "」": "”",
        "『": "‘",
        "』": "’",
        "﹒": "·",
        "•": "·",
        "〔": "(",
        "〕": ")",
        "﹙": "(",
        "﹚": ")",
    }.items()
}
BLANKS = " \t\r\n\v\f　\xa0\x85\u1680\u180e\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\ufeff\x00-\x1f"
INK = re.compile(f"[^{BLANKS}](?:.*[^{BLANKS}])?", re.DOTALL)
MIN_INDENT = 2
OPENS, CLOSES = "“‘《(【", "”’》)】"


@dataclass(frozen=True, slots=True)
class Line:
    """One non-blank line: `page.text[start:end] == text`, without the blanks around it.

    `row` counts all lines of the page from 0, blank ones too. `folded` is the text in one form of
    punctuation, of the same length. `blanks` counts the blank
    lines before it, `indent` the blank characters before its first ink.
    """

    row: int
    start: int
    end: int
    text: str
    folded: str
    blanks: int
    indent: int

    @property
    def indented(self) -> bool:
        """Whether it begins the way a printed paragraph does."""
        return self.indent >= MIN_INDENT


def split_lines(text: str) -> list[Line]:
    """The non-blank lines in order; every visible character of `text` is in exactly one."""
    lines: list[Line] = []
    blanks = position = 0
    for row, raw in enumerate(text.splitlines(keepends=True)):
        ink = INK.search(raw)
        if ink is None:
            blanks += 1
        else:
            start, words = position + ink.start(), ink.group()
            lines.append(
                Line(row, start, start + len(words), words, words.translate(FOLD), blanks, ink.start())
            )
            blanks = 0
        position += len(raw)
    return lines


def open_brackets(folded: str) -> int:
    """How many quotations and brackets opened in the text are still open at its end."""
    depth = 0
    for character in folded:
        if character in OPENS:
            depth += 1
        elif character in CLOSES:
            depth = max(0, depth - 1)
    return depth
