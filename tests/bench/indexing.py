"""What a build costs beside embedding, by the size of the archive: `python -m tests.bench.indexing`.

For each size: the first build without embedding, and its share of a first build with it (at the passages a
second given by --rate); a build with nothing new; one new issue of 80 articles; from open to ready; memory.
Vectors cost next to nothing here (`tests.bench.archives`). One JSON object a size.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from embeddings.build import build
from embeddings.index.snapshot import open_current
from embeddings.records import Filters
from embeddings.settings import Settings, load_settings
from tests.bench.archives import RecalledEncoder, write_archive

ISSUE_PASSAGES = 200  # of 80 articles
ROUNDS = 5
MIB = 1 << 20


def main() -> None:
    """Measure every size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="*", type=int, default=[1000, 10_000, 175_000])
    parser.add_argument("--rate", type=float, default=40.0, help="passages embedded a second")
    parser.add_argument("--open", type=Path, help="(used by itself) open this data folder and tell the cost")
    given = parser.parse_args()
    if given.open:
        print(json.dumps(_open(given.open)))
        return
    for size in given.sizes:
        with tempfile.TemporaryDirectory(prefix="wenbao-bench-") as folder:
            print(json.dumps(_measure(Path(folder), size, given.rate)), flush=True)


def _measure(folder: Path, size: int, rate: float) -> dict[str, Any]:
    shared = Path(os.environ.get("SHARED", "../shared")) / "data"
    inbox, settings, encoder = folder / "inbox", load_settings(data=folder / "data"), RecalledEncoder()
    write_archive(inbox, size, shared)
    first_s, report = _timed(lambda: build([inbox], settings, encoder))
    nothing_s = [_timed(lambda: build([inbox], settings, encoder))[0] for _ in range(ROUNDS)]
    issues_s = []
    for number in range(ROUNDS):
        write_archive(inbox, ISSUE_PASSAGES, shared, seed=number + 1, name=f"issue{number}")
        issues_s.append(_timed(lambda: build([inbox], settings, encoder))[0])
    opened = [_opened(settings) for _ in range(3)]
    ready_s = statistics.median(one["ready_s"] for one in opened)
    resident = statistics.median(one["resident_mib"] for one in opened)
    return {
        "passages": report.passages,
        "first_build_s": round(first_s, 1),
        "share_not_embedding": round(first_s / (first_s + report.passages / rate), 4),
        "nothing_new_s": round(statistics.median(nothing_s), 3),
        "one_issue_s": round(statistics.median(issues_s), 2),
        "one_issue_max_s": round(max(issues_s), 2),
        "open_to_ready_s": round(ready_s, 2),
        "resident_mib": round(resident),
        "resident_mib_per_million": round(resident / report.passages * 1e6),
        "on_disk_mib": round(sum(p.stat().st_size for p in _newest(settings).rglob("*")) / MIB),
    }


def _timed(action: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = action()
    return time.perf_counter() - started, result


def _newest(settings: Settings) -> Path:
    return max(path for path in (settings.data / "snapshots").iterdir() if path.name.isdigit())


def _opened(settings: Settings) -> dict[str, float]:
    """In a process of its own, so that nothing is in its memory before."""
    command = [sys.executable, "-m", "tests.bench.indexing", "--open", str(settings.data)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def _open(data: Path) -> dict[str, float]:
    before = _resident()
    started = time.perf_counter()
    snapshot = open_current(data)
    ready_s = time.perf_counter() - started
    encoder = RecalledEncoder()
    for number in range(50):
        snapshot.vectors.search(encoder.encode_query(str(number)), 100)
        snapshot.terms.search({"pairs": ["今年", "记者"]}, 100, Filters())
    return {"ready_s": ready_s, "resident_mib": (_resident() - before) / MIB}


def _resident() -> int:
    """Bytes of memory that are this process's own; pages of mapped files belong to the machine."""
    fields = dict(
        line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    )
    return int(fields["RssAnon"].split()[0]) * 1024


if __name__ == "__main__":
    main()
