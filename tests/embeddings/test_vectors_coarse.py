"""Search by short codes in large segments: what it must find, must never find, and must not trust."""

from __future__ import annotations

import threading
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt
import pytest

from embeddings.errors import IndexDamaged
from embeddings.index import segments
from embeddings.index.catalog import Keys
from embeddings.index.coarse import candidate_count
from embeddings.index.vectors import VectorIndex, write_vectors

Rows = npt.NDArray[np.float32]

DIMENSION = 32
ROWS = 6000


def made(count: int, seed: int) -> Rows:
    """Unit vectors in clusters, all on one side of the sphere, as an encoder's are."""
    chance = np.random.default_rng(seed)
    centres = chance.standard_normal((20, DIMENSION)) * 0.3 + 1
    rows = centres[chance.integers(0, 20, count)] + chance.standard_normal((count, DIMENSION)) * 0.2
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def write(
    folder: Path, base: Path | None, keys: Keys, rows: Rows, dropped: Keys | None = None, **options: bool
) -> Path:
    none = np.zeros(0, np.int64)
    write_vectors(
        folder,
        base=base,
        dimension=DIMENSION,
        dropped=none if dropped is None else dropped,
        keys=keys,
        vectors=rows,
        **options,
    )
    return folder


def nearest(keys: Keys, rows: Rows, vector: Rows, k: int) -> list[int]:
    order = np.argsort(-(rows @ vector), kind="stable")[:k]
    return [int(key) for key in keys[order]]


KEYS = np.arange(1, ROWS + 1, dtype=np.int64) * 3
VECTORS = made(ROWS, 1)
QUERIES = made(40, 2)


@pytest.fixture(autouse=True)
def coarse_from_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "COARSE_MIN_ROWS", 2000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "one", None, KEYS, VECTORS)


@pytest.fixture
def index(folder: Path) -> VectorIndex:
    return VectorIndex.open(folder)


def recall(index: VectorIndex, keys: Keys, rows: Rows, among: Keys | None = None) -> float:
    """Share of the true ten nearest that are found; checks that scores are exact and in order."""
    found = 0
    for vector in QUERIES:
        hits = index.search(vector, 10, among)
        assert len(hits) == 10
        assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)
        np.testing.assert_allclose(
            [score for _, score in hits],
            rows[np.searchsorted(keys, [key for key, _ in hits])] @ vector,
            atol=1e-6,
        )
        found += len({key for key, _ in hits} & set(nearest(keys, rows, vector, 10)))
    return found / (10 * len(QUERIES))


def test_only_large_segments_have_codes(folder: Path, tmp_path: Path) -> None:
    after = write(tmp_path / "two", folder, KEYS[-1] + KEYS[:1999], VECTORS[:1999])
    assert [segment.coarse is not None for segment in VectorIndex.open(after).segments] == [True, False]
    assert (after / "000001.coarse.faiss").samefile(folder / "000001.coarse.faiss")


def test_search_by_codes_finds_nearly_all_with_exact_scores(index: VectorIndex) -> None:
    assert recall(index, KEYS, VECTORS) >= 0.98


def test_search_by_codes_is_not_exact_search_in_disguise(
    index: VectorIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "candidate_count", lambda k: 10)
    assert recall(index, KEYS, VECTORS) < 0.9


def test_search_finds_new_rows_beside_those_with_codes(folder: Path, tmp_path: Path) -> None:
    keys = np.arange(KEYS[-1] + 1, KEYS[-1] + 501, dtype=np.int64)
    rows = made(500, 3)
    index = VectorIndex.open(write(tmp_path / "two", folder, keys, rows))
    assert recall(index, np.concatenate([KEYS, keys]), np.concatenate([VECTORS, rows])) >= 0.98
    assert index.search(rows[7], 1)[0][0] == keys[7]


def test_a_wide_filter_is_applied_in_the_search_by_codes(index: VectorIndex) -> None:
    # Half of the archive, and the half that lies farthest from each question.
    for vector in QUERIES[:10]:
        order = np.argsort(VECTORS @ vector)
        far = np.sort(order[: ROWS // 2])
        hits = index.search(vector, 10, KEYS[far])
        expected = nearest(KEYS[far], VECTORS[far], vector, 10)
        assert {key for key, _ in hits} <= set(KEYS[far].tolist())
        assert len({key for key, _ in hits} & set(expected)) >= 9


@pytest.mark.parametrize("gathered", [4000, 0])
def test_a_narrow_filter_is_searched_exactly(
    index: VectorIndex, gathered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embeddings.index.dense.GATHERED_MAX", gathered)
    part = np.arange(0, ROWS, 4)
    assert recall(index, KEYS[part], VECTORS[part], KEYS[part]) == 1


def test_dropped_rows_with_codes_never_come_back(folder: Path, tmp_path: Path) -> None:
    near = np.argsort(-(VECTORS @ QUERIES[0]))[: ROWS // 5]
    dropped = np.sort(KEYS[near])
    after = write(tmp_path / "two", folder, KEYS[:0], VECTORS[:0], dropped)
    assert (after / "000001.coarse.faiss").samefile(folder / "000001.coarse.faiss")
    index = VectorIndex.open(after)
    left = ~np.isin(KEYS, dropped)
    assert recall(index, KEYS[left], VECTORS[left]) >= 0.98
    assert recall(index, KEYS[left], VECTORS[left], KEYS) >= 0.98
    assert len(index.search(QUERIES[0], ROWS)) > 0


def test_merged_segments_get_codes_of_their_own(folder: Path, tmp_path: Path) -> None:
    added = write(tmp_path / "two", folder, KEYS[-1] + KEYS[:100], VECTORS[:100], KEYS[:50])
    index = VectorIndex.open(write(tmp_path / "three", added, KEYS[:0], VECTORS[:0], compact=True))
    (segment,) = index.segments
    assert segment.coarse is not None
    assert (len(segment.keys), segment.coarse.ntotal) == (6050, 6050)


def test_the_same_rows_get_the_same_codes(folder: Path, tmp_path: Path) -> None:
    again = write(tmp_path / "again", None, KEYS, VECTORS)
    for name in ("segments.json", "000001.coarse.faiss"):
        assert (again / name).read_bytes() == (folder / name).read_bytes()


def test_open_of_damaged_codes_names_the_file(folder: Path) -> None:
    path = folder / "000001.coarse.faiss"
    whole = path.read_bytes()
    for at in (0, 5, 12, 45, 200, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :])
        with pytest.raises(IndexDamaged, match=r"000001\.coarse\.faiss"):
            VectorIndex.open(folder)
    for size in (0, 1, 100, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(IndexDamaged, match=r"000001\.coarse\.faiss"):
            VectorIndex.open(folder)
    path.unlink()
    with pytest.raises(IndexDamaged, match=r"000001\.coarse\.faiss"):
        VectorIndex.open(folder)


def test_codes_of_other_rows_are_damage(folder: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other", None, KEYS[:3000], VECTORS[:3000])
    (folder / "000001.coarse.faiss").write_bytes((other / "000001.coarse.faiss").read_bytes())
    known = VectorIndex.open(other).segments[0].stored.coarse
    text = (folder / "segments.json").read_text()
    stated = text[text.index('"coarse":') : text.index("}", text.index('"coarse":'))]
    (folder / "segments.json").write_text(text.replace(stated, f'"coarse":{known}'))
    with pytest.raises(IndexDamaged, match=r"000001\.coarse\.faiss"):
        VectorIndex.open(folder)  # the count is wrong even where the checksum is right


def test_a_full_disk_while_codes_are_written_raises_an_os_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path / "one", None, KEYS, VECTORS)


def test_searches_from_many_threads_find_what_one_finds(index: VectorIndex) -> None:
    alone = [index.search(vector, 20) for vector in QUERIES]
    found: dict[int, list[list[tuple[int, float]]]] = {}

    def ask(number: int) -> None:
        found[number] = [index.search(vector, 20) for vector in QUERIES]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found[number] == alone for number in range(8))


def test_a_search_leaves_the_thread_count_of_faiss_as_it_was(index: VectorIndex) -> None:
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(3)
    try:
        index.search(QUERIES[0], 5)
        assert faiss.omp_get_max_threads() == 3
    finally:
        faiss.omp_set_num_threads(before)


def test_more_candidates_are_scored_than_asked_for() -> None:
    assert candidate_count(10) == 1020
    assert candidate_count(100) == 1200
