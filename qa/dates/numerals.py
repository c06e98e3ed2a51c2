"""Characters and numbers as dates are written: `２０２４`, `二〇二四`, `十二`, `廿三`."""

from __future__ import annotations

# One character for one character, so that offsets into the folded text are offsets into the text.
_FOLDED = str.maketrans(
    "０１２３４５６７８９〇○Ｏ　～〜—–－―─週號後這個報兩國慶從過來間節幾開訂為發當紙載導聞條",
    "0123456789零零零 -------周号后这个报两国庆从过来间节几开订为发当纸载导闻条",
)
_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"两": 2}
_TENS = str.maketrans({"廿": "二十", "卅": "三十"})

NUMBER = r"(?:[0-9]{1,3}|[零一二两三四五六七八九十廿卅]{1,4})"


def fold(text: str) -> str:
    """The text with digits, dashes and the traditional characters of dates made one; of the same length."""
    return text.translate(_FOLDED)


def number(text: str) -> int:
    """The number that a match of `NUMBER`, or a year in Chinese digits, says; -1 when it says none."""
    if text.isdecimal():
        return int(text)
    if text == "半":
        return 0
    tens, ten, ones = text.translate(_TENS).partition("十")
    if not ten:
        return _in_digits(tens)
    if len(tens) > 1 or len(ones) > 1:
        return -1
    value = _DIGITS.get(tens or "一", -100) * 10 + _DIGITS.get(ones or "零", -100)
    return max(value, -1)


def _in_digits(text: str) -> int:
    values = [_DIGITS.get(character, -1) for character in text]
    return int("".join(map(str, values))) if values and min(values) >= 0 else -1
