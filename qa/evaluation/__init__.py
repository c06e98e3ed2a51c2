"""How good the answers are, on questions whose answers are known.

`questions` reads them, `outcomes` asks them, `judging` compares, `figures` counts, and `mistakes` and
`report` tell what went wrong. Every question counts in every figure it belongs to: one that was refused
or missed counts as wrong.
"""

from __future__ import annotations

from qa.evaluation.figures import metrics
from qa.evaluation.judging import contains
from qa.evaluation.mistakes import Mistake, errors, mistakes
from qa.evaluation.outcomes import Outcome, Ranking, evaluate, judged
from qa.evaluation.questions import GoldQuestion, read_questions
from qa.evaluation.report import errors_page

__all__ = [
    "GoldQuestion",
    "Mistake",
    "Outcome",
    "Ranking",
    "contains",
    "errors",
    "errors_page",
    "evaluate",
    "judged",
    "metrics",
    "mistakes",
    "read_questions",
]
