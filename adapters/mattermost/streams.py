"""The streams of a part, and how one is deflated so that many can be joined into one member of a
zip without deflating anything again."""

import zlib
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path

EMOJI = "emoji"
ACCOUNTS = "accounts"
CONVERSATIONS = "conversations"
TOTALS = "totals"
POSTS = "posts"
DIRECT_POSTS = "direct_posts"

_LEVEL = 1
"""Parts are deflated in passing; more would cost more time than the disk is worth."""

END = b"\x03\x00"
"""An empty last block: what ends a deflated stream whose parts all end in a flush."""

_CHUNK = 1 << 20


def rest_of(stream: str, round: int) -> str:
    """The stream for what a line of `stream` had no room for: replies of very long threads, in as
    many rounds as it takes."""
    return f"{stream}-{round}"


def rounds(names: Iterable[str]) -> int:
    """How many rounds of rest there are among these streams' names."""
    known = set(names)
    for round in count(1):
        if known.isdisjoint((rest_of(POSTS, round), rest_of(DIRECT_POSTS, round))):
            return round - 1
    raise AssertionError("unreachable")


def deflate(data: bytes) -> bytes:
    """`data` as a stretch of raw deflate that ends on a byte and knows nothing of what was before:
    any number of them, and `END`, make one stream."""
    deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflater.compress(data) + deflater.flush(zlib.Z_FULL_FLUSH)


def inflate(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """A deflated stretch in bites: as it lies on the disk, and what it says.

    Raises OSError where it cannot be read, zlib.error where it is none.
    """
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    with path.open("rb") as file:
        while data := file.read(_CHUNK):
            yield data, inflater.decompress(data)
