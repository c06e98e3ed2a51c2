"""One published index: an immutable folder with a catalog, vectors, terms and a manifest.

    DATA/CURRENT                 number of the snapshot that serves; replaced atomically
    DATA/snapshots/<number>/     catalog.sqlite  vectors.faiss  terms/  manifest.json

A reader opens a snapshot and keeps it for as long as it likes: a folder is never changed after it
was published, and on POSIX its open files outlive its removal.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from embeddings.errors import IndexDamaged, IndexMismatch, IndexMissing
from embeddings.index.catalog import Catalog
from embeddings.index.terms import TermIndex
from embeddings.index.vectors import VectorIndex

# 2: articles know their people, dateline, pointers and confidence.
FORMAT_VERSION = 2

CATALOG = "catalog.sqlite"
VECTORS = "vectors.faiss"
TERMS = "terms"
MANIFEST = "manifest.json"
CURRENT = "CURRENT"
SNAPSHOTS = "snapshots"

_REBUILD = "运行 wenbao build 重建索引。"
_UPGRADE = "运行 wenbao build 和您的报纸文件夹,把它换成新格式;已收录的文章不会丢。"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot holds and what made it.

    `encoder` fingerprints the model and its prompts, `cutting` the passage parameters and the
    tokenizer. `checksums` are sha256 by file name relative to the snapshot's folder.
    """

    format: int
    number: int
    built_at: str
    model: str
    encoder: str
    cutting: str
    dimension: int
    articles: int
    passages: int
    checksums: dict[str, str]


class Snapshot:
    """One opened index; every part is safe to read from many threads."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.manifest = manifest
        self.catalog = Catalog(folder / CATALOG)
        self.vectors = VectorIndex.read(folder / VECTORS)
        self.terms = TermIndex(folder / TERMS)
        self.names = self.catalog.names()

    @property
    def number(self) -> int:
        """The snapshot's number; a later one is larger."""
        return self.manifest.number

    def check_counts(self) -> None:
        """Compare what the parts hold with the manifest.

        Raises:
            IndexDamaged: the first count that differs.
        """
        articles, passages = self.catalog.counts()
        counts = {
            "articles": (articles, self.manifest.articles),
            "passages": (passages, self.manifest.passages),
            "vectors": (len(self.vectors), self.manifest.passages),
            "terms": (len(self.terms), self.manifest.passages),
        }
        for name, (found, expected) in counts.items():
            if found != expected:
                raise IndexDamaged(f"索引不完整:{name} 有 {found} 条,应有 {expected} 条。", hint=_REBUILD)


def snapshot_folder(data: Path, number: int) -> Path:
    """Folder of a snapshot by number."""
    return data / SNAPSHOTS / f"{number:06}"


def current_number(data: Path) -> int | None:
    """Number of the snapshot that serves; `None` before the first build.

    Raises:
        IndexDamaged: `CURRENT` does not hold a number.
    """
    try:
        return int((data / CURRENT).read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    except (ValueError, OSError):
        raise IndexDamaged("索引的 CURRENT 文件无法读取。", hint="运行 wenbao doctor 查看原因。") from None


def open_current(data: Path) -> Snapshot:
    """Open the snapshot that serves.

    Raises:
        IndexMissing: nothing has been built.
        IndexDamaged, IndexMismatch: see `open_snapshot`.
    """
    number = current_number(data)
    if number is None:
        raise IndexMissing("还没有建立索引。", hint="先运行:wenbao build seeds(或您的报纸文件夹)。")
    return open_snapshot(data, number)


def open_snapshot(data: Path, number: int) -> Snapshot:
    """Open a snapshot after checking that it is whole.

    Raises:
        IndexDamaged: a file is missing, fails its checksum, or a count differs; names the file.
        IndexMismatch: another version of Wenbao wrote it.
    """
    folder = snapshot_folder(data, number)
    manifest = read_manifest(folder)
    if manifest.format < FORMAT_VERSION:
        raise IndexMismatch("索引由旧版问报建立,格式已变。", hint=_UPGRADE)
    for name in damaged_files(folder, manifest):
        raise IndexDamaged(f"索引文件 {name} 缺失或已损坏。", hint=_REBUILD)
    snapshot = Snapshot(folder, manifest)
    snapshot.check_counts()
    return snapshot


def read_manifest(folder: Path) -> Manifest:
    """Read a snapshot's manifest, of this version of Wenbao or an older one.

    Raises:
        IndexDamaged: it is missing or not a manifest.
        IndexMismatch: a newer version of Wenbao wrote it.
    """
    try:
        fields = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        found = int(fields["format"])
    except (OSError, ValueError, KeyError, TypeError):
        raise IndexDamaged("索引的清单(manifest.json)缺失或已损坏。", hint=_REBUILD) from None
    if found > FORMAT_VERSION:
        raise IndexMismatch("索引由更新版本的问报建立。", hint="请升级问报,或换一个 --data 文件夹。")
    try:
        manifest = Manifest(**fields)
        manifest.checksums.items()
    except (TypeError, AttributeError):
        raise IndexDamaged("索引的清单(manifest.json)缺少条目。", hint=_REBUILD) from None
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a snapshot's manifest and make every file of the folder durable."""
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=2)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    for path in [*_files(folder), folder / MANIFEST, *(p for p in folder.rglob("*") if p.is_dir()), folder]:
        _fsync(path)


def checksums(folder: Path) -> dict[str, str]:
    """sha256 of every file of a snapshot but its manifest."""
    return {path.relative_to(folder).as_posix(): _checksum(path) or "" for path in _files(folder)}


def damaged_files(folder: Path, manifest: Manifest) -> list[str]:
    """Names of the files that are missing or are not what was published."""
    return [name for name, expected in manifest.checksums.items() if _checksum(folder / name) != expected]


def _files(folder: Path) -> Iterator[Path]:
    # Lock files of tantivy come and go with whoever opens the folder.
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != MANIFEST and path.suffix != ".lock":
            yield path


def _checksum(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def publish(data: Path, number: int) -> None:
    """Let a whole, durable snapshot serve: one atomic rename."""
    fresh = data / f"{CURRENT}.new"
    fresh.write_text(f"{number}\n", encoding="ascii")
    _fsync(fresh)
    fresh.replace(data / CURRENT)
    _fsync(data)


def snapshot_numbers(data: Path) -> list[int]:
    """Numbers of the snapshots on disk, ascending, published or left by a build that was cut off."""
    folder = data / SNAPSHOTS
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return sorted(int(name) for name in names if name.isdigit())


def remove_old(data: Path, keep: int) -> None:
    """Remove snapshots newer than the one that serves (a build was cut off) and all but the last `keep`."""
    current = current_number(data)
    if current is None:
        return
    numbers = snapshot_numbers(data)
    kept = [number for number in numbers if number <= current][-keep:]
    for number in set(numbers) - set(kept):
        shutil.rmtree(snapshot_folder(data, number), ignore_errors=True)
