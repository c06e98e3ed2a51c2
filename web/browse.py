"""The archive to leaf through: issues by day, an issue by page, an article, a search, and what there is."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from embeddings.errors import NotFoundError, WenbaoError
from embeddings.index.catalog import IssuePage
from embeddings.records import Article, Filters
from qa.server_note import own_version
from web.admission import admitted
from web.cards import Report, report, web_href
from web.context import service
from web.errors import problem_of
from web.scopes import NO_SCOPE, Scope, read_scope
from web.typeset import (
    Piece,
    Span,
    date_text,
    dates_text,
    page_text,
    quoted_span,
    search_excerpt,
    set_article,
)

# An issue of a large paper has some hundreds.
ISSUE_ARTICLES_MAX = 2_000
HITS_PER_PAGE = 20
SEARCH_PAGES = 5
LATER = 5

browse = Blueprint("browse", __name__)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the calendar; without a `number` it belongs to another month.

    `articles` counts those of the day's issue, 0 where it is missing; `missing` says that it should be there:
    the paper printed before and after. `pages_missing` are page numbers within the issue without an article.
    """

    number: int = 0
    href: str = ""
    articles: int = 0
    pages: int = 0
    missing: bool = False
    pages_missing: tuple[str, ...] = ()
    iso: str = ""


@dataclass(frozen=True, slots=True)
class Month:
    """One month of one paper, week by week from Monday."""

    year: int
    month: int
    weeks: tuple[tuple[Day, ...], ...]


@dataclass(frozen=True, slots=True)
class PaperCalendar:
    """A paper's issues of one year, the newest month first."""

    paper: str
    months: tuple[Month, ...]


@dataclass(frozen=True, slots=True)
class FoundReport:
    """A hit of a search: the report and the part of it that was found, in pieces."""

    report: Report
    pieces: tuple[Piece, ...]


@browse.get("/issues")
def issues() -> str:
    """Show which issues there are, as a calendar by paper; `?year=` and `?paper=` choose."""
    pages = service().issue_pages(Filters())
    years = sorted({page.date.year for page in pages}, reverse=True)
    papers = sorted({page.paper or "" for page in pages})
    paper = request.args.get("paper")
    year = _year(request.args.get("year"), years)
    shown = [page for page in pages if page.date.year == year and paper in (None, page.paper or "")]
    calendars = [
        PaperCalendar(name, _months(name, [page for page in shown if (page.paper or "") == name], pages))
        for name in sorted({page.paper or "" for page in shown})
    ]
    return render_template(
        "issues.html", calendars=calendars, years=years, year=year, papers=papers, paper=paper
    )


@browse.get("/issues/<day>")
def issue(day: str) -> str:
    """Show the issues of a day, page by page; `?paper=` chooses one paper, `?page=` one page."""
    when = _day(day)
    paper, page = request.args.get("paper") or None, request.args.get("page") or None
    filters = Filters(when, when, paper, page)
    articles = service().articles_of(filters, ISSUE_ARTICLES_MAX)
    if not articles:
        raise NotFoundError("没有这一天的报纸。", hint="请从日历里选择。", code="issue_not_found")
    return render_template(
        "issue.html",
        date=date_text(when),
        iso=when.isoformat(),
        papers=_by_page(articles),
        page=page,
        before=_neighbour_day(Filters(date_to=_shifted(when, -1), paper=paper), last=True),
        after=_neighbour_day(Filters(date_from=_shifted(when, 1), paper=paper), last=False),
        paper=paper,
    )


@browse.get("/articles/<path:article_id>")
def article(article_id: str) -> str:
    """Show an article, with the characters of `?quote=START-END` marked, and what stands around it."""
    found = service().article(article_id)
    before, after = _neighbours(found)
    return render_template(
        "article.html",
        **_article_parts(found),
        before=before,
        after=after,
        later=[report(other) for other in service().later(found, LATER)],
        issue=_issue_href(found),
    )


@browse.get("/part/articles/<path:article_id>")
def article_part(article_id: str) -> str:
    """The same article as a part of the chat page."""
    return render_template("_article_part.html", **_article_parts(service().article(article_id)))


@browse.get("/search")
def search() -> ResponseReturnValue:
    """Search the full text; `?q=` with the limits of the chat page and `?at=` for the page of results."""
    question = request.args.get("q", "").strip()
    scope, problem = NO_SCOPE, None
    found: list[FoundReport] = []
    at = _result_page(request.args.get("at"))
    more = False
    if question:
        try:
            scope = read_scope(request.args)
            found, more = _found(question, scope, at)
        except WenbaoError as error:
            problem = problem_of(error)
    page = render_template(
        "search.html",
        question=question,
        scope=scope,
        found=found,
        at=at,
        next_href=_results_href(question, scope, at + 1) if more else "",
        previous_href=_results_href(question, scope, at - 1) if at > 1 else "",
        papers=_papers(),
        problem=problem,
    )
    return page, problem.status if problem else 200


@browse.get("/about")
def about() -> str:
    """Say what is indexed, up to when, and how good the answers are."""
    status, problem = None, None
    papers: list[tuple[str, int, str]] = []
    try:
        status = service().status()
        papers = _papers_indexed(service().issue_pages(Filters()))
    except WenbaoError as error:
        problem = problem_of(error)
    return render_template(
        "about.html",
        status=status,
        dates=dates_text(status.first_date, status.last_date) if status else "",
        papers=papers,
        problem=problem,
        version=own_version(),
    )


def _article_parts(found: Article) -> dict[str, object]:
    halves = service().halves(found)
    return {
        "article": found,
        "report": report(found),
        "setting": set_article(found, quoted_span(request.args.get("quote"), found.text)),
        "continued_from": report(halves.before) if halves.before else None,
        "continued_on": report(halves.after) if halves.after else None,
        "reprints": [report(other) for other in service().reprints(found)],
        "original": web_href(found.url),
    }


def _neighbours(found: Article) -> tuple[Report | None, Report | None]:
    """What is printed before and after an article on its page."""
    if found.date is None:
        return None, None
    on_page = service().articles_of(
        Filters(found.date, found.date, found.paper, found.page), ISSUE_ARTICLES_MAX
    )
    ids = [one.id for one in on_page]
    if found.id not in ids:
        return None, None
    at = ids.index(found.id)
    before = report(on_page[at - 1]) if at else None
    return before, report(on_page[at + 1]) if at + 1 < len(on_page) else None


def _issue_href(found: Article) -> str:
    if found.date is None:
        return ""
    chosen = {"paper": found.paper, "page": found.page}
    query = urlencode({name: value for name, value in chosen.items() if value})
    return f"/issues/{found.date.isoformat()}" + (f"?{query}" if query else "")


def _by_page(articles: list[Article]) -> list[tuple[str, list[tuple[str, list[Report]]]]]:
    """Reports by paper and, within it, by page as printed."""
    papers: dict[str, dict[str, list[Report]]] = {}
    for one in articles:
        papers.setdefault(one.paper or "", {}).setdefault(page_text(one.page), []).append(report(one))
    return [(paper, list(pages.items())) for paper, pages in papers.items()]


def _neighbour_day(filters: Filters, *, last: bool) -> tuple[str, str] | None:
    """The nearest day with an issue: as an ISO date and in words."""
    days = [page.date for page in service().issue_pages(filters)]
    if not days:
        return None
    day = max(days) if last else min(days)
    return day.isoformat(), date_text(day)


def _months(paper: str, shown: list[IssuePage], pages: list[IssuePage]) -> tuple[Month, ...]:
    issues: dict[date, list[IssuePage]] = {}
    for page in shown:
        issues.setdefault(page.date, []).append(page)
    printed = [page.date for page in pages if (page.paper or "") == paper]
    first, last = min(printed), max(printed)
    months = sorted({(day.year, day.month) for day in issues}, reverse=True)
    return tuple(
        Month(year, month, tuple(_week(paper, week, month, issues, first, last) for week in weeks))
        for year, month in months
        for weeks in [calendar.Calendar().monthdatescalendar(year, month)]
    )


def _week(
    paper: str, week: list[date], month: int, issues: dict[date, list[IssuePage]], first: date, last: date
) -> tuple[Day, ...]:
    return tuple(
        _calendar_day(paper, day, issues.get(day, []), should_be=first < day < last)
        if day.month == month
        else Day()
        for day in week
    )


def _calendar_day(paper: str, day: date, pages: list[IssuePage], *, should_be: bool) -> Day:
    if not pages:
        return Day(day.day, missing=should_be, iso=day.isoformat())
    query = f"?{urlencode({'paper': paper})}" if paper else ""
    return Day(
        number=day.day,
        href=f"/issues/{day.isoformat()}{query}",
        articles=sum(page.articles for page in pages),
        pages=len(pages),
        pages_missing=_missing_pages([page.page for page in pages]),
        iso=day.isoformat(),
    )


def _missing_pages(numbers: list[str | None]) -> tuple[str, ...]:
    """Page numbers between 1 and the last that are not there; none where pages are not numbered."""
    given = {int(number) for number in numbers if number and number.isdecimal() and len(number) <= 3}
    return tuple(str(n) for n in range(1, max(given, default=0)) if n not in given)


def _papers_indexed(pages: list[IssuePage]) -> list[tuple[str, int, str]]:
    """Each paper with the number of its issues and the days they span, in words."""
    days: dict[str, set[date]] = {}
    for page in pages:
        days.setdefault(page.paper or "", set()).add(page.date)
    return [
        (paper, len(of_paper), dates_text(min(of_paper).isoformat(), max(of_paper).isoformat()))
        for paper, of_paper in sorted(days.items())
    ]


def _found(question: str, scope: Scope, at: int) -> tuple[list[FoundReport], bool]:
    """The results of one page, and whether there is another."""
    wanted = min(HITS_PER_PAGE * at + 1, HITS_PER_PAGE * SEARCH_PAGES)
    with admitted():
        hits = service().search(question, k=wanted, filters=scope.filters).hits
    start = HITS_PER_PAGE * (at - 1)
    found = []
    for hit in hits[start : start + HITS_PER_PAGE]:
        place = Span(hit.passage.start, hit.passage.end)
        found.append(FoundReport(report(hit.article, place), search_excerpt(hit.passage.text, question)))
    return found, len(hits) > start + HITS_PER_PAGE


def _results_href(question: str, scope: Scope, at: int) -> str:
    return "/search?" + urlencode({"q": question, **scope.parameters(), "at": at})


def _result_page(given: str | None) -> int:
    return int(given) if given and given in {str(n) for n in range(1, SEARCH_PAGES + 1)} else 1


def _papers() -> list[str]:
    try:
        return service().papers()
    except WenbaoError:
        return []


def _year(given: str | None, years: list[int]) -> int:
    return next((year for year in years if str(year) == given), years[0] if years else 0)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFoundError(
            "没有这一天。", hint="日期应为 YYYY-MM-DD 的形式。", code="issue_not_found"
        ) from None


def _shifted(day: date, by: int) -> date:
    return date.fromordinal(min(max(day.toordinal() + by, 1), date.max.toordinal()))
