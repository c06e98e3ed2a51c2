"""Whether an answer is right: exact comparisons of strings, without any model.

Strings are compared in NFKC, case and blanks aside. What an answer says counts without its `[n]`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from embeddings.records import Answer, Article, Citation, Passage
from qa.evaluation.questions import GoldQuestion

_MARK = re.compile(r"\[\d{1,3}\]")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
# Marks between digits are part of a figure (1.9, 20:30); all others are not part of an answer.
_PUNCTUATION = re.compile(r"(?<!\d)[^\w%]|[^\w%](?!\d)")


def is_contained(gold: GoldQuestion, answer: Answer) -> bool:
    """Whether the answer says what was asked for; where both have a verdict, that alone decides."""
    if not answer.answered:
        return False
    if gold.verdict and answer.verdict:
        return answer.verdict == gold.verdict
    return contains(gold, _MARK.sub("", answer.text))


def is_exact(gold: GoldQuestion, answer: Answer) -> bool:
    """Whether the answer's shortest form is an accepted answer, or its verdict the right one."""
    if gold.verdict and answer.answered and answer.verdict:
        return answer.verdict == gold.verdict
    return bool(shortest(answer)) and _bare(shortest(answer)) in _accepted(gold)


def overlap(gold: GoldQuestion, answer: Answer) -> float:
    """F1 of characters, as bags, with the accepted answer that is nearest; of a verdict 1 or 0."""
    if gold.verdict and answer.answered and answer.verdict:
        return float(answer.verdict == gold.verdict)
    found = _bare(shortest(answer))
    return max((_f1(found, expected) for expected in _accepted(gold)), default=0.0)


def shortest(answer: Answer) -> str:
    """The answer's span, or all it says where it has none; empty when nothing was answered."""
    if not answer.answered:
        return ""
    return answer.span or _MARK.sub("", answer.text)


def _accepted(gold: GoldQuestion) -> set[str]:
    """What an answer may be; all parts of a list in their order are one."""
    whole = ("".join(f"{part}。" for part in gold.answers_all),)
    given = whole if gold.answers_all and not gold.answers else (*gold.answers, *whole)
    if gold.answers_all:  # one part is not all of it
        given = tuple(text for text in given if contains(gold, text))
    return {bare for text in given if (bare := _bare(text))}


def _f1(found: str, expected: str) -> float:
    shared = sum((Counter(found) & Counter(expected)).values())
    return 2 * shared / (len(found) + len(expected)) if shared else 0.0


def is_right(gold: GoldQuestion, article: Article, passage: Passage) -> bool:
    """Whether this is an article that the question is about; see `GoldQuestion`."""
    if gold.article_ids:
        return article.id in gold.article_ids
    if gold.evidence or gold.article_title:
        titled = bool(gold.article_title) and folded(article.title) == folded(gold.article_title)
        return titled or _holds_evidence(gold, article.text)
    return contains(gold, passage.text)


def is_quoted(gold: GoldQuestion, citations: Sequence[Citation]) -> bool:
    """Whether the quotes carry the answer: they hold an accepted one, or one of them holds evidence."""
    quotes = [citation.quote for citation in citations]
    return contains(gold, "\n".join(quotes)) or any(_holds_evidence(gold, quote) for quote in quotes)


def is_verbatim(citation: Citation) -> bool:
    """Whether the quote stands in the article where the citation says."""
    stands = citation.article.text[citation.quote_start : citation.quote_end]
    return bool(citation.quote) and stands == citation.quote


def _holds_evidence(gold: GoldQuestion, text: str) -> bool:
    plain = folded(text)
    return any((wanted := folded(evidence)) and wanted in plain for evidence in gold.evidence)


def contains(gold: GoldQuestion, text: str) -> bool:
    """Whether a text holds an acceptable answer, form of width, blanks and case aside."""
    plain = folded(text)
    if gold.answers_all:
        return all(_holds(plain, answer) for answer in gold.answers_all)
    return any(_holds(plain, answer) for answer in gold.answers)


def _holds(plain: str, answer: str) -> bool:
    """Whether the answer stands there whole: `5件` does not stand in `35件`, nor `38` in `387`."""
    wanted = folded(answer)
    before = r"(?<![0-9.])" if wanted[:1].isdigit() else ""
    after = r"(?!\.?[0-9])" if wanted[-1:].isdigit() else ""
    return bool(wanted) and re.search(before + re.escape(wanted) + after, plain) is not None


def folded(text: str) -> str:
    """NFKC without blanks and case."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _bare(text: str) -> str:
    return _PUNCTUATION.sub("", _THOUSANDS.sub("", folded(text)))
