"""What an interrupted build leaves: every whole record, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embeddings.encoder import Vectors
from embeddings.journal import JOURNAL, Journal, kept_count
from embeddings.records import content_hash
from tests.full_disk import files_no_larger_than

A, B, C = (content_hash(name) for name in "abc")


def rows(*values: tuple[float, float]) -> Vectors:
    return np.array(values, np.float32)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    journal = Journal(tmp_path, "model-1", 2)
    journal.append([A, B], rows((1, 0), (0, 1)))
    return journal


def found(journal: Journal, *hashes: str) -> dict[str, list[float]]:
    return {digest: vector.tolist() for digest, vector in journal.vectors(hashes).items()}


def test_vectors_are_found_again_by_another_process(journal: Journal, tmp_path: Path) -> None:
    journal.append([C], rows((0.6, 0.8)))
    again = Journal(tmp_path, "model-1", 2)
    assert found(again, A, C, "0" * 32) == {A: [1, 0], C: [pytest.approx(0.6), pytest.approx(0.8)]}
    assert kept_count(tmp_path) == 3


@pytest.mark.parametrize(("fingerprint", "dimension"), [("model-2", 2), ("model-1", 3)])
def test_vectors_of_another_encoder_are_not_found_and_make_room(
    journal: Journal, tmp_path: Path, fingerprint: str, dimension: int
) -> None:
    other = Journal(tmp_path, fingerprint, dimension)
    assert other.vectors([A, B]) == {}
    other.append([C], np.ones((1, dimension), np.float32))
    assert set(other.vectors([A, B, C])) == {C}
    assert journal.vectors([A, B]) == {}


def test_record_that_was_cut_off_counts_as_never_written(journal: Journal, tmp_path: Path) -> None:
    path = tmp_path / JOURNAL
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        kept = found(Journal(tmp_path, "model-1", 2), A, B)
        assert kept in ({}, {A: [1, 0]})
    journal.append([C], rows((1, 0)))
    assert set(journal.vectors([A, B, C])) == {A, C}


def test_record_of_which_a_bit_changed_is_left_out_and_the_rest_is_kept(
    journal: Journal, tmp_path: Path
) -> None:
    path = tmp_path / JOURNAL
    whole = path.read_bytes()
    size = (len(whole) - 44) // 2  # head of 8 + 32 + 4 bytes, two records
    for at in range(44, 44 + size):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        assert found(Journal(tmp_path, "model-1", 2), A, B) == {B: [0, 1]}


def test_append_on_a_full_disk_raises_and_keeps_what_was_there(journal: Journal, tmp_path: Path) -> None:
    size = (tmp_path / JOURNAL).stat().st_size
    with files_no_larger_than(size + 10), pytest.raises(OSError, match="large"):
        journal.append([C], rows((1, 0)))
    assert set(journal.vectors([A, B, C])) == {A, B}
    journal.append([C], rows((1, 0)))
    assert set(journal.vectors([A, B, C])) == {A, B, C}


def test_discarded_journal_holds_nothing(journal: Journal, tmp_path: Path) -> None:
    journal.discard()
    journal.discard()
    assert (journal.vectors([A]), kept_count(tmp_path)) == ({}, 0)


@pytest.mark.parametrize("content", [b"", b"WBVECJ1\n", b"\0" * 100])
def test_file_that_is_no_journal_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / JOURNAL).write_bytes(content)
    assert Journal(tmp_path, "model-1", 2).vectors([A]) == {}
    assert kept_count(tmp_path) == 0
