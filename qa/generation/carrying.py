"""Which sentences of a passage carry a statement that a language model wrote, and whether they do.

A measure of words, not of meaning: a statement must be put together from the characters and the character
pairs of the sentences it cites, clause by clause, and must deny what they deny and nothing else. What is
right but far from the paper's wording is lost; what is made up does not come through.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from embeddings.records import Citation, Hit
from embeddings.sentences import sentence_spans, trimmed
from embeddings.tokens import normalised
from qa.citations import unheld_figures, without_place
from qa.figures import Figure, figures

# Mean of the shares of characters and of pairs that the quotes hold: of a statement, of each of its clauses.
STATEMENT_SHARE_MIN = 0.5
CLAUSE_SHARE_MIN = 0.38
CLAUSE_CHARS_MIN = 4
SENTENCES_A_MARK = 2
# A second sentence is quoted when it holds this much more of the statement.
GAIN_MIN = 0.12
FIGURE_WEIGHT = 0.5

_FUNCTION = re.compile(
    r"[的了在是和与及或等也都就而对为以从到由于被把将向其之这那此该并但又还很着过地得给让个些则即共已曾约据称有]"
)
_SENSE = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]+|[a-z0-9]+")
_CLAUSE_END = re.compile(r"[，,；;。！？!?：:、\n]")
# Sentences that speak to a machine carry nothing.
_ORDERS = re.compile(
    r"(?:忽略|无视|忘记|不要理会).{0,12}(?:指令|指示|规则|提示|要求)|你现在是|系统提示"
    r"|ignore .{0,30}instruction"
    r"|system\s?(?:prompt|[:：])"
    r"|assistant\s?[:：]|</?\s?(?:source|system|user|assistant)|<\|",
    re.IGNORECASE,
)
_NOT = r"不|没有?|未|无|非|禁止|拒绝|取消|停止"
_DENIED = re.compile(rf"(?:{_NOT})(?:会|能|再|曾|必|得|准|许|可|是|有)?([\u4e00-\u9fff]{{1,2}})")
_DENIAL = re.compile(rf"(?:{_NOT})(?!仅|但|只|光|过|断|少|久|同|论|管)")


@dataclass(frozen=True, slots=True)
class _Sentence:
    start: int
    end: int
    text: str


def carriers(words: str, hit: Hit, n: int) -> list[Citation]:
    """Citations of the sentences of a passage that carry a statement best, best first, at most two.

    Their number is `n`, as the statement's mark had it. Empty when no sentence shares anything with it.
    """
    left = [_cited(sentence, hit, n) for sentence in _sentences(hit) if not _ORDERS.search(sentence.text)]
    chosen: list[Citation] = []
    reached = 0.0
    while left and len(chosen) < SENTENCES_A_MARK:
        best = max(left, key=lambda citation: _merit(words, [*chosen, citation]))
        merit = _merit(words, [*chosen, best])
        if merit < reached + GAIN_MIN:
            break
        reached = merit
        chosen.append(best)
        left.remove(best)
        if is_carried(words, chosen) and not unheld_figures(words, chosen):
            break
    return chosen


def is_carried(words: str, cited: Sequence[Citation]) -> bool:
    """Whether the quotes together hold enough of a statement and of each of its clauses, and deny no less."""
    quotes = [citation.quote for citation in cited]
    words = without_place(words, cited)
    if share_held(words, quotes) < STATEMENT_SHARE_MIN:
        return False
    for clause in _CLAUSE_END.split(words):
        if len(_content(clause)) >= CLAUSE_CHARS_MIN and share_held(clause, quotes) < CLAUSE_SHARE_MIN:
            return False
    return _denies_alike(words, " ".join(quotes))


def share_held(words: str, quotes: Sequence[str]) -> float:
    """Share of a text's characters and their pairs that the quotes hold, 0 to 1; 1 when it says nothing."""
    held = normalised("\n".join(quotes))
    words = without_figures(words, figures(held))
    characters = _content(words)
    if not characters:
        return 1.0
    pairs = [run[i : i + 2] for run in _runs(words) for i in range(len(run) - 1)]
    by_character = sum(c in held for c in characters) / len(characters)
    by_pair = sum(pair in held for pair in pairs) / len(pairs) if pairs else by_character
    return (by_character + by_pair) / 2


def without_figures(words: str, held: Sequence[Figure]) -> str:
    """The text without the figures that are held, however they are written."""
    plain = normalised(words)
    for figure in figures(plain):
        if any(figure.agrees(other) for other in held):
            plain = plain.replace(figure.text, "", 1)
    return plain


def _merit(words: str, chosen: Sequence[Citation]) -> float:
    quotes = [citation.quote for citation in chosen]
    wanted = figures(words)
    held = [figure for quote in quotes for figure in figures(quote)]
    met = sum(any(figure.agrees(other) for other in held) for figure in wanted)
    return share_held(words, quotes) + (FIGURE_WEIGHT * met / len(wanted) if wanted else 0.0)


def _denies_alike(words: str, quotes: str) -> bool:
    """What the quotes deny is not affirmed, and what they affirm is not denied."""
    if _DENIAL.search(words) and not _DENIAL.search(quotes):
        return False
    for match in _DENIED.finditer(quotes):
        affirmed = re.compile(
            rf"(?<!不)(?<!没)(?<!未)(?<!无)(?<!有)(?<!不会)(?<!不能)(?<!不再)(?<!没有){match[1]}"
        )
        if affirmed.search(words) and not affirmed.search(quotes.replace(match.group(), "")):
            return False
    return True


def _cited(sentence: _Sentence, hit: Hit, n: int) -> Citation:
    return Citation(n, hit.article, hit.passage, sentence.text, sentence.start, sentence.end, hit.score)


def _runs(text: str) -> list[str]:
    return [run for part in _FUNCTION.split(normalised(text)) for run in _SENSE.findall(part)]


def _content(text: str) -> str:
    return "".join(_runs(text))


def _sentences(hit: Hit) -> list[_Sentence]:
    text, base = hit.passage.text, hit.passage.start
    found = []
    for span in sentence_spans(text):
        start, end = trimmed(text, span)
        if start < end and hit.article.text[base + start : base + end] == text[start:end]:
            found.append(_Sentence(base + start, base + end, text[start:end]))
    return found
