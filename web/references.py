"""References to newspaper articles, for who quotes an answer elsewhere.

GB/T 7714—2015, section 8.6 (contributions in newspapers):
    主要责任者. 题名[N]. 报纸名, 年-月-日(版次).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from embeddings.records import Answer, Article, Citation
from web.typeset import MARK, date_text, page_text

# What a byline says beside the names.
_ROLE = re.compile(r"本报|特约|实习|见习|记者|通讯员|评论员|作者|文字|摄影|报道|文/图|[|丨｜/／:：]")
# GB/T 7714—2015, 8.1.2: more than three are cut off after the third.
AUTHORS_MAX = 3


def gbt7714(article: Article) -> str:
    """The reference of an article; what is not known of it is left out."""
    paper = ", ".join(part for part in (article.paper, _issue(article)) if part)
    parts = [_authors(article.byline), f"{article.title}[N]", paper]
    return ". ".join(part for part in parts if part) + "."


def plain(article: Article) -> str:
    """The source of an article as a newspaper would give it."""
    printed = " ".join(
        part for part in (article.paper or "", date_text(article.date), page_text(article.page)) if part
    )
    return f"《{article.title}》" + (f"，{printed}" if printed else "")


def answer_with_gbt7714(answer: Answer) -> str:
    """The text of an answer, then its references in the order of their numbers."""
    return _with_sources(answer, (f"[{c.n}] {gbt7714(c.article)}" for c in answer.citations))


def answer_in_plain_text(answer: Answer) -> str:
    """The text of an answer, then each source with its quote."""
    return _with_sources(answer, (_quoted(citation) for citation in answer.citations))


def _quoted(citation: Citation) -> str:
    return f"[{citation.n}] {plain(citation.article)}：“{citation.quote}”"


def _with_sources(answer: Answer, sources: Iterable[str]) -> str:
    numbers = {citation.n for citation in answer.citations}
    text = MARK.sub(lambda mark: mark[0] if int(mark[1]) in numbers else "", answer.text)
    return "\n".join([answer.question, "", text, "", *sources]).strip() + "\n"


def _issue(article: Article) -> str:
    day = article.date.isoformat() if article.date else ""
    page = article.page.lstrip("0") if article.page else ""
    return f"{day}({page})" if page else day


def _authors(byline: str) -> str:
    names = [name for name in re.split(r"[\s、，,；;]+", _ROLE.sub(" ", byline)) if name]
    return ", ".join(names[:AUTHORS_MAX]) + (", 等" if len(names) > AUTHORS_MAX else "")
