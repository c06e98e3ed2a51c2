"""Exact search over unit vectors."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.errors import IndexDamaged
from embeddings.index.catalog import Keys
from embeddings.index.vectors import VectorIndex

EAST, NORTH = (1.0, 0.0), (0.0, 1.0)
NORTH_EAST = (math.sqrt(0.5), math.sqrt(0.5))
WEST = (-1.0, 0.0)


def keys(*numbers: int) -> Keys:
    return np.array(numbers, np.int64)


def vector(values: tuple[float, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.array(values, np.float32)


@pytest.fixture
def index() -> VectorIndex:
    index = VectorIndex.empty(2)
    index.add(keys(10, 20, 30, 40), np.array([EAST, NORTH_EAST, NORTH, WEST], np.float32))
    return index


def test_search_gives_cosines_best_first(index: VectorIndex) -> None:
    assert index.search(vector(EAST), 4) == [
        (10, 1.0),
        (20, pytest.approx(math.sqrt(0.5))),
        (30, 0.0),
        (40, -1.0),
    ]


def test_search_for_more_than_there_are_is_shorter_than_k(index: VectorIndex) -> None:
    assert len(index.search(vector(EAST), 100)) == 4


def test_search_among_some_keys_drops_what_faiss_fills_up_with(index: VectorIndex) -> None:
    assert index.search(vector(EAST), 3, keys(40, 30)) == [(30, 0.0), (40, -1.0)]
    assert index.search(vector(EAST), 3, keys(30, 999)) == [(30, 0.0)]
    assert index.search(vector(EAST), 3, keys(999)) == []
    assert index.search(vector(EAST), 3, keys()) == []


def test_search_of_an_empty_index_finds_nothing() -> None:
    assert VectorIndex.empty(2).search(vector(EAST), 5) == []


def test_remove_takes_out_keys_and_passes_over_unknown_ones(index: VectorIndex) -> None:
    index.remove(keys(10, 999))
    index.remove(keys())
    assert len(index) == 3
    assert [key for key, _ in index.search(vector(EAST), 9)] == [20, 30, 40]


def test_vectors_come_in_the_order_asked_for(index: VectorIndex) -> None:
    index.remove(keys(10))
    np.testing.assert_array_equal(index.vectors(keys(40, 20)), np.array([WEST, NORTH_EAST], np.float32))
    assert index.vectors(keys()).shape == (0, 2)


def test_add_of_nothing_changes_nothing(index: VectorIndex) -> None:
    index.add(keys(), np.zeros((0, 2), np.float32))
    assert len(index) == 4


def test_index_written_and_read_is_the_same(index: VectorIndex, tmp_path: Path) -> None:
    index.write(tmp_path / "v.faiss")
    read = VectorIndex.read(tmp_path / "v.faiss")
    assert (len(read), read.dimension) == (4, 2)
    assert read.search(vector(NORTH), 4) == index.search(vector(NORTH), 4)
    read.remove(keys(20))
    read.add(keys(50), np.array([NORTH_EAST], np.float32))
    assert [key for key, _ in read.search(vector(NORTH_EAST), 1)] == [50]


def test_read_of_a_missing_file_is_damage(tmp_path: Path) -> None:
    with pytest.raises(IndexDamaged, match=r"vectors\.faiss"):
        VectorIndex.read(tmp_path / "none")


def test_read_of_no_index_is_damage(tmp_path: Path) -> None:
    for content in (b"", b"no index at all", b"IxFI"):
        (tmp_path / "v").write_bytes(content)
        with pytest.raises(IndexDamaged):
            VectorIndex.read(tmp_path / "v")


def test_read_of_a_file_cut_short_is_damage(index: VectorIndex, tmp_path: Path) -> None:
    index.write(tmp_path / "v")
    whole = (tmp_path / "v").read_bytes()
    for size in range(0, len(whole), 7):
        (tmp_path / "v").write_bytes(whole[:size])
        with pytest.raises(IndexDamaged):
            VectorIndex.read(tmp_path / "v")


def test_write_where_nothing_can_be_written_raises_an_os_error(index: VectorIndex, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Input/output"):
        index.write(tmp_path / "none" / "v")


@given(
    angles=st.lists(st.floats(0, math.tau), min_size=1, max_size=20),
    asked=st.floats(0, math.tau),
    k=st.integers(1, 25),
    among=st.none() | st.sets(st.integers(0, 24)),
)
def test_search_is_the_sorted_list_of_cosines(
    angles: list[float], asked: float, k: int, among: set[int] | None
) -> None:
    index = VectorIndex.empty(2)
    rows = np.array([(math.cos(a), math.sin(a)) for a in angles], np.float32)
    index.add(np.arange(len(angles), dtype=np.int64), rows)
    query = vector((math.cos(asked), math.sin(asked)))
    found = index.search(query, k, None if among is None else keys(*among))
    allowed = [key for key in range(len(angles)) if among is None or key in among]
    scores = sorted((float(rows[key] @ query) for key in allowed), reverse=True)[:k]
    assert [score for _, score in found] == pytest.approx(scores, abs=1e-6)
    assert {key for key, _ in found} <= set(allowed)
    assert len({key for key, _ in found}) == len(found)
