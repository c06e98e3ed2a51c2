"""The command `eval`: how good the answers are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from embeddings.errors import InputRefused
from qa.cli.nearest import make_service
from qa.cli.show import Command, common_options, print_json, print_table, progress_bars, settings_for

_NAMES = {
    "r_at_1": "R@1",
    "r_at_5": "R@5",
    "mrr_at_10": "MRR@10",
    "ndcg_at_10": "nDCG@10",
    "recall_at_5": "前 5 篇里对的文章的比例",
    "answer_exact": "答案完全一致",
    "answer_contained": "回答含有答案",
    "answer_f1": "答案 F1(字)",
    "article_cited": "引对文章",
    "evidence_quoted": "引文里有答案",
    "follow_ups_contained": "追问答对",
    "quotes_verbatim": "引文逐字一致",
    "answerable_refused": "该答而没有答",
    "unanswerable_refused": "该拒而拒",
}
_BY_KIND = ("answer_contained", "answer_exact", "article_cited", "answerable_refused", "unanswerable_refused")


@click.command("eval", cls=Command)
@click.argument("questions", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--errors",
    "errors_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="把答错的问题写成一个 HTML 网页。",
)
@click.option("--retrieval-only", is_flag=True, help="只评测检索,不回答。")
@click.option("--sample", type=click.IntRange(min=1), help="只取均匀分布的这么多个问题。")
@common_options
def evaluation(
    questions: Path,
    errors_file: Path | None,
    retrieval_only: bool,
    sample: int | None,
    data: Path | None,
    as_json: bool,
) -> int:
    """用有标准答案的问题(JSON 行)评测检索和回答。"""
    from qa import evaluation as evaluating

    if errors_file and retrieval_only:
        raise click.UsageError("--errors 需要回答,不能与 --retrieval-only 一起用。")
    gold = evaluating.read_questions(questions)
    if sample and sample < len(gold):
        gold = [gold[i * len(gold) // sample] for i in range(sample)]
    service = make_service(settings_for(data))
    service.warm()
    with progress_bars() as step:
        outcomes = evaluating.evaluate(
            service, gold, answers=not retrieval_only, step=lambda done: step("questions", done, len(gold))
        )
    if errors_file:
        _write(errors_file, evaluating.errors_page(outcomes, questions.name))
    figures = evaluating.metrics(outcomes)
    if not retrieval_only:
        figures["errors"] = {str(kind): len(of) for kind, of in evaluating.mistakes(outcomes).items()}
    if as_json:
        print_json(figures)
    else:
        _print(figures)
    return 0


def _write(path: Path, page: str) -> None:
    try:
        path.write_text(page, encoding="utf-8", errors="replace")
    except OSError:
        raise InputRefused(f"无法写入 {path.name}。", hint="请换一个可写的文件名。") from None


def _print(figures: dict[str, Any]) -> None:
    rows = [
        (_NAMES[name], _share(value), _interval(figures["intervals"][group][name]))
        for group in ("retrieval", "answers")
        for name, value in figures[group].items()
        if value is not None
    ]
    print_table(("指标", "值", "95% 区间"), rows, f"{figures['questions']} 问")
    if figures["answers"]:
        rows_by_kind = [
            (kind, found["questions"], *(_share(found["answers"][name]) for name in _BY_KIND))
            for kind, found in figures["by_kind"].items()
        ]
        print_table(("种类", "问", *(_NAMES[name] for name in _BY_KIND)), rows_by_kind)
    print_table(("毫秒", ""), [(name, ms) for name, ms in figures["latency_ms"].items()])


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _interval(bounds: list[float] | None) -> str:
    return "-" if bounds is None else f"{bounds[0]:.3f}–{bounds[1]:.3f}"
