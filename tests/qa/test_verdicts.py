"""Verdicts: what affirms, what denies, and what leaves a question open."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.verdict_findings import claim
from qa.verdict_words import negations
from qa.verdicts import Verdict, correction, verdict

HOSTILE = st.one_of(
    st.text(max_size=300),
    st.text(alphabet="不没是有能吗和30万元月日在由，。？“”1九十百分之成", max_size=300),
)

AFFIRMED = [
    ("书法班收7岁的孩子吗", "书法班收6至9岁的孩子。"),
    ("槐树湾大桥通车了吗？", "槐树湾大桥昨天上午正式通车。"),
    ("槐树湾大桥是不是已经开通了", "历时三年，槐树湾大桥通车。"),
    ("文化馆的书法课收费吗", "文化馆的书法课每次收费五元。"),
    ("文化馆的书法课是免费的吗？", "文化馆的书法课不收费，材料自带。"),
    ("公园里有没有石桥", "公园里有凉亭两座、石桥一座。"),
    ("村民的补偿款赔了30万元吗", "村民的补偿款赔了三十万元。"),
    ("老人可以免费乘车吗？", "答：可以。凭身份证即可。"),
    ("全县的危桥都修好了吗？", "至此，全县的危桥全部修好。"),
    ("后山没人管吗？", "后山多年没人管。"),
]
DENIED = [
    ("办证还要等30天吗？", "办证时间由30天缩短到2天。", "2天"),
    ("槐树湾大桥通车了吗？", "槐树湾大桥尚未通车，还在铺桥面。", "槐树湾大桥尚未通车"),
    ("槐树湾大桥开通了吗", "因涨水，槐树湾大桥停运至月底。", "槐树湾大桥停运至月底"),
    ("灯会取消了吗？", "灯会因大雨推迟到下周六。", "灯会因大雨推迟到下周六"),
    ("村民的补偿款赔了30万元吗", "村民的补偿款赔了12万元。", "12万元"),
    ("今年苹果涨价了吗？", "今年苹果降价，每斤便宜三毛。", "今年苹果降价"),
    ("法院支持了孙某的诉讼请求吗", "法院驳回了孙某的诉讼请求。", "法院驳回了孙某的诉讼请求"),
    ("全县的危桥都修好了吗？", "全县的危桥部分修好。", ""),
    ("书展是在江北举行的吗？", "书展在城南体育馆举行。", "城南体育馆"),
    ("新渡口是4月启用吗", "新渡口5月启用。", "5月"),
    ("合作社社长是苏长河吗？", "合作社社长罗青山说，今年的梨卖得好。", "罗青山"),
    ("水库蓄水600万方对吗", "昨日本报“六百万方”应为“六十万方”。", "六十万方"),
    ("食堂晚上开放吗？", "答：不行。晚上要消毒。", "不行"),
    ("新校区已经启用了吗", "新校区计划明年九月启用。", ""),
]
OPEN = [
    ("劳动周每年只有一次吗", "劳动周每年有一次。"),
    ("槐树湾大桥通车了吗？", "市图书馆新到了一批连环画。"),
    ("全县的危桥都修好了吗？", "全县的危桥修好了。"),
    ("灯会取消了吗？", "灯会取消了吗？"),
    ("灯会取消了吗？", ""),
    ("", "灯会取消了。"),
    ("吗？", "灯会取消了。"),
]


@pytest.mark.parametrize(("question", "sentence"), AFFIRMED)
def test_yes_when_the_sentence_carries_the_claim(question: str, sentence: str) -> None:
    assert verdict(question, sentence) is Verdict.YES
    assert correction(question, sentence) == ""


@pytest.mark.parametrize(("question", "sentence", "right"), DENIED)
def test_no_with_the_right_words_when_the_sentence_denies(question: str, sentence: str, right: str) -> None:
    assert verdict(question, sentence) is Verdict.NO
    assert correction(question, sentence) == right


@pytest.mark.parametrize(("question", "sentence"), OPEN)
def test_no_verdict_when_it_cannot_be_told(question: str, sentence: str) -> None:
    assert verdict(question, sentence) is None
    assert correction(question, sentence) == ""


def test_context_tells_what_a_bare_sentence_is_about() -> None:
    question, sentence = "柳树巷菜场停业了吗", "昨起重新开放。"
    assert verdict(question, sentence) is None
    assert verdict(question, sentence, "柳树巷菜场改造完成") is Verdict.NO


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("大桥是不是通车了？", "大桥是通车了"),
        ("老人能否免费乘车？", "老人能免费乘车"),
        ("限高还是2.8米吗？", "限高还是2.8米"),
        ("灯会取消了，对不对", "灯会取消了"),
        ("河里清过淤没有", "河里清过淤"),
    ],
)
def test_claim_leaves_out_what_asks(question: str, told: str) -> None:
    assert claim(question) == told


@pytest.mark.parametrize("text", ["人数不断增加", "不仅如此", "无论晴雨", "工资不低于三千元", "他无偿献血"])
def test_words_that_only_hold_a_negation_deny_nothing(text: str) -> None:
    assert negations(text) == []


@given(HOSTILE, HOSTILE, HOSTILE)
@settings(deadline=None)
def test_any_text_gets_a_verdict_or_none_and_a_verbatim_correction(
    question: str, sentence: str, context: str
) -> None:
    assert verdict(question, sentence, context) in {None, *Verdict}
    assert correction(question, sentence, context) in sentence


@pytest.mark.parametrize("piece", ["不", "“", "在由", "是不是", "应为", "1", "，", "停"])
def test_long_text_of_one_piece_takes_no_time(piece: str) -> None:
    started = time.perf_counter()
    verdict(piece * 20_000, piece * 20_000, piece * 20_000)
    correction(piece * 20_000, piece * 20_000)
    assert time.perf_counter() - started < 2
