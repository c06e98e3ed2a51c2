"""Passages to the sentences that answer: every sentence gets a probability of carrying the answer.

The span reader says where in a passage an answer could be; the probability is a logistic model over
its score and a handful of named features, so that one number both ranks sentences and says when
none of them will do. Its weights are in `reading.json`; `tests/bench/fit_reading.py` learns them
from questions with known answers.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Protocol

from embeddings.index.snapshot import Snapshot
from embeddings.records import Article, Hit
from embeddings.sentences import sentence_spans, trimmed
from embeddings.tokens import Tokenizer, normalised, question_pairs
from qa.question import Query, QuestionKind
from qa.spans import Span

# Passages given to the span reader, each 20 to 80 ms by processor, and the spans taken from each.
PASSAGES_READ = 6
SPANS_READ = 4
# The span score of a sentence in which the reader saw nothing.
NO_SPAN = -12.0

FEATURES = (
    "bias",
    "span",  # the span reader's score for this sentence, in tens of logits
    "span_here",  # it is above "not here"
    "span_lead",  # how far it is above the best of the other passages, in tens of logits
    "covered",  # share of the question's term weight met by the sentence
    "covered_near",  # … by the sentence, its neighbours and the headline
    "covered_far",  # … by the passage and the headline
    "missing",  # weight share of the rarest question term that the article does not hold
    "passage",  # the passage's fused retrieval score
    "expected",  # holds what the kind of question asks for
    "unit",  # a number with the very measure word asked for
    "unexpected",  # the kind of question asks for something that is not there
    "short",  # under 12 characters: a fragment
)


class SpanSource(Protocol):
    """What reads spans: `qa.span_reader.SpanReader`, or the tests' fake."""

    def read(self, question: str, passages: Sequence[str], n: int = 1) -> list[list[Span]]:
        """The best n spans of each passage, in the passages' order, best first."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence and how likely it is to carry the answer. `hit.article.text[start:end] == text`."""

    hit: Hit
    start: int
    end: int
    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Weights:
    """The logistic model: one weight a feature, in the order of `FEATURES`."""

    values: tuple[float, ...]

    @classmethod
    def shipped(cls) -> Weights:
        """The weights in the package."""
        stored = json.loads(resources.files("qa").joinpath("reading.json").read_text(encoding="utf-8"))
        return cls(tuple(float(stored["weights"][name]) for name in FEATURES))

    def probability(self, features: Sequence[float]) -> float:
        """Probability that a sentence with these features answers."""
        total = sum(w * f for w, f in zip(self.values, features, strict=True))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a passage that was found, its neighbours' text, and the reader's score for it."""

    hit: Hit
    start: int
    end: int
    text: str
    near: str
    span_score: float = NO_SPAN


class Reader:
    """Reads passages for one snapshot at a time; holds no state between questions."""

    def __init__(self, spans: SpanSource, tokenizer: Tokenizer, weights: Weights) -> None:
        self._spans = spans
        self._tokenizer = tokenizer
        self._weights = weights

    def read(self, snapshot: Snapshot, query: Query, hits: Sequence[Hit]) -> list[Evidence]:
        """Sentences of the first passages with their probabilities, best first; may be empty."""
        sentences, rows = self.features(snapshot, query, hits)
        found = [
            Evidence(s.hit, s.start, s.end, s.text, self._weights.probability(row))
            for s, row in zip(sentences, rows, strict=True)
        ]
        return sorted(found, key=lambda evidence: -evidence.probability)

    def features(
        self, snapshot: Snapshot, query: Query, hits: Sequence[Hit]
    ) -> tuple[list[Sentence], list[list[float]]]:
        """The sentences read and their features, in the order of `FEATURES`."""
        terms = TermWeights(snapshot, query, self._tokenizer)
        sentences = self._sentences(query, hits[:PASSAGES_READ])
        best: dict[str, float] = {}
        for s in sentences:
            best[s.hit.passage.id] = max(best.get(s.hit.passage.id, NO_SPAN), s.span_score)
        rows = [
            _row(query, terms, s, max((v for k, v in best.items() if k != s.hit.passage.id), default=NO_SPAN))
            for s in sentences
        ]
        return sentences, rows

    def _sentences(self, query: Query, hits: Sequence[Hit]) -> list[Sentence]:
        contexts = [f"{hit.article.headline}\n" for hit in hits]
        texts = [context + hit.passage.text for context, hit in zip(contexts, hits, strict=True)]
        found = []
        for hit, context, spans in zip(
            hits, contexts, self._spans.read(query.standalone, texts, SPANS_READ), strict=True
        ):
            shift = hit.passage.start - len(context)
            placed = [(span.score, span.start + shift) for span in spans]
            for sentence in _sentences(hit):
                inside = [place for place in placed if sentence.start <= place[1] < sentence.end]
                found.append(_scored(sentence, *max(inside, default=(NO_SPAN, sentence.end))))
        return found


def _row(query: Query, terms: TermWeights, sentence: Sentence, elsewhere: float) -> list[float]:
    expected, unit = holds_expected(query, sentence.text)
    hit = sentence.hit
    return [
        1.0,
        sentence.span_score / 10,
        float(sentence.span_score > 0),
        (sentence.span_score - elsewhere) / 10,
        terms.covered(sentence.text),
        terms.covered(f"{hit.article.headline}\n{sentence.near}"),
        terms.covered(f"{hit.article.headline}\n{hit.passage.text}"),
        terms.rarest_missing(hit.article),
        hit.score,
        float(expected is True),
        float(unit),
        float(expected is False),
        float(len(sentence.text) < 12),
    ]


# Who wrote it is told by the citation; a quote starts with what was written.
_LEAD = re.compile(
    r"[●■◆▲○]?\s*(?:(?:本报|新华社|中新社|人民网)[^（(，。\n]{0,24}?)?"
    r"[（(](?:本报)?(?:见习|特约|实习)?(?:记者|通讯员)[^）)\n]{1,60}[）)]\s*"
)
_LEAD_KEEPS_CHARS = 6


def _scored(sentence: Sentence, score: float, place: int) -> Sentence:
    """The sentence with the reader's score, less its lead unless the answer stands there."""
    lead = _LEAD.match(sentence.text)
    cut = lead.end() if lead else 0
    if len(sentence.text) - cut < _LEAD_KEEPS_CHARS or place < sentence.start + cut:
        cut = 0
    return replace(sentence, start=sentence.start + cut, text=sentence.text[cut:], span_score=score)


def _sentences(hit: Hit) -> list[Sentence]:
    text = hit.article.text
    start, end = hit.passage.start, hit.passage.end
    spans = [
        trimmed(text, (max(s, start), min(e, end))) for s, e in sentence_spans(text) if s < end and e > start
    ]
    spans = [(s, e) for s, e in spans if e > s]
    found = []
    for i, (s, e) in enumerate(spans):
        near = text[spans[max(0, i - 1)][0] : spans[min(len(spans) - 1, i + 1)][1]]
        found.append(Sentence(hit, s, e, text[s:e], near))
    return found


class TermWeights:
    """The question's terms, each weighed by how rare it is in the archive; weights sum to 1."""

    def __init__(self, snapshot: Snapshot, query: Query, tokenizer: Tokenizer) -> None:
        # Pairs and not words: they meet across different cuts, and every name is made of them.
        words = [word for word in tokenizer.words(query.standalone) if not word[0] >= "\u3400"]
        terms = list(dict.fromkeys([*question_pairs(query.standalone), *words]))
        weights = {term: snapshot.terms.rarity(term) for term in terms}
        total = sum(weights.values()) or 1.0
        self._weights = {term: weight / total for term, weight in weights.items()}

    def covered(self, text: str) -> float:
        """Share of the weight whose terms `text` holds, 0 to 1."""
        folded = normalised(text)
        return sum(weight for term, weight in self._weights.items() if term in folded)

    def rarest_missing(self, article: Article) -> float:
        """The largest weight of a term that neither the article nor its headline holds."""
        folded = normalised(f"{article.headline}\n{article.text}")
        return max((weight for term, weight in self._weights.items() if term not in folded), default=0.0)


_NUMERAL = r"(?:[0-9][0-9.,，]*[%％万亿千百十]*|[一二两三四五六七八九十百千万亿零〇半]+)"
_LENGTH_OF_TIME = rf"{_NUMERAL}多?个?(?:小时|分钟|秒|天|周|星期|月|年|多?岁|学期)"
# What a question asks for by its own words, more exactly than by its kind; the first that fits counts.
_ASKED: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(asked), re.compile(held))
    for asked, held in (
        (
            r"多少钱|多少元|什么价|价格|票价|几块钱|花了?多少|花费|投资多少|工资|收入是多少",
            rf"{_NUMERAL}多?余?元|[万亿]元|免费",
        ),
        (r"百分之|比例|占比|多高.*率|率.*多[少高]|几成", rf"{_NUMERAL}[%％]|百分之|{_NUMERAL}成"),
        (r"多久|多长时间|多少时间|几个?小时|几分钟|几天(?!.*日)|几个月|多少天|多少年", _LENGTH_OF_TIME),
        (r"几点|几时|什么时间|多会儿", rf"{_NUMERAL}[时点]"),
        (r"哪一?年|什么年份", r"[0-9〇零一二三四五六七八九]{2,4}年|今年|去年|明年|前年"),
        (r"电话|热线|号码", r"[0-9]{5,}"),
    )
)
_EXPECTED: dict[QuestionKind, re.Pattern[str]] = {
    QuestionKind.NUMBER: re.compile(_NUMERAL),
    QuestionKind.DATE: re.compile(
        rf"{_NUMERAL}\s*(?:年|月|日|号|点|时|周)|[今昨明][天晚晨年]|去年|前年|本月|周[一二三四五六日末]|星期|元旦|国庆|春节"
    ),
    QuestionKind.PERSON: re.compile(
        r"(?:记者|通讯员|书记|主任|局长|校长|市长|县长|镇长|院长|馆长|经理|教授|负责人|工程师|会长|团长|所长|队长|队员)"
        r"|(?:教练|医生|村医|老师|学生|村民|居民|老人|老兵|民警|司机|柜员|先生|女士|名叫)"
        r"|[\u4e00-\u9fff]{2,3}(?:说|介绍|表示|告诉|回忆|坦言)"
    ),
    QuestionKind.PLACE: re.compile(
        r"[省市县区镇乡村路街巷馆站楼园场山河江湖国校院]|街道|广场|中心|公园|学校|大学|医院"
    ),
    QuestionKind.REASON: re.compile(
        r"因|由于|原因|为了|受.{1,12}影响|导致|以致|所以|主要是|使得|造成|为此|不够|不足|过[高低大小]|太"
    ),
    QuestionKind.LIST: re.compile(r"、|分别|包括|[”》][“《]|；|以及"),
    QuestionKind.COMPARISON: re.compile(_NUMERAL),
}


def holds_expected(query: Query, text: str) -> tuple[bool | None, bool]:
    """Whether a sentence holds what the question asks for (`None`: it may be anything), and the unit."""
    asked = next((held for asks, held in _ASKED if asks.search(query.text)), _EXPECTED.get(query.kind))
    expected = None if asked is None else bool(asked.search(text))
    unit = bool(query.unit) and bool(re.search(f"{_NUMERAL}多?余?{re.escape(query.unit)}", text))
    return expected, unit
