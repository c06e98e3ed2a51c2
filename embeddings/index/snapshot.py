"""One published index: an immutable folder with a catalog, vectors, terms and a manifest.

    DATA/CURRENT                 number of the snapshot that serves; replaced atomically
    DATA/snapshots/<number>/     catalog.sqlite  vectors/  terms/  manifest.json

A reader opens a snapshot and keeps it for as long as it likes: a folder is never changed after it
was published, and on POSIX its open files outlive its removal. Files that did not change are hard links
to those of the snapshot before.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from embeddings.errors import IndexDamaged, IndexMismatch, IndexMissing
from embeddings.index.catalog import Catalog
from embeddings.index.disk import make_durable
from embeddings.index.terms import TermIndex
from embeddings.index.vectors import VectorIndex

# 2: articles know their people, dateline, pointers and confidence.
# 3: vectors in segments, stories, former and withheld ids, a sealed manifest.
FORMAT_VERSION = 3
SEALED_SINCE = 3

CATALOG = "catalog.sqlite"
VECTORS = "vectors"
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
    tokenizer. `checksums` are sha256 by file name relative to the snapshot's folder. `parent` is the
    snapshot it was built from, and `seal` the sha256 of all the other fields.
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
    parent: int | None = None
    seal: str = ""

    def sealed(self) -> Manifest:
        """The same manifest with its seal."""
        fields = {name: value for name, value in asdict(self).items() if name != "seal"}
        text = json.dumps(fields, ensure_ascii=False, sort_keys=True)
        return replace(self, seal=hashlib.sha256(text.encode()).hexdigest())


class Snapshot:
    """One opened index; every part is safe to read from many threads."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.manifest = manifest
        self.catalog = Catalog(folder / CATALOG)
        self.vectors = VectorIndex.open(folder / VECTORS)
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
        manifest = _manifest(fields)
    except (TypeError, AttributeError):
        raise IndexDamaged("索引的清单(manifest.json)缺少条目。", hint=_REBUILD) from None
    if manifest.format >= SEALED_SINCE and manifest.seal != manifest.sealed().seal:
        raise IndexDamaged("索引的清单(manifest.json)已损坏。", hint=_REBUILD)
    return manifest


def _manifest(fields: dict[str, Any]) -> Manifest:
    manifest = Manifest(**fields)
    if not isinstance(fields["checksums"], dict):
        raise TypeError("checksums")
    for name in manifest.checksums:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise TypeError(name)
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a snapshot's manifest, sealed, and make every file of the folder durable."""
    text = json.dumps(asdict(manifest.sealed()), ensure_ascii=False, indent=2)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    # What is linked to an older snapshot was made durable with that one.
    fresh = [path for path in snapshot_files(folder) if path.stat().st_nlink == 1]
    for path in [*fresh, folder / MANIFEST, *(p for p in folder.rglob("*") if p.is_dir()), folder]:
        make_durable(path)


def checksums(folder: Path, base: Path | None = None, known: Manifest | None = None) -> dict[str, str]:
    """sha256 of every file of a snapshot but its manifest.

    Files that are links to those of `base`, whose checked manifest is `known`, are not read again.
    """
    files = {path.relative_to(folder).as_posix(): path for path in snapshot_files(folder)}
    found: dict[str, str] = {}
    if base and known:
        linked = (name for name in known.checksums if name in files and _same_file(files[name], base / name))
        found = {name: known.checksums[name] for name in linked}
    fresh = [name for name in files if name not in found]
    digests = _checksums([files[name] for name in fresh])
    found |= {name: digest or "" for name, digest in zip(fresh, digests, strict=True)}
    return {name: found[name] for name in files}


def damaged_files(folder: Path, manifest: Manifest, names: Sequence[str] | None = None) -> list[str]:
    """Which files, of all or of those named, are missing or are not what was published."""
    checked = list(manifest.checksums if names is None else names)
    digests = _checksums([folder / name for name in checked])
    return [name for name, digest in zip(checked, digests, strict=True) if digest != manifest.checksums[name]]


def snapshot_files(folder: Path) -> Iterator[Path]:
    """Every file of a snapshot's folder but its manifest, in order of their names."""
    # Lock files of tantivy come and go with whoever opens the folder.
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != MANIFEST and path.suffix != ".lock":
            yield path


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _checksums(paths: Sequence[Path]) -> list[str | None]:
    # Hashing lets go of the interpreter's lock, so that the cores share the work.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(_checksum, paths))


def _checksum(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def publish(data: Path, number: int) -> None:
    """Let a whole, durable snapshot serve: one atomic rename."""
    fresh = data / f"{CURRENT}.new"
    fresh.write_text(f"{number}\n", encoding="ascii")
    make_durable(fresh)
    fresh.replace(data / CURRENT)
    make_durable(data)


def snapshot_numbers(data: Path) -> list[int]:
    """Numbers of the snapshots on disk, ascending, published or left by a build that was cut off."""
    folder = data / SNAPSHOTS
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return sorted(int(name) for name in names if name.isdigit())


def remove_old(data: Path, keep: int, parent: int | None) -> None:
    """Remove all but the last `keep` snapshots of the line that led to the one that serves.

    `parent` is the one it was built from: what lies between them was rolled back, or is what a build that
    was cut off has left; so is what is newer.
    """
    numbers = snapshot_numbers(data)
    for number in set(numbers) - _kept_line(data, keep, parent, numbers):
        remove_snapshot(data, number)
    _remove_remains(data)


def finish_removal(data: Path, keep: int, parent: int | None) -> None:
    """Remove what a build that was cut off after it published would have: for one that publishes nothing.

    What is newer than the one that serves stays: it may have been rolled back, and may come back.
    """
    numbers = [n for n in snapshot_numbers(data) if n <= (current_number(data) or 0)]
    for number in set(numbers) - _kept_line(data, keep, parent, numbers):
        remove_snapshot(data, number)
    _remove_remains(data)


def _kept_line(data: Path, keep: int, parent: int | None, numbers: Sequence[int]) -> set[int]:
    """The last `keep` snapshots of the line that led to the one that serves; all where none does."""
    current = current_number(data)
    if current is None:
        return set(numbers)
    return set([n for n in numbers if n == current or (parent is not None and n <= parent)][-keep:])


def _remove_remains(data: Path) -> None:
    """Remove what is left of snapshots whose writing or removal was cut off; nobody else may be writing."""
    for gone in (data / SNAPSHOTS).glob(".*"):
        shutil.rmtree(gone, ignore_errors=True)
    with contextlib.suppress(OSError):
        (data / f"{CURRENT}.new").unlink()


def remove_snapshot(data: Path, number: int) -> None:
    """Remove a snapshot; readers that have it open keep it until they let go of it.

    It is renamed first: a removal that is cut off must not leave half a snapshot under a number.
    """
    gone = data / SNAPSHOTS / f".removed-{number:06}"
    shutil.rmtree(gone, ignore_errors=True)
    try:
        snapshot_folder(data, number).rename(gone)
    except OSError:
        return
    shutil.rmtree(gone, ignore_errors=True)
