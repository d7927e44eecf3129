"""Bodies of files that lie in the export itself: slackdump and its like put them beside the talk.
Only where they lie and what their bytes are; which of them are wanted is the caller's affair."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec

from migrate.source.archive import open_archive
from migrate.source.layout import is_foreign
from migrate.source.members import ON_DISK, Damaged, Member, spell, stream_file, stream_packed

__all__ = ["Damaged", "Upload", "find_uploads", "read_upload"]

# `__uploads/<file id>/<name>`, or `<conversation>/attachments/<file id>-<name>`.
_UPLOAD = re.compile(r"(?:^|/)(?:__uploads/(F[A-Z0-9]+)/|attachments/(F[A-Z0-9]+)-)[^/]*$")


class Upload(msgspec.Struct, frozen=True):
    """A body in the archive at `path`; `file` is the id that its name claims, `size` in bytes."""

    file: str
    path: Path
    member: Member

    @property
    def size(self) -> int:
        return self.member.size


def find_uploads(path: Path) -> Iterator[Upload]:
    """Every body in an archive, in the archive's order; one that was shared in several
    conversations may lie there several times. Raises UsageError where it cannot be opened."""
    with open_archive(path) as archive:
        for member in archive.members():
            name = spell(member.name)
            found = _UPLOAD.search(name)
            if found and not is_foreign(name):
                yield Upload(found[1] or found[2], path, member)


def read_upload(upload: Upload) -> Iterator[bytes]:
    """The body in blocks. Raises Damaged."""
    with ExitStack() as stack:
        if upload.member.method == ON_DISK:
            yield from stream_file(upload.path, upload.member)
            return
        try:
            file = stack.enter_context(upload.path.open("rb", buffering=0))
        except OSError:
            raise Damaged("member-unreadable") from None
        yield from stream_packed(file.fileno(), upload.member)
