"""`（上接第一版）`, `（下转A3版）`: where the other half of a story stands."""

from __future__ import annotations

import re

_NUMBER = r"[A-Z]?\s*[0-9一二三四五六七八九十]{1,3}"
_PLACE = rf"\s*第?\s*{_NUMBER}\s*[版页]?[^()【】。,]{{0,12}}"
POINTER_FROM = re.compile(rf"[(【]?\s*上接{_PLACE}[)】]?|[(【]\s*(?:紧接|接){_PLACE}[)】]")
POINTER_TO = re.compile(rf"[(【]?\s*下转{_PLACE}[)】]?|[(【]\s*转{_PLACE}[)】]")
POINTER_AT_START = re.compile(rf"[(【]\s*(?:上接|紧接|接){_PLACE}[)】]")
POINTER_AT_END = re.compile(rf"[(【]\s*(?:下转|转){_PLACE}[)】]$")
_NAMED = re.compile(rf"(?:接|转)\s*第?\s*({_NUMBER})")
_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")}
TAIL_CHARS = 40


def pages_named(folded: str) -> tuple[str, str]:
    """The pages that a line names as going before and after it: `3`, `A3`; empty where it names none."""
    whole = POINTER_TO.fullmatch(folded) or POINTER_AT_END.search(folded, max(0, len(folded) - TAIL_CHARS))
    start = POINTER_FROM.fullmatch(folded) or POINTER_AT_START.match(folded)
    return _page(start), _page(whole)


def _page(pointer: re.Match[str] | None) -> str:
    named = _NAMED.search(pointer.group()) if pointer else None
    return page_key(named.group(1)) if named else ""


def page_key(number: str) -> str:
    """A page number in the one form that is compared: `第三版`, `03` and `3` as `3`, `a03` as `A3`."""
    match = re.search(r"([A-Za-z]?)\s*([0-9]+|[一二三四五六七八九十]+)", number)
    if not match:
        return number
    letter, digits = match.groups()
    return f"{letter.upper()}{int(digits) if digits.isdecimal() else _value(digits)}"


def _value(numeral: str) -> int:
    """Value of a Chinese numeral up to 99."""
    tens, ten, ones = numeral.rpartition("十")
    return (_DIGITS.get(tens, 1) * 10 if ten else 0) + _DIGITS.get(ones, 0)
