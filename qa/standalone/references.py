"""References in a question: pronouns and pointing words, told from words that only look like them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from qa.standalone.wording import HAN


class Sort(StrEnum):
    """What a reference stands for."""

    PERSON = "person"
    PEOPLE = "people"
    THING = "thing"
    PLACE = "place"
    THAT = "that"
    LISTED = "listed"


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference at `start:end` of a question.

    `noun` is what it names itself (公司 in 该公司), `possessive` when 的 is part of what it means (其).
    `number` is the place in a list from 0, -1 the last, for 前者 and 第二个.
    """

    sort: Sort
    start: int
    end: int
    noun: str = ""
    possessive: bool = False
    number: int = 0


_FALSE = re.compile(
    r"其其|其[他它余次实间中]|尤其|极其|与其|莫名其妙|土耳其|其乐|何其|他[乡国人日山]|其他|吉他|维他|利他"
    r"|排他|这样|这么|这儿之外|应该|活该|本该|该不该|不该|该(?=怎|如何|去|找|从|由|在|向|咋|不|多|几|给|办"
    r"|做|买|交)"
    r"|那达慕|那曲|那坡|刹那|支那|禅那|那么|那样|因此|此次|此外|彼此|从此|如此|至此|此前|此后|由此|据此"
    r"|就此|为此|(?:剩下|其余)的?[那这]些|这(?=几[年天])|这次|这回|这[周月年天]"
    r"|那(?:一?[天年月日]|时候?|会儿)|这(?:一?[天年月日]|时候?|会儿)"
    r"|[“\"「『《][^”\"」』》]{1,40}[”\"」』》]|安哥拉|玛莉她|卡他"
)
_CLASSIFIER = (
    "个|些|家|座|条|名|位|场|次|所|笔|件|项|种|本|张|部|只|台|辆|艘|间"
    "|栋|幢|片|块|棵|株|支|枚|份|批|起|对|套|款|道|段|届|篇|首|句|桩|口"
    "|头|匹|群|队|类|处"
)
_NOUN = (
    r"(?:大爷|大妈|阿姨|老人家?|老汉|老师|书记|镇长|县长|村长|局长|院长|校长|主任|队长|船长|女孩|男孩|孩子"
    r"|小伙子?|姑娘|司机|店主|老板|村民|学生|老兵|医生|记者|人"
    r"|公司|企业|厂子?|集团|单位|机构|学校|医院|银行|合作社|部门|协会|项目|工程|大桥|桥|隧道|地铁|线路|公园"
    r"|展览?|特展|比赛|活动|会议?|案子?|案件|事故|事情?|事儿|规定|办法|政策|条例|方案|计划"
    r"|制度|做法|钱|资金|奖金|费用?|罚款|手艺|本事|产品|机器|设备|技术|系统|作品|书|电影|戏|歌|船|车|塔|楼"
    r"|房子?|小区|村子?|镇子?|县|市|地方|城市|学?校|店|馆|问题|现象|结果|数字?|数据|奖"
    r"|植物|动物|鸟|鱼|树|花|菜|水果|茶|粮食|遗址|文物|墓|画|剧|灯|水渠|渠|路|街|巷子?|河|湖|山|岛|港|码头"
    r"|车站|站|机场|市场|菜场|工厂|车间|平台|网站|软件|岗位|职务|工作|职业|年龄|专业|课程?|考试)"
)
_PATTERNS: tuple[tuple[Sort, re.Pattern[str]], ...] = (
    (
        Sort.LISTED,
        re.compile(
            r"前者|后者|(?:那|这)?(?:其中)?(?:的)?第([一二三四五六七八九十两\d]+)(?:个|位|家|条|项|种|名"
            r"|座)(?=是|呢|在|叫|的|怎|有|什|多|为|谁|$)|(?:那|这)?最后(?:一)?(?:个|位|家|条|项|种)(?=是|呢"
            r"|在|叫|的|怎|有|什|多|为|谁|$)"
        ),
    ),
    (Sort.PEOPLE, re.compile(r"[他她]们(?:[俩两三几][个人]?)?|这[俩两]口?[子人]")),
    (Sort.THING, re.compile(r"它们?")),
    (Sort.PERSON, re.compile(r"[他她](?:本人|自己)?")),
    (
        Sort.PLACE,
        re.compile(r"(?:那里(?!面|头|边)|那儿|那边|这里(?!面|头|边)|这儿|这边)|当地|那个地方|这个地方"),
    ),
    (
        Sort.THAT,
        re.compile(
            rf"(?:(?:这|那)(?:一|两|几)?(?:{_CLASSIFIER})|上述|该(?:{_CLASSIFIER})?|此(?:{_CLASSIFIER})?|这"
            rf"|那)({_NOUN})|(?:那个|这个|这些|那些|该|上述"
            rf"|此)(?:([{HAN}]{{1,2}})(?=[的有是在多什怎为何几谁吗呢?？]|$))?|(?<![{HAN}])[这那](?=是|为|有"
            rf"|算|要|会|能|在|需|对|叫|到底|究竟|多|怎|什|花|种|本)|此(?=事|案|举|人|地)"
        ),
    ),
    (Sort.THING, re.compile(r"其(?=[^\s])")),
)
_DIGITS = {c: i for i, c in enumerate("一二三四五六七八九十")} | {"两": 1}


def mask(text: str) -> str:
    """The text with the false friends of pronouns, and all that is quoted, blanked out; as long as before."""
    return _FALSE.sub(lambda found: " " * len(found.group(0)), text)


def references(text: str) -> list[Reference]:
    """References of a question in reading order, none inside another."""
    masked = mask(text)
    found = sorted(_found(masked), key=lambda r: (r.start, -r.end))
    kept: list[Reference] = []
    for reference in found:
        if not kept or reference.start >= kept[-1].end:
            kept.append(reference)
    return kept


def _found(masked: str) -> Iterator[Reference]:
    for sort, pattern in _PATTERNS:
        for match in pattern.finditer(masked):
            words = match.group(0)
            noun = next((g for g in match.groups() if g), "") if sort is Sort.THAT else ""
            number = _number(words, match.group(1)) if sort is Sort.LISTED else 0
            yield Reference(sort, match.start(), match.end(), noun, words == "其", number)


def _number(words: str, numeral: str | None) -> int:
    if "后" in words:
        return -1
    if numeral is None:
        return 0
    return int(numeral[:3]) - 1 if numeral.isdigit() else _DIGITS.get(numeral, 0)
