"""Passages to sentences with probabilities, over the fake span reader and a real small index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from embeddings.build import build
from embeddings.index.snapshot import Snapshot, open_current
from embeddings.records import Article, Filters, Hit, Passage
from embeddings.settings import Settings
from embeddings.tokens import Tokenizer
from qa.evidence import PlacedSpan, Sentence
from qa.features import (
    CONFIDENCE_FEATURES,
    SENTENCE_FEATURES,
    SPAN_SURE,
    confidence_row,
    holds_unit,
    is_answered_in_kind,
    is_typed,
)
from qa.question import Query, QuestionKind, understand
from qa.reading import HOPELESS, MORE_READ, PASSAGES_READ, SURE, Reader, Reading, Weights, probability
from qa.reranking import READ_AT_LEAST
from qa.retrieval import find_candidates, hits, search_lexically
from qa.spans import Span
from qa.term_weights import TermWeights
from tests.fake_spans import FakeSpans
from tests.fakes import FakeEncoder, record, write_lines

BODY = "本报讯（记者 林一帆）河岸新桥今天通车。新桥总投资三亿元，全长八百米。市民走上桥面散步。"


@pytest.fixture
def snapshot(settings: Settings, encoder: FakeEncoder, tmp_path: Path) -> Snapshot:
    lines = [
        record("a", BODY, "河岸新桥通车"),
        record("b", "学校食堂今天换了菜单，增加了三样素菜。", "食堂换菜单"),
    ]
    build([write_lines(tmp_path / "in.jsonl", lines)], settings, encoder)
    return open_current(settings.data)


def found_for(snapshot: Snapshot, tokenizer: Tokenizer, question: str) -> list[Hit]:
    vector = FakeEncoder().encode_query(question)
    leg = search_lexically(snapshot, tokenizer, question, Filters())
    return hits(snapshot, find_candidates(snapshot, leg, vector, Filters()), 5)


def only(**weights: float) -> Weights:
    """Sentences ranked by these weights alone, and sure of every one of them."""
    return Weights(
        tuple(weights.get(name, 0.0) for name in SENTENCE_FEATURES),
        tuple(9.0 if name == "bias" else 0.0 for name in CONFIDENCE_FEATURES),
    )


def unsure(logit: float, **weights: float) -> Weights:
    """The same, as sure of every sentence as this logit says."""
    return Weights(only(**weights).sentence, (logit, *[0.0] * (len(CONFIDENCE_FEATURES) - 1)))


class CountingSpans(FakeSpans):
    """Counts the passages it is given at each call."""

    def __init__(self) -> None:
        self.given: list[int] = []

    def read(self, question: str, passages: Sequence[str], n: int = 1) -> list[list[Span]]:
        self.given.append(len(passages))
        return super().read(question, passages, n)


def test_sentence_with_the_best_span_comes_first(snapshot: Snapshot, tokenizer: Tokenizer) -> None:
    query = understand("新桥总投资多少元?")
    reader = Reader(FakeSpans(), tokenizer, only(span=1.0))
    reading = reader.read(snapshot, query, found_for(snapshot, tokenizer, query.standalone))
    evidence = reading.evidence
    assert evidence[0].text == "新桥总投资三亿元，全长八百米。"
    assert [e.probability for e in evidence] == sorted((e.probability for e in evidence), reverse=True)
    assert all(e.hit.article.text[e.start : e.end] == e.text for e in evidence)
    assert reading.confidence == pytest.approx(probability(9.0))


def test_span_of_a_sentence_is_placed_in_the_article(snapshot: Snapshot, tokenizer: Tokenizer) -> None:
    query = understand("新桥总投资多少元?")
    reader = Reader(FakeSpans(), tokenizer, only(span=1.0))
    best = reader.read(snapshot, query, found_for(snapshot, tokenizer, query.standalone)).evidence[0]
    assert best.span is not None
    # The fake answers with whole sentences.
    assert best.hit.article.text[best.span.start : best.span.end] == best.text


def test_lead_is_left_out_of_the_quote_unless_asked_for(snapshot: Snapshot, tokenizer: Tokenizer) -> None:
    reader = Reader(FakeSpans(), tokenizer, only(span=1.0))
    query = understand("河岸新桥哪天通车?")
    found = found_for(snapshot, tokenizer, query.text)
    texts = [e.text for e in reader.read(snapshot, query, found).evidence]
    # The fake's spans start with the sentence, where the lead stands, so it stays where the answer is.
    assert "本报讯（记者 林一帆）河岸新桥今天通车。" in texts


def test_no_passages_give_no_evidence(snapshot: Snapshot, tokenizer: Tokenizer) -> None:
    reader = Reader(FakeSpans(), tokenizer, Weights.shipped())
    assert reader.read(snapshot, understand("有什么?"), []) == Reading()


def many_hits(snapshot: Snapshot, tokenizer: Tokenizer) -> list[Hit]:
    best = found_for(snapshot, tokenizer, "新桥总投资多少元?")[0]
    others = [replace(best, rank=rank, score=best.score - 50) for rank in range(2, PASSAGES_READ + 3)]
    return [best, *others]


def test_more_is_read_only_while_the_first_passages_leave_doubt(
    snapshot: Snapshot, tokenizer: Tokenizer
) -> None:
    query = understand("新桥总投资多少元?")
    sure, doubting, hopeless = CountingSpans(), CountingSpans(), CountingSpans()
    Reader(sure, tokenizer, only(span=1.0)).read(snapshot, query, many_hits(snapshot, tokenizer))
    assert sure.given == [READ_AT_LEAST]
    doubt = -2.0
    assert HOPELESS < probability(doubt) < SURE
    Reader(doubting, tokenizer, unsure(doubt, span=1.0)).read(snapshot, query, many_hits(snapshot, tokenizer))
    assert doubting.given == [READ_AT_LEAST, MORE_READ]
    Reader(hopeless, tokenizer, unsure(-9.0, span=1.0)).read(snapshot, query, many_hits(snapshot, tokenizer))
    assert hopeless.given == [READ_AT_LEAST]


def test_term_weights_sum_to_one_and_missing_terms_count(snapshot: Snapshot, tokenizer: Tokenizer) -> None:
    terms = TermWeights(snapshot, understand("新桥市长"), tokenizer)
    assert terms.covered("新桥市长") == pytest.approx(1.0)
    assert terms.covered("别的事") == 0.0
    article = snapshot.catalog.article("a")
    assert 0 < terms.rarest_missing(article) < 1
    assert terms.rarest_missing(Article(id="x", title="新桥市长", body="。")) == 0.0


@pytest.mark.parametrize(
    ("question", "sentence", "holds"),
    [
        ("总投资多少元?", "总投资三亿元。", True),
        ("有多少家企业?", "共有580余家企业。", True),
        ("有多少家企业?", "企业很多。", False),
        ("来了几个人?", "来了三百人。", True),
        ("说了什么?", "说了三件事。", False),
    ],
)
def test_unit_is_looked_for_when_the_question_names_one(question: str, sentence: str, holds: bool) -> None:
    assert holds_unit(understand(question), sentence) is holds


@pytest.mark.parametrize(
    ("question", "sentence", "typed"),
    [
        ("什么时候通车?", "大桥五月一日通车。", True),
        ("什么时候通车?", "大桥很长。", False),
        ("为什么停运?", "由于水浅，渡船停运。", True),
        ("为什么停运?", "渡船停了。", False),
        ("说了什么?", "渡船停了。", None),
    ],
)
def test_kind_asked_for_is_looked_for_in_a_sentence(question: str, sentence: str, typed: bool | None) -> None:
    assert is_typed(understand(question), sentence) is typed


@pytest.mark.parametrize(
    ("question", "sentence", "met"),
    [
        ("票价多少钱?", "票价两元。", True),
        ("票价多少钱?", "有 30 条船。", False),
        ("用电少了多少?", "用电少了一半。", True),
        ("用电少了多少?", "用电少了三成。", True),
        ("改造了多长时间?", "改造用了三个月。", True),
        ("改造了多长时间?", "改造很快。", False),
        ("司机叫什么名字?", "司机林一帆说，车上人多。", True),
        ("司机叫什么名字?", "车上人很多，大家很高兴。", False),
        ("说了什么?", "车上人很多。", None),
    ],
)
def test_kind_asked_for_is_met_strictly(question: str, sentence: str, met: bool | None) -> None:
    assert is_answered_in_kind(understand(question), sentence) is met


@pytest.mark.parametrize(
    ("question", "answer", "untyped", "unsure"),
    [
        ("新桥总投资多少元?", "三亿元", 0.0, 0.0),
        ("新桥总投资多少元?", "三亿", 0.0, 0.0),  # the measure word stands right behind it
        ("新桥建了多少天?", "三亿元", 1.0, 0.0),
        ("新桥的设计师叫什么名字?", "全长八百", 1.0, 0.0),
        ("新桥总投资多少元?", "", 0.0, 1.0),
        ("新桥怎么样?", "", 0.0, 0.0),
    ],
)
def test_span_of_another_kind_and_none_at_all_speak_against_an_answer(
    snapshot: Snapshot, tokenizer: Tokenizer, question: str, answer: str, untyped: float, unsure: float
) -> None:
    query = understand(question)
    hit = found_for(snapshot, tokenizer, "新桥总投资多少元?")[0]
    start = hit.article.text.index("新桥总投资")
    sentence = Sentence(hit, start, start + 14, hit.article.text[start : start + 14])
    if answer:
        at = hit.article.text.index(answer)
        sentence = replace(sentence, span=PlacedSpan(at, at + len(answer), SPAN_SURE), span_score=SPAN_SURE)
    row = confidence_row(query, TermWeights(snapshot, query, tokenizer), [(1.0, sentence)])
    told = dict(zip(CONFIDENCE_FEATURES, row, strict=True))
    assert (told["span_untyped"], told["span_unsure"]) == (untyped, unsure)


def test_figures_of_a_question_are_met_by_value(snapshot: Snapshot, tokenizer: Tokenizer) -> None:
    article = Article(id="x", title="桥", body="新桥总投资三亿元，全长800米。")
    for question, missing in (("投资3亿元的新桥多长?", 0), ("投资5亿元的桥多长?", 1), ("桥多长?", 0)):
        assert TermWeights(snapshot, understand(question), tokenizer).figures_missing(article) == missing


def test_office_that_the_article_does_not_name_is_noticed(snapshot: Snapshot, tokenizer: Tokenizer) -> None:
    article = Article(id="x", title="桥", body="市公路局局长林一帆说，新桥很长。")
    for question, missing in (("公路局局长是谁?", False), ("公路局书记是谁?", True), ("谁说的?", False)):
        assert TermWeights(snapshot, understand(question), tokenizer).office_missing(article) is missing


def test_question_of_stop_words_alone_finds_nothing(snapshot: Snapshot, tokenizer: Tokenizer) -> None:
    found = found_for(snapshot, tokenizer, "新桥总投资多少元?")
    reading = Reader(FakeSpans(), tokenizer, only(span=1.0)).read(snapshot, understand("的 了 吗"), found)
    assert reading == Reading()


def test_shipped_weights_name_every_feature() -> None:
    weights = Weights.shipped()
    assert len(weights.sentence) == len(SENTENCE_FEATURES)
    assert len(weights.confidence) == len(CONFIDENCE_FEATURES)


@pytest.mark.parametrize(("logit", "low", "high"), [(1e9, 0.99, 1.0), (-1e9, 0.0, 0.01), (0.0, 0.5, 0.5)])
def test_probability_stays_within_bounds(logit: float, low: float, high: float) -> None:
    assert low <= probability(logit) <= high


def test_passage_of_one_long_sentence_is_read(snapshot: Snapshot, tokenizer: Tokenizer) -> None:
    text = "这句话很长没有句号" * 30
    article = Article(id="long", title="长", body=text)
    one = Hit(1, 0.0, Passage("long", 0, 0, len(text), text), article)
    query = Query("哪句?", "哪句?", "哪句?", QuestionKind.OTHER)
    reading = Reader(FakeSpans(), tokenizer, Weights.shipped()).read(snapshot, query, [one])
    assert reading.evidence[0].text == text
