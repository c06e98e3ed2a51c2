"""Bylines split into people with roles, and the datelines of leads."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.layout.names import looks_like_name
from embeddings.layout.people import dateline_of, people_of
from embeddings.records import Dateline, PersonRole


def written(byline: str) -> str:
    """The people of a byline as `name:role`, parted by blanks."""
    return " ".join(f"{person.name}:{person.role}" for person in people_of(byline))


@pytest.mark.parametrize(
    ("byline", "people"),
    [
        ("记者 毛小路", "毛小路:reporter"),
        ("记者毛小路", "毛小路:reporter"),
        ("记者：毛小路", "毛小路:reporter"),
        ("□记者 毛小路", "毛小路:reporter"),
        ("见习记者 毛小路", "毛小路:reporter"),
        ("江风晚报全媒体记者 毛小路", "毛小路:reporter"),
        ("江风News记者 毛小路", "毛小路:reporter"),
        ("本报驻京记者 毛小路", "毛小路:reporter"),
        ("本报讯(记者 毛小路 通讯员 秦川)", "毛小路:reporter 秦川:correspondent"),
        ("新华社江城6月5日电（记者毛小路、秦川）", "毛小路:reporter 秦川:reporter"),
        ("本报记者 毛小路 实习生 李明", "毛小路:reporter 李明:reporter"),
        ("记者毛小路 通讯员秦川 王芳", "毛小路:reporter 秦川:correspondent 王芳:correspondent"),
        ("江风在线记者 毛小路通讯员 秦川", "毛小路:reporter 秦川:correspondent"),
        ("（毛小路 秦川）", "毛小路:author 秦川:author"),
        ("□毛小路", "毛小路:author"),
        ("■溪边客", "溪边客:author"),
        ("毛小路", "毛小路:author"),
        ("作者是毛小路", "毛小路:author"),
        ("特约撰稿 毛小路", "毛小路:author"),
        ("作者：老街编辑部", "老街编辑部:author"),
        ("John Smith 文 毛小路 译", "John Smith:author 毛小路:translator"),
        ("本报特约评论员 毛小路", "毛小路:commentator"),
        ("本报评论员", "本报评论员:commentator"),
        ("江风日报评论员", "江风日报评论员:commentator"),
    ],
)
def test_people_of_gives_the_capacity_a_title_names(byline: str, people: str) -> None:
    assert written(byline) == people


@pytest.mark.parametrize(
    ("byline", "people"),
    [
        ("通讯员 秦川 摄", "秦川:photographer"),
        ("毛小路摄", "毛小路:photographer"),
        ("摄影记者 毛小路", "毛小路:photographer"),
        ("毛小路 文/图", "毛小路:author 毛小路:photographer"),
        ("毛小路文/图", "毛小路:author 毛小路:photographer"),
        ("文/图 毛小路", "毛小路:author 毛小路:photographer"),
        ("毛小路 图文", "毛小路:author 毛小路:photographer"),
        ("毛小路 摄影报道", "毛小路:reporter 毛小路:photographer"),
        ("毛小路摄影报道", "毛小路:reporter 毛小路:photographer"),
        ("通讯员 秦川 文并摄", "秦川:correspondent 秦川:photographer"),
        (
            "记者 毛小路 通讯员 秦川 文/图",
            "毛小路:reporter 毛小路:photographer 秦川:correspondent 秦川:photographer",
        ),
        ("记者 毛小路 通讯员 秦川 摄", "毛小路:reporter 秦川:photographer"),
        ("文/记者 毛小路 图/记者 秦川", "毛小路:reporter 秦川:photographer"),
        ("撰文/毛小路 摄影/秦川", "毛小路:author 秦川:photographer"),
        ("毛小路/文 秦川/图", "毛小路:author 秦川:photographer"),
        ("毛小路 文 秦川 图", "毛小路:author 秦川:photographer"),
        ("记者 毛小路 摄影 秦川", "毛小路:reporter 秦川:photographer"),
        ("毛小路 绘", "毛小路:illustrator"),
        ("图 制图/毛小路", "毛小路:illustrator"),
        ("记者 毛小路 北京摄影报道", "毛小路:reporter 毛小路:photographer"),
        ("毛小路 编译", "毛小路:translator"),
        ("译者：毛小路", "毛小路:translator"),
        ("作者阿米娜·图尔，毛小路译", "阿米娜·图尔:author 毛小路:translator"),
        ("毛小路 整理", "毛小路:editor"),
        (
            "策划：毛小路 撰文：秦川 王芳 制图：李明",
            "毛小路:editor 秦川:author 王芳:author 李明:illustrator",
        ),
    ],
)
def test_people_of_gives_what_a_task_says_they_did(byline: str, people: str) -> None:
    assert written(byline) == people


@pytest.mark.parametrize(
    ("byline", "people"),
    [
        ("据《江风报》", "江风报:source"),
        ("据《江风报》、《石桥晚报》报道", "江风报:source 石桥晚报:source"),
        ("综合新华社电", "新华社:source"),
        ("综合新华社、中新社电", "新华社:source 中新社:source"),
        ("据新华社江城6月5日电（记者毛小路）", "新华社:source 毛小路:reporter"),
        ("新华社发（毛小路摄）", "新华社:source 毛小路:photographer"),
        ("新华社/法新", "新华社:source 法新:source"),
        ("镇文化站供图", "镇文化站:source"),
        ("图片来源：镇文化站", "镇文化站:source"),
        ("记者 毛小路 镇文化站供图", "毛小路:reporter 镇文化站:source"),
        ("受访者供图", ""),
        ("图片来源：网络", ""),
    ],
)
def test_people_of_names_sources_but_no_nobody(byline: str, people: str) -> None:
    assert written(byline) == people


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("记者 李 明 王晓红", "李明 王晓红"),
        ("记者 李　明 王　芳", "李明 王芳"),
        ("记者 李 明 王 晓红", "李明 王晓红"),
        ("记者 王 小 明", "王小明"),
        ("记者 欧阳 修 司马 文静 毛小路", "欧阳修 司马文静 毛小路"),
        ("记者 欧阳文静", "欧阳文静"),
        ("记者 阿卜杜拉·买买提", "阿卜杜拉·买买提"),
        ("记者 阿卜杜拉 · 买买提 索朗德吉", "阿卜杜拉·买买提 索朗德吉"),
        ("记者 和晓 付一鸣", "和晓 付一鸣"),
        ("毛小路和秦大川", "毛小路 秦大川"),
        ("记者毛小路秦大川", "毛小路 秦大川"),
        ("记者李明王芳", "李明 王芳"),
        ("记者 毛小路等", "毛小路"),
        ("记者 李自强 谭在龙", "李自强 谭在龙"),
        ("记者 毛小路 毛小路", "毛小路"),
    ],
)
def test_people_of_divides_names_where_a_reader_would(byline: str, names: str) -> None:
    assert " ".join(person.name for person in people_of(byline)) == names


@pytest.mark.parametrize(
    "byline",
    [
        "记者 毛小路（见习）",
        "本报记者 毛小路 发自江城",
        "本报记者 毛小路 江城报道",
        "见习记者 毛小路 北京 报道",
        "记者 毛小路 作者单位：江城大学",
        "记者 毛小路（作者单位：江城大学文学院）",
        "（记者 毛小路",
        "记者 毛小路）",
        "记者观察 本报记者 毛小路",
        "记者 毛小路 受访者供图",
    ],
)
def test_people_of_leaves_out_what_stands_beside_a_name(byline: str) -> None:
    assert written(byline) == "毛小路:reporter"


@pytest.mark.parametrize(
    "byline",
    [
        "",
        "记者手记",
        "记者观察",
        "记者调查",
        "本报记者",
        "本报讯（现场直击）",
        "党建 激活",
        "安全 生产",
        "记者从会上获悉",
    ],
)
def test_people_of_finds_nobody_where_nobody_is_named(byline: str) -> None:
    assert people_of(byline) == ()


@pytest.mark.parametrize(
    ("paragraph", "dateline"),
    [
        ("本报江城6月5日讯（记者 毛小路）老街上", Dateline("本报", "江城", "6月5日")),
        ("本报讯 老街上", Dateline("本报", "", "")),
        ("【本报讯】老街上", Dateline("本报", "", "")),
        ("本报江城讯（记者 毛小路）", Dateline("本报", "江城", "")),
        ("　　本报　江城６月５日电", Dateline("本报", "江城", "６月５日")),
        ("本报台北8月6日电", Dateline("本报", "台北", "8月6日")),
        ("新华社联合国6月5日电", Dateline("新华社", "联合国", "6月5日")),
        ("新华社江城6月5日新媒体专电（毛小路）", Dateline("新华社", "江城", "6月5日")),
        ("新华社“雪龙”号5月3日电", Dateline("新华社", "“雪龙”号", "5月3日")),
        ("新华社三亚五月三日电", Dateline("新华社", "三亚", "五月三日")),
        ("据新华社电 老街上", Dateline("新华社", "", "")),
        ("据新华社江城6月5日电老街上", Dateline("新华社", "江城", "6月5日")),
        ("中新社香港4日电", Dateline("中新社", "香港", "4日")),
        ("人民网北京6月5日电", Dateline("人民网", "北京", "6月5日")),
        ("江风网2024年6月5日讯", Dateline("江风网", "", "2024年6月5日")),
        ("江风之家 6 月 5 日消息，老街上", Dateline("江风之家", "", "6月5日")),
        ("央视网消息：老街上", Dateline("央视网", "", "")),
        ("综合消息：老街上", Dateline("综合消息", "", "")),
        ("(本报综合报道)", Dateline("本报", "", "")),
        ("【江风时报综合报道】老街上", Dateline("江风时报", "", "")),
        ("1905电影网讯 老街上", Dateline("1905电影网", "", "")),
        ("江风网（石桥日报网）讯（记者 毛小路）", Dateline("江风网（石桥日报网）", "", "")),
    ],
)
def test_dateline_of_reads_agency_place_and_day(paragraph: str, dateline: Dateline) -> None:
    assert dateline_of(paragraph) == dateline


@pytest.mark.parametrize(
    "paragraph",
    [
        "",
        "(记者 毛小路)老街上",
        "老街上的面馆今天开张。",
        "据江风晚报6月5日报道，面馆开张",
        "据江风台消息，面馆开张",
        "本报6月5日电影版介绍了面馆",
        "新华社记者6日获悉，面馆开张",
        "6月5日，本报讯息中心开放",
        "老街上的面馆，本报江城6月5日电",
        "老街上的面馆本报江城6月5日电",
        "网上6月5日消息",
    ],
)
def test_dateline_of_gives_none_for_an_ordinary_paragraph(paragraph: str) -> None:
    assert dateline_of(paragraph) is None


@given(st.text(alphabet="记者通讯员摄文图/、 （）:·毛小路李明欧阳据《》社电6月5日王a和,", max_size=60))
def test_people_of_gives_printed_names_once_with_known_roles(byline: str) -> None:
    people = people_of(byline)
    assert len(set(people)) == len(people)
    printed = "".join(byline.split())
    for person in people:
        assert person.name
        assert "".join(person.name.split()) in printed
        assert person.role in set(PersonRole)


@pytest.mark.parametrize(
    "unit",
    [
        "记者 甲",
        "王",
        "李 ",
        "文/",
        "据《",
        "新华社",
        "一",
        "1",
        "、",
        "·",
        "王明和",
        "欧阳 ",
        ",王明译",
        "报社",
    ],
)
def test_reading_takes_no_longer_for_hostile_text(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    started = time.perf_counter()
    people_of(text)
    dateline_of(text)
    looks_like_name(text)
    assert time.perf_counter() - started < 1.0
