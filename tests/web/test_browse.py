"""The calendar, issues, neighbours, the search page, what there is; ETag, gzip and lists of the API."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from datetime import date

import pytest
from flask.testing import FlaskClient

from embeddings.records import Filters
from tests.web import samples
from tests.web.fakes import FakeService, app_over


def printed(day: int, page: str | None, paper: str | None = "柳湾晚报", month: int = 10) -> object:
    when = date(2026, month, day)
    return replace(samples.TEA, id=f"{paper}-{when}-{page}", date=when, page=page, paper=paper)


ISSUES = [
    printed(5, "01"),
    printed(5, "02"),
    printed(5, "04"),
    printed(7, "01"),
    printed(9, "A1"),
    printed(28, "01", month=9),
    printed(6, "01", "<b>早报</b>"),
    replace(samples.TEA, id="undated", date=None),
]


@pytest.fixture
def client() -> FlaskClient:
    return app_over(FakeService(articles=ISSUES)).test_client()  # type: ignore[arg-type]


def page(client: FlaskClient, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status
    return response.get_data(as_text=True)


def section(markup: str, name: str) -> str:
    """The part of the calendar that is a paper's."""
    return markup[markup.index(f'aria-label="{name}"') :].split("</section>")[0]


def test_calendar_shows_issues_missing_days_and_missing_pages(client: FlaskClient) -> None:
    paper = section(page(client, "/issues"), "柳湾晚报")

    assert re.findall(r"<caption>([^<]*)</caption>", paper) == ["2026年10月", "2026年9月"]
    october = paper.split("<caption>2026年9月")[0]
    assert re.findall(r'href="/issues/2026-10-(\d\d)\?paper=', october) == ["05", "07", "09"]
    assert "缺第3版" in october
    assert october.count('class="gap"') == 1
    missing = re.findall(r'class="missing"><span[^>]*><time datetime="2026-10-(\d\d)"', october)
    assert missing == ["01", "02", "03", "04", "06", "08"]
    assert "3 个版，3 篇" in october


def test_calendar_is_chosen_by_paper_and_year(client: FlaskClient) -> None:
    shown = page(client, "/issues?paper=%3Cb%3E%E6%97%A9%E6%8A%A5%3C/b%3E")
    assert "&lt;b&gt;早报&lt;/b&gt;" in shown
    assert 'aria-label="柳湾晚报"' not in shown
    assert page(client, "/issues?year=1998").count("<table") == page(client, "/issues").count("<table")


def test_calendar_without_dated_papers_says_so() -> None:
    client = app_over(FakeService(articles=[])).test_client()
    assert "还没有收录有日期的报纸" in page(client, "/issues")


def test_issue_is_shown_page_by_page_with_its_neighbours(client: FlaskClient) -> None:
    shown = page(client, "/issues/2026-10-05?paper=柳湾晚报")
    assert re.findall(r"<h3>([^<]*)</h3>", shown) == ["第01版", "第02版", "第04版"]
    assert 'rel="prev" href="/issues/2026-09-28?paper=' in shown
    assert 'rel="next" href="/issues/2026-10-07?paper=' in shown
    assert re.findall(r"<h3>([^<]*)</h3>", page(client, "/issues/2026-10-05?page=02")) == ["第02版"]


@pytest.mark.parametrize("day", ["2026-10-08", "2026-02-30", "x", "2026-10-5", "0001-01-01", "9999-12-31"])
def test_day_without_an_issue_is_not_found(client: FlaskClient, day: str) -> None:
    assert "没有" in page(client, f"/issues/{day}", 404)


def test_article_has_neighbours_later_reports_and_its_page() -> None:
    first, second = samples.LIBRARY, replace(samples.FERRY, page="01")
    later = replace(samples.TEA, date=date(2026, 10, 20), title="秋茶后来")
    client = app_over(FakeService(articles=[first, second, later])).test_client()

    shown = page(client, f"/articles/{second.id}")
    assert f'rel="prev" href="/articles/{first.id}"' in shown
    assert 'rel="next"' not in shown
    assert "秋茶后来" in shown
    assert 'href="/issues/2026-10-12?paper=' in shown


def test_search_page_marks_what_was_met_and_goes_on() -> None:
    articles = [replace(samples.FERRY, id=f"ferry-{n}") for n in range(45)]
    client = app_over(FakeService(articles=articles)).test_client()

    shown = page(client, "/search?q=轮渡")
    assert shown.count('<li class="report">') == 20
    assert "<mark>轮渡</mark>" in shown
    assert 'rel="next" href="/search?q=%E8%BD%AE%E6%B8%A1&amp;at=2"' in shown
    last = page(client, "/search?q=轮渡&at=3")
    assert last.count('<li class="report">') == 5
    assert 'rel="next"' not in last
    assert '<ol class="found" start="41">' in last
    assert page(client, "/search?q=轮渡&at=-1").count('<li class="report">') == 20


def test_search_page_limits_and_tells_what_is_wrong() -> None:
    service = FakeService()
    client = app_over(service).test_client()
    page(client, "/search?q=轮渡&from=2026-10-12&paper=柳湾晚报&page=02")
    assert service.calls[-1]["filters"] == Filters(date(2026, 10, 12), None, "柳湾晚报", "02")
    assert "日历上要有这一天" in page(client, "/search?q=轮渡&from=2026-02-30", 400)
    assert "<ol" not in page(client, "/search")
    assert len(service.calls) == 1


def test_about_says_what_is_indexed(client: FlaskClient, empty_client: FlaskClient) -> None:
    shown = page(client, "/about")
    assert "<td>柳湾晚报</td><td>4</td><td>2026年9月28日—10月9日</td>" in shown
    assert "还没有建立索引" in page(empty_client, "/about")


def test_pages_without_an_index_say_so(empty_client: FlaskClient) -> None:
    for path in ("/issues", "/issues/2026-10-05", "/articles/x"):
        assert "还没有索引" in page(empty_client, path, 503)
    assert "还没有建立索引" in page(empty_client, "/search?q=x", 503)


def test_lists_of_the_api_go_on_where_they_end(client: FlaskClient) -> None:
    seen: list[str] = []
    path: str | None = "/api/issues?limit=2&paper=柳湾晚报"
    while path:
        listed = client.get(path).get_json()
        assert listed["total"] == 4
        seen += [issue["date"] for issue in listed["issues"]]
        path = listed["next"]
    assert seen == ["2026-10-09", "2026-10-07", "2026-10-05", "2026-09-28"]

    articles = client.get("/api/articles?date_from=2026-10-05&date_to=2026-10-05&limit=2").get_json()
    assert (len(articles["articles"]), articles["total"]) == (2, 3)
    assert articles["next"] == "/api/articles?date_from=2026-10-05&date_to=2026-10-05&limit=2&offset=2"


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "offset=-1", "limit=x", "page=", "from=2026-10-05", "date_from=2026-02-30"],
)
def test_list_that_cannot_be_is_refused(client: FlaskClient, query: str) -> None:
    response = client.get(f"/api/articles?{query}")
    assert (response.status_code, response.mimetype) == (400, "application/problem+json")


def test_article_is_sent_once_to_who_has_it(client: FlaskClient) -> None:
    path = f"/api/articles/{ISSUES[0].id}"  # type: ignore[attr-defined]
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_long_replies_are_packed_for_who_takes_them() -> None:
    client = app_over(FakeService()).test_client()
    path = f"/api/articles/{samples.LIBRARY.id}"
    packed = client.get(path, headers={"Accept-Encoding": "gzip, br, zstd"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.get_data()) == client.get(path).get_data()
    stream = {"Accept-Encoding": "gzip", "Accept": "text/event-stream"}
    told = client.post("/api/answer", json={"question": samples.NIGHT}, headers=stream)
    assert "Content-Encoding" not in told.headers
