"""Passages to sentences with probabilities, over the fake span reader and a real small index."""

from __future__ import annotations

from pathlib import Path

import pytest

from embeddings.build import build
from embeddings.index.snapshot import Snapshot, open_current
from embeddings.records import Article, Filters, Hit, Passage
from embeddings.settings import Settings
from embeddings.tokens import Tokenizer
from qa.question import Query, QuestionKind, understand
from qa.reading import FEATURES, Reader, TermWeights, Weights, holds_unit
from qa.retrieval import find_candidates, hits, search_lexically
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
    return Weights(tuple(weights.get(name, 0.0) for name in FEATURES))


def test_sentence_with_the_best_span_comes_first(snapshot: Snapshot, tokenizer: Tokenizer) -> None:
    query = understand("新桥总投资多少元?")
    reader = Reader(FakeSpans(), tokenizer, only(span=1.0))
    evidence = reader.read(snapshot, query, found_for(snapshot, tokenizer, query.standalone))
    assert evidence[0].text == "新桥总投资三亿元，全长八百米。"
    assert [e.probability for e in evidence] == sorted((e.probability for e in evidence), reverse=True)
    assert all(e.hit.article.text[e.start : e.end] == e.text for e in evidence)


def test_lead_is_left_out_of_the_quote_unless_asked_for(snapshot: Snapshot, tokenizer: Tokenizer) -> None:
    reader = Reader(FakeSpans(), tokenizer, only(span=1.0))
    query = understand("河岸新桥哪天通车?")
    texts = [e.text for e in reader.read(snapshot, query, found_for(snapshot, tokenizer, query.text))]
    # The fake's spans start with the sentence, where the lead stands, so it stays where the answer is.
    assert "本报讯（记者 林一帆）河岸新桥今天通车。" in texts


def test_no_passages_give_no_evidence(snapshot: Snapshot, tokenizer: Tokenizer) -> None:
    assert Reader(FakeSpans(), tokenizer, Weights.shipped()).read(snapshot, understand("有什么?"), []) == []


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


def test_shipped_weights_name_every_feature() -> None:
    assert len(Weights.shipped().values) == len(FEATURES)


def test_probability_stays_within_bounds_for_any_features() -> None:
    weights = only(bias=1e9)
    assert 0.99 < weights.probability([1.0] + [0.0] * (len(FEATURES) - 1)) <= 1.0
    assert 0.0 <= weights.probability([-1.0] + [0.0] * (len(FEATURES) - 1)) < 0.01


def test_passage_of_one_long_sentence_is_read(snapshot: Snapshot, tokenizer: Tokenizer) -> None:
    text = "这句话很长没有句号" * 30
    article = Article(id="long", title="长", body=text)
    one = Hit(1, 0.0, Passage("long", 0, 0, len(text), text), article)
    query = Query("哪句?", "哪句?", "哪句?", QuestionKind.OTHER)
    assert Reader(FakeSpans(), tokenizer, Weights.shipped()).read(snapshot, query, [one])[0].text == text
