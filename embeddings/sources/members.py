"""The members of a ZIP archive that may be read, and their bytes, as far as they may be unpacked.

A member's name is never used as a path. Sizes in headers are believed only where they refuse.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from embeddings.errors import InputRefused
from embeddings.records import Refusal
from embeddings.sources.names import natural_key

MAX_MEMBERS = 2000
# Signatures of entries may also stand in the data.
MAX_SIGNATURES = 20 * MAX_MEMBERS
# Text shrinks to a third, a page of white to a hundredth; only small members may shrink more.
MAX_RATIO = 200
RATIO_FREE_BYTES = 1 << 20
CHUNK_BYTES = 1 << 16
MAX_NAME_CHARS = 500
SHOWN_CHARS = 120
ENTRY = b"PK\x01\x02"
HEADER_BYTES = 30
ENCRYPTED = 0x1 | 0x40
UTF8_NAME = 0x800
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DRIVE = re.compile(r"[A-Za-z]:")
# Control characters, and those that change the direction of the text around them.
UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the archive: its entry, the path its name spells, and the name shown for it."""

    entry: zipfile.ZipInfo
    path: PurePosixPath
    shown: str


def open_archive(data: bytes) -> zipfile.ZipFile:
    """The archive, its list of members read and found sane.

    Raises:
        InputRefused: code `damaged`, `too_many` or `empty`.
    """
    # Entries are read all at once; the count in the archive's end record may lie.
    if data.count(ENTRY) > MAX_SIGNATURES:
        raise _too_many()
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except DAMAGE:
        raise InputRefused("压缩包已损坏,请重新打包 (damaged)", code="damaged") from None
    entries = archive.infolist()
    if len(entries) > MAX_MEMBERS:
        raise _too_many()
    if all(_is_folder(entry) for entry in entries):
        raise InputRefused("压缩包是空的 (empty)", code="empty")
    _refuse_overlaps(entries)
    return archive


def _too_many() -> InputRefused:
    return InputRefused(f"压缩包里的文件超过 {MAX_MEMBERS} 个,请分成几包 (too_many)", code="too_many")


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    # The library's own test fails on an empty name and stops at a NUL.
    return entry.orig_filename.endswith("/")


def _refuse_overlaps(entries: list[zipfile.ZipInfo]) -> None:
    """Entries that share bytes let a small archive unpack to any size."""
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:
            raise InputRefused("压缩包里的文件互相重叠,请重新打包 (damaged)", code="damaged")
        end = entry.header_offset + HEADER_BYTES + entry.compress_size


def find_members(archive: zipfile.ZipFile, name: str) -> tuple[list[Member], list[Refusal]]:
    """Files with a usable name, each name once, in natural order; `name` is the archive's."""
    found: dict[PurePosixPath, Member] = {}
    refused: list[Refusal] = []
    named = [(_decoded_name(entry), entry) for entry in archive.infolist() if not _is_folder(entry)]
    for given, entry in sorted(named, key=lambda item: natural_key(item[0])):
        shown = f"{name}/{_shown(given)}"
        try:
            path = _checked_path(given, entry)
            if path in found:
                reason = "压缩包里有重名文件,只读了第一个 (duplicate_name)"
                raise InputRefused(reason, code="duplicate_name")
            found[path] = Member(entry, path, shown)
        except InputRefused as error:
            refused.append(Refusal(shown, error.code, str(error)))
    return list(found.values()), refused


def unpack(archive: zipfile.ZipFile, member: Member, max_bytes: int) -> Iterator[bytes]:
    """The member's bytes in pieces, all of them only if nothing is raised.

    Raises:
        InputRefused: code `encrypted`, `unsupported`, `damaged`, or `too_large` when there are more than
            `max_bytes` or they were packed too well to be honest.
    """
    entry = member.entry
    _refuse_unreadable(entry)
    most = min(max_bytes, max(RATIO_FREE_BYTES, MAX_RATIO * entry.compress_size))
    read = 0
    if entry.file_size > max_bytes:
        raise _too_large()
    try:
        with archive.open(entry) as file:
            while chunk := file.read(CHUNK_BYTES):
                read += len(chunk)
                if read > most:
                    raise _too_large()
                yield chunk
    except DAMAGE:
        raise InputRefused("压缩包里的这个文件已损坏 (damaged)", code="damaged") from None


def _decoded_name(entry: zipfile.ZipInfo) -> str:
    """The name in the archive; Chinese Windows writes GBK and says nothing about it."""
    name = entry.orig_filename
    if entry.flag_bits & UTF8_NAME:
        return name
    raw = name.encode("cp437")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name


def _clean(name: str) -> str:
    return UNSHOWABLE.sub("\ufffd", unicodedata.normalize("NFC", name))


def _shown(name: str) -> str:
    clean = _clean(name)
    return clean if len(clean) <= SHOWN_CHARS else f"…{clean[-SHOWN_CHARS:]}"


def _checked_path(name: str, entry: zipfile.ZipInfo) -> PurePosixPath:
    path = PurePosixPath(_clean(name))
    strays = "\\" in name or path.is_absolute() or ".." in path.parts or DRIVE.match(name)
    if strays or not path.name or len(name) > MAX_NAME_CHARS:
        reason = "文件名含有不允许的路径,或者过长 (bad_name)"
        raise InputRefused(reason, code="bad_name")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise InputRefused("压缩包里的链接或特殊文件不读取 (outside)", code="outside")
    return path


def _refuse_unreadable(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & ENCRYPTED:
        raise InputRefused("文件有密码,请去掉密码后重新打包 (encrypted)", code="encrypted")
    if entry.compress_type not in METHODS:
        reason = "不支持这种压缩方法,请用普通 ZIP 重新打包 (unsupported)"
        raise InputRefused(reason, code="unsupported")


def _too_large() -> InputRefused:
    return InputRefused("解压后超过大小上限 (too_large)", code="too_large")
