"""ZIP archives written byte by byte, so that their headers can lie."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

UTF8 = 0x800
STORED, DEFLATED = 0, 8


@dataclass(frozen=True)
class Entry:
    """One member. `offset`, `size` and `crc` are what the headers say, the truth where not given."""

    name: bytes
    data: bytes = b""
    flags: int = 0
    method: int = DEFLATED
    size: int | None = None
    crc: int | None = None
    mode: int = 0
    offset: int | None = None

    @property
    def packed(self) -> bytes:
        if self.method == STORED:
            return self.data
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        return packer.compress(self.data) + packer.flush()

    @property
    def fields(self) -> bytes:
        """The part that both headers share, from the version to the length of the name."""
        crc = zlib.crc32(self.data) if self.crc is None else self.crc
        size = len(self.data) if self.size is None else self.size
        return struct.pack(
            "<HHHHHLLLH", 20, self.flags, self.method, 0, 0x21, crc, len(self.packed), size, len(self.name)
        )


def member(name: str, content: str | bytes, **lies: int) -> Entry:
    """A member whose name says that it is UTF-8."""
    data = content.encode() if isinstance(content, str) else content
    flags = UTF8 | lies.pop("flags", 0)
    return Entry(name.encode(), data, flags, **lies)


def packed(*entries: Entry) -> bytes:
    """The archive of these members."""
    body, directory = bytearray(), bytearray()
    for entry in entries:
        offset = len(body) if entry.offset is None else entry.offset
        if entry.offset is None:
            body += b"PK\x03\x04" + entry.fields + struct.pack("<H", 0) + entry.name + entry.packed
        directory += b"PK\x01\x02" + struct.pack("<H", 0x0314) + entry.fields
        directory += struct.pack("<HHHHLL", 0, 0, 0, 0, entry.mode << 16, offset) + entry.name
    count = min(len(entries), 0xFFFF)
    end = struct.pack("<HHHHLLH", 0, 0, count, count, len(directory), len(body), 0)
    return bytes(body + directory) + b"PK\x05\x06" + end
