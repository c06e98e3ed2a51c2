"""What speaks for a sentence as the answer, and for there being an answer at all, as named numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from embeddings.layout.surnames import name_score
from qa.evidence import NO_SPAN, Sentence
from qa.question import Query, QuestionKind
from qa.term_weights import TermWeights

FRAGMENT_CHARS = 12
# Logits from which the reader is sure of a span.
SPAN_SURE = 2.0
# Characters beside a span that may belong to it: a measure word after a number, 约 before it.
SPAN_MARGINS = 1, 2
SHORT_KINDS = frozenset({QuestionKind.NUMBER, QuestionKind.DATE, QuestionKind.PERSON, QuestionKind.PLACE})
LONG_CHARS = 120

SENTENCE_FEATURES = (
    "bias",
    "span",  # the span reader's score for this sentence, in tens of logits
    "span_lead",  # how far it is above the best other sentence, in tens of logits
    "covered",  # share of the question's term weight met by the sentence
    "covered_with_headline",  # the same with the headline
    "covered_by_passage",  # the same for the whole passage
    "covered_before",  # the same for the sentence before: what a pronoun stands for
    "missing",  # weight share of the rarest question term that the article does not hold
    "behind",  # how far its passage is behind the first one in retrieval score, 0 or less
    "unit",  # a number with the very measure word asked for
    "typed",  # something of the kind asked for: a number, a day, a reason …
    "untyped",  # nothing of the kind asked for
    "short",  # a fragment, not a sentence
    "long",  # its length, in hundreds of characters
)

CONFIDENCE_FEATURES = (
    "bias",
    "best",  # the best sentence's logit
    "span",  # the span reader's score for it, in tens of logits
    "lead",  # how far its logit is above the best one of another article
    "covered_by_passage",
    "missing",
    "figures_missing",  # figures of the question that the article does not hold
    "top",  # its passage is the first one found
    "typed",
    "untyped",
    "span_untyped",  # the span is not of the kind asked for: no days for "how many days"
    "span_unsure",  # a number, day, person or place is asked for, and the reader is sure of none there
    "number",  # a number is asked for: articles are full of others
)

_NUMERAL = r"(?:[0-9０-９][0-9０-９.,，]*[%％万亿千百十]*|[一二两三四五六七八九十百千万亿零〇半]+)"
_COUNTED = "个名人户次项元年月日天件家条台辆米公里亩吨岁成倍"
_TYPES = {
    kind: re.compile("|".join(patterns))
    for kind, patterns in {
        QuestionKind.NUMBER: (
            "[0-9０-９]",
            f"[一二两三四五六七八九十百千万亿]+[{_COUNTED}]",
            "[一二两三四五六七八九十]+(?:半|成|分之|番)|[过大]半|半数|翻[番倍]",
        ),
        QuestionKind.DATE: (
            "[0-9０-９一二三四五六七八九十]+[年月日号点时]",
            "周[一二三四五六日末]|星期|[今明昨][天日晚]|[去今明]年|[上下]午|即日|季度",
            "国庆|春节|中秋|元旦|端午|清明",
        ),
        QuestionKind.REASON: (
            "因|由于|所以|为了|为[^主止期例人民中]|旨在|以[便免]|避免|防止|怕|不然|否则",
            "导致|造成|[缘源]于|得益|担心|考虑到|本来|从而|减少|方便",
        ),
        QuestionKind.MANNER: (
            "通过|采[用取]|利用|依托|借助|凭|用|先|再|可|只需|扫码|登录|拨打",
            "方式|办法|按|由|把|将|靠|组织|建立|实行|推行|设置|安排",
        ),
        QuestionKind.PERSON: (
            "[\u4e00-\u9fff]{2,4}(?:说|表示|介绍|告诉|认为|坦言)|书记|主任|局长|经理|队长|先生|女士",
            "老师|教授|师傅|医生|校长|村民|市民|叫",
        ),
        QuestionKind.PLACE: ("[省市县区镇乡村街路道巷号楼层园馆站所院校场店桥山河湖湾港]|位于|在",),
    }.items()
}


def holds_unit(query: Query, text: str) -> bool:
    """Whether a text holds a number with the measure word that the question asks for."""
    return bool(query.unit) and bool(re.search(f"{_NUMERAL}[多余]?{re.escape(query.unit)}", text))


def is_typed(query: Query, text: str) -> bool | None:
    """Whether a text holds something of the kind that the question asks for; `None`: any text may."""
    pattern = _TYPES.get(query.kind)
    return None if pattern is None else bool(pattern.search(text))


# What may be counted where the question does not say the measure word itself.
_MEASURES = {"钱": "[元块角万亿]", "人": "[人名位口万]", "名": "[人名位]"}
_HOW_LONG = re.compile("多久|多长时间")
_DURATION = re.compile(f"{_NUMERAL}(?:个半?|多)?(?:秒|分|小时|钟头|天|日|周|星期|礼拜|月|年|载|轮|届)")
_HAN_RUN = re.compile("[\\u4e00-\\u9fff]{2,}")
NAME_SCORE_MIN = 0.6
NAMED_CHARS_MAX = 200


def is_answered_in_kind(query: Query, text: str) -> bool | None:
    """As `is_typed`, and stricter: a sum of money for a price, somebody's name for a person."""
    if _HOW_LONG.search(query.focused):
        return bool(_DURATION.search(text))
    if query.kind is QuestionKind.NUMBER and query.unit:
        unit = _MEASURES.get(query.unit, re.escape(query.unit))
        return bool(re.search(f"{_NUMERAL}(?:[多余来几]|{_NUMERAL})?{unit}", text))
    if query.kind is QuestionKind.PERSON:
        return any(map(_has_name, _HAN_RUN.findall(text[:NAMED_CHARS_MAX])))
    return is_typed(query, text)


def _has_name(run: str) -> bool:
    windows = (run[i : i + n] for n in (3, 2) for i in range(len(run) - n + 1))
    return any(name_score(window) >= NAME_SCORE_MIN for window in windows)


def sentence_rows(
    query: Query, terms: TermWeights, by_hit: Sequence[Sequence[Sentence]]
) -> list[list[list[float]]]:
    """For the sentences of each hit, best hit first, their numbers in the order of `SENTENCE_FEATURES`."""
    scores = sorted((s.span_score for found in by_hit for s in found), reverse=True)
    first = next((found[0].hit.score for found in by_hit if found), 0.0)
    return [_rows_of_hit(query, terms, found, scores, first) for found in by_hit]


def _rows_of_hit(
    query: Query, terms: TermWeights, found: Sequence[Sentence], scores: list[float], first: float
) -> list[list[float]]:
    if not found:
        return []
    hit = found[0].hit
    headline = hit.article.headline
    of_passage = [
        terms.covered(f"{headline}\n{hit.passage.text}"),
        0.0,
        terms.rarest_missing(hit.article),
        hit.score - first,
    ]
    rows = []
    before = 0.0
    for sentence in found:
        covered = terms.covered(sentence.text)
        of_passage[1] = before
        rows.append(
            [
                1.0,
                sentence.span_score / 10,
                (sentence.span_score - _best_other(scores, sentence.span_score)) / 10,
                covered,
                terms.covered(f"{headline}\n{sentence.text}"),
                *of_passage,
                *_of_text(query, sentence.text),
            ]
        )
        before = covered
    return rows


def _best_other(scores: list[float], own: float) -> float:
    """The best score but one's own; `scores` are all, best first."""
    if len(scores) < 2:
        return NO_SPAN
    return scores[1] if scores[0] == own else scores[0]


def _of_text(query: Query, text: str) -> list[float]:
    typed = is_typed(query, text)
    return [
        float(holds_unit(query, text)),
        float(typed is True),
        float(typed is False),
        float(len(text) < FRAGMENT_CHARS),
        min(len(text), LONG_CHARS) / 100,
    ]


def confidence_row(query: Query, terms: TermWeights, ranked: Sequence[tuple[float, Sentence]]) -> list[float]:
    """Numbers in the order of `CONFIDENCE_FEATURES` of sentences with their logits, best first, not empty."""
    best, sentence = ranked[0]
    hit = sentence.hit
    other = next((logit for logit, s in ranked if s.hit.article.id != hit.article.id), best - 3.0)
    typed = is_answered_in_kind(query, sentence.text)
    return [
        1.0,
        best,
        sentence.span_score / 10,
        max(-3.0, min(3.0, best - other)),
        terms.covered(f"{hit.article.headline}\n{hit.passage.text}"),
        terms.rarest_missing(hit.article),
        float(min(2, terms.figures_missing(hit.article))),
        float(hit.rank == 1),
        float(typed is True),
        float(typed is False),
        float(_span_in_kind(query, sentence) is False),
        float(query.kind in SHORT_KINDS and (sentence.span is None or sentence.span.score < SPAN_SURE)),
        float(query.kind is QuestionKind.NUMBER),
    ]


def _span_in_kind(query: Query, sentence: Sentence) -> bool | None:
    """Whether what answers is of the kind asked for; `None`: anything may be, or nothing was seen."""
    span = sentence.span
    if span is None or query.kind not in SHORT_KINDS:
        return None
    before, after = SPAN_MARGINS
    start, end = max(sentence.start, span.start - before), min(sentence.end, span.end + after)
    return is_answered_in_kind(query, sentence.hit.article.text[start:end])
