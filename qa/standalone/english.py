"""Short English follow-ups, as Chinese ones: what follows is a question over Chinese papers."""

from __future__ import annotations

import re

_WORDS = {
    "why": "为什么？",
    "how": "怎么做的？",
    "when": "什么时候？",
    "where": "在哪里？",
    "who": "是谁？",
    "how much": "多少钱？",
    "how many": "有多少？",
    "how long": "多久？",
    "what happened": "结果呢？",
    "what happened then": "后来呢？",
    "what else": "还有呢？",
    "anything else": "还有呢？",
}
_PERIODS = {
    "last year": "去年",
    "this year": "今年",
    "next year": "明年",
    "the year before": "前年",
    "last month": "上个月",
    "this month": "本月",
    "next month": "下个月",
    "yesterday": "昨天",
    "today": "今天",
    "tomorrow": "明天",
    "last week": "上周",
    "next week": "下周",
    "before": "以前",
    "now": "现在",
}
_LEAD = re.compile(r"^(?:(?:and|but|so|what about|how about|then|ok|okay)[,\s]+)+", re.IGNORECASE)
_ABOUT = re.compile(r"(?:what|how) about", re.IGNORECASE)
NEW_CHARS = 12


def in_chinese(text: str) -> str:
    """A short English follow-up in Chinese; any other text as it is."""
    led = _LEAD.sub("", text.strip())
    words = re.sub(r"[?!.,\s]+$", "", led).casefold()
    if words in _WORDS:
        return _WORDS[words]
    bare = re.sub(r"^(?:in|for|of)\s+", "", words)
    if bare in _PERIODS:
        return f"那{_PERIODS[bare]}呢？"
    new = led.rstrip("?!. ")
    return f"那{new}呢？" if _ABOUT.match(text.strip()) and len(new) <= NEW_CHARS else text
