"""Questions whose answers are known, as evaluation files hold them."""

from __future__ import annotations

import datetime
import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embeddings.errors import InputRefused
from qa.question import Turn

# As an `Answer` gives them, by how files write them.
VERDICTS = {"yes": "yes", "是": "yes", "no": "no", "否": "no", "": ""}


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question with what is known about its answer.

    One of `answers` suffices; of `answers_all` every one is needed. Which articles are right is told by
    `article_ids`; where there are none, by `evidence` (verbatim strings of the article) and
    `article_title`; where these are missing too, a passage that holds an answer counts as right.
    `verdict` is `yes`, `no` or empty, `now` the day on which the question is asked (`None`: today).
    """

    id: str
    question: str
    answers: tuple[str, ...]
    article_ids: frozenset[str]
    answerable: bool
    kind: str = ""
    answers_all: tuple[str, ...] = ()
    history: tuple[Turn, ...] = ()
    evidence: tuple[str, ...] = ()
    article_title: str = ""
    verdict: str = ""
    now: datetime.date | None = None


def read_questions(path: Path) -> list[GoldQuestion]:
    """Read an evaluation file, plain or `.gz`.

    Raises:
        InputRefused: it cannot be read, or a line is not a question; names the line.
    """
    try:
        stored = path.read_bytes()
        text = (gzip.decompress(stored) if path.suffix == ".gz" else stored).decode("utf-8-sig")
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        raise InputRefused(f"评测文件 {path.name} 无法读取。", hint="应为 UTF-8 的 JSON 行文件。") from None
    return [_question(path.name, number, line) for number, line in lines]


def _question(name: str, number: int, line: str) -> GoldQuestion:
    try:
        fields = json.loads(line)
        return GoldQuestion(
            id=str(fields.get("id", number)),
            question=str(fields["question"]),
            answers=_texts(fields, "answers"),
            article_ids=frozenset(_texts(fields, "article_ids")),
            answerable=bool(fields.get("answerable", True)),
            kind=str(fields.get("kind") or ""),
            answers_all=_texts(fields, "answers_all"),
            history=tuple(Turn(turn["question"], turn["answer"]) for turn in fields.get("history") or ()),
            evidence=_texts(fields, "evidence"),
            article_title=str(fields.get("article_title") or ""),
            verdict=VERDICTS[fields.get("verdict") or ""],
            now=datetime.date.fromisoformat(fields["now"]) if fields.get("now") else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputRefused(
            f"评测文件 {name} 第 {number} 行不是问题。", hint='每行一个 {"question", "answers", ...}。'
        ) from None


def _texts(fields: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A list of strings; a string alone, which would fall apart into its characters, is none."""
    found = fields.get(name) or ()
    if isinstance(found, str):
        raise TypeError(name)
    return tuple(str(text) for text in found)
