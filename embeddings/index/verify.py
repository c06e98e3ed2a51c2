"""Everything that must hold inside a snapshot, checked against its files: what `wenbao verify` reports.

A part with a damaged file is not read any further: what its checksum gives away, nothing else need tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import tantivy

from embeddings.errors import IndexDamaged, IndexMismatch
from embeddings.index.catalog import Keys
from embeddings.index.snapshot import (
    CATALOG,
    FORMAT_VERSION,
    MANIFEST,
    TERMS,
    VECTORS,
    Manifest,
    damaged_files,
    read_manifest,
)
from embeddings.index.vectors import VectorIndex
from embeddings.index.verify_catalog import CatalogCheck

# More findings than anyone reads; a thoroughly damaged index need not fill the memory with them.
FINDINGS_MAX = 1000
# Half precision rounds a unit vector by less.
LENGTH_ERROR_MAX = 1e-2

_BATCH_KEYS = 8192
_BATCH_TERMS = 1 << 16
_SHOWN_KEYS = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `place` names the file, article or passage; `code` is for programs."""

    code: str
    place: str
    detail: str

    def to_json(self) -> dict[str, str]:
        """The finding as a JSON object."""
        return asdict(self)


def verify_snapshot(folder: Path, cutting: str | None = None) -> list[Finding]:
    """What is wrong with the snapshot in this folder; empty when it is whole. At most `FINDINGS_MAX`.

    Where the passages were cut as `cutting` says (its fingerprint), each must hold what the encoder read. One
    that an older Wenbao wrote is checked against its checksums only.
    """
    return list(islice(_findings(folder, cutting), FINDINGS_MAX))


def _findings(folder: Path, cutting: str | None) -> Iterator[Finding]:
    try:
        manifest = read_manifest(folder)
    except (IndexDamaged, IndexMismatch) as error:
        yield Finding(error.code, MANIFEST, error.message)
        return
    damaged = damaged_files(folder, manifest)
    for name in damaged:
        yield Finding("damaged_file", name, "文件缺失或已损坏")
    yield from _strangers(folder, manifest)
    if manifest.format == FORMAT_VERSION:
        parts = {CATALOG, VECTORS, TERMS} - {name.partition("/")[0] for name in damaged}
        yield from _contents(folder, manifest, parts, cutting)


def _strangers(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """Files that nobody published."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            yield Finding("not_a_file", name, "不是普通文件")
        # Lock files of tantivy come and go with whoever opens the folder.
        elif path.is_dir() or name == MANIFEST or name in manifest.checksums:
            continue
        elif path.suffix != ".lock" or path.stat().st_size:
            yield Finding("unknown_file", name, "清单里没有这个文件")


def _contents(folder: Path, manifest: Manifest, parts: set[str], cutting: str | None) -> Iterator[Finding]:
    """What the whole parts hold, each for itself and against the others."""
    keys: dict[str, Keys] = {}
    if CATALOG in parts:
        catalog = CatalogCheck(folder / CATALOG, check_hashes=manifest.cutting == cutting)
        yield from (Finding(*problem) for problem in catalog.problems())
        yield from _counted("articles", CATALOG, catalog.articles, manifest.articles)
        keys[CATALOG] = catalog.keys
    if VECTORS in parts:
        yield from _vectors(folder, manifest, keys)
    if TERMS in parts:
        yield from _terms(folder, keys)
    for part, found in keys.items():
        yield from _counted("passages", part, len(found), manifest.passages)
        if CATALOG in keys:
            yield from _compared(part, found, keys[CATALOG])


def _counted(what: str, part: str, found: int, expected: int) -> Iterator[Finding]:
    if found != expected:
        yield Finding("count", part, f"{what} 有 {found} 条,应有 {expected} 条")


def _compared(part: str, found: Keys, expected: Keys) -> Iterator[Finding]:
    """How the passages of a part differ from the catalog's."""
    if len(np.unique(found)) != len(found):
        yield Finding("keys", part, "有的段落出现了不止一次")
    for word, keys in (("缺少", np.setdiff1d(expected, found)), ("多出", np.setdiff1d(found, expected))):
        if len(keys):
            yield Finding("keys", part, f"{word} {_listed(keys)}")


def _listed(keys: Keys) -> str:
    shown = "、".join(map(str, keys[:_SHOWN_KEYS]))
    return f"{len(keys)} 个段落,键为 {shown}{' 等' if len(keys) > _SHOWN_KEYS else ''}"


def _vectors(folder: Path, manifest: Manifest, keys: dict[str, Keys]) -> Iterator[Finding]:
    try:
        index = VectorIndex.open(folder / VECTORS)
    except IndexDamaged as error:
        yield Finding(error.code, VECTORS, error.message)
        return
    if index.dimension != manifest.dimension:
        yield Finding("dimension", VECTORS, f"向量是 {index.dimension} 维,应为 {manifest.dimension} 维")
    keys[VECTORS] = index.keys()
    wrong = [_not_unit(index, batch) for batch in _batches(keys[VECTORS])]
    odd = np.concatenate([np.zeros(0, np.int64), *wrong])
    if len(odd):
        yield Finding("not_unit", VECTORS, f"向量不是单位长度:{_listed(odd)}")


def _batches(keys: Keys) -> Iterator[Keys]:
    for start in range(0, len(keys), _BATCH_KEYS):
        yield keys[start : start + _BATCH_KEYS]


def _not_unit(index: VectorIndex, keys: Keys) -> Keys:
    """Those of the keys whose vectors are not of unit length, or not finite."""
    lengths = np.linalg.norm(index.vectors(keys).astype(np.float64), axis=1)
    odd: Keys = keys[~(np.abs(lengths - 1) <= LENGTH_ERROR_MAX)]  # not-a-number compares false
    return odd


def _terms(folder: Path, keys: dict[str, Keys]) -> Iterator[Finding]:
    try:
        found, documents = _term_keys(folder / TERMS)
    except ValueError:  # tantivy-py has no other error
        yield Finding("index_damaged", TERMS, "词条文件夹无法读取")
        return
    keys[TERMS] = found
    if documents != len(found):
        yield Finding("keys", TERMS, f"{documents} 个文档只有 {len(found)} 个不同的键")


def _term_keys(folder: Path) -> tuple[Keys, int]:
    """The distinct keys of a term folder, ascending, and how many documents it holds.

    Raises:
        ValueError: it cannot be read.
    """
    if not tantivy.Index.exists(str(folder)):  # opening it would make an empty one
        raise ValueError
    index = tantivy.Index.open(str(folder))
    searcher = index.searcher()
    found: list[Keys] = [np.zeros(0, np.int64)]
    lowest = 0
    while True:
        rest = tantivy.Query.range_query(index.schema, "key", tantivy.FieldType.Unsigned, lower_bound=lowest)
        result = searcher.search(
            rest, limit=_BATCH_TERMS, count=False, order_by_field="key", order=tantivy.Order.Asc
        )
        if not result.hits:
            return np.concatenate(found), int(searcher.num_docs)
        batch = np.array([key for key, _ in result.hits], np.int64)
        found.append(np.unique(batch))
        lowest = int(batch[-1]) + 1
