"""Whole pages: where stories begin, the parts of their headlines, their paragraphs and their sub-heads."""

from __future__ import annotations

import itertools

import pytest

from embeddings.layout import read_page
from embeddings.layout.marks import Mark
from embeddings.records import Article, Page
from tests.embeddings.stories import FERRY, NOODLES, TEA


def items(*lines: str, gap: str = "\n\n") -> list[Article]:
    """Articles of a page with these lines."""
    return read_page(Page(gap.join(lines), "p.txt"))


def titles(articles: list[Article]) -> list[str]:
    """Their titles in order."""
    return [article.title for article in articles]


@pytest.mark.parametrize("gap", ["\n", "\n\n", "\n\n\n", "\r\n\r\n", "\u2028", "\n　\n"])
def test_read_page_splits_stories_by_lead_and_by_byline(gap: str) -> None:
    found = items("老街面馆开张", *NOODLES, "渡口送别老船工", *FERRY, "记者 秦川", gap=gap)
    assert titles(found) == ["老街面馆开张", "渡口送别老船工"]
    assert [article.byline for article in found] == ["记者 毛小路", "记者 秦川"]
    assert found[0].body == "\n".join(NOODLES)
    assert found[1].body == "\n".join(FERRY)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_read_page_splits_three_stories_in_any_order(order: tuple[int, ...]) -> None:
    stories = (
        ("老街面馆开张", *NOODLES),
        ("渡口送别老船工", *FERRY, "（秦川）"),
        ("云岭春茶早五天上市", *TEA),
    )
    found = items(*(line for k in order for line in stories[k]))
    assert titles(found) == [stories[k][0] for k in order]


def test_read_page_takes_kicker_headline_subtitle_and_byline_line() -> None:
    (article,) = items(
        "两岸乡亲雨中相送 四十年渡口停船", "渡口送别老船工", "——石桥通车前一天见闻", "□记者 秦川", *FERRY
    )
    assert (article.kicker, article.title) == ("两岸乡亲雨中相送 四十年渡口停船", "渡口送别老船工")
    assert (article.subtitle, article.byline) == ("——石桥通车前一天见闻", "记者 秦川")
    assert article.body == "\n".join(FERRY)


KICKERS = ("街坊排队尝鲜 一天三百碗面", "去冬雨水足 茶芽长得壮 头茬预计收四千斤")
WITH_KICKERS = (
    KICKERS[0],
    "老街面馆开张",
    *NOODLES,
    KICKERS[1],
    "云岭春茶早五天上市",
    *TEA,
)


def test_read_page_begins_a_story_at_its_kicker() -> None:
    found = items(*WITH_KICKERS)
    text = "\n\n".join(WITH_KICKERS)
    assert [article.source.start for article in found if article.source] == [text.index(k) for k in KICKERS]


def test_read_page_tells_a_kicker_from_its_headline_by_the_size_of_type() -> None:
    sizes = {KICKERS[0]: 1.3, KICKERS[1]: 1.3, "老街面馆开张": 2.4, "云岭春茶早五天上市": 2.4}
    page = Page("\n".join(WITH_KICKERS), "p.txt", sizes=tuple(sizes.get(x, 1.0) for x in WITH_KICKERS))
    found = read_page(page)
    assert titles(found) == ["老街面馆开张", "云岭春茶早五天上市"]
    assert [article.kicker for article in found] == list(KICKERS)


def test_read_page_keeps_subheads_inside_a_long_story() -> None:
    found = items(
        "渡口送别老船工",
        *FERRY,
        "一条船摇了四十年",
        "老船工的船是石桥渡口最后一条木船，乡亲们过河都坐他的船，摇了四十年没有湿过一个人的鞋。",
        "秦老七记得，有一年发大水，他连夜摇了十九趟，把对岸村里的老人和孩子都接到了高处。",
        "石桥通车人不散",
        "石桥通车以后，老船工留在渡口卖茶，乡亲们说要天天来喝他的茶，听他讲船上的故事。",
        "记者 秦川",
        "老街面馆开张",
        *NOODLES,
    )
    assert titles(found) == ["渡口送别老船工", "老街面馆开张"]
    assert "\n一条船摇了四十年\n" in found[0].body
    assert "\n石桥通车人不散\n" in found[0].body


@pytest.mark.parametrize("cut", [20, 33, 41])
def test_read_page_joins_a_sentence_cut_by_a_column(cut: int) -> None:
    (article,) = items("老街面馆开张", NOODLES[0][:cut], NOODLES[0][cut:], *NOODLES[1:])
    assert article.body == "\n".join(NOODLES)


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_read_page_leaves_whole_paragraphs_apart(gap: str) -> None:
    (article,) = items("老街面馆开张", *NOODLES, gap=gap)
    assert article.body.split("\n") == list(NOODLES)


def test_read_page_titles_a_page_without_headline_with_its_first_words() -> None:
    (article,) = items(*FERRY)
    assert article.title == "石桥渡口的老船工秦老七昨天摇完了最后一趟船"


def test_read_page_splits_stories_of_a_page_that_names_no_author() -> None:
    found = items("老街面馆开张", NOODLES[0][11:], *NOODLES[1:], "渡口送别老船工", *FERRY)
    assert titles(found) == ["老街面馆开张", "渡口送别老船工"]


def test_read_page_gives_distinct_ids_to_equal_titles() -> None:
    page = Page("\n\n".join(("图片新闻", *FERRY, "图片新闻", *TEA)), "p.txt")
    marks = [Mark("图片新闻", row, True, "headline") for row in (0, 8)]
    found = read_page(page, marks)
    assert titles(found) == ["图片新闻", "图片新闻"]
    assert len({article.id for article in found}) == 2


@pytest.mark.parametrize("text", ["", "\n\n", " 　\n", "\ufeff\u200b\n\x00"])
def test_read_page_finds_nothing_on_a_blank_page(text: str) -> None:
    assert read_page(Page(text, "p.txt")) == []


def test_read_page_begins_a_story_where_the_type_is_large() -> None:
    lines = ("老街面馆开张", *NOODLES, "渡口送别老船工", *FERRY)
    sizes = tuple(2.4 if line in ("老街面馆开张", "渡口送别老船工") else 1.0 for line in lines)
    found = read_page(Page("\n".join(lines), "p.txt", sizes=sizes))
    assert titles(found) == ["老街面馆开张", "渡口送别老船工"]


@pytest.mark.parametrize("sizes", [(), (1.0,), (0.0,) * 99, (-1.0, float("inf"), float("nan")) * 3])
def test_read_page_does_without_sizes_that_are_missing_or_make_no_sense(sizes: tuple[float, ...]) -> None:
    lines = ("老街面馆开张", *NOODLES, "渡口送别老船工", *FERRY, "记者 秦川")
    found = read_page(Page("\n".join(lines), "p.txt", sizes=sizes))
    assert len(found) == 2
