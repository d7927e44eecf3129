"""A zip file and a folder behind one face: what members there are, and whether the whole is fit to
be read at all. Nothing is extracted. A member's bytes are `members`', its meaning `layout`'s."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from migrate.errors import UsageError
from migrate.source import directory
from migrate.source.members import ON_DISK, Member, read_file, read_packed

# Talk packs ten- to twentyfold, zeros a thousandfold. Both bounds of a pair must be passed.
_BOMB_TOTAL, _BOMB_TOTAL_RATIO = 1 << 30, 60
_BOMB_MEMBER, _BOMB_MEMBER_RATIO = 100 << 20, 200


class Archive(Protocol):
    """`path` is what the user named. A context manager; `read` works inside it alone."""

    path: Path

    def __enter__(self) -> "Archive": ...

    def __exit__(self, *_: object) -> None: ...

    def members(self) -> Iterator[Member]:
        """Every file, in the archive's own order."""

    def read(self, member: Member) -> bytes:
        """The whole content. Raises Damaged."""


def open_archive(path: Path) -> Archive:
    """The archive at `path`, a zip file or a folder. Raises UsageError where it is neither."""
    try:
        is_folder, is_file = path.is_dir(), path.is_file()
    except OSError as error:
        raise _unreadable_path(path, error) from None
    if is_folder:
        return Folder(path)
    if not is_file:
        raise UsageError(
            "export-missing",
            f"There is no export at {path}.",
            "Name the .zip file that Slack gave you, or the folder it was unpacked to.",
        )
    return Zip(path)


class Zip:
    """An export as Slack hands it out."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None

    def __enter__(self) -> "Zip":
        try:
            self._file = self.path.open("rb", buffering=1 << 18)
        except OSError as error:
            raise _unreadable_path(self.path, error) from None
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def members(self) -> Iterator[Member]:
        """Every file in the table's order. Raises UsageError for a zip that nobody should open."""
        assert self._file is not None
        length = os.fstat(self._file.fileno()).st_size
        total = 0
        try:
            for entry in directory.read_directory(self._file, directory.find_directory(self._file)):
                total += entry.size
                self._guard(entry, total, length)
                if not entry.name.endswith(("/", "\\")):
                    # A claim beyond the file's end is kept small enough to be found out later.
                    yield Member(
                        entry.name,
                        min(entry.offset, length),
                        min(entry.packed, length + 1),
                        entry.size,
                        entry.method,
                        entry.crc,
                    )
        except directory.Unreadable as error:
            raise _no_zip(self.path, self._file, error.cut) from None
        except OSError as error:
            raise _unreadable_path(self.path, error) from None

    def read(self, member: Member) -> bytes:
        assert self._file is not None
        return read_packed(self._file.fileno(), member)

    def _guard(self, entry: directory.Entry, total: int, length: int) -> None:
        if entry.encrypted:
            raise UsageError(
                "export-encrypted",
                f"{self.path} is protected by a password.",
                "Unpack it with the password and name the folder.",
            )
        swollen = total > _BOMB_TOTAL and total > _BOMB_TOTAL_RATIO * length
        burst = entry.size > _BOMB_MEMBER and entry.size > _BOMB_MEMBER_RATIO * entry.packed
        if swollen or burst:
            raise UsageError(
                "export-bomb",
                f"{self.path} would grow beyond all measure when unpacked: this is no export.",
                "Download the export again from Slack. If you trust the file, unpack it yourself "
                "and name the folder.",
            )


class Folder:
    """An export that was unpacked, or written by another tool. Links are not followed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> "Folder":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def members(self) -> Iterator[Member]:
        """Every file, folder by folder and sorted, so that one folder is read alike everywhere."""
        try:
            yield from self._walk()
        except OSError as error:
            raise _unreadable_path(self.path, error) from None

    def read(self, member: Member) -> bytes:
        return read_file(self.path, member)

    def _walk(self) -> Iterator[Member]:
        left = [""]
        while left:
            prefix = left.pop()
            with os.scandir(self.path / prefix) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
            for entry in found:
                name = f"{prefix}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    left.append(f"{name}/")
                elif entry.is_file(follow_symlinks=False):
                    stat = entry.stat(follow_symlinks=False)
                    size = stat.st_size
                    yield Member(name, 0, size, size, ON_DISK, stat.st_mtime_ns)


def _unreadable_path(path: Path, error: OSError) -> UsageError:
    return UsageError(
        "export-unreadable",
        f"{path} cannot be read: {error.strerror}.",
        "Check the file's permissions and the disk it lies on.",
    )


_OTHER_FORMS = {
    b"<": ("a web page, not an export", "Sign in to Slack and download the export again."),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", "Unpack it and name the folder."),
    b"Rar!": ("a RAR archive", "Unpack it and name the folder."),
    b"\x1f\x8b": ("a gzip archive", "Unpack it and name the folder."),
    b"SQLite format 3": (
        "a database, perhaps slackdump's",
        "Convert it with `slackdump convert -f export`.",
    ),
}


def _no_zip(path: Path, file: BinaryIO, cut: bool) -> UsageError:
    if cut:
        return UsageError(
            "export-truncated",
            f"{path} is a zip file that breaks off: its table of contents is missing or damaged.",
            "Download the export again, and compare the file's size with Slack's.",
        )
    file.seek(0)
    head = file.read(64).lstrip()
    for start, (what, advice) in _OTHER_FORMS.items():
        if head.startswith(start):
            return UsageError("export-no-zip", f"{path} is {what}.", advice)
    return UsageError(
        "export-no-zip",
        f"{path} is not a zip file.",
        "Name the .zip file that Slack gave you, or the folder it was unpacked to.",
    )
