"""A body while it comes: the bytes on the disk, their hash, and what the server said of them, so
that another try, or another process, goes on where this one stopped. Requests are made elsewhere.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

import msgspec

from migrate.errors import Fatal

BLOCK = 1 << 20
"""Bytes; a body that is no larger is not worth resuming in another process."""

SMALL = 1 << 17
"""Bytes that are written at once. A body that is no larger has its file made when it is brought to
the disk, in a thread: making one may have to wait for what other bodies are doing there."""


OPENING_BYTES = 512
"""How much of a body's beginning stays at hand."""


class Tag(msgspec.Struct, frozen=True):
    """What a server said of a body: `size` in bytes (-1: nothing), its validators as they stood in
    the headers, and its type; and `sha256` once all of it is here."""

    size: int = -1
    etag: str = ""
    modified: str = ""
    mimetype: str = ""
    sha256: str = ""

    @property
    def condition(self) -> str:
        """What to send as If-Range, "" where nothing is fit for it; a weak ETag is not."""
        strong = self.etag if self.etag.startswith('"') else ""
        return strong or self.modified

    def agrees(self, other: "Tag") -> bool:
        """Whether both may be of the same body, as far as both say anything."""
        sizes = -1 in (self.size, other.size) or self.size == other.size
        etags = not (self.etag and other.etag) or self.etag == other.etag
        moments = not (self.modified and other.modified) or self.modified == other.modified
        return sizes and etags and moments


class Partial:
    """One body's `<name>.part`, beside it `<name>.tag` where it is large enough to be resumed by
    another process. `opening` are its first bytes; `stored` says that it has its final name, which
    is its hash. Methods raise Fatal where the disk refuses; `reopen` and `sync` take their time.

    A file grows on the disk only by what is in it (ext4, XFS, APFS: its size is written after its
    data), so what is found after a crash or a power cut is the body's true beginning.
    """

    def __init__(self, folder: str, name: str) -> None:
        self._folder = folder
        self._path = f"{folder}/{name}.part"
        self._tag_path = f"{folder}/{name}.tag"
        self._file: BinaryIO | None = None
        self._tagged = False
        self.stored = False
        self._start(None)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def reopen(self) -> None:
        """Take up what an earlier process left; nothing where that cannot be used."""
        self._tagged = True
        with _disk():
            try:
                with open(self._tag_path, "rb") as tag_file:
                    tag = msgspec.json.decode(tag_file.read(), type=Tag)
                self.stored = bool(tag.sha256) and not os.path.exists(self._path)
                path = locate(self._folder, tag.sha256) if self.stored else self._path
                self._file = open(path, "rb" if self.stored else "r+b")  # noqa: SIM115
            except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
                self.stored = False
                return
            self._start(tag)
            while block := self._file.read(BLOCK):
                self._count(block)
        if self.stored and self.sha256 == tag.sha256:
            return
        if self.stored or 0 <= tag.size < self.size:
            self.stored = False
            self.drop()

    def begin(self, tag: Tag) -> None:
        """Start over with a body that the server describes by `tag`."""
        self.close()
        self._start(tag)

    def append(self, chunk: bytes) -> None:
        """Take the next bytes; they are written once there are enough of them."""
        self._count(chunk)
        self._held.append(chunk)
        self._holds += len(chunk)
        if self._holds >= SMALL:
            self._write()

    def pause(self) -> None:
        """No more bytes for now: write what is held of a body that is worth resuming."""
        if self._held and self.tag is not None and not 0 <= self.tag.size <= BLOCK:
            self._write()

    def head(self, count: int) -> bytes:
        """The first `count` bytes."""
        self._write()
        with _disk(), open(self._path, "rb") as file:
            return file.read(count)

    def rewrite(self, clean: Callable[[bytes], bytes]) -> None:
        """Put what `clean` makes of the whole body in its place."""
        self._write()
        with _disk():
            with open(self._path, "rb") as whole:
                body = whole.read()
            if (cleaned := clean(body)) == body:
                return
            self.close()
            # Its tag told where to go on with the body as it was.
            self._untag()
            self._start(self.tag)
            with _open(self._path) as file:
                file.write(cleaned)
            self._file = open(self._path, "r+b")  # noqa: SIM115
        self._count(cleaned)

    def sync(self) -> None:
        """Bring all bytes to the disk, so that the final name is never given to a hole."""
        file = self._write()
        with _disk():
            os.fsync(file.fileno())
            self.close()
            if self._tagged and self.tag is not None:
                tag = msgspec.structs.replace(self.tag, size=self.size, sha256=self.sha256)
                with _open(f"{self._tag_path}.new") as tag_file:
                    tag_file.write(msgspec.json.encode(tag))
                os.replace(f"{self._tag_path}.new", self._tag_path)

    def store(self) -> None:
        """Give the body its final name; one that is there already is the same."""
        path = locate(self._folder, self.sha256)
        with _disk():
            try:
                os.replace(self._path, path)
            except FileNotFoundError:
                os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
                os.replace(self._path, path)
        self.stored = True

    def forget(self) -> None:
        """The body was noted elsewhere: nobody will ask for it under this name again."""
        with _disk():
            self._untag()

    def drop(self) -> None:
        """Forget what was fetched."""
        self.close()
        self._start(None)
        with _disk():
            self._untag()
            with suppress(FileNotFoundError):
                os.unlink(self._path)

    def close(self) -> None:
        """Let go of the file; what is written stays."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None

    def _start(self, tag: Tag | None) -> None:
        self._hash = hashlib.sha256()
        self._held: list[bytes] = []
        self._holds = 0
        self.size = 0
        self.opening = b""
        self.tag: Tag | None = tag

    def _count(self, chunk: bytes) -> None:
        self._hash.update(chunk)
        self.size += len(chunk)
        if len(self.opening) < OPENING_BYTES:
            self.opening = (self.opening + chunk)[:OPENING_BYTES]

    def _write(self) -> BinaryIO:
        with _disk():
            file = self._file or self._create()
            file.writelines(self._held)
            file.flush()
        self._held, self._holds = [], 0
        return file

    def _create(self) -> BinaryIO:
        # Emptied before the tag is written, so that no tag ever describes an older beginning.
        self._file = _open(self._path)
        assert self.tag is not None
        if 0 <= self.tag.size <= BLOCK:
            self._untag()
            return self._file
        with _open(self._tag_path) as file:
            file.write(msgspec.json.encode(self.tag))
        self._tagged = True
        return self._file

    def _untag(self) -> None:
        if self._tagged:
            with suppress(FileNotFoundError):
                os.unlink(self._tag_path)
            self._tagged = False


def locate(folder: str, sha256: str) -> str:
    """Where a stored body lies."""
    return f"{folder}/{sha256[:2]}/{sha256}"


def list_leftovers(folder: str) -> set[str]:
    """The names of bodies that another process left and that can be gone on with."""
    with _disk(), os.scandir(folder) as entries:
        return {entry.name[:-4] for entry in entries if entry.name.endswith(".tag")}


def clear_leftovers(folder: str) -> None:
    """Remove what is there of bodies that never became whole, once nobody wants them any more."""
    with _disk(), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith((".part", ".tag", ".tag.new")):
                os.unlink(entry.path)


def _open(path: str) -> BinaryIO:
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "unknown"
        raise Fatal(
            "disk-refused",
            f"The disk under the project's folder refuses: {reason}.",
            "Make room or mend it, then run again to continue.",
        ) from None
