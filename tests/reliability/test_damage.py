"""Damage to files of an index: found at once, named, got round by what is whole, and mended by a build."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from embeddings.errors import IndexDamaged
from embeddings.index.snapshot import (
    CURRENT,
    MANIFEST,
    current_number,
    open_current,
    snapshot_files,
    snapshot_folder,
)
from embeddings.index.verify import verify_snapshot
from embeddings.journal import JOURNAL
from embeddings.settings import Settings
from qa.following import open_newest_good
from qa.service import Service
from tests.embeddings.archive import Archive
from tests.fake_spans import FakeSpans
from tests.fakes import EncoderFailure, FakeEncoder, record
from tests.reliability.wholeness import assert_verified, view

SEED = 5
BITS_PER_FILE = 3

Damage = Callable[[Path, random.Random], None]


def flip(path: Path, rng: random.Random, at: int | None = None) -> None:
    """Flip one bit of a file."""
    data = bytearray(path.read_bytes())
    place = rng.randrange(len(data)) if at is None else at
    data[place] ^= 1 << rng.randrange(8)
    rewrite(path, bytes(data))


def rewrite(path: Path, data: bytes) -> None:
    """Other bytes under the same name; other names of the file keep theirs."""
    path.unlink()
    path.write_bytes(data)


def flip_first(path: Path, rng: random.Random) -> None:
    flip(path, rng, 0)


def flip_last(path: Path, rng: random.Random) -> None:
    flip(path, rng, -1)


def truncate(path: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    rewrite(path, data[: rng.randrange(len(data))])


def empty(path: Path, rng: random.Random) -> None:
    rewrite(path, b"")


def delete(path: Path, rng: random.Random) -> None:
    path.unlink()


DAMAGES: tuple[Damage, ...] = (*[flip] * BITS_PER_FILE, flip_first, flip_last, truncate, empty, delete)


@pytest.fixture
def archive(settings: Settings, quick_folder: Path) -> Archive:
    """Three snapshots; the newest has vectors in two segments, and a dropped one."""
    archive = Archive(settings.model_copy(update={"data": quick_folder / "data"}), quick_folder / "inbox")
    archive.write("a.jsonl", *(record(f"n{n}", f"第{n}号码头今天靠了{n * 7}条船。") for n in range(12)))
    archive.build()
    archive.write("b.jsonl", record("two", "渡船每天往返十八趟，票价两元。", "渡口不停航"))
    archive.build()
    archive.write("b.jsonl", record("two", "渡船每天往返二十趟，票价三元。", "渡口不停航"))
    archive.build()
    return archive


def names_of(archive: Archive) -> list[str]:
    """Files of the newest snapshot."""
    folder = snapshot_folder(archive.data, current_number(archive.data) or 0)
    return [*(path.relative_to(folder).as_posix() for path in snapshot_files(folder)), MANIFEST]


def test_any_damage_to_any_file_is_named_got_round_and_mended_by_the_next_build(archive: Archive) -> None:
    rng = random.Random(SEED)
    whole = view(archive)
    for damage in DAMAGES:
        place = -1
        # Files of tantivy have other names in each snapshot, in the same order.
        while (place := place + 1) < len(names_of(archive)):
            name = names_of(archive)[place]
            number = current_number(archive.data) or 0
            path = snapshot_folder(archive.data, number) / name
            if path.stat().st_size == 0 and damage is not delete:
                continue
            before = path.read_bytes()
            damage(path, rng)
            if path.exists() and path.read_bytes() == before:
                continue
            told = f"{damage.__name__} {name}"
            assert_refused_and_got_round(archive, name, told)
            report = archive.build()
            assert report.snapshot != number, told
            assert view(archive) == whole, told
            assert_verified(archive)
            # Snapshots before have the vectors of all texts but the newest.
            assert report.embedded <= 1, told


def assert_refused_and_got_round(archive: Archive, name: str, told: str) -> None:
    number = current_number(archive.data)
    with pytest.raises(IndexDamaged) as refusal:
        open_current(archive.data)
    assert name in refusal.value.message, told
    assert name in {one.place for one in verify_snapshot(snapshot_folder(archive.data, number or 0))}, told
    snapshot, degraded = open_newest_good(archive.data, archive.encoder.fingerprint)
    assert degraded is not None, told
    assert snapshot.number < (number or 0), told
    assert (degraded.snapshot, degraded.code) == (number, "index_damaged"), told
    assert name in degraded.detail, told


def test_damage_to_a_file_that_all_snapshots_share_is_mended_by_embedding_anew(archive: Archive) -> None:
    whole = view(archive)
    segment = snapshot_folder(archive.data, 3) / "vectors" / "000001.faiss"
    assert segment.stat().st_nlink == 3
    data = bytearray(segment.read_bytes())
    data[-1] ^= 1
    segment.write_bytes(data)
    with pytest.raises(IndexDamaged, match=r"000001\.faiss"):
        open_newest_good(archive.data)
    assert archive.build().embedded > 0
    assert view(archive) == whole
    assert_verified(archive)


@pytest.mark.parametrize("text", ["", "x", "00", "-1", "999999", "3\n3", "\x00", "３", "1" * 5000])
def test_damaged_current_is_got_round_and_the_next_build_mends_it(archive: Archive, text: str) -> None:
    whole = view(archive)
    (archive.data / CURRENT).write_text(text, encoding="utf-8")
    service = Service(archive.settings, archive.encoder, FakeSpans())
    try:
        status = service.status()
    except IndexDamaged as refusal:
        hint = refusal.hint
        assert hint
    else:
        assert status.degraded is not None
        assert status.snapshot == 3
    finally:
        service.close()
    assert archive.build().embedded == 0
    assert view(archive) == whole
    assert_verified(archive)


def test_service_on_damage_answers_from_the_last_whole_snapshot_and_says_so(archive: Archive) -> None:
    flip(snapshot_folder(archive.data, 3) / "catalog.sqlite", random.Random(SEED))
    service = Service(archive.settings, archive.encoder, FakeSpans())
    try:
        status = service.status()
        assert (status.snapshot, status.degraded and status.degraded.snapshot) == (2, 3)
        assert service.search("渡船票价多少").hits[0].article.body == "渡船每天往返十八趟，票价两元。"
        archive.build()
        status = service.status()
        assert status.degraded is None
        assert service.search("渡船票价多少").hits[0].article.body == "渡船每天往返二十趟，票价三元。"
    finally:
        service.close()


def test_journal_with_flipped_bits_gives_no_wrong_vector(archive: Archive) -> None:
    rng = random.Random(SEED)
    for n in range(12):
        lines = [record(f"j{n}-{m}", f"第{n}座灯塔第{m}天亮了{n * m}个钟头。") for m in range(8)]
        archive.write(f"j{n}.jsonl", *lines)
        archive.encoder = FakeEncoder(fail_after=6)
        with pytest.raises(EncoderFailure):
            archive.build()
        for _ in range(1 + n % 4):
            flip(archive.data / JOURNAL, rng)
        archive.encoder = FakeEncoder()
        assert archive.build().embedded <= 8
        assert_verified(archive)
    fresh = Archive(archive.settings.model_copy(update={"data": archive.data / "fresh"}), archive.inbox)
    fresh.build()
    assert view(archive) == view(fresh)
