"""The figures, worked out by hand; nothing that went wrong is left out of them."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from embeddings.errors import InputRefused
from embeddings.settings import Settings
from qa.evaluation import GoldQuestion, Outcome, contains, errors, evaluate, metrics, read_questions
from qa.question import Turn
from qa.service import Service
from tests.embeddings.archive import Archive
from tests.fake_spans import FakeSpans
from tests.fakes import FakeEncoder, record

GOLD = GoldQuestion(
    "q1", "船票多少钱？", ("两元", "2元"), frozenset({"ferry"}), answerable=True, kind="number"
)
NONE = replace(GOLD, id="q2", answers=(), article_ids=frozenset(), answerable=False)


def outcome(gold: GoldQuestion = GOLD, **fields: Any) -> Outcome:
    """An outcome where all went right, but for `fields`."""
    right: dict[str, Any] = {
        "gold": gold,
        "rank": 1,
        "answered": True,
        "contained": True,
        "cited": True,
        "verbatim": True,
        "confidence": 0.9,
        "answer_ms": 10.0,
        "search_ms": 5.0,
        "answer": "两元。[1]",
    }
    return Outcome(**{**right, **fields})


REFUSED: dict[str, Any] = {"answered": False, "contained": False, "cited": False, "answer": ""}


def test_metrics_count_ranks_over_every_answerable_question() -> None:
    found = metrics([outcome(rank=1), outcome(rank=2), outcome(rank=6), outcome(rank=None)])
    assert found["retrieval"] == {
        "r_at_1": 0.25,
        "r_at_5": 0.5,
        "mrr_at_10": round((1 + 1 / 2 + 1 / 6) / 4, 4),
    }


def test_metrics_count_an_unanswered_question_as_wrong() -> None:
    found = metrics([outcome(), outcome(**REFUSED), outcome(contained=False)])
    assert found["answers"]["answer_contained"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["answers"]["article_cited"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["answers"]["answerable_refused"] == pytest.approx(1 / 3, abs=1e-4)


def test_metrics_count_refusals_of_unanswerable_questions_apart() -> None:
    found = metrics([outcome(), outcome(NONE, **REFUSED), outcome(NONE, contained=False, cited=False)])
    assert (found["questions"], found["answerable"]) == (3, 1)
    assert found["answers"]["unanswerable_refused"] == 0.5
    assert found["answers"]["answer_contained"] == 1.0
    assert found["retrieval"]["r_at_1"] == 1.0


def test_metrics_break_down_by_kind() -> None:
    other = replace(GOLD, kind="date")
    found = metrics([outcome(), outcome(**REFUSED), outcome(other)])
    assert found["contained_by_kind"] == {"date": 1.0, "number": 0.5}


def test_metrics_tell_of_a_quote_that_is_not_verbatim() -> None:
    assert metrics([outcome(), outcome(verbatim=False)])["answers"]["quotes_verbatim"] == 0.5


def test_metrics_of_nothing_are_null() -> None:
    found = metrics([])
    assert found["questions"] == 0
    assert found["retrieval"]["r_at_1"] is None
    assert found["latency_ms"]["answer_p50"] is None


def test_metrics_give_quantiles_of_the_times() -> None:
    found = metrics([outcome(answer_ms=float(ms)) for ms in range(1, 102)])["latency_ms"]
    assert (found["answer_p50"], found["answer_p99"], found["search_p50"]) == (51.0, 100.0, 5.0)
    assert metrics([outcome(answer_ms=7.0)])["latency_ms"]["answer_p99"] == 7.0


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
    wrong = [outcome(**REFUSED), outcome(NONE, contained=False), outcome(contained=False)]
    found = errors([outcome(), *wrong, outcome(NONE, **REFUSED)])
    assert [(one["id"], one["answer"]) for one in found] == [
        ("q1", None),
        ("q2", "两元。[1]"),
        ("q1", "两元。[1]"),
    ]
    assert found[0]["expected"] == ["两元", "2元"]
    assert found[1]["expected"] is None


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
        },
        "",
        {"question": "无？", "answerable": False},
    )
    assert read_questions(path) == [
        GoldQuestion(
            "7", "它呢？", ("两元", "2"), frozenset({"a"}), True, "number", (), (Turn("船？", "是"),)
        ),
        GoldQuestion("3", "无？", (), frozenset(), answerable=False),
    ]


@pytest.mark.parametrize("line", ["{", "[]", "7", '{"id": 1}', '{"question": "x", "history": [1]}'])
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
    assert (found[0].rank, found[0].contained, found[0].cited, found[0].verbatim) == (1, True, True, True)
    assert found[1].rank == 2  # the gold says ferry
    assert not found[1].cited


def test_evaluate_without_known_articles_takes_a_passage_with_the_answer_as_right(service: Service) -> None:
    unknown = replace(GOLD, question="柳湾渡口的船票多少钱？", article_ids=frozenset())
    (found,) = evaluate(service, [unknown], step=lambda _: None)
    assert (found.rank, found.cited) == (1, True)


def test_evaluate_of_the_search_alone_asks_for_no_answers(service: Service) -> None:
    (found,) = evaluate(service, [replace(GOLD, question="柳湾渡口船票")], answers=False, step=lambda _: None)
    assert (found.rank, found.answered, found.answer_ms) == (1, False, 0.0)


def test_evaluate_takes_the_history_into_account(service: Service) -> None:
    follow = replace(GOLD, question="那多少钱？", history=(Turn("柳湾渡口的船票？", ""),))
    (found,) = evaluate(service, [follow], step=lambda _: None)
    assert found.rank == 1


@pytest.mark.parametrize(
    ("text", "answer", "found"),
    [
        ("共有35件。", "5件", False),
        ("共有 5 件。", "5件", True),
        ("涨了1.5元。", "5元", False),
        ("编号A5件", "A5件", True),
        ("三十五件", "五件", True),
        ("什么都有。", "", False),
    ],
)
def test_answer_must_stand_whole_where_it_starts_with_a_digit(text: str, answer: str, found: bool) -> None:
    gold = GoldQuestion("1", "?", (answer,), frozenset(), answerable=True)
    assert contains(gold, text) is found
