"""Folios and running heads: what they say, and what is none."""

from __future__ import annotations

import datetime

import pytest

from embeddings.sources.folio import is_folio, place_from_folio, read_folio
from embeddings.sources.place import Place

DAY = datetime.date(2031, 4, 18)


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("2031年4月18日 星期五 第02版:要闻", Place(None, DAY, "02")),
        ("第02版：要闻　2031年4月18日　星期五", Place(None, DAY, "02")),
        ("江风晚报 2031-04-18 A3 社会", Place("江风晚报", DAY, "A3")),
        ("２０３１年４月１８日 第３版", Place(None, DAY, "3")),
        ("二〇三一年四月十八日 星期五 第十二版", Place(None, DAY, "12")),
        ("江风晚报 二版 2031.4.18", Place("江风晚报", DAY, "2")),
        ("A3", Place(None, None, "A3")),
        ("04 要闻", Place(None, None, "04")),
        ("04·文化体育", Place(None, None, "04")),
        ("第三版 国际", Place(None, None, "3")),
        ("江风晚报 国内统一刊号CN 00-0000 2031年4月18日 今日8版", Place("江风晚报", DAY, None)),
        ("B12 副刊 江风日报", Place("江风日报", None, "B12")),
    ],
)
def test_read_folio_takes_paper_date_and_page(line: str, place: Place) -> None:
    assert read_folio(line) == place


@pytest.mark.parametrize(
    "line",
    [
        "渡口通车第一天，船工老丁数过桥的人，数到傍晚，一共三千二百个",
        "2031年4月18日，石桥渡口停了最后一班船，两岸的人都来送。",
        "本报《江风晚报》第3版刊登的照片，作者应为秦川。特此更正。",
        "石桥渡口昨日通车",
        "出版社送来三百本书",
        "",
        " ",
        "2031年4月18日" + "长" * 200,
    ],
)
def test_read_folio_says_nothing_where_the_line_is_none(line: str) -> None:
    assert not is_folio(line)
    assert read_folio(line) == Place()


@pytest.mark.parametrize("line", ["2031年2月30日 第02版", "2031-13-01 第02版"])
def test_read_folio_knows_no_impossible_date(line: str) -> None:
    assert read_folio(line).date is None
    assert read_folio(line).number == "02"


def test_place_from_folio_fills_only_what_is_missing() -> None:
    lines = ["石桥渡口昨日通车", "江风晚报 A3 社会", "2031年4月18日 星期五 第05版"]
    assert place_from_folio(Place(), lines) == Place("江风晚报", DAY, "A3")
    given = Place("早报", datetime.date(2030, 1, 1), "07")
    assert place_from_folio(given, lines) == given
    assert place_from_folio(Place("早报"), []) == Place("早报")
