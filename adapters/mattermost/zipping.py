"""A zip written front to back, with members that were deflated elsewhere. Python's own writer
deflates by itself, and keeps an object for every member; an archive may hold a hundred thousand
files. Sizes and counts beyond the old limits are zip64. Reading back is left to `zipfile`."""

import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO

STORED, DEFLATED = 0, 8

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_ZIP64_END = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_END = struct.Struct("<4s4H2LH")
_MANY, _HUGE = 0xFFFF, 0xFFFFFFFF
_UTF8 = 0x800
_NEW_YEAR_1980 = (1 << 5) | 1
"""The date of every member: the same bodies must give the same bytes."""

_BITE = 1 << 20


class ZipWriter:
    """Writes members into `file`, one after the other; `close` writes the directory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._directory: list[bytes] = []

    def add_deflated(self, name: str, bites: Iterable[tuple[bytes, bytes]]) -> None:
        """A member from bites of raw deflate, each with what it says."""
        crc = size = packed = 0
        start = self._begin(name, DEFLATED)
        for raw, plain in bites:
            self._file.write(raw)
            packed += len(raw)
            size += len(plain)
            crc = zlib.crc32(plain, crc)
        self._finish(name, DEFLATED, start, crc, size, packed)

    def add_stored(self, name: str, path: Path) -> int:
        """A member from a file as it is; its size in bytes."""
        crc = size = 0
        start = self._begin(name, STORED)
        with path.open("rb") as body:
            while bite := body.read(_BITE):
                self._file.write(bite)
                size += len(bite)
                crc = zlib.crc32(bite, crc)
        self._finish(name, STORED, start, crc, size, size)
        return size

    def close(self) -> None:
        """Write the directory. The file is the caller's to close."""
        start = self._file.tell()
        for entry in self._directory:
            self._file.write(entry)
        size = self._file.tell() - start
        count = len(self._directory)
        if count >= _MANY or start >= _HUGE or size >= _HUGE:
            end = start + size
            self._file.write(
                _ZIP64_END.pack(b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, start)
            )
            self._file.write(_LOCATOR.pack(b"PK\6\7", 0, end, 1))
        few, short, near = min(count, _MANY), min(size, _HUGE), min(start, _HUGE)
        self._file.write(_END.pack(b"PK\5\6", 0, 0, few, few, short, near, 0))

    def _begin(self, name: str, method: int) -> int:
        start = self._file.tell()
        self._file.write(_local(name, method, 0, 0, 0))
        return start

    def _finish(self, name: str, method: int, start: int, crc: int, size: int, packed: int) -> None:
        """The sizes are known now: into the member's head, and for the directory."""
        end = self._file.tell()
        self._file.seek(start)
        self._file.write(_local(name, method, crc, size, packed))
        self._file.seek(end)
        wide = [value for value in (size, packed, start) if value >= _HUGE]
        extra = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
        spelled = name.encode()
        self._directory.append(
            _CENTRAL.pack(
                b"PK\1\2", 45, 45, _UTF8, method, 0, _NEW_YEAR_1980, crc,
                min(packed, _HUGE), min(size, _HUGE), len(spelled), len(extra), 0, 0, 0, 0,
                min(start, _HUGE),
            ) + spelled + extra
        )  # fmt: skip


def _local(name: str, method: int, crc: int, size: int, packed: int) -> bytes:
    """A member's head, always with room for large sizes: they are not known when it is begun."""
    spelled = name.encode()
    extra = struct.pack("<2H2Q", 1, 16, size, packed)
    head = _LOCAL.pack(
        b"PK\3\4", 45, _UTF8, method, 0, _NEW_YEAR_1980, crc, _HUGE, _HUGE,
        len(spelled), len(extra),
    )  # fmt: skip
    return head + spelled + extra
