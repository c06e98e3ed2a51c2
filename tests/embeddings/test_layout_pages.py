"""Whole pages: stories with the parts of their headlines, their paragraphs and their pictures."""

from __future__ import annotations

import pytest

from embeddings.layout import read_page
from embeddings.records import Article, ArticleKind, Page
from tests.embeddings.damaged_pages import FERRY, FERRY_MORE, NOODLES, NOODLES_MORE, PHOTO


def items(*lines: str, gap: str = "\n\n") -> list[Article]:
    """Articles of a page with these lines."""
    return read_page(Page(gap.join(lines), "p.txt"))


def titles(articles: list[Article]) -> list[str]:
    """Their titles in order."""
    return [article.title for article in articles]


@pytest.mark.parametrize("gap", ["\n", "\n\n", "\n\n\n", "\r\n\r\n"])
def test_read_page_splits_stories_by_lead_and_by_byline(gap: str) -> None:
    found = items(
        "老街面馆开张", NOODLES, NOODLES_MORE, "渡口送别老船工", FERRY, FERRY_MORE, "记者 秦川", gap=gap
    )
    assert titles(found) == ["老街面馆开张", "渡口送别老船工"]
    assert [article.byline for article in found] == ["记者 毛小路", "记者 秦川"]
    assert found[0].body == f"{NOODLES}\n{NOODLES_MORE}"
    assert found[1].body == f"{FERRY}\n{FERRY_MORE}"


def test_read_page_takes_kicker_headline_subtitle_and_byline_line() -> None:
    (article,) = items(
        "街坊排队尝鲜 一天三百碗面", "老街面馆开张", "——一碗面的三十年", "□记者 毛小路", FERRY, FERRY_MORE
    )
    assert (article.kicker, article.title) == ("街坊排队尝鲜 一天三百碗面", "老街面馆开张")
    assert (article.subtitle, article.byline) == ("——一碗面的三十年", "记者 毛小路")
    assert article.body == f"{FERRY}\n{FERRY_MORE}"


def test_read_page_keeps_subheads_inside_a_long_story() -> None:
    found = items(
        "渡口送别老船工",
        FERRY,
        "一条船摇了四十年",
        "老船工的船是石桥渡口最后一条木船，乡亲们过河都坐他的船，摇了四十年没有湿过一个人的鞋。",
        "石桥通车人不散",
        "石桥通车以后，老船工留在渡口卖茶，乡亲们说要天天来喝他的茶，听他讲船上的故事。",
        "记者 秦川",
        "老街面馆开张",
        NOODLES,
    )
    assert titles(found) == ["渡口送别老船工", "老街面馆开张"]
    assert "\n一条船摇了四十年\n" in found[0].body
    assert "\n石桥通车人不散\n" in found[0].body


@pytest.mark.parametrize("cut", [20, 27, 33])
def test_read_page_joins_a_sentence_cut_by_a_column(cut: int) -> None:
    (article,) = items("老街面馆开张", NOODLES[:cut], NOODLES[cut:], NOODLES_MORE)
    assert article.body == f"{NOODLES}\n{NOODLES_MORE}"


@pytest.mark.parametrize(
    ("picture", "caption"),
    [
        (("孩子们在操场上放风筝。 秦川 摄",), "孩子们在操场上放风筝。 秦川 摄"),
        (("孩子们在操场上放风筝。", "记者 秦川 摄"), "孩子们在操场上放风筝。 记者 秦川 摄"),
        (("图为孩子们在放风筝。",), "图为孩子们在放风筝。"),
        (("孩子们在操场上放风筝",), "孩子们在操场上放风筝"),
    ],
)
def test_read_page_joins_a_sentence_across_a_caption(picture: tuple[str, ...], caption: str) -> None:
    (article,) = items(
        "老街面馆开张", NOODLES, NOODLES_MORE[:20], "\n\n" + picture[0], *picture[1:], NOODLES_MORE[20:]
    )
    assert article.body == f"{NOODLES}\n{NOODLES_MORE}"
    assert article.captions == (caption,)


def test_read_page_makes_an_item_of_a_picture_between_stories() -> None:
    found = items(
        "老街面馆开张",
        NOODLES,
        NOODLES_MORE,
        "\n\n" + PHOTO,
        "记者 秦川 摄",
        "渡口送别老船工",
        FERRY,
        "记者 秦川",
    )
    assert [article.kind for article in found] == [
        ArticleKind.ARTICLE,
        ArticleKind.PHOTO,
        ArticleKind.ARTICLE,
    ]
    assert found[1].body == PHOTO
    assert found[1].byline == "记者 秦川 摄"
    assert found[1].title == "孩子们在石桥小学的操场上放风筝"
    assert found[1].captions == ()


def test_read_page_makes_an_item_of_each_brief() -> None:
    found = items("渡口送别老船工", FERRY, "记者 秦川", "简讯", "●石桥明天通车。", "●面馆招三名学徒。")
    assert [article.kind for article in found[1:]] == [ArticleKind.BRIEF, ArticleKind.BRIEF]
    assert titles(found[1:]) == ["石桥明天通车", "面馆招三名学徒"]


def test_read_page_makes_an_item_of_each_titled_brief() -> None:
    found = items(
        "简讯",
        "石桥明天通车",
        "石桥明天上午十点通车，行人先过。",
        "面馆招学徒",
        "老街面馆招三名学徒，包吃住。",
    )
    assert titles(found) == ["石桥明天通车", "面馆招学徒"]
    assert {article.kind for article in found} == {ArticleKind.BRIEF}


def test_read_page_keeps_the_bullets_of_a_notice_together() -> None:
    found = items(
        "老街面馆开张", NOODLES, "遗失声明", "●毛小路遗失借书证，声明作废。", "●秦川遗失驾驶证，声明作废。"
    )
    assert titles(found) == ["老街面馆开张", "遗失声明"]
    assert found[1].kind is ArticleKind.NOTICE
    assert len(found[1].body.split("\n")) == 2


def test_read_page_keeps_the_signature_of_a_notice() -> None:
    found = items(
        "停水公告",
        "因更换水管，明天老街停水半天。",
        "石桥镇自来水公司",
        "2026年3月4日",
        "老街面馆开张",
        NOODLES,
    )
    assert titles(found) == ["停水公告", "老街面馆开张"]
    assert found[0].body.split("\n")[1:] == ["石桥镇自来水公司", "2026年3月4日"]


@pytest.mark.parametrize(
    "lines",
    [
        ("（上接第一版）", FERRY, FERRY_MORE),
        ("（上接第一版）" + FERRY, FERRY_MORE),
        ("渡口送别老船工", "（上接第一版）", FERRY, FERRY_MORE),
    ],
)
def test_read_page_knows_a_continuation(lines: tuple[str, ...]) -> None:
    (article,) = items(*lines)
    assert article.kind is ArticleKind.CONTINUATION
    assert article.body == f"{FERRY}\n{FERRY_MORE}"


@pytest.mark.parametrize("pointer", ["\n\n（下转第三版）", "（下转第三版）"])
def test_read_page_drops_the_pointer_to_another_page(pointer: str) -> None:
    found = read_page(Page(f"渡口送别老船工\n\n{FERRY}{pointer}\n\n老街面馆开张\n\n{NOODLES}", "p.txt"))
    assert titles(found) == ["渡口送别老船工", "老街面馆开张"]
    assert found[0].body == FERRY


def test_read_page_leaves_page_furniture_out() -> None:
    found = items(
        "第02版：要闻 2026年3月4日 星期三", "上一版 下一版", "老街面馆开张", NOODLES, "责任编辑：秦川"
    )
    assert titles(found) == ["老街面馆开张"]
    assert found[0].body == NOODLES


def test_read_page_titles_a_page_without_headline_with_its_first_words() -> None:
    (article,) = items(FERRY, FERRY_MORE)
    assert article.title == "石桥渡口的老船工昨天摇完了最后一趟船"


def test_read_page_splits_stories_of_a_page_that_names_no_author() -> None:
    found = items("老街面馆开张", NOODLES[11:], NOODLES_MORE, "渡口送别老船工", FERRY, FERRY_MORE)
    assert titles(found) == ["老街面馆开张", "渡口送别老船工"]


def test_read_page_gives_distinct_ids_to_equal_titles() -> None:
    found = items("老街面馆开张", NOODLES, "老街面馆开张", NOODLES)
    assert len({article.id for article in found}) == 2


@pytest.mark.parametrize("text", ["", "\n\n", " 　\n"])
def test_read_page_finds_nothing_on_a_blank_page(text: str) -> None:
    assert read_page(Page(text, "p.txt")) == []
