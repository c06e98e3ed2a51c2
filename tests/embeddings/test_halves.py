"""The two halves of a story that runs over pages."""

from __future__ import annotations

import datetime
import itertools
from dataclasses import replace

import pytest

from embeddings.halves import MIN_SHARED, Halves, halves_of, likeness, link_halves
from embeddings.records import Article, Pointers

DAY, NEXT_DAY = datetime.date(2026, 3, 4), datetime.date(2026, 3, 5)
FERRY = "石桥渡口的老船工摇完了最后一趟船，两岸的乡亲站在雨里送他。"
FERRY_REST = "老船工说，渡口的船停了，石桥通车，乡亲们过河只走两分钟。"
NOODLES = "老街上的面馆开张，三层小楼坐满了客人，面粉都是本地磨的。"
NOODLES_REST = "面馆的客人排到巷口，老街上的面粉一天用去三百斤。"


def half(name: str, page: str | None, body: str, before: str = "", after: str = "") -> Article:
    """An untitled article that points to the pages before and after it."""
    pointers = Pointers(before, after)
    return Article(name, body[:8], body, paper="清岚日报", date=DAY, page=page, pointers=pointers)


FIRST = half("first", "01", FERRY, after="3")
SECOND = half("second", "第三版", FERRY_REST, before="1")


def test_link_halves_links_a_story_to_the_half_that_points_back() -> None:
    assert link_halves([FIRST, SECOND]) == {"first": "second"}
    assert link_halves(iter([SECOND, FIRST])) == {"first": "second"}


def test_link_halves_of_nothing_is_empty() -> None:
    assert link_halves([]) == {}
    assert link_halves([half("one", "1", FERRY), half("two", "3", FERRY_REST)]) == {}


@pytest.mark.parametrize(
    "other",
    [
        half("second", "4", FERRY_REST, before="1"),
        half("second", "3", FERRY_REST, before="2"),
        half("second", "3", FERRY_REST),
        half("second", "3", FERRY_REST, after="1"),
        half("second", "A3", FERRY_REST, before="1"),
    ],
)
def test_link_halves_needs_both_to_point_at_each_other(other: Article) -> None:
    assert link_halves([FIRST, other]) == {}


def test_link_halves_leaves_out_what_has_nothing_in_common() -> None:
    stranger = half("stranger", "3", "风筝飞上屋顶。", before="1")
    assert likeness(FIRST, stranger) < MIN_SHARED
    assert link_halves([FIRST, stranger]) == {}


def test_link_halves_pairs_two_stories_of_one_page_by_their_words() -> None:
    stories = [
        FIRST,
        half("noodles", "1", NOODLES, after="3"),
        half("noodles-2", "3", NOODLES_REST, before="1"),
        SECOND,
    ]
    for order in itertools.permutations(stories):
        assert link_halves(order) == {"first": "second", "noodles": "noodles-2"}


def test_link_halves_uses_each_half_once() -> None:
    rival = half("rival", "1", NOODLES + "渡口的船停了。", after="3")
    assert likeness(rival, SECOND) >= MIN_SHARED
    assert link_halves([rival, FIRST, SECOND]) == {"first": "second"}


def test_link_halves_follows_a_story_over_three_pages() -> None:
    third = half("third", "5", FERRY + FERRY_REST, before="3")
    middle = half("middle", "3", FERRY_REST, before="1", after="5")
    assert link_halves([third, FIRST, middle]) == {"first": "middle", "middle": "third"}


@pytest.mark.parametrize("other", [replace(SECOND, date=NEXT_DAY), replace(SECOND, paper="江风晚报")])
def test_link_halves_keeps_issues_and_papers_apart(other: Article) -> None:
    assert link_halves([FIRST, other]) == {}


def test_link_halves_never_links_an_article_to_itself() -> None:
    assert link_halves([half("round", "1", FERRY, before="1", after="1")]) == {}


def test_link_halves_takes_pages_without_a_number_for_no_other_half() -> None:
    assert link_halves([FIRST, half("second", None, FERRY_REST, before="1")]) == {}


def test_likeness_is_the_share_of_pairs_with_headlines_counting_twice() -> None:
    one = Article("one", "甲乙丙", "龘靐齉")
    # Of the shorter text's two pairs one is shared; of the headline's two pairs both.
    assert likeness(one, Article("two", "甲乙丙", "龘靐，爩灪麤")) == pytest.approx(0.5 + 2 * 1.0)
    assert likeness(one, Article("two", "子丑寅", "爩灪麤")) == 0.0
    assert likeness(one, Article("two", "子丑寅", "")) == 0.0


def test_halves_of_gives_what_comes_before_and_after() -> None:
    third = half("third", "5", FERRY + FERRY_REST, before="3")
    middle = half("middle", "3", FERRY_REST, before="1", after="5")
    issue = [middle, third, FIRST]
    assert halves_of(FIRST, issue) == Halves(None, middle)
    assert halves_of(middle, issue) == Halves(FIRST, third)
    assert halves_of(third, issue) == Halves(middle, None)


@pytest.mark.parametrize("among", [[], [FIRST], [SECOND]])
def test_halves_of_finds_none_where_the_other_is_not_there(among: list[Article]) -> None:
    assert halves_of(FIRST, among) == Halves()
