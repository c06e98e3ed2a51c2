"""Learn the weights of the layout model from marked pages: `python -m tests.bench.fit_pages`.

Maximises the probability of the marks (see `page_field`), with a quadratic penalty on the distance from the
hand-set weights in `layout_prior.json`. `--folds K` measures on pages that were left out, K times; without it
`embeddings/layout/weights.json` is written.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import torch

from embeddings.layout import weights as w
from embeddings.layout.articles import Layout, lay_out
from embeddings.layout.tables import make_tables
from embeddings.records import Page
from tests.bench.compose import variants
from tests.bench.marked import MarkedPage, load_folder
from tests.bench.page_field import example, fit
from tests.bench.pages import Tally, measure, show

HERE = Path(__file__).parent
PRIOR = HERE / "layout_prior.json"
SHIPPED = HERE.parents[1] / "embeddings" / "layout" / w.FILE
# Pages whose names begin so are never learned from: they measure.
HELD_OUT = ("k", "m")
# A page, its gold items, and its lines with their roles.
Gold = tuple[Page, list[dict[str, Any]], MarkedPage]


def nest(weights: w.Weights) -> dict[str, Any]:
    """`weights.flatten` undone."""
    nested: dict[str, Any] = {}
    for name, value in sorted(weights.items()):
        *groups, last = name.split()
        inner = nested
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[last] = value
    return nested


def reader(weights: w.Weights) -> Callable[[Page], Layout]:
    """`lay_out` under these weights."""
    tables = make_tables(weights)
    return lambda page: lay_out(page, tables=tables)


def tally(weights: w.Weights, pages: Iterable[Gold]) -> Tally:
    """The figures of these weights on pages."""
    total = Tally()
    for page, gold, _ in pages:
        total.add(measure(page, gold, reader(weights)))
    return total


def gold_pages(root: Path, shared: Path) -> dict[str, list[Gold]]:
    """Every marked page to learn from, by where it comes from."""
    marked = [p for p in load_folder(root / "tests" / "data" / "marked") if p[0].file[0] not in HELD_OUT]
    letters = sorted({p[0].file[0] for p in marked})
    return {
        **{f"marked {letter}": [p for p in marked if p[0].file[0] == letter] for letter in letters},
        "seeds": list(load_folder(root / "seeds", root / "tests" / "data" / "seed_pages.jsonl")),
        "shared": list(load_folder(shared / "data" / "pages")) if shared.exists() else [],
    }


def main() -> None:
    """Learn and write, or measure by folds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=int, default=0)
    parser.add_argument("--strength", type=float, default=0.7)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--variants", type=int, default=1, help="made pages for each marked one")
    parser.add_argument("--shared", type=Path, default=HERE.parents[2] / "shared")
    parser.add_argument("--out", type=Path, default=SHIPPED)
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    prior = w.flatten(json.loads(PRIOR.read_text("utf-8")))
    groups = gold_pages(HERE.parents[1], arguments.shared)
    if arguments.folds:
        cross_validate(groups, prior, arguments)
    if not arguments.folds:
        weights = learn([p for pages in groups.values() for p in pages], prior, arguments)
        about = (
            "Learned by tests/bench/fit_pages.py (make fit-pages); "
            "what the groups mean: embeddings/layout/weights.py."
        )
        document = {"about": about, "weights": nest(weights)}
        arguments.out.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")


def cross_validate(groups: dict[str, list[Gold]], prior: w.Weights, arguments: argparse.Namespace) -> None:
    """Print, group by group, the figures of hand-set and of learned weights on pages that were left out."""
    folds = arguments.folds
    totals = {(name, kind): Tally() for name in groups for kind in ("hand-set", "learned ")}
    for fold in range(folds):
        train = [p for pages in groups.values() for k, p in enumerate(pages) if k % folds != fold]
        weights = learn(train, prior, arguments)
        for name, pages in groups.items():
            held = [p for k, p in enumerate(pages) if k % folds == fold]
            totals[name, "hand-set"].add(tally(prior, held))
            totals[name, "learned "].add(tally(weights, held))
    for (name, kind), total in totals.items():
        show(f"{name}, {kind}", total)


def learn(
    pages: Sequence[Gold],
    prior: w.Weights,
    arguments: argparse.Namespace,
) -> dict[str, float]:
    """Weights from these pages and variants of them."""
    marked = [p[2] for p in pages]
    made = variants(marked, arguments.variants * len(marked), random.Random(7))
    examples = [example(page) for page in (*marked, *made)]
    return fit(examples, prior, arguments.strength, arguments.steps)


if __name__ == "__main__":
    main()
