"""Where the sentences of a Chinese (or mixed) text begin and end.

A sentence ends at `。！？!?…` with the closing quotation marks and brackets after it, or at a line
end. An end inside an open quotation or bracket does not count while that quotation stays short: what
somebody said is one statement, and half of it would be a poor quote. Who said it (`”某某说。`) belongs to
what was said. Every character of the text
lies in exactly one sentence, blanks included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]

# A quotation longer than this is read sentence by sentence, so that one missing closing mark
# (common in e-paper text) cannot swallow a paragraph.
QUOTATION_CHARS_MAX = 120
# Deeper than anybody quotes: marks that are never closed must not pile up.
NESTING_MAX = 50

_OPENING = "“‘（([【《「『〈"
_CLOSING = "”’）)]】》」』〉"
_PAIRS = dict(zip(_CLOSING, _OPENING, strict=True))
_ENDS = "。！？!?…"
_TOKEN = re.compile(f'[{re.escape(_OPENING + _CLOSING + _ENDS)}\n]|\\.(?=\\s+[A-Z“"])')

_ATTRIBUTION = re.compile(
    r"[^。！？!?…\n“”]{0,40}(?:说|表示|介绍|告诉记者|称|坦言|回忆|解释|感慨|指出|强调|笑道)[^。！？!?…\n“”]{0,8}[。！？!?…]"
)


def sentence_spans(text: str) -> list[Span]:
    """Spans of the sentences of `text`, in order, touching, covering it whole; none when empty."""
    spans = []
    start = 0
    for end in _ends(text):
        spans.append((start, end))
        start = end
    if start < len(text):
        spans.append((start, len(text)))
    return _blanks_joined(text, spans)


def _ends(text: str) -> Iterator[int]:
    """Offsets just after each sentence's last character."""
    open_marks: list[tuple[str, int]] = []
    at = 0
    while match := _TOKEN.search(text, at):
        mark, at = match.group(), match.end()
        if mark in _OPENING:
            open_marks.append((mark, match.start()))
            del open_marks[:-NESTING_MAX]
        elif mark in _CLOSING:
            _close(open_marks, mark)
        elif mark == "\n":
            open_marks.clear()
            yield at
        else:
            at = _after_run(text, at)
            inside = bool(open_marks) and at - open_marks[-1][1] <= QUOTATION_CHARS_MAX
            at, closed = _after_closing(text, at, open_marks)
            speech_ends = closed and not open_marks and not _ATTRIBUTION.match(text, at)
            if speech_ends or (not inside and not closed):
                yield at


def _close(open_marks: list[tuple[str, int]], mark: str) -> None:
    """Forget the nearest mark that `mark` closes, and what was left open inside it."""
    for i in range(len(open_marks) - 1, -1, -1):
        if open_marks[i][0] == _PAIRS[mark]:
            del open_marks[i:]
            return


def _after_run(text: str, at: int) -> int:
    while at < len(text) and text[at] in _ENDS:
        at += 1
    return at


def _after_closing(text: str, at: int, open_marks: list[tuple[str, int]]) -> tuple[int, bool]:
    """Offset after the closing marks at `at`, and whether there were any."""
    start = at
    while at < len(text) and text[at] in _CLOSING:
        _close(open_marks, text[at])
        at += 1
    return at, at > start


def _blanks_joined(text: str, spans: list[Span]) -> list[Span]:
    """A span of nothing but blanks belongs to the sentence before it (the first one: after it)."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and (not text[start:end].strip() or not text[joined[-1][0] : joined[-1][1]].strip()):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def trimmed(text: str, span: Span) -> Span:
    """The span without the blanks at its ends; empty at its start when there is nothing else."""
    start, end = span
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    if left == len(piece):
        return start, start
    return start + left, start + len(piece.rstrip())
