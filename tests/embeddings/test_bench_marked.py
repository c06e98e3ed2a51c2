"""The reader of marked pages, its gold, and the pages made of them."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.layout.marks import EDITORS_ROLES
from tests.bench.compose import Setting, reset, variants
from tests.bench.marked import (
    ASIDE,
    MarkedPage,
    gold_items,
    load_folder,
    read_marked,
)
from tests.embeddings.damaged_pages import MARKED, marked_pages

TEXT = """furniture\t石桥日报
furniture\t第02版

@ article | 记者 毛小路
kicker\t街坊排队尝鲜
headline\t老街面馆
headline\t今日开张
subtitle\t——一碗面的三十年

body~\t面馆一天卖出
caption\t图为面馆一角。
credit\t秦川 摄
body\t三百碗面。
subhead\t三层小楼
body\t楼上坐满了客人。
pointer\t（下转第三版）

@ brief |
label\t简讯
body\t　　●石桥通车。
furniture\t责任编辑：秦川
"""


def marked(tmp_path: Path, text: str) -> MarkedPage:
    """The page in a file with this text."""
    path = tmp_path / "a01.page"
    path.write_text(text, "utf-8")
    return read_marked(path)


def test_read_marked_gives_every_line_its_role_and_item(tmp_path: Path) -> None:
    page = marked(tmp_path, TEXT)
    assert page.name == "a01"
    assert [(item.kind, item.byline) for item in page.items] == [("article", "记者 毛小路"), ("brief", "")]
    assert [line.item for line in page.lines] == [None] * 2 + [0] * 11 + [None, 1, None]
    assert page.lines[6].text == "面馆一天卖出"
    assert [line.text for line in page.lines if line.open] == ["面馆一天卖出"]
    assert [k for k, first in enumerate(page.begins()) if first] == [2, 14]
    assert [line.text for line in page.of_item(1)] == ["　　●石桥通车。"]


def test_read_marked_keeps_the_blank_lines_of_the_page(tmp_path: Path) -> None:
    text = marked(tmp_path, TEXT).page.text
    assert text.startswith(
        "石桥日报\n第02版\n\n街坊排队尝鲜\n老街面馆\n今日开张\n——一碗面的三十年\n\n面馆一天卖出\n"
    )
    assert text.endswith("\n\n简讯\n　　●石桥通车。\n责任编辑：秦川\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@ article |\ntitle\t面馆开张", "a01.page:2"),
        ("@ article |\nbody 面馆开张", "no role"),
        ("@ article |\nbody\t", "no role"),
        ("@ article |\n\nheadline\t面馆\n面馆开张。", "a01.page:4"),
        ("@ article |\n@ brief |\nbody\t面馆开张。", "item 0 is empty"),
        ("@ article |\nlabel\t简讯", "item 0 is empty"),
        ("@ article |\nbody~\t面馆开张", "cut is open"),
        ("@ article |\nbody~\t面馆\n@ article |\nbody\t开张。", "cut is open"),
    ],
)
def test_read_marked_says_which_line_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        marked(tmp_path, text)


def test_gold_items_hold_what_is_measured(tmp_path: Path) -> None:
    article, brief = gold_items(marked(tmp_path, TEXT))
    assert article == {
        "kind": "article",
        "byline": "记者 毛小路",
        "title": "老街面馆 今日开张",
        "kicker": "街坊排队尝鲜",
        "subtitle": "——一碗面的三十年",
        "lines": [4, 15],
        "captions": ["图为面馆一角。"],
        "breaks": [{"left": "面馆一天卖出", "right": "三百碗面。"}],
        "paragraphs": ["面馆一天卖出三百碗面。", "三层小楼", "楼上坐满了客人。"],
    }
    assert (brief["kind"], brief["title"], brief["lines"]) == ("brief", "", [18, 18])
    assert brief["paragraphs"] == ["●石桥通车。"]


def test_load_folder_reads_every_form_of_gold(tmp_path: Path) -> None:
    (tmp_path / "a01.page").write_text(TEXT, "utf-8")
    (tmp_path / "b.txt").write_text("面馆开张\n\n面馆开张了。\n", "utf-8")
    item = {
        "title": "面馆开张",
        "kicker": None,
        "subtitle": None,
        "byline": None,
        "lines": [1, 3],
        "captions": [],
        "breaks": [],
    }
    (tmp_path / "b.gold.json").write_text(json.dumps([item]), "utf-8")
    lines = tmp_path / "gold.jsonl"
    lines.write_text(json.dumps(item | {"file": "b.txt"}) + "\n", "utf-8")
    first, second = load_folder(tmp_path)
    (third,) = load_folder(tmp_path, lines)
    assert (first[0].file, second[0].file) == ("a01", "b.txt")
    assert second[2].begins() == [True, False]
    assert [line.roles[0] for line in second[2].lines] == ["headline", "body"]
    assert second[1] == [item]
    assert third[1][0]["file"] == "b.txt"
    assert third[2] == second[2]


def test_marked_pages_of_the_repository_are_valid() -> None:
    names = {path.stem for path in MARKED.glob("*.page")}
    assert len(names) >= 70
    # Held-out pages are read too: an error in them would be found only when they are measured.
    assert {read_marked(path).name for path in MARKED.glob("*.page")} == names
    for page in marked_pages():
        spans = [item["lines"] for item in gold_items(page)]
        assert spans[-1][1] <= len(page.page.text.splitlines())
        assert all(a[1] < b[0] for a, b in itertools.pairwise(spans))


def valid(page: MarkedPage) -> bool:
    """Whether a page could have been read from a file."""
    for number in range(len(page.items)):
        bodies = [line for line in page.of_item(number) if set(line.roles) & {"body", "note"}]
        if not page.of_item(number) or (bodies and bodies[-1].open):
            return False
    roles_known = all(set(line.roles) <= set(EDITORS_ROLES) for line in page.lines)
    beside = all((line.item is None) == (line.roles[0] in ASIDE) for line in page.lines)
    numbers = [line.item for line in page.lines if line.item is not None]
    return roles_known and beside and numbers == sorted(numbers) and all(x.text.strip() for x in page.lines)


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_variants_are_valid_marked_pages(seed: int) -> None:
    made = variants(marked_pages(), 4, random.Random(seed))
    assert len(made) == 4
    for page in made:
        assert valid(page)
        assert len(gold_items(page)) == len(page.items)
        assert sum(page.begins()) == len(page.items)


@given(st.integers(0, 10_000))
def test_variants_are_the_same_for_the_same_chance(seed: int) -> None:
    once, again = (variants(marked_pages(), 2, random.Random(seed)) for _ in range(2))
    assert once == again


PLAIN = Setting(gap=0, item_gap=0, picture_gap=0, indent=False, wide=None, noise=0.0, sized=False)
settings_of_pages = st.builds(
    Setting,
    gap=st.integers(0, 2),
    item_gap=st.integers(0, 3),
    picture_gap=st.integers(0, 4),
    indent=st.booleans(),
    wide=st.none(),
    noise=st.just(0.0),
    sized=st.booleans(),
)


@given(st.integers(0, 10_000), settings_of_pages)
def test_reset_keeps_every_line_and_its_characters_in_order(seed: int, setting: Setting) -> None:
    chance = random.Random(seed)
    page = chance.choice(marked_pages())
    made = reset(page, setting, "made", chance)
    assert [x.text.strip() for x in made.lines] == [x.text.strip() for x in page.lines]
    assert [(x.roles, x.item, x.open) for x in made.lines] == [(x.roles, x.item, x.open) for x in page.lines]
    assert made.items == page.items


@given(st.integers(0, 10_000), st.booleans())
def test_reset_changes_punctuation_one_for_one(seed: int, wide: bool) -> None:
    page = random.Random(seed).choice(marked_pages())
    made = reset(page, replace(PLAIN, wide=wide), "made", random.Random(seed))
    for old, new in zip(page.lines, made.lines, strict=True):
        assert len(old.text.strip()) == len(new.text)
        assert not set(new.text) & set(",:;?!()" if wide else "，：；？！（）")


def test_reset_never_indents_the_rest_of_a_cut_sentence(tmp_path: Path) -> None:
    setting = replace(PLAIN, item_gap=2, picture_gap=1, indent=True)
    made = reset(marked(tmp_path, TEXT), setting, "made", random.Random(1))
    bodies = [line.text for line in made.lines if line.roles == ("body",)]
    assert bodies == ["　　面馆一天卖出", "三百碗面。", "　　楼上坐满了客人。", "　　●石桥通车。"]
    # Two blank lines before an item, one around a picture and its credit.
    assert [line.blanks for line in made.lines] == [0, 0, 2, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 2, 0]


@given(st.integers(0, 10_000), settings_of_pages)
def test_reset_gives_every_row_of_a_sized_page_a_size(seed: int, setting: Setting) -> None:
    chance = random.Random(seed)
    made = reset(chance.choice(marked_pages()), setting, "made", chance)
    sizes, rows = made.page.sizes, made.page.text.splitlines()
    if not setting.sized:
        assert sizes == ()
        return
    assert len(sizes) == len(rows)
    assert all((size > 0) == bool(row.strip()) for size, row in zip(sizes, rows, strict=True))
    bodies = [line.size for line in made.lines if line.roles == ("body",)]
    headlines = [line.size for line in made.lines if line.roles == ("headline",)]
    assert all(0.9 < size < 1.1 for size in bodies)
    assert all(size > 1.05 for size in headlines)


def test_reset_with_noise_leaves_no_line_empty() -> None:
    chance = random.Random(2)
    for page in marked_pages()[:10]:
        made = reset(page, replace(PLAIN, noise=0.9), "made", chance)
        assert all(line.text.strip() for line in made.lines)
        assert [x.text for x in made.lines] != [x.text for x in page.lines]
