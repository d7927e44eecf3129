"""What `manage.py export` wrote, a folder or the archive that it is packed into, read once from the
beginning to the end: its files one after another, and the rows of their tables a few at a time, so
that no file is ever held whole and nothing is unpacked. What rows mean is not known here."""

import re
import tarfile
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import IO

import msgspec

Taker = Callable[[bytes], None]
"""What takes some rows of a table, a JSON array."""

_BLOCK = 1 << 20

# Zulip writes its tables indented. What is inside a string has no raw line break, so these lines
# tell where a row ends, and where a table does.
_ROW_END = b"\n    },\n"
_TABLE_END = b"\n  ]"
_TABLE = re.compile(rb'\n  "(\w+)": \[(?=\n)')
_LONGEST_NAME = 200


def files_of(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Every file with its name in the export, in the order in which they lie there; each can be
    read until the next is asked for.

    Raises OSError or tarfile.TarError where it is none or breaks off.
    """
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.is_file():
                with file.open("rb") as opened:
                    yield file.relative_to(path).as_posix(), opened
        return
    with tarfile.open(path, "r|*") as packed:
        for member in packed:
            body = packed.extractfile(member) if member.isfile() else None
            if body is not None:
                # All of it lies in one folder.
                yield member.name.removeprefix("./").partition("/")[2], body


def sum_of(file: IO[bytes]) -> tuple[int, str]:
    """Bytes and sha256 of what is left of a file."""
    digest, size = sha256(), 0
    while block := file.read(_BLOCK):
        digest.update(block)
        size += len(block)
    return size, digest.hexdigest()


def read_rows(file: IO[bytes], takers: Mapping[str, Taker]) -> None:
    """Give the rows of these tables away; all others are passed over. Memory is that of some rows
    alone where the file is laid out as Zulip does it, else that of the file.

    Raises msgspec.DecodeError where the file breaks off; what a taker raises goes through.
    """
    held = file.read(_BLOCK)
    if not held.startswith(b"{\n  "):
        _read_whole(held + file.read(), takers)
        return
    take: Taker | None = None
    inside = False
    while True:
        if not inside and (found := _TABLE.search(held)):
            inside, take, held = True, takers.get(found[1].decode()), held[found.end() :]
        if inside:
            rows, held, inside = _split(held)
            if rows and take is not None:
                take(b"[%b]" % rows)
            if not inside:
                continue
        else:
            held = held[-_LONGEST_NAME:]
        block = file.read(_BLOCK)
        if not block:
            break
        held += block
    if inside or not held.rstrip().endswith(b"}"):
        raise msgspec.DecodeError("the file breaks off")


def _split(held: bytes) -> tuple[bytes, bytes, bool]:
    """The whole rows at the beginning, what is behind them, and whether more may follow."""
    end = held.find(_TABLE_END)
    if end >= 0:
        return held[:end], held[end + len(_TABLE_END) :], False
    last = held.rfind(_ROW_END)
    if last < 0:
        return b"", held, True
    comma = last + len(_ROW_END) - 2
    return held[:comma], held[comma + 1 :], True


def _read_whole(data: bytes, takers: Mapping[str, Taker]) -> None:
    tables = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    for name, take in takers.items():
        if name in tables:
            take(bytes(tables[name]))
