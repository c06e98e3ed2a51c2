"""Whole pages: the items, their parts, and the promises that hold for any text."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.layout import read_page
from embeddings.layout.articles import gather
from embeddings.layout.roles import read_roles
from embeddings.layout.weights import Role
from embeddings.records import Article, ArticleKind, Page

ROOT = Path(__file__).parents[2]
NOODLES = "本报讯（记者 毛小路）老街上的面馆昨天开张，三层小楼坐满了客人，老板毛大路说，面粉都是本地磨的。"
NOODLES_MORE = "面馆一天卖出三百碗面，街坊们排队排到了巷口，毛大路打算再添两口大锅。"
FERRY = "石桥渡口的老船工昨天摇完了最后一趟船，两岸的乡亲站在雨里送他，船头挂着一串红辣椒。"
FERRY_MORE = "渡口的船停了，新修的石桥明天通车，乡亲们过河只要走上两分钟。"
PHOTO = "孩子们在石桥小学的操场上放风筝，春风把风筝送上了屋顶。"


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


def test_read_page_finds_the_items_of_the_sample_issues() -> None:
    wanted: dict[str, set[int]] = {}
    for line in (ROOT / "tests/data/seed_pages.jsonl").read_text("utf-8").splitlines():
        item = json.loads(line)
        wanted.setdefault(item["file"], set()).add(item["lines"][0])
    right = found = 0
    for name in wanted:
        text = (ROOT / "seeds" / name).read_text("utf-8")
        starts = {text.count("\n", 0, a.source.start) + 1 for a in read_page(Page(text, name)) if a.source}
        right, found = right + len(starts & wanted[name]), found + len(starts)
    asked = sum(map(len, wanted.values()))
    assert 2 * right / (found + asked) >= 0.95


SNIPPETS = st.sampled_from(
    [
        NOODLES,
        NOODLES[:30],
        NOODLES[30:],
        FERRY,
        FERRY_MORE,
        PHOTO,
        "老街面馆开张",
        "渡口送别老船工",
        "——一碗面的三十年",
        "记者 秦川",
        "记者 秦川 摄",
        "简讯",
        "●石桥明天通车。",
        "（上接第一版）",
        "（下转第三版）",
        "上一版 下一版",
        "遗失声明",
        "“",
        "，",
        "",
        "",
        "（毛小路 秦川）",
        "2026年3月4日",
    ]
)
DAMAGED = st.lists(SNIPPETS, max_size=14).flatmap(
    lambda lines: st.sampled_from(["\n", "\n\n", "\r\n"]).map(lambda gap: gap.join(lines))
)
ANY_TEXT = st.one_of(DAMAGED, st.text(max_size=200))


@settings(max_examples=150, deadline=None)
@given(ANY_TEXT)
def test_read_page_gives_ordered_items_that_do_not_overlap(text: str) -> None:
    found = read_page(Page(text, "p.txt"))
    ends = 0
    for article in found:
        assert article.source is not None
        assert ends <= article.source.start < article.source.end <= len(text)
        ends = article.source.end
        assert article.title
    assert len({article.id for article in found}) == len(found)


@settings(max_examples=150, deadline=None)
@given(DAMAGED)
def test_read_page_shows_the_title_inside_its_source(text: str) -> None:
    for article in read_page(Page(text, "p.txt")):
        assert article.source is not None
        printed = Counter(text[article.source.start : article.source.end])
        assert not Counter("".join(article.title.split())) - printed


@settings(max_examples=150, deadline=None)
@given(ANY_TEXT)
def test_gather_puts_every_line_in_one_item_or_in_the_furniture(text: str) -> None:
    readings = read_roles(text)
    gathered = [reading.line.number for draft in gather(readings) for reading in draft.readings]
    aside = [r.line.number for r in readings if r.role in (Role.FURNITURE, Role.LABEL)]
    assert sorted(gathered + aside) == list(range(len(readings)))


@settings(max_examples=150, deadline=None)
@given(DAMAGED)
def test_read_page_loses_no_character_of_a_damaged_page(text: str) -> None:
    inside = [r for draft in gather(read_roles(text)) for r in draft.readings]
    kept: Counter[str] = Counter()
    for article in read_page(Page(text, "p.txt")):
        for part in (
            article.title,
            article.kicker,
            article.subtitle,
            article.byline,
            article.body,
            *article.captions,
        ):
            kept += Counter("".join(part.split()))
    # Brackets around names and the pointers to other pages are marks, not text.
    marks = set("（）□上接下转第一三版")
    wanted = Counter(c for r in inside for c in r.line.text if not c.isspace() and c not in marks)
    repeated = Counter(c for r in inside if r.role in (Role.BYLINE, Role.END_BYLINE) for c in r.line.text)
    # A byline given twice is kept once.
    assert not (wanted - kept) - repeated


@pytest.mark.parametrize(
    "line", ["面馆\n", "老街面馆开张\n", FERRY + "\n", "记者 秦川 摄\n", "●石桥明天通车。\n", "“\n", "（\n\n"]
)
def test_read_page_is_quick_on_a_page_of_many_lines(line: str) -> None:
    began = time.perf_counter()
    read_page(Page(line * 10_000, "p.txt"))
    assert time.perf_counter() - began < 10


def test_read_page_is_quick_on_one_very_long_line() -> None:
    began = time.perf_counter()
    read_page(Page("记者 毛小路 " * 50_000 + "（" * 50_000, "p.txt"))
    assert time.perf_counter() - began < 10
