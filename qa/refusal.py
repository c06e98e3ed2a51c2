"""Why the papers do not say, told apart and put into words."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from enum import StrEnum

from embeddings.index.catalog import Catalog
from embeddings.records import Article, Filters

# An article that meets less of the question's term weight than this is about something else.
ABOUT_IT = 0.55

NOT_FOUND = "已收录的报纸里没有找到这个问题的答案。"
SEE_RELATED = "下面是最接近的报道,供参考。"


class Reason(StrEnum):
    """Why nothing was answered."""

    NO_ARTICLE = "no_article"  # no article about it
    OUTSIDE_DATES = "outside_dates"  # the days asked for lie outside the archive
    ISSUE_MISSING = "issue_missing"  # they lie inside, but no issue of them is there
    NOT_SAID = "not_said"  # an article about it does not say it


def reason_for(catalog: Catalog, filters: Filters, covered: float) -> Reason:
    """The reason, from the limits searched in and the share of the question that the best article meets."""
    first, last = (datetime.date.fromisoformat(day) if day else None for day in catalog.date_range())
    if filters.date_from or filters.date_to:
        if first is None or last is None:
            return Reason.OUTSIDE_DATES
        if (filters.date_to and filters.date_to < first) or (filters.date_from and filters.date_from > last):
            return Reason.OUTSIDE_DATES
        if not len(catalog.keys(filters)):
            return Reason.ISSUE_MISSING
    return Reason.NOT_SAID if covered >= ABOUT_IT else Reason.NO_ARTICLE


def refusal_text(reason: Reason, catalog: Catalog, related: Sequence[Article]) -> str:
    """What the reader is told; never a statement about the world."""
    return NOT_FOUND + _because(reason, catalog, related) + (SEE_RELATED if related else "")


def _because(reason: Reason, catalog: Catalog, related: Sequence[Article]) -> str:
    if reason is Reason.OUTSIDE_DATES:
        first, last = catalog.date_range()
        return (
            f"所问的时间不在收录范围内(收录的是{first}至{last}的报纸)。" if first else "收录的报纸没有日期。"
        )
    if reason is Reason.ISSUE_MISSING:
        return "所问日期的报纸没有收录。"
    if reason is Reason.NOT_SAID and related:
        return f"《{related[0].title}》与此有关,但没有写到这一点。"
    return "没有关于这件事的报道。"
