"""Follow folders: build again whenever files under them have changed and come to rest.

Notices of the operating system only wake the watcher; what has changed is told by comparing the files'
marks with those of the last build. So nothing is missed that happens while a build runs, where a notice
is lost, or on a share that sends none.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from embeddings.errors import WenbaoError
from embeddings.sidecar import SIDECAR_SUFFIX, sidecars_of
from embeddings.sources.formats import format_of, issue_folders
from embeddings.sources.names import NOT_INPUT_FOLDER
from embeddings.sources.place import ISSUE_FILE

SETTLE_S = 2.0
RETRY_S = 30.0
# Files are looked at so often even if no notice comes.
LOOK_AGAIN_S = 30.0

# Whether a root has come, gone or been replaced is looked at so often.
_ROOTS_S = 0.5
# What editors, browsers and copying programs call a file that is not whole yet.
_UNFINISHED = re.compile(
    r"[.~].*|.*~|.*\.(part|partial|tmp|temp|crdownload|download|filepart|swp|bak)", re.IGNORECASE
)

# Size, time of the last change of the content and of the entry, and inode of a file.
Mark = tuple[int, int, int, int]
# The marks of the files under every root that is there.
Tree = dict[Path, dict[str, Mark]]
Failed = Callable[[WenbaoError], None]

logger = logging.getLogger(__name__)


def _log(error: WenbaoError) -> None:
    logger.warning("the build failed and will be tried again: %s", error)


def watch(
    paths: Sequence[Path],
    rebuild: Callable[[], None],
    *,
    settle_s: float = SETTLE_S,
    stop: threading.Event,
    retry_s: float = RETRY_S,
    failed: Failed = _log,
) -> None:
    """Call `rebuild` at first and after every batch of changes, until `stop` is set.

    A batch is over when nothing under `paths` has changed for `settle_s`. A path that is not there is
    waited for; that one vanishes is no change, as an unmounted disk has deleted nothing (see `present`).
    An error of ours from `rebuild` is told to `failed`, and the build tried again after the next change or
    `retry_s`.
    """
    watching = _Watching(paths, rebuild, retry_s, failed)
    notices = _notices(paths, min(settle_s, _ROOTS_S), stop)
    next(notices, None)  # from here on no change goes unnoticed
    while not stop.is_set():
        quiet_s = watching.look()
        if not watching.is_due():
            _wait(notices, watching)
        elif quiet_s < settle_s:
            stop.wait(settle_s - quiet_s)
        else:
            watching.build()


def present(paths: Sequence[Path]) -> list[Path]:
    """Those of the paths that are there now: what a build with `prune` may take for the truth."""
    return [path for path in paths if os.path.exists(path)]  # noqa: PTH110 - never raises


class _Watching:
    """What was seen and what was built."""

    def __init__(
        self, paths: Sequence[Path], rebuild: Callable[[], None], retry_s: float, failed: Failed
    ) -> None:
        self._paths = paths
        self._rebuild = rebuild
        self._retry_s = retry_s
        self._failed = failed
        self._seen: Tree = {}
        self._seen_at = self._looked_at = time.monotonic()
        self._tried: Tree | None = None
        self._retry_at: float | None = None

    def look(self) -> float:
        """Look at the files; for how many seconds nothing has changed."""
        self._looked_at = time.monotonic()
        tree = tree_of(self._paths)
        if tree != self._seen:
            self._seen, self._seen_at = tree, self._looked_at
        return self._looked_at - self._seen_at

    def is_due(self) -> bool:
        """Whether there is something to build that has not been tried just now."""
        if not self._seen:
            return False
        if self._retry_at is not None and time.monotonic() >= self._retry_at:
            return True
        # A root that is gone keeps the marks it had.
        return {**(self._tried or {}), **self._seen} != self._tried

    def build(self) -> None:
        """Build what was seen last."""
        self._tried, self._retry_at = {**(self._tried or {}), **self._seen}, None
        try:
            self._rebuild()
        except WenbaoError as error:
            self._retry_at = time.monotonic() + self._retry_s
            self._failed(error)

    def looks_again(self) -> bool:
        """Whether it is time to look although no notice came."""
        now = time.monotonic()
        retries = self._retry_at is not None and now >= self._retry_at
        return retries or now >= self._looked_at + LOOK_AGAIN_S


def _wait(notices: Iterator[bool], watching: _Watching) -> None:
    """Wait for a notice, the time of another try, or that of another look."""
    for noticed in notices:
        if noticed or watching.looks_again():
            return


def tree_of(paths: Sequence[Path]) -> Tree:
    """The marks of every file that a build would look at, by root; without roots that are not there."""
    return {root: dict(_marks(root)) for root in present(paths)}


def _marks(root: Path) -> Iterator[tuple[str, Mark]]:
    for path in _inputs(root):
        try:
            found = path.stat()
        except OSError:  # it is gone again, or a link to nothing
            continue
        yield str(path), (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _inputs(root: Path) -> Iterator[Path]:
    if not os.path.isdir(root):  # noqa: PTH112 - never raises
        yield root
        yield from sidecars_of(root)
        yield from (folder / ISSUE_FILE for folder in issue_folders(root.absolute()))
        return
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [name for name in subfolders if not NOT_INPUT_FOLDER.fullmatch(name)]
        yield from (path for path in (Path(folder, name) for name in names) if _matters(path))


def _matters(path: Path) -> bool:
    """Whether a build looks at a file inside a folder; not while its name says that it is not whole."""
    if _UNFINISHED.fullmatch(path.name):
        return False
    return format_of(path) is not None or path.name == ISSUE_FILE or path.name.endswith(SIDECAR_SUFFIX)


def _notices(paths: Sequence[Path], every_s: float, stop: threading.Event) -> Iterator[bool]:
    """Whether something may have changed: about every `every_s` seconds, and at once where a notice comes.

    Ends when `stop` is set.
    """
    while not stop.is_set():
        roots = _identities(paths)
        is_new = True  # what happened before it watched can only be seen by looking
        try:
            for noticed in _notices_of(list(roots), every_s, stop):
                yield noticed or is_new
                is_new = False
                if _identities(paths) != roots:
                    break
        except (OSError, RuntimeError):  # no more watches to be had, or a root went this very moment
            logger.info("no notices of changes", exc_info=True)
            stop.wait(every_s)
            yield False


def _notices_of(roots: Sequence[Path], every_s: float, stop: threading.Event) -> Iterator[bool]:
    if not roots:
        while not stop.wait(every_s):
            yield False
        return
    # Imported here and not above: commands that watch nothing go without.
    import watchfiles

    every_ms = max(1, int(every_s * 1000))
    changes = watchfiles.watch(
        *roots,
        watch_filter=None,
        debounce=every_ms,
        rust_timeout=every_ms,
        yield_on_timeout=True,
        stop_event=stop,
        ignore_permission_denied=True,
    )
    yield from (bool(change) for change in changes)


def _identities(paths: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """Device and inode of the roots that are there: another folder of that name needs another watch."""
    found = {}
    for path in paths:
        with contextlib.suppress(OSError, ValueError):
            entry = path.stat()
            found[path] = (entry.st_dev, entry.st_ino)
    return found
