"""Search over unit vectors, and the folder they are kept in."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from embeddings.errors import IndexDamaged
from embeddings.index import dense, segments
from embeddings.index.catalog import Keys
from embeddings.index.segments import first_merged, flat_header
from embeddings.index.vectors import VectorIndex, legacy_vectors, write_vectors

Rows = npt.NDArray[np.float32]

EAST, NORTH = (1.0, 0.0), (0.0, 1.0)
NORTH_EAST = (math.sqrt(0.5), math.sqrt(0.5))
WEST = (-1.0, 0.0)


def keys(*numbers: int) -> Keys:
    return np.array(numbers, np.int64)


def vector(values: tuple[float, ...]) -> Rows:
    return np.array(values, np.float32)


def write(
    folder: Path,
    base: Path | None,
    added: Mapping[int, tuple[float, ...]],
    dropped: Keys | None = None,
    *,
    compact: bool = False,
) -> Path:
    """Write two-dimensional vectors by key."""
    write_vectors(
        folder,
        base=base,
        dimension=2,
        dropped=keys() if dropped is None else dropped,
        keys=keys(*added),
        vectors=np.array(list(added.values()), np.float32).reshape(-1, 2),
        compact=compact,
    )
    return folder


def numbered(first: int, count: int) -> dict[int, tuple[float, ...]]:
    """Vectors of so many keys from the first on, each its own."""
    return {key: (math.cos(key / 100), math.sin(key / 100)) for key in range(first, first + count)}


def segment_sizes(folder: Path) -> list[int]:
    return [len(segment.keys) for segment in VectorIndex.open(folder).segments]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "one", None, {10: EAST, 20: NORTH_EAST, 30: NORTH, 40: WEST})


@pytest.fixture
def index(folder: Path) -> VectorIndex:
    return VectorIndex.open(folder)


def test_search_gives_cosines_best_first(index: VectorIndex) -> None:
    assert index.search(vector(EAST), 4) == [
        (10, 1.0),
        (20, pytest.approx(math.sqrt(0.5))),
        (30, 0.0),
        (40, -1.0),
    ]


def test_search_for_more_than_there_are_is_shorter_than_k(index: VectorIndex) -> None:
    assert len(index.search(vector(EAST), 100)) == 4
    assert index.search(vector(EAST), 0) == []


@pytest.mark.parametrize("gathered", [4000, 0])
def test_search_among_some_keys_finds_no_other(
    index: VectorIndex, gathered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dense, "GATHERED_MAX", gathered)
    assert index.search(vector(EAST), 3, keys(30, 40)) == [(30, 0.0), (40, -1.0)]
    assert index.search(vector(EAST), 1, keys(30, 40)) == [(30, 0.0)]
    assert index.search(vector(EAST), 3, keys(-1, 7, 30, 999)) == [(30, 0.0)]
    assert index.search(vector(EAST), 3, keys(999)) == []
    assert index.search(vector(EAST), 3, keys()) == []


def test_search_of_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    index = VectorIndex.open(write(tmp_path / "v", None, {}))
    assert (len(index), index.dimension, index.keys().tolist()) == (0, 2, [])
    assert index.search(vector(EAST), 5) == []
    assert index.search(vector(EAST), 5, keys(1)) == []
    assert index.vectors(keys()).shape == (0, 2)


def test_vectors_come_in_the_order_asked_for(index: VectorIndex) -> None:
    np.testing.assert_array_equal(index.vectors(keys(40, 20)), np.array([WEST, NORTH_EAST], np.float32))
    assert index.vectors(keys()).shape == (0, 2)


def test_vectors_of_an_unknown_key_raise_a_key_error(index: VectorIndex, tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="25"):
        index.vectors(keys(20, 25))
    with pytest.raises(KeyError, match="1"):
        VectorIndex.open(write(tmp_path / "v", None, {})).vectors(keys(1))


def test_equal_scores_come_in_the_order_of_keys(tmp_path: Path) -> None:
    first = write(tmp_path / "a", None, dict.fromkeys(range(1, 9), EAST))
    index = VectorIndex.open(write(tmp_path / "b", first, {9: EAST}))
    assert [key for key, _ in index.search(vector(EAST), 9)] == list(range(1, 10))


def test_added_rows_are_a_segment_of_their_own_and_the_others_are_linked(
    folder: Path, tmp_path: Path
) -> None:
    after = write(tmp_path / "two", folder, {50: NORTH_EAST, 60: EAST})
    index = VectorIndex.open(after)
    assert segment_sizes(after) == [4, 2]
    assert index.keys().tolist() == [10, 20, 30, 40, 50, 60]
    assert [key for key, _ in index.search(vector(EAST), 3)] == [10, 60, 20]
    for name in ("000001.faiss", "000001.keys.npy"):
        assert (after / name).samefile(folder / name)


def test_files_are_copied_where_they_cannot_be_linked(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    after = write(tmp_path / "two", folder, {50: NORTH})
    assert not (after / "000001.faiss").samefile(folder / "000001.faiss")
    assert len(VectorIndex.open(after)) == 5


def test_dropped_keys_are_gone_while_their_rows_wait(tmp_path: Path) -> None:
    base = write(tmp_path / "one", None, numbered(1, 8))
    after = write(tmp_path / "two", base, {}, keys(3, 5, 999))
    index = VectorIndex.open(after)
    assert (after / "000001.faiss").samefile(base / "000001.faiss")
    assert index.keys().tolist() == [1, 2, 4, 6, 7, 8]
    assert len(index) == 6
    for among in (None, keys(1, 2, 3, 4, 5, 6, 7, 8)):
        found = index.search(vector(EAST), 9, among)
        assert [key for key, _ in found] == [1, 2, 4, 6, 7, 8]
    with pytest.raises(KeyError):
        index.vectors(keys(3))


def test_a_segment_with_more_than_a_quarter_dropped_is_written_again(tmp_path: Path) -> None:
    base = write(tmp_path / "one", None, numbered(1, 8))
    first = write(tmp_path / "two", base, {}, keys(1))
    second = write(tmp_path / "three", first, {}, keys(2))
    third = write(tmp_path / "four", second, {}, keys(3))
    assert [segment_sizes(folder) for folder in (first, second, third)] == [[8], [8], [5]]
    assert sorted(path.name for path in third.iterdir()) == [
        "000002.faiss",
        "000002.keys.npy",
        "dropped.npy",
        "segments.json",
    ]
    np.testing.assert_array_equal(
        VectorIndex.open(third).vectors(keys(4, 8)), VectorIndex.open(base).vectors(keys(4, 8))
    )


def test_a_segment_without_rows_vanishes(tmp_path: Path) -> None:
    base = write(tmp_path / "one", None, numbered(1, 4))
    assert segment_sizes(write(tmp_path / "two", base, {}, keys(1, 2, 3, 4))) == []


def test_compact_leaves_one_segment_without_dropped_rows(tmp_path: Path) -> None:
    base = write(tmp_path / "one", None, numbered(1, 8))
    added = write(tmp_path / "two", base, numbered(9, 2), keys(4))
    assert segment_sizes(added) == [8, 2]
    compact = write(tmp_path / "three", added, {}, compact=True)
    assert segment_sizes(compact) == [9]
    assert VectorIndex.open(compact).keys().tolist() == VectorIndex.open(added).keys().tolist()
    again = write(tmp_path / "four", compact, {}, compact=True)
    assert (again / "000003.faiss").samefile(compact / "000003.faiss")


def test_the_same_changes_make_the_same_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        base = write(tmp_path / name, None, numbered(1, 9))
        write(tmp_path / f"{name}2", base, numbered(10, 3), keys(2))
    for path in (tmp_path / "a2").iterdir():
        assert path.read_bytes() == (tmp_path / "b2" / path.name).read_bytes()


@pytest.mark.parametrize(
    ("live", "first"),
    [
        ([], 0),
        ([5], 0),
        ([5, 4], 1),  # 4 < 5: apart
        ([5, 5], 0),
        ([10, 5, 3], 2),  # 3 < 5 and 8 < 10
        ([10, 5, 3, 3], 0),  # 3 reach 3, 6 reach 5, 11 reach 10
        ([20, 5, 3, 3], 1),  # 11 do not reach 20
        ([10, 7, 4], 0),  # 4 do not reach 7, but 11 reach 10
        ([1, 1000], 0),
    ],
)
def test_newest_segments_are_merged_with_one_they_are_as_large_as(live: list[int], first: int) -> None:
    assert first_merged(live) == first


def test_small_additions_keep_few_segments_and_move_rows_few_times(tmp_path: Path) -> None:
    folder: Path | None = None
    moved = 0
    for number in range(1, 201):
        after = write(tmp_path / str(number), folder, {number: EAST})
        inodes = {path.stat().st_ino for path in folder.glob("*.faiss")} if folder else set()
        fresh = [path for path in after.glob("*.faiss") if path.stat().st_ino not in inodes]
        moved += sum((path.stat().st_size - 45) // 8 for path in fresh)
        if folder:
            shutil.rmtree(folder)
        folder = after
        sizes = segment_sizes(after)
        assert sum(sizes) == number
        assert all(size > sum(sizes[i + 1 :]) for i, size in enumerate(sizes))
    assert moved <= 200 * (1 + math.log2(200))


def test_files_are_those_that_faiss_itself_writes_and_reads(folder: Path, tmp_path: Path) -> None:
    flat = faiss.IndexFlatIP(2)
    flat.add(np.array([EAST, NORTH_EAST, NORTH, WEST], np.float32))
    faiss.write_index(flat, str(tmp_path / "flat"))
    assert (tmp_path / "flat").read_bytes() == (folder / "000001.faiss").read_bytes()
    assert np.load(folder / "000001.keys.npy", allow_pickle=False).tolist() == [10, 20, 30, 40]


def test_rows_are_mapped_and_not_copied(index: VectorIndex) -> None:
    (segment,) = index.segments
    assert "000001.faiss" in Path("/proc/self/maps").read_text()
    assert not segment.rows.flags.owndata
    assert not segment.rows.flags.writeable


def test_rows_longer_than_a_chunk_are_written_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "_CHUNK_ROWS", 3)
    base = write(tmp_path / "one", None, numbered(1, 10))
    after = write(tmp_path / "two", base, {}, keys(1, 5, 6, 10))
    expected = np.array([numbered(1, 10)[key] for key in (2, 3, 4, 7, 8, 9)], np.float32)
    np.testing.assert_array_equal(VectorIndex.open(after).vectors(keys(2, 3, 4, 7, 8, 9)), expected)


@pytest.mark.parametrize("name", ["segments.json", "dropped.npy", "000001.faiss", "000002.keys.npy"])
def test_open_without_a_file_is_damage_that_names_it(folder: Path, tmp_path: Path, name: str) -> None:
    after = write(tmp_path / "two", folder, {50: EAST})
    (after / name).unlink()
    with pytest.raises(IndexDamaged, match=name) as caught:
        VectorIndex.open(after)
    assert caught.value.hint == "重新运行 wenbao build。"


@pytest.mark.parametrize("name", ["segments.json", "dropped.npy", "000001.faiss", "000001.keys.npy"])
def test_open_of_a_file_cut_short_is_damage(tmp_path: Path, name: str) -> None:
    base = write(tmp_path / "one", None, numbered(1, 8))
    folder = write(tmp_path / "two", base, {}, keys(3))
    whole = (folder / name).read_bytes()
    for size in range(len(whole)):
        replace(folder / name, whole[:size])
        with pytest.raises(IndexDamaged, match=name):
            VectorIndex.open(folder)
    replace(folder / name, whole + b"\0")
    with pytest.raises(IndexDamaged, match=name):
        VectorIndex.open(folder)


def replace(path: Path, content: bytes) -> None:
    """Another file of this name: the one there may be a link to another folder's."""
    path.unlink()
    path.write_bytes(content)


def test_open_of_files_with_any_byte_changed_is_damage_or_opens(tmp_path: Path) -> None:
    base = write(tmp_path / "one", None, numbered(1, 8))
    folder = write(tmp_path / "two", base, {}, keys(3))
    refused = 0
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        for at in range(len(whole)):
            for byte in (0x00, 0x7F, 0xFF, whole[at] ^ 1):
                replace(path, whole[:at] + bytes([byte]) + whole[at + 1 :])
                try:
                    index = VectorIndex.open(folder)
                except IndexDamaged:
                    refused += 1
                else:
                    with np.errstate(all="ignore"):  # a changed float may be infinite
                        index.search(vector(EAST), 5, keys(*range(9)))
        replace(path, whole)
    assert refused > 1000


def test_open_of_keys_that_do_not_ascend_is_damage(folder: Path, tmp_path: Path) -> None:
    after = write(tmp_path / "two", folder, {50: EAST, 60: NORTH})
    for name, wrong in (
        ("000001.keys.npy", keys(10, 30, 20, 40)),
        ("000001.keys.npy", keys(10, 20, 20, 40)),
        ("000001.keys.npy", keys(10, 20, 30, 41)),
        ("000002.keys.npy", keys(40, 60)),
    ):
        whole = (after / name).read_bytes()
        replace(after / name, whole[:128] + wrong.tobytes())
        with pytest.raises(IndexDamaged, match=name):
            VectorIndex.open(after)
        replace(after / name, whole)


def test_open_of_dropped_keys_that_there_are_not_is_damage(tmp_path: Path) -> None:
    base = write(tmp_path / "one", None, numbered(1, 8))
    folder = write(tmp_path / "two", base, {}, keys(3, 4))
    whole = (folder / "dropped.npy").read_bytes()
    for wrong in (keys(3, 9), keys(4, 3), keys(3, 3), keys(-1, 3)):
        replace(folder / "dropped.npy", whole[:128] + wrong.tobytes())
        with pytest.raises(IndexDamaged, match="dropped"):
            VectorIndex.open(folder)


def test_open_of_an_inventory_with_absurd_sizes_is_damage(folder: Path) -> None:
    text = (folder / "segments.json").read_text()
    for old, new in (
        ('"dimension":2', '"dimension":3'),
        ('"dimension":2', '"dimension":-2'),
        ('"rows":4', '"rows":5'),
        ('"rows":4', '"rows":4611686018427387904'),
        ('"rows":4', '"rows":1e400'),
        ('"last":40', '"last":4611686018427387904'),
        ('"number":1', '"number":2'),
        ('"dropped":0', '"dropped":1'),
        ('"dropped":0', '"dropped":"0"'),
    ):
        assert old in text
        (folder / "segments.json").write_text(text.replace(old, new))
        with pytest.raises(IndexDamaged, match="vectors/"):
            VectorIndex.open(folder)


def test_header_of_another_kind_of_faiss_index_is_damage(folder: Path) -> None:
    other = faiss.IndexFlatL2(2)
    other.add(np.array([EAST, NORTH_EAST, NORTH, WEST], np.float32))
    faiss.write_index(other, str(folder / "000001.faiss"))
    with pytest.raises(IndexDamaged, match=r"000001\.faiss"):
        VectorIndex.open(folder)


def test_an_index_reads_on_after_its_folder_is_removed(folder: Path, index: VectorIndex) -> None:
    shutil.rmtree(folder)
    assert [key for key, _ in index.search(vector(NORTH), 2)] == [30, 20]
    assert index.vectors(keys(40)).tolist() == [list(WEST)]


def test_new_keys_must_ascend_above_the_others(folder: Path, tmp_path: Path) -> None:
    for added in ({40: EAST}, {60: EAST, 50: EAST}, {7: EAST}):
        with pytest.raises(ValueError, match="ascend"):
            write(tmp_path / "two", folder, added)
    assert not (tmp_path / "two").exists()


def test_vectors_of_another_dimension_are_refused(folder: Path, tmp_path: Path) -> None:
    for dimension, shape in ((3, (1, 3)), (2, (1, 3)), (2, (2, 2))):
        with pytest.raises(ValueError, match="dimension"):
            write_vectors(
                tmp_path / "two",
                base=folder,
                dimension=dimension,
                dropped=keys(),
                keys=keys(50),
                vectors=np.zeros(shape, np.float32),
            )


def test_write_where_nothing_can_be_written_raises_an_os_error(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        write(tmp_path / "none" / "v", None, {1: EAST})
    with pytest.raises(FileExistsError):
        write(folder, None, {1: EAST})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_write_to_a_full_disk_raises_an_os_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = os.mkdir
    for full in ("000001.faiss", "000001.keys.npy", "dropped.npy", "segments.json"):

        def make_full(self: Path, full: str = full) -> None:
            make(self)
            (self / full).symlink_to("/dev/full")

        monkeypatch.setattr(Path, "mkdir", make_full)
        with pytest.raises(OSError, match="No space"):
            write(tmp_path / full, None, {1: EAST})


def test_legacy_vectors_come_in_the_order_asked_for(tmp_path: Path) -> None:
    old = faiss.IndexIDMap2(faiss.IndexFlatIP(2))
    old.add_with_ids(np.array([EAST, NORTH, WEST], np.float32), keys(7, 5, 9))
    faiss.write_index(old, str(tmp_path / "vectors.faiss"))
    assert legacy_vectors(tmp_path / "vectors.faiss", keys(9, 7)).tolist() == [list(WEST), list(EAST)]
    assert legacy_vectors(tmp_path / "vectors.faiss", keys()).shape == (0, 2)
    with pytest.raises(IndexDamaged, match=r"vectors\.faiss"):
        legacy_vectors(tmp_path / "vectors.faiss", keys(8))


def test_legacy_vectors_of_a_damaged_file_are_damage(tmp_path: Path) -> None:
    old = faiss.IndexIDMap2(faiss.IndexFlatIP(2))
    old.add_with_ids(np.array([EAST, NORTH, WEST], np.float32), keys(7, 5, 9))
    path = tmp_path / "vectors.faiss"
    faiss.write_index(old, str(path))
    whole = path.read_bytes()
    with pytest.raises(IndexDamaged):
        legacy_vectors(tmp_path / "none", keys(7))
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(IndexDamaged):
            legacy_vectors(path, keys(7))
    for at in range(90):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x80]) + whole[at + 1 :])
        try:
            legacy_vectors(path, keys(7))
        except IndexDamaged:
            continue
        # Only unused fields and the floats themselves, which are for checksums to guard.
        assert 16 <= at < 37 or at >= 82
    faiss.write_index(faiss.IndexFlatIP(2), str(path))
    with pytest.raises(IndexDamaged):
        legacy_vectors(path, keys(7))


def test_header_states_kind_dimension_and_counts() -> None:
    assert flat_header(384, 2)[:16] == b"IxFI" + (384).to_bytes(4, "little") + (2).to_bytes(8, "little")
    assert flat_header(384, 2)[-8:] == (768).to_bytes(8, "little")


class Archive(RuleBasedStateMachine):
    """Any run of additions and removals against a dictionary."""

    @initialize(root=st.builds(lambda: None))
    def begin(self, root: None) -> None:
        self.root = tempfile.TemporaryDirectory()
        self.number, self.last = 0, 0
        self.folder: Path | None = None
        self.model: dict[int, tuple[float, ...]] = {}

    @rule(count=st.integers(0, 12), dropped=st.sets(st.integers(0, 60)), compact=st.booleans())
    def change(self, count: int, dropped: set[int], compact: bool) -> None:
        self.number += 1
        added = numbered(self.last + 1, count)
        after = Path(self.root.name) / str(self.number)
        write(after, self.folder, added, keys(*sorted(dropped)), compact=compact)
        self.folder, self.last = after, self.last + count
        self.model = {key: row for key, row in self.model.items() if key not in dropped} | added

    @invariant()
    def is_the_model(self) -> None:
        if not self.folder:
            return
        index = VectorIndex.open(self.folder)
        known = keys(*self.model)
        assert index.keys().tolist() == list(self.model)
        np.testing.assert_array_equal(
            index.vectors(known), np.array(list(self.model.values()), np.float32).reshape(-1, 2)
        )
        # Keys count degrees of a hundredth radian: the nearest to 0.3 are those about 30.
        found = [key for key, _ in index.search(vector((math.cos(0.3002), math.sin(0.3002))), 5)]
        assert found == sorted(self.model, key=lambda key: abs(key - 30.02))[:5]

    def teardown(self) -> None:
        self.root.cleanup()


TestArchive = Archive.TestCase


@given(
    angles=st.lists(st.floats(0, math.tau), min_size=1, max_size=20),
    asked=st.floats(0, math.tau),
    k=st.integers(1, 25),
    among=st.none() | st.sets(st.integers(0, 24)),
)
def test_search_is_the_sorted_list_of_cosines(
    angles: list[float],
    asked: float,
    k: int,
    among: set[int] | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    rows = {key: (math.cos(a), math.sin(a)) for key, a in enumerate(angles)}
    index = VectorIndex.open(write(tmp_path_factory.mktemp("v") / "v", None, rows))
    query = vector((math.cos(asked), math.sin(asked)))
    found = index.search(query, k, None if among is None else keys(*sorted(among)))
    allowed = [key for key in rows if among is None or key in among]
    scores = sorted((float(vector(rows[key]) @ query) for key in allowed), reverse=True)[:k]
    assert [score for _, score in found] == pytest.approx(scores, abs=1e-6)
    assert {key for key, _ in found} <= set(allowed)
    assert len({key for key, _ in found}) == len(found)
