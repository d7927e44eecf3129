"""Bodies that lie in the export itself, as slackdump and its like leave them, taken into the
project without any network."""

import hashlib
import mimetypes
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from migrate.errors import Fatal
from migrate.findings import Finding
from migrate.source import Damaged, Export, Upload, find_uploads, read_upload
from migrate.source.tokens import cut_tokens
from migrate.stages.wanted import Need, describe_body, has_tokens
from migrate.stages.world import World
from migrate.store import Store, files
from migrate.store.files import Held

_COMING = "unpacked.part"
"""A body while it is taken; what a crash left of one is written over by the next."""


def unpack_bodies(
    store: Store, folder: Path, export: Export, needs: Mapping[str, Need], world: World
) -> Iterator[Held | Finding]:
    """Take what is needed and lies there, from the newest archive that has it whole; each is noted
    before it is yielded. A body of another size than Slack says is a finding, not a body.

    Raises Fatal where the disk refuses.
    """
    taken: set[str] = set()
    for path in export.paths:
        for upload in find_uploads(path):
            need = needs.get(upload.file)
            if need is None or need.id in taken:
                continue
            world.check()
            if need.mode == "hosted" and need.size and upload.size != need.size:
                yield Finding(code="upload-differs", place=need.id)
                continue
            try:
                sha256, size = _take(folder, upload, has_tokens(need))
            except Damaged as damaged:
                yield Finding(code=damaged.code, place=need.id)
                continue
            world.probe("fetch.taken", need.id)
            served = mimetypes.guess_type(upload.member.name)[0] or ""
            with store.transaction():
                held = describe_body(folder, need, sha256, size, served)
                files.put_bodies(store, [held])
            world.probe("fetch.noted", need.id)
            taken.add(need.id)
            yield held


def _take(folder: Path, upload: Upload, cut: bool) -> tuple[str, int]:
    """Write the body to its place, without live tokens where they are to be cut; returns its sha256
    and size. Raises Damaged."""
    within = folder / files.FOLDER
    coming = within / _COMING
    digest, size = hashlib.sha256(), 0
    try:
        within.mkdir(mode=0o700, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with open(os.open(coming, flags, 0o600), "wb", buffering=0) as file:
            blocks = read_upload(upload)
            for block in [cut_tokens(b"".join(blocks))] if cut else blocks:
                digest.update(block)
                size += file.write(block)
            os.fsync(file.fileno())
        place = files.body_path(folder, digest.hexdigest())
        place.parent.mkdir(mode=0o700, exist_ok=True)
        coming.replace(place)
    except OSError as error:
        raise Fatal(
            "disk-refused",
            f"The bodies of files cannot be written: {error.strerror}.",
            "Free some space or mend the permissions, then run the command again to continue.",
        ) from None
    return digest.hexdigest(), size
