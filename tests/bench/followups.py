"""How well follow-ups are completed: `python -m tests.bench.followups DATA QUESTIONS.jsonl...`.

`DATA` is an index of the marked pages (`tests.bench.marked_issues`). A question's rank is that of the first
hit whose article holds its evidence. Every follow-up is searched for as it was typed, completed, and glued to
the last question; every other question also with a history that is not its own, which must change nothing.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from embeddings.encoder import Encoder, find_encoder
from embeddings.index.snapshot import Snapshot
from embeddings.records import Filters
from embeddings.settings import load_settings
from embeddings.tokens import Tokenizer
from qa import retrieval
from qa.following import open_newest_good
from qa.standalone import complete
from qa.turns import Turn

DEPTH = 10
SEED = 3

_BLANK = re.compile(r"\s")

Question = dict[str, Any]
Ranker = Callable[[str, str], int | None]


def _glued(text: str, history: Sequence[Turn]) -> str:
    return f"{history[-1].question.rstrip('?？')}？{text}"


def _ranker(snapshot: Snapshot, encoder: Encoder, tokenizer: Tokenizer) -> Ranker:
    def rank(question: str, evidence: str) -> int | None:
        wanted = _BLANK.sub("", evidence)
        leg = retrieval.search_lexically(snapshot, tokenizer, question, Filters())
        vector = encoder.encode_query(question)
        found = retrieval.find_candidates(snapshot, leg, vector, Filters(), DEPTH)
        hits = retrieval.hits(snapshot, found, DEPTH)
        return next((hit.rank for hit in hits if wanted in _BLANK.sub("", hit.article.text)), None)

    return rank


def _shown(name: str, ranks: Sequence[int | None]) -> None:
    count = len(ranks) or 1
    first, five = (sum(r is not None and r <= k for r in ranks) / count for k in (1, 5))
    reciprocal = sum(1 / r for r in ranks if r) / count
    print(f"{name:12} n={len(ranks):4} R@1 {first:.3f}  R@5 {five:.3f}  MRR@10 {reciprocal:.3f}")


def _history(question: Question) -> list[Turn]:
    return [Turn(turn["question"], turn["answer"]) for turn in question["history"]]


def measure(questions: Sequence[Question], rank: Ranker, show: bool) -> None:
    """Print the ranks of follow-ups and new topics, and how many other questions an alien history changes."""
    for kind in ("follow_up", "new_topic"):
        asked = [q for q in questions if q["kind"] == kind and q.get("evidence")]
        ranks: dict[str, list[int | None]] = {"typed": [], "glued": [], "completed": []}
        for q in asked:
            text, history = q["question"], _history(q)
            tried = {"typed": text, "glued": _glued(text, history), "completed": complete(text, history).text}
            for name, query in tried.items():
                ranks[name].append(rank(query, q["evidence"][0]))
            if show and ranks["completed"][-1] != 1:
                print(q["id"], ranks["completed"][-1], ranks["glued"][-1], tried["completed"])
        print(kind)
        for name, found in ranks.items():
            _shown(name, found)
    alone = [q for q in questions if not q.get("history")]
    chosen = random.Random(SEED)
    dragged = 0
    for q in alone:
        other = chosen.choice(alone)
        history = [Turn(other["question"], (other["answers"] or [""])[0])]
        dragged += complete(q["question"], history).follows
    print(f"changed by another's history: {dragged} of {len(alone)}")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("questions", type=Path, nargs="+")
    parser.add_argument("--show", action="store_true", help="print every follow-up that is not first")
    arguments = parser.parse_args()
    lines = [line for path in arguments.questions for line in path.read_text(encoding="utf-8").splitlines()]
    settings = load_settings(data=arguments.data)
    encoder = find_encoder(settings)
    snapshot, _ = open_newest_good(settings.data)
    rank = _ranker(snapshot, encoder, Tokenizer(settings.cache / "jieba"))
    measure([json.loads(line) for line in lines], rank, arguments.show)


if __name__ == "__main__":
    main()
