"""Evidence to answers: what is shown, as what kind, in which order."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import pytest

from embeddings.records import AnswerKind, Article, Hit, Passage
from qa.answering import Composed, compose, related, verbatim
from qa.citations import check
from qa.evidence import Evidence, PlacedSpan
from qa.question import understand
from qa.reading import Reading

TEXT = "新桥长八百米。新桥有六条车道。桥下可以行船。"


def hit(article_id: str = "a", date: str | None = None, text: str = TEXT) -> Hit:
    day = datetime.date.fromisoformat(date) if date else None
    article = Article(id=article_id, title=f"题{article_id}", body=text, date=day)
    return Hit(1, 1.0, Passage(article_id, 0, 0, len(text), text), article)


def evidence(found: Hit, sentence: str, probability: float, span: str = "", score: float = 5.0) -> Evidence:
    text = found.article.text
    start = text.index(sentence)
    placed = None
    if span:
        at = text.index(span, start)
        placed = PlacedSpan(at, at + len(span), score)
    return Evidence(found, start, start + len(sentence), sentence, probability, placed)


def composed(
    question: str, *found: Evidence, parts: Sequence[Evidence] = (), confidence: float = 0.9
) -> Composed:
    ranked = tuple(sorted(found, key=lambda e: -e.probability))
    answer = compose(understand(question), Reading(ranked, confidence), parts)
    assert check(answer.text, answer.citations) == []
    return answer


def quotes(question: str, *found: Evidence) -> list[str]:
    return [citation.quote for citation in composed(question, *found).citations]


def test_best_sentence_is_quoted_verbatim_with_its_number() -> None:
    answer = composed("新桥怎么样?", evidence(hit(), "新桥长八百米。", 0.9))
    assert answer.text == "新桥长八百米。[1]"
    citation = answer.citations[0]
    assert citation.article.text[citation.quote_start : citation.quote_end] == citation.quote


def test_span_is_put_before_its_sentence_when_the_reader_is_sure() -> None:
    answer = composed("新桥多长?", evidence(hit(), "新桥长八百米。", 0.9, "八百米"))
    assert answer.text == "八百米[1]\n新桥长八百米。[1]"
    assert (answer.kind, answer.span) == (AnswerKind.SPAN, "八百米")


@pytest.mark.parametrize(
    ("question", "span", "score"),
    [
        ("新桥多长?", "八百米", 0.5),  # not sure enough
        ("新桥多长?", "新桥长八百米", 5.0),  # says as much as the sentence
        ("新桥怎么样?", "八百米", 5.0),  # manner: a string does not tell how
    ],
)
def test_span_is_not_put_first_otherwise(question: str, span: str, score: float) -> None:
    answer = composed(question, evidence(hit(), "新桥长八百米。", 0.9, span, score))
    assert (answer.text, answer.kind, answer.span) == ("新桥长八百米。[1]", AnswerKind.SENTENCES, "")


def test_second_sentence_is_shown_only_when_about_as_likely() -> None:
    found = hit()
    first, second = evidence(found, "新桥长八百米。", 0.9), evidence(found, "桥下可以行船。", 0.5)
    assert quotes("新桥什么样?", first, second) == ["新桥长八百米。"]
    close = evidence(found, "桥下可以行船。", 0.85)
    assert quotes("新桥什么样?", first, close) == ["新桥长八百米。", "桥下可以行船。"]


def test_list_takes_more_sentences_in_reading_order() -> None:
    found = hit()
    parts = (evidence(found, "桥下可以行船。", 0.9), evidence(found, "新桥长八百米。", 0.6))
    assert quotes("新桥有哪些特点?", *parts) == ["新桥长八百米。", "桥下可以行船。"]


def test_newest_article_answers_when_the_latest_is_asked_for() -> None:
    old, new = hit("a", "2026-03-01", "完成八成。"), hit("b", "2026-03-02", "完成九成。")
    parts = (evidence(old, "完成八成。", 0.9), evidence(new, "完成九成。", 0.7))
    assert quotes("现在完成到什么程度?", *parts)[0] == "完成九成。"
    assert quotes("完成到什么程度?", *parts)[0] == "完成八成。"


def test_figures_that_differ_are_given_newest_first_each_with_its_day() -> None:
    old = evidence(hit("a", "2026-03-01", "新桥已架梁30片。"), "新桥已架梁30片。", 0.9)
    new = evidence(hit("b", "2026-03-05", "新桥已架梁42片。"), "新桥已架梁42片。", 0.8)
    answer = composed("新桥架了多少片梁?", old, new)
    assert answer.text == "2026年3月5日:新桥已架梁42片。[1]\n2026年3月1日:新桥已架梁30片。[2]"
    alike = evidence(hit("c", "2026-03-05", "新桥架梁三十片。"), "新桥架梁三十片。", 0.8)
    assert "2026年3月1日" not in composed("新桥架了多少片梁?", old, alike).text


@pytest.mark.parametrize(
    ("question", "sentence", "word", "verdict"),
    [
        ("新桥开始收费了吗?", "新桥开始收费。", "是的", "yes"),
        ("新桥开始收费了吗?", "新桥不收费。", "不是", "no"),
    ],
)
def test_verdict_is_given_with_the_sentence_that_carries_it(
    question: str, sentence: str, word: str, verdict: str
) -> None:
    answer = composed(question, evidence(hit(text=sentence), sentence, 0.9))
    assert answer.text == f"{word}:{sentence}[1]"
    assert (answer.kind, answer.verdict) == (AnswerKind.YES_NO, verdict)


def test_verdict_is_not_given_while_the_sentence_is_in_doubt() -> None:
    found = evidence(hit(text="新桥不收费。"), "新桥不收费。", 0.9)
    assert composed("新桥开始收费了吗?", found, confidence=0.3).text == "新桥不收费。[1]"


def test_days_that_changed_are_given_newest_first_each_with_the_day_of_its_issue() -> None:
    old = evidence(hit("a", "2026-03-01", "新桥定于五月通车。"), "新桥定于五月通车。", 0.9)
    new = evidence(hit("b", "2026-03-02", "新桥提前到四月通车。"), "新桥提前到四月通车。", 0.85)
    told = "2026年3月2日:新桥提前到四月通车。[1]\n2026年3月1日:新桥定于五月通车。[2]"
    assert composed("新桥什么时候通车?", old, new).text == told
    assert composed("新桥最新定在什么时候通车?", old, new).text == "新桥提前到四月通车。[1]"


def test_sentence_that_carries_no_verdict_stands_alone() -> None:
    answer = composed("新桥开始收费了吗?", evidence(hit(), "桥下可以行船。", 0.9))
    assert (answer.text, answer.kind, answer.verdict) == ("桥下可以行船。[1]", AnswerKind.SENTENCES, "")


def test_course_of_events_is_told_in_the_order_of_its_days() -> None:
    late = evidence(hit("b", "2026-03-09", "新桥合龙。"), "新桥合龙。", 0.9)
    early = evidence(hit("a", "2026-01-02", "新桥开工。"), "新桥开工。", 0.6)
    answer = composed("新桥建设进展如何?", late, early)
    assert [citation.quote for citation in answer.citations] == ["新桥开工。", "新桥合龙。"]
    assert answer.kind is AnswerKind.LIST


def test_articles_asked_for_are_listed_once_each() -> None:
    one, other = hit("a"), hit("b", text="新桥的灯亮了。")
    answer = composed(
        "哪些报道提到了新桥?",
        evidence(one, "新桥长八百米。", 0.9),
        evidence(one, "新桥有六条车道。", 0.8),
        evidence(other, "新桥的灯亮了。", 0.7),
    )
    assert answer.text == "《题a》:新桥长八百米。[1]\n《题b》:新桥的灯亮了。[2]"


def test_each_thing_compared_is_cited() -> None:
    north, south = hit("a", text="北桥长八百米。"), hit("b", text="南桥长六百米。")
    first, second = evidence(north, "北桥长八百米。", 0.9), evidence(south, "南桥长六百米。", 0.2)
    answer = composed("北桥和南桥分别多长?", first, parts=(first, second))
    assert answer.text == "北桥长八百米。[1]\n南桥长六百米。[2]"


def test_same_sentence_of_two_articles_is_shown_once() -> None:
    parts = (evidence(hit("a"), "新桥长八百米。", 0.9), evidence(hit("b"), "新桥长八百米。", 0.89))
    assert quotes("新桥什么样?", *parts) == ["新桥长八百米。"]


def test_verbatim_is_the_best_sentence_alone() -> None:
    parts = [evidence(hit(), "新桥长八百米。", 0.9), evidence(hit(), "桥下可以行船。", 0.8)]
    assert verbatim(parts).text == "新桥长八百米。[1]"


def test_related_articles_are_the_nearest_that_are_not_cited() -> None:
    answer = composed("新桥怎么样?", evidence(hit("a"), "新桥长八百米。", 0.9))
    found = related([hit("a"), hit("b"), hit("b"), hit("c")], answer.citations)
    assert [article.id for article in found] == ["b", "c"]
