"""Following folders: with real files and in real time."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from embeddings import watch as watching
from embeddings.errors import IndexBusy, WenbaoError
from embeddings.watch import present, tree_of, watch

SETTLE_S = 0.2
# A machine may be busy; nothing waits so long when all is well.
PATIENCE_S = 20.0


class Follower:
    """A watch that runs in a thread; what it found under the folder at every build, as names and contents."""

    def __init__(self, *paths: Path) -> None:
        self.paths = paths
        self.builds: list[dict[str, str]] = []
        self.errors: list[WenbaoError] = []
        self.raises: list[Exception] = []
        self.during: Callable[[], object] = lambda: None
        self.retry_s = 60.0
        self.stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        watch(
            self.paths,
            self._rebuild,
            settle_s=SETTLE_S,
            stop=self.stop,
            retry_s=self.retry_s,
            failed=self.errors.append,
        )

    def _rebuild(self) -> None:
        files = (path for root in self.paths for path in [root, *root.rglob("*")] if path.is_file())
        found = {path.name: path.read_text() for path in files}
        during, self.during = self.during, lambda: None
        during()
        self.builds.append(found)
        if self.raises:
            raise self.raises.pop()

    def start(self) -> Follower:
        self._thread.start()
        return self

    def end(self) -> None:
        self.stop.set()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def builds_after(self, count: int) -> list[dict[str, str]]:
        """The builds, once there are more than `count`."""
        wait_until(lambda: len(self.builds) > count)
        return self.builds

    def rests(self) -> bool:
        """Whether no further build comes."""
        count = len(self.builds)
        time.sleep(4 * SETTLE_S)
        return len(self.builds) == count


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.01)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "版面"
    folder.mkdir()
    (folder / "01.txt").write_text("一")
    return folder


@pytest.fixture
def follower(folder: Path) -> Iterator[Follower]:
    """Follows the folder, and has built once."""
    follower = Follower(folder).start()
    try:
        assert follower.builds_after(0) == [{"01.txt": "一"}]
        yield follower
    finally:
        follower.end()


def test_file_that_comes_is_built_once(follower: Follower, folder: Path) -> None:
    (folder / "02.txt").write_text("二")
    assert follower.builds_after(1)[1] == {"01.txt": "一", "02.txt": "二"}
    assert follower.rests()


def test_files_that_come_together_are_built_together(follower: Follower, folder: Path) -> None:
    for number in range(2, 30):
        (folder / f"{number:02}.txt").write_text("版")
        time.sleep(SETTLE_S / 20)
    assert len(follower.builds_after(1)[1]) == 29
    assert follower.rests()


def test_file_that_is_being_written_is_waited_for(follower: Follower, folder: Path) -> None:
    with (folder / "02.txt").open("w") as file:
        for _ in range(10):
            file.write("字")
            file.flush()
            time.sleep(SETTLE_S / 2)
    assert follower.builds_after(1)[1]["02.txt"] == "字" * 10
    assert len(follower.builds) == 2


@pytest.mark.parametrize(
    "name", ["02.txt.part", "02.txt.tmp", "02.txt~", ".02.txt.Xy7", "~$02.docx", "02.doc"]
)
def test_names_of_files_that_are_not_whole_or_no_input_start_no_build(
    follower: Follower, folder: Path, name: str
) -> None:
    (folder / name).write_text("二")
    assert follower.rests()
    (folder / name).rename(folder / "02.txt")
    assert follower.builds_after(1)[1]["02.txt"] == "二"


def test_file_that_is_replaced_by_a_rename_is_built_again(follower: Follower, folder: Path) -> None:
    before = (folder / "01.txt").stat()
    (folder / ".01.txt.new").write_text("壹")
    os.utime(folder / ".01.txt.new", ns=(before.st_atime_ns, before.st_mtime_ns))  # as rsync does
    (folder / ".01.txt.new").replace(folder / "01.txt")
    assert follower.builds_after(1)[1] == {"01.txt": "壹"}


def test_file_that_is_deleted_starts_a_build(follower: Follower, folder: Path) -> None:
    (folder / "01.txt").unlink()
    assert follower.builds_after(1)[1] == {}


def test_files_in_new_folders_are_built(follower: Follower, folder: Path) -> None:
    deep = folder / "2026-03-02" / "稿件"
    deep.mkdir(parents=True)
    time.sleep(SETTLE_S)
    (deep / "消息.txt").write_text("稿")
    assert follower.builds_after(1)[1] == {"01.txt": "一", "消息.txt": "稿"}


def test_folder_that_is_moved_in_is_built(follower: Follower, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "外面").mkdir()
    (tmp_path / "外面" / "09.txt").write_text("九")
    (tmp_path / "外面").rename(folder / "里面")
    assert follower.builds_after(1)[1] == {"01.txt": "一", "09.txt": "九"}


@pytest.mark.parametrize("name", ["issue.toml", "01.marks.toml"])
def test_files_that_change_how_pages_are_read_start_a_build(
    follower: Follower, folder: Path, name: str
) -> None:
    (folder / name).write_text("")
    assert name in follower.builds_after(1)[1]


def test_change_during_a_build_starts_the_next(follower: Follower, folder: Path) -> None:
    follower.during = lambda: (folder / "03.txt").write_text("三")
    (folder / "02.txt").write_text("二")
    assert follower.builds_after(2)[1:] == [
        {"01.txt": "一", "02.txt": "二"},
        {"01.txt": "一", "02.txt": "二", "03.txt": "三"},
    ]
    assert follower.rests()


def test_folder_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    later = tmp_path / "以后" / "版面"
    follower = Follower(later).start()
    try:
        assert follower.rests()
        later.mkdir(parents=True)
        (later / "01.txt").write_text("一")
        wait_until(lambda: {"01.txt": "一"} in follower.builds)
    finally:
        follower.end()


def test_folder_that_vanishes_starts_no_build_and_is_followed_when_it_is_back(
    follower: Follower, folder: Path, tmp_path: Path
) -> None:
    folder.rename(tmp_path / "拔下")
    assert follower.rests()
    (tmp_path / "拔下").rename(folder)
    (folder / "02.txt").write_text("二")
    assert follower.builds_after(1)[-1] == {"01.txt": "一", "02.txt": "二"}
    shutil.rmtree(folder)
    assert follower.rests()
    folder.mkdir()
    (folder / "05.txt").write_text("五")
    wait_until(lambda: follower.builds[-1] == {"05.txt": "五"})


def test_single_file_is_followed_through_replacements(tmp_path: Path) -> None:
    path = tmp_path / "稿.jsonl"
    path.write_text("一")
    follower = Follower(path).start()
    try:
        follower.builds_after(0)
        for text in ("二", "三"):
            (tmp_path / "新").write_text(text)
            (tmp_path / "新").replace(path)
            wait_until(lambda text=text: follower.builds[-1] == {"稿.jsonl": text})  # type: ignore[misc]
    finally:
        follower.end()


def test_build_that_fails_is_told_and_tried_again_with_the_next_change(
    follower: Follower, folder: Path
) -> None:
    follower.raises = [IndexBusy("正忙。")]
    (folder / "02.txt").write_text("二")
    wait_until(lambda: len(follower.errors) == 1)
    assert follower.rests()
    (folder / "03.txt").write_text("三")
    assert "03.txt" in follower.builds_after(2)[2]
    assert len(follower.errors) == 1


def test_build_that_fails_is_tried_again_after_a_while(folder: Path) -> None:
    follower = Follower(folder)
    follower.retry_s = 2 * SETTLE_S
    follower.raises = [IndexBusy("正忙。"), IndexBusy("正忙。")]
    follower.start()
    try:
        assert follower.builds_after(2) == [{"01.txt": "一"}] * 3
        assert len(follower.errors) == 2
        assert follower.rests()
    finally:
        follower.end()


def test_stop_ends_a_watch_that_waits_within_a_moment(follower: Follower) -> None:
    started = time.monotonic()
    follower.end()
    assert time.monotonic() - started < 5


def test_stop_during_a_build_lets_it_finish(follower: Follower, folder: Path) -> None:
    follower.during = follower.stop.set
    (folder / "02.txt").write_text("二")
    assert len(follower.builds_after(1)) == 2
    (folder / "03.txt").write_text("三")
    assert follower.rests()


def test_changes_are_found_without_notices(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_to_be_had(*_: object) -> Iterator[bool]:
        raise OSError("no space left for watches")

    monkeypatch.setattr(watching, "_notices_of", none_to_be_had)
    monkeypatch.setattr(watching, "LOOK_AGAIN_S", 2 * SETTLE_S)
    follower = Follower(folder).start()
    try:
        follower.builds_after(0)
        (folder / "02.txt").write_text("二")
        assert follower.builds_after(1)[1] == {"01.txt": "一", "02.txt": "二"}
    finally:
        follower.end()


def test_present_leaves_out_what_is_not_there(folder: Path, tmp_path: Path) -> None:
    assert present([tmp_path / "nowhere", folder, Path("a\0b")]) == [folder]


def test_tree_passes_over_links_to_nothing_and_hidden_folders(folder: Path) -> None:
    (folder / "02.txt").symlink_to(folder / "nowhere")
    (folder / ".git").mkdir()
    (folder / ".git" / "03.txt").write_text("三")
    assert list(tree_of([folder])[folder]) == [str(folder / "01.txt")]
