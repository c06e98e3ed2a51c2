"""Questions whose article is known, and indexes to ask them of.

The public sets lie in `../shared/data`, which is not part of the project; our own questions over the marked
pages are asked of an archive in which those pages stand among the articles of crud-news.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from embeddings.build import build
from embeddings.encoder import Encoder, find_encoder
from embeddings.index.snapshot import Snapshot, open_current
from embeddings.reports import BuildReport
from embeddings.settings import Settings, load_settings
from qa.evaluation import read_questions
from tests.bench.marked_issues import pages
from tests.bench.own_questions import own_questions

# Folder of the index, and the files it is built from.
INDEXES = {
    "drcd-dev": ("drcd-dev.articles.jsonl.gz", "cmrc-trial.articles.jsonl.gz"),
    "crud-news": ("crud-news.articles.jsonl.gz",),
    "own": ("crud-news.articles.jsonl.gz",),
}


@dataclass(frozen=True, slots=True)
class Known:
    """A question and the ids of the articles that hold its answer, any of them being right."""

    id: str
    question: str
    article_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions of one kind, and the index they are asked of."""

    name: str
    index: str
    questions: tuple[Known, ...]


@dataclass(frozen=True, slots=True)
class OpenIndex:
    """An index that was built, what it took, and the encoder of its vectors."""

    settings: Settings
    encoder: Encoder
    snapshot: Snapshot
    report: BuildReport


class Sets:
    """Opens indexes and reads questions, each once.

    Args:
        shared: folder of the public sets.
        indexes: folder the indexes are kept below.
        precision: of the encoder.
    """

    def __init__(self, shared: Path, indexes: Path, precision: str) -> None:
        self._shared = shared
        self._indexes = indexes
        self._precision = precision
        self._open: dict[str, OpenIndex] = {}

    def index(self, name: str) -> OpenIndex:
        """The index of this name, built if it has to be."""
        if name not in self._open:
            self._open[name] = self._built(name)
        return self._open[name]

    def _built(self, name: str) -> OpenIndex:
        settings = load_settings(data=self._indexes / f"{name}-{self._precision}", precision=self._precision)
        encoder = find_encoder(settings)
        inputs = [self._shared / file for file in INDEXES[name]]
        if name == "own":
            inputs.append(_issues(self._indexes / "issues"))
        report = build(inputs, settings, encoder)
        return OpenIndex(settings, encoder, open_current(settings.data), report)

    def all(self) -> dict[str, Callable[[], QuestionSet]]:
        """Every set by name. `mixture` is half drcd-dev, half cmrc-trial; crud-news is cut in halves."""
        return {
            "drcd-dev": lambda: QuestionSet("drcd-dev", "drcd-dev", self._public("drcd-dev")),
            "cmrc-trial": lambda: QuestionSet("cmrc-trial", "drcd-dev", self._public("cmrc-trial")),
            "mixture": lambda: QuestionSet("mixture", "drcd-dev", self._mixture()),
            "crud-a": lambda: QuestionSet("crud-a", "crud-news", self._public("crud-news")[0::2]),
            "crud-b": lambda: QuestionSet("crud-b", "crud-news", self._public("crud-news")[1::2]),
            "own": lambda: QuestionSet("own", "own", self._own(held_out=False)),
            "own-held-out": lambda: QuestionSet("own-held-out", "own", self._own(held_out=True)),
        }

    def _public(self, name: str) -> tuple[Known, ...]:
        found = read_questions(self._shared / f"{name}.questions.jsonl.gz")
        return tuple(Known(q.id, q.question, frozenset(q.article_ids)) for q in found if q.article_ids)

    def _mixture(self) -> tuple[Known, ...]:
        drcd, cmrc = spread(self._public("drcd-dev"), 1000), spread(self._public("cmrc-trial"), 1000)
        return (*drcd, *cmrc)  # not in turns: every second one of those would be of one kind

    def _own(self, *, held_out: bool) -> tuple[Known, ...]:
        """Questions that stand for themselves and whose evidence an article of the page holds."""
        texts = _texts_by_page(self.index("own").snapshot)
        known = []
        for own in own_questions():
            if own.held_out is held_out and own.answerable and not own.turns:
                wanted = [_squashed(evidence) for evidence in own.evidence]
                holders = [i for i, text in texts.get(own.page, ()) if any(e in text for e in wanted)]
                if holders:
                    known.append(Known(own.id, own.question, frozenset(holders)))
        return tuple(known)


def spread(questions: tuple[Known, ...], count: int) -> tuple[Known, ...]:
    """So many of them, evenly spread."""
    if count >= len(questions):
        return questions
    return tuple(questions[i * len(questions) // count] for i in range(count))


def _issues(folder: Path) -> Path:
    """The marked pages as issues below a folder."""
    for place, page in pages():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(page.page.text, encoding="utf-8")
    return folder


def _texts_by_page(snapshot: Snapshot) -> dict[str, list[tuple[str, str]]]:
    """Ids and texts without blanks of the articles of each marked page, by the page's name."""
    found: dict[str, list[tuple[str, str]]] = {}
    keys = snapshot.vectors.keys().tolist()
    passages = [snapshot.catalog.passages(keys[i : i + 1000]) for i in range(0, len(keys), 1000)]
    articles = {article.id: article for some in passages for _, article in some.values()}
    for article in articles.values():
        if article.source and article.source.file.endswith(".txt"):
            text = _squashed(article.text + "".join(article.captions))
            found.setdefault(Path(article.source.file).stem, []).append((article.id, text))
    return found


def _squashed(text: str) -> str:
    return "".join(text.split())


def as_line(figures: dict[str, object]) -> str:
    """Figures as one line of JSON."""
    return json.dumps(figures, ensure_ascii=False)
