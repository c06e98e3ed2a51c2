"""Whether a text with marks `[n]` and its citations hold.

Every statement marked, every quote verbatim, every figure and name of a statement in what it cites.

Pure, and blind to meaning: what it finds is wrong for certain, what it does not find may be wrong still.
Extractive answers are checked before they are sent; generated ones lose what breaches (`kept`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import zip_longest

from embeddings.layout.surnames import name_score
from embeddings.records import Article, Citation
from embeddings.tokens import normalised
from qa.figures import Figure, figures
from qa.statements import MARK, Statement, statements

QUOTED_CHARS_MIN = 4
SPEAKER_SCORE_MIN = 0.6

_TITLE = re.compile(r"《([^《》]{1,80})》")
_QUOTED = re.compile(rf"[“「『\"]([^“”「」『』\"]{{{QUOTED_CHARS_MIN},200}})[”」』\"]")
_LATIN = re.compile(r"(?:[a-z]|\d+[a-z])[a-z0-9]*(?:[.\-_/&+'][a-z0-9]+)*")
_SAYS = re.compile(r"说|表示|介绍|告诉|指出|认为|透露|坦言|回忆|强调|称")
_NO_BREAK = re.compile(r"\s+")
_NO_SENSE = re.compile(r"[\s\W_]+")


class BreachKind(StrEnum):
    """What is wrong."""

    QUOTE = "quote"  # a quote is not the article's text at its offsets
    UNKNOWN = "unknown_mark"  # an [n] without citation
    UNUSED = "unused_citation"
    UNMARKED = "unmarked"  # a statement without [n]
    NUMBER = "number"  # a figure that none of the statement's quotes holds
    NAME = "name"  # a name, a title, a Latin word or words in quotation marks that nothing cited holds


@dataclass(frozen=True, slots=True)
class Breach:
    """One fault: of the statement that is given, or of the citation with the number `n`."""

    kind: BreachKind
    statement: str = ""
    n: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is left of an answer, numbered from 1 in order of first use, and how many statements went."""

    text: str
    citations: tuple[Citation, ...]
    removed: int


def check(text: str, citations: Sequence[Citation]) -> list[Breach]:
    """Everything that is wrong with an answered text, statement by statement; empty when it holds."""
    by_number = {citation.n: citation for citation in citations}
    found = [breach for citation in citations if (breach := _quote_breach(citation))]
    used: set[int] = set()
    found_in = statements(text)
    for statement, following in zip_longest(found_in, found_in[1:]):
        used.update(statement.marks)
        if not _goes_on(statement, following, by_number):
            found += breaches(statement, by_number)
    found += [Breach(BreachKind.UNUSED, n=n) for n in by_number if n not in used]
    return found


def _goes_on(statement: Statement, following: Statement | None, by_number: dict[int, Citation]) -> bool:
    """Whether an unmarked statement is the beginning of a quote that the next one ends, and marks."""
    if statement.marks or following is None:
        return False
    quotes = [by_number[n].quote for n in following.marks if n in by_number]
    return any(_NO_BREAK.sub("", statement.text + following.words) in _NO_BREAK.sub("", q) for q in quotes)


def kept(text: str, citations: Sequence[Citation]) -> Kept:
    """The text without the statements that breach, and the citations that the rest uses."""
    by_number = {c.n: c for c in citations if not _quote_breach(c)}
    writing = Writing()
    removed = 0
    for statement in statements(text):
        sound = without_faulty_lead(statement, by_number)
        if sound is None:
            removed += 1
        else:
            writing.add(sound, by_number)
    return Kept(writing.text, tuple(writing.citations), removed)


def without_faulty_lead(statement: Statement, by_number: dict[int, Citation]) -> Statement | None:
    """The statement if it holds, without the line that leads into it if only that does not; else nothing."""
    if not breaches(statement, by_number):
        return statement
    alone = replace(statement, lead="")
    return alone if statement.lead and not breaches(alone, by_number) else None


def breaches(statement: Statement, by_number: dict[int, Citation]) -> list[Breach]:
    """What is wrong with one statement, the quotes being verbatim."""
    marks = statement.marks
    if not marks:
        return [Breach(BreachKind.UNMARKED, statement.text)]
    found = [Breach(BreachKind.UNKNOWN, statement.text, n) for n in marks if n not in by_number]
    cited = [by_number[n] for n in marks if n in by_number]
    words = f"{statement.lead}\n{statement.words}".strip()
    found += [Breach(BreachKind.NUMBER, statement.text, detail=f.text) for f in unheld_figures(words, cited)]
    found += [Breach(BreachKind.NAME, statement.text, detail=name) for name in unheld_names(words, cited)]
    return found


class Writing:
    """Statements that hold, put together again: marks numbered from 1 in order of first use."""

    def __init__(self) -> None:
        self.text = ""
        self.citations: list[Citation] = []
        self._numbers: dict[tuple[str, int, int], int] = {}

    def add(self, statement: Statement, by_number: dict[int, Citation]) -> tuple[str, list[Citation]]:
        """Append a statement; what was written for it, and its citations that are new."""
        before = len(self.citations)
        whole = f"{statement.lead}\n{statement.text}" if statement.lead else statement.text
        words = MARK.sub(lambda mark: f"[{self._number(by_number[int(mark[1])])}]", whole)
        piece = ("\n" if statement.breaks and self.text else "") + words
        self.text += piece
        return piece, self.citations[before:]

    def _number(self, citation: Citation) -> int:
        key = (citation.article.id, citation.quote_start, citation.quote_end)
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers) + 1
            self.citations.append(replace(citation, n=self._numbers[key]))
        return self._numbers[key]


def unheld_figures(words: str, cited: Sequence[Citation]) -> list[Figure]:
    """Figures of a statement that its quotes do not hold.

    The day of the issue, its page, and headlines between 《》 may be named without being in the quote.
    """
    words = without_place(words, cited)
    held = [figure for citation in cited for figure in figures(citation.quote)]
    return [figure for figure in figures(words) if not any(figure.agrees(other) for other in held)]


def without_place(words: str, cited: Sequence[Citation]) -> str:
    """A statement's words without the day and page of the issues it cites, and without their headlines."""
    for article in (citation.article for citation in cited):
        for title in _TITLE.findall(words):
            words = words.replace(f"《{title}》", "") if _is_headline(title, article) else words
        if day := article.date:
            year = f"{day.year}年"
            words = re.sub(rf"(?<!\d)(?:(?:{year})?0?{day.month}月0?{day.day}[日号]|{day}|{year})", "", words)
        if number := (article.page or "").lstrip("0"):
            words = re.sub(rf"第?0?{re.escape(number)}版", "", words)
    return words


def unheld_names(words: str, cited: Sequence[Citation]) -> list[str]:
    """Names in a statement that nothing of what it cites holds: passage, headline, byline, paper.

    Names are what stands between 《》 or quotation marks, Latin words and codes, and who says something.
    """
    evidence = "\n".join(f"{c.passage.text}\n{c.quote}\n{_place(c.article)}" for c in cited)
    held = normalised(evidence)
    solid = _squeezed(evidence)
    quoted = [match[1] for pattern in (_TITLE, _QUOTED) for match in pattern.finditer(words)]
    missing = [name for name in quoted if _squeezed(name) not in solid]
    latin = set(_LATIN.findall(held))
    missing += [word for word in _LATIN.findall(normalised(words)) if word not in latin]
    return missing + [names[0] for names in _speakers(words) if not any(name in evidence for name in names)]


def _speakers(words: str) -> list[list[str]]:
    """Each person who is said to say something, as the names that it may be."""
    before = (words[max(0, match.start() - 3) : match.start()] for match in _SAYS.finditer(words))
    named = [
        [name for name in (word[-3:], word[-2:]) if name_score(name) >= SPEAKER_SCORE_MIN] for word in before
    ]
    return [names for names in named if names]


def _place(article: Article) -> str:
    return f"{article.headline}\n{article.title}\n{article.byline}\n{article.paper or ''}"


def _squeezed(text: str) -> str:
    return _NO_SENSE.sub("", normalised(text))


def _is_headline(title: str, article: Article) -> bool:
    plain = _squeezed(title)
    return bool(plain) and plain in _squeezed(f"{article.kicker}{article.title}{article.subtitle}")


def _quote_breach(citation: Citation) -> Breach | None:
    start, end = citation.quote_start, citation.quote_end
    text = citation.article.text
    verbatim = (
        0 <= start < end <= len(text) and text[start:end] == citation.quote and bool(citation.quote.strip())
    )
    return None if verbatim else Breach(BreachKind.QUOTE, n=citation.n, detail=citation.quote)
