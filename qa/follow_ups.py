"""Questions that go on from an answer: each asks for something that its articles do say, elsewhere.

A candidate comes from a sentence that holds what it asks for, so that none is offered in vain. They are
short on purpose: the conversation says what they are about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from embeddings.layout.names import looks_like_name
from embeddings.records import Answer, Article
from embeddings.sentences import sentence_spans

# Nouns for which a sentence gives a figure right behind them, the longer first.
_MEASURES = """
总投资 投资额 建筑面积 占地面积 总面积 总长 全长 总产量 产量 总产值 产值 销售额 营业额 票价 单价 均价
租金 房租 学费 门票 月薪 奖金 补贴标准 补贴 罚款 客流量 客流 参观人数 参与人数 报名人数 人数 发行量 藏书量
藏书 座位 车位 床位 泊位 限速 时速 水位 降雨量 气温 浓度 覆盖率 合格率 增长率 满意度
工期 保修期 开放时间 营业时间
""".split()
_BEFORE_FIGURE = r"(?:已|就|共|将|均|约|近|达到|达|为|是|有|仅|超过|超|突破|提高到|增加到|降到|[:：])*\s*"
_MEASURE = "|".join(sorted(_MEASURES, key=len, reverse=True))
_FIGURE = re.compile(f"({_MEASURE}){_BEFORE_FIGURE}[0-9〇一二三四五六七八九十百千万两]")
_EVENT = re.compile(
    r"(?:月|日|年底|年初|年内|季度|上旬|中旬|下旬|点)[^，。；！？]{0,12}?"
    r"(开工|完工|竣工|通车|开通|开馆|开业|开学|开幕|闭幕|开放|启用|投用|投入使用|建成|上映|开售|截止|实施|施行|举行|举办)"
)
_SPEAKER = re.compile(r"([\u4e00-\u9fff]{2,12})(?:说|表示|介绍|认为|坦言|告诉记者)[，,：:。“]")
# As surely as this the characters before "said" are a name.
_NAME_SURE = 0.6


def follow_ups(answer: Answer, articles: Sequence[Article], limit: int) -> list[str]:
    """Questions that the cited articles answer outside of what was quoted; at most `limit`.

    After a refusal they ask what the nearest reports say instead.
    """
    if not answer.answered:
        return [f"《{article.title}》说了什么？" for article in answer.related[:limit]]
    asked = f"{answer.question}{answer.standalone_question}"
    said = answer.text + "".join(citation.quote for citation in answer.citations)
    found: dict[str, None] = {}
    for article in articles:
        for question, subject in _candidates(article, said):
            if subject not in asked and subject not in answer.text:
                found.setdefault(question)
    return _varied(found, limit)


def _candidates(article: Article, said: str) -> Iterator[tuple[str, str]]:
    """Questions and what each is about, sentence by sentence."""
    for start, end in sentence_spans(article.text):
        sentence = article.text[start:end].strip()
        if not sentence or sentence in said:
            continue
        yield from ((f"{match[1]}是多少？", match[1]) for match in _FIGURE.finditer(sentence))
        yield from ((f"什么时候{match[1]}？", match[1]) for match in _EVENT.finditer(sentence))
        yield from ((f"{name}怎么说？", name) for name in _speakers(sentence))


def _speakers(sentence: str) -> Iterator[str]:
    for match in _SPEAKER.finditer(sentence):
        tails = [match[1][-length:] for length in (3, 2) if len(match[1]) >= length]
        name = max(tails, key=looks_like_name)
        if looks_like_name(name) >= _NAME_SURE:
            yield name


def _varied(questions: Iterable[str], limit: int) -> list[str]:
    """The first of each kind, then the rest."""
    kinds: dict[str, list[str]] = {}
    for question in questions:
        kinds.setdefault(question[-4:], []).append(question)
    rounds = max((len(of_kind) for of_kind in kinds.values()), default=0)
    return [of_kind[place] for place in range(rounds) for of_kind in kinds.values() if place < len(of_kind)][
        :limit
    ]
