"""How much of a question a text meets."""

from __future__ import annotations

import pytest

from embeddings.index.terms import TermIndex
from embeddings.records import Article, Passage
from qa import coverage
from qa.coverage import Asked
from tests.fakes import article


class Rarities:
    """Every term is as rare as it is long."""

    def rarity(self, term: str) -> float:
        return float(len(term))


def asked(pairs: list[str], words: list[str] | None = None) -> Asked:
    index = Rarities()
    assert not isinstance(index, TermIndex)
    return Asked({"pairs": pairs, "words": words or []}, index)  # type: ignore[arg-type]


def whole(of: Article) -> Passage:
    return Passage(of.id, 0, 0, len(of.body), of.body)


def test_covered_is_weighed_by_rarity_in_the_best_sentence_and_in_all() -> None:
    of = article("渡口起雾。船票涨了35元。")
    found = asked(["渡口", "船票", "夜航"], ["35", "船票", "早"]).covered(whole(of), of)
    assert found == (0.5, 0.75)  # 早 is Han: pairs speak for it


def test_covered_of_a_question_without_terms_is_nothing() -> None:
    of = article("渡口起雾。")
    assert asked([]).covered(whole(of), of) == (0.0, 0.0)


def test_covered_by_the_article_counts_headline_and_other_passages() -> None:
    of = article("渡口起雾。船票涨了。", title="夜航停了")
    first = Passage(of.id, 0, 0, 5, of.body[:5])
    assert asked(["渡口", "船票", "夜航", "路灯"]).covered(first, of) == (0.25, 0.75)


def test_covered_folds_numerals_and_traditional_characters() -> None:
    of = article("國慶辦了三十五件实事。")
    assert asked(["国庆", "35件"], ["35"]).covered(whole(of), of) == (1.0, 1.0)
    assert asked(["国庆"]).covered(whole(of), of) == (1.0, 1.0)


def test_covered_by_a_long_article_looks_around_the_passage_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "ARTICLE_CHARS", 20)
    of = article("渡口起雾。" + "灯亮了。" * 20 + "船票涨了。")
    first, last = Passage(of.id, 0, 0, 5, of.body[:5]), Passage(of.id, 1, 85, 90, of.body[85:90])
    question = asked(["渡口", "船票"])
    assert question.covered(first, of) == (0.5, 0.5)
    assert question.covered(last, of) == (0.5, 0.5)
