"""BM25 over words, pairs, names and headlines."""

from __future__ import annotations

import datetime
import math
import resource
import signal
from pathlib import Path

import pytest

from embeddings.errors import IndexDamaged
from embeddings.index import terms
from embeddings.index.terms import (
    BOOSTS,
    TermDocument,
    TermIndex,
    TermIndexWriter,
    query_terms,
    removed_share,
    term_document,
)
from embeddings.records import Filters
from embeddings.tokens import Tokenizer
from tests.fakes import article, whole_passage

EVERYTHING = Filters()


def document(key: int, *words: str, paper: str | None = None, day: int | None = None, page: str | None = None,
             **fields: list[str]) -> TermDocument:  # fmt: skip
    """A passage with these words and nothing in the other fields."""
    return TermDocument(
        key, {**{name: [] for name in BOOSTS}, "words": list(words), **fields}, paper, day, page
    )


def index(folder: Path, *documents: TermDocument) -> TermIndex:
    writer = TermIndexWriter(folder)
    for one in documents:
        writer.add(one)
    writer.commit()
    return TermIndex(folder)


def words(*terms: str) -> dict[str, list[str]]:
    return {"words": list(terms)}


def keys(index: TermIndex, *terms: str, filters: Filters = EVERYTHING, **options: list[int]) -> list[int]:
    return [key for key, _ in index.search(words(*terms), 10, filters, **options)]


def test_search_scores_by_bm25(tmp_path: Path) -> None:
    found = index(tmp_path, document(1, "桥", "桥"), document(2, "桥", "河"), document(3, "河", "船"))
    # tantivy's idf is ln(1 + (N - n + 0.5) / (n + 0.5)), k1 1.2, b 0.75; every document has 2 words.
    idf = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5))

    def weight(frequency: int) -> float:
        return idf * frequency * 2.2 / (frequency + 1.2)

    scores = dict(found.search(words("桥"), 10, EVERYTHING))
    assert list(scores) == [1, 2]
    assert scores == pytest.approx({1: weight(2), 2: weight(1)}, rel=1e-5)


def test_search_prefers_rare_terms_and_short_passages(tmp_path: Path) -> None:
    found = index(
        tmp_path,
        document(1, "市", "桥"),
        document(2, "市", "塔"),
        document(3, "市", "塔"),
        document(4, "市", "桥", *"一二三四五六七八"),
    )
    assert keys(found, "桥", "塔") == [1, 2, 3, 4]
    assert keys(found, "桥") == [1, 4]


def test_search_adds_fields_by_their_boosts(tmp_path: Path) -> None:
    found = index(tmp_path, document(1, title_words=["桥"]), document(2, words=["桥"]), document(3, "塔"))
    scores = dict(found.search({"words": ["桥"], "title_words": ["桥"]}, 10, EVERYTHING))
    assert scores[1] < scores[2]
    only = dict(found.search({"title_words": ["桥"]}, 10, EVERYTHING))
    assert only == {1: pytest.approx(scores[1])}


def test_search_is_shorter_than_k_and_stops_at_k(tmp_path: Path) -> None:
    found = index(tmp_path, *(document(n, "桥") for n in range(1, 6)))
    assert len(found.search(words("桥"), 3, EVERYTHING)) == 3
    assert len(found.search(words("桥"), 30, EVERYTHING)) == 5


@pytest.mark.parametrize("terms", [{}, {"words": []}, {"words": ["没有"]}])
def test_search_without_a_term_that_occurs_finds_nothing(tmp_path: Path, terms: dict[str, list[str]]) -> None:
    assert index(tmp_path, document(1, "桥")).search(terms, 10, EVERYTHING) == []


def test_search_with_terms_of_query_syntax_takes_them_as_words(tmp_path: Path) -> None:
    found = index(tmp_path, document(1, "桥"), document(2, "a:b*"))
    assert keys(found, '"', "*", "桥 OR 塔", "a:b*", "(", "NOT") == [2]


FILTERED = (
    document(1, "桥", paper="早报", day=20261011, page="01"),
    document(2, "桥", paper="晚报", day=20261012, page="02"),
    document(3, "桥", paper="早报", day=20261013, page="02"),
    document(4, "桥"),
)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), {1, 2, 3, 4}),
        (Filters(paper="早报"), {1, 3}),
        (Filters(page="02"), {2, 3}),
        (Filters(date_from=datetime.date(2026, 10, 12)), {2, 3}),
        (Filters(date_to=datetime.date(2026, 10, 12)), {1, 2}),
        (Filters(date_from=datetime.date(2026, 10, 12), date_to=datetime.date(2026, 10, 12)), {2}),
        (Filters(paper="早报", page="02"), {3}),
        (Filters(paper="午报"), set()),
        (Filters(paper=""), set()),
    ],
)
def test_search_lets_through_what_a_filter_allows_with_the_same_scores(
    tmp_path: Path, filters: Filters, expected: set[int]
) -> None:
    found = index(tmp_path, *FILTERED)
    unfiltered = dict(found.search(words("桥"), 10, EVERYTHING))
    filtered = dict(found.search(words("桥"), 10, filters))
    assert set(filtered) == expected
    assert filtered == {key: pytest.approx(unfiltered[key]) for key in expected}


def test_search_among_keys_keeps_to_them_with_the_same_scores(tmp_path: Path) -> None:
    found = index(tmp_path, *FILTERED)
    unfiltered = dict(found.search(words("桥"), 10, EVERYTHING))
    assert dict(found.search(words("桥"), 10, EVERYTHING, [4, 2, 99])) == {
        key: pytest.approx(unfiltered[key]) for key in (2, 4)
    }
    assert found.search(words("桥"), 10, EVERYTHING, []) == []


def test_writer_removes_by_key(tmp_path: Path) -> None:
    index(tmp_path, *FILTERED)
    writer = TermIndexWriter(tmp_path)
    writer.remove([2, 4, 99])
    writer.add(document(5, "桥"))
    writer.commit()
    found = TermIndex(tmp_path)
    assert set(keys(found, "桥")) == {1, 3, 5}
    assert len(found) == 3


MANY = tuple(range(10, 2000, 3))


def test_search_among_many_keys_finds_what_it_finds_among_few(tmp_path: Path) -> None:
    found = index(tmp_path, *(document(n, "桥", *["河"] * (n % 5)) for n in range(1, 40)))
    few = found.search(words("桥", "河"), 50, EVERYTHING, [12, 13, 31])
    assert len(MANY) > terms.KEYS_APART_MAX
    many = found.search(words("桥", "河"), 50, EVERYTHING, [*MANY, 12])
    assert {key for key, _ in few} == {12, 13, 31}
    assert {key for key, _ in many} == {12, *(key for key in MANY if key < 40)}
    assert dict(few) == {key: pytest.approx(dict(many)[key]) for key in dict(few)}


def scores(folder: Path) -> dict[int, float]:
    return dict(TermIndex(folder).search(words("桥", "河", "塔"), 1000, EVERYTHING))


def changed(before: Path, after: Path, *documents: TermDocument, gone: list[int]) -> Path:
    """A folder of links to another one's files, with passages added and removed."""
    after.mkdir()
    for path in before.iterdir():
        (after / path.name).hardlink_to(path)
    writer = TermIndexWriter(after)
    writer.remove(gone)
    for one in documents:
        writer.add(one)
    writer.commit()
    return after


def some(start: int, stop: int) -> list[TermDocument]:
    """Passages in which 桥 is common and 塔 rare."""
    return [
        document(n, "桥", *["河"] * (n % 3), *["塔"] * (n % 7 == 0), f"词{n}") for n in range(start, stop)
    ]


def test_scores_after_a_removal_are_those_of_a_build_from_nothing(tmp_path: Path) -> None:
    index(tmp_path / "one", *some(0, 60))
    after = changed(tmp_path / "one", tmp_path / "two", *some(60, 90), gone=[7, 14, 21, 28, 61])
    # Removals come before what is added in the same commit.
    left = [one for one in some(0, 90) if one.key not in {7, 14, 21, 28}]
    index(tmp_path / "anew", *left)
    assert scores(after) == {key: pytest.approx(score) for key, score in scores(tmp_path / "anew").items()}
    assert removed_share(after) == 0


def test_large_segment_keeps_removed_passages_until_their_share_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terms, "REWRITTEN_MAX", 10)
    index(tmp_path / "0", *some(0, 100))
    once = changed(tmp_path / "0", tmp_path / "1", gone=[1, 2, 3])
    assert removed_share(once) == pytest.approx(0.03)
    assert len(TermIndex(once)) == 97
    assert TermIndex(once).rarity("桥") == TermIndex(tmp_path / "0").rarity("桥") > 0
    assert TermIndex(once).rarity("词2") == TermIndex(once).rarity("词5")
    twice = changed(once, tmp_path / "2", gone=[4, 5, 6])
    assert removed_share(twice) == 0
    assert len(TermIndex(twice)) == 94


def test_compact_leaves_nothing_of_removed_passages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "REWRITTEN_MAX", 10)
    index(tmp_path / "0", *some(0, 100))
    drifted = changed(tmp_path / "0", tmp_path / "1", *some(100, 120), gone=[1, 2])
    assert removed_share(drifted) > 0
    TermIndexWriter(drifted).compact()
    index(tmp_path / "anew", *(one for one in some(0, 120) if one.key not in {1, 2}))
    assert removed_share(drifted) == 0
    assert scores(drifted) == {key: pytest.approx(score) for key, score in scores(tmp_path / "anew").items()}


def test_passages_written_anew_keep_all_their_fields(tmp_path: Path, tokenizer: Tokenizer) -> None:
    story = article("阮小舟在渡口。", title="“江燕号”下水", byline="阮小舟", paper="晚报", page="02",
                    date=datetime.date(2026, 10, 12))  # fmt: skip
    writer = TermIndexWriter(tmp_path)
    writer.add(term_document(1, story, whole_passage(story), tokenizer))
    writer.add(document(2, "桥"))
    writer.commit()
    wanted = query_terms("阮小舟渡口江燕号下水", tokenizer, frozenset({"阮小舟", "江燕号"}))
    day = Filters(
        date_from=datetime.date(2026, 10, 12), date_to=datetime.date(2026, 10, 12), paper="晚报", page="02"
    )
    before = TermIndex(tmp_path).search(wanted, 5, day)
    TermIndexWriter(tmp_path).compact()
    assert TermIndex(tmp_path).search(wanted, 5, day) == before != []
    assert keys(TermIndex(tmp_path), "桥") == [2]


def test_change_of_a_linked_folder_leaves_every_file_of_the_older_one_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "0"
    index(folder, *some(0, 30))
    for turn in range(1, 20):  # tantivy merges eight small segments
        before = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".lock"}
        after = changed(folder, tmp_path / str(turn), *some(30 * turn, 30 * turn + 30), gone=[30 * turn - 5])
        assert {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".lock"} == before
        folder = after
    assert len(TermIndex(folder)) == 20 * 30 - 19


def test_many_commits_leave_few_segments(tmp_path: Path) -> None:
    for turn in range(40):
        index(tmp_path, *some(10 * turn, 10 * turn + 10))
    assert len(list(tmp_path.glob("*.idx"))) <= 8


def test_writer_that_removes_everything_leaves_an_empty_index(tmp_path: Path) -> None:
    index(tmp_path, *some(0, 5))
    writer = TermIndexWriter(tmp_path)
    writer.remove(range(5))
    writer.commit()
    assert (len(TermIndex(tmp_path)), removed_share(tmp_path)) == (0, 0)
    assert scores(tmp_path) == {}


def test_writer_without_commit_changes_nothing(tmp_path: Path) -> None:
    before = index(tmp_path, document(1, "桥"))
    writer = TermIndexWriter(tmp_path)
    writer.add(document(2, "桥"))
    del writer
    assert len(TermIndex(tmp_path)) == len(before) == 1


def test_writer_that_cannot_write_raises_an_os_error(tmp_path: Path) -> None:
    writer = TermIndexWriter(tmp_path)
    for n in range(500):
        writer.add(document(n, *(f"词{n}号{m}" for m in range(20))))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError):
            writer.commit()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


def test_index_opened_before_a_change_does_not_see_it(tmp_path: Path) -> None:
    before = index(tmp_path, document(1, "桥"))
    index(tmp_path, document(2, "桥"))
    assert keys(before, "桥") == [1]


@pytest.mark.parametrize("content", [None, "", "{}", "garbage"])
def test_index_without_a_usable_meta_file_is_damaged(tmp_path: Path, content: str | None) -> None:
    index(tmp_path, document(1, "桥"))
    (tmp_path / "meta.json").unlink()
    if content is not None:
        (tmp_path / "meta.json").write_text(content)
    with pytest.raises(IndexDamaged):
        TermIndex(tmp_path)


def test_index_of_a_missing_folder_is_damaged_and_makes_none(tmp_path: Path) -> None:
    with pytest.raises(IndexDamaged):
        TermIndex(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_rarity_falls_with_the_number_of_passages(tmp_path: Path) -> None:
    found = index(tmp_path, document(1, "市", "桥"), document(2, "市"), document(3, pairs=["河边"]))
    assert found.rarity("桥") == pytest.approx(math.log(1 + 2.5 / 1.5))
    assert found.rarity("河边") == found.rarity("桥")
    assert found.rarity("没有") > found.rarity("桥") > found.rarity("市") > 0


def test_term_document_holds_words_pairs_names_and_headline(tokenizer: Tokenizer) -> None:
    story = article(
        "阮小舟昨天在渡口说，新船快。",
        title="“江燕号”下水",
        byline="记者 阮小舟",
        paper="晚报",
        page="02",
        date=datetime.date(2026, 10, 12),
    )
    document = term_document(7, story, whole_passage(story), tokenizer)
    assert (document.key, document.paper, document.day, document.page) == (7, "晚报", 20261012, "02")
    assert set(document.terms) == set(BOOSTS)
    assert sorted(set(document.terms["names"])) == ["江燕号", "阮小舟"]
    assert "渡口" in document.terms["words"]
    assert "渡口" in document.terms["pairs"]
    assert "下水" in document.terms["title_pairs"]


def test_query_terms_meet_known_names_and_come_once(tokenizer: Tokenizer) -> None:
    terms = query_terms("渡口的渡口，阮小舟说了什么？", tokenizer, frozenset({"阮小舟", "江燕号"}))
    assert terms["names"] == ["阮小舟"]
    assert terms["words"].count("渡口") == 1
    assert terms["title_words"] == terms["words"]
    assert set(terms) == set(BOOSTS)


def test_search_for_a_name_with_a_blank_finds_it(tmp_path: Path, tokenizer: Tokenizer) -> None:
    story = article("今晚八点开演。", title="“Blue Sky”音乐会")
    writer = TermIndexWriter(tmp_path)
    writer.add(term_document(1, story, whole_passage(story), tokenizer))
    writer.commit()
    terms = query_terms("blue sky几点开演", tokenizer, frozenset({"blue sky"}))
    assert TermIndex(tmp_path).search({"names": terms["names"]}, 10, EVERYTHING)
