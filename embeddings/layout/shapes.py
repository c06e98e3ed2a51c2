"""What a line shows by itself: named predicates over its text."""

from __future__ import annotations

import re

from embeddings.layout import bylines
from embeddings.layout.lines import Line, open_brackets
from embeddings.layout.names import looks_like_name
from embeddings.layout.pointers import (
    POINTER_AT_END,
    POINTER_AT_START,
    POINTER_FROM,
    POINTER_TO,
    TAIL_CHARS,
)

HEADING_CHARS = (3, 52)
LENGTHS = (
    (3, "chars<=3"),
    (12, "chars<=12"),
    (22, "chars<=22"),
    (34, "chars<=34"),
    (52, "chars<=52"),
    (90, "chars<=90"),
)
# The same in narrower steps.
STEPS = (2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 25, 28, 34, 40, 52, 70, 90)

STOP = re.compile(r"(?:[。…]|(?<=[一-鿿])\.)[”’)》\]]*$")
AFTERWORD = re.compile(r"(?<=[。!?…”])\s*\([^()]{1,24}\)$")
EXCLAIM = re.compile(r"[!?][”’)》\]]*$")
MID_SENTENCE = re.compile(r"[,。、;:!?”’)》%]")
CAPTION_WORDS = re.compile(
    r"\(?(?:图为|图[一二三四五①-⑩0-9]{1,2}[为:]|[上下左右]图|[上下左右]图为|大图|小图|题图|资料图)"
)
BULLET = re.compile(r"[●■◆▲★○◎□◇△☆※►▶⊙]")
LABEL = re.compile(
    r"[【]?[一-鿿]{0,4}(?:简讯|短讯|快讯|简报|短波|速递|速览|集纳|集萃|一句话新闻|新闻速读|微新闻|要闻回顾|新闻链接)[】]?"
)
NOTICE = re.compile(
    r"(?:[^。,]{0,24})(?:公告|启事|声明|更\s?正|通告|公示|讣\s?告|启示|致歉|招标|征稿|告示|稿约|须知|通知|预告|天气|天气预报|气象|中奖号码|开奖|行情|菜价"
    r"|价格|影讯|节目|限行|感谢信|招贤榜|汇率)(?:\s*\(?第?[0-9一二三四五六七八九十]+号?\)?)?"
)
COLUMN_NAME = re.compile(
    r"[【《]?[一-鿿\s]{0,6}(?:简\s?讯|短\s?讯|快讯|速递|速览|播报|传真|短波|微闻|资讯|论坛|论市|观潮|指南|前沿|看点|导读|社论|今日谈|巷议|絮语|漫谈|扫描|观察"
    r"|访谈|笔记|随笔|故事|来信|问答|必答|帮办|服务台|公告栏|回音|书讯|商讯|一线|一束|一分钟|新\s?闻|快报|简报|专栏|专版|特稿|数字|撷英|集锦|现场|聚焦|视点|热线"
    r"|在线|关注|追踪|人物|记忆|人间|春秋|副刊|百科|讲堂|信箱|天地|广角|世界|窗口|擂台|台|榜|牌|录)[】》]?"
    r"|走基层.{0,14}|走进.{2,8}|.{0,14}系列(?:报道|评论|之).{0,8}|.{0,16}之[一二三四五六七八九十]{1,2}|.{2,12}[①-⑳⑴-⒇]|[一-鿿0-9]{2,8}[·|/][一-鿿]{2,10}"
)
SEE_PAGE = re.compile(
    r"(?:详?见|请看|相关报道见|导读)\s*第?\s*[A-Z]?\s*[0-9一二三四五六七八九十]{1,3}\s*版"
    r"|[0-9A-Z]{1,3}版[)】]?$"
)
TABULAR = re.compile(
    r"(?:\S*[0-9]\S*\s+){2,}\S*[0-9]\S*|(?:\S+\s+){4,}\S+"
    r"|(?:[^0-9]{1,10}[0-9]+\s*[:比-]\s*[0-9]+[^0-9]{0,10}){2,}"
)
DATE = r"[0-9]{4}\s*[年./-]\s*[0-9]{1,2}\s*[月./-]\s*[0-9]{1,2}\s*日?"
WEEKDAY = r"星期[一二三四五六日天]"
PAGE_NUMBER = r"第?\s*[A-Z]?[0-9一二三四五六七八九十]{1,3}\s*版"
FOLIO = re.compile(
    rf"^{PAGE_NUMBER}(?:\s*[:·\s].{{0,40}})?$|{DATE}.{{0,12}}{PAGE_NUMBER}|{PAGE_NUMBER}.{{0,16}}{DATE}|{DATE}\s*{WEEKDAY}"
    rf"|^\s*{DATE}\s*$|^[A-Z]?[0-9]{{1,3}}$|^{WEEKDAY}$"
    r"|国内统一(?:连续)?刊号|CN\s?[0-9]{2}-|邮发代号|总第\s*[0-9]+期|今日[0-9一二三四五六七八九十]+版$"
)
STAFF = re.compile(
    r"(?:责任编辑|责编|美编|校对|版式|组版|值班|主编|编审|审校|编辑|检校|视觉|审读)\s*[:/]\s*\S"
    r"|(?:责任编辑|责编|美编|校对|版式|组版|审校|本版编辑|版面设计|题图)"
    r"\s*[一-鿿](?:[一-鿿]{1,2}| [一-鿿])(?:\s|$)"
)
CONTACT = re.compile(
    r"(?:热线|咨询|电话|投稿|信箱|邮箱|邮编|地址|订阅|零售价|定价|印刷|发行|网址|扫码|二维码|微信|客户端|官方)[^。]{0,12}(?:[:0-9]|$)"
    r"|[\w.-]+@[\w-]+\.\w+|[0-9]{3,4}-[0-9]{7,8}"
)
# A job before the name of somebody who signs: `市第三人民医院药学部 主管药师 田 蕾`.
SIGNED_JOB = re.compile(
    r"(?:[一-鿿]{2,16}[ ·])?[一-鿿]{0,12}"
    r"(?:医师|药师|律师|教授|教师|主任|院长|所长|市民|读者|居民|村民|家长|干部|农艺师|研究员"
    r"|站|局|中心|学校|中学|小学|医院)"
    r"\s[一-鿿](?:[一-鿿]{1,2}| [一-鿿])"
)

WEB_WORD = (
    r"上一[版篇页期]|下一[版篇页期]|放大|缩小|默认|打印|返回|目录|版面导航|标题导航|版面目录|往期回顾|往期|朗读|分享到?|字号|字体|关闭|首页"
    r"|数字报|电子报|返回首页|返回目录|收藏|复制链接|点击|阅读|下载|PDF版?|[+\-|/<>《》\[\]()·:A大中小\s]"
)
WEB = re.compile(rf"(?:{WEB_WORD})+", re.IGNORECASE)
WEB_LINE = re.compile(
    r"https?://|www\.|版权所有|ICP备|copyright|阅读次数|浏览次数|未经.{0,6}授权", re.IGNORECASE
)
ORNAMENT = re.compile(r"[\W_]{1,40}")
ORGANISATION = re.compile(
    r".{2,30}(?:公司|局|委员会|中心|办公室|政府|法院|检察院|学校|大学|大队|支队|医院|银行|协会|编辑部|集团|处|社|部|站)"
)
SIGNED_DATE = re.compile(rf"(?:.{{2,30}}\s)?(?:{DATE}|二〇[〇一二三四五六七八九]{{2}}年.{{1,3}}月.{{1,3}}日)")
# What a picture shows: somebody at something, on a day.
SCENE = re.compile(
    r"在[^。,]{0,24}(?:作业|施工|查看|检查|巡查|选购|挑选|参观|表演|演出|练习|学习|训练|采摘|收割|采收|加工|制作|整理|操作|忙碌|忙着|劳作|游玩|打卡|合影|用餐|阅读|排队|讲解|展示|比赛"
    r"|搬运|装运|晾晒|培土|浇水|插秧|直播|授课|上课|交流|商议|慰问|就诊|义诊|生产|组装|调试|巡线|抢修|清理|打捞|放风筝|体验|拍照|留影|服务|救援|值守|摄)|(?:俯瞰|航拍|一角|现场|外景|全景|资料图)[^。]{0,16}[。)]?$"
)
DATED = re.compile(r"(?:[0-9]{4}年)?(?:[0-9]{1,2}月)?[0-9]{1,2}日,")
# How a sentence begins that tells what happened, and the words no heading ends with.
NARRATIVE = re.compile(
    r"(?:日前|近日|连日来|近年来|今年以来|据介绍|据了解|据悉|目前|(?:[0-9]{1,4}年)?(?:[0-9]{1,2}月)?[0-9]{1,2}日[,上下晚凌清]"
    r"|(?:今年|去年)?[0-9]{1,2}月(?:[份底初末]|以来)?,)"
)
HANGING = re.compile(
    r"[的在将与和对把从为以及到于向由被并而且等之其个这那每各获让使助]$|(?:组织|召开|举行|开展|通过|进行)了$"
)
NOTE_WORDS = re.compile(
    r"[【(]?\s*(?:编者的?话|编者按|编后|编后语|编后余墨|开栏的话|开栏语|[本栏]?报?编者|[一-鿿]{0,3}按语|按|记者手记|采访札记|编辑手记|卷首语|结束语)\s*(?:[】):]|$)"
)
QUESTION = re.compile(r"(?:[问答]|[一-鿿]{2,4}|记者|主持人|读者)\s?:")
SAYS = re.compile(r"(?:说|表示|介绍|告诉|认为|坦言|指出|强调|透露)[,:。]")
NUMBERED = re.compile(
    r"\(?(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3}|第[一二三四五六七八九十]{1,2})[)、.．,:](?![0-9])"
    r"|[①-⑳]"
)
NUMBERED_IN_WORDS = re.compile(r"(?:第?[一二三四五六七八九十]{1,2}[、,.站回章节幕]|其[一二三四五六])")
SURE_NAME = 0.5
# How the second line of a headline begins whose subject is the first.
STARTS_WITH_VERB = re.compile(
    r"(?:引进|获|启[动用]|推[动进出行]|开[展启通工建]|举[办行]|召开|建[成起设]|助[力推]|打造|实现|走[进出]|送|入选|让|使|拉开|迎来|成[为立功]|落[户成]|投[入用产]|发[布放展]|完成|通[过车]|奏响|激活"
    r"|擦亮|赋能|护航|点亮|绘[就出]|织[密就]|筑[牢起]|赢得|夺|摘|捐|救|查[处获]|破[获解]|抓|打[响通]|换|变|装上|搬[进上]|用上|吃上|办[好起]|出台|印发|部署|调研|慰问|参观|看望|强调|要求|喜[获迎]|荣获|全[力面]|携手|联合|为|将|再|已|正)"
)
EARLY_COLON = re.compile(r"[^:]{2,9}:")
SUBJECT = re.compile(
    r".{2,20}(?:公司|局|委|院|中心|办公室|政府|学校|大学|中学|小学|队|银行|协会|集团|处|社|部|站|市|县|区|镇|乡|村|街道|社区|州|省|学子|选手|团队|企业|小将|者|人|国|厂|馆)"
)
TWO_CLAUSES = re.compile(r"[一-鿿”》0-9A-Za-z!?] +[一-鿿“《0-9A-Za-z]")


def shapes_of(line: Line) -> set[str]:
    """Names of what the line shows by itself; `heading_like` if it may be a heading."""
    names = {_length(line), _length_more(len(line.text)), _ending(line.folded)}
    names.update(name for name, holds in SHAPES if holds(line.folded))
    if _heading_like(line, names):
        names.add("heading_like")
    return names


def _length(line: Line) -> str:
    return next((name for limit, name in LENGTHS if len(line.text) <= limit), "chars>90")


def _ending(folded: str) -> str:
    # `(完)` and names in brackets may follow the last sentence.
    tail = AFTERWORD.sub("", folded[-40:])[-6:]
    if STOP.search(tail) or bylines.end_byline(folded) or POINTER_AT_END.search(folded[-40:]):
        return "ends_stop"
    if EXCLAIM.search(tail):
        return "ends_exclaim"
    if tail[-1] in ",、":
        return "ends_comma"
    return {":": "ends_colon", ";": "ends_semicolon"}.get(tail[-1], "ends_plain")


def _length_more(characters: int) -> str:
    """The length in narrower steps than `LENGTHS`."""
    step = next((k for k in STEPS if characters <= k), None)
    return f"length<={step}" if step else "length>90"


def _is_furniture(folded: str) -> bool:
    if len(folded) > bylines.LINE_CHARS or STOP.search(folded[-6:]) or MID_SENTENCE.match(folded):
        return False
    return bool(WEB.fullmatch(folded) or ORNAMENT.fullmatch(folded) or WEB_LINE.search(folded))


def _is_folio(folded: str) -> bool:
    if len(folded) > bylines.LINE_CHARS or "。" in folded or "," in folded:
        return False
    return bool(FOLIO.search(folded) or STAFF.search(folded))


SHAPES = (
    ("lead", bylines.is_lead),
    ("byline", bylines.is_byline),
    (
        "bracketed_names",
        lambda s: len(s) < bylines.LINE_CHARS and bylines.is_names_in_brackets(s),
    ),
    ("bare_names", lambda s: len(s) <= 12 and bool(bylines.BARE_NAMES.fullmatch(s))),
    ("credit", bylines.is_credit),
    ("credit_at_end", lambda s: bylines.credit_start(s) < len(s)),
    ("caption_words", lambda s: bool(CAPTION_WORDS.match(s))),
    ("pointer_from", lambda s: len(s) < 30 and bool(POINTER_FROM.fullmatch(s))),
    ("pointer_to", lambda s: len(s) < 30 and bool(POINTER_TO.fullmatch(s))),
    ("from_elsewhere", lambda s: bool(POINTER_AT_START.match(s))),
    ("goes_elsewhere", lambda s: bool(POINTER_AT_END.search(s[-TAIL_CHARS:]))),
    ("bullet", lambda s: bool(BULLET.match(s)) and not bylines.BARE_NAMES.fullmatch(s)),
    ("label", lambda s: len(s) < 16 and bool(LABEL.fullmatch(s))),
    ("notice", lambda s: len(s) < 34 and bool(NOTICE.fullmatch(s))),
    ("folio", _is_folio),
    ("furniture", _is_furniture),
    ("dash", lambda s: s.startswith(("—", "--", "──"))),
    ("organisation", lambda s: len(s) < 34 and bool(ORGANISATION.fullmatch(s))),
    ("signed_date", lambda s: len(s) < 46 and bool(SIGNED_DATE.fullmatch(s))),
    ("names_at_end", lambda s: bool(bylines.end_byline(s))),
    ("narrative", lambda s: bool(NARRATIVE.match(s))),
    ("hanging", lambda s: bool(HANGING.search(s[-2:]))),
    ("mid_sentence", lambda s: bool(MID_SENTENCE.match(s))),
    ("inner_comma", lambda s: "," in s[:-1]),
    ("inner_stop", lambda s: "。" in s[:-1]),
    ("two_clauses", lambda s: len(s) <= HEADING_CHARS[1] and bool(TWO_CLAUSES.search(s))),
    ("unclosed", lambda s: open_brackets(s) > 0),
    ("note_words", lambda s: bool(NOTE_WORDS.match(s))),
    ("question", lambda s: bool(QUESTION.match(s))),
    ("numbered", lambda s: bool(NUMBERED.match(s))),
    ("quoted", lambda s: s.startswith("“")),
    ("colon_inside", lambda s: ":" in s[2:-1]),
    ("digits", lambda s: any(c.isdigit() for c in s)),
    ("starts_with_verb", lambda s: bool(STARTS_WITH_VERB.match(s))),
    ("early_colon", lambda s: len(s) <= HEADING_CHARS[1] and bool(EARLY_COLON.match(s))),
    ("subject", lambda s: len(s) <= 22 and bool(SUBJECT.fullmatch(s))),
    ("column_name", lambda s: len(s) <= 22 and bool(COLUMN_NAME.fullmatch(s))),
    ("see_page", lambda s: len(s) < bylines.LINE_CHARS and bool(SEE_PAGE.search(s))),
    ("tabular", lambda s: len(s) < bylines.LINE_CHARS and bool(TABULAR.search(s))),
    ("numbered_in_words", lambda s: bool(NUMBERED_IN_WORDS.match(s))),
    ("stands_for_author", lambda s: len(s) <= 16 and looks_like_name(bylines.line_byline(s)) > SURE_NAME),
    ("contact", lambda s: len(s) < bylines.LINE_CHARS and bool(CONTACT.search(s))),
    ("signed_job", lambda s: len(s) < 40 and bool(SIGNED_JOB.fullmatch(s))),
    ("scene", lambda s: len(s) <= bylines.LINE_CHARS and bool(SCENE.search(s))),
    ("dated", lambda s: bool(DATED.match(s))),
    ("says", lambda s: bool(SAYS.search(s))),
    ("verbless", lambda s: len(s) <= 8 and s.isalpha()),
    ("long", lambda s: len(s) > HEADING_CHARS[1]),
)
NO_HEADING = frozenset(
    "ends_stop ends_comma mid_sentence byline credit credit_at_end furniture folio pointer_from pointer_to"
    " dash bullet lead inner_stop caption_words".split()
)


def _heading_like(line: Line, names: set[str]) -> bool:
    low, high = HEADING_CHARS
    return low <= len(line.text) <= high and not names & NO_HEADING
