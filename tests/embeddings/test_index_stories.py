"""Stories: what is one text, and clusters that do not depend on how they came about."""

from __future__ import annotations

import datetime
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.index import stories as story_tables
from embeddings.index.stories import REACH, StoryWriter, reprints, story_of
from embeddings.index.wordings import SHORT_CHARS, same_figures, same_text, wording_of
from embeddings.records import Article
from tests.bench.stories import Shelf, made_by_rule
from tests.fakes import DAY, article

LEAD = "江口镇的老渡口昨天换上了一艘新船，六十个座位都装了软垫，船头还留出了停放自行车的地方。"
MIDDLE = "摆渡人老郑说，旧船用了二十三年，每逢大雾就得停航，新船装了雷达，能见度只有50米时也能开。"
MORE = "镇里为这艘船花了186万元，其中三成由对岸的柑橘合作社捐出，票价仍是2元，学生和七十岁以上的老人免票。"
END = "从下月起，末班船将推迟到晚上9点40分，方便在城里上夜班的人回家过夜。"
FERRY = "\n".join((LEAD, MIDDLE, MORE, END))
NARROW = str.maketrans("，。0123456789", ",.０１２３４５６７８９")
LAMPS = (
    "槐树巷的路灯全部换成了可以调光的新灯，后半夜没有行人时只亮三成，有人走近再慢慢亮起来。"
    "住在巷口的裁缝说，以前孙女放学总要打手电，如今一路都看得清脚下的石板。"
)


def together(one: Article, other: Article) -> bool:
    shelf = Shelf()
    shelf.put(1, replace(one, id="one"))
    shelf.put(2, replace(other, id="other"))
    shelf.writer.settle()
    return len(set(shelf.stories().values())) == 1


@pytest.mark.parametrize(
    "body",
    [
        FERRY,
        "本报讯（记者 白帆 通讯员 柳岸）" + FERRY,
        "新华社江口10月12日电 " + FERRY,
        "据新华社江口10月13日电（记者 白帆）" + FERRY,
        FERRY.replace("\n", ""),
        FERRY.translate(NARROW),
        FERRY.replace("老郑说", "老郑告诉记者"),
        FERRY.replace("三成", "3成"),
        "\n".join((LEAD, MIDDLE, MORE)),
        "\n".join((LEAD, MIDDLE, MORE[:20])),
        "本报讯 " + "\n".join((MIDDLE, MORE, END)),
    ],
    ids="same lead agency another_day columns width words numerals no_end no_half no_beginning".split(),
)
def test_reprint_is_the_same_story(body: str) -> None:
    assert together(article(FERRY, title="新船下水"), article(body, title="老渡口换新颜"))


def weather(day: int, low: int, high: int, wind: str = "三到四") -> str:
    return (
        f"市气象台{day}日傍晚发布：今天夜里多云，明天白天晴转多云，"
        f"最低气温{low}度，最高气温{high}度，偏北风{wind}级。"
        "早晚温差较大，市民出门请带外套，早晨有雾的路段请司机减速慢行。"
    )


def lottery(issue: str, *balls: int) -> str:
    drawn = "、".join(f"{ball:02}" for ball in balls)
    return (
        f"本市彩票中心公布第{issue}期开奖结果，中奖号码为{drawn}，"
        "请持票人在六十天内到各兑奖点领取奖金，过期作废，详情可向投注站查询。"
    )


def market(rice: str, pork: str, greens: str) -> str:
    return (
        f"城东批发市场昨日菜价：粳米每斤{rice}元，猪后腿肉每斤{pork}元，小青菜每斤{greens}元。"
        "市场管理方表示货源充足，各摊位明码标价，欢迎市民监督。"
    )


def outage(day: str, start: str, end: str, street: str = "柳堤路") -> str:
    return (
        f"因线路检修，{day}{start}至{end}{street}沿线停电，涉及沿街商铺和住户，请提前做好准备，"
        "电梯用户注意安全。检修若提前结束将随时送电，请勿擅自攀爬电杆，不便之处敬请谅解。"
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (weather(12, 9, 17), weather(13, 8, 19)),
        (weather(12, 9, 17), weather(12, 9, 18)),
        (weather(12, 9, 17), weather(12, 9, 17, "五到六")),
        (lottery("2026119", 3, 8, 15, 22, 27, 31), lottery("2026120", 1, 8, 16, 22, 29, 33)),
        (market("2.85", "13.5", "3.2"), market("2.85", "13.8", "3.0")),
        (outage("10月12日", "8时", "17时"), outage("10月15日", "8时", "17时")),
        (outage("10月12日", "8时", "17时"), outage("１０月１２日", "８时", "１６时")),
        (FERRY, FERRY.replace("186万", "231万").replace("9点40", "8点20")),
        (FERRY, LAMPS),
        (LAMPS, LAMPS + FERRY),
        (FERRY, LEAD + LAMPS),
    ],
    ids="weather degree wind lottery market day hour recounted subject roundup lead".split(),
)
def test_another_text_from_one_template_or_subject_is_another_story(one: str, other: str) -> None:
    assert len(wording_of(article(one)).plain) >= SHORT_CHARS
    assert not together(article(one), article(other))


@pytest.mark.parametrize(
    ("body", "title", "expected"),
    [
        ("渡口停航一天。", "便民告示", True),
        ("渡口停航一天", "便民 告示", True),
        ("渡口停航一天。", "镇上通知", False),
        ("渡口停航两天。", "便民告示", False),
        ("渡口停航一天。", "渡口停航一天", False),  # its own first words: it has no title
    ],
)
def test_short_text_is_the_same_story_only_word_for_word(body: str, title: str, expected: bool) -> None:
    assert together(article("渡口停航一天。", title="便民告示"), article(body, title=title)) == expected


def test_text_is_that_of_the_captions_where_there_is_no_body() -> None:
    pictures = [article("", title=f"图{n}", captions=(LAMPS,)) for n in "甲乙"]
    assert together(*pictures)


def test_articles_without_a_word_have_nothing_in_common() -> None:
    assert not together(article("……"), article("……"))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("水深3米", "水深3米", True),
        ("水深3米", "水深4米", False),
        ("水深3米", "水深三米", True),
        ("水深07米", "水深7米", True),
        ("水深1,200米", "水深1200米", True),
        ("水深1.5米", "水深15米", False),
        ("水深3米，船长9米", "水深3米", True),
        ("水深3米", "船长9米", True),
        ("水深3米，船长9米", "水深3米，船长8米", False),
    ],
)
def test_figures_agree_where_both_count_the_same_thing(one: str, other: str, expected: bool) -> None:
    first, second = (wording_of(article(text)).figures for text in (one, other))
    assert same_figures(first, second) == same_figures(second, first) == expected


def test_figures_may_have_one_slip_in_fifteen() -> None:
    words = "船灯桥路树井田山河湖塔楼门窗墙"
    texts = [
        "，".join(f"{word * 3}{n + shift * (n == 4)}个" for n, word in enumerate(words)) for shift in (0, 70)
    ]
    fifteen, slipped = (wording_of(article(text)).figures for text in texts)
    assert len(fifteen) == 15
    assert same_figures(fifteen, slipped)
    fourteen, slipped = (wording_of(article(text.rpartition("，")[0])).figures for text in texts)
    assert not same_figures(fourteen, slipped)


@pytest.mark.parametrize(
    ("shorter", "longer", "shared", "expected"),
    [(100, 100, 80, True), (100, 100, 79, False), (50, 100, 40, True), (49, 100, 49, False)],
)
def test_text_is_the_same_when_enough_of_it_is_held(
    shorter: int, longer: int, shared: int, expected: bool
) -> None:
    one = frozenset(str(n) for n in range(shorter))
    other = frozenset(str(n) for n in range(shorter - shared, shorter - shared + longer))
    assert same_text(one, other) == same_text(other, one) == expected


def test_story_is_named_by_its_smallest_id_and_renamed_when_that_goes() -> None:
    shelf = Shelf()
    for key, name in enumerate("cab"):
        shelf.put(key, article(FERRY + "。" * key, article_id=name))
    shelf.put(9, article(LAMPS, article_id="z"))
    shelf.writer.settle()
    assert shelf.stories() == {0: "a", 1: "a", 2: "a", 9: "z"}
    shelf.take(1)
    shelf.writer.settle()
    assert shelf.stories() == {0: "b", 2: "b", 9: "z"}


def test_story_of_unknown_keys_is_left_out() -> None:
    shelf = Shelf()
    shelf.put(4, article(FERRY, article_id="a"))
    assert story_of(shelf.db, [4, 5]) == {}
    shelf.writer.settle()
    assert story_of(shelf.db, [4, 5]) == {4: "a"}
    assert story_of(shelf.db, []) == {}


def test_reprints_come_newest_first_and_undated_last() -> None:
    shelf = Shelf()
    day = datetime.timedelta(days=1)
    for key, (name, date, body) in enumerate(
        (
            ("a", DAY, FERRY),
            ("b", None, FERRY),
            ("c", DAY + day, LEAD + MIDDLE + MORE),
            ("d", DAY + 2 * day, FERRY),
        )
    ):
        shelf.put(key, article(body, article_id=name, date=date))
    shelf.put(9, article(LAMPS, article_id="z", date=DAY))
    shelf.writer.settle()
    assert reprints(shelf.db, "a") == ["d", "c", "b"]
    assert reprints(shelf.db, "d") == ["c", "a", "b"]
    assert reprints(shelf.db, "z") == reprints(shelf.db, "nobody") == []


def test_text_that_joined_two_lets_them_part_when_it_goes() -> None:
    first, middle, last = LEAD + MIDDLE + MORE, LEAD + MIDDLE + MORE + END + LAMPS, MORE + END + LAMPS
    shelf = Shelf()
    for key, body in enumerate((first, middle, last)):
        shelf.put(key, article(body, article_id="abc"[key]))
    shelf.writer.settle()
    assert set(shelf.stories().values()) == {"a"}
    shelf.take(1)
    shelf.writer.settle()
    assert shelf.stories() == {0: "a", 2: "c"}


def test_changes_left_by_one_writer_are_settled_by_the_next() -> None:
    shelf = Shelf()
    shelf.put(1, article(FERRY, article_id="a"))
    shelf.put(2, article(LEAD + MIDDLE + MORE, article_id="b"))
    StoryWriter(shelf.db).settle()
    shelf.take(1)
    StoryWriter(shelf.db).settle()
    assert shelf.stories() == {2: "b"}


def test_tables_are_empty_when_every_article_is_gone() -> None:
    shelf = Shelf()
    for key in range(3):
        shelf.put(key, article(FERRY + END[: 10 * key], article_id=str(key)))
    shelf.writer.settle()
    for key in range(3):
        shelf.take(key)
    shelf.writer.settle()
    for table in ("texts", "articles", "bands", "links", "changes"):
        assert shelf.db.execute(f"SELECT count(*) FROM story_{table}").fetchone() == (0,)


def test_article_added_again_under_its_key_is_replaced() -> None:
    shelf = Shelf()
    shelf.put(1, article(FERRY, article_id="a"))
    shelf.put(2, article(LAMPS, article_id="b"))
    shelf.writer.settle()
    shelf.put(1, article(LAMPS, article_id="a"))
    shelf.writer.settle()
    assert shelf.stories() == {1: "a", 2: "a"}


def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts the pairs of texts that are looked at."""
    counted = [0]
    may_be = story_tables.StoredText.may_be

    def counting(self: story_tables.StoredText, other: story_tables.StoredText) -> bool:
        counted[0] += 1
        return may_be(self, other)

    monkeypatch.setattr(story_tables.StoredText, "may_be", counting)
    return counted


def test_notices_of_one_template_cost_no_more_each_when_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted, costs = looks(monkeypatch), []
    for count in (300, 600):
        shelf, counted[0] = Shelf(), 0
        for key in range(count):
            body = outage(f"{key % 12 + 1}月{key % 28 + 1}日", f"{key % 24}时", f"{key}分")
            shelf.put(key, article(body, article_id=f"{key:03}"))
        shelf.writer.settle()
        costs.append(counted[0])
        assert len(set(shelf.stories().values())) == count
    assert costs[1] < 2.5 * costs[0]


def test_copies_of_one_text_are_not_compared_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = looks(monkeypatch)
    shelf = Shelf()
    for key in range(1000):
        shelf.put(key, article(FERRY, article_id=f"{key:04}"))
    shelf.writer.settle()
    assert counted == [0]
    assert set(shelf.stories().values()) == {"0000"}


def test_story_of_more_copies_than_are_in_reach_is_one() -> None:
    shelf = Shelf()
    for key in range(5 * REACH):
        shelf.put(key, article(f"{FERRY}{chr(0x4E8C + 7 * key) * 4}", article_id=f"{key:02}"))
        shelf.put(100 + key, article(outage(f"{key}日", "8时", "9时"), article_id=f"x{key:02}"))
    shelf.writer.settle()
    stories = shelf.stories()
    assert {stories[key] for key in range(5 * REACH)} == {"00"}
    assert len({stories[100 + key] for key in range(5 * REACH)}) == 5 * REACH


def test_reading_does_not_load_the_library_that_makes_signatures() -> None:
    code = "import sys, embeddings.index.stories; print('datasketch' in sys.modules, 'scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


SENTENCES = (LEAD, MIDDLE, MORE, END, LAMPS, outage("3日", "8时", "9时"), outage("4日", "8时", "9时"))
BODIES = st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=4).map("".join) | st.sampled_from(
    ("", "渡口停航。", "渡口停航！")
)
# Put a body under a key, take a key away, or settle.
STEPS = st.lists(
    st.tuples(st.integers(0, 9), BODIES) | st.integers(0, 9) | st.none(),
    max_size=24,
)


@pytest.mark.parametrize("reach", [1, 2, REACH])
@given(steps=STEPS, ids=st.permutations(range(10)))
@settings(deadline=None, max_examples=60)
def test_stories_are_those_of_a_fresh_computation(
    reach: int, steps: list[tuple[int, str] | int | None], ids: list[int]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(story_tables, "REACH", reach)
        grown = Shelf()
        articles: dict[int, Article] = {}
        for step in steps:
            if step is None:
                grown.writer.settle()
            elif isinstance(step, int):
                grown.take(step)
                articles.pop(step, None)
            else:
                key, body = step
                articles[key] = article(body, article_id=f"id{ids[key]}")
                grown.put(key, articles[key])
        grown.writer.settle()
        fresh = Shelf()
        for key in sorted(articles, key=ids.__getitem__):
            fresh.put(100 - key, articles[key])
        fresh.writer.settle()
    stories = grown.stories()
    assert stories == {100 - key: story for key, story in fresh.stories().items()}
    assert stories.keys() == articles.keys()
    for story in set(stories.values()):
        members = sorted(articles[key].id for key in stories if stories[key] == story)
        assert story == members[0]
        assert reprints(grown.db, story) == members[1:]


def test_reprints_and_template_variants_of_the_seeds_are_told_apart() -> None:
    shares = made_by_rule()
    reprinted = shares["reprints, together"]
    assert reprinted["whole, other headline, dateline, punctuation"] == 1
    assert reprinted["1 % misread"] >= 0.98
    assert min(share for name, share in reprinted.items() if name.startswith("cut")) >= 0.95
    assert shares["template variants, together"]["all figures changed"] <= 0.01
