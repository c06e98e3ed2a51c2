"""The shapes of bylines, leads and credits."""

from __future__ import annotations

import time

import pytest

from embeddings.layout.bylines import (
    credit_start,
    dateline_match,
    end_byline,
    is_byline,
    is_credit,
    is_lead,
    lead_byline,
    line_byline,
)
from embeddings.layout.lines import FOLD


@pytest.mark.parametrize(
    "line",
    [
        "记者 毛小路",
        "记者毛小路",
        "□记者 毛小路",
        "（记者 毛小路 通讯员 秦川）",
        "通讯员 秦川 记者 毛小路",
        "本报记者 毛小路、李 明",
        "江风晚报全媒体记者 毛小路",
        "毛小路 文/图",
        "文/图 毛小路",
        "作者：秦川",
        "新华社记者 阿依古丽·买买提",
        "文/记者 毛小路 图/记者 秦川",
        "撰文/毛小路 摄影/秦川",
        "策划：毛小路 统筹：秦川",
        "记者 毛小路 李 明 通讯员 秦川 文/图",
        "本报记者 毛小路 发自江城",
        "本报评论员",
        "——江风日报特约评论员",
        "据《江风报》",
        "综合新华社、中新社电",
    ],
)
def test_is_byline_knows_the_usual_shapes(line: str) -> None:
    assert is_byline(line.translate(FOLD))


@pytest.mark.parametrize(
    "line",
    [
        "记者手记",
        "记者 毛小路 摄",
        "记者从会上获悉，面馆明天开张。",
        "面馆开张",
        "通讯员队伍再添新人，全镇已有三十名",
        "记者 " + "毛小路" * 40,
        "文件/资料",
        "图：面馆门口排起的长队",
        "据《江风报》报道，面馆明天开张",
    ],
)
def test_is_byline_refuses_what_only_resembles_one(line: str) -> None:
    assert not is_byline(line.translate(FOLD))


@pytest.mark.parametrize(
    "line",
    [
        "记者 毛小路 摄",
        "通讯员 秦川 摄",
        "毛小路 摄",
        "（毛小路 摄）",
        "毛小路摄",
        "毛小路/摄",
        "记者 毛小路、秦川 摄影报道",
        "摄影：毛小路",
        "图片来源：网络",
        "镇文化站供图",
        "（资料图片）",
    ],
)
def test_is_credit_knows_the_usual_shapes(line: str) -> None:
    assert is_credit(line.translate(FOLD))


@pytest.mark.parametrize("line", ["记者 毛小路", "面馆门口拍摄", "两人正在拍摄", "他爱好摄影，常来店里。"])
def test_is_credit_refuses_what_only_resembles_one(line: str) -> None:
    assert not is_credit(line.translate(FOLD))


@pytest.mark.parametrize(
    ("caption", "credit"),
    [
        ("面馆开张当天。记者 毛小路 摄", "记者 毛小路 摄"),
        ("面馆开张当天。 毛小路 摄", "毛小路 摄"),
        ("面馆门口排起长队 毛小路 摄", "毛小路 摄"),
        ("面馆开张当天。（资料图片）", "（资料图片）"),
        ("面馆开张当天。", ""),
        ("他来这里拍摄", ""),
    ],
)
def test_credit_start_finds_the_credit_at_the_end(caption: str, credit: str) -> None:
    assert caption[credit_start(caption.translate(FOLD)) :] == credit


@pytest.mark.parametrize(
    ("paragraph", "byline"),
    [
        ("本报讯(记者 毛小路 通讯员 秦川)老街上", "记者 毛小路 通讯员 秦川"),
        ("本报讯（记者　毛小路）老街上", "记者 毛小路"),
        ("新华社江城6月5日电（记者毛小路、秦川）老街上", "记者毛小路、秦川"),
        ("新华社江城6月5日新媒体专电（毛小路）老街上", "毛小路"),
        ("本报石桥3月4日电（记者 毛小路）老街上", "记者 毛小路"),
        ("（记者 毛小路）老街上", "记者 毛小路"),
        ("【本报讯】老街上", ""),
        ("本报讯 老街上", ""),
        ("据新华社电 老街上", ""),
        ("央视网消息（记者 毛小路）：老街上", "记者 毛小路"),
        ("江风之家6月5日消息（毛小路）老街上", "毛小路"),
        ("江风日报江城讯（记者 毛小路）老街上", "记者 毛小路"),
        ("综合消息：老街上", ""),
    ],
)
def test_lead_byline_gives_the_names_of_a_lead(paragraph: str, byline: str) -> None:
    assert is_lead(paragraph.translate(FOLD))
    assert lead_byline(paragraph) == byline


@pytest.mark.parametrize(
    "paragraph",
    ["老街上的面馆今天开张。", "本报记者从会上获悉", "新华社记者调查了三家电站", "据电力公司介绍，明天停电"],
)
def test_is_lead_refuses_an_ordinary_paragraph(paragraph: str) -> None:
    assert not is_lead(paragraph.translate(FOLD))


@pytest.mark.parametrize(
    ("paragraph", "byline"),
    [
        ("街坊都来吃面。（毛小路 秦川）", "毛小路 秦川"),
        ("街坊都来吃面。(记者 毛小路)", "记者 毛小路"),
        ("街坊都来吃面。（完）", ""),
        ("街坊都来吃面（毛小路）", ""),
    ],
)
def test_end_byline_gives_the_names_after_the_last_sentence(paragraph: str, byline: str) -> None:
    assert end_byline(paragraph) == byline


def test_line_byline_drops_the_bullet_and_brackets() -> None:
    assert line_byline("□记者　毛小路") == "记者 毛小路"
    assert line_byline("（毛小路 秦川）") == "毛小路 秦川"


def test_dateline_match_leaves_attributions_to_the_sentence() -> None:
    assert dateline_match("新华社江城6月5日电") is not None
    assert dateline_match("据江风晚报6月5日报道 面馆") is None
    assert dateline_match("本报记者从6日电") is None


@pytest.mark.parametrize("unit", ["记者 甲", "甲 乙/", "李 ", "文/甲 ", "王", "(", "一", "报社", "新华社"])
def test_shapes_take_no_longer_for_hostile_text(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    started = time.perf_counter()
    for line in (text, text[:80], text[:60]):
        is_byline(line)
        is_credit(line)
        credit_start(line)
        is_lead(line)
        lead_byline(line)
        end_byline(line)
        line_byline(line)
    assert time.perf_counter() - started < 1.0
