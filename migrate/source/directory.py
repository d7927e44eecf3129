"""The table of contents of a zip file: where each member's bytes lie. Only this table is read here;
the bytes are `archive`'s.

The standard library's ZipFile keeps an object of 600 bytes for each member, in every process that
opens the file; an export has a member for each day of each conversation. Here they pass one by one.
"""

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\x05\x06"
_LOCATOR = struct.Struct("<4sLQL")
_LOCATOR_MARK = b"PK\x06\x07"
_END64 = struct.Struct("<4sQ2H2L4Q")
_END64_MARK = b"PK\x06\x06"
_ENTRY = struct.Struct("<4s6H3L5H2L")
_ENTRY_MARK = b"PK\x01\x02"

_LONGEST_COMMENT = 0xFFFF
_IN_EXTRA = 0xFFFFFFFF
_UTF8 = 0x800
_ENCRYPTED = 0x1


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One member: its name as written, and its bytes.

    `offset` is that of the member's local header, `packed` and `size` the lengths in bytes before
    and after inflating, as the table claims them.
    """

    name: str
    offset: int
    packed: int
    size: int
    method: int
    crc: int
    encrypted: bool = False


class Unreadable(Exception):
    """No table of contents: `cut` where the file is a zip file that lost its end."""

    def __init__(self, cut: bool) -> None:
        super().__init__("no zip directory")
        self.cut = cut


class Directory(msgspec.Struct, frozen=True):
    """Where the table lies: `start` and `length` in bytes, `shift` what stands before the zip."""

    start: int
    length: int
    shift: int


def find_directory(file: BinaryIO) -> Directory:
    """Find the table from the file's end, zip64 included.

    Raises Unreadable.
    """
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    zip_at_all = file.read(4) in (b"PK\x03\x04", _END_MARK)
    tail_start = max(0, length - _LONGEST_COMMENT - _END.size)
    file.seek(tail_start)
    tail = file.read()
    found = tail.rfind(_END_MARK)
    if found < 0 or len(tail) - found < _END.size:
        raise Unreadable(cut=zip_at_all)
    end = tail_start + found
    _, _, _, _, _, size, offset, _ = _END.unpack_from(tail, found)
    table_end = end
    found64 = _find_end64(file, end)
    if found64 is not None:
        table_end, size, offset = found64
    start = table_end - size
    if start < 0 or offset > start:
        raise Unreadable(cut=True)
    return Directory(start, size, start - offset)


def _find_end64(file: BinaryIO, end: int) -> tuple[int, int, int] | None:
    """Position of the zip64 end record, the table's length and offset; None where there is none."""
    if end < _LOCATOR.size:
        return None
    file.seek(end - _LOCATOR.size)
    mark, _, offset, _ = _LOCATOR.unpack(file.read(_LOCATOR.size))
    if mark != _LOCATOR_MARK:
        return None
    # Bytes before the zip shift the record; then it lies right before its locator.
    for position in (offset, end - _LOCATOR.size - _END64.size):
        if 0 <= position <= end - _LOCATOR.size - _END64.size:
            file.seek(position)
            fields = _END64.unpack(file.read(_END64.size))
            if fields[0] == _END64_MARK:
                return position, fields[8], fields[9]
    return None


def read_directory(file: BinaryIO, directory: Directory) -> Iterator[Entry]:
    """Every member in the table's order, folders included.

    Raises Unreadable where the table breaks off.
    """
    file.seek(directory.start)
    left = directory.length
    while left > 0:
        head = file.read(_ENTRY.size)
        if len(head) < _ENTRY.size:
            raise Unreadable(cut=True)
        mark, _, _, flags, method, _, _, crc, packed, size, *lengths = _ENTRY.unpack(head)
        name_length, extra_length, comment_length, *_, offset = lengths
        rest = file.read(name_length + extra_length + comment_length)
        if mark != _ENTRY_MARK or len(rest) < name_length + extra_length:
            raise Unreadable(cut=True)
        left -= _ENTRY.size + len(rest)
        if _IN_EXTRA in (size, packed, offset):
            extra = rest[name_length : name_length + extra_length]
            size, packed, offset = _read_extra(extra, size, packed, offset)
        yield Entry(
            _decode_name(rest[:name_length], bool(flags & _UTF8)),
            offset + directory.shift,
            packed,
            size,
            method,
            crc,
            bool(flags & _ENCRYPTED),
        )


def _read_extra(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Numbers that do not fit 32 bits, from the zip64 extra field; those that fit stay."""
    values = [size, packed, offset]
    while len(extra) >= 4:
        tag, length = struct.unpack_from("<HH", extra)
        if tag == 1:
            field = extra[4 : 4 + length]
            for n, value in enumerate(values):
                if value == _IN_EXTRA and len(field) >= 8:
                    values[n] = int.from_bytes(field[:8], "little")
                    field = field[8:]
        extra = extra[4 + length :]
    return values[0], values[1], values[2]


def _decode_name(name: bytes, utf8: bool) -> str:
    """Slack writes UTF-8 names without the flag that says so; old zip tools write cp437."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("utf-8", "replace") if utf8 else name.decode("cp437")
