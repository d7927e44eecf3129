"""One file of an archive: where its bytes lie, and the bytes, bounded and checked. What a zip's
table claims is never believed while inflating."""

import hashlib
import os
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

LARGEST = 1 << 29
"""Bytes of the largest member that is read: a day of 512 MB is no day that people wrote."""

BLOCK = 1 << 20
"""Bytes that are read at once of what is too large to be held whole."""

_STORED, _DEFLATED = 0, 8

ON_DISK = 0xFFFF
"""The `method` of a member that is a file of a folder; no zip method has this number."""


class Member(msgspec.Struct, frozen=True, gc=False):
    """A file in an archive. `name` is its path as found on disk or in the zip's table.

    In a zip `offset` is that of the local header and `packed` the length before inflating; in a
    folder `method` is ON_DISK and `crc` the time it was changed, in nanoseconds.
    """

    name: str
    offset: int
    packed: int
    size: int
    method: int
    crc: int


class Damaged(Exception):
    """A member whose bytes cannot be had; `code` is a finding's."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_file(folder: Path, member: Member) -> bytes:
    """A file of a folder. Raises Damaged."""
    if member.size > LARGEST:
        raise Damaged("member-too-large")
    try:
        with (folder / member.name).open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError:
        raise Damaged("member-unreadable") from None
    if len(data) > LARGEST:
        raise Damaged("member-too-large")
    return data


def read_packed(file: int, member: Member) -> bytes:
    """A member of the zip open as descriptor `file`; never more bytes than its table claims.

    Raises Damaged.
    """
    if member.size > LARGEST:
        raise Damaged("member-too-large")
    packed = _read_body(file, member)
    if member.method == _STORED:
        data = packed
    elif member.method == _DEFLATED:
        data = _inflate(packed, member.size)
    else:
        raise Damaged("member-method")
    if len(data) != member.size or zlib.crc32(data) != member.crc:
        raise Damaged("member-damaged")
    return data


def stream_file(folder: Path, member: Member) -> Iterator[bytes]:
    """A file of a folder, however large, in blocks. Raises Damaged."""
    try:
        with (folder / member.name).open("rb", buffering=0) as file:
            while block := file.read(BLOCK):
                yield block
    except OSError:
        raise Damaged("member-unreadable") from None


def stream_packed(file: int, member: Member) -> Iterator[bytes]:
    """A member of the zip open as descriptor `file`, however large, in blocks; never more bytes
    than its table claims.

    Raises Damaged, perhaps only at the end, where the checksum is compared.
    """
    if member.method not in (_STORED, _DEFLATED):
        raise Damaged("member-method")
    packed = _read_blocks(file, member)
    size = crc = 0
    for block in _inflate_blocks(packed) if member.method == _DEFLATED else packed:
        size += len(block)
        if size > member.size:
            raise Damaged("member-damaged")
        crc = zlib.crc32(block, crc)
        yield block
    if size != member.size or crc != member.crc:
        raise Damaged("member-damaged")


# The local header's extra field may be longer than the table's; most fit into this.
_HEADER, _SLACK = 30, 300


def _read_body(file: int, member: Member) -> bytes:
    try:
        found = os.pread(file, _HEADER + _SLACK + member.packed, member.offset)
        if found[:4] != b"PK\x03\x04":
            raise Damaged("member-damaged")
        start = _HEADER + int.from_bytes(found[26:28], "little")
        start += int.from_bytes(found[28:30], "little")
        body = found[start : start + member.packed]
        if len(body) < member.packed:
            body = os.pread(file, member.packed, member.offset + start)
    except (OSError, OverflowError, MemoryError):
        raise Damaged("member-damaged") from None
    if len(body) < member.packed:
        raise Damaged("member-damaged")
    return body


def _read_blocks(file: int, member: Member) -> Iterator[bytes]:
    """The packed bytes of a member."""
    try:
        head = os.pread(file, _HEADER, member.offset)
        if head[:4] != b"PK\x03\x04" or len(head) < _HEADER:
            raise Damaged("member-damaged")
        at = member.offset + _HEADER + int.from_bytes(head[26:28], "little")
        at += int.from_bytes(head[28:30], "little")
        end = at + member.packed
        while at < end:
            block = os.pread(file, min(BLOCK, end - at), at)
            if not block:
                raise Damaged("member-damaged")
            at += len(block)
            yield block
    except (OSError, OverflowError):
        raise Damaged("member-damaged") from None


def _inflate_blocks(packed: Iterable[bytes]) -> Iterator[bytes]:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for each in packed:
            block = stream.decompress(each, BLOCK)
            yield block
            # A full block may leave some behind, even where all input is used up.
            while len(block) == BLOCK or stream.unconsumed_tail:
                block = stream.decompress(stream.unconsumed_tail, BLOCK)
                yield block
    except zlib.error:
        raise Damaged("member-damaged") from None


def _inflate(packed: bytes, size: int) -> bytes:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        return stream.decompress(packed, size + 1)
    except zlib.error:
        raise Damaged("member-damaged") from None


def spell(name: str) -> str:
    """A member's path in the one spelling that is compared and shown: slashes, composed letters."""
    name = name.replace("\\", "/").removeprefix("./")
    if name.isascii():
        return name
    name = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return unicodedata.normalize("NFC", name)


def hash_member(digest: "hashlib._Hash", member: Member) -> None:
    """Add what the table says of a member to an archive's fingerprint."""
    name = member.name.encode("utf-8", "surrogateescape")
    digest.update(b"%d %d %s\n" % (member.size, member.crc, name))
