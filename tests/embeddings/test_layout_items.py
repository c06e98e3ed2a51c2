"""Whole pages: pictures, briefs, notices, halves of stories, and what belongs to no item."""

from __future__ import annotations

import pytest

from embeddings.layout.articles import lay_out, read_page
from embeddings.records import Article, ArticleKind, Page
from tests.embeddings.stories import BRIEFS, FERRY, NOODLES, PHOTO, TEA, TITLED_BRIEFS


def items(*lines: str) -> list[Article]:
    """Articles of a page with these lines."""
    return read_page(Page("\n\n".join(lines), "p.txt"))


def titles(articles: list[Article]) -> list[str]:
    """Their titles in order."""
    return [article.title for article in articles]


def kinds(articles: list[Article]) -> list[ArticleKind]:
    """Their kinds in order."""
    return [article.kind for article in articles]


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
    left, right = NOODLES[1][:22], NOODLES[1][22:]
    (article,) = items("老街面馆开张", NOODLES[0], left, "\n\n" + picture[0], *picture[1:], right, NOODLES[2])
    assert article.body == "\n".join(NOODLES)
    assert article.captions == (caption,)


def test_read_page_makes_an_item_of_a_picture_between_stories() -> None:
    found = items(
        "老街面馆开张", *NOODLES, "\n\n" + PHOTO, "记者 秦川 摄", "渡口送别老船工", *FERRY, "记者 秦川"
    )
    assert kinds(found) == [ArticleKind.ARTICLE, ArticleKind.PHOTO, ArticleKind.ARTICLE]
    assert found[1].body == PHOTO
    assert found[1].byline == "记者 秦川 摄"
    assert found[1].title.startswith("昨天，孩子们在石桥小学的操场上放风筝")
    assert found[1].captions == ()


def test_read_page_makes_an_item_of_each_brief() -> None:
    found = items("渡口送别老船工", *FERRY, "记者 秦川", "简讯", *BRIEFS)
    assert kinds(found[1:]) == [ArticleKind.BRIEF] * 3
    assert [article.body for article in found[1:]] == list(BRIEFS)
    assert found[1].title.startswith("市图书馆本月起延长开放时间")


def test_read_page_makes_an_item_of_each_titled_brief() -> None:
    lines = [line for brief in TITLED_BRIEFS for line in brief]
    found = items("老街面馆开张", *NOODLES, "简讯", *lines)
    assert titles(found[1:]) == [title for title, _ in TITLED_BRIEFS]
    assert [article.body for article in found[1:]] == [text for _, text in TITLED_BRIEFS]


def test_read_page_keeps_the_bullets_of_a_notice_together() -> None:
    found = items(
        "老街面馆开张",
        *NOODLES,
        "遗失声明",
        "●毛小路遗失借书证一本，声明作废。",
        "●秦川遗失驾驶证一本，声明作废。",
    )
    assert titles(found) == ["老街面馆开张", "遗失声明"]
    assert found[1].kind is ArticleKind.NOTICE
    assert len(found[1].body.split("\n")) == 2


def test_read_page_keeps_the_signature_of_a_notice() -> None:
    found = items(
        "停水公告",
        "因更换水管，明天上午八时至下午四时老街一带停水，请各家备好用水。",
        "石桥镇自来水公司",
        "2026年3月4日",
        "老街面馆开张",
        *NOODLES,
    )
    assert titles(found) == ["停水公告", "老街面馆开张"]
    assert found[0].kind is ArticleKind.NOTICE
    assert found[0].body.split("\n")[1:] == ["石桥镇自来水公司", "2026年3月4日"]


@pytest.mark.parametrize(
    "lines",
    [
        ("（上接第一版）", *FERRY),
        ("（上接第一版）" + FERRY[0], *FERRY[1:]),
        ("渡口送别老船工", "（上接第一版）", *FERRY),
        ("（上接第一版）", "渡口送别老船工", *FERRY),
    ],
)
def test_read_page_knows_a_continuation(lines: tuple[str, ...]) -> None:
    (article,) = items(*lines)
    assert article.kind is ArticleKind.CONTINUATION
    assert article.body == "\n".join(FERRY)
    assert article.pointers.before == "1"


@pytest.mark.parametrize("pointer", ["\n\n（下转第三版）", "（下转第三版）"])
def test_read_page_drops_the_pointer_to_another_page(pointer: str) -> None:
    text = (
        "\n\n".join(("渡口送别老船工", *FERRY)) + pointer + "\n\n" + "\n\n".join(("老街面馆开张", *NOODLES))
    )
    found = read_page(Page(text, "p.txt"))
    assert titles(found) == ["渡口送别老船工", "老街面馆开张"]
    assert found[0].body == "\n".join(FERRY)
    assert found[0].pointers.after == "3"


def test_read_page_joins_a_sentence_before_its_pointer() -> None:
    open_end = "秦老七在渡口摇了四十年船，送过赶考的学生，也送过出嫁的"
    found = items("渡口送别老船工", *FERRY[:2], open_end, "（下转第三版）", "老街面馆开张", *NOODLES)
    assert titles(found) == ["渡口送别老船工", "老街面馆开张"]
    assert found[0].body.endswith(open_end)


def test_read_page_leaves_page_furniture_out() -> None:
    page = Page(
        "\n\n".join(
            ("第02版：要闻 2026年3月4日 星期三", "上一版 下一版", "老街面馆开张", *NOODLES, "责任编辑：秦川")
        ),
        "p.txt",
    )
    layout = lay_out(page)
    assert titles(list(layout.articles)) == ["老街面馆开张"]
    assert layout.articles[0].body == "\n".join(NOODLES)
    assert [part.role for part in layout.parts[0]] == ["furniture"] * 2 + ["headline"] + ["body"] * 3 + [
        "furniture"
    ]


def test_lay_out_gives_a_label_to_the_item_after_it_and_furniture_to_the_one_before() -> None:
    lines = ("渡口送别老船工", *FERRY, "记者 秦川", "第02版：要闻", "简讯", *BRIEFS)
    layout = lay_out(Page("\n\n".join(lines), "p.txt"))
    roles = [[part.role for part in parts] for parts in layout.parts]
    assert roles[0][-1] == "furniture"
    assert roles[1] == ["label", "body"]


def test_lay_out_says_what_each_part_of_an_item_is() -> None:
    lines = (
        "两岸乡亲雨中相送",
        "渡口送别老船工",
        "——石桥通车前一天见闻",
        "□记者 秦川",
        *FERRY,
        PHOTO,
        "秦川 摄",
        *TEA[1:],
    )
    text = "\n\n".join(lines)
    (parts,) = lay_out(Page(text, "p.txt")).parts
    assert [text[part.start : part.end] for part in parts] == list(lines)
    assert [part.role for part in parts] == [
        *("kicker", "headline", "subtitle", "byline"),
        *("body", "body", "body", "caption", "credit", "body", "body"),
    ]


@pytest.mark.parametrize("line", ["上一版 下一版", "责任编辑：秦川"])
def test_lay_out_finds_no_item_on_a_page_of_furniture(line: str) -> None:
    layout = lay_out(Page(f"第02版：要闻 2026年3月4日 星期三\n\n{line}", "p.txt"))
    assert (layout.articles, layout.parts) == ((), ())
