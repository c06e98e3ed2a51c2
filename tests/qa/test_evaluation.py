"""The figures, worked out by hand; nothing that went wrong is left out of them."""

from __future__ import annotations

import datetime
import gzip
import json
import math
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast

import pytest

from embeddings.errors import InputRefused
from embeddings.records import Answer, AnswerKind, Article, Citation, Filters, Hit, Mode, Passage, Period
from embeddings.settings import Settings
from qa.evaluation import (
    GoldQuestion,
    Mistake,
    Outcome,
    Ranking,
    contains,
    errors,
    errors_page,
    evaluate,
    judged,
    metrics,
    mistakes,
    read_questions,
)
from qa.question import Turn
from qa.service import SearchResult, Service
from tests.embeddings.archive import Archive
from tests.fake_spans import FakeSpans
from tests.fakes import FakeEncoder, record
from tests.qa.conftest import Run

GOLD = GoldQuestion(
    "q1", "船票多少钱？", ("两元", "2元"), frozenset({"ferry"}), answerable=True, kind="number"
)
NONE = replace(GOLD, id="q2", answers=(), article_ids=frozenset(), answerable=False)
FERRY = Article("ferry", "柳湾渡口", "柳湾渡口的船票多少钱，还是两元。船每天开到晚上八点。")
LIGHTS = Article("lights", "老巷", "老巷换了一百盏路灯。")


def citation(article: Article = FERRY, start: int = 0, end: int = 16, **fields: Any) -> Citation:
    """A citation of the article's characters `start:end`, correct but for `fields`."""
    passage = Passage(article.id, 0, 0, len(article.text), article.text)
    right = Citation(1, article, passage, article.text[start:end], start, end, 0.9)
    return replace(right, **fields)


def answer(text: str = "还是两元。[1]", *citations: Citation, **fields: Any) -> Answer:
    """An answer; `ms` are its milliseconds."""
    ms = fields.pop("ms", 10.0)
    right: dict[str, Any] = {
        "id": "a",
        "question": "船票多少钱？",
        "standalone_question": "船票多少钱？",
        "answered": True,
        "text": text,
        "kind": AnswerKind.SPAN,
        "confidence": 0.9,
        "citations": citations or (citation(),),
        "related": (),
        "mode": Mode.EXTRACTIVE,
        "snapshot": 1,
        "timings_ms": {"total": ms},
    }
    return Answer(**{**right, **fields})


REFUSED = answer("没有找到。", answered=False, kind=AnswerKind.NONE)
REFUSED = replace(REFUSED, citations=(), confidence=0.1)
OTHER = answer("还是三元。[1]")


def ranking(rank: int | None = 1, gold: GoldQuestion = GOLD) -> Ranking:
    """The right article at this rank among ten."""
    found = [f"other-{n}" for n in range(10)]
    if rank:
        found[rank - 1] = "ferry"
    return Ranking(tuple(found), gold.article_ids, 5.0)


def outcome(gold: GoldQuestion = GOLD, given: Answer | None = None, rank: int | None = 1) -> Outcome:
    """What the judges make of an answer; the right one if none is given."""
    return judged(gold, ranking(rank, gold), given or answer())


def test_metrics_count_ranks_over_every_answerable_question() -> None:
    found = metrics([outcome(rank=1), outcome(rank=2), outcome(rank=6), outcome(rank=None)])
    assert found["retrieval"] == {
        "r_at_1": 0.25,
        "r_at_5": 0.5,
        "mrr_at_10": round((1 + 1 / 2 + 1 / 6) / 4, 4),
        "ndcg_at_10": round((1 + 1 / math.log2(3) + 1 / math.log2(7)) / 4, 4),
        "recall_at_5": 0.5,
    }


def test_metrics_want_both_articles_of_a_comparison_in_recall_and_ndcg() -> None:
    both = Ranking(("x", "a", "b"), frozenset({"a", "b"}))
    one = Ranking(("a", "x"), frozenset({"a", "b"}))
    found = metrics([Outcome(GOLD, both), Outcome(GOLD, one)])["retrieval"]
    ideal = 1 + 1 / math.log2(3)
    assert found["r_at_1"] == 0.5
    assert found["recall_at_5"] == 0.75
    assert found["ndcg_at_10"] == round(((1 / math.log2(3) + 1 / 2) / ideal + 1 / ideal) / 2, 4)


def test_metrics_count_nothing_found_at_all_as_wrong() -> None:
    found = metrics([Outcome(GOLD, Ranking(("ferry",), GOLD.article_ids)), Outcome(GOLD, Ranking())])
    assert found["retrieval"]["mrr_at_10"] == 0.5
    assert found["retrieval"]["ndcg_at_10"] == 0.5


def test_metrics_count_an_unanswered_question_as_wrong() -> None:
    found = metrics([outcome(), outcome(given=REFUSED), outcome(given=OTHER)])["answers"]
    assert found["answer_contained"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["article_cited"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["evidence_quoted"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["answerable_refused"] == pytest.approx(1 / 3, abs=1e-4)


def test_metrics_count_refusals_of_unanswerable_questions_apart() -> None:
    found = metrics([outcome(), outcome(NONE, REFUSED), outcome(NONE)])
    assert (found["questions"], found["answerable"]) == (3, 1)
    assert found["answers"]["unanswerable_refused"] == 0.5
    assert found["answers"]["answer_contained"] == 1.0
    assert found["retrieval"]["r_at_1"] == 1.0


def test_metrics_break_down_by_kind() -> None:
    date, none = replace(GOLD, kind="date"), replace(NONE, kind="unanswerable")
    found = metrics([outcome(), outcome(given=REFUSED), outcome(date, rank=3), outcome(none)])
    assert found["contained_by_kind"] == {"date": 1.0, "number": 0.5}
    assert found["by_kind"]["number"]["questions"] == 2
    assert found["by_kind"]["number"]["answers"]["answerable_refused"] == 0.5
    assert found["by_kind"]["date"]["retrieval"]["mrr_at_10"] == round(1 / 3, 4)
    assert found["by_kind"]["unanswerable"]["answers"]["unanswerable_refused"] == 0.0
    assert found["by_kind"]["unanswerable"]["answers"]["answer_contained"] is None


def test_metrics_count_follow_ups_among_themselves() -> None:
    follow = replace(GOLD, history=(Turn("船？", "有。"),))
    found = metrics([outcome(), outcome(follow), outcome(follow, REFUSED), outcome(follow, OTHER)])
    assert found["answers"]["follow_ups_contained"] == round(1 / 3, 4)


def test_metrics_tell_of_a_quote_that_is_not_verbatim() -> None:
    shifted = answer("还是两元。[1]", citation(quote_start=1))
    assert metrics([outcome(), outcome(given=shifted)])["answers"]["quotes_verbatim"] == 0.5


def test_metrics_of_nothing_are_null() -> None:
    found = metrics([])
    assert found["questions"] == 0
    assert found["retrieval"]["r_at_1"] is None
    assert found["intervals"]["retrieval"]["r_at_1"] is None
    assert found["latency_ms"]["answer_p50"] is None


def test_metrics_of_the_search_alone_have_no_answers() -> None:
    found = metrics([Outcome(GOLD, ranking(2))])
    assert found["answers"] == {}
    assert found["contained_by_kind"] == {}
    assert found["retrieval"]["r_at_5"] == 1.0


def test_metrics_give_quantiles_of_the_times() -> None:
    found = metrics([outcome(given=answer(ms=float(ms))) for ms in range(1, 102)])["latency_ms"]
    assert (found["answer_p50"], found["answer_p99"], found["search_p50"]) == (51.0, 100.0, 5.0)
    assert metrics([outcome(given=answer(ms=7.0))])["latency_ms"]["answer_p99"] == 7.0


def test_intervals_are_those_of_a_binomial_share_and_stay_the_same() -> None:
    outcomes = [outcome(), outcome(given=REFUSED)] * 50
    found = metrics(outcomes)["intervals"]["answers"]["answer_contained"]
    # Half of 100: standard error 0.05, so 0.5 ± 0.098.
    assert found == pytest.approx([0.402, 0.598], abs=0.015)
    assert metrics(outcomes)["intervals"]["answers"]["answer_contained"] == found


def test_intervals_of_a_part_of_the_questions_take_only_those() -> None:
    found = metrics([outcome()] * 20 + [outcome(NONE)])["intervals"]["answers"]
    assert found["answer_contained"] == [1.0, 1.0]
    assert found["unanswerable_refused"] == [0.0, 0.0]
    assert found["follow_ups_contained"] is None


@pytest.mark.parametrize(
    ("given", "exact", "f1"),
    [
        (answer("票价还是两元。[1]", span="两元"), True, 1.0),
        (answer("票价还是２ 元。[1]", span="２ 元。"), True, 1.0),
        (answer("两元。[1]"), True, 1.0),
        (answer("还是两元[1]", span="还是两元"), False, 2 * 2 / (4 + 2)),
        (answer("三角[1]", span="三角"), False, 0.0),
        (answer("两元", span="两元", answered=False), False, 0.0),
    ],
)
def test_exact_and_f1_compare_the_span_or_else_all_that_is_said(
    given: Answer, exact: bool, f1: float
) -> None:
    found = outcome(given=given)
    assert found.exact is exact
    assert found.f1 == pytest.approx(f1)


@pytest.mark.parametrize(
    ("answers", "span", "exact"),
    [
        (("1路、9路",), "1路和9路", False),
        ((), "1路,9路", True),
        ((), "1路", False),
        (("1路",), "1路", False),
        (("1路",), "1路、9路", True),
    ],
)
def test_exact_wants_all_parts_of_a_list(answers: tuple[str, ...], span: str, exact: bool) -> None:
    parts = replace(GOLD, answers=answers, answers_all=("1路", "9路"))
    assert outcome(parts, answer(span=span)).exact is exact


@pytest.mark.parametrize(
    ("expected", "span", "exact"),
    [("1.9个", "19个", False), ("1,860次", "1860次", True), ("20:30", "2030", False), ("5%", "5", False)],
)
def test_exact_keeps_the_marks_inside_figures(expected: str, span: str, exact: bool) -> None:
    assert outcome(replace(GOLD, answers=(expected,)), answer(span=span)).exact is exact


@pytest.mark.parametrize(
    ("verdict", "text", "right"),
    [
        ("yes", "没有，涨了。[1]", True),
        ("no", "是的，还是两元。[1]", False),
        ("", "是的，还是两元。[1]", True),
        ("", "还是三元。[1]", False),
    ],
)
def test_yes_no_is_right_by_its_verdict_or_else_by_its_words(verdict: str, text: str, right: bool) -> None:
    gold = replace(GOLD, kind="yes_no", answers=("还是两元",), verdict="yes")
    found = outcome(gold, answer(text, verdict=verdict))
    assert found.contained is right
    refused = answer(text, verdict="yes", answered=False)
    assert not outcome(gold, refused).contained
    assert not outcome(gold, refused).exact


def test_contained_does_not_take_the_number_of_a_citation_for_an_answer() -> None:
    one = replace(GOLD, answers=("1",))
    assert not outcome(one, answer("有两艘。[1]")).contained
    assert outcome(one, answer("有1艘。[1]")).contained


def test_quoted_needs_an_answer_or_its_evidence_in_the_quotes() -> None:
    said = answer("还是两元。[1]", citation(start=16, end=27))
    assert said.citations[0].quote == "船每天开到晚上八点。"
    assert not outcome(given=said).quoted
    assert outcome(replace(GOLD, evidence=("船 每天开到晚上八点",)), said).quoted
    parts = replace(GOLD, answers_all=("两元", "晚上八点"))
    assert outcome(parts, answer("两元[1]，八点[2]", citation(), citation(start=16, end=27))).quoted
    assert not outcome(parts, answer("两元[1]", citation())).quoted


@pytest.mark.parametrize(
    ("fields", "right"),
    [
        ({"article_ids": frozenset({"lights"}), "evidence": (FERRY.body,)}, False),
        ({"evidence": ("换了",)}, False),
        ({"evidence": ("换了", "船 每天\n开到")}, True),
        ({"article_title": "柳湾　渡口"}, True),
        ({"article_title": "柳湾"}, False),
        ({"article_title": "", "evidence": ("",)}, False),
        ({}, True),
        ({"answers": ("三元",)}, False),
    ],
)
def test_right_article_is_known_by_id_or_evidence_or_title_or_answer(
    fields: dict[str, Any], right: bool
) -> None:
    gold = replace(GOLD, **{"article_ids": frozenset(), **fields})
    assert judged(gold, Ranking(), answer()).cited is right


@pytest.mark.parametrize(
    ("text", "held"),
    [("船票两元。", True), ("船票 2 元", True), ("船票２元", True), ("船票三元", False), ("", False)],
)
def test_contains_any_accepted_form(text: str, held: bool) -> None:
    assert contains(GOLD, text) is held


def test_contains_needs_all_parts_where_all_are_asked_for() -> None:
    both = replace(GOLD, answers_all=("两元", "六十人"))
    assert contains(both, "能坐六十人，票价两元")
    assert not contains(both, "票价两元")


def test_errors_list_what_went_wrong_and_nothing_else() -> None:
    wrong = [outcome(given=REFUSED), outcome(NONE), outcome(given=OTHER)]
    found = errors([outcome(), *wrong, outcome(NONE, REFUSED)])
    assert [(one["id"], one["answer"], one["mistake"]) for one in found] == [
        ("q1", None, "refused"),
        ("q2", "还是两元。[1]", "should_have_refused"),
        ("q1", "还是三元。[1]", "other_sentence"),
    ]
    assert found[0]["expected"] == ["两元", "2元"]
    assert found[1]["expected"] is None


def test_mistakes_are_told_apart() -> None:
    elsewhere = answer("还是两元。[1]", citation(LIGHTS))
    outcomes = [
        outcome(),
        outcome(given=elsewhere, rank=None),
        outcome(given=OTHER, rank=None),
        outcome(given=elsewhere, rank=2),
        outcome(given=REFUSED, rank=None),
        outcome(NONE, rank=None),
    ]
    assert mistakes(outcomes) == {
        Mistake.NOT_FOUND: [outcomes[1]],
        Mistake.OTHER_SENTENCE: [outcomes[2]],
        Mistake.CITED_WRONG: [outcomes[3]],
        Mistake.REFUSED: [outcomes[4]],
        Mistake.NOT_REFUSED: [outcomes[5]],
    }


class Page(HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.given: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.given += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_errors_page_shows_what_is_needed_to_understand_an_error() -> None:
    follow = replace(GOLD, history=(Turn("渡口在哪？", "在柳湾。"),))
    given = replace(OTHER, standalone_question="柳湾的船票多少钱？", confidence=0.4321)
    page = Page(errors_page([outcome(), outcome(follow, given, rank=3), outcome(NONE)], "q.jsonl"))
    for shown in (
        "q.jsonl:3 问中错 2 问",
        "渡口在哪？ 在柳湾。",
        "柳湾的船票多少钱？",
        "两元 / 2元",
        "还是三元。[1]",
        "《柳湾渡口》",
        "“柳湾渡口的船票多少钱，还是两元。”",
        "0.432",
        "第 3 名",
        "找对文章,答错句子(1)",
        "该拒而作了答(1)",
        "没有答案",
    ):
        assert shown in page.text
    assert "引错文章(" not in page.text


def test_errors_page_shows_hostile_text_as_text() -> None:
    attack = '</title></dd><script>alert(1)</script><img src="http://x/" onerror=alert(1)>\'"'
    hostile = replace(
        GOLD, id=attack, question=attack, kind=attack, answers=(attack,), history=(Turn(attack, attack),)
    )
    article = replace(FERRY, id="x", title=attack, body=attack, paper=attack)
    given = answer(attack, citation(article, 0, len(attack)), standalone_question=attack + "?")
    page = Page(errors_page([outcome(hostile, given, rank=None)], attack))
    assert page.text.count(attack) >= 9
    assert not {"script", "img", "iframe", "form", "link"} & set(page.tags)
    assert not [name for name, _ in page.given if name.startswith("on") or name == "src"]


def write(path: Path, *lines: object) -> Path:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["q.jsonl", "q.jsonl.gz"])
def test_read_questions_reads_all_fields(tmp_path: Path, name: str) -> None:
    path = write(
        tmp_path / name,
        {
            "id": 7,
            "question": "它呢？",
            "answers": ["两元", 2],
            "article_ids": ["a"],
            "answerable": True,
            "kind": "number",
            "history": [{"question": "船？", "answer": "是"}],
            "evidence": ["还是两元"],
            "article_title": "渡口",
            "verdict": "no",
            "now": "2026-10-13",
        },
        "",
        {"question": "无？", "answerable": False},
    )
    assert read_questions(path) == [
        GoldQuestion(
            "7",
            "它呢？",
            ("两元", "2"),
            frozenset({"a"}),
            answerable=True,
            kind="number",
            history=(Turn("船？", "是"),),
            evidence=("还是两元",),
            article_title="渡口",
            verdict="no",
            now=datetime.date(2026, 10, 13),
        ),
        GoldQuestion("3", "无？", (), frozenset(), answerable=False),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "7",
        '{"id": 1}',
        '{"question": "x", "history": [1]}',
        '{"question": "x", "now": "10-13"}',
        '{"question": "x", "verdict": "maybe"}',
        '{"question": "x", "evidence": "abc"}',
        '{"question": "x", "answers": ' + "[" * 100_000,
    ],
)
def test_read_questions_names_the_line_that_is_none(tmp_path: Path, line: str) -> None:
    path = write(tmp_path / "q.jsonl", {"question": "船？"}, "", line)
    with pytest.raises(InputRefused, match="3"):
        read_questions(path)


def test_read_questions_of_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe\x00")
    whole = gzip.compress(b'{"question": "x"}' * 100)
    (tmp_path / "short.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "none.jsonl.gz").write_bytes(b"no gzip")
    (tmp_path / "bad.jsonl.gz").write_bytes(whole[:12] + b"\xff" * 8 + whole[20:])
    for name in ("missing.jsonl", "binary.jsonl", "short.jsonl.gz", "none.jsonl.gz", "bad.jsonl.gz"):
        with pytest.raises(InputRefused, match=name):
            read_questions(tmp_path / name)


@pytest.fixture
def service(settings: Settings, tmp_path: Path) -> Service:
    archive = Archive(settings, tmp_path / "inbox")
    archive.write(
        "a.jsonl",
        record("ferry", "柳湾渡口的船票多少钱，还是两元。", "柳湾渡口"),
        record("lights", "老巷换了一百盏路灯。", "老巷"),
    )
    archive.build()
    return Service(settings, FakeEncoder(), FakeSpans())


def test_evaluate_asks_every_question_in_order(service: Service) -> None:
    ferry = replace(GOLD, question="柳湾渡口的船票多少钱？")
    lights = replace(GOLD, id="q3", question="老巷换了多少盏路灯？", answers=("一百盏",))
    steps: list[int] = []
    found = evaluate(service, [ferry, lights, NONE], step=steps.append)
    assert steps == [1, 2, 3]
    assert [one.gold.id for one in found] == ["q1", "q3", "q2"]
    assert (found[0].ranking.rank, found[0].contained, found[0].cited, found[0].verbatim) == (
        1,
        True,
        True,
        True,
    )
    assert found[1].ranking.rank == 2  # the gold says ferry
    assert not found[1].cited


def test_evaluate_without_known_articles_takes_a_passage_with_the_answer_as_right(service: Service) -> None:
    unknown = replace(GOLD, question="柳湾渡口的船票多少钱？", article_ids=frozenset())
    (found,) = evaluate(service, [unknown], step=lambda _: None)
    assert (found.ranking.rank, found.cited) == (1, True)


def test_evaluate_of_the_search_alone_asks_for_no_answers(service: Service) -> None:
    (found,) = evaluate(service, [replace(GOLD, question="柳湾渡口船票")], answers=False, step=lambda _: None)
    assert (found.ranking.rank, found.answered, found.answer) == (1, False, None)


def test_evaluate_takes_the_history_into_account(service: Service) -> None:
    follow = replace(GOLD, question="那多少钱？", history=(Turn("柳湾渡口的船票？", ""),))
    (found,) = evaluate(service, [follow], step=lambda _: None)
    assert found.ranking.rank == 1


@pytest.mark.parametrize(
    ("given", "read"), [("yes", "yes"), ("是", "yes"), ("否", "no"), (None, ""), ("", "")]
)
def test_read_questions_knows_verdicts_in_both_languages(
    tmp_path: Path, given: str | None, read: str
) -> None:
    path = write(tmp_path / "q.jsonl", {"question": "有吗？", "verdict": given})
    assert read_questions(path)[0].verdict == read


def test_eval_writes_a_page_of_errors(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps({"id": "a", "title": "渡口", "body": "船票还是两元。"}))
    run("build", str(tmp_path / "in.jsonl"))
    questions = write(
        tmp_path / "q.jsonl", {"question": "船票多少元？", "answers": ["<b>九元"], "article_ids": ["a"]}
    )
    page = tmp_path / "errors.html"
    figures = run("eval", str(questions), "--errors", str(page), "--json").document
    assert sum(figures["errors"].values()) == 1
    assert "q.jsonl:1 问中错 1 问" in page.read_text(encoding="utf-8")
    assert "&lt;b&gt;九元" in page.read_text(encoding="utf-8")


def test_eval_that_cannot_write_its_page_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps({"id": "a", "title": "渡口", "body": "船票还是两元。"}))
    run("build", str(tmp_path / "in.jsonl"))
    questions = write(tmp_path / "q.jsonl", {"question": "船票多少元？", "answers": ["九元"]})
    ran = run("eval", str(questions), "--errors", str(tmp_path / "none" / "errors.html"))
    assert ran.status == 2
    assert "errors.html" in ran.err


class Scripted:
    """Stands in for the service: gives one answer, finds its articles, notes what it is asked."""

    def __init__(self, given: Answer, *articles: Article) -> None:
        self.given, self.articles = given, articles
        self.asked: list[dict[str, Any]] = []
        self.searched: list[tuple[str, int, Any]] = []

    def answer(self, question: str, **more: Any) -> Answer:
        self.asked.append({"question": question, **more})
        return self.given

    def search(self, query: str, *, k: int, filters: Any) -> SearchResult:
        self.searched.append((query, k, filters))
        hits = [
            Hit(n, 1 / n, citation(article).passage, article) for n, article in enumerate(self.articles, 1)
        ]
        return SearchResult(tuple(hits[:k]), 1, {"total": 3.0})


def ask(service: Scripted, gold: GoldQuestion = GOLD) -> Outcome:
    (found,) = evaluate(cast("Service", service), [gold], step=lambda _: None)
    return found


def test_evaluate_asks_once_on_the_day_given_and_searches_the_days_meant() -> None:
    day = datetime.date(2026, 10, 13)
    period = Period(day, day, "昨天", 0, 2)
    service = Scripted(answer(standalone_question="昨天的船票？", period=period), FERRY)
    ask(service, replace(GOLD, now=day))
    assert service.asked == [{"question": "船票多少钱？", "history": (), "today": day}]
    assert service.searched == [("昨天的船票？", 10, Filters(day, day))]
    dropped = Scripted(replace(service.given, period_dropped=True), FERRY)
    ask(dropped)
    assert dropped.searched == [("昨天的船票？", 10, Filters())]


def test_evaluate_ranks_articles_and_not_their_passages() -> None:
    crowd = [replace(LIGHTS, id=f"crowd-{n // 3}") for n in range(12)]
    service = Scripted(answer(), *crowd, FERRY)
    assert ask(service).ranking.rank == 5
    assert [k for _, k, _ in service.searched] == [10, 30]


def test_evaluate_takes_the_first_article_with_the_evidence_as_the_one_looked_for() -> None:
    twice = Scripted(answer(), LIGHTS, FERRY, replace(FERRY, id="reprint"))
    gold = replace(GOLD, article_ids=frozenset(), evidence=("还是两元",))
    assert ask(twice, gold).ranking == Ranking(("lights", "ferry", "reprint"), frozenset({"ferry"}), 3.0)


@pytest.mark.parametrize(
    ("text", "answer", "found"),
    [
        ("共有35件。", "5件", False),
        ("共有 5 件。", "5件", True),
        ("涨了1.5元。", "5元", False),
        ("编号A5件", "A5件", True),
        ("三十五件", "五件", True),
        ("什么都有。", "", False),
        ("共有387名。", "38", False),
        ("共有38.5万。", "38", False),
        ("共有38。", "38", True),
    ],
)
def test_answer_must_stand_whole_where_it_starts_or_ends_with_a_digit(
    text: str, answer: str, found: bool
) -> None:
    gold = GoldQuestion("1", "?", (answer,), frozenset(), answerable=True)
    assert contains(gold, text) is found
