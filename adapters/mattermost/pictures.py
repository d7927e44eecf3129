"""The size of a picture, read from its first bytes: the server reads it too, ends an import at a
person's picture that it cannot read, and leaves out files that are larger than it shows."""

import struct
from pathlib import Path
from typing import IO

from adapters.mattermost.limits import MOST_PIXELS

_PNG = b"\x89PNG\r\n\x1a\n"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG's segments that tell the size."""


def measure(path: Path) -> tuple[int, int] | None:
    """Width and height of a PNG, GIF or JPEG; None where it is none of them, or broken off before
    it tells."""
    with path.open("rb") as file:
        try:
            return _measure(file)
        except struct.error:
            return None


def is_shown(path: Path) -> bool:
    """Whether a server takes the file for a picture and reads it."""
    size = measure(path)
    return size is not None and 0 < size[0] * size[1] <= MOST_PIXELS


def _measure(file: IO[bytes]) -> tuple[int, int] | None:
    head = file.read(8)
    if head == _PNG:
        length, kind, width, height = struct.unpack(">L4sLL", file.read(16))
        return (width, height) if kind == b"IHDR" and length == 13 else None
    if head[:6] in (b"GIF87a", b"GIF89a"):
        width, height = struct.unpack("<HH", head[6:] + file.read(2))
        return width, height
    if head[:2] == b"\xff\xd8":
        file.seek(2)
        return _measure_jpeg(file)
    return None


def _measure_jpeg(file: IO[bytes]) -> tuple[int, int] | None:
    while True:
        mark, kind = struct.unpack(">BB", file.read(2))
        if mark != 0xFF:
            return None
        while kind == 0xFF:  # filling
            (kind,) = struct.unpack(">B", file.read(1))
        if kind in _FRAMES:
            _, _, height, width = struct.unpack(">HBHH", file.read(7))
            return width, height
        if kind == 0xDA:  # the picture itself begins, and no size was told
            return None
        if kind == 0x01 or 0xD0 <= kind <= 0xD8:
            continue  # these have no length
        (length,) = struct.unpack(">H", file.read(2))
        if length < 2:
            return None
        file.seek(length - 2, 1)
