"""Text to terms."""

from __future__ import annotations

import pytest

from embeddings.tokens import (
    STOP_WORDS,
    Tokenizer,
    article_names,
    known_names_in,
    names_in,
    normalised,
    pairs,
    question_pairs,
)
from tests.fakes import article


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("，。！ \n", []),
        ("的了吗", []),
        ("ABC", ["abc"]),
        ("ＡＢＣ１２３", ["abc123", "abc", "123"]),
        ("G7602次", ["g7602", "g", "7602", "次"]),
        ("3.5%", ["3.5%", "3.5"]),
        ("2026-10-12", ["2026-10-12", "2026", "10", "12"]),
        ("COVID-19", ["covid-19", "covid", "19"]),
    ],
)
def test_words_of_latin_and_numbers_come_whole_and_in_parts(
    tokenizer: Tokenizer, text: str, expected: list[str]
) -> None:
    assert tokenizer.words(text) == expected


def test_words_hold_long_words_and_the_words_inside(tokenizer: Tokenizer) -> None:
    words = tokenizer.words("人民法院")
    assert {"人民", "法院", "人民法院"} <= set(words)


def test_words_leave_stop_words_out_and_keep_repeats(tokenizer: Tokenizer) -> None:
    words = tokenizer.words("渡口的船和渡口的票")
    assert words.count("渡口") == 2
    assert not STOP_WORDS & set(words)


def test_words_hold_no_blanks(tokenizer: Tokenizer) -> None:
    text = "渡口\u3000船票 blue sky\t𠮷永安\u00a02 元\u2028完"
    assert all(word == "".join(word.split()) != "" for word in [*tokenizer.words(text), *pairs(text)])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("渡口票", ["渡口", "口票"]),
        ("船", ["船"]),
        ("船a票", ["船", "票"]),
        ("渡口，票价", ["渡口", "票价"]),
        ("abc 123", []),
        ("𠮷永", ["𠮷永"]),
    ],
)
def test_pairs_are_neighbours_in_a_run_of_han(text: str, expected: list[str]) -> None:
    assert pairs(text) == expected


def test_pairs_of_a_number_are_it_and_the_character_after_it() -> None:
    assert pairs("办了35件") == ["办了", "35件"]
    assert pairs("三十五件实事") == ["35件", "件实", "实事"]
    assert question_pairs("开办三十五件吗") == ["开办", "35件"]


def test_words_and_pairs_are_those_of_the_folded_text(tokenizer: Tokenizer) -> None:
    assert tokenizer.words("國慶三十五週年") == tokenizer.words("国庆35周年")
    assert pairs("渡輪２萬張") == pairs("渡轮20000张")
    assert tokenizer.words("PPR-9087") == ["ppr-9087", "ppr", "9087"]


def test_names_keep_their_numerals_and_meet_in_both_scripts() -> None:
    of = article("正文。", title="《三十六計》開演")
    assert article_names(of) == {"三十六计"}
    assert names_in("他看了三十六计", article_names(of)) == ["三十六计"]
    assert known_names_in("《三十六計》", article_names(of)) == ["三十六计"]


def test_question_pairs_do_not_reach_across_asking_words() -> None:
    assert question_pairs("渡口什么时候开船") == ["渡口", "开船"]
    assert question_pairs("什么？") == []


def test_normalised_makes_widths_and_cases_meet() -> None:
    assert normalised("ＡbＣ（１）㎡") == "abc(1)m2"


@pytest.mark.parametrize(
    ("byline", "expected"),
    [
        ("", set()),
        ("记者 阮小舟", {"阮小舟"}),
        ("本报记者 阮小舟 通讯员 段青梧", {"阮小舟", "段青梧"}),
        ("全媒体记者阮小舟", {"阮小舟"}),
        ("记者 阮小舟 文/图", {"阮小舟"}),
        ("阮小舟 摄", {"阮小舟"}),
        ("阮小舟摄", {"阮小舟"}),
        ("文/图 阮小舟、段青梧", {"阮小舟", "段青梧"}),
        ("记者 郑文博 通讯员 王图南", {"郑文博", "王图南"}),
        ("记者 李博文", {"李博文"}),
        ("实习生 阮小舟 摄影报道", {"阮小舟"}),
        ("江城市交通运输管理局宣传科", set()),
    ],
)
def test_article_names_are_the_people_of_the_byline(byline: str, expected: set[str]) -> None:
    assert article_names(article("正文。", byline=byline)) == expected


def test_article_names_are_what_the_headline_quotes() -> None:
    of = article("正文。", title="“江燕号”下水 《夜航》开播", kicker="“" + "长" * 13 + "”")
    assert article_names(of) == {"江燕号", "夜航"}


def test_names_in_counts_every_occurrence() -> None:
    assert names_in("江燕号和江燕号", ["江燕号", "夜航"]) == ["江燕号", "江燕号"]


def test_known_names_in_finds_what_names_in_does() -> None:
    names = frozenset({"江燕号", "夜航", "blue sky"})
    text = "夜航去看江燕号，BLUE SKY，夜航"
    assert sorted(known_names_in(text, names)) == sorted(names_in(text, names))
