"""Names and other elements in questions and answers: people, places, periods, counted things.

Found by their shape (a surname, the last character of a place, a number with its unit), since the names
of a local paper stand in no dictionary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qa.standalone.wording import HAN, NUMERAL

_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章苏潘葛奚范彭郎鲁韦昌马苗凤方俞任袁柳鲍史唐费廉岑薛雷贺倪汤"
    "滕殷罗毕郝邬安常乐于傅皮卞齐康伍余顾孟黄穆萧尹姚邵湛汪祁毛禹狄贝臧伏戴宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻贾路娄危江童颜郭梅盛林刁钟徐邱骆"
    "夏蔡田樊胡凌霍虞万柯管卢莫房裘缪解应宗丁宣邓郁杭洪包左石崔吉钮龚程邢裴陆翁荀羊甄曲储靳段富巫焦巴牧隗谷车侯宓全班仰秋仲宫宁仇栾厉戎祖符刘景詹"
    "束龙叶司韶黎薄印宿白怀蒲邰鄂索赖卓蔺屠蒙池乔苍闻莘翟谭贡劳姬申扶冉郦雍桑桂牛寿边扈燕冀浦尚农温庄晏柴瞿阎慕连习艾容古易廖终衡耿满匡寇广阙"
    "沃利蔚越师巩聂晁勾敖融冷辛阚那简饶曾沙丰巢关游权盖桓涂岳帅亢况琴归楼支芦银晋楚闫佟覃肖付代郏尉仝苑迟雒佘苟鹿冼綦邸危"
)
_COMPOUND = (
    "欧阳|司马|上官|诸葛|夏侯|东方|皇甫|尉迟|公孙|令狐|慕容|司徒|长孙|宇文|公冶|端木|呼延|南宫|百里|淳于|濮阳"
)
# Characters that seldom stand in a given name but often after one.
_AFTER = (
    "唱演写画打开种养修造住走跑站救捐拍选办退想爱借叫找的了是在说讲和与跟及被把给向从对为到有"
    "要能会将就还又也都去来做干读当考拿用花收受看送教带谈答问谁怎什么多几哪何这那他她它们一不"
    "没上下先后最自因所以该其此"
)
_GIVEN = f"[^\\W\\d_a-zA-Z{_AFTER}]"
_TITLES = (
    "(?:大爷|大妈|阿姨|阿婆|奶奶|爷爷|大叔|大姐|大哥|师傅|老师|教授|医生|女士"
    "|先生|老人|老汉|局长|院长|校长|主任|书记|县长|镇长|村长|市长|警官|律师"
    "|婆婆|三姐|某某?)"
)
PERSON = re.compile(
    f"{_GIVEN}{{1,6}}·{_GIVEN}{{1,6}}|(?:{_COMPOUND}){_GIVEN}{{1,2}}|(?:老|小"
    f"|阿)[{_SURNAMES}](?![{HAN}]{{0,1}}(?:区|县|村|镇|路|街|学|桥))(?=[{_AFTER}，,。、？?]|$)"
    f'|[{_SURNAMES}]{_TITLES}|[{_SURNAMES}]{_GIVEN}{{1,2}}(?={_TITLES}|[{_AFTER}，,。、？?！!:：;；（(\\s”"]|$)'
)
_PERSON_WHOLE = re.compile(
    f"(?:{_COMPOUND})[{HAN}]{{1,2}}|[{_SURNAMES}](?:[{HAN}]{{1,2}}|{_TITLES})"
    f"|[{HAN}]{{1,6}}(?:·[{HAN}]{{1,6}})+|(?:老|小|阿)[{HAN}]"
)
_PERSON_AT_END = re.compile(
    f"(?:(?:{_COMPOUND})[{HAN}]{{1,2}}|[{_SURNAMES}](?:{_TITLES}|[{HAN}]{{1,2}})"
    f"|[{HAN}]{{1,6}}(?:·[{HAN}]{{1,6}})+)$"
)
_QUOTED = re.compile(r"[“\"「『《][^”\"」』》]*[”\"」』》]")
_ROLES = re.compile(
    r"(?:员|长|人|者|手|师|生|记|工|民|匠|家|徒|户|商|客|兵|友|伯|叔|婶|爷|奶|婆|妈|爸|父|母|哥|弟|姐|妹|姑"
    r"|嫂|娘|夫|妻|儿|女|孩|孙|某|老汉|小伙|姑娘|大爷|总|教授|冠军|主任|经理|主席|代表|司机|站主|业主|女士"
    r"|先生|阿姨|教练|博士)$"
)
ORGANISATION = re.compile(
    r"(?:公司|集团|企业|厂|局|院|会|部|所|中心|银行|合作社|学校|大学|中学|小学|幼儿园|医院|协会|联盟|机构"
    r"|社|队|团|店|馆|站|办|署|委)$"
)

_PLACE_ENDS = "省|市|区|县|旗|州|镇|乡|村|街道|社区|小区|街|路|巷|港|湾|岛|湖|山|河|江|桥|寨|屯|庄|园区"
PLACE = re.compile(f"[{HAN}]{{1,5}}?(?:{_PLACE_ENDS})")
_LARGE_PLACES = (
    "安徽|澳门|北京|重庆|福建|甘肃|广东|广西|贵州|海南|河北|河南|黑龙江|湖北|湖南"
    "|吉林|江苏|江西|辽宁|内蒙古|宁夏|青海|山东|山西|陕西|上海|四川|台湾|天津|西藏|香港|新疆|云南|浙江"
    "|全国|全省|全市|全县|国内|国外|省内|省外|市内|市外|城里|乡下"
    "|农村|城镇|城区|郊区|我国|美国|日本|俄罗斯|英国|法国|德国|韩国"
)
_ANY_PLACE = re.compile(f"{_LARGE_PLACES}|{PLACE.pattern}")
PERIOD = re.compile(
    r"(?:今|去|前|明|后|当|次|上一|下一|这一?|往|历|每)年(?:上半年|下半年|同期|底|初|元旦起?|春节|国庆"
    r"|[一二三四]季度|\d{1,2}月(?:份|底|初)?)?"
    r"|(?:\d{4}|[〇零一二三四五六七八九]{4})年(?:底|初|上半年|下半年|\d{1,2}月(?:\d{1,2}[日号])?)?"
    rf"|{NUMERAL}月份?(?:{NUMERAL}[日号])?|{NUMERAL}[日号](?!线|楼|院|桥|井|船|车|门|馆|厅|摊|矿)"
    r"|[上下这本](?:个)?(?:周末?|星期|礼拜|月|季度|半年|学期)(?:[一二三四五六日天])?|(?:周|星期"
    r"|礼拜)[一二三四五六日天末]|周末|节假日|工作日|平时|平日"
    r"|今天|昨天|前天|明天|后天|今日|昨日|第[一二三四]季度|[一二三四]季度|上午|下午|晚上|早上|夜里|中午"
    r"|白天|夜间"
    r"|以前|之前|以后|之后|原来|原先|过去|现在|如今|目前|将来|今后|当时|往年|同期|春天|夏天|秋天|冬天|暑假"
    r"|寒假|春节|国庆|五一"
)
_COUNTED = re.compile(rf"(?:第{NUMERAL}|{NUMERAL})([{HAN}A-Za-z](?:[线路楼站期院组班届票船])?)|第{NUMERAL}$")
_SUPERLATIVE = re.compile(r"最[大小高低多少长短快慢早晚贵好差老新远近重轻厚薄便宜年轻年长]{1,2}")
OPPOSITES: tuple[tuple[str, str], ...] = (
    (r"男(?:子组|的|生|性|子|工|孩|教师|职工|队)?", r"女(?:子组|的|生|性|子|工|孩|教师|职工|队)?"),
    (r"全程", "半程"),
    (r"城镇|城市|城里", r"农村|乡下|乡村"),
    (r"成人|成年人|大人", r"儿童|小孩|孩子|学生|未成年人|老人"),
    (r"本科生?", r"(?:大?专科?|硕士|博士|研究生)"),
    (r"新(?:的|车|房)", r"老(?:的|车|房)|旧的"),
    (r"进口", "出口"),
    (r"国内", "国外|国际"),
    (r"单程", "往返"),
    (r"线上", "线下"),
    (r"左侧?", r"右侧?"),
    (r"东[侧岸边段]", r"西[侧岸边段]"),
    (r"南[侧岸边段]", r"北[侧岸边段]"),
)


@dataclass(frozen=True, slots=True)
class Element:
    """A part of a question that another of its `sort` can stand in for, at `start:end` of the text."""

    sort: str
    start: int
    end: int


def elements(text: str) -> Iterator[Element]:
    """Periods, superlatives, counted things and places of a text, the earlier sorts the more telling."""
    for sort, pattern in (("period", PERIOD), ("superlative", _SUPERLATIVE)):
        for found in pattern.finditer(text):
            yield Element(sort, found.start(), found.end())
    for found in _COUNTED.finditer(text):
        yield Element(f"counted {found.group(1) or ''}"[:9], found.start(), found.end())
    for number, pair in enumerate(OPPOSITES):
        for found in re.finditer("|".join(pair), text):
            yield Element(f"opposite {number}", found.start(), found.end())
    dayless = PERIOD.sub(lambda found: " " * len(found.group(0)), text)
    for found in _ANY_PLACE.finditer(dayless):
        yield Element("place", found.start(), found.end())


def person_in(text: str) -> str:
    """The first person named in a text, empty when there is none."""
    unquoted = _QUOTED.sub(lambda quoted: " " * len(quoted.group(0)), text)
    found = list(PERSON.finditer(unquoted))
    # 宁川的 … may be a place, 杨某借 … is none.
    first = next(
        (one for one in found if unquoted[one.end() : one.end() + 1] != "的"), found[0] if found else None
    )
    return first.group(0) if first else ""


def name_at_end(text: str) -> str:
    """The name that a description ends with (收菜的老板季红叶), empty when it ends with none."""
    found = _PERSON_AT_END.search(text)
    return found.group(0) if found else ""


def is_person(text: str) -> bool:
    """Whether a short text stands for a person: by name or by role."""
    if ORGANISATION.search(text) and not name_at_end(text):
        return False
    return bool(_PERSON_WHOLE.fullmatch(text) or _PERSON_AT_END.search(text) or _ROLES.search(text))
