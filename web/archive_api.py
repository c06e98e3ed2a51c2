"""The JSON interface to the archive: articles and issues."""

from __future__ import annotations

from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from flask import Response, jsonify, request

from embeddings.index.catalog import IssuePage
from embeddings.records import related_json
from web.bodies import ArticleDocument, ArticlesDocument, IssuesDocument
from web.context import service
from web.openapi import ARCHIVE, api_blueprint, gives
from web.schemas import ArticlePath, ArticlesQuery, IssuesQuery

archive_api = api_blueprint("archive_api", "/api", ARCHIVE)


@archive_api.get("/articles/<path:article_id>", responses=gives(ArticleDocument, 404))
def article(path: ArticlePath) -> Response:
    """Give an article with the `text` that every quote's offsets count in, and an `ETag`."""
    found = service().article(path.article_id)
    halves = service().halves(found)
    response = jsonify(
        {
            **found.to_json(),
            "text": found.text,
            "continued_on": halves.after.id if halves.after else None,
            "continued_from": halves.before.id if halves.before else None,
            "reprints": [other.id for other in service().reprints(found)],
        }
    )
    response.add_etag()
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response


@archive_api.get("/articles", responses=gives(ArticlesDocument))
def articles(query: ArticlesQuery) -> Response:
    """List articles page by page as printed, the newest issue first."""
    filters = query.to_filters()
    total = service().count_of(filters)
    shown = service().articles_of(filters, query.limit, query.offset)
    given = {"articles": [related_json(one) for one in shown], "total": total}
    return jsonify({**given, "next": _next(query, total)})


@archive_api.get("/issues", responses=gives(IssuesDocument))
def issues(query: IssuesQuery) -> Response:
    """List the issues with their pages, newest first."""
    pages = service().issue_pages(query.to_filters())
    found = [_issue(list(of_issue)) for _, of_issue in groupby(pages, lambda page: (page.date, page.paper))]
    shown = found[query.offset : query.offset + query.limit]
    return jsonify({"issues": shown, "total": len(found), "next": _next(query, len(found))})


def _issue(pages: list[IssuePage]) -> dict[str, Any]:
    return {
        "paper": pages[0].paper,
        "date": pages[0].date.isoformat(),
        "articles": sum(page.articles for page in pages),
        "pages": [{"page": page.page, "articles": page.articles} for page in pages],
    }


def _next(query: IssuesQuery, total: int) -> str | None:
    """The path of the following page of the list, with the same limits."""
    after = query.offset + query.limit
    if after >= total:
        return None
    given = query.model_dump(mode="json", exclude_none=True, exclude={"offset"})
    return f"{request.path}?{urlencode({**given, 'offset': after})}"
