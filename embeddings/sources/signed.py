"""Who wrote it: the plain shapes of byline lines in manuscripts and on web pages.

The layout model knows many more; here the line stands where a byline is expected.
"""

from __future__ import annotations

import re

HAN = "一-鿿㐀-䶿"
NAME = rf"(?:[{HAN}]{{2,4}}(?:·[{HAN}]{{1,8}})*|[{HAN}]\s{{1,2}}[{HAN}])"
PERSON = rf"[{HAN}]{{0,10}}(?:记者|记者组|通讯员|作者|撰稿人?|评论员|撰文|采写|实习生|编译|文/图|图/文|文字)"
NAMES = rf"{NAME}(?:[\s、,，/]{{1,3}}{NAME}){{0,9}}"
BYLINE = re.compile(
    rf"(?:{PERSON}\s*[:：]?\s*{NAMES}[\s、,，/]*){{1,4}}(?:文/图|图/文|文图|图文|摄影报道|整理|报道|摄影|文|图)?"
)
SIGNED = re.compile(rf"{NAMES}\s*/?\s*(?:文/图|图/文|文图|图文|文)")
NO_NAME = re.compile(
    r"手记|观察|调查|探访|述评|连线|来信|走基层|见闻|体验|日记|之家|追踪|视角|提醒|[。!?！？]"
)
LEAD = re.compile(r"\s*[【(（]?(?:本报|本刊|本网|本台)讯[】)）]?\s*[(（]([^()（）。]{2,60})[)）]")
BRACKETED = re.compile(rf"\s*[(（]((?:本报|本刊|本网)?[{HAN}]{{0,4}}记者[^()（）。]{{2,50}})[)）]")
AT_END = re.compile(rf"[(（]([{HAN}]{{0,8}}(?:记者|通讯员|作者)[^()（）。]{{2,50}})[)）]\s*$")
NEWS_MARK = re.compile(r"^[【(（]?(?:本报|本刊|本网)讯[】)）]?\s*")
BULLETS = "□■◆◇●○◎▲△☆★※ \t　"
LINE_CHARS = 60
TAIL_CHARS = 70


def is_byline(line: str) -> bool:
    """Whether the whole line says who wrote the story."""
    text = bare(line)
    if not 3 <= len(text) <= LINE_CHARS or NO_NAME.search(text):
        return False
    return bool(BYLINE.fullmatch(text) or SIGNED.fullmatch(text))


def is_names(line: str) -> bool:
    """Whether the line is nothing but what may be names."""
    return len(line) <= LINE_CHARS and bool(re.fullmatch(NAMES, line))


def bare(byline: str) -> str:
    """A byline as printed, without bullets, outer brackets and `本报讯`."""
    text = NEWS_MARK.sub("", " ".join(byline.split()).strip(BULLETS))
    if text[:1] in ("(", "（", "【") and text[-1:] in (")", "）", "】"):
        text = text[1:-1]
    return text.strip(BULLETS + "|｜")


def byline_inside(paragraphs: list[str]) -> str:
    """The names given in brackets in the lead of the first paragraph or at the end of the last one."""
    if not paragraphs:
        return ""
    lead = LEAD.match(paragraphs[0][:200]) or BRACKETED.match(paragraphs[0][:200])
    found = lead or AT_END.search(paragraphs[-1][-TAIL_CHARS:])
    return bare(found[1]) if found else ""
