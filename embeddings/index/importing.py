"""A snapshot from another machine: read from its tar, checked from end to end, and made to serve.

The tar may come from anyone. It is read block by block, never unpacked by a library: only plain files are
taken, only under the names and with the sizes that the header gives, one after the other.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import shutil
import stat
import sys
import tarfile
from pathlib import Path
from typing import IO

from pydantic import TypeAdapter, ValidationError

from embeddings.errors import IndexDamaged, IndexMismatch, InputRefused, ServiceError
from embeddings.index.disk import disk_errors, make_durable
from embeddings.index.snapshot import (
    FORMAT_VERSION,
    MANIFEST,
    SNAPSHOTS,
    Manifest,
    current_number,
    publish,
    read_manifest,
    remove_old,
    snapshot_folder,
    snapshot_numbers,
    write_manifest,
)
from embeddings.index.transfer import EXPORT_FORMAT, EXPORT_KIND, HEADER, Header, Packed, word_bits
from embeddings.index.verify import verify_snapshot
from embeddings.lock import build_lock
from embeddings.settings import Settings

HEADER_MAX_BYTES = 4 << 20

_WORK = ".importing"
# No `-`: SQLite would take `catalog.sqlite-journal` for the rest of an interrupted write.
_NAME = re.compile(r"(\.?[A-Za-z0-9][A-Za-z0-9_.]{0,99}/)?\.?[A-Za-z0-9][A-Za-z0-9_.]{0,99}")
_CHUNK_BYTES = 1 << 20
_UNTOUCHED = "现有的索引没有改动。"
_AGAIN = f"请重新导出、重新传送后再试;{_UNTOUCHED}"


def import_snapshot(
    archive: Path, settings: Settings, fingerprint: str, *, any_model: bool = False
) -> Manifest:
    """Add the snapshot in a tar to the index and let it serve; returns its manifest here.

    `fingerprint` is of the encoder in use; a snapshot of another one is refused unless `any_model`.

    Raises:
        InputRefused: the file is not an export, is damaged or cut off, or does not fit this machine, this
            Wenbao or its model.
        IndexBusy: a build is running.
        ServiceError: the data folder cannot be written, or has no room.
    """
    data = settings.data
    with _opened(archive) as file:
        header = _read_header(file)
        _refuse_unfit(header, archive)
        with build_lock(data), disk_errors("导入索引", f"检查磁盘空间和权限后再试;{_UNTOUCHED}"):
            _refuse_without_room(header, data)
            work = data / SNAPSHOTS / _WORK
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(parents=True)
            try:
                manifest = _manifest(header, work)
                if manifest.encoder != fingerprint and not any_model:
                    raise _other_model(manifest)
                _take_all(file, header, work)
                return _published(work, manifest, settings)
            finally:
                shutil.rmtree(work, ignore_errors=True)


def _opened(archive: Path) -> IO[bytes]:
    try:
        if not stat.S_ISREG(archive.stat().st_mode):  # a pipe would make us wait for ever
            raise InputRefused("不是普通文件 (unreadable)", code="unreadable")
        return archive.open("rb")
    except OSError as error:
        raise InputRefused(f"导入文件无法读取:{error.strerror} (unreadable)", code="unreadable") from None


def _read_header(file: IO[bytes]) -> Header:
    member = _next_member(file, HEADER, "not_export")
    if member.size > HEADER_MAX_BYTES:
        raise _not_export()
    text = _exactly(file, member.size)
    _exactly(file, -member.size % tarfile.BLOCKSIZE)
    try:
        fields = json.loads(text)
        if fields["kind"] == EXPORT_KIND and int(fields["format"]) > EXPORT_FORMAT:
            raise InputRefused(
                "导出文件由更新版本的问报写成 (newer_format)",
                hint="请升级问报后再导入。",
                code="newer_format",
            )
        header = TypeAdapter(Header).validate_json(text, strict=True)
    except (ValueError, KeyError, TypeError, RecursionError, ValidationError):
        raise _not_export() from None
    if header.kind != EXPORT_KIND or header.format != EXPORT_FORMAT:
        raise _not_export()
    return header


def _refuse_unfit(header: Header, archive: Path) -> None:
    """Refuse what can be known to be wrong from the header and the size of the file."""
    if (header.byte_order, header.word_bits) != (sys.byteorder, word_bits()):
        raise InputRefused(
            "索引来自另一种架构的机器,字节顺序或字长不同 (other_machine)",
            hint="在原机器上用 wenbao export --format jsonl 导出文章,再在这里运行 wenbao build。",
            code="other_machine",
        )
    names = [one.name.lower() for one in header.files]
    safe = all(_NAME.fullmatch(one.name) and one.name != MANIFEST for one in header.files)
    if not safe or len(set(names)) != len(names) or header.manifest.get("checksums") != _checksums(header):
        raise InputRefused("导出文件里的文件名单不合规定 (bad_names)", hint=_UNTOUCHED, code="bad_names")
    if any(one.size < 0 for one in header.files) or header.bytes != sum(one.size for one in header.files):
        raise _damaged()
    if archive.stat().st_size < header.bytes:
        raise _cut_off()


def _checksums(header: Header) -> dict[str, str]:
    return {one.name: one.sha256 for one in header.files}


def _refuse_without_room(header: Header, data: Path) -> None:
    free = shutil.disk_usage(data).free
    if free < header.bytes:
        raise ServiceError(
            f"磁盘空间不够:导入需要 {header.bytes >> 20} MiB,只有 {free >> 20} MiB。",
            hint=f"清理磁盘后再试;{_UNTOUCHED}",
            code="disk_error",
        )


def _take_all(file: IO[bytes], header: Header, folder: Path) -> None:
    """Write the files of the tar into a folder that has none of them."""
    for one in header.files:
        member = _next_member(file, one.name, "damaged")
        if member.size != one.size:
            raise _damaged(one.name)
        _take(file, one, folder / one.name)
    rest = file.read(2 * tarfile.RECORDSIZE)
    if len(rest) < 2 * tarfile.BLOCKSIZE or file.tell() % tarfile.RECORDSIZE:
        raise _cut_off()
    if rest.strip(b"\0") or len(rest) >= 2 * tarfile.RECORDSIZE:
        raise _damaged()


def _take(file: IO[bytes], one: Packed, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    digest = hashlib.sha256()
    with target.open("xb") as output:
        for start in range(0, one.size, _CHUNK_BYTES):
            data = _exactly(file, min(_CHUNK_BYTES, one.size - start))
            digest.update(data)
            output.write(data)
    _exactly(file, -one.size % tarfile.BLOCKSIZE)
    if digest.hexdigest() != one.sha256:
        raise _damaged(one.name)


def _next_member(file: IO[bytes], name: str, code: str) -> tarfile.TarInfo:
    """The member that begins here; one of plain bytes and of this name, or the file is refused."""
    block = file.read(tarfile.BLOCKSIZE)
    if code != "not_export" and len(block) < tarfile.BLOCKSIZE:
        raise _cut_off()
    try:
        member = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except (tarfile.HeaderError, ValueError):
        raise _not_export() if code == "not_export" else _damaged(name) from None
    if member.type != tarfile.REGTYPE or member.name != name or member.size < 0:
        raise _not_export() if code == "not_export" else _damaged(name)
    return member


def _exactly(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise _cut_off()
    return data


def _manifest(header: Header, folder: Path) -> Manifest:
    """The manifest, of the right types and with nothing in it that a terminal would obey."""
    text = json.dumps(header.manifest)
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    try:
        manifest = read_manifest(folder)
        TypeAdapter(Manifest).validate_json(text, strict=True)
    except IndexMismatch:
        raise _newer() from None
    except (IndexDamaged, ValidationError):
        raise _damaged(MANIFEST) from None
    texts = (value for value in dataclasses.asdict(manifest).values() if isinstance(value, str))
    if not all(text.isprintable() for text in texts):
        raise _damaged(MANIFEST)
    if manifest.format < FORMAT_VERSION:
        raise InputRefused(
            "导出的索引是旧格式 (older_format)",
            hint="在原机器上用新版问报运行 wenbao build,再重新导出。",
            code="older_format",
        )
    return manifest


def _published(work: Path, manifest: Manifest, settings: Settings) -> Manifest:
    """Give the snapshot the next number, check all of it, and let it serve."""
    data = settings.data
    serving = _serving(data)
    number = max([0, serving or 0, *snapshot_numbers(data)]) + 1
    manifest = dataclasses.replace(manifest, number=number, parent=serving)
    write_manifest(work, manifest)
    for finding in verify_snapshot(work):
        raise InputRefused(
            f"导出的索引不完整:{finding.place} {finding.detail} (damaged)", hint=_AGAIN, code="damaged"
        )
    work.rename(snapshot_folder(data, number))
    make_durable(data / SNAPSHOTS)
    publish(data, number)
    remove_old(data, settings.keep_snapshots, serving)
    return manifest


def _serving(data: Path) -> int | None:
    try:
        return current_number(data)
    except IndexDamaged:
        return None


def _not_export() -> InputRefused:
    return InputRefused(
        "不是问报的导出文件 (not_export)",
        hint="请用 wenbao export 写的 .tar;文章的 JSON lines 用 wenbao build 收录。",
        code="not_export",
    )


def _newer() -> InputRefused:
    return InputRefused(
        "导出文件由更新版本的问报写成 (newer_format)", hint="请升级问报后再导入。", code="newer_format"
    )


def _cut_off() -> InputRefused:
    return InputRefused("导出文件不完整,后面被截断 (cut_off)", hint=_AGAIN, code="cut_off")


def _damaged(name: str = "") -> InputRefused:
    return InputRefused(
        f"导出文件{f'里的 {name} ' if name else ''}已损坏 (damaged)", hint=_AGAIN, code="damaged"
    )


def _other_model(manifest: Manifest) -> InputRefused:
    return InputRefused(
        f"索引由另一个模型({manifest.model})建成,现在的设置不能用它回答 (other_model)",
        hint="把 WENBAO_MODEL 等设置改成相同的,或加 --any-model 先导入再换模型。",
        code="other_model",
    )
