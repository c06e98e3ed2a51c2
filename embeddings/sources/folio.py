"""Running heads and folios -> page number, date and paper, for files whose folders say none."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterable

from embeddings.sources.place import Place

MAX_CHARS = 90
MAX_NAME_CHARS = 12
MIN_SIGNS = 2
DIGITS = "〇一二三四五六七八九"
COUNT = r"[0-9〇零一二三四五六七八九十]{1,3}"
YEAR = r"(?<![0-9])((?:19|20)[0-9]{2})"
DATES = (
    re.compile(rf"{YEAR} ?年 ?([0-9]{{1,2}}) ?月 ?([0-9]{{1,2}}) ?日"),
    re.compile(rf"{YEAR}([-/.])([0-9]{{1,2}})\2([0-9]{{1,2}})(?![0-9])"),
)
CHINESE_DATE = re.compile(
    rf"([{DIGITS}零○O]{{4}}) ?年 ?([一二三四五六七八九十]{{1,2}}) ?月 ?([一二三四五六七八九十]{{1,3}}) ?日"
)
WEEKDAY = re.compile(r"星期 ?[一二三四五六日天]")
PAGE = re.compile(
    rf"第 ?([A-Za-z]?{COUNT}) ?[版页]|(?<![\w今])(?<!今日 )([A-Za-z]?{COUNT}) ?版(?![\w面本权])"
)
LETTERED = re.compile(r"(?<![\w.])([A-Z][0-9]{1,2})(?![\w.%])")
NAMED = re.compile(r"([0-9]{1,2})(?: ?[:·|/] ?| )[一-鿿]{2,6}")
ALONE = re.compile(r"[A-Z]?[0-9]{1,2}")
PAPER = re.compile(
    r"(?<![一-鿿])([一-鿿]{1,8}(?:日报|晚报|早报|晨报|时报|商报|快报|导报|周报|周刊|都市报|新报|青年报|工人报|消费报|文摘报))"
    r"(?![一-鿿])"
)
IMPRINT = re.compile(r"刊号|邮发代号|总?第 ?[0-9]+ ?期|农历|今日 ?[0-9]+ ?版|责任?编辑?|电子信箱")
SENTENCE = re.compile(r"[。！？；;]|[,，].*[,，]")


def is_folio(text: str) -> bool:
    """Whether a line is a running head or folio: no sentence, and it names a date or a page."""
    folded = _folded(text)
    if len(folded) > MAX_CHARS or SENTENCE.search(folded):
        return False
    if ALONE.fullmatch(folded) or NAMED.fullmatch(folded):
        return True
    if PAGE.search(folded) and len(PAGE.sub("", folded)) <= MAX_NAME_CHARS:
        return True
    evidence = [PAGE, LETTERED, WEEKDAY, PAPER, IMPRINT]
    signs = sum(bool(pattern.search(folded)) for pattern in evidence)
    if _date(folded) is None:
        return signs >= MIN_SIGNS
    return signs > 0 or len(_dateless(folded).strip()) <= MAX_NAME_CHARS


def read_folio(text: str) -> Place:
    """What a running head or folio says; empty for any other line."""
    if not is_folio(text):
        return Place()
    folded = _folded(text)
    paper = PAPER.search(folded)
    return Place(paper.group(1) if paper else None, _date(folded), _number(folded))


def place_from_folio(place: Place, lines: Iterable[str]) -> Place:
    """`place` with what is missing in it taken from the first line that says it."""
    for line in lines:
        said = read_folio(line)
        place = Place(place.paper or said.paper, place.date or said.date, place.number or said.number)
    return place


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text[: 2 * MAX_CHARS]).split())


def _dateless(folded: str) -> str:
    for pattern in (*DATES, CHINESE_DATE):
        folded = pattern.sub(" ", folded)
    return folded


def _date(folded: str) -> datetime.date | None:
    for pattern in DATES:
        match = pattern.search(folded)
        if match:
            year, month, day = (int(group) for group in match.groups() if group.isdigit())
            return _calendar(year, month, day)
    match = CHINESE_DATE.search(folded)
    if not match:
        return None
    return _calendar(_count(match[1]), _count(match[2]), _count(match[3]))


def _calendar(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _number(folded: str) -> str | None:
    dateless = _dateless(folded)
    for pattern in (PAGE, LETTERED):
        match = pattern.search(dateless)
        if match:
            return _numeral(next(group for group in match.groups() if group))
    rest = " ".join(WEEKDAY.sub(" ", PAPER.sub(" ", dateless)).split())
    match = NAMED.fullmatch(rest)
    if match:
        return match.group(1)
    return rest if ALONE.fullmatch(rest) else None


def _numeral(text: str) -> str:
    """`二` as `2`, `十二` as `12`; what is already in digits stays as printed."""
    if text[-1].isascii():
        return text.upper()
    return str(_count(text))


def _count(text: str) -> int:
    """Value of a Chinese numeral below a hundred; also of single figures in a row."""
    if "十" not in text:
        return int("".join(str(DIGITS.index(c)) if c in DIGITS else c if c.isdigit() else "0" for c in text))
    tens, _, ones = text.partition("十")
    return 10 * (_count(tens) if tens else 1) + (_count(ones) if ones else 0)
