"""Festivals and lunar days as they are written: `春节期间`, `大年初三`, `农历八月十五`, and not `五一路`."""

from __future__ import annotations

import re

from qa.dates import spans
from qa.dates.festivals import FESTIVALS, LUNAR_MONTH_DAYS, holiday, lunar
from qa.dates.numerals import NUMBER, number
from qa.dates.phrase import Inside

_NAMES = "|".join(sorted((name for name in FESTIVALS if not name.startswith("初")), key=len, reverse=True))
_FESTIVAL = re.compile(
    rf"(?:(?:农历|大年|正月)?(?P<name>{_NAMES})|(?:农历正月|大年|正月)(?P<numbered>初[一二三四五六七八]))"
    r"(?P<tail>节日?|夜|当天)?(?P<holiday>小长假|长假|黄金周|假期|假日|放假)?(?P<during>期间)?"
)
_LUNAR_MONTHS = {"正": 1, "冬": 11, "腊": 12}
_LUNAR_DAY = re.compile(
    rf"(?:农历(?P<counted>{NUMBER})|(?:农历)?(?P<named>[正冬腊]))月(?P<day>初?[一二三四五六七八九十廿]{{1,3}})(?!个|天|里)"
)
# 五一路, 清明上河图, 八一建军节大桥: the festival is part of a name.
_IN_A_NAME = re.compile(
    r"(?:大?桥|路|街|巷|大道|广场|公园|新?村|镇|乡|[大中小]学|学校|医院|社区|厂|公司|集团|商圈|支路|农场|劳动奖|奖|杯|"
    r"厅|剧场|剧院|纪念[馆碑]|上河|[轻]|[百千万亿个条只口站]|联赛)"
)
_NEEDS_MORE = frozenset({"六一", "十一", "元宵", "小年"})
_BEFORE_A_FESTIVAL = frozenset("年的在过今去前这个到从至比和与及跟同于是逢为度迎将了自离临对后天日节的度，")


def festival_alone(text: str, at: int) -> Inside | None:
    """A festival without its year; not one in a person's name (王国庆)."""
    before = text[at - 1 : at]
    stands_alone = before in _BEFORE_A_FESTIVAL or not "\u4e00" <= before <= "\u9fff"
    return festival(text, at) if stands_alone else None


def _lunar_day(text: str, at: int) -> Inside | None:
    found = _LUNAR_DAY.match(text, at)
    if found is None:
        return None
    name, day = found["named"] or found["counted"], number(found["day"].removeprefix("初"))
    of_month = _LUNAR_MONTHS.get(name) or number(name)
    if not (1 <= of_month <= spans.MONTHS_OF_YEAR and 1 <= day <= LUNAR_MONTH_DAYS):
        return None
    return Inside(found.end(), lambda year: lunar(of_month, day, year))


def festival(text: str, at: int) -> Inside | None:
    """The festival or lunar day that begins at `at`."""
    by_the_moon = _lunar_day(text, at)
    if by_the_moon:
        return by_the_moon
    found = _FESTIVAL.match(text, at)
    if found is None or _IN_A_NAME.match(text, found.end()):
        return None
    more = found["tail"] or found["holiday"] or found["during"]
    if found["name"] in _NEEDS_MORE and not more and text[at - 1 : at] not in {"年", "的"}:
        return None
    find = FESTIVALS[found["name"] or found["numbered"]]
    if found["holiday"] or found["during"]:
        return Inside(found.end(), lambda year: holiday(find, year))
    return Inside(found.end(), find)
