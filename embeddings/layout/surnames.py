"""How much a word looks like the name of a person: tables of surnames, and of words that begin with one."""

from __future__ import annotations

import re

from embeddings.layout.bylines import NO_NAME

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


def name_score(name: str) -> float:
    """How much a word, folded and without blanks, looks like the name of one person, 0 to 1."""
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


def is_pair(word: str) -> bool:
    """Whether four characters are two names set without a blank, not one name of four."""
    surnames = [SURNAME_WEIGHTS.get(character, 0.0) for character in word[::2]]
    return (
        len(word) == 4 and word[:2] not in COMPOUND_SURNAMES and surnames[0] * surnames[1] >= PAIR_SCORE_MIN
    )
