"""The records everyone shares, and their JSON of the contract."""

from __future__ import annotations

import dataclasses
import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.records import (
    Answer,
    AnswerKind,
    ArticleKind,
    Citation,
    Filters,
    Hit,
    Mode,
    Passage,
    Refusal,
    Source,
    article_id,
    article_url,
    content_hash,
    distinct_ids,
    related_json,
)
from tests.fakes import DAY, article, page, whole_passage


@pytest.mark.parametrize(
    ("body", "captions", "byline", "expected"),
    [
        ("正文。", (), "", "正文。"),
        ("正文。", ("图一", "图二"), "记者 甲", "正文。\n图一\n图二\n记者 甲"),
        ("记者 甲 报道。", (), "记者 甲", "记者 甲 报道。"),
        ("", ("图一",), "", "图一"),
        ("", (), "", ""),
    ],
)
def test_text_is_body_captions_and_byline(
    body: str, captions: tuple[str, ...], byline: str, expected: str
) -> None:
    assert article(body, captions=captions, byline=byline).text == expected


@pytest.mark.parametrize(
    ("title", "kicker", "subtitle", "expected"),
    [
        ("渡口换新船", "", "", "渡口换新船"),
        ("渡口换新船", "便民", "票价不变", "便民 渡口换新船 票价不变"),
        ("渡口昨天…", "", "", ""),
        ("渡口昨天换上新船。", "便民", "", "便民"),
    ],
)
def test_headline_leaves_a_made_up_title_out(title: str, kicker: str, subtitle: str, expected: str) -> None:
    assert article("渡口昨天换上新船。", title=title, kicker=kicker, subtitle=subtitle).headline == expected


def test_article_as_json_has_the_fields_of_the_contract() -> None:
    of = article(
        "正文。",
        article_id="20261012-01-aa",
        title="题",
        kicker="肩",
        byline="记者 甲",
        paper="晚报",
        date=DAY,
        page="01",
        captions=("图",),
        source=Source("01.txt", 3, 9),
        kind=ArticleKind.BRIEF,
    )
    assert of.to_json() == {
        "id": "20261012-01-aa",
        "title": "题",
        "kicker": "肩",
        "subtitle": None,
        "byline": "记者 甲",
        "kind": "brief",
        "paper": "晚报",
        "date": "2026-10-12",
        "page": "01",
        "body": "正文。",
        "captions": ["图"],
        "url": None,
        "source": {"file": "01.txt", "start": 3, "end": 9},
        "people": [],
        "dateline": None,
        "pointers": {"before": None, "after": None},
        "confidence": 1.0,
    }


def test_article_without_a_place_has_nulls() -> None:
    fields = article().to_json()
    assert [fields[name] for name in ("paper", "date", "page", "source", "byline")] == [None] * 5


def test_hit_as_json_has_the_fields_of_the_contract() -> None:
    of = article("船开了。", paper="晚报", date=DAY, page="01")
    assert Hit(1, 0.12345678, whole_passage(of), of).to_json() == {
        "rank": 1,
        "score": 0.123457,
        "article_id": "a1",
        "passage_id": "a1#0",
        "title": "题",
        "date": "2026-10-12",
        "page": "01",
        "paper": "晚报",
        "passage": "船开了。",
        "start": 0,
        "end": 4,
    }


def citation() -> Citation:
    of = article("船开了。人走了。", byline="记者 甲")
    return Citation(1, of, whole_passage(of), "人走了。", 4, 8, 0.9)


def test_citation_as_json_has_the_fields_of_the_contract() -> None:
    fields = citation().to_json()
    assert fields.keys() >= {
        "n", "article_id", "title", "byline", "paper", "date", "page", "passage_id", "passage", "quote",
        "quote_start", "quote_end", "score", "url",
    }  # fmt: skip
    assert fields["url"] == "/articles/a1?quote=4-8#quote"
    assert (fields["quote"], fields["quote_start"], fields["quote_end"]) == ("人走了。", 4, 8)


def test_answer_as_json_has_the_fields_of_the_contract() -> None:
    answer = Answer(
        id="x",
        question="问",
        standalone_question="问",
        answered=True,
        text="人走了。[1]",
        kind=AnswerKind.SENTENCES,
        confidence=0.98765,
        citations=(citation(),),
        related=(article(article_id="b"),),
        mode=Mode.EXTRACTIVE,
        snapshot=3,
        timings_ms={"total": 1.234},
    )
    fields = answer.to_json()
    assert set(fields) >= {
        "id", "conversation_id", "question", "standalone_question", "answered", "answer", "answer_kind",
        "confidence", "citations", "related", "mode", "snapshot", "timings_ms",
    }  # fmt: skip
    assert fields["answer_kind"] == "sentences"
    assert fields["confidence"] == 0.9877
    assert fields["related"] == [related_json(article(article_id="b"))]
    assert fields["related"][0]["article_id"] == "b"


def test_refusal_as_json_names_file_and_reason() -> None:
    assert Refusal("a.txt", "empty", "空的").to_json() == {"file": "a.txt", "code": "empty", "reason": "空的"}


def test_article_url_escapes_what_an_id_may_hold() -> None:
    assert article_url(article(article_id="a/b?c#d 1")) == "/articles/a%2Fb%3Fc%23d%201"


def test_filters_are_true_when_they_limit() -> None:
    assert not Filters()
    assert Filters(page="01")
    assert Filters(date_to=DAY)
    assert Filters(paper="")


def test_passage_id_names_article_and_place() -> None:
    assert Passage("a1", 2, 0, 1, "船").id == "a1#2"


def test_records_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        article().title = "另一题"  # type: ignore[misc]


PAGE = page(paper="晚报", date=DAY, number="01")


def test_article_id_is_stable_and_reads_well() -> None:
    assert article_id(PAGE, "渡口换新船") == article_id(PAGE, "渡口换新船")
    assert article_id(PAGE, "渡口换新船").startswith("20261012-01-")


def test_article_id_does_not_hang_on_body_widths_or_blanks() -> None:
    same = dataclasses.replace(PAGE, text="另一个版面的字", file="elsewhere.txt")
    assert article_id(same, "渡口 换新船１") == article_id(PAGE, "渡口换新船1")


@pytest.mark.parametrize(
    "other",
    [
        dataclasses.replace(PAGE, paper="早报"),
        dataclasses.replace(PAGE, paper=None),
        dataclasses.replace(PAGE, date=datetime.date(2026, 10, 13)),
        dataclasses.replace(PAGE, date=None),
        dataclasses.replace(PAGE, number="02"),
        dataclasses.replace(PAGE, number=None),
    ],
)
def test_article_id_differs_in_another_place(other: object) -> None:
    assert article_id(other, "渡口换新船") != article_id(PAGE, "渡口换新船")  # type: ignore[arg-type]


def test_article_id_of_pages_without_a_place_hangs_on_the_file() -> None:
    assert article_id(page(file="a.txt"), "题") != article_id(page(file="b.txt"), "题")
    assert article_id(page(file="a.txt"), "题").startswith("undated-0-")


def test_distinct_ids_number_what_comes_again() -> None:
    same = [article(article_id=name) for name in ("a", "b", "a", "a")]
    assert [one.id for one in distinct_ids(same)] == ["a", "b", "a-2", "a-3"]


@pytest.mark.parametrize(
    ("ids", "distinct"),
    [
        ("a a-2 a", "a a-2 a-3"),
        ("a a a-2", "a a-2 a-2-2"),
        ("a-2 a a a a-2", "a-2 a a-3 a-4 a-2-2"),
    ],
)
def test_distinct_ids_leave_out_a_number_that_another_article_has(ids: str, distinct: str) -> None:
    articles = [article(article_id=name) for name in ids.split()]
    assert " ".join(one.id for one in distinct_ids(articles)) == distinct


@given(
    st.lists(st.none() | st.text(max_size=4), max_size=4),
    st.lists(st.none() | st.text(max_size=4), max_size=4),
)
def test_content_hash_is_equal_only_for_equal_parts(one: list[str | None], other: list[str | None]) -> None:
    assert (content_hash(*one) == content_hash(*other)) == (one == other)


def test_content_hash_of_a_lone_surrogate_works() -> None:
    assert len(content_hash("\ud800")) == 32
