"""Texts folded for search: what is written differently and means the same becomes the same.

Widths and cases (NFKC), traditional and simplified characters, Chinese and Arabic numerals. Questions and
passages are folded alike, so what a fold gets wrong it gets wrong on both sides, and they still meet.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache
from importlib import resources

_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = "万亿"

# Longer ones are codes or nonsense.
NUMERAL_CHARS_MAX = 24

_DIGIT = r"[零〇一二两三四五六七八九]"
_ARABIC = r"[0-9]+(?:\.[0-9]+)?"
_GROUPED = re.compile(r"(?<![0-9.,])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])")
_SHARE = re.compile(rf"百分之((?:{_DIGIT}|[十百])+(?:点{_DIGIT}+)?|{_ARABIC})")
# At least two characters, one of them Han.
_NUMERAL = re.compile(
    rf"(?:(?<![0-9.])[0-9]+(?:\.[0-9]+)?[十百千万亿]|[零〇一二两三四五六七八九十][零〇一二两三四五六七八九十百千万亿])"
    rf"(?:{_ARABIC}|[零〇一二两三四五六七八九十百千万亿])*(?:点{_DIGIT}+)?"
)
_PART = re.compile(rf"{_ARABIC}|.")


def normalised(text: str) -> str:
    """NFKC and case folded: full-width and half-width forms meet. Offsets are not kept."""
    return unicodedata.normalize("NFKC", text).casefold()


def folded(text: str) -> str:
    """The text as the search sees it: normalised, simplified, its numerals in Arabic digits."""
    return _with_arabic(simplified(normalised(text)))


def simplified(text: str) -> str:
    """Every traditional character as its usual simplified one; offsets are kept."""
    pattern, table = _traditional()
    return pattern.sub(lambda match: table[match[0]], text)


@cache
def _traditional() -> tuple[re.Pattern[str], dict[str, str]]:
    """A pattern, which passes over other text three times as fast as `str.translate`, and what it finds."""
    stored = json.loads(resources.files("embeddings").joinpath("traditional.json").read_text("utf-8"))
    table = dict(zip(stored["traditional"], stored["simplified"], strict=True))
    return re.compile(f"[{''.join(table)}]"), table


def _with_arabic(text: str) -> str:
    """`三十五件` as `35件`, `2.5万` as `25000`, `百分之三` as `3%`, `1,234` as `1234`; a lone `三` stays."""
    if "," in text:
        text = _GROUPED.sub(lambda match: match[0].replace(",", ""), text)
    if "百分之" in text:
        text = _SHARE.sub(lambda match: _value(match[1]) + "%", text)
    return _NUMERAL.sub(lambda match: _value(match[0]), text)


def _value(numeral: str) -> str:
    """A numeral in Arabic digits; digits without a unit stand one by one, and what is too long as it is."""
    whole, _, decimals = numeral.partition("点")
    parts = _PART.findall(whole)
    if len(numeral) > NUMERAL_CHARS_MAX:
        return numeral
    digits = "".join(str(_DIGITS[digit]) for digit in decimals)
    if not any(part in _UNITS or part in _MYRIADS for part in parts):
        return "".join(str(_DIGITS.get(part, part)) for part in parts) + (f".{digits}" if digits else "")
    text = f"{_sum(parts):.4f}".rstrip("0").rstrip(".")
    return f"{text}.{digits}" if digits and "." not in text else text


def _sum(parts: list[str]) -> float:
    """The number that digits and units make as they are spoken: `3 万 5` is 35,000."""
    total = section = number = 0.0
    unit = 1.0
    for part in parts:
        if part == "亿":
            total, section, number, unit = (total + section + number) * 1e8, 0.0, 0.0, 1e8
        elif part == "万":
            total, section, number, unit = total + (section + number) * 1e4, 0.0, 0.0, 1e4
        elif part in _UNITS:
            unit = float(_UNITS[part])
            section, number = section + (number or 1.0) * unit, 0.0
        else:
            number = float(_DIGITS[part]) if part in _DIGITS else float(part)
            unit = unit if number else 1.0
    cut_short = 0 < number < 10 and unit > 10
    return total + section + (number * unit / 10 if cut_short else number)
