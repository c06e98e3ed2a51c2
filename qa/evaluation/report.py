"""The wrong questions as one page to read: HTML without scripts, in which every text from outside is text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from embeddings.records import Citation
from qa.evaluation.mistakes import Mistake, expected, mistakes
from qa.evaluation.outcomes import DEPTH, Outcome

_NAMES = {
    Mistake.NOT_FOUND: ("没有找到文章", f"对的文章不在前 {DEPTH} 篇里,答了别的。"),
    Mistake.OTHER_SENTENCE: ("找对文章,答错句子", "引用了对的文章,答案却不在其中。"),
    Mistake.CITED_WRONG: ("引错文章", f"对的文章在前 {DEPTH} 篇里,引用的是别的文章。"),
    Mistake.REFUSED: ("该答而没有答", "报纸里有答案,却说没有找到。"),
    Mistake.NOT_REFUSED: ("该拒而作了答", "报纸里没有答案,却给出了一个。"),
}

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.7 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 3rem; border-bottom: 1px solid }
article { border-left: 4px solid #b3541e; padding: .2rem 1rem; margin: 1.5rem 0 }
h3 { margin: 0; font-size: 1.1rem; overflow-wrap: anywhere }
dl { display: grid; grid-template-columns: 6.5rem 1fr; gap: .2rem 1rem; margin: .5rem 0 }
dt { opacity: .7 } dd { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere }
table { border-collapse: collapse } td, th { padding: .2rem 1rem; text-align: left }
td:last-child { text-align: right; font-variant-numeric: tabular-nums }
"""


def errors_page(outcomes: Sequence[Outcome], name: str) -> str:
    """A self-contained page: counts by class, then every wrong question. `name` is the file of questions."""
    found = mistakes(outcomes)
    wrong = sum(map(len, found.values()))
    title = f"{name}:{len(outcomes)} 问中错 {wrong} 问"
    parts = [
        "<!DOCTYPE html>",
        '<html lang="zh-Hans"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        "<table>",
        *(
            f'<tr><td><a href="#{one}">{_NAMES[one][0]}</a></td><td>{len(of)}</td></tr>'
            for one, of in found.items()
        ),
        "</table>",
    ]
    for one, of in found.items():
        if of:
            heading, meaning = _NAMES[one]
            parts += [f'<h2 id="{one}">{heading}({len(of)})</h2>', f"<p>{meaning}</p>"]
            parts += map(_article, of)
    return "\n".join([*parts, "</body></html>", ""])


def _article(outcome: Outcome) -> str:
    rows = "".join(f"<dt>{name}</dt><dd>{escape(str(value))}</dd>" for name, value in _rows(outcome))
    gold = outcome.gold
    return f"<article><h3>{escape(gold.id)} {escape(gold.question)}</h3><dl>{rows}</dl></article>"


def _rows(outcome: Outcome) -> Iterator[tuple[str, Any]]:
    gold, answer = outcome.gold, outcome.answer
    yield "种类", gold.kind or "-"
    for turn in gold.history:
        yield "前文", f"{turn.question} {turn.answer}"
    if answer and answer.standalone_question != gold.question:
        yield "完整的问题", answer.standalone_question
    wanted = expected(outcome)
    joined = (";" if gold.answers_all else " / ").join(wanted or ())
    yield "应答", "没有答案" if wanted is None else joined
    if answer:
        yield "回答", answer.text
        for citation in answer.citations:
            yield f"出处 [{citation.n}]", _cited(citation)
        yield "把握", f"{answer.confidence:.3f}"
    if gold.answerable:
        rank = outcome.ranking.rank
        yield "对的文章", f"第 {rank} 名" if rank else f"不在前 {DEPTH} 名"


def _cited(citation: Citation) -> str:
    article = citation.article
    place = " ".join(str(part) for part in (article.paper, article.date, article.page) if part)
    return f"《{article.title}》{place}\n“{citation.quote}”"
