"""Statements, figures, and whether a text and its citations hold."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.records import Article, Citation
from embeddings.sentences import sentence_spans, trimmed
from qa.citations import BreachKind, check, kept
from qa.figures import figures
from qa.statements import Splitter, statements, with_plain_marks, without_marks
from tests.web.samples import ARTICLES, FERRY, LIBRARY, TEA, cite

PEOPLE = cite(1, LIBRARY, "首周统计，夜间到馆4126人次，最多的一晚有783人。")
STAYS = cite(2, FERRY, "区交通局说，轮渡今后五年不会停。")
MONEY = cite(3, LIBRARY, "市财政每年为此增加经费260万元。")


def kinds(text: str, *citations: Citation) -> list[str]:
    return [str(breach.kind) for breach in check(text, citations)]


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("甲[1]。乙[2]。", ["甲[1]。", "乙[2]。"]),
        ("甲。[1][2]乙。 [3]", ["甲。[1][2]", "乙。 [3]"]),
        ("甲。[1]。乙！[2]", ["甲。[1]。", "乙！[2]"]),
        ("1. 甲[1]\n2. 乙[2]", ["1. 甲[1]", "2. 乙[2]"]),
        ("- 甲[1]\n\n- 乙\n[2]", ["- 甲[1]", "- 乙\n[2]"]),
        ("[1] 甲\n[2] 乙", ["[1] 甲", "[2] 乙"]),
        ("他说：“不是灯。而是人。”[1]好[2]。", ["他说：“不是灯。而是人。”[1]", "好[2]。"]),
        ("“不是灯，是人。”馆长说。[1]好[2]。", ["“不是灯，是人。”馆长说。[1]", "好[2]。"]),
        ("等等……[1]真的！！[2]", ["等等……[1]", "真的！！[2]"]),
        ("全长3.5公里[1]。共2.1亿元[2]", ["全长3.5公里[1]。", "共2.1亿元[2]"]),
        ("甲【1】。乙[1，2]！", ["甲【1】。", "乙[1，2]！"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_statements_end_where_they_should(text: str, split: list[str]) -> None:
    assert [statement.text for statement in statements(text)] == split


def test_line_that_leads_in_belongs_to_what_follows() -> None:
    first, second = statements("有两件事：\n1. 甲[1]\n2. 乙[2]")

    assert (first.lead, first.text, first.words, first.marks) == ("有两件事：", "1. 甲[1]", "甲", (1,))
    assert (second.lead, second.words) == ("", "乙")
    assert [s.text for s in statements("甲[1]。\n另外：")] == ["甲[1]。", "另外："]


@given(st.text("甲乙。！？“”’…：\n []【】123，- .", max_size=60), st.lists(st.integers(1, 9), max_size=20))
def test_no_character_is_lost_however_the_text_comes(text: str, sizes: list[int]) -> None:
    splitter = Splitter()
    found, at = [], 0
    for size in sizes:
        found += splitter.feed(text[at : at + size])
        at += size
    found += splitter.feed(text[at:]) + splitter.end()

    assert "".join("".join((s.lead + s.text).split()) for s in found) == "".join(text.split())


@pytest.mark.parametrize("size", [1, 2, 5])
def test_statements_are_the_same_in_pieces_of_any_size(size: int) -> None:
    text = "有两件事：\n1. “甲。”馆长说。[1][2]\n2. 乙！！ [3]丙，“丁。戊。”[1]。\n\n己[2]。"
    splitter = Splitter()
    pieces = [text[i : i + size] for i in range(0, len(text), size)]

    assert [s for piece in pieces for s in splitter.feed(piece)] + splitter.end() == statements(text)


def test_marks_as_models_write_them_become_plain() -> None:
    assert with_plain_marks("甲【1】乙［2］丙[1，3]丁[来源4]戊[2-4]己[^1]") == (
        "甲[1]乙[2]丙[1][3]丁[4]戊[2][3][4]己[1]"
    )
    assert with_plain_marks("[注]和[2026年]") == "[注]和[2026年]"


def test_what_an_article_prints_is_no_mark() -> None:
    assert without_marks("据文献[9]和[ 12 ]及[注]") == "据文献［9］和［ 12 ］及[注]"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("三十五件", [35]),
        ("３５件", [35]),
        ("1.2万人", [12000]),
        ("一万二千人", [12000]),
        ("三亿二千万元", [320_000_000]),
        ("3.2亿元", [320_000_000]),
        ("4,126人次", [4126]),
        ("一千三", [1300]),
        ("一千零三", [1003]),
        ("二〇二六年", [2026]),
        ("两块钱", [2]),
        ("三成", [Fraction(3, 10)]),
        ("30%", [Fraction(3, 10)]),
        ("百分之三十", [Fraction(3, 10)]),
        ("３０％", [Fraction(3, 10)]),
        ("三分之二", [Fraction(2, 3)]),
        ("二点五倍", [Fraction(5, 2)]),
        ("下午两点五十分", [2, 50]),
        ("第一名", [1]),
        ("一月一日", [1, 1]),
        ("一个、一些、千万、百姓、上亿", []),
        ("零分之五", []),
        ("3\u00a0万", [30000]),
        ("9" * 5000, None),
    ],
)
def test_figures_are_read_by_value(text: str, values: list[int | Fraction] | None) -> None:
    found = [figure.value for figure in figures(text)]
    assert values is None or found == values


@given(st.text("0123456789.,%零一二两三十百千万亿点分之成第 \u00a0٣²", max_size=30))
def test_any_run_of_digits_is_read_without_a_crash(text: str) -> None:
    for figure in figures(text):
        assert figure.value >= 0


def test_answer_that_holds_has_no_breach() -> None:
    text = "首周夜间到馆四千一百二十六人次[1]，最多一晚783人[1]。\n轮渡5年内不会停。[2]每年增加2,600,000元[3]"
    assert check(text, [PEOPLE, STAYS, MONEY]) == []


@pytest.mark.parametrize(
    ("text", "breach"),
    [
        ("夜间到馆4126人次[1]。轮渡不会停[9]。", "unknown_mark"),
        ("夜间到馆4126人次[1]。轮渡不会停。", "unmarked"),
        ("夜间到馆5126人次[1]。", "number"),
        ("夜间到馆41.26万人次[1]。", "number"),
        ("夜间到馆4126万元[1]。", "number"),
        ("夜间到馆4126人次，占783%[1]。", "number"),
        ("夜间到馆九千人次[1]。", "number"),
        ("有三件事：\n夜间到馆4126人次[1]。", "number"),
        ("馆长王大山说，到馆4126人次[1]。", "name"),
        ("《江岸晨报》的4126人次[1]。", "name"),
        ("WHO称到馆4126人次[1]。", "name"),
        ("“灯火通明胜过白天”，4126人次[1]。", "name"),
    ],
)
def test_breach_is_named(text: str, breach: str) -> None:
    assert kinds(text, PEOPLE) == [breach]


def test_figure_of_another_statements_quote_does_not_count() -> None:
    assert kinds("轮渡停了783天[2]。到馆4126人次[1]。", PEOPLE, STAYS) == ["number"]


def test_citation_must_be_verbatim_and_used() -> None:
    altered = replace(PEOPLE, quote=PEOPLE.quote.replace("4126", "4127"))
    shifted = replace(PEOPLE, quote_start=PEOPLE.quote_start + 1)
    beyond = replace(PEOPLE, quote_end=10**6)
    negative = replace(PEOPLE, quote_start=-5)
    for wrong in (altered, shifted, beyond, negative):
        assert "quote" in kinds("最多的一晚有783人[1]。", wrong)
    assert kinds("轮渡五年不会停[2]。", PEOPLE, STAYS) == ["unused_citation"]


@pytest.mark.parametrize(
    "text",
    [
        "2026年10月12日报道：到馆4126人次[1]。",
        "《夜读灯亮到十一点》（柳湾晚报 2026-10-12 第1版）：到馆4126人次[1]。",
        "据段青梧报道，到馆4126人次[1]。",
        "𠮷永安说，到馆4126人次[1]。",
        "第一，到馆4126人次[1]；第二，最多783人[1]。",
        "① 到馆4126人次[1]\n（二）最多783人[1]",
    ],
)
def test_place_of_an_article_and_list_numbers_need_no_quote(text: str) -> None:
    assert check(text, [PEOPLE]) == []


def test_day_that_is_not_the_issues_needs_a_quote() -> None:
    assert set(kinds("10月11日到馆4126人次[1]。", PEOPLE)) == {"number"}


def sentences(article: Article) -> list[Citation]:
    text = article.text
    spans = [trimmed(text, span) for span in sentence_spans(text)]
    return [cite(n, article, text[start:end]) for n, (start, end) in enumerate(spans, 1)]


@pytest.mark.parametrize("article", [a for a in ARTICLES if "长长" not in a.body], ids=lambda a: a.title)
def test_verbatim_sentences_never_breach(article: Article) -> None:
    citations = sentences(article)

    assert check("\n".join(f"{c.quote}[{c.n}]" for c in citations), citations) == []


def test_quote_that_the_splitter_cuts_in_two_needs_one_mark() -> None:
    article = replace(TEA, body="茶农更应该这样。”对此，老贺也说了好几回，劝大家慢慢来。")
    citation = cite(1, article, article.body)

    assert len(statements(article.body)) == 2
    assert check(f"{article.body}[1]", [citation]) == []
    assert kinds(f"茶农收了茶。{article.body}[1]", citation) == ["unmarked"]


def test_what_breaches_is_left_out_and_the_rest_counted_anew() -> None:
    text = "你好。轮渡五年不会停[2]。票价涨到9元[2]。要搬家[7]。\n到馆4126人次[1]，轮渡五年不会停[2]。"
    left = kept(text, [PEOPLE, STAYS, MONEY])

    assert left.text == "轮渡五年不会停[1]。\n到馆4126人次[2]，轮渡五年不会停[1]。"
    assert [(c.n, c.quote) for c in left.citations] == [(1, STAYS.quote), (2, PEOPLE.quote)]
    assert left.removed == 3
    assert check(left.text, left.citations) == []


def test_citation_that_is_not_verbatim_takes_its_statements_with_it() -> None:
    wrong = replace(PEOPLE, quote_start=PEOPLE.quote_start + 1)
    left = kept("到馆4126人次[1]。轮渡五年不会停[2]。", [wrong, STAYS])

    assert (left.text, left.removed) == ("轮渡五年不会停[1]。", 1)


def test_faulty_line_that_leads_in_goes_alone() -> None:
    left = kept("九件事：\n- 到馆4126人次[1]\n- 要搬家[9]", [PEOPLE])

    assert (left.text, left.removed) == ("- 到馆4126人次[1]", 1)


def test_nothing_that_holds_leaves_nothing() -> None:
    assert kept("要搬家。真的[9]。", [PEOPLE]).text == ""
    assert kept("", []).removed == 0


@given(st.text("到馆4126人次[1]。轮渡五年不会停[2]9\n：“”", max_size=80))
def test_what_is_kept_always_holds(text: str) -> None:
    left = kept(text, [PEOPLE, STAYS])

    assert check(left.text, left.citations) == []
    assert [c.n for c in left.citations] == list(range(1, len(left.citations) + 1))


def test_every_kind_of_breach_is_a_word_for_metrics() -> None:
    assert [str(kind) for kind in BreachKind] == [
        "quote",
        "unknown_mark",
        "unused_citation",
        "unmarked",
        "number",
        "name",
    ]
