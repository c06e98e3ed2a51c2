"""The catalog: files, articles and passages in one SQLite file."""

from __future__ import annotations

import contextlib
import datetime
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from embeddings.errors import IndexDamaged, NotFoundError
from embeddings.index import catalog as catalogs
from embeddings.index.catalog import (
    Catalog,
    CatalogWriter,
    FileEntry,
    NewPassage,
    article_hash,
    day_number,
)
from embeddings.records import (
    Article,
    ArticleKind,
    Dateline,
    Filters,
    Person,
    PersonRole,
    Pointers,
    Refusal,
    Source,
)
from tests.fakes import DAY, article, whole_passage

FULL = article(
    "船开了。",
    article_id="full",
    title="渡口换新船",
    kicker="便民",
    subtitle="票价不变",
    byline="记者 阮小舟",
    kind=ArticleKind.PHOTO,
    paper="晚报",
    date=DAY,
    page="02",
    captions=("图为渡口。",),
    url="https://example.org/1",
    source=Source("02.txt", 0, 40),
    people=(Person("阮小舟", PersonRole.REPORTER), Person("木石", PersonRole.PHOTOGRAPHER)),
    dateline=Dateline("新华社", "江城", "10月11日"),
    pointers=Pointers("1", "A3"),
    confidence=0.62,
)
BARE = article("灯亮了。", article_id="bare")


def write(path: Path, *articles: Article) -> dict[str, list[int]]:
    """Write a catalog with one passage an article; keys by article id."""
    with CatalogWriter(path) as writer:
        return {
            one.id: writer.add_article(
                one, "/in", [NewPassage(whole_passage(one), f"hash {one.id}")], {"名字"}
            )
            for one in articles
        }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a folder with ?#% in its name" / "catalog.sqlite"


@pytest.fixture(autouse=True)
def _folder(path: Path) -> None:
    path.parent.mkdir()


@pytest.mark.parametrize("one", [FULL, BARE])
def test_article_comes_back_as_it_was_written(path: Path, one: Article) -> None:
    write(path, one)
    assert Catalog(path).article(one.id) == one


def test_article_unknown_is_not_found(path: Path) -> None:
    write(path, FULL)
    with pytest.raises(NotFoundError) as caught:
        Catalog(path).article("nobody")
    assert caught.value.code == "article_not_found"


def test_passages_come_with_their_articles_and_unknown_keys_are_left_out(path: Path) -> None:
    keys = write(path, FULL, BARE)
    found = Catalog(path).passages([*keys["bare"], 999, *keys["full"]])
    assert found == {
        keys["full"][0]: (whole_passage(FULL), FULL),
        keys["bare"][0]: (whole_passage(BARE), BARE),
    }
    assert Catalog(path).passages([]) == {}


def test_passages_of_an_article_come_in_order(path: Path) -> None:
    keys = write(path, FULL)
    assert Catalog(path).passages_of("full") == [(keys["full"][0], whole_passage(FULL))]


def test_counts_names_and_hashes(path: Path) -> None:
    keys = write(path, FULL, BARE)
    catalog = Catalog(path)
    assert catalog.counts() == (2, 2)
    assert catalog.names() == {"名字"}
    assert catalog.keys_by_hash(["hash bare", "hash of none"]) == {"hash bare": keys["bare"][0]}


def dated(name: str, day: int | None, paper: str | None = "晚报", page: str | None = "01") -> Article:
    date = None if day is None else datetime.date(2026, 10, day)
    return article("船开了。", article_id=name, date=date, paper=paper, page=page)


ISSUES = (
    dated("a", 11),
    dated("b", 12, page="02"),
    dated("c", 13, paper="早报"),
    dated("d", None, paper=None, page=None),
)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), "abcd"),
        (Filters(date_from=datetime.date(2026, 10, 12)), "bc"),
        (Filters(date_to=datetime.date(2026, 10, 12)), "ab"),
        (Filters(date_from=DAY, date_to=DAY), "b"),
        (Filters(paper="早报"), "c"),
        (Filters(page="02"), "b"),
        (Filters(paper="早报", page="02"), ""),
        (Filters(paper="'; DROP TABLE articles; --"), ""),
    ],
)
def test_keys_are_those_a_filter_lets_through(path: Path, filters: Filters, expected: str) -> None:
    keys = write(path, *ISSUES)
    assert Catalog(path).keys(filters).tolist() == [keys[name][0] for name in expected]


def test_newest_come_first_and_undated_last(path: Path) -> None:
    write(path, *ISSUES)
    assert [one.id for one in Catalog(path).newest(10)] == ["c", "b", "a", "d"]
    assert [one.id for one in Catalog(path).newest(2)] == ["c", "b"]


def test_newest_of_one_page_come_as_printed(path: Path) -> None:
    write(
        path,
        article("二。", article_id="second", date=DAY, page="01", source=Source("1", 50, 60)),
        article("三。", article_id="page 2", date=DAY, page="02", source=Source("2", 0, 9)),
        article("一。", article_id="first", date=DAY, page="01", source=Source("1", 9, 50)),
    )
    assert [one.id for one in Catalog(path).newest(3)] == ["first", "second", "page 2"]


def test_date_range_is_of_the_dated_ones(path: Path) -> None:
    write(path, *ISSUES)
    assert Catalog(path).date_range() == ("2026-10-11", "2026-10-13")


def test_date_range_without_dates_is_open(path: Path) -> None:
    write(path, BARE)
    assert Catalog(path).date_range() == (None, None)


def test_pointing_gives_the_articles_of_one_issue_that_name_another_page(path: Path) -> None:
    def half(name: str, before: str, after: str, **fields: Any) -> Article:
        issue: dict[str, Any] = {"paper": "晚报", "date": DAY, **fields}
        return article(article_id=name, pointers=Pointers(before, after), **issue)

    write(
        path,
        half("second", "1", ""),
        half("first", "", "3"),
        half("middle", "1", "5"),
        half("whole", "", ""),
        half("next day", "", "3", date=DAY + datetime.timedelta(days=1)),
        half("other paper", "", "3", paper="早报"),
        half("no paper", "", "3", paper=None),
        half("undated", "", "3", date=None),
    )
    catalog = Catalog(path)
    assert [one.id for one in catalog.pointing("晚报", DAY)] == ["second", "first", "middle"]
    assert [one.id for one in catalog.pointing(None, DAY)] == ["no paper"]
    assert catalog.pointing("晚报", None) == []


def test_pointing_is_bounded(path: Path) -> None:
    halves = [
        article(article_id=f"{n}", date=DAY, pointers=Pointers("1")) for n in range(catalogs.POINTING_MAX + 1)
    ]
    write(path, *halves)
    assert len(Catalog(path).pointing(None, DAY)) == catalogs.POINTING_MAX


def test_complete_records_gives_older_articles_the_new_fields_and_keeps_the_others(path: Path) -> None:
    bare, full = replace(BARE, title='引"号', kicker=""), replace(FULL, id="new")
    write(path, replace(FULL, id="full"), bare, full)
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        fields = ", ".join(f"'$.{name}'" for name in ("people", "dateline", "pointers", "confidence"))
        db.execute(f"UPDATE articles SET record = json_remove(record, {fields}) WHERE id <> 'new'")
    with CatalogWriter(path) as writer:
        before = writer.stored()
        writer.complete_records()
        assert writer.stored() == before
    unknown = replace(FULL, people=(), dateline=None, pointers=Pointers(), confidence=1.0)
    assert Catalog(path).articles() == [unknown, bare, full]


def test_day_number_orders_as_dates_do() -> None:
    assert day_number(DAY) == 20261012
    assert day_number(None) is None


@pytest.mark.parametrize("content", [None, b"", b"no database", b"SQLite format 3\x00" + b"\x00" * 500])
def test_catalog_that_is_none_is_damaged(path: Path, content: bytes | None) -> None:
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(IndexDamaged, match=r"catalog\.sqlite"):
        Catalog(path)


def test_catalog_read_by_many_threads_gives_each_its_own(path: Path) -> None:
    write(path, *ISSUES)
    catalog = Catalog(path)
    wrong: list[str] = []

    def read(name: str) -> None:
        wrong.extend(name for _ in range(50) if catalog.article(name).id != name)

    threads = [threading.Thread(target=read, args=(one.id,)) for one in ISSUES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_writer_that_fails_writes_nothing(path: Path) -> None:
    write(path, BARE)
    writer = CatalogWriter(path)
    writer.add_article(FULL, "/in", [], ())
    writer.__exit__(KeyError, KeyError(), None)
    assert [one.id for one in Catalog(path).articles()] == ["bare"]


def test_drop_article_gives_its_keys_and_leaves_nothing(path: Path) -> None:
    keys = write(path, FULL, BARE)
    with CatalogWriter(path) as writer:
        assert writer.drop_article("full") == keys["full"]
        assert writer.drop_article("full") == []
        assert writer.counts() == (1, 1)
    assert Catalog(path).keys(Filters()).tolist() == keys["bare"]


def test_keys_are_never_given_twice(path: Path) -> None:
    before = write(path, FULL)
    with CatalogWriter(path) as writer:
        writer.drop_article("full")
    assert write(path, FULL)["full"] > before["full"]


def test_move_article_says_whether_anything_changed(path: Path) -> None:
    write(path, BARE)
    with CatalogWriter(path) as writer:
        assert not writer.move_article(BARE, "/in")
        assert writer.move_article(BARE, "/out")
        assert writer.stored() == {"bare": ("/out", article_hash(BARE))}


def test_files_come_back_as_they_were_put(path: Path) -> None:
    entry = FileEntry("/in/a.txt", "a.txt", "place", 9, 2**62, "hash", 1, (Refusal("a.txt", "empty", "空"),))
    with CatalogWriter(path) as writer:
        writer.put_file(entry)
        writer.put_file(entry)
        assert writer.files() == {"/in/a.txt": entry}
        writer.forget_file("/in/a.txt")
        assert writer.files() == {}


def test_article_hash_changes_with_all_but_the_place_in_the_file_and_the_confidence() -> None:
    def changed(**fields: object) -> bool:
        return article_hash(article(**{"body": "船。", **fields})) != article_hash(article("船。"))  # type: ignore[arg-type]

    assert not changed(source=Source("x", 1, 2))
    assert not changed(confidence=0.5)
    for fields in (
        {"people": (Person("木石", PersonRole.AUTHOR),)},
        {"pointers": Pointers("1")},
        {"body": "灯。"},
        {"title": "另"},
        {"page": "2"},
        {"captions": ("图",)},
        {"url": "http://x"},
    ):
        assert changed(**fields)


def test_issues_pages_and_articles_are_listed_within_limits(tmp_path: Path) -> None:
    printed = [
        replace(FULL, id=f"{day}-{page}", title=f"{day}{page}", date=DAY + datetime.timedelta(day), page=page)
        for day in (0, 1)
        for page in ("01", "02")
    ]
    write(tmp_path / "c.sqlite", *printed, replace(FULL, id="sure", confidence=1.0), BARE)
    catalog = Catalog(tmp_path / "c.sqlite")

    days = [(one.date, one.page, one.articles) for one in catalog.issue_pages(Filters())]
    later = DAY + datetime.timedelta(1)
    assert days == [(later, "01", 1), (later, "02", 1), (DAY, "01", 1), (DAY, "02", 2)]
    assert catalog.papers() == ["晚报"]
    assert catalog.count_of(Filters(date_to=DAY)) == 3
    assert [one.id for one in catalog.articles_of(Filters(date_from=later), 5)] == ["1-01", "1-02"]
    assert [one.id for one in catalog.articles_of(Filters(), 2, offset=1)] == ["1-02", "0-01"]
    assert {one.id for one in catalog.unsure(0.95, 10)} == {one.id for one in printed}
    assert len(catalog.unsure(0.95, 2)) == 2
    assert catalog.path_of("0-01") is not None
    assert catalog.path_of("nothing") is None
    catalog.close()
