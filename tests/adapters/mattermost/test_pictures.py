"""Sizes of pictures, and what is none."""

import struct
from pathlib import Path

import pytest

from adapters.mattermost.limits import MOST_PIXELS
from adapters.mattermost.pictures import is_shown, measure


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">L4sLL", 13, b"IHDR", width, height) + b"\x08\x06"


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x80"


def jpeg(width: int, height: int, frame: int = 0xC0) -> bytes:
    exif = b"\xff\xe1" + struct.pack(">H", 302) + b"\xff\xc0" * 150
    tables = b"\xff\xff\xc4" + struct.pack(">H", 12) + bytes(10)
    size = bytes([0xFF, frame]) + struct.pack(">HBHH", 17, 8, height, width) + bytes(10)
    return b"\xff\xd8" + exif + tables + size + b"\xff\xda\x00\x08"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "picture"


@pytest.mark.parametrize("content", [png(64, 32), gif(64, 32), jpeg(64, 32), jpeg(64, 32, 0xC2)])
def test_sizes(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert measure(path) == (64, 32)
    assert is_shown(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>sign in</html>",
        b"\x89PNG\r\n\x1a\n",
        png(64, 32)[:20],
        jpeg(64, 32)[:300],
        b"\xff\xd8\xff\xda\x00\x08",
        b"\xff\xd8\xff\xe0\x00\x00",
        b"\xff\xd8 no mark",
        b"GIF89a",
        b"RIFF....WEBP",
        png(0, 32),
    ],
)
def test_what_no_server_reads(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert not is_shown(path)


@pytest.mark.parametrize(("width", "shown"), [(MOST_PIXELS // 10, True), (MOST_PIXELS, False)])
def test_the_largest_picture(path: Path, width: int, shown: bool) -> None:
    path.write_bytes(png(width, 10))
    assert is_shown(path) == shown
