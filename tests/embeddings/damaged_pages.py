"""Pages for property tests: hand-made lines in any order, pages out of marked ones, and damage to both."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from tests.bench.compose import variants
from tests.bench.marked import MarkedPage, read_marked

MARKED = Path(__file__).parents[1] / "data" / "marked"
NOODLES = "本报讯（记者 毛小路）老街上的面馆昨天开张，三层小楼坐满了客人，老板毛大路说，面粉都是本地磨的。"
NOODLES_MORE = "面馆一天卖出三百碗面，街坊们排队排到了巷口，毛大路打算再添两口大锅。"
FERRY = "石桥渡口的老船工昨天摇完了最后一趟船，两岸的乡亲站在雨里送他，船头挂着一串红辣椒。"
FERRY_MORE = "渡口的船停了，新修的石桥明天通车，乡亲们过河只要走上两分钟。"
PHOTO = "孩子们在石桥小学的操场上放风筝，春风把风筝送上了屋顶。"
LINES = (
    NOODLES,
    NOODLES[:30],
    NOODLES[30:],
    "　　" + FERRY,
    FERRY_MORE,
    PHOTO,
    "老街面馆开张",
    "渡口送别老船工",
    "——一碗面的三十年",
    "记者 秦川",
    "记者 秦川 摄",
    "图为面馆一角",
    "简讯",
    "●石桥明天通车。",
    "（上接第一版）",
    "（下转第三版）",
    "上一版 下一版",
    "第02版：要闻 2026年3月4日 星期三",
    "遗失声明",
    "编者按：",
    "“",
    "，",
    "（毛小路 秦川）",
    "2026年3月4日",
    "\ufffd\ufffd面\x00馆",
)
BREAKS = ("\n", "\n\n", "\r\n", "\r\n\r\n", "\n\n\n\n\n", "\x0b", "\x0c", "\u2028", "\x85", "\r")


@st.composite
def texts_of_lines(draw: st.DrawFn) -> str:
    """Hand-made lines in any order, each with a line end of any kind."""
    lines = draw(st.lists(st.tuples(st.sampled_from(LINES), st.sampled_from(BREAKS)), max_size=14))
    return "".join(line + end for line, end in lines)


@cache
def marked_pages() -> tuple[MarkedPage, ...]:
    """The marked pages that may be looked at: those of the held-out groups are not among them."""
    return tuple(read_marked(path) for path in sorted(MARKED.glob("[abcd]*.page")))


def made_page(seed: int) -> MarkedPage:
    """A page of items of marked pages, set in a way of its own."""
    return variants(marked_pages(), 2, random.Random(seed))[seed % 2]


def _delete(lines: list[str], place: int) -> None:
    del lines[place]


def _repeat(lines: list[str], place: int) -> None:
    lines.insert(place, lines[place])


def _cut(lines: list[str], place: int) -> None:
    lines[place] = lines[place][: len(lines[place]) // 2]


def _move_up(lines: list[str], place: int) -> None:
    lines.insert(0, lines.pop(place))


def _add_blanks(lines: list[str], place: int) -> None:
    lines[place:place] = ["", "　", ""]


def _spoil(lines: list[str], place: int) -> None:
    lines[place] = "\ufffd" + lines[place][1:] + "\x00"


DAMAGES = (_delete, _repeat, _cut, _move_up, _add_blanks, _spoil)


@st.composite
def made_texts(draw: st.DrawFn) -> str:
    """The text of a made page with up to twelve places damaged and its line ends mixed."""
    lines = made_page(draw(st.integers(0, 10_000))).page.text.split("\n")
    for damage, place in draw(
        st.lists(st.tuples(st.sampled_from(DAMAGES), st.integers(0, 500)), max_size=12)
    ):
        if lines:
            damage(lines, place % len(lines))
    ends = draw(st.lists(st.sampled_from(BREAKS), min_size=1, max_size=4))
    return "".join(line + ends[k % len(ends)] for k, line in enumerate(lines))


ANY_TEXT = st.one_of(texts_of_lines(), made_texts(), st.text(max_size=200))
