"""Words of questions: what asks, what only leads in, and where the subject of a question ends.

A question is taken apart by closed lists of words, not by a tagger: names in a newspaper are mostly
unknown to one, while the words that ask and that join are few and the same everywhere.
"""

from __future__ import annotations

import re

HAN = "\u3400-\u9fff"
NUMERAL = r"(?:\d+(?:\.\d+)?|[〇零一二三四五六七八九十百千万两]+)"

_TAIL = re.compile(r"[?？。．.!！~～…\s]+$")
_PARTICLES = re.compile(r"(?:(?:呢|吗|(?<![什怎这那多要])么|吧|啊|呀|嘛|哦|呗)|来着)+$")
_LEAD = re.compile(
    r"^(?:(?:好的?|嗯+|哦+|噢|喔|谢谢[你您]?|多谢|明白了?|知道了|了解了?|对了|顺便(?:再?问(?:一?下|问)?)?"
    r"|(?:我?(?:还|再)?(?:想|要)?再?问(?:一?下|问)?)|请问(?:一?下)?|麻烦(?:问(?:一?下|问))?|那么|话说|所以"
    r"|不过|可是|但是|但"
    r"|and|but|so|ok|okay|then|please)[,，、。!！:：\s]*)+",
    re.IGNORECASE,
)
_THEN = re.compile(
    r"^(?:那么|那(?!达慕|曲|坡|里|儿|边|年|天|时|位|[一几两二三四五]?(?:个|些|家|座|条|名|场|次|所"
    r"|笔|件|项|种|张|部|块|辆|棵|盏|只)))[,，\s]*"
)

# What asks, the longer words before those they hold.
ASKING = re.compile(
    r"(?:是在|是从|是|在|到|从)?(?:什么时候|什么时间|啥时候|啥时|几时|何时|何日|哪一?[天年日]|几月几[号日]"
    r"|几[号日]|几点(?:钟|到几点)?|几月份?|几年级?|多会儿|多早)"
    r"|为了?(?:什么|啥)|为何|因为(?:什么|啥)|凭(?:什么|啥)|怎么会|怎么回事|是?怎么样|怎么(?:没|不)?|怎样"
    r"|如何|咋样|咋"
    r"|(?:一共|总共|共|大约|大概|最多|最少|至少)?(?:有|是|要|花|收)?多(?:少(?:钱|元|块钱?)?"
    r"|[大长高宽远久重快厚深](?=[了的呢吗啊]?(?:时间)?$))"
    r"|(?:一共|总共|共)?有?几(?=[\u4e00-\u9fff])"
    r"|(?:是|叫|姓|为)(?:什么|啥|谁|哪一?[位个家所座里儿])(?:名字|人|意思)?|(?:是|在|到|去|从|由"
    r"|有)?(?:哪里|哪儿|何处|何地|什么地方|啥地方)"
    r"|都?有?(?:哪些|哪几[个种项家条位名]?)|有(?:什么|啥|谁)|什么|啥|谁|哪一?[位个家所座条种年天]|哪"
    r"|百分之(?:多少|几)|有没有|是不是|能不能|会不会|要不要|可不可以|对不对|是否|能否|可否|行不行"
)

# Words that end the subject of a question: adverbs, helpers, prepositions, verbs that questions are full of.
# Single characters only where no common word holds them.
_ENDS = re.compile(
    r"(?:首批|一般|通常|大多|指(?=什么|啥|的是)|一共|总共|共计|目前|现在|如今|最后|最终|最近|后来|起先|起初"
    r"|当时|到底|究竟|已经|曾经?|正在|将要?(?!军|来)|将会|还会|还能|还有|还要|还(?!原|乡)"
    r"|今年|去年|明年|前年|今天|昨天|明天|这次|这回|本次|上次|本月|上月|下月|这个?月|上个?月|下个?月|上半年"
    r"|下半年|近[一二三四五六七八九十两几]+年"
    r"|上午|下午|晚上|周末|节假日|每[天日年月周]|上一?轮|最后一轮|连续|下一步|上岸|"
    r"可以|应该|需要|必须|能够|打算|准备|计划(?=在|从|什么|几|哪|怎)|分别|各(?=自|有|是|占)|都(?=有|是|在"
    r"|能|会|要|去|由|包)|主要(?=是|有|由|用)"
    r"|(?<![但于还只总就都要凡正可算老硬先])是(?!非)"
    r"|(?<![拥所具私国没享占含富])有(?![限关机轨效色声氧线害毒趣益名])|没有"
    r"|(?<![存现所实正内潜自健])在(?!线|职|校|建|读|押|逃|编|岗)|(?<!棉)被(?!子|告|褥|害)|(?<!火)把(?!手|关"
    r"|戏|握)|(?<![供补配])给(?!水|排)|(?<![跟])从(?!业|事|而|容|化|前)"
    r"|(?<![遭接承享感])受(?!伤|害|灾|益|理|骗|众|聘)|由(?!来|于)"
    r"|要(?=[^求闻点道塞素])(?<![主重需只摘纪概紧]要)|能(?=不"
    r"|[拿过走买去用上下开坐办看吃住领享少])(?<![新智功性可才核阳节产技效职动]能)"
    r"|会(?=不|涨|降|单|有|影|下|来|被|拆|搬|开放|停|建|收|继|怎|咋"
    r"|取)(?<![大议委社协学晚宴年展聚约机省商工司董例理集庙村支都聘览动拍奏音赛洽示论谈究介])"
    r"|(?<![除完罢])了(?!解|结|不起|望)|(?<![乘坐])到(?!达|底|位)|叫(?=什么|啥)|"
    r"读的|拿(?=出|下|到|了)|得(?=了|到|的是)|用(?=了|的|来|上)(?<![作费专通公农民使利应信]用)|花(?=了|费)"
    r"|罚(?=了|款)|罚赔|"
    r"开始|结束|开工|完工|建成|竣工|通车|合龙|开放|开幕|闭幕|开馆|举行|举办|启动|恢复|停运|停航|修好|修完"
    r"|改用|改成|成立|发生|进行|召开|实施|施行|执行|推迟|提前"
    r"|登记|报名|办理|申请|领取|招聘|录取|处理|处罚|约谈|反映|遇到|收到|受到|来自|位于|属于|负责|介绍|认为"
    r"|表示|承诺|回应|希望|参加|获得|拿到|占|花费|投资(?!项目|公司|方|额|人)"
    r"|覆盖|采用|使用(?!权|费|率)|提供|增加|减少|下降|上涨|增长(?!率)|完成|办结|持续|延续|生产(?!线|企业|厂"
    r"|队)|销往|卖到|卖给|送到|运到)"
)


_COUNT_OF = re.compile(
    rf"({ASKING.pattern})((?<=[少几])(?:个|些|家|座|条|名|位|场|次|所|笔|件|项|种|本|张|部|只|台|辆|艘|间"
    rf"|栋|片|块|棵|支|枚|份|批|对|套|盏|亩|吨|公里)(?=[{HAN}“]))?"
)


def without_asking(text: str) -> str:
    """The question without what asks, and without the measure word that goes with it."""
    return _COUNT_OF.sub("", text)


def asked(text: str) -> str:
    """The question without marks and particles at its end."""
    return _PARTICLES.sub("", _TAIL.sub("", text).strip()) or _TAIL.sub("", text).strip()


def without_lead(text: str) -> str:
    """The question without the words that only lead in: 请问, 好的, 那么."""
    return _LEAD.sub("", text).strip() or text


def without_then(text: str) -> str:
    """As `without_lead`, and without the 那 that ties a question to the one before."""
    led = without_lead(text)
    return _THEN.sub("", led).strip() or led


def starts_with_then(text: str) -> bool:
    """Whether a question is tied to the one before by 那 …"""
    return bool(_THEN.match(without_lead(text)))


def subject_end(question: str) -> int:
    """Where the subject at the start of a question ends: at the first word that asks or that says more.

    A word at the very start ends nothing: what comes after it may be a subject still.
    """
    found = [m.start() for p in (ASKING, _ENDS) for m in p.finditer(question) if m.start() >= 2]
    marks = [m.start() for m in re.finditer(r"[,，;；]", question) if m.start() >= 2]
    return min([*found, *marks], default=len(question))
