"""Articles and answers of our own making, shared by the web and the browser tests."""

from __future__ import annotations

from datetime import date

from embeddings.records import Answer, AnswerKind, Article, ArticleKind, Citation, Mode, Passage

LIBRARY = Article(
    id="20261012-01-1a2b3c4d",
    title="夜读灯亮到十一点",
    kicker="市图书馆延长开放",
    subtitle="首周夜间到馆四千余人次",
    byline="本报记者 段青梧",
    body=(
        "柳湾市图书馆从本月起把闭馆时间推迟到夜里十一点。馆长𠮷永安说，延时开放不是多亮几盏灯，而是让下了班的人也有地方坐下来。\n"
        "首周统计，夜间到馆4126人次，最多的一晚有783人。自习区的236个座位在七点半以前就坐满了，馆里临时把报告厅也打开，又添了120把椅子。\n"
        "为了这四个小时，图书馆新招了18名夜班馆员，其中11人是附近高校的研究生。市财政每年为此增加经费260万元。"
    ),
    paper="柳湾晚报",
    date=date(2026, 10, 12),
    page="01",
    captions=("10月10日晚，读者在市图书馆二楼自习。 段青梧 摄",),
)
FERRY = Article(
    id="20261012-02-5e6f7a8b",
    title="南渡口轮渡票价二十年没涨",
    byline="通讯员 阮小舟",
    body=(
        "南渡口的轮渡还是两块钱一张票。船老大阮阿根今年六十一岁，在这条水路上开了三十四年船。\n"
        "去年大桥通车以后，每天过渡的人从九千降到一千三，但学生和菜农仍旧离不开它。区交通局说，轮渡今后五年不会停。"
    ),
    paper="柳湾晚报",
    date=date(2026, 10, 12),
    page="02",
)
TEA = Article(
    id="20261011-03-9c0d1e2f",
    title="霜降前最后一批秋茶下山",
    byline="本报记者 贺知夏",
    body="云岭乡的秋茶收了尾，今年共采鲜叶87吨，比去年多出6吨。茶农说，雨水匀，叶子厚。",
    paper="柳湾晚报",
    date=date(2026, 10, 11),
    page="03",
)
HOSTILE = Article(
    id='a/b?c="d"#<e>',
    title="<script>alert(1)</script>\u202e倒写",
    kicker="<img src=x onerror=alert(2)>",
    byline='"><svg onload=alert(3)>',
    body="<b>正文</b>里有 {{ 7*7 }} 和 &amp; 也有 javascript:alert(4)\n" + "长" * 300 + "x" * 3000,
    kind=ArticleKind.NOTICE,
    paper="<i>报</i>",
    page="<u>1</u>",
    url="javascript:alert(5)",
)
ARTICLES = (LIBRARY, FERRY, TEA, HOSTILE)

SUGGESTIONS = ("图书馆夜间开放到几点？", "南渡口的轮渡还开不开？", "今年秋茶收成怎么样？")
FOLLOW_UPS = ("经费是多少？", "馆长怎么说？")


def cite(n: int, article: Article, quote: str) -> Citation:
    """Cite the first place where `quote` stands in the article; its whole text is the passage."""
    text = article.text
    start = text.index(quote)
    passage = Passage(article.id, 0, 0, len(text), text)
    return Citation(n, article, passage, quote, start, start + len(quote), score=0.9)


def reply(
    text: str,
    *citations: Citation,
    related: tuple[Article, ...] = (),
    kind: AnswerKind = AnswerKind.SENTENCES,
) -> Answer:
    """An answer with these citations; without any, an honest no."""
    return Answer(
        id="answer-1",
        question="",
        standalone_question="",
        answered=bool(citations),
        text=text,
        kind=kind if citations else AnswerKind.NONE,
        confidence=0.9 if citations else 0.1,
        citations=citations,
        related=related,
        mode=Mode.EXTRACTIVE,
        snapshot=3,
        timings_ms={"total": 12.3456},
    )


NIGHT = "图书馆夜间到馆有多少人？"
NIGHT_REPLY = reply(
    "首周夜间到馆4126人次，最多的一晚有783人[1]。轮渡方面，每天过渡的人从九千降到一千三[2]，今后五年不会停[2][9]。",
    cite(1, LIBRARY, "首周统计，夜间到馆4126人次，最多的一晚有783人。"),
    cite(2, FERRY, "去年大桥通车以后，每天过渡的人从九千降到一千三，但学生和菜农仍旧离不开它。"),
)
ASTRAL = "馆长是谁？"
ASTRAL_REPLY = reply("馆长是𠮷永安[1]。", cite(1, LIBRARY, "𠮷永安说，延时开放不是多亮几盏灯"))
UNKNOWN = "机场什么时候建成？"
UNKNOWN_REPLY = reply("收录的报道里没有说到机场。", related=(FERRY, TEA))
HOSTILE_QUESTION = "<img src=x onerror=alert(6)>是什么？"
HOSTILE_REPLY = reply(
    "<script>alert(7)</script>[1]", cite(1, HOSTILE, "<b>正文</b>里有 {{ 7*7 }}"), related=(HOSTILE,)
)
REPLIES = {
    NIGHT: NIGHT_REPLY,
    ASTRAL: ASTRAL_REPLY,
    UNKNOWN: UNKNOWN_REPLY,
    HOSTILE_QUESTION: HOSTILE_REPLY,
}
