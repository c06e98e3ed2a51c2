"""Wenbao and other libraries on the same passages, questions and model: `make bench-peers`.

Articles of drcd-dev and cmrc-trial of `$SHARED/data` (not part of the project) as one archive, 500 questions
spread evenly. Every peer runs in a process of its own, one after the other, with the Python that `--python`
names; one that fails is in the table with its reason. Writes nothing outside `--folder`.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any

from embeddings.intake import find_inputs, limits_of, read_input
from embeddings.model import built_in_model
from embeddings.passages import encoder_text, split_article
from embeddings.records import Article
from embeddings.settings import Settings, load_settings
from qa.evaluation import GoldQuestion, Outcome, Ranking, metrics, read_questions
from tests.bench.peers.timing import ARTICLES

HERE = Path(__file__).parent
SETS = ("drcd-dev", "cmrc-trial")
OURS = "Wenbao"
PEERS = {
    "txtai": "of_txtai.py",
    "LlamaIndex": "of_llamaindex.py",
    "LangChain": "of_langchain.py",
    "Haystack": "of_haystack.py",
}
TIME_LIMIT_S = 1800
COLUMNS = ("r_at_1", "r_at_5", "mrr_at_10", "p50_ms", "p99_ms", "index_s")


def main() -> None:
    """Measure all, one after the other, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peers", nargs="*", help=f"of {OURS} {' '.join(PEERS)}; none: all")
    parser.add_argument("--python", type=Path, required=True, help="the Python of the peers' environment")
    parser.add_argument("--folder", type=Path, default=Path(".cache/peers/run"))
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument(
        "--articles", type=int, help="for a trial: so many articles, and questions about them"
    )
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    settings = load_settings()
    articles = _articles(given.folder / "articles", given.articles)
    gold = _questions(given.questions, {article.id for article in articles})
    material = _material(settings, articles, gold, given.folder / "articles")
    (given.folder / "material.json").write_text(json.dumps(material), encoding="utf-8")
    print(f"{len(material['passages'])} passages, {len(gold)} questions", flush=True)
    model = built_in_model(settings.cache)
    rows = []
    for name in given.peers or (OURS, *PEERS):
        found = _run(_command(name, given, model), given.folder / "result.json")
        rows.append((name, found if isinstance(found, str) else _figures(found, material["articles"], gold)))
        print(json.dumps(rows[-1], ensure_ascii=False), flush=True)
    print(_table(rows))


def _articles(copies: Path, count: int | None) -> list[Article]:
    """The articles, of each set its share of `count`; `copies` gets their lines."""
    shutil.rmtree(copies, ignore_errors=True)
    copies.mkdir()
    for name in SETS:
        with gzip.open(_shared(f"{name}.articles.jsonl.gz"), "rt", encoding="utf-8") as lines:
            text = "".join(itertools.islice(lines, count and count // len(SETS)))
        (copies / f"{name}.jsonl").write_text(text, encoding="utf-8")
    found, _ = find_inputs([copies])
    return [article for file in found for article in read_input(file, limits_of(load_settings())).articles]


def _shared(name: str) -> Path:
    return Path(os.environ.get("SHARED", "../shared")) / "data" / name


def _questions(count: int, articles: Set[str]) -> list[GoldQuestion]:
    """Questions about these articles, evenly spread."""
    files = [_shared(f"{name}.questions.jsonl.gz") for name in SETS]
    found = [gold for file in files for gold in read_questions(file) if gold.article_ids & articles]
    return [found[i * len(found) // count] for i in range(count)] if count < len(found) else found


def _material(
    settings: Settings, articles: Sequence[Article], gold: Sequence[GoldQuestion], copies: Path
) -> dict[str, Any]:
    """Passages as our index cuts and embeds them, the article of each, and the questions."""
    passages = [
        (article.id, encoder_text(article, passage))
        for article in articles
        for passage in split_article(
            article, target_chars=settings.passage_chars, max_chars=settings.passage_chars_max
        )
    ]
    return {
        "files": [str(copies)],
        "articles": [article_id for article_id, _ in passages],
        "passages": [text for _, text in passages],
        "questions": [one.question for one in gold],
    }


def _command(name: str, given: argparse.Namespace, model: Path) -> list[str]:
    material, result = given.folder / "material.json", given.folder / "result.json"
    if name == OURS:
        index = given.folder / "index"
        shutil.rmtree(index, ignore_errors=True)
        return [sys.executable, "-m", "tests.bench.peers.ours", str(material), str(index), str(result)]
    return [str(given.python), str(HERE / PEERS[name]), str(material), str(model), str(result)]


def _run(command: Sequence[str], result: Path) -> dict[str, Any] | str:
    """What a process wrote, or the last line of what it said when it failed."""
    result.unlink(missing_ok=True)
    # Nothing is fetched, and nothing is told to anybody.
    quiet = {"HF_HUB_OFFLINE": "1", "HAYSTACK_TELEMETRY_ENABLED": "False", "LANGSMITH_TRACING": "false"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIME_LIMIT_S, env={**os.environ, **quiet}
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"failed: {type(error).__name__}"
    if done.returncode or not result.exists():
        return f"failed: {(done.stderr.strip().splitlines() or ['no reason given'])[-1][:200]}"
    return dict(json.loads(result.read_text(encoding="utf-8")))


def _figures(
    found: dict[str, Any], articles: Sequence[str], gold: Sequence[GoldQuestion]
) -> dict[str, float | None]:
    outcomes = [
        Outcome(one, Ranking(tuple(dict.fromkeys(articles[n] for n in numbers))[:ARTICLES], one.article_ids))
        for one, numbers in zip(gold, found["found"], strict=True)
    ]
    cuts = statistics.quantiles(found["ms"], n=100, method="inclusive")
    return {
        **metrics(outcomes)["retrieval"],
        "p50_ms": round(cuts[49], 1),
        "p99_ms": round(cuts[98], 1),
        "index_s": round(found["index_s"], 1),
    }


def _table(rows: Sequence[tuple[str, dict[str, float | None] | str]]) -> str:
    lines = [f"{'':12}" + "".join(f"{column:>11}" for column in COLUMNS)]
    for name, found in rows:
        cells = found if isinstance(found, str) else "".join(f"{found[c]!s:>11}" for c in COLUMNS)
        lines.append(f"{name:12}{cells}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
