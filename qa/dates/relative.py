"""Phrases that count from the day of speaking: `昨天`, `上周三`, `本月5日`, `近三年`, `两天前`.

The parsers work on a folded text, as those of `qa.dates.phrases`.
"""

from __future__ import annotations

import re
from datetime import date

from qa.dates import spans
from qa.dates.numerals import NUMBER, number
from qa.dates.phrase import Phrase, Told
from qa.dates.phrases import month_inside
from qa.dates.spans import Days

_DAYS_AWAY = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
_WORD = re.compile(
    r"(?P<word>大前|大后|前|昨|今|明|后)(?:[天日](?!之星|头条|说法)|儿个?(?![媳子女童科时])|晚(?!报)|夜|晨(?!报)|早(?!报))(?!气|然)"
)
_WEEK = re.compile(
    r"(?P<away>上上|下下|上|这|本|下)(?:一个|个|一)?(?:周|星期|礼拜)(?![口边围密刊到转折游知长岁期])"
    r"(?:(?P<weekday>[一二三四五六日天1-6])(?![共直起些个样定场次名位家批篇条则种人地所年岁均报项季届])|(?P<end>末))?"
)
_THIS_WEEKEND = re.compile(r"(?P<away>上上|上|这|本|下)(?:个|一个)?周末")
_MONTH = re.compile(r"(?P<away>上上个?|上个?|这个?|本|下个?)月(?![球饼亮嫂票台薪租供子老])份?的?")
_QUARTER = re.compile(r"(?P<away>上|这|本|下)(?:一个|个|一)?季度")
_AWAY = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1, "下下": 2}
_WEEKDAYS = {name: index for names in ("一二三四五六日", "1234567") for index, name in enumerate(names)} | {
    "天": 6
}

WEEKDAY = re.compile(r"(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])(?![共直起些个样定场次名位家批篇])")
BEFORE_A_WEEKDAY = frozenset("每逢一上下本这个")
_UNIT = r"个?(?P<unit>天|日(?!元)|周|星期|礼拜|月|季度|年)"
_UNITS = {"日": "天", "星期": "周", "礼拜": "周", "季度": "季"}
_ROLLING = re.compile(rf"(?:最近|过去|近|这|刚过去)的?(?P<count>{NUMBER}|半){_UNIT}(?:以?来|间|里|内)?")
_YEARS_UP_TO_NOW = re.compile(rf"(?P<count>{NUMBER})(?P<unit>年)来(?![自源到得看说临访了])")
_FEW_DAYS = re.compile(r"(?:最近|过去|近|这)(?:的)?(?:几|两)[天日](?:以?来|间|里|内)?|这些[天日]")
_FEW_DAYS_AGO = re.compile(r"前(?:几|两|些)[天日](?!前)")
_AGO = re.compile(rf"(?P<count>{NUMBER}|半){_UNIT}(?:以|之)?前(?!往|来|后|[天年三两几])")
_SAME_DAY = re.compile(r"的?今[天日]")
_FEW = 7
# 历时近三年, 用了近20天: nearly so long, and no time up to now.
_NEARLY = frozenset("了时达间约共经耗用已附临接靠邻逼贴远亲将抵最")
# 以上周边, 日本月刊: the character belongs to the word before.
_GLUED_TO = {"上": "以网马晚海天早线身路", "下": "以天乡之", "本": "日基根成书版课剧"}


def relative_phrase(text: str, at: int, day: date) -> Phrase | None:
    """The phrase counted from `day` that begins at `at`."""
    if text[at - 1 : at] and text[at - 1] in _GLUED_TO.get(text[at], ""):
        return None
    return (
        _word(text, at, day)
        or _week(text, at, day)
        or _month(text, at, day)
        or _quarter(text, at, day)
        or _rolling(text, at, day)
        or _ago(text, at, day)
    )


def weekday_of_week(day: date, name: str) -> date:
    """The weekday of that name (一..六, 日, 天) in the week that holds a day."""
    return spans.shifted(spans.week(day, 0).first, _WEEKDAYS[name])


def last_weekday(day: date, name: str) -> date:
    """The last weekday of that name that is not after a day."""
    then = weekday_of_week(day, name)
    return then if then <= day else spans.shifted(then, -spans.DAYS_OF_WEEK)


def counted(start: int, end: int, days: Days, month: int = 0, *, closes: bool = False) -> Phrase:
    """A phrase whose days are known already."""
    return Phrase(start, end, lambda _: days, Told.COUNTED, days.first.year, month, closes)


def _word(text: str, at: int, day: date) -> Phrase | None:
    found = _WORD.match(text, at)
    if found is None or (
        found["word"] == "后"
        and (text[at - 1 : at] in {"先", "前", "年", "月"} or found[0] not in {"后天", "大后天"})
    ):
        return None
    if found["word"] == "前" and text[at - 1 : at] in set("天日年月周以之目当此提"):
        return None
    then = spans.shifted(day, _DAYS_AWAY[found["word"]])
    return counted(at, found.end(), Days(then, then), then.month, closes=True)


def _week(text: str, at: int, day: date) -> Phrase | None:
    found = _THIS_WEEKEND.match(text, at)
    if found:
        week = spans.week(day, _AWAY[found["away"]])
        return counted(at, found.end(), Days(spans.shifted(week.last, -1), week.last), closes=True)
    found = _WEEK.match(text, at)
    if found is None:
        return None
    week = spans.week(day, _AWAY[found["away"]])
    if found["weekday"]:
        then = spans.shifted(week.first, _WEEKDAYS[found["weekday"]])
        return counted(at, found.end(), Days(then, then), then.month, closes=True)
    return counted(at, found.end(), Days(spans.shifted(week.last, -1), week.last) if found["end"] else week)


def _month(text: str, at: int, day: date) -> Phrase | None:
    found = _MONTH.match(text, at)
    if found is None:
        return None
    then = spans.months_away(day.replace(day=1), _AWAY[found["away"].removesuffix("个")])
    inside = month_inside(text, found.end(), then.year, then.month)
    if inside:
        return Phrase(at, inside.end, inside.days, Told.COUNTED, then.year, then.month, inside.closes)
    end = found.end() - (text[found.end() - 1] == "的")
    return counted(at, end, spans.month(then.year, then.month), then.month)


def _quarter(text: str, at: int, day: date) -> Phrase | None:
    found = _QUARTER.match(text, at)
    if found is None:
        return None
    then = spans.months_away(day.replace(day=1), 3 * _AWAY[found["away"]])
    return counted(at, found.end(), spans.unit_around(then, "季"))


def _rolling(text: str, at: int, day: date) -> Phrase | None:
    few = _FEW_DAYS.match(text, at)
    if few:
        return counted(at, few.end(), Days(spans.shifted(day, -_FEW), day))
    few = _FEW_DAYS_AGO.match(text, at)
    if few:
        return counted(at, few.end(), Days(spans.shifted(day, -_FEW), spans.shifted(day, -1)))
    found = _ROLLING.match(text, at) or _YEARS_UP_TO_NOW.match(text, at)
    if found is None or (text[at] == "近" and text[at - 1 : at] in _NEARLY and at):
        return None
    if text[at] == "这" and (found["unit"] not in {"月", "年"} or found["count"] in {"一", "1"}):
        return None
    first = _before(day, found["count"], found["unit"])
    return counted(at, found.end(), Days(first, day)) if first else None


def _ago(text: str, at: int, day: date) -> Phrase | None:
    found = _AGO.match(text, at)
    if found is None or not (at == 0 or text[at - 1] in "在于是约从自早，。、,；;：: "):
        return None
    then = _before(day, found["count"], found["unit"])
    if then and (same_day := _SAME_DAY.match(text, found.end())):
        return counted(at, same_day.end(), Days(then, then), then.month, closes=True)
    unit = _UNITS.get(found["unit"], found["unit"])
    return (
        counted(at, found.end(), spans.unit_around(then, "天" if found["count"] == "半" else unit))
        if then
        else None
    )


def _before(day: date, count: str, unit: str) -> date | None:
    """The day so many units before; half of one is six months of a year, fifteen days of a month."""
    unit = _UNITS.get(unit, unit)
    if count == "半":
        return {"年": spans.months_away(day, -6), "月": spans.shifted(day, -15)}.get(unit)
    return spans.back(day, number(count), unit) if number(count) > 0 else None
