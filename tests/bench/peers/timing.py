"""What every peer's script shares: it reads the material, asks all questions and writes what was found.

The scripts run as files with the peers' own Python; nothing here needs more than its standard library.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

# Ranks are counted over so many distinct articles; as some have several passages, more of these are found.
ARTICLES, PASSAGES_FOUND = 10, 30
WARM_UP = 10

# Texts of passages to a search: a question to the numbers of the best passages, best first.
Search = Callable[[str], Sequence[int]]


def run(prepare: Callable[[list[str], str], Search]) -> None:
    """Index the passages, ask the questions one by one; writes {found, ms, index_s} as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("material", type=Path)
    parser.add_argument("model")
    parser.add_argument("result", type=Path)
    given = parser.parse_args()
    material = json.loads(given.material.read_text(encoding="utf-8"))
    started = time.perf_counter()
    search = prepare(material["passages"], given.model)
    index_s = time.perf_counter() - started
    found, times_ms = asked(search, material["questions"])
    given.result.write_text(
        json.dumps({"found": found, "ms": times_ms, "index_s": index_s}), encoding="utf-8"
    )


def asked(search: Search, questions: list[str]) -> tuple[list[list[int]], list[float]]:
    """What was found for each question, and the milliseconds each took; some are asked before to warm up."""
    for question in questions[:WARM_UP]:
        search(question)
    found, times_ms = [], []
    for question in questions:
        before = time.perf_counter()
        numbers = list(search(question))
        times_ms.append((time.perf_counter() - before) * 1000)
        found.append([int(number) for number in numbers])
    return found, times_ms
