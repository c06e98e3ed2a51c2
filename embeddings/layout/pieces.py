"""A byline as printed -> its pieces in order: titles, tasks, sources, and words that may be names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from embeddings.layout.bylines import HAN
from embeddings.layout.surnames import NAME_SCORE_MIN, name_score
from embeddings.records import PersonRole

REPORTED = (PersonRole.REPORTER,)
WROTE = (PersonRole.AUTHOR,)
SHOT = (PersonRole.PHOTOGRAPHER,)
DREW = (PersonRole.ILLUSTRATOR,)
TRANSLATED = (PersonRole.TRANSLATOR,)
EDITED = (PersonRole.EDITOR,)
GAVE = (PersonRole.SOURCE,)
TITLES = {
    "记者": PersonRole.REPORTER,
    "实习生": PersonRole.REPORTER,
    "通讯员": PersonRole.CORRESPONDENT,
    "评论员": PersonRole.COMMENTATOR,
    "观察员": PersonRole.COMMENTATOR,
    "译者": PersonRole.TRANSLATOR,
    "作者是": PersonRole.AUTHOR,
    "作者": PersonRole.AUTHOR,
    "撰稿人": PersonRole.AUTHOR,
    "撰稿": PersonRole.AUTHOR,
}
TEXT_AND_PHOTO = "图文"
TASKS: dict[str, tuple[PersonRole, ...]] = {TEXT_AND_PHOTO: WROTE + SHOT, "摄影报道": REPORTED + SHOT} | {
    word: roles
    for words, roles in (
        ("撰文 文字 文 执笔 口述", WROTE),
        ("采访 采写 报道", REPORTED),
        ("摄影 拍摄 航拍 摄 图片 图 照片 摄像 视频 视频拍摄", SHOT),
        ("制图 绘图 漫画 插图 插画 绘画 绘 画 制表 题图 设计 海报", DREW),
        ("编译 翻译 译", TRANSLATED),
        ("责任编辑 编辑 美编 责编 整理 采访整理 策划 统筹 监制 主编 组稿 剪辑 视频制作 校对 审校", EDITED),
        ("指导教师 指导老师", EDITED),
        ("供图 供稿 提供图片 提供 图片来源 图源 来源 稿源", GAVE),
    )
    for word in words.split()
}
RANKS = "本报|本刊|本网|全媒体|融媒体|见习|实习|特约|特邀|首席|特派|资深|摄影|文字|视频"
# The rank goes with the title: 摄影记者 is no photographer named 记者.
TITLE = re.compile(rf"(?P<rank>(?:{RANKS}){{0,3}})(?P<title>{'|'.join(TITLES)})")
GLUED_TASK = (
    "摄影报道|提供图片|采访整理|视频拍摄|视频制作|编译|翻译|整理|采写|撰文|摄影|拍摄|航拍|供图|供稿|制图|绘图|漫画|插图"
    "|责编|编辑|策划|统筹|剪辑"
)
TASK_AT_END = re.compile(rf"(?<=[{HAN}]{{2}})(?:{GLUED_TASK}|报道|摄|(?<=[{HAN}]{{3}})译)$")
TASK_AT_START = re.compile(rf"^(?:{GLUED_TASK})(?=[{HAN}·]{{2,}})")
TOGETHER = re.compile(
    rf"(?:(?<![{HAN}])|(?<=[{HAN}]{{2}}))"
    r"(?:文(?:[/、并]{1,2} ?)?图片?|文[/、并]摄影?|图(?:[/、] ?)?文|撰文/摄影|摄影/撰文)"
    rf"(?:/视频)?(?![{HAN}])"
)
TRANSLATED_BY = re.compile(rf"(?<=,)(?P<name>[{HAN}]{{2,3}})译(?![{HAN}])")
UNIT = re.compile(r"\(?(?:本文)?作者(?:单位|系|为|简介|来自)[^(),]{0,80}\)?|\(?单位[:/][^(),]{0,80}\)?")
SENT_FROM = re.compile(rf"(?:发自|(?<![{HAN}])自)[{HAN}]{{2,10}}(?:报道)?")
SCAN = re.compile(
    rf"(?<![{HAN}])(?:据|综合|转自|摘自|选自|原载)(?P<quoted>(?:(?!记者)[^\s()|]){{2,40}})"
    rf"|(?<![{HAN}])(?P<sent>[{HAN}]{{1,5}}[社网]"
    r"(?=/(?:法新|美联|路透|欧新)| ?(?:发(?![布表展自现言])|供图|供稿)))"
    r"(?:/(?P<with>[一-鿿]{2}社?))? ?(?:发|供图|供稿)?"
    rf"|[{HAN}·]+|[A-Za-z][A-Za-z.'\-]*"
)
BLANK_DOT = re.compile(r" ?· ?")
QUOTED_TITLE = re.compile(r"《([^《》]{1,20})》")
SOURCE_SEPARATOR = re.compile(r"[、,/;]")
SAID = re.compile(r"驻.{2,6}$|(?:综合|专?电|讯|消息|报道|等)+$")
NO_SOURCE = re.compile(r"^(?:本报|本刊|本网|网络|资料|网友)|受访|采访对象|被访")
ORGANISATION = re.compile(r"(?:报|网|社|台|刊|新闻|在线|客户端|传媒|融媒|杂志|大学|学院|中心|公司|报道)$")


class Kind(Enum):
    """What a piece of a byline is."""

    TITLE = "title"
    TASK = "task"
    WORD = "word"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a byline; `gap` is what stands between it and the piece before, "" where they touch."""

    kind: Kind
    text: str
    gap: str = ""
    roles: tuple[PersonRole, ...] = ()


def cut_pieces(folded: str) -> Iterator[Piece]:
    """The byline as titles, tasks, sources and words, in order."""
    text = SENT_FROM.sub("|", TOGETHER.sub(f" {TEXT_AND_PHOTO} ", UNIT.sub("|", folded)))
    text = BLANK_DOT.sub("·", TRANSLATED_BY.sub(r"\g<name> 译", text))
    position, titled = 0, False
    for match in SCAN.finditer(text):
        gap, position = text[position : match.start()], match.end()
        source = match["quoted"] or "/".join(filter(None, (match["sent"], match["with"])))
        for piece in cut_sources(source) if source else _cut(match.group(), titled):
            titled = titled or piece.kind is Kind.TITLE
            yield replace(piece, gap=gap)
            gap = ""


def cut_sources(what: str) -> Iterator[Piece]:
    """`《某报》、新华社电` -> 某报, 新华社."""
    for name in QUOTED_TITLE.findall(what) or SOURCE_SEPARATOR.split(what):
        source = SAID.sub("", name)
        if len(source) > 1 and not NO_SOURCE.search(source):
            yield Piece(Kind.SOURCE, source)


def _cut(word: str, titled: bool) -> Iterator[Piece]:
    """A word where titles and tasks may touch the names: `记者毛小路摄`."""
    position = 0
    for match in TITLE.finditer(word):
        left, position = word[position : match.start()], match.end()
        if titled and name_score(left) >= NAME_SCORE_MIN and not ORGANISATION.search(left):
            yield Piece(Kind.WORD, left)
            left = ""
        titled = True
        role = PersonRole.PHOTOGRAPHER if "摄影" in match["rank"] else TITLES[match["title"]]
        yield Piece(Kind.TITLE, left + match.group(), roles=(role,))
    yield from _cut_task(word[position:])


def _cut_task(word: str) -> Iterator[Piece]:
    if word in TASKS:
        yield Piece(Kind.TASK, word, roles=TASKS[word])
    elif match := TASK_AT_START.match(word):
        yield Piece(Kind.TASK, match.group(), roles=TASKS[match.group()])
        yield Piece(Kind.WORD, word[match.end() :])
    elif match := TASK_AT_END.search(word):
        yield Piece(Kind.WORD, word[: match.start()])
        yield Piece(Kind.TASK, match.group(), roles=TASKS[match.group()])
    elif word:
        yield Piece(Kind.WORD, word)
