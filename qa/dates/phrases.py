"""One phrase of the calendar: `2024年11月12日`, `今年8月`, `去年国庆`, `10月上旬`, `前三季度`, `年底`.

A parser here looks at one place of a folded text (`qa.dates.numerals.fold`) and gives a `Phrase` or `None`.
A phrase knows its days once a year is given, because most phrases leave the year out and only the reader of
the text knows which is meant.
"""

from __future__ import annotations

import re
from datetime import date

from qa.dates import spans
from qa.dates.festival_phrases import festival, festival_alone
from qa.dates.numerals import NUMBER, number
from qa.dates.phrase import Inside, InYear, Phrase, Told
from qa.dates.spans import Days

_YEAR = re.compile(
    r"(?:(?P<full>(?:19|20)\d\d|[一二][九零][零一二三四五六七八九]{2})年(?![级龄轮代画货糕])(?!(?<=000年)[前多余来历])"
    r"|(?P<short>\d\d)年(?=\d{1,2}月)"
    r"|(?P<word>大前年|今年|本年(?=度)|去年|上一年|上年(?=度|末|底)|前年|明年|后年|来年))(?:度(?![过假]))?"
)
_SAME_DAY = re.compile(r"的?今[天日]")
_SHORT_SEASON = re.compile(r"(?P<word>[今去明])(?P<season>[春夏秋冬])(?![瓜雨夏秋菜])")
_YEARS_AWAY = {
    "大前年": -3, "前年": -2, "去年": -1, "上年": -1, "上一年": -1, "去": -1, "今年": 0, "本年": 0, "今": 0,
    "明年": 1, "来年": 1, "明": 1, "后年": 2,
}  # fmt: skip
_SEASONS = {"春": (3, 5), "夏": (6, 8), "秋": (9, 11), "暑": (7, 8), "寒": (1, 2)}

_DAYS_OF_MONTH = re.compile(
    rf"(?P<month>{NUMBER})月份?(?P<first>{NUMBER})[日号]?(?:至|到|、|和|-{{1,2}})(?P<last>{NUMBER})[日号]"
)
_DAY = re.compile(
    rf"(?P<month>{NUMBER})月份?(?P<day>{NUMBER})[日号](?![楼线馆院])"
    r"|(?P<month_typed>\d{1,2})月(?P<day_typed>\d{1,2})(?=见报|的?报|[晚早]|那天|[?？，,]|$)"
)
_MONTHS = re.compile(rf"(?P<first>{NUMBER})月?份?(?:至|到|-{{1,2}})(?P<last>{NUMBER})月份?(?!{NUMBER}[日号])")
_MONTH = re.compile(
    rf"(?P<month>{NUMBER})月(?!龄|饼|亮|球|嫂|薪|票|子|租|季)份?"
    r"(?:的?(?P<third>[上中下])旬|(?P<edge>底|末|初(?![中一二三步次赛高])|中(?=[的、，。,?？\s]|$)))?"
)
# 十月稻田, 五月花: a month in Chinese figures alone must be followed by what can follow a month.
_MONTH_GOES_ON = re.compile(
    r"[^\u4e00-\u9fff]|[份的底初中末上下以起至到那这有里间前后来在新开发举召共全市我哪什谁多为怎是会要还又第见报刊]"
)
_HALF = re.compile(r"(?P<half>[上下])半年(?!制)")
_QUARTER = re.compile(
    r"第?(?P<quarter>[一二三四1-4])季度?(?![水稻大])|(?P<head>首季)|[Qq](?P<code>[1-4])(?!\w|\s*20\d\d)"
)
_SO_FAR = re.compile(rf"[前头](?P<count>{NUMBER})个?(?P<unit>季度|月)(?!{NUMBER}[日号])")
_EDGE = re.compile(
    r"年?(?:(?P<first>初(?![中一二三步次赛高夏冬春秋]))|(?P<last>[底末](?![端线层薪价])))|年(?P<middle>中)(?![国秋考午])"
)
_EDGE_ALONE = re.compile(
    r"(?<![今去明每过生学万千百十])(?:年(?P<first>初)(?![一二三])|(?:年|岁)(?P<last>[底末]))"
)
_SEASON = re.compile(r"(?P<season>[春夏秋冬])[天季]|(?P<break>[暑寒])[假期]")


def calendar_phrase(text: str, at: int, day: date) -> Phrase | None:
    """The phrase of the calendar that begins at `at`, its year counted from `day` where a word counts it."""
    said = _YEAR.match(text, at)
    if said:
        return _with_year(text, at, said, day)
    short = _SHORT_SEASON.match(text, at)
    if short:
        year = _counted(short["word"], day)
        return Phrase(at, short.end(), _season(short["season"]), Told.COUNTED, year)
    inside = _inside_alone(text, at)
    return Phrase(at, inside.end, inside.days, Told.OPEN, -1, inside.month, inside.closes) if inside else None


def month_inside(text: str, at: int, year: int, month: int) -> Inside | None:
    """A day or a part of a month that is known: what may follow `本月`."""
    found = re.compile(rf"(?P<day>{NUMBER})[日号]|(?P<third>[上中下])旬|(?P<edge>初(?!中)|底|末)").match(
        text, at
    )
    if found is None:
        return None
    if found["day"]:
        days = number(found["day"])
        return Inside(found.end(), lambda _: spans.one_day(year, month, days), month, closes=True)
    part = _part(month, found["third"], found["edge"])
    return Inside(found.end(), lambda _: part(year), month, closes=found["edge"] in {"底", "末"})


def _with_year(text: str, at: int, said: re.Match[str], day: date) -> Phrase | None:
    if said["word"]:
        if text[at - 1 : at] == "年" and said["word"] in {"前年", "后年", "来年"}:
            return None
        year, told = _counted(said["word"], day), Told.COUNTED
    else:
        year = number(said["full"]) if said["full"] else 2000 + int(said["short"])
        told = Told.WRITTEN
    same_day = _SAME_DAY.match(text, said.end())
    if same_day:
        then = spans.months_away(day, (year - day.year) * spans.MONTHS_OF_YEAR)
        return Phrase(at, same_day.end(), lambda _: Days(then, then), told, year, then.month, closes=True)
    after = said.end() + (text[said.end() : said.end() + 1] == "的")
    inside = _inside_year(text, after) or (_inside_year(text, said.end()) if after != said.end() else None)
    if inside:
        return Phrase(at, inside.end, inside.days, told, year, inside.month, inside.closes)
    return Phrase(at, said.end(), spans.whole_year, told, year)


def _counted(word: str, day: date) -> int:
    return day.year + _YEARS_AWAY[word]


def _inside_year(text: str, at: int) -> Inside | None:
    """What follows a year that was said."""
    return (
        _month_or_day(text, at)
        or _half_or_quarter(text, at)
        or _so_far(text, at)
        or _edge(_EDGE.match(text, at))
        or _season_of(text, at)
        or festival(text, at)
    )


def _inside_alone(text: str, at: int) -> Inside | None:
    """What stands for itself, the year left out."""
    found = _month_or_day(text, at)
    if found and found.month and not found.closes and not _month_alone(text, at, found.end):
        return None
    quarter = _half_or_quarter(text, at)
    # 停采一季: a season of work, where no year stands before it.
    if quarter and text[quarter.end - 1] == "季" and text[at] not in "第首":
        quarter = None
    found = found or quarter or _edge(_EDGE_ALONE.match(text, at))
    if found:
        return found
    sum_up = _SO_FAR.match(text, at)
    if sum_up and sum_up["unit"] == "季度":
        return _so_far(text, at)
    return festival_alone(text, at)


def _month_alone(text: str, at: int, end: int) -> bool:
    """Whether a month without its year is one: not 十月稻田, 前10月, 满12月."""
    if at and text[at - 1] in "前头近满逾超约共个几":
        return False
    in_figures = text[at].isdecimal()
    return (
        in_figures
        or end == len(text)
        or text[end - 1] in "旬底末初中份"
        or bool(_MONTH_GOES_ON.match(text, end))
    )


def _month_or_day(text: str, at: int) -> Inside | None:
    found = _DAYS_OF_MONTH.match(text, at)
    if found:
        of_month, first, last = (number(found[name]) for name in ("month", "first", "last"))
        if min(of_month, first, last) >= 0:
            days = lambda year: spans.day_range(year, of_month, first, last)  # noqa: E731
            return Inside(found.end(), days, of_month, closes=True)
    found = _DAY.match(text, at)
    if found:
        typed = "_typed" if found["month"] is None else ""
        return _single(found.end(), number(found[f"month{typed}"]), number(found[f"day{typed}"]))
    return _months(_MONTHS.match(text, at)) or _one_month(_MONTH.match(text, at))


def _single(end: int, of_month: int, day: int) -> Inside | None:
    if min(of_month, day) < 0:
        return None
    return Inside(end, lambda year: spans.one_day(year, of_month, day), of_month, closes=True)


def _months(found: re.Match[str] | None) -> Inside | None:
    if found is None:
        return None
    first, last = number(found["first"]), number(found["last"])
    if not 1 <= first < last <= spans.MONTHS_OF_YEAR:
        return None
    return Inside(found.end(), lambda year: spans.months(year, first, last))


def _one_month(found: re.Match[str] | None) -> Inside | None:
    if found is None or not 1 <= number(found["month"]) <= spans.MONTHS_OF_YEAR:
        return None
    of_month = number(found["month"])
    closes = found["edge"] in {"底", "末"}
    return Inside(found.end(), _part(of_month, found["third"], found["edge"]), of_month, closes)


def _part(of_month: int, third: str | None, edge: str | None) -> InYear:
    """The days of a month, or of the third of it that a word names; 初 is 上旬, 中 is 中旬, 底 is 下旬."""
    which = {"上": 0, "初": 0, "中": 1, "下": 2, "底": 2, "末": 2}.get(third or edge or "")
    if which is None:
        return lambda year: spans.month(year, of_month)
    return lambda year: spans.third(year, of_month, which)


def _half_or_quarter(text: str, at: int) -> Inside | None:
    half = _HALF.match(text, at)
    if half:
        first = 1 if half["half"] == "上" else 7
        return Inside(half.end(), lambda year: spans.months(year, first, first + 5))
    found = _QUARTER.match(text, at)
    if found is None:
        return None
    quarter = 1 if found["head"] else number(found["quarter"] or found["code"])
    return Inside(found.end(), lambda year: spans.months(year, quarter * 3 - 2, quarter * 3))


def _so_far(text: str, at: int) -> Inside | None:
    """The first quarters or months of a year: 前三季度, 前10月."""
    found = _SO_FAR.match(text, at)
    if found is None:
        return None
    last = number(found["count"]) * (3 if found["unit"] == "季度" else 1)
    if not 1 <= last <= spans.MONTHS_OF_YEAR:
        return None
    return Inside(found.end(), lambda year: spans.months(year, 1, last))


def _edge(found: re.Match[str] | None) -> Inside | None:
    """The first two months of a year, the last two, or the two in its middle."""
    if found is None:
        return None
    first = 1 if found["first"] else 11 if found["last"] else 6
    return Inside(found.end(), lambda year: spans.months(year, first, first + 1), closes=bool(found["last"]))


def _season_of(text: str, at: int) -> Inside | None:
    found = _SEASON.match(text, at)
    return Inside(found.end(), _season(found["season"] or found["break"])) if found else None


def _season(name: str) -> InYear:
    if name == "冬":
        return spans.winter
    first, last = _SEASONS[name]
    return lambda year: spans.months(year, first, last)
