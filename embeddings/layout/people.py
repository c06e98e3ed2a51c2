"""A byline as printed -> the people in it and what each did; a first paragraph -> its dateline.

Nothing here reads a file or takes long: a byline is read up to `BYLINE_CHARS`, a dateline up to
`DATELINE_CHARS`, whatever the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from embeddings.layout.bylines import DATELINE_CHARS, HAN, NO_NAME, dateline_match
from embeddings.layout.lines import FOLD
from embeddings.records import Dateline, Person, PersonRole

BYLINE_CHARS = 400


FREQUENT_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
    "洪赖傅"
)
USUAL_SURNAMES = (
    "常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季"
    "裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦"
    "戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻"
    "苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阎代习邸萧"
)
RARE_SURNAMES = (
    "阚权帅屠豆朴盖练廉禹井祖漆巴丰卿狄计索宣晋初云容敬扈晁芮都普阙浦戈伏鹿薄雍辜羊阿乌母裘亓邰赫杭况宿印"
    "逯隆茹诺慕危玉银亢嵇哈湛宾戎勾茅利於呼居揭但尉冶斯元束檀衣展阴昝智幸奉植衡富尧闭由竺綦句邴郗昌凤酆滑"
    "濮堵咸籍蓬郏郦郤璩寿莘充宦鱼慎庾暨步弘禄殳沃蔚越夔厍融訾毋乜养须巢蒯桓仉洛苍税线帖才律缑旷妥英诸荀羿"
    "汲糜松弓牧隗宓仰秋暴钭韶蓟怀鄂能贡逄扶宰却褟问钮荔种幺尕拜买撒剌者杞脱锁把折撖笪虢"
)
# Frequent words that begin with a surname, as the surname and then every second character.
WORDS_BY_SURNAME = """
    王国室家位 黄河金冈色州陂土昏家连陵沙山花安海鳝豆 周围期边年刊末长岁到二身六日一 徐州 马上路蹄头力车里
    胡乱须 何况必处以等时不在故人事种尝用
    高速度级兴中校考原手等于大温出层低效呼尚声压举涨产档空粱高新位端程地分处职贵额铁管招 林区业中 罗马
    郑州重克 宋代朝 唐代朝 许多家久 韩国 曾经 肖像 田地径间 董事 于是 余种地家下万额年脉处 叶片 程度序
    苏联州丹区 任务何期免职命教意用 沈阳 陆续地游上路 范围 金融属银额钱牌花牙星轮代丝台色箔子
    石首油头桥化门窟膏器碑壁湖墨子板块灰刻兽雕 夏天季 付出 方面法式向案针便言才程丈位形略可
    白色天衣马族人家嫩 秦腔 江南陵苏湖西夏汉北山淮水面中河豚东流 雷电 龙头门大袍泉 史料学书记册 陶器瓷 黎族
    顾及源虑 毛病尖笔 万元吨亩岁历一年家万辆物余里分向股尾多名个头事 钱币 严重格肃厉峻密谨禁寒守整惩刑酷
    武汉器昌装士力艺警官陵术将大备 莫非大 向前来往上着下导 洪涝流 常常务见用规委设有绿年住数人识驻
    温度暖和带柔差州 施工行展主加 文化学章物字件艺库献书华人集革官科教凭体中本坛 牛肉奶车筋
    安全排装徽陆慰定置乡心宁放庆 齐名国 易于 庞大 颜色 庄严重稼家 章程 岳家 申请报诉花 欧洲盟元
    关系于键注心闭节联中头税山上切门口东押照外内 兰州 焦点急虑躁 左右手侧边臂派腿脚 甘肃泉蔗心
    包括含围袱裹装机扎 宁夏愿波 尚书未无有且 符合号 舒服适 纪念录律要 童年话 凌晨 毕业竟生
    单位独纯行一个元刀词板人打身体调 季节度风 涂料
    成为立功绩长果员本分熟就都人效化交型年虫因排书群色品名败像 苗族 谷地物子 盛产行大开 曲折线调子 骆驼 蓝色
    路线上桥边过面径子灯口旁 游客行戏泳览牧人离击记子玩 辛苦 管理辖道家制事 柴油 蒙古
    华北表山夏中侨人东南瑞沙 房子间屋中县里门价基产 屈原服辱 解决释放除开答散体读脱剖析毒救题说 尤其为 阳性
    时间候期代刻机辰分尚报常光时说而节任空日速数人 农业民村历场田奴家药户用行夫 司法令机长空
    古代墓城怪迹人典巴今都称籍物时 吉利 简单称介直历化易陋明 车程辆站上牌子间厢体身长轮 项目
    连续接忙连同夜声长锁年队带日任 芦花苇 景点观区象色物 党员委内政派组风建校章群史纪 宫廷女中灯门里墙
    费用力 冷静却战漠淡水 席位 卫生士兵队国 米兰饭 宗教旨室族派
    全国省部面市体球身年都长党境军民力会书新然县家局场称文城线区权邦州程集队
    应该用当付有聘届急城力试变为邀声酬 边缘界境防区上疆陲沿际 师父妹长弟徒团资大 和平谐约解县谈 仇恨人
    隋唐朝 商品业人量议城务店场贸代朝家标旅周定 沙漠市发湖河俄包 巫山 丛书中 仲裁 巩固
    明显确代朝清天日明年知亮末教儿史月 池河塘 查看询处出 麻烦袋布雀 迟疑早迟到
    官员兵军吏方家府职僚话署场山司人儿 封建闭面 谈判话到论谈起 荆州门江东 乐器园观队于趣意曲 郁闷
    南京北部方海路非湖阳宋岳岸端朝门昌面极侧亚口县唐下通移美航平洋湘宁山边 班长子 储量备存蓄
    原来因则料始种理子有本名先油地型告定文址 燕京 楚国 劳动务累役力工 皮肤子革鞋质肉毛 楼上下梯房 盘旋算子
    满足意脸洲族腔地载身面心头 闻名到讯 位于置居子 厉害声 伊朗犁 区域别长分划内
    海军拔洋上外藻底峡岸水域南面湾里关边滨口滩盗运港瑞区产战参防岛 代表替码理价谢数号为 习惯俗性
    权力利益限势 屠杀 豆腐 朴实 练习 廉价 井口 祖国父师 漆黑树 巴黎西东 丰富产厚收 计划算较量策委议 索性
    宣布传告读称扬战统 晋代 初步期中级年时次一 云南集雾盘朵 容易量貌忍许器 敬重业 都督城市统 普通遍查及法
    薄弱膜 辜负 羊皮肉毛 阿哥 乌桕鸦 母亲子本女 赫然 杭州汉 况且 宿舍 印度象刷尼 隆重中庆起 危机险害急难及
    玉器音 银行子鱼两河针奖 哈哈 宾馆 勾结当 茅屋 利用益润害率息税于 呼吸吁声叫呼喊啸 居民住然多于
    揭露示开发 但是愿 冶金炼 元年素代朝首旦件 束缚 衣服衫襟裳袖食着物 展开示览现出 阴谋阳影道沉 智力能利商
    幸福好运亏而 奉命献行天 植物被株树 衡量山 富有人裕于户贵含强 闭会 由于此 句子 滑稽 堵塞住 咸宁丰阳 寿命
    充分满足当实沛电 宦官 鱼类肚苗种池翅头 慎重 步兵伐枪骤行入 越是南发国 融合资入化 养殖成猪活 洛阳 苍白蝇
    税收务 线路索性条 才能 律师 妥协善当 英国雄语文军寸 诸多位国州般 汲取 松软弛开 弓箭 牧业场民区 秋天季
    暴露力动雨行 怀疑里中着抱孕念 鄂西州东南 能力够量源否 贡献品 扶贫持 宰相 却是说 问题道世起问候话
    种类种植子族姓质 拜见访 买卖 撒谎 脱离身落手 锁定 把握头手 折磨腾子合断射
    """
# Names of peoples who have no surname begin like this where they are printed without a dot.
NAME_BEGINNINGS = frozenset(
    """
    扎西 次仁 索朗 卓玛 旦增 丹增 格桑 德吉 尼玛 达瓦 边巴 普布 拉巴 洛桑 平措 多吉 白玛 央金 次旺 仁青 仁增
    桑吉 才让 贡布 罗布 米玛 巴桑 阿依 古丽 买买 阿不 阿卜 努尔 吐尔 艾尼 麦麦 热依 迪丽 帕提 巴特 乌云 其其
    斯琴 娜仁 哈斯 苏日 布仁 额尔 塔娜 吉克 吉木 阿木 马黑
    """.split()
)
COMPOUND_SURNAMES = frozenset(
    """
    欧阳 上官 司马 诸葛 夏侯 皇甫 尉迟 公孙 慕容 令狐 东方 轩辕 宇文 长孙 司徒 司空 端木 独孤 南宫 西门 闻人
    东郭 百里 呼延 申屠 太史 淳于 单于 公冶 钟离 澹台 濮阳 赫连 鲜于 拓跋 完颜 纳兰 左丘 谷梁 仲孙 亓官 司寇
    颛孙 闾丘 乐正 漆雕 巫马 万俟 梁丘 达奚 叶赫 耶律 宗政
    """.split()
)
# How far each kind of surname alone speaks for a name: the frequent hundred name six people in seven.
SURNAME_WEIGHTS = {
    surname: weight
    for surnames, weight in ((RARE_SURNAMES, 0.45), (USUAL_SURNAMES, 0.75), (FREQUENT_SURNAMES, 0.95))
    for surname in surnames
}
WORDS = frozenset(group[0] + second for group in WORDS_BY_SURNAME.split() for second in group[1:])
LONG_WORDS = frozenset(
    "石家庄 马来西 莫斯科 华盛顿 洛杉矶 温哥华 房地产 农产品 穆斯林 安理会 牡丹江 连云港".split()
)
NEVER_GIVEN = re.compile(r"(?!^)[的了是不这那与及把被对等个们么吗呢啊哪谁很还更最就给让但或员者]")
NOUN_ENDINGS = frozenset("率额费税案款部局处院所厂店省市州区县镇团会场项条版报网社刊队")
NAME_SCORE_MIN = 0.3
# Two frequent surnames, or a frequent and a usual one.
PAIR_SCORE_MIN = 0.7
DIVIDED_CHARS_MAX = 16
NAMES_CHARS = 40
BETWEEN_NAMES = re.compile("[、, ]+")

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
JOINERS = ("和", "与", "及", "等")
JOINED_PAIR = re.compile(r"(?P<one>.{2,3})[和与及](?P<other>.{2,3})")
BULLETS = tuple("□■◆◇●○◎▲△☆★※")
ORGANISATION = re.compile(r"(?:报|网|社|台|刊|新闻|在线|客户端|传媒|融媒|杂志|大学|学院|中心|公司|报道)$")
SPOKEN_FOR = re.compile(
    rf"^(?:{RANKS}|现场|直击|专访|札记|独家|综合|联合|深度|热线|关注|行动|帮忙|跑腿|打探|支招|提问|解读|求证|走访|亲历"
    r"|目击|暗访|出镜|图片|本文|无人机|技术组|[等和与文图])+$|现场|新华社|翻摄"
)
COLLECTIVE = re.compile(r".{2,12}(?:编辑部|评论部|采访组|报道组|采访团|调研组|课题组)")


class _Kind(Enum):
    TITLE = "title"
    TASK = "task"
    WORD = "word"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of a byline; `gap` is what stands between it and the piece before, "" where they touch."""

    kind: _Kind
    text: str
    gap: str = ""
    roles: tuple[PersonRole, ...] = ()


@dataclass(slots=True)
class _Group:
    """Words that share a title and a task, and what their people did.

    `named` says that a title or a task vouches for the first word being a name.
    """

    title: PersonRole | None = None
    roles: tuple[PersonRole, ...] = WROTE
    words: list[_Piece] = field(default_factory=list)
    named: bool = False


def looks_like_name(text: str) -> float:
    """How much a short text looks like one or several names of people, 0 to 1.

    From how common the surname is, the length, and whether it is a word that only begins with a
    surname; of several names (parted by blanks or 、) the least likely one counts. A character that
    belongs to no name makes it 0.
    """
    folded = text[: NAMES_CHARS + 1].translate(FOLD).strip()
    if len(folded) > NAMES_CHARS or not re.fullmatch(rf"[{HAN}·、, ]+", folded):
        return 0.0
    names = _closed(list(_pieces(folded)))
    if sum(map(len, names)) < len(BETWEEN_NAMES.sub("", folded)):
        return 0.0
    return min(map(_name_score, names), default=0.0)


def _name_score(name: str) -> float:
    if len(name) < 2 or NEVER_GIVEN.search(name) or NO_NAME.search(name):
        return 0.0
    if "·" in name:
        return 0.9 if all(0 < len(part) <= 8 for part in name.split("·")) else 0.0
    if name[:2] in COMPOUND_SURNAMES and len(name) > 2:
        return 0.95 if len(name) <= 4 else 0.0
    if name[:2] in NAME_BEGINNINGS:
        return 0.7 if len(name) <= 5 else 0.0
    by_length = {2: 0.85, 3: 1.0, 4: 0.25}.get(len(name), 0.0)
    return SURNAME_WEIGHTS.get(name[0], 0.0) * by_length * _plainness(name)


def _plainness(name: str) -> float:
    """How little a name with a surname resembles a common word, 0 to 1."""
    if name in WORDS or name[:3] in LONG_WORDS:
        return 0.1
    return (0.5 if name[:2] in WORDS else 1.0) * (0.3 if name[-1] in NOUN_ENDINGS else 1.0)


def people_of(byline: str) -> tuple[Person, ...]:
    """The people of a byline in printed order, each name once for each thing its bearer did.

    A title (记者, 通讯员) says in what capacity someone wrote; a task before or behind the names
    (文/图, 摄) says what they did, and who only took the picture is not also counted as a reporter.
    文/图 and 摄影报道 hold for every name since the last such word, other tasks for the names of
    the last title. Empty when nobody is named.
    """
    folded = byline[:BYLINE_CHARS].translate(FOLD).strip()
    match = dateline_match(folded)
    rest = folded[match.end() :] if match else folded
    people = [person for group in _groups(list(_pieces(rest))) for person in _people(group)]
    if match and (match["by"] or not people) and not match["agency"].startswith("综合"):
        people = [Person(piece.text, PersonRole.SOURCE) for piece in _sources(match["agency"])] + people
    return tuple(dict.fromkeys(people))


def dateline_of(paragraph: str) -> Dateline | None:
    """The dateline that the first paragraph of a story begins with; `None` without one."""
    head = paragraph[:DATELINE_CHARS]
    match = dateline_match(head.translate(FOLD))
    if not match:
        return None
    # Folding keeps offsets, so the printed characters stand at the same places.
    printed = ["".join(head[slice(*match.span(name))].split()) for name in ("agency", "place", "day")]
    return Dateline(*printed)


def _pieces(folded: str) -> Iterator[_Piece]:
    """The byline as titles, tasks, sources and words, in order."""
    text = SENT_FROM.sub("|", TOGETHER.sub(f" {TEXT_AND_PHOTO} ", UNIT.sub("|", folded)))
    text = BLANK_DOT.sub("·", TRANSLATED_BY.sub(r"\g<name> 译", text))
    position, titled = 0, False
    for match in SCAN.finditer(text):
        gap, position = text[position : match.start()], match.end()
        source = match["quoted"] or "/".join(filter(None, (match["sent"], match["with"])))
        for piece in _sources(source) if source else _cut(match.group(), titled):
            titled = titled or piece.kind is _Kind.TITLE
            yield replace(piece, gap=gap)
            gap = ""


def _sources(what: str) -> Iterator[_Piece]:
    """`《某报》、新华社电` -> 某报, 新华社."""
    for name in QUOTED_TITLE.findall(what) or SOURCE_SEPARATOR.split(what):
        source = SAID.sub("", name)
        if len(source) > 1 and not NO_SOURCE.search(source):
            yield _Piece(_Kind.SOURCE, source)


def _cut(word: str, titled: bool) -> Iterator[_Piece]:
    """A word where titles and tasks may touch the names: `记者毛小路摄`."""
    position = 0
    for match in TITLE.finditer(word):
        left, position = word[position : match.start()], match.end()
        if titled and _name_score(left) >= NAME_SCORE_MIN and not ORGANISATION.search(left):
            yield _Piece(_Kind.WORD, left)
            left = ""
        titled = True
        role = PersonRole.PHOTOGRAPHER if "摄影" in match["rank"] else TITLES[match["title"]]
        yield _Piece(_Kind.TITLE, left + match.group(), roles=(role,))
    yield from _cut_task(word[position:])


def _cut_task(word: str) -> Iterator[_Piece]:
    if word in TASKS:
        yield _Piece(_Kind.TASK, word, roles=TASKS[word])
    elif match := TASK_AT_START.match(word):
        yield _Piece(_Kind.TASK, match.group(), roles=TASKS[match.group()])
        yield _Piece(_Kind.WORD, word[match.end() :])
    elif match := TASK_AT_END.search(word):
        yield _Piece(_Kind.WORD, word[: match.start()])
        yield _Piece(_Kind.TASK, match.group(), roles=TASKS[match.group()])
    elif word:
        yield _Piece(_Kind.WORD, word)


def _leading(pieces: Sequence[_Piece]) -> frozenset[int]:
    """Which tasks stand before their names: `文/甲 图/乙`, not `甲 文 乙 图`."""
    leading: set[int] = set()
    named = next((i for i, piece in enumerate(pieces) if piece.kind is _Kind.WORD), len(pieces))
    closed = False  # whether the words right of here are closed by a task behind them
    for i in range(len(pieces) - 1, -1, -1):
        kind, after = pieces[i].kind, pieces[i + 1] if i + 1 < len(pieces) else None
        if kind is _Kind.TASK:
            touches = i > 0 and not pieces[i].gap and pieces[i - 1].kind is _Kind.WORD
            if after and not touches and _stands_before(pieces[i], after, i < named, closed):
                leading.add(i)
            closed = i not in leading
        elif kind is not _Kind.WORD:
            closed = False
    return frozenset(leading)


def _stands_before(task: _Piece, after: _Piece, first: bool, closed: bool) -> bool:
    if after.kind is _Kind.TASK:
        return False
    if ":" in after.gap or ("/" in after.gap and "/" not in task.gap):
        return True
    return first or (after.kind is _Kind.WORD and not closed)


def _groups(pieces: Sequence[_Piece]) -> list[_Group]:
    """The words by what stands with them: a title, a task, both or neither."""
    leading = _leading(pieces)
    groups, since = [_Group()], 0
    for i, piece in enumerate(pieces):
        last = groups[-1]
        if piece.kind is _Kind.WORD:
            last.words.append(piece)
        elif piece.kind is _Kind.SOURCE:
            groups += [_Group(roles=GAVE, words=[piece], named=True), _Group()]
        elif piece.kind is _Kind.TITLE:
            _drop_outlet(last.words, piece)
            did = last.roles if i - 1 in leading else piece.roles
            groups.append(
                _Group(piece.roles[0], _titled(piece.roles[0], did), _nameless(pieces, i), named=True)
            )
        elif i in leading:
            groups.append(_Group(roles=piece.roles, named=True))
        else:
            _close(groups, since, piece)
            groups.append(_Group())
            since = len(groups) - 1
    return groups


def _drop_outlet(words: list[_Piece], title: _Piece) -> None:
    """`江风News记者`: what touches a title is an outlet."""
    touching = title.gap == "" and bool(words) and words[-1].text.isascii()
    while touching and words:
        touching = words.pop().gap == ""


def _titled(title: PersonRole | None, roles: tuple[PersonRole, ...]) -> tuple[PersonRole, ...]:
    """The roles of someone with this title: who writes does so in that capacity."""
    return tuple(dict.fromkeys(title if title and role in (*WROTE, *REPORTED) else role for role in roles))


def _nameless(pieces: Sequence[_Piece], i: int) -> list[_Piece]:
    """本报评论员 signs without a name."""
    alone = i + 1 == len(pieces) or pieces[i + 1].kind is not _Kind.WORD
    signs = alone and pieces[i].roles == (PersonRole.COMMENTATOR,)
    return [replace(pieces[i], kind=_Kind.SOURCE)] if signs else []


def _close(groups: list[_Group], since: int, task: _Piece) -> None:
    """Give the task behind them to the names before it."""
    last = groups[-1]
    if task.text.endswith("报道") and len(last.words) > 1 and _is_place(last.words[-1].text, task):
        last.words.pop()
    if task.roles == GAVE and not task.gap and len(last.words) > 1:
        groups.append(_Group(words=[last.words.pop()]))
    if task.roles == TRANSLATED and len(last.words) > 1 and "," in last.words[-1].gap:
        groups.append(_Group(words=[last.words.pop()]))
    for group in groups[since:] if len(task.roles) > 1 else groups[-1:]:
        group.roles, group.named = _titled(group.title, task.roles), True


def _is_place(word: str, task: _Piece) -> bool:
    """Whether the word before 报道 says from where: `记者 甲 江城报道`."""
    touches = task.text == "报道" and not task.gap
    return _name_score(word) < NAME_SCORE_MIN or (touches and len(word) == 2)


def _people(group: _Group) -> Iterator[Person]:
    if group.roles == GAVE:
        names = [piece.text for piece in group.words if not NO_SOURCE.search(piece.text)]
    else:
        names = _names(group)
    for name in names:
        for role in group.roles:
            yield Person(name, role)


def _names(group: _Group) -> list[str]:
    if group.words and group.words[0].kind is _Kind.SOURCE:
        return [group.words[0].text]
    names: list[str] = []
    bulleted = bool(group.words) and group.words[0].gap.strip().startswith(BULLETS)
    for word in (closed.rstrip("等") for closed in _closed(group.words)):
        if SPOKEN_FOR.search(word) or ORGANISATION.search(word) or NO_NAME.search(word):
            continue
        first = not names and (group.named or bulleted)
        if _accepted(word, first, group.title is not None):
            names.append(word)
        else:
            names += _divided(word)
    return names


def _accepted(word: str, first: bool, titled: bool) -> bool:
    """Whether a word where a name may stand is one; behind a title nearly every short word is."""
    if word.isascii():
        return len(word) > 3 or first
    if _name_score(word) >= NAME_SCORE_MIN or (first and COLLECTIVE.fullmatch(word)):
        return True
    if not 2 <= len(word) <= 4 or NEVER_GIVEN.search(word) or _is_pair(word):
        return False
    return first or (titled and word not in WORDS and word[-1] not in NOUN_ENDINGS)


def _is_pair(word: str) -> bool:
    """Whether four characters are two names set without a blank, not one name of four."""
    surnames = [SURNAME_WEIGHTS.get(character, 0.0) for character in word[::2]]
    return (
        len(word) == 4 and word[:2] not in COMPOUND_SURNAMES and surnames[0] * surnames[1] >= PAIR_SCORE_MIN
    )


def _closed(words: Sequence[_Piece]) -> list[str]:
    """The words with blanks inside names closed: `李 明 王晓红` -> 李明, 王晓红."""
    names: list[str] = []
    pending = ""  # what a name may go on from: single characters, a compound surname
    for piece in words:
        word, apart = piece.text, bool(piece.gap.strip())
        if apart or (word in COMPOUND_SURNAMES and len(pending) > 1):
            names, pending = names + _spaced(pending), ""
        if len(word) == 1 or (word in COMPOUND_SURNAMES and not pending):
            pending += word
        elif joined := _with_given(pending, word):
            names, pending = names + joined, ""
        elif word.isascii() and names and names[-1].isascii() and not apart:
            names[-1] += f" {word}"
        else:
            names, pending = [*names, *_spaced(pending), word], ""
    return names + _spaced(pending)


def _with_given(pending: str, word: str) -> list[str]:
    """`欧阳` and `文静`, `李明王` and `晓红` -> the names they make; empty where `word` stands alone."""
    if len(word) != 2 or pending in ("", *JOINERS):
        return []
    if pending in COMPOUND_SURNAMES:
        return [pending + word]
    begins = len(pending) % 2 == 1 and pending[-1] in SURNAME_WEIGHTS
    if not begins or (len(pending) > 1 and _name_score(word) >= NAME_SCORE_MIN):
        return []
    return [*_spaced(pending[:-1]), pending[-1] + word]


def _spaced(characters: str) -> list[str]:
    """Characters printed one by one: pairs where every second one is a surname."""
    if len(characters) < 2:
        return []
    if len(characters) % 2 == 0 and all(c in SURNAME_WEIGHTS for c in characters[::2]):
        return [characters[i : i + 2] for i in range(0, len(characters), 2)]
    return [characters] if len(characters) <= 4 else _divided(characters)


def _divided(run: str) -> list[str]:
    """Names set without a blank, cut where the likeliest names come out; empty where none do."""
    if _is_pair(run):
        return [run[:2], run[2:]]
    if not 4 < len(run) <= DIVIDED_CHARS_MAX:
        return []
    if match := JOINED_PAIR.fullmatch(run):
        pair = [match["one"], match["other"]]
        if min(map(_name_score, pair)) >= NAME_SCORE_MIN:
            return pair
    best: list[tuple[float, list[str]]] = [(1.0, [])]
    for end in range(1, len(run) + 1):
        ends = [(0.0, list[str]())]
        for size in range(2, min(4, end) + 1):
            likely, names = best[end - size]
            score = _name_score(run[end - size : end])
            ends.append((likely * score if score >= NAME_SCORE_MIN else 0.0, [*names, run[end - size : end]]))
        best.append(max(ends, key=lambda item: item[0]))
    likely, names = best[-1]
    return names if likely > 0 else []
