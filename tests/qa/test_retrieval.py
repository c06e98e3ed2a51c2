"""Fusion of the two legs, and the choice of what is shown."""

from __future__ import annotations

import datetime
import math
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.index.catalog import Catalog
from embeddings.index.snapshot import Snapshot
from embeddings.records import Filters, Hit
from embeddings.settings import Settings
from embeddings.tokens import Tokenizer
from qa import retrieval
from qa.retrieval import (
    PASSAGES_PER_ARTICLE,
    Candidate,
    find_candidates,
    hits,
    search_lexically,
    z_scores,
)
from tests.embeddings.archive import Archive
from tests.fakes import FakeEncoder, record

EVERYTHING = Filters()


def floats(*values: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array(values, np.float64)


def test_z_scores_are_distances_from_the_mean_in_standard_deviations() -> None:
    assert z_scores(floats(1, 2, 3)).tolist() == pytest.approx([-math.sqrt(1.5), 0, math.sqrt(1.5)])


@pytest.mark.parametrize("values", [(), (5.0,), (0.1, 0.1, 0.1), (0.3,) * 7])
def test_z_scores_of_values_that_are_alike_are_zeros(values: tuple[float, ...]) -> None:
    assert z_scores(floats(*values)).tolist() == [0.0] * len(values)


@given(st.lists(st.floats(-1e3, 1e3), max_size=20))
def test_z_scores_keep_the_order(values: list[float]) -> None:
    scores = z_scores(floats(*values))
    assert not np.isnan(scores).any()
    assert all(
        scores[i] <= scores[j]
        for i in range(len(values))
        for j in range(len(values))
        if values[i] < values[j]
    )


@pytest.mark.parametrize("share", [0.3, 0.8])
def test_fusion_is_the_weighted_sum_of_z_scores(monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    monkeypatch.setattr(retrieval, "DENSE_WEIGHT", share)
    found = retrieval._fused({1: 0.9, 2: 0.8, 3: 0.7}, {1: 0.0, 2: 2.0, 3: 4.0})
    z = math.sqrt(1.5)
    expected = {1: (2 * share - 1) * z, 2: 0.0, 3: (1 - 2 * share) * z}
    assert {c.key: c.fused for c in found} == {key: pytest.approx(score) for key, score in expected.items()}
    assert [c.key for c in found] == sorted(expected, key=lambda key: -expected[key])


def test_fusion_takes_a_passage_without_a_term_as_zero() -> None:
    found = {c.key: c for c in retrieval._fused({1: 0.5, 2: 0.5}, {2: 3.0})}
    assert (found[1].lexical, found[2].lexical) == (0.0, 3.0)
    assert found[2].fused == pytest.approx(1 - retrieval.DENSE_WEIGHT)
    assert found[1].fused == pytest.approx(retrieval.DENSE_WEIGHT - 1)


def test_fusion_of_nothing_is_nothing() -> None:
    assert retrieval._fused({}, {}) == []


@pytest.fixture
def archive(settings: Settings, tmp_path: Path) -> Archive:
    return Archive(settings, tmp_path / "inbox")


def candidates(
    snapshot: Snapshot, tokenizer: Tokenizer, question: str, filters: Filters = EVERYTHING
) -> list[Candidate]:
    vector = FakeEncoder().encode_query(question)
    leg = search_lexically(snapshot, tokenizer, question, filters)
    return find_candidates(snapshot, leg, vector, filters)


def search(
    archive: Archive, tokenizer: Tokenizer, question: str, k: int = 10, filters: Filters = EVERYTHING
) -> list[Hit]:
    snapshot = archive.snapshot()
    return hits(snapshot, candidates(snapshot, tokenizer, question, filters), k)


def test_candidates_have_both_scores_whichever_leg_found_them(
    archive: Archive, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No headlines, so that the encoder reads just the letters: cosines 1/2, 1 and 0 with "ab".
    archive.write("a.jsonl", record("x", "ac"), record("y", "ab"), record("z", "cd"))
    archive.build()
    snapshot = archive.snapshot()
    everything = candidates(snapshot, tokenizer, "ab")
    assert {c.key: round(c.dense, 5) for c in everything} == {1: 0.5, 2: 1.0, 3: 0.0}
    assert {c.key: c.lexical > 0 for c in everything} == {1: False, 2: True, 3: False}
    monkeypatch.setattr(retrieval, "DENSE_DEPTH", 1)
    monkeypatch.setattr(retrieval, "LEXICAL_DEPTH", 1)
    (only,) = candidates(snapshot, tokenizer, "ab")
    assert only.key == 2
    assert only.dense == pytest.approx(1.0)


def test_candidates_come_best_first(archive: Archive, tokenizer: Tokenizer) -> None:
    archive.write("a.jsonl", *(record(f"n{n}", "船票" * n + "路灯") for n in range(1, 6)))
    archive.build()
    scores = [c.fused for c in candidates(archive.snapshot(), tokenizer, "船票多少钱")]
    assert scores == sorted(scores, reverse=True)


def test_search_within_a_filter_finds_what_would_not_be_among_the_best(
    archive: Archive, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieval, "DENSE_DEPTH", 3)
    monkeypatch.setattr(retrieval, "LEXICAL_DEPTH", 3)
    near = [record(f"near{n}", f"渡口的船票第{n}次涨价，船票要{n}元。", date="2026-10-11") for n in range(10)]
    far = record("far", "老巷换了路灯。", date="2026-10-13", paper="早报", page="03")
    archive.write("a.jsonl", *near, far)
    archive.build()
    after = Filters(date_from=datetime.date(2026, 10, 12))
    for filters in (after, Filters(paper="早报"), Filters(page="03")):
        assert [hit.article.id for hit in search(archive, tokenizer, "渡口船票", filters=filters)] == ["far"]
    assert search(archive, tokenizer, "渡口船票", filters=Filters(paper="午报")) == []


def test_hits_collapse_near_duplicates_of_other_articles(archive: Archive, tokenizer: Tokenizer) -> None:
    story = "渡口昨天换上新船，一次能坐六十人，票价还是两元，每天往返十八趟。"
    archive.write(
        "a.jsonl",
        record("b-copy", story),
        record("a-copy", story),
        record("almost", story.replace("昨天", "前天")),
        record("other", "老巷换了一百盏路灯，用电少了一半。"),
    )
    archive.build()
    found = [hit.article.id for hit in search(archive, tokenizer, "渡口换船")]
    assert len([name for name in found if name != "other"]) == 1
    assert "other" in found


PAIRS_A = "渡口换上新船以后每天往返十八趟"


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        (PAIRS_A, True),
        ("渡口，换上新船；以后每天往返十八趟。", True),  # only letters, digits and Han characters count
        (PAIRS_A[:13], True),  # 12 of 14 pairs
        (PAIRS_A[:12], False),  # 11 of 14
        (PAIRS_A.replace("每", "当"), False),  # 12 in common of 16
        (PAIRS_A[::-1], False),
        ("", False),
    ],
)
def test_shapes_are_alike_when_most_pairs_of_characters_are_shared(other: str, alike: bool) -> None:
    shapes = retrieval._shape(PAIRS_A), retrieval._shape(other)
    assert retrieval._alike(*shapes) is alike
    assert retrieval._alike(*reversed(shapes)) is alike


@given(st.randoms(use_true_random=False))
def test_texts_that_are_alike_share_a_run(chance: random.Random) -> None:
    text = "".join(chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(chance.randrange(2, 300)))
    changed = "".join("x" if chance.random() < 0.03 else character for character in text)
    alike = retrieval._alike(retrieval._shape(text), retrieval._shape(changed))
    assert retrieval._Wording(text).is_alike(retrieval._Wording(changed)) is alike


def test_texts_without_a_run_in_common_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieval, "_shape", lambda _: pytest.fail("a shape was worked out"))
    one, other = retrieval._Wording("渡口换上新船以后" * 9), retrieval._Wording("老巷的路灯都亮了" * 9)
    assert not one.is_alike(other)


@pytest.mark.parametrize("text", ["ＡＢ１２", "ab12", "Ab 12"])
def test_shapes_do_not_tell_full_width_or_capital_letters_apart(text: str) -> None:
    assert retrieval._shape(text) == retrieval._shape("AB12")


@pytest.mark.parametrize("text", ["", "，", "船", "\ud800船", "𠮷野"])
def test_shape_of_odd_text_is_alike_itself_and_unlike_another(text: str) -> None:
    assert retrieval._alike(retrieval._shape(text), retrieval._shape(text))
    assert not retrieval._alike(retrieval._shape(text), retrieval._shape("路灯亮了"))


@given(
    st.text(alphabet="渡口换上新船以后，ab12", max_size=60),
    st.text(alphabet="渡口换上新船以后，ab12", max_size=60),
)
def test_shapes_agree_with_the_jaccard_index_of_their_pairs(one: str, other: str) -> None:
    def exact(text: str) -> set[str]:
        kept = "".join(c for c in text if c.isalnum())
        return {kept[i : i + 2] for i in range(len(kept) - 1)} or set(kept)

    shared, together = exact(one) & exact(other), exact(one) | exact(other)
    found = retrieval._shape(one), retrieval._shape(other)
    # No two pairs of so few characters meet in a bit.
    assert [(found[0] & found[1]).bit_count(), (found[0] | found[1]).bit_count()] == [
        len(shared),
        len(together),
    ]


def test_hits_of_a_text_that_many_printed_reach_beyond_what_is_read_first(
    archive: Archive, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieval, "READ_AHEAD", 0)
    story = "渡口昨天换上新船，一次能坐六十人，票价还是两元，每天往返十八趟。"
    archive.write(
        "a.jsonl",
        *(record(f"copy{n}", story + "。" * n) for n in range(8)),
        record("lamp", "老巷换了一百盏路灯，用电少了一半。"),
        record("fish", "江上的渔船今年只许用大网眼的网。"),
    )
    archive.build()
    found = [hit.article.id for hit in search(archive, tokenizer, "渡口换新船", k=3)]
    assert len(found) == 3
    assert {"lamp", "fish"} < set(found)


@pytest.mark.parametrize("ahead", [0, 1, 30])
def test_order_of_hits_does_not_hang_on_how_many_are_read_at_a_time(
    archive: Archive, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch, ahead: int
) -> None:
    monkeypatch.setattr(retrieval, "READ_AHEAD", ahead)
    monkeypatch.setattr(retrieval, "SAME_STORY", 2)
    monkeypatch.setattr(Catalog, "stories", lambda *_: {})
    archive.write("a.jsonl", *(record(f"n{n}", "渡口的船票涨了。") for n in (5, 3, 8, 1, 7, 2, 6, 4)))
    archive.build()
    found = search(archive, tokenizer, "渡口船票", k=4)
    assert [hit.article.id for hit in found] == ["n1", "n2", "n3", "n4"]


def test_reprint_that_is_cut_elsewhere_fills_no_place_of_its_own(
    archive: Archive, tokenizer: Tokenizer
) -> None:
    told = (
        "渡口管理处昨天在码头上挂出一张新的价目表",
        "老船工蹲在石阶上一边抽烟一边念给街坊听",
        "过江的人里卖菜的占了一半，挑着担子怕误了早市",
        "学堂里的孩子每天要坐两个来回，书包都堆在船头",
        "雾大的日子船要等，等船的人就在茶棚里下棋",
        "对岸砖窑的工人下了夜班，常常一船坐不下",
        "修船的木匠说木头船再用三年就该换铁壳的了",
        "有人提议在江心洲上搭一座浮桥，冬天水浅时用",
        "航道上的灯标去年换过，夜里也看得清水线",
        "镇上的医生半夜过江出诊，船家从来不收钱",
    )
    body = "".join(f"{sentence}，这件事两岸的人都知道。" for sentence in told)
    archive.write("a.jsonl", record("whole", body), record("cut", body[body.index("过江的人") :]))
    archive.write("b.jsonl", record("lamp", "老巷换了一百盏路灯，用电少了一半。"))
    archive.build()
    found = [hit.article.id for hit in search(archive, tokenizer, "学堂里的孩子坐船")]
    assert len({"whole", "cut"} & set(found)) == 1
    assert "lamp" in found


def test_fusion_takes_scores_that_differ_in_their_last_digits_as_one() -> None:
    found = retrieval._fused({1: 0.5, 2: 0.5000001, 3: 0.4}, {1: 20.00001, 2: 20.0, 3: 2.0})
    assert [c.key for c in found] == [1, 2, 3]
    assert found[0].fused == found[1].fused


def test_hits_keep_stories_that_differ_only_in_letters_and_figures(
    archive: Archive, tokenizer: Tokenizer
) -> None:
    archive.write(
        "a.jsonl",
        record("en", "The old library opened its doors again."),
        record("en2", "Ferry fares went up last week, sailors say."),
        record("num", "12345 67890"),
    )
    archive.build()
    assert {hit.article.id for hit in search(archive, tokenizer, "library ferry")} == {"en", "en2", "num"}


def test_score_is_the_weighted_sum_of_what_the_text_shows(
    archive: Archive, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieval, "fusion_weights", lambda: (0.0, 0.0, 2.0, 10.0))
    # Both sentences of "apart" together hold what one sentence of "together" does.
    archive.write("a.jsonl", record("apart", "渡口起雾。船票涨价。"), record("together", "渡口船票。"))
    archive.write("b.jsonl", record("neither", "路灯亮了。"))
    archive.build()
    scores = {hit.article.id: hit.score for hit in search(archive, tokenizer, "渡口,船票")}
    # Two terms that are equally rare.
    assert scores == {"together": 12.0, "apart": 11.0, "neither": 0.0}


def test_score_counts_the_rest_of_the_article_and_its_headline(
    archive: Archive, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieval, "fusion_weights", lambda: (0.0, 0.0, 0.0, 1.0))
    filler = "路灯亮了又灭。" * 45
    archive.write("a.jsonl", record("titled", "价目表。", title="渡口船票"), record("bare", "茶棚开了。"))
    archive.write("b.jsonl", record("long", "船票涨价。" + filler + "渡口起雾。"))
    archive.build()
    scores = {hit.article.id: hit.score for hit in search(archive, tokenizer, "渡口,船票")}
    assert (scores["titled"], scores["bare"], scores["long"]) == (1.0, 0.0, 1.0)


def test_candidates_that_were_not_looked_at_stand_behind_in_the_order_they_had(
    archive: Archive, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieval, "LOOKED_AT", 2)
    archive.write("a.jsonl", *(record(f"n{n}", "船票" * n + "路灯" * (9 - n)) for n in range(1, 8)))
    archive.build()
    snapshot = archive.snapshot()
    leg = search_lexically(snapshot, tokenizer, "船票多少钱", EVERYTHING)
    before = retrieval.of_both_legs(snapshot, leg, FakeEncoder().encode_query("船票多少钱"), EVERYTHING)
    found = candidates(snapshot, tokenizer, "船票多少钱")
    looked_at = {c.key for c in found if c.read}
    assert 2 <= len(looked_at) < 7
    assert {c.key for c in found[: len(looked_at)]} == looked_at
    assert [c.key for c in found[len(looked_at) :]] == [c.key for c in before if c.key not in looked_at]
    assert [c.fused for c in found] == sorted((c.fused for c in found), reverse=True)
    assert found[len(looked_at)].fused < found[len(looked_at) - 1].fused


def test_traditional_characters_and_numerals_find_what_is_written_otherwise(
    archive: Archive, tokenizer: Tokenizer
) -> None:
    archive.write("a.jsonl", record("digits", "市里办了35件实事。"), record("other", "市里开了会。"))
    archive.write("b.jsonl", record("island", "國慶假期渡輪加開三班。"))
    archive.build()
    assert search(archive, tokenizer, "三十五件")[0].article.id == "digits"
    assert search(archive, tokenizer, "国庆渡轮")[0].article.id == "island"
    assert search(archive, tokenizer, "國慶渡輪")[0].article.id == "island"


def test_hits_of_one_article_are_capped(archive: Archive, tokenizer: Tokenizer) -> None:
    long = "\n".join(
        f"渡口第{n}号船的船票卖了{n * 37}张。" + "江上起了雾，船开得很慢。" * 24 for n in range(8)
    )
    archive.write("a.jsonl", record("long", long), record("short", "灯亮了。"))
    archive.build()
    found = [hit.article.id for hit in search(archive, tokenizer, "渡口船票")]
    assert found.count("long") == PASSAGES_PER_ARTICLE
    assert "short" in found


def test_hits_are_ranked_from_one_and_stop_at_k(archive: Archive, tokenizer: Tokenizer) -> None:
    archive.write("a.jsonl", *(record(f"n{n}", chr(0x4E00 + 40 * n) * 30) for n in range(9)))
    archive.build()
    found = search(archive, tokenizer, "渡口船票", k=4)
    assert [hit.rank for hit in found] == [1, 2, 3, 4]
    assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)


def test_hits_of_nothing_are_none(archive: Archive, tokenizer: Tokenizer) -> None:
    archive.write("a.jsonl", record("a", "船。"))
    archive.build()
    assert hits(archive.snapshot(), [], 5) == []
