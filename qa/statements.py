"""The statements of an answer's text, and the marks `[n]` on them.

A statement is a sentence, or one item of a list, with the marks inside it and those after its full stop.
A line that only leads into what comes (`主要有以下措施：`) belongs to the statement after it. The splitter
takes the text piece by piece, as a language model writes it, and lets a statement go only when nothing that
may still come can change it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from embeddings.sentences import sentence_spans

# A mark as the answers of this service write it …
MARK = re.compile(r"\[(\d{1,3})\]")
# … and as language models do: 【1】, ［2］, [1,2], [1-3], [来源1], [^1].
LOOSE_MARK = re.compile(
    r"[\[【［]\s{0,3}(?:来源|资料|文章|引用|source|\^|#)?\s{0,3}(\d{1,3}(?:\s{0,3}[-–—,，、;；]\s{0,3}(?:来源)?\d{1,3}){0,9})\s{0,3}[\]】］]",
    re.IGNORECASE,
)
RANGE_MAX = 9
# A line that is longer says something of its own.
LEAD_CHARS_MAX = 40

_TRAILING = re.compile(rf"(?:[\s,，、]*{LOOSE_MARK.pattern})+\s*[。．.！!？?；;]?", re.IGNORECASE)
_UNFINISHED_MARK = re.compile(r"[\[【［][^\]】］]{0,40}$")
_ENUMERATOR = re.compile(
    r"\s*(?:#{1,6}\s+|>\s+|[-*•·●▪]\s+|[·•●▪]|\d{1,2}(?:[、)）]|[.．](?!\d))|[（(]\d{1,2}[)）]|[①-⑳]"
    r"|[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[)）]|第[一二三四五六七八九十]{1,3}[，,、：:])+\s*"
)
# What only orders the parts of one statement: `；第二，`.
_ORDER = re.compile(r"([；;。，,])\s*[第其][一二三四五六七八九十]{1,3}[，,、：:]")
_SPEECH_ENDS = tuple("”’」』")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as written, marks included, without blanks around it.

    `lead` is the line that leads into it, `breaks` is true when it begins a line.
    """

    text: str
    lead: str = ""
    breaks: bool = False

    @property
    def marks(self) -> tuple[int, ...]:
        """The numbers of its marks in order, each once."""
        return tuple(dict.fromkeys(int(match[1]) for match in MARK.finditer(self.text)))

    @property
    def words(self) -> str:
        """What it says: without marks and the sign of a list item."""
        words = MARK.sub("", self.text[enumerator_end(self.text) :])
        return _ORDER.sub(r"\1", words).strip()


class Splitter:
    """Text in pieces to statements."""

    def __init__(self) -> None:
        self._waiting = ""
        self._lead = ""
        self._breaks = False

    def feed(self, piece: str) -> list[Statement]:
        """Statements that are complete now, in order."""
        self._waiting += piece
        return self._released(self._complete(_joined_spans(self._waiting)))

    def end(self) -> list[Statement]:
        """What is left at the end of the text; a lead into nothing is a statement of its own."""
        left = self._released(_joined_spans(self._waiting))
        if self._lead:
            left.append(Statement(self._lead, "", self._breaks))
            self._lead = ""
        return left

    def _complete(self, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """The spans before the first that what is still to come may change."""
        done = 0
        for i in range(len(spans) - 1):
            after = self._waiting[spans[i + 1][0] :]
            # Who said it may still be joined to a quotation: `“……。”` and then `馆长说。`
            speech = self._waiting[slice(*spans[i])].rstrip().endswith(_SPEECH_ENDS)
            if (
                not after.strip()
                or _UNFINISHED_MARK.fullmatch(after.strip())
                or (speech and i + 2 >= len(spans))
            ):
                break
            if _only_marks(after):
                break
            done = i + 1
        return spans[:done]

    def _released(self, spans: list[tuple[int, int]]) -> list[Statement]:
        found = []
        for start, end in spans:
            raw = self._waiting[start:end]
            text = raw.strip()
            if _leads(text):
                self._lead = f"{self._lead}\n{text}".strip()
            elif text:
                found.append(Statement(text, self._lead, self._breaks))
                self._lead, self._breaks = "", False
            self._breaks = self._breaks or "\n" in raw[len(raw.rstrip()) :]
        if spans:
            self._waiting = self._waiting[spans[-1][1] :]
        return found


def statements(text: str) -> list[Statement]:
    """The statements of a whole text, in order."""
    splitter = Splitter()
    return [*splitter.feed(text), *splitter.end()]


def with_plain_marks(text: str) -> str:
    """The text with every mark written `[n]`, lists and ranges of marks written out."""
    return LOOSE_MARK.sub(lambda match: "".join(f"[{n}]" for n in _numbers(match[1])), text)


def without_marks(text: str) -> str:
    """The text with brackets around numbers made full-width: what an article prints is no mark of ours."""
    return re.sub(r"\[(?=\s*\d{1,3}\s*\])([^\]]*)\]", r"［\1］", text)


def enumerator_end(text: str) -> int:
    """Where what a list item says begins, after its bullet or number; 0 when it is none."""
    found = _ENUMERATOR.match(text)
    return found.end() if found else 0


def _numbers(written: str) -> list[int]:
    numbers: list[int] = []
    for part in re.split(r"\s*[,，、;；]\s*(?:来源)?", written):
        ends = [int(number) for number in re.findall(r"\d+", part)]
        first, last = ends[0], ends[-1]
        numbers += range(first, last + 1) if 0 <= last - first <= RANGE_MAX else ends
    return numbers


def _leads(text: str) -> bool:
    return text.rstrip("*_ ").endswith(("：", ":")) and len(text) <= LEAD_CHARS_MAX and not MARK.search(text)


def _only_marks(text: str) -> bool:
    marks = _TRAILING.match(text)
    return marks is not None and not text[marks.end() :].strip()


def _joined_spans(text: str) -> list[tuple[int, int]]:
    """Spans of sentences, with the marks after a full stop and the number before an item joined to them."""
    spans: list[tuple[int, int]] = []
    for start, end in sentence_spans(text):
        begins = start
        marks = _TRAILING.match(text, start, end)
        nothing_else = marks is not None and not text[marks.end() : end].strip()
        if spans and marks and (nothing_else or _takes_marks(text[slice(*spans[-1])])):
            begins = end if nothing_else else marks.end()
            spans[-1] = (spans[-1][0], begins)
        if spans and _is_enumerator(text[slice(*spans[-1])]):
            spans[-1] = (spans[-1][0], end)
        elif begins < end:
            spans.append((begins, end))
    return spans


def _takes_marks(before: str) -> bool:
    """Marks go to the sentence before, unless that is a whole line and has some: then they begin a line."""
    return not (before.endswith("\n") and LOOSE_MARK.search(before))


def _is_enumerator(text: str) -> bool:
    return (
        bool(text.strip())
        and enumerator_end(text) >= len(text.rstrip())
        and len(text.strip()) <= 8
        and "\n" not in text
    )
