"""Which snapshot serves, while builds publish, roll back, and leave damage."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from embeddings.errors import IndexDamaged, IndexMismatch, IndexMissing
from embeddings.index.snapshot import (
    CATALOG,
    CURRENT,
    MANIFEST,
    Snapshot,
    open_snapshot,
    publish,
    snapshot_folder,
)
from embeddings.settings import Settings
from qa import following
from qa.following import Degraded, Follower, open_newest_good
from qa.service import Service
from tests.embeddings.archive import Archive
from tests.fake_spans import FakeSpans
from tests.fakes import FakeEncoder, record

WAIT_S = 30.0
MODEL = FakeEncoder().fingerprint
ASKED = "柳湾渡口的新船一次能坐几人？"


@pytest.fixture
def archive(settings: Settings, tmp_path: Path) -> Archive:
    """An index of one snapshot."""
    archive = Archive(settings, tmp_path / "inbox")
    build_another(archive, 1)
    return archive


@pytest.fixture
def follower(archive: Archive) -> Iterator[Follower]:
    """A follower that has begun to follow."""
    follower = Follower(archive.data, MODEL)
    follower.follow(lambda _snapshot: None)
    yield follower
    follower.close()


def build_another(archive: Archive, number: int) -> None:
    """Publish the snapshot of this number; its one article tells the number."""
    body = f"柳湾渡口昨天换上新船。柳湾渡口的新船一次能坐{number}百人。"
    archive.write("a.jsonl", record("ferry", body, "柳湾渡口换新船"))
    assert archive.build().snapshot == number


def break_catalog(archive: Archive, number: int) -> None:
    """Turn one bit round in the middle of a file."""
    path = snapshot_folder(archive.data, number) / CATALOG
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()  # another snapshot's file may be the same one
    path.write_bytes(content)


def wait_until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def numbers_held(follower: Follower) -> tuple[int, int | None]:
    """What serves, and what should."""
    held = follower.held()
    return held.snapshot.number, held.degraded.snapshot if held.degraded else None


def test_follower_swaps_to_what_is_published_and_back(follower: Follower, archive: Archive) -> None:
    assert numbers_held(follower) == (1, None)
    build_another(archive, 2)
    wait_until(lambda: numbers_held(follower) == (2, None))
    publish(archive.data, 1)
    wait_until(lambda: numbers_held(follower) == (1, None))


def test_follower_serves_after_the_first_build(settings: Settings, tmp_path: Path) -> None:
    follower = Follower(settings.data, MODEL)
    follower.follow(lambda _snapshot: None)
    try:
        for _ in range(2):
            with pytest.raises(IndexMissing):
                follower.held()
        archive = Archive(settings, tmp_path / "inbox")
        build_another(archive, 1)
        wait_until(lambda: follower._held)
        assert numbers_held(follower) == (1, None)
    finally:
        follower.close()


def test_follower_that_found_damage_alone_serves_once_it_is_mended(archive: Archive) -> None:
    path = snapshot_folder(archive.data, 1) / CATALOG
    whole = path.read_bytes()
    path.write_bytes(b"broken")
    follower = Follower(archive.data, MODEL)
    follower.follow(lambda _snapshot: None)
    try:
        with pytest.raises(IndexDamaged, match=CATALOG):
            follower.held()
        path.write_bytes(whole)
        wait_until(lambda: follower._held)
        assert numbers_held(follower) == (1, None)
    finally:
        follower.close()


def test_follower_opens_and_warms_a_snapshot_before_it_serves(archive: Archive) -> None:
    warmed: list[tuple[int, bool]] = []
    follower = Follower(archive.data, MODEL)

    def warm(snapshot: Snapshot) -> None:
        held = follower._held
        warmed.append((snapshot.number, held is not None and held.snapshot.number == snapshot.number))

    follower.follow(warm)
    try:
        build_another(archive, 2)
        wait_until(lambda: numbers_held(follower) == (2, None))
    finally:
        follower.close()
    assert warmed == [(1, False), (2, False)]


def test_follower_refuses_a_damaged_snapshot_once_and_tries_again_when_current_changes(
    follower: Follower, archive: Archive, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []
    real = open_snapshot

    def noted(data: Path, number: int) -> Snapshot:
        opened.append(number)
        return real(data, number)

    monkeypatch.setattr(following, "open_snapshot", noted)
    with monkeypatch.context() as still:
        still.setattr(following, "_signature", lambda _data: follower._seen)  # looks away while we damage
        build_another(archive, 2)
        break_catalog(archive, 2)
    wait_until(lambda: numbers_held(follower) == (1, 2))
    time.sleep(5 * following.POLL_S)
    assert opened == [2]
    refusals = [log.getMessage() for log in caplog.records if log.levelname == "ERROR"]
    assert len(refusals) == 1
    assert CATALOG in refusals[0]

    publish(archive.data, 1)
    wait_until(lambda: numbers_held(follower) == (1, None))
    assert opened == [2]
    publish(archive.data, 2)
    wait_until(lambda: numbers_held(follower) == (1, 2))
    assert opened == [2, 2]


def test_snapshot_that_was_replaced_and_removed_while_it_opened_is_no_damage(
    follower: Follower, archive: Archive, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(data: Path, number: int) -> Snapshot:
        if number == 2:
            build_another(archive, 3)
            shutil.rmtree(snapshot_folder(data, 2))
        return open_snapshot(data, number)

    monkeypatch.setattr(following, "open_snapshot", late)
    build_another(archive, 2)
    wait_until(lambda: numbers_held(follower) == (3, None))
    assert "cannot serve" not in caplog.text


def test_held_snapshot_serves_on_after_its_folder_is_gone(archive: Archive) -> None:
    service = Service(archive.settings, FakeEncoder(), FakeSpans())
    service.follow()
    service.close()
    shutil.rmtree(archive.data)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(service.answer, [ASKED] * 8))
    assert {answer.snapshot for answer in answers} == {1}
    assert all(article.id == "ferry" for article in service.newest(3))


def write_format(archive: Archive, number: int, found: int) -> None:
    path = snapshot_folder(archive.data, number) / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "format": found}), encoding="utf-8")


def test_snapshot_of_a_newer_format_does_not_replace_what_serves(archive: Archive) -> None:
    follower = Follower(archive.data, MODEL)
    assert numbers_held(follower) == (1, None)
    build_another(archive, 2)
    write_format(archive, 2, 999)
    assert numbers_held(follower) == (1, 2)
    degraded = follower.held().degraded
    assert degraded is not None
    assert degraded.code == "index_mismatch"


def test_snapshot_of_another_model_does_not_replace_what_serves(archive: Archive) -> None:
    follower = Follower(archive.data, MODEL)
    assert numbers_held(follower) == (1, None)
    archive.encoder = FakeEncoder("other")
    build_another(archive, 2)
    assert numbers_held(follower) == (1, 2)


@pytest.mark.parametrize("make_unusable", [lambda path: path.unlink(), lambda path: path.write_text("two")])
def test_current_that_cannot_be_read_stops_nothing(
    archive: Archive, make_unusable: Callable[[Path], object]
) -> None:
    follower = Follower(archive.data, MODEL)
    assert numbers_held(follower) == (1, None)
    make_unusable(archive.data / CURRENT)
    held = follower.held()
    assert held.snapshot.number == 1
    assert held.degraded is not None
    assert held.degraded.snapshot is None


def test_index_that_was_made_anew_serves_although_its_number_is_the_same(
    archive: Archive,
) -> None:
    follower = Follower(archive.data, MODEL)
    assert follower.held().snapshot.catalog.counts() == (1, 1)
    shutil.rmtree(archive.data)
    archive.write("b.jsonl", record("other", "渡口停航。"))
    archive.build()
    assert numbers_held(follower) == (1, None)
    assert follower.held().snapshot.catalog.counts()[0] == 2


def test_follower_lives_on_after_an_error_that_nobody_foresaw(
    follower: Follower, archive: Archive, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_data: Path, _number: int) -> Snapshot:
        raise MemoryError

    with monkeypatch.context() as broken:
        broken.setattr(following, "open_snapshot", fail)
        build_another(archive, 2)
        wait_until(lambda: "could not be opened" in caplog.text)
        assert numbers_held(follower)[0] == 1
    build_another(archive, 3)
    wait_until(lambda: numbers_held(follower) == (3, None))


def test_closed_follower_holds_on_and_looks_no_more(follower: Follower, archive: Archive) -> None:
    thread = follower._thread
    assert thread is not None
    assert thread.is_alive()
    follower.close()
    assert not thread.is_alive()
    build_another(archive, 2)
    time.sleep(3 * following.POLL_S)
    assert numbers_held(follower) == (1, None)


def test_newest_older_whole_snapshot_steps_in_for_a_damaged_one(archive: Archive) -> None:
    for number in (2, 3):
        build_another(archive, number)
    break_catalog(archive, 3)
    snapshot, degraded = open_newest_good(archive.data, MODEL)
    assert snapshot.number == 2
    assert degraded is not None
    assert (degraded.snapshot, degraded.code) == (3, "index_damaged")
    assert CATALOG in degraded.detail
    break_catalog(archive, 2)
    assert open_newest_good(archive.data, MODEL)[0].number == 1


def test_snapshot_that_was_rolled_back_from_does_not_step_in(archive: Archive) -> None:
    build_another(archive, 2)
    build_another(archive, 3)
    publish(archive.data, 2)
    break_catalog(archive, 2)
    assert open_newest_good(archive.data, MODEL)[0].number == 1


def test_snapshot_of_another_model_does_not_step_in(archive: Archive) -> None:
    archive.encoder = FakeEncoder("other")
    build_another(archive, 2)
    break_catalog(archive, 2)
    assert open_newest_good(archive.data, MODEL)[0].number == 1
    assert open_newest_good(archive.data)[0].number == 1
    with pytest.raises(IndexDamaged, match=CATALOG):
        open_newest_good(archive.data, "other")


def test_published_snapshot_of_another_model_or_version_is_said_so_although_an_older_one_fits(
    archive: Archive,
) -> None:
    archive.encoder = FakeEncoder("other")
    build_another(archive, 2)
    with pytest.raises(IndexMismatch):
        open_newest_good(archive.data, MODEL)
    write_format(archive, 2, 999)
    with pytest.raises(IndexMismatch):
        open_newest_good(archive.data, "other")


@pytest.mark.parametrize(("current", "wanted"), [("nonsense", None), ("", None), ("7\n", 7)])
def test_current_that_names_nothing_is_replaced_by_the_newest_whole_snapshot(
    archive: Archive, current: str, wanted: int | None
) -> None:
    build_another(archive, 2)
    (archive.data / CURRENT).write_text(current, encoding="ascii")
    snapshot, degraded = open_newest_good(archive.data, MODEL)
    assert snapshot.number == 2
    assert degraded is not None
    assert (degraded.snapshot, degraded.code) == (wanted, "index_damaged")


def test_index_without_a_whole_snapshot_is_damaged(archive: Archive) -> None:
    build_another(archive, 2)
    for number in (1, 2):
        break_catalog(archive, number)
    with pytest.raises(IndexDamaged, match=CATALOG):
        open_newest_good(archive.data, MODEL)


def test_service_that_started_with_an_older_snapshot_says_so(archive: Archive) -> None:
    build_another(archive, 2)
    break_catalog(archive, 2)
    status = Service(archive.settings, FakeEncoder(), FakeSpans()).status()
    assert status.snapshot == 1
    assert isinstance(status.degraded, Degraded)
    assert status.to_json()["degraded"]["snapshot"] == 2


def test_requests_go_on_with_the_old_snapshot_while_a_new_one_opens(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening takes until the requests are through: had one waited for it, it would wait for ever."""
    service = Service(archive.settings, FakeEncoder(), FakeSpans())
    service.follow()
    opening, answered = threading.Event(), threading.Event()
    real = open_snapshot

    def slowly(data: Path, number: int) -> Snapshot:
        opening.set()
        assert answered.wait(WAIT_S)
        return real(data, number)

    monkeypatch.setattr(following, "open_snapshot", slowly)
    try:
        build_another(archive, 2)
        assert opening.wait(WAIT_S)
        for _ in range(20):
            assert service.answer(ASKED).snapshot == 1
            assert service.status().snapshot == 1
        answered.set()
        wait_until(lambda: service.status().snapshot == 2)
    finally:
        answered.set()
        service.close()


def test_every_answer_under_load_is_of_one_snapshot_while_builds_publish_and_roll_back(
    archive: Archive,
) -> None:
    eager = archive.settings.model_copy(update={"min_confidence": 0.0, "keep_snapshots": 3})
    service = Service(eager, FakeEncoder(), FakeSpans())
    service.follow()
    wrong: list[str] = []
    seen: set[int] = set()
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                answer = service.answer(ASKED)
                found = service.search(ASKED)
            except Exception as error:  # noqa: BLE001 - whatever it is, the test must fail
                wrong.append(repr(error))
                return
            seen.add(answer.snapshot)
            if f"一次能坐{answer.snapshot}百人" not in answer.text:
                wrong.append(f"{answer.snapshot}: {answer.text}")
            if f"一次能坐{found.snapshot}百人" not in found.hits[0].passage.text:
                wrong.append(f"{found.snapshot}: {found.hits[0].passage.text}")

    def serves(number: int) -> bool:
        return service.status().snapshot == number

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for number in range(2, 9):
            build_another(archive, number)
            wait_until(partial(serves, number))
        publish(archive.data, 7)
        wait_until(partial(serves, 7))
    finally:
        done.set()
        for thread in threads:
            thread.join()
        service.close()
    assert wrong == []
    assert len(seen) > 3
