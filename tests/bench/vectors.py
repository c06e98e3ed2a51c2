"""How the dense index grows: time, recall, memory and cost of a change by the count of rows.

    python -m tests.bench.vectors [--sizes 1000 10000 100000] [--vectors FILE.npy] [--questions FILE.npy]

`--vectors` are real rows, float32 [n, dimension], `--questions` real questions as vectors. Beyond the real
rows, further ones are drawn round them: same mean, same covariance, and as far from
the row they are drawn round as a real row is from its nearest neighbour. Without real ones all rows and
questions are drawn from clusters, and the report says so.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np

from embeddings.encoder import Vectors
from embeddings.index.catalog import Keys
from embeddings.index.coarse import open_coarse, write_coarse
from embeddings.index.segments import Segment
from embeddings.index.vectors import VectorIndex, write_vectors

SIZES = (1000, 10_000, 100_000, 175_000, 1_000_000)
DIMENSION = 384
QUESTIONS = 200
ADDED = 200
CLIENTS = 16
# Share of a drawn row that is new; 0.7 gives a cosine of 0.961 to the row it is drawn round, where a real row
# has a median of 0.960 to its nearest neighbour.
DRAWN_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class Growth:
    """What one size costs; times are medians.

    Memory is what opening the index and asking all questions adds to a process: its own, which it needs,
    and pages of mapped files, which the system may take back. Exact search maps all of `rows_file_mb`.
    """

    rows: int
    write_s: float
    coarse_build_s: float
    add_200_s: float
    open_ms: float
    exact_ms: float
    coarse_ms: float
    coarse_top100_ms: float
    half_filtered_ms: float
    recall_at_10: float
    recall_at_100: float
    queries_per_s: float
    queries_per_s_16_clients: float
    coarse_file_mb: float
    anonymous_mb: float
    mapped_mb: float
    rows_file_mb: float


def drawn(real: Vectors, count: int) -> Vectors:
    """The first rows of `real`, then rows drawn round them; float32 [count, dimension], unit rows."""
    real = real / np.linalg.norm(real, axis=1, keepdims=True)
    mean = real.mean(axis=0)
    spread = np.linalg.cholesky(np.cov(real - mean, rowvar=False) + 1e-9 * np.eye(real.shape[1]))
    chance = np.random.default_rng(7)
    rows = np.empty((count, real.shape[1]), np.float32)
    rows[: len(real)] = real[:count]
    for start in range(len(real), count, len(real)):
        size = min(len(real), count - start)
        noise = chance.standard_normal((size, real.shape[1]), np.float32) @ spread.T.astype(np.float32)
        made = mean + np.sqrt(1 - DRAWN_SHARE**2) * (real[:size] - mean) + DRAWN_SHARE * noise
        rows[start : start + size] = made / np.linalg.norm(made, axis=1, keepdims=True)
    return rows


def clustered(count: int, seed: int) -> Vectors:
    """Unit rows in clusters about one direction, with cosines as an encoder's; one seed, one set of rows."""
    chance = np.random.default_rng(seed)
    centres = 1 + 0.35 * np.random.default_rng(11).standard_normal((500, DIMENSION), np.float32)
    rows = centres[chance.integers(0, 500, count)]
    rows += 0.2 * chance.standard_normal(rows.shape, np.float32)
    unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def measure(rows: Vectors, questions: Vectors, folder: Path) -> Growth:
    """Write, change, open and ask an index of these rows."""
    count, dimension = rows.shape
    keys = np.arange(1, count + 1, dtype=np.int64)
    started = time.perf_counter()
    write_vectors(folder / "one", base=None, dimension=dimension, dropped=keys[:0], keys=keys, vectors=rows)
    write_s = time.perf_counter() - started
    started = time.perf_counter()
    checksum = write_coarse(folder / "coarse", rows)
    coarse_build_s = time.perf_counter() - started
    add_200_s = median(_add(folder, keys, questions) for _ in range(3))
    anonymous_mb, mapped_mb = _in_fresh_process(folder / "one", questions)
    started = time.perf_counter()
    index = VectorIndex.open(folder / "one")
    open_ms = 1000 * (time.perf_counter() - started)
    (segment,) = index.segments
    if segment.coarse is None:
        segment = replace(segment, coarse=open_coarse(folder / "coarse", checksum, count))
    exactly = replace(segment, coarse=None)
    coarse_ms = _median_ms(questions, lambda vector: segment.search(vector, 10, None))
    top100_ms = _median_ms(questions, lambda vector: segment.search(vector, 100, None))
    half = keys[::2]
    half_ms = _median_ms(questions, lambda vector: index.search(vector, 100, half))
    alone, together = _throughput(index, questions, 1), _throughput(index, questions, CLIENTS)
    return Growth(
        rows=count,
        write_s=write_s,
        coarse_build_s=coarse_build_s,
        add_200_s=add_200_s,
        open_ms=open_ms,
        exact_ms=_median_ms(questions[:50], lambda vector: exactly.search(vector, 100, None)),
        coarse_ms=coarse_ms,
        coarse_top100_ms=top100_ms,
        half_filtered_ms=half_ms,
        recall_at_10=_recall(segment, exactly, questions, 10),
        recall_at_100=_recall(segment, exactly, questions, 100),
        queries_per_s=alone,
        queries_per_s_16_clients=together,
        coarse_file_mb=(folder / "coarse").stat().st_size / 1e6,
        anonymous_mb=anonymous_mb,
        mapped_mb=mapped_mb,
        rows_file_mb=rows.nbytes / 1e6,
    )


def _add(folder: Path, keys: Keys, questions: Vectors) -> float:
    target = Path(tempfile.mkdtemp(dir=folder)) / "two"
    added = np.resize(questions, (ADDED, questions.shape[1]))
    fresh = np.arange(keys[-1] + 1, keys[-1] + 1 + ADDED, dtype=np.int64)
    started = time.perf_counter()
    write_vectors(
        target,
        base=folder / "one",
        dimension=questions.shape[1],
        dropped=keys[:20],
        keys=fresh,
        vectors=added,
    )
    return time.perf_counter() - started


def _median_ms(questions: Vectors, ask: Callable[[Vectors], object]) -> float:
    def timed() -> Iterator[float]:
        for vector in questions:
            started = time.perf_counter()
            ask(vector)
            yield time.perf_counter() - started

    ask(questions[0])
    return 1000 * median(timed())


def _recall(coarse: Segment, exactly: Segment, questions: Vectors, k: int) -> float:
    found = 0
    for vector in questions:
        keys, scores = coarse.search(vector, k, None)
        best = keys[np.argsort(-scores, kind="stable")[:k]]
        found += len(np.intersect1d(best, exactly.search(vector, k, None)[0]))
    return found / (len(questions) * min(k, len(exactly.keys)))


def _throughput(index: VectorIndex, questions: Vectors, clients: int) -> float:
    """Queries a second for the best 100 with so many threads asking at once."""

    def ask(number: int) -> None:
        for vector in questions[number::clients]:
            index.search(vector, 100)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(questions) / (time.perf_counter() - started)


def _in_fresh_process(folder: Path, questions: Vectors) -> tuple[float, float]:
    """Resident memory that the index adds to a process that has none yet."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_resident_after, folder, questions).result()


def _resident_after(folder: Path, questions: Vectors) -> tuple[float, float]:
    own, mapped = _resident_mb()
    index = VectorIndex.open(folder)
    for vector in questions:
        index.search(vector, 100)
    own_after, mapped_after = _resident_mb()
    return own_after - own, mapped_after - mapped


def _resident_mb() -> tuple[float, float]:
    """Resident memory of this process: its own, and mapped files'."""
    text = Path("/proc/self/status").read_text(encoding="ascii")
    fields = dict(line.split(":", 1) for line in text.splitlines())
    own, mapped = (int(fields[name].split()[0]) / 1024 for name in ("RssAnon", "RssFile"))
    return own, mapped


def exponent(sizes: Sequence[int], costs: Sequence[float]) -> float:
    """The power of the size that a cost grows with: least squares over logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(np.maximum(costs, 1e-6)), 1)[0])


TIMES = ("exact_ms", "coarse_ms", "coarse_top100_ms", "half_filtered_ms", "add_200_s", "open_ms", "write_s")


def plot(found: Sequence[Growth], path: Path) -> None:
    """Draw each time over the count of rows, both on logarithmic scales."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 5))
    sizes = [growth.rows for growth in found]
    for name in TIMES:
        scale = 1000 if name.endswith("_s") else 1
        costs = [scale * getattr(growth, name) for growth in found]
        label = f"{name.rsplit('_', 1)[0]}: n^{exponent(sizes, costs):.2f}" if len(sizes) > 1 else name
        axes.loglog(sizes, costs, marker="o", label=label)
    axes.set(xlabel="rows", ylabel="ms", title="Dense index")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120, bbox_inches="tight")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    real = np.load(options.vectors, allow_pickle=False).astype(np.float32) if options.vectors else None
    if options.questions:
        questions = np.load(options.questions, allow_pickle=False).astype(np.float32)[:QUESTIONS]
    else:
        questions = (
            clustered(QUESTIONS, 3) if real is None else drawn(real, len(real) + QUESTIONS)[-QUESTIONS:]
        )
    found = []
    for size in sorted(options.sizes):
        rows = clustered(size, 5) if real is None else drawn(real, size)
        with tempfile.TemporaryDirectory() as folder:
            found.append(measure(rows, questions, Path(folder)))
    sizes = [growth.rows for growth in found]
    powers = {name: round(exponent(sizes, [getattr(g, name) for g in found]), 3) for name in TIMES}
    report = {
        "vectors": "real, and drawn round them" if real is not None else "drawn from clusters, not real",
        "questions": "real" if options.questions else "drawn",
        "sizes": [{name: round(value, 4) for name, value in asdict(growth).items()} for growth in found],
        "exponents": powers if len(sizes) > 1 else {},
    }
    print(json.dumps(report, indent=2))
    if options.plot:
        plot(found, options.plot)


if __name__ == "__main__":
    main()
