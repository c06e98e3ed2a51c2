"""Yes or no, when one sentence carries it; the words that put a false premise right.

A verdict is given only where `qa.verdict_findings` sees claim and sentence meet. Where it cannot be told
there is none, and the sentence speaks for itself: better none than a wrong one.
"""

from __future__ import annotations

import re
from enum import StrEnum

from qa.verdict_findings import CHARS_MAX, Findings, findings

CLAUSES_MAX = 40
# Below this share, the sentence speaks of something else; another figure needs more to be of the same thing.
TOPIC_MIN = 0.1
OTHER_TOPIC_MIN = 0.25
# Of the predicate, so that a yes is not given for its object alone.
MET_MIN = 0.5

_CLAUSE = re.compile(r"[,，。;；!！?？\n:：]")
_QUOTES = ' “”"「」『』'


class Verdict(StrEnum):
    """What a sentence says to a question."""

    YES = "yes"
    NO = "no"


def verdict(question: str, sentence: str, context: str = "") -> Verdict | None:
    """Whether the sentence affirms or denies what a yes/no question asks; `None` where it cannot be told.

    `context` (the headline and the passage) only says what the sentence is about.
    """
    return _decided(findings(question, sentence, context))


def correction(question: str, sentence: str, context: str = "") -> str:
    """The words of the sentence that are right where the question is wrong.

    The other figure or name, else the clause that denies, verbatim; empty when nothing is denied or it is
    unclear which words do.
    """
    found = findings(question, sentence, context)
    if _decided(found) is not Verdict.NO:
        return ""
    if found.wanted and (found.says < 0 or not (found.differs or found.meets < 0)):
        return found.wanted if found.wanted in sentence else ""
    clauses = [clause.strip(_QUOTES) for clause in _CLAUSE.split(sentence[:CHARS_MAX])][:CLAUSES_MAX]
    weighed = [(_weight(findings(question, clause)), clause) for clause in clauses if clause]
    weight, clause = max(weighed, key=lambda pair: pair[0], default=(0, ""))
    return clause if weight > 0 else ""


def _weight(found: Findings) -> int:
    """How much a clause denies."""
    return 9 * (found.says < 0) + found.differs - found.agrees + (found.meets < 0)


def _decided(found: Findings) -> Verdict | None:
    if found.says:
        return Verdict.YES if found.says > 0 else Verdict.NO
    if found.asks or found.topic < TOPIC_MIN:
        return None
    if _denied(found):
        return Verdict.NO
    if found.only or (found.whole and not found.whole_met):
        return None
    affirmed = (found.meets > 0 and found.met >= MET_MIN) or (found.agrees > 0 and found.meets >= 0)
    return Verdict.YES if affirmed and not found.differs and not found.other and not found.open else None


def _denied(found: Findings) -> bool:
    if found.other and found.topic >= OTHER_TOPIC_MIN:
        return True
    if found.whole and found.partial and not found.whole_met:
        return True
    met = (found.meets > 0 and found.met >= MET_MIN) or found.agrees > found.differs
    if found.open and met:
        return True
    if found.differs or found.agrees:
        return found.differs > found.agrees
    return found.meets < 0
