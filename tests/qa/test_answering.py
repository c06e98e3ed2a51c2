"""Evidence to answers: what is shown, in which order, and when the papers do not say."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import pytest

from embeddings.records import AnswerKind, Article, Hit, Passage
from qa.answering import NOT_FOUND, NOT_FOUND_RELATED, compose
from qa.question import understand
from qa.reading import Evidence

TEXT = "新桥长八百米。新桥有六条车道。桥下可以行船。"


def hit(article_id: str = "a", date: str | None = None, text: str = TEXT) -> Hit:
    day = datetime.date.fromisoformat(date) if date else None
    article = Article(id=article_id, title=f"题{article_id}", body=text, date=day)
    return Hit(1, 1.0, Passage(article_id, 0, 0, len(text), text), article)


def evidence(found: Hit, sentence: str, probability: float) -> Evidence:
    start = found.article.text.index(sentence)
    return Evidence(found, start, start + len(sentence), sentence, probability)


def quotes(question: str, *found: Evidence, least: float = 0.3) -> Sequence[str]:
    ranked = sorted(found, key=lambda e: -e.probability)
    return [c.quote for c in compose(understand(question), ranked, [], least).citations]


def test_best_sentence_is_quoted_verbatim_with_its_number() -> None:
    best = evidence(hit(), "新桥长八百米。", 0.9)
    answer = compose(understand("新桥多长?"), [best], [best.hit], 0.3)
    assert answer.answered
    assert answer.text == "新桥长八百米。[1]"
    assert answer.confidence == 0.9
    citation = answer.citations[0]
    assert citation.article.text[citation.quote_start : citation.quote_end] == citation.quote


@pytest.mark.parametrize("probability", [0.0, 0.29])
def test_weak_evidence_is_not_an_answer(probability: float) -> None:
    weak = evidence(hit(), "桥下可以行船。", probability)
    answer = compose(understand("谁是市长?"), [weak], [weak.hit, hit("b"), hit("a")], 0.3)
    assert not answer.answered
    assert (answer.text, answer.kind, answer.citations) == (NOT_FOUND_RELATED, AnswerKind.NONE, ())
    assert [article.id for article in answer.related] == ["a", "b"]


def test_nothing_found_is_said_without_related_articles() -> None:
    answer = compose(understand("谁是市长?"), [], [], 0.3)
    assert (answer.answered, answer.text, answer.confidence) == (False, NOT_FOUND, 0.0)


def test_second_sentence_is_shown_only_when_about_as_likely() -> None:
    found = hit()
    first, second = evidence(found, "新桥长八百米。", 0.9), evidence(found, "桥下可以行船。", 0.5)
    assert quotes("新桥多长?", first, second) == ["新桥长八百米。"]
    close = evidence(found, "桥下可以行船。", 0.85)
    assert quotes("新桥多长?", first, close) == ["新桥长八百米。", "桥下可以行船。"]


def test_list_takes_more_sentences_in_reading_order() -> None:
    found = hit()
    parts = (evidence(found, "桥下可以行船。", 0.9), evidence(found, "新桥长八百米。", 0.6))
    assert quotes("新桥有哪些特点?", *parts) == ["新桥长八百米。", "桥下可以行船。"]


def test_newest_article_answers_when_the_latest_is_asked_for() -> None:
    old, new = hit("a", "2026-03-01", "完成八成。"), hit("b", "2026-03-02", "完成九成。")
    parts = (evidence(old, "完成八成。", 0.9), evidence(new, "完成九成。", 0.7))
    assert quotes("现在完成了多少?", *parts)[0] == "完成九成。"
    assert quotes("完成了多少?", *parts)[0] == "完成八成。"


def test_same_sentence_of_two_articles_is_shown_once() -> None:
    parts = (evidence(hit("a"), "新桥长八百米。", 0.9), evidence(hit("b"), "新桥长八百米。", 0.89))
    assert quotes("新桥多长?", *parts) == ["新桥长八百米。"]
