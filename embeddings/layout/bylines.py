"""Who wrote it and who took the picture: the shapes of bylines, datelines and credits.

All patterns are matched against folded text (see `lines.FOLD`).
"""

from __future__ import annotations

import re

from embeddings.layout.lines import FOLD

HAN = "一-鿿㐀-䶿"
NAME = rf"[{HAN}](?:[{HAN}]{{1,4}}| {{1,2}}[{HAN}])(?:·[{HAN}]{{1,8}})*"
NAMES = rf"{NAME}(?:[ 、,/]{{1,3}}{NAME}){{0,9}}"
OUTLET = rf"(?:本报|本刊|本网|新华社|中新社|[{HAN}]{{2,6}}(?:日报|晚报|早报|时报|报社|电视台|网))"
RANK = rf"(?:全媒体|融媒体|见习|实习|特约|首席|特派|驻[{HAN}]{{2,4}}|资深|摄影|文字)"
PERSON = rf"{OUTLET}?{RANK}{{0,2}}(?:记者|通讯员|作者|撰稿人?|评论员|特约撰稿|撰文|采写|文/图|文图|图文|文)"
SHOOTS = r"(?:摄影报道|摄影|摄|供图|制图|绘图|提供图片|提供|绘|图)"
# `毛小路摄` without a blank: only short names, so that 拍摄 and 航拍 are not taken for credits.
SHOT = rf"[{HAN}]{{1,2}}[^\W拍航]摄"
CLOSE = r"(?:文/图|文图|图/文|图文|整理|采写|撰文|报道|文)"

BYLINE = re.compile(
    rf"[□■◆◇●○◎▲△☆★※\s]*\(?\s*{PERSON}\s*:?\s*{NAMES}\s*{CLOSE}?(?:\s*发自[{HAN}]{{2,8}})?\s*\)?"
)
# `甲 文/图`: names before the word that says what they did.
SIGNED = re.compile(rf"[□■◆◇●○◎▲△☆★※\s]*\(?\s*{NAMES}\s*/?\s*(?:文/图|文图|图/文|图文|文)\s*\)?")
# `文/记者 甲 图/记者 乙`: what each did, then who.
TASK = r"(?:撰文|文字|文|摄影|图片|图|采写|整理|策划|统筹|责编|编辑|编译|翻译|制图|绘图)"
TASKED = re.compile(rf"\(?(?:{TASK}\s?[:/]\s?(?:{PERSON}\s?)?{NAMES}[\s)|]{{0,3}}){{1,5}}")
# What signs without a name.
UNNAMED = re.compile(
    rf"[(—-]{{0,4}}(?:{OUTLET}(?:特约)?(?:评论员|编辑部)|综合[{HAN}、]{{1,12}}社.{{0,2}}电|据《[^《》]{{2,12}}》)\)?"
)
NAMES_IN_BRACKETS = re.compile(rf"\(\s*{NAMES}\s*\)")
BARE_NAMES = re.compile(
    rf"[□■◆◇○◎▲△☆★※\s]*[{HAN}](?: {{0,2}}[{HAN}]){{1,2}}(?:[ 、]{{1,3}}[{HAN}]{{2,3}}){{0,3}}"
)
NO_NAME = re.compile(
    r"手记|观察|调查|探访|述评|连线|来信|走基层|见闻|体验|日记|之家|出击|追踪|视角|眼中|说法|提醒|[上下][接转]|版$"
)

CREDIT = re.compile(
    rf"\(?\s*(?:{PERSON}\s*:?\s*)?(?:{NAMES}[\s/]+{SHOOTS}|{SHOT})\s*\)?"
    rf"|\(?(?:图片来源|图源|图片|摄影|供图|制图|图|摄)\s*[:/]\s*\S.{{0,20}}\)?"
    rf"|\(?(?:资料图片?|资料照片|新华社发|网络图片?|效果图|[{HAN}]{{2,14}}供图)\)?"
)
CREDIT_AT_END = re.compile(
    rf"(?<=[。!?…”’)\s])\s*\(?(?:{PERSON}\s*:?\s*)?(?:{NAMES}[\s/]+{SHOOTS}|{SHOT})\s*\)?$"
    rf"|(?<=[。!?…”’)\s])\s*\(?(?:图片来源|图源|摄影|供图)\s*[:/]\s*\S.{{0,20}}\)?$"
    rf"|\((?:资料图片?|资料照片|新华社发|网络图片?|[{HAN}]{{2,14}}供图)\)$"
)
LEAD = re.compile(
    rf"[【(]?(?:本报|本刊|本网|本台|[{HAN}]{{2,6}}[网报社])讯[】)]?"
    rf"|[【(]?据?(?:本报|本刊|[{HAN}]{{2,5}}社|[{HAN}]{{2,6}}报)[{HAN}·、/ ]{{0,14}}"
    rf"[0-9]{{1,2}}(?:月[0-9]{{1,2}})?日[{HAN}]{{0,8}}[电讯][】)]?"
    rf"|[【(]?据?(?:新华社|中新社|[{HAN}]{{2,6}}[社报网])[{HAN}]{{0,4}}(?:专电|电|消息)(?=[\s(:,)】])[】)]?"
)
LEAD_BYLINE = re.compile(r"\s*\(([^()。]{2,60})\)")
BRACKETED_LEAD = re.compile(rf"\((\s*{PERSON}\s*:?\s*{NAMES}\s*)\)(?=\S)")
# `…。(甲 乙)`, `…。记者 甲`: names after the last sentence, in brackets or said to be such.
NAMES_AT_END = re.compile(
    rf"[。!?…”]\s*(?:\((?P<bracketed>\s*(?:{PERSON}\s*:?\s*)?{NAMES}\s*)\)|(?P<named>{PERSON}\s*:?\s*{NAMES}))$"
)
# `新华社江城6月5日电`: who sends, from where, on what day. Every part is bounded, and it is only ever
# matched at the start of a text, so that a hostile line costs no more than an honest one.
AGENCY = (
    rf"(?:本报|本刊|本网|本台|(?:[0-9]{{4}})?[{HAN}A-Za-z·\-—]{{1,20}}"
    r"(?:报|网|社|刊|客户端|新闻|在线|之家|经纬|财经|资本局|金融界|电视台|广播|发布|融媒|传媒|号外|科技|娱乐))"
    rf"(?:\([{HAN}]{{2,10}}\))?"
)
DAY = (
    r"(?:[0-9]{4} ?年 ?)?(?:[0-9]{1,2} ?月 ?)?[0-9]{1,2} ?日"
    r"|(?:[一二三四五六七八九十]{1,2}月)?[一二三四五六七八九十]{1,3}日"
)
WIRE = r"(?:电(?![影视话力子网商台脑池动])|讯(?![息号飞])|消息(?![人称显灵])|报道(?=[\s(【据]))"
OPENING = r"[\ufeff\s【(\[▲■◆●□]{0,6}(?P<by>据|综合)?"
CLOSING = r"[】)\]]?"
DATELINES = (
    re.compile(
        rf"{OPENING}(?P<agency>{AGENCY}) {{0,2}}(?P<place>[{HAN}“”·/、A-Za-z]{{0,14}}?) {{0,2}}(?P<day>{DAY})"
        rf"(?:新媒体|综合|专)*(?P<wire>{WIRE}){CLOSING}"
    ),
    # `据新华社电`
    re.compile(
        rf"{OPENING}(?P<agency>[{HAN}、]{{1,12}}社)(?P<place>)(?P<day>)"
        rf"(?:综合|专)?(?P<wire>电(?![影视话力子网商台脑池动站])|讯){CLOSING}"
    ),
    # `本报讯`, `本报江城讯`, `江风晚报讯(记者 甲)`
    re.compile(
        rf"{OPENING}(?P<agency>本[报刊网台])(?P<place>[{HAN}]{{0,4}}?)(?P<day>)(?P<wire>讯(?![息号飞])){CLOSING}"
    ),
    re.compile(
        rf"{OPENING}(?P<agency>{AGENCY})(?P<place>[{HAN}]{{0,6}}?)(?P<day>)(?P<wire>讯)(?:{CLOSING}$|(?=[\s(【】:]))"
    ),
    # `央视网消息:`, `【江风时报综合报道】`
    re.compile(
        rf"{OPENING}(?P<agency>{AGENCY})(?P<place>)(?P<day>)"
        rf"(?P<wire>消息(?=[\s:(】])|(?:综合)?报道(?=[】)(])){CLOSING}"
    ),
    re.compile(
        r"[\s【(\[]{0,4}(?P<by>)(?P<agency>本报(?=综合)|综合(?:消息|报道|外电))(?:综合)?"
        r"(?P<place>)(?P<day>)(?P<wire>)(?:(?=[\s:])|[】)]|$)"
    ),
)
NOT_AN_AGENCY = re.compile(r"记者|.本报|通讯员|获悉|今[年日天]|[从据]|在(?!线)")
NOT_A_PLACE = re.compile(r"记者|本报|通讯员|获悉|报道|据|[从在]|今年|消息")
TAIL_CHARS = 60
LINE_CHARS = 80
DATELINE_CHARS = 80


def is_byline(folded: str) -> bool:
    """Whether the whole line says who wrote the story."""
    if len(folded) > LINE_CHARS or NO_NAME.search(folded):
        return False
    return any(shape.fullmatch(folded) for shape in (BYLINE, SIGNED, TASKED, UNNAMED))


def is_names_in_brackets(folded: str) -> bool:
    """Whether the whole line is names in brackets."""
    return bool(NAMES_IN_BRACKETS.fullmatch(folded)) and not NO_NAME.search(folded.strip("()"))


def is_credit(folded: str) -> bool:
    """Whether the whole line says who took the picture."""
    return len(folded) <= TAIL_CHARS and bool(CREDIT.fullmatch(folded))


def credit_start(folded: str) -> int:
    """Where a credit at the end of a caption begins; the line's length if there is none."""
    offset = max(0, len(folded) - TAIL_CHARS)
    match = CREDIT_AT_END.search(folded[offset:])
    if not match:
        return len(folded)
    return offset + match.start() + len(match.group()) - len(match.group().lstrip())


def is_lead(folded: str) -> bool:
    """Whether a paragraph opens with an agency or paper: `本报讯`, `新华社…日电`, `(记者 甲)`."""
    head = folded[:LINE_CHARS]
    return bool(LEAD.match(head) or dateline_match(head) or BRACKETED_LEAD.match(head))


def dateline_match(folded: str) -> re.Match[str] | None:
    """The dateline that a text begins with, as the groups `agency`, `place` and `day`.

    An attribution inside a sentence (`据江风晚报6月5日报道`) is none.
    """
    head = folded[:DATELINE_CHARS]
    for pattern in DATELINES:
        match = pattern.match(head)
        if match and not NOT_A_PLACE.search(match["place"]) and not NOT_AN_AGENCY.search(match["agency"]):
            attributed = match["by"] and not match["wire"].startswith(("电", "讯"))
            return None if attributed else match
    return None


def lead_byline(text: str) -> str:
    """The names given in brackets in a lead, without the brackets; empty if none are given."""
    head = text[: 2 * LINE_CHARS].translate(FOLD)
    lead = LEAD.match(head) or dateline_match(head)
    match = LEAD_BYLINE.match(head, lead.end()) if lead else BRACKETED_LEAD.match(head)
    return " ".join(text[match.start(1) : match.end(1)].split()) if match else ""


def end_byline(text: str) -> str:
    """The names after the last sentence of a paragraph, without their brackets."""
    tail = text[-TAIL_CHARS:]
    match = NAMES_AT_END.search(tail.translate(FOLD))
    if not match:
        return ""
    found = match.lastgroup or ""
    if NO_NAME.search(match[found]):
        return ""
    return " ".join(tail[match.start(found) : match.end(found)].split())


def line_byline(text: str) -> str:
    """A whole-line byline without its bullet and brackets."""
    stripped = text.strip().lstrip("□■◆◇●○◎▲△☆★※ 　")
    if stripped[:1] in "(（" and stripped[-1:] in ")）":
        stripped = stripped[1:-1]
    return " ".join(stripped.split())
