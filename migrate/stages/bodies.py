"""Which bodies travel: an op for every file, picture and custom emoji, with the reason where
nothing is uploaded, and the body itself as a session takes it. What a message shows of its files
is `enclosures`; how bodies get into the project is `fetch`."""

import hashlib
import mimetypes
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from migrate.errors import Fatal
from migrate.model import File
from migrate.spi import Body, Capabilities, Wish
from migrate.stages.archives import last_joined
from migrate.stages.brief import Brief, skipped
from migrate.stages.parts import write_again
from migrate.stages.sharing import loose_files, ownerless
from migrate.store import Op, OpKind, Store, files, ops
from migrate.store.files import Held
from migrate.store.ops import record_number

AVATAR = "avatar/"
EMOJI = "emoji/"

INLINED = "file-inlined"
"""The skip code of a file whose text stands in its messages instead."""

DOCUMENTS = frozenset({"space", "post", "docs", "quip", "canvas"})
"""Modes of files that are written text: old posts and canvases."""

INLINE_LIMIT = 8_000
"""Characters of the longest snippet that stands in its message."""

_GONE = {"tombstone": "file-deleted", "hidden_by_limit": "file-hidden-by-limit"}
_REFUSED = {"access_denied": "file-access-denied", "file_not_found": "file-not-found"}

UNFETCHED = "file-linked"
"""The skip code of a body that nobody has asked Slack for."""

LOST = frozenset(
    {"file-deleted", "file-hidden-by-limit", "file-not-found", "body-gone", "file-without-place"}
)
"""Skip codes of files to which no link leads either."""


def fate(file: File, held: Held | None, caps: Capabilities, folder: Path) -> str:
    """Why a file's body is not sent: a skip code; "" where it is."""
    if held is not None and not held.code and _lies_there(held, folder):
        text = held.text
        if file.mode == "snippet" and text is not None and len(text) <= INLINE_LIMIT:
            return INLINED
        too_large = caps.file_limit is not None and held.size > caps.file_limit
        if caps.files != "none" and not too_large:
            return ""
        if file.mode in DOCUMENTS and text is not None:
            return INLINED
        return "file-too-large" if caps.files != "none" else "files-not-kept"
    if file.mode in _GONE:
        return _GONE[file.mode]
    if file.mode == "external":
        return "file-external"
    if caps.files == "none":
        return "files-not-kept"
    if held is not None and held.code:
        return held.code
    return _REFUSED.get(file.access, UNFETCHED)


def file_ops(store: Store, brief: Brief) -> Iterator[Op]:
    """One op a file."""
    folder = store.path.parent
    homeless = {loose.file.id for loose in loose_files(store) if not loose.conversations}
    kept_out = ownerless(store, brief)
    for file in files.files(store):
        op = Op(0, 0, OpKind.FILE, file.id, 0, 0, record=record_number("files"))
        code = fate(file, files.body(store, file.id), brief.caps, folder)
        if file.id in homeless and code not in LOST:
            code = "file-without-place"
        elif not code and file.id in kept_out:
            code = "file-mapped-direct"
        yield skipped(op, code) if code else op


def avatar_ops(store: Store, brief: Brief) -> Iterator[Op]:
    """One op a picture of somebody who has an account of ours. An archive that may be written again
    has the account once more, with it."""
    if not brief.caps.avatars:
        return
    joined = last_joined(store)
    for number, standing in brief.resolution.people.items():
        op = Op(0, 0, OpKind.FILE, f"{AVATAR}{standing.person.id}", 0, 0, author=number)
        if standing.code or standing.action == "map" or not _fits(store, op.item, brief.caps):
            continue
        account = ops.op(store, 0, 0, OpKind.ACCOUNT, standing.person.id)
        part = account.part if account is not None else -1
        if 0 <= part <= joined:
            yield skipped(op, "avatar-late")
            continue
        if part >= 0 and ops.op(store, *op.key) is None:
            write_again(store, part)
        yield op


def emoji_ops(store: Store, brief: Brief) -> Iterator[Op]:
    """One op a custom emoji that shall be the target's too and whose image is there; its name
    there is the op's."""
    if not brief.caps.emoji:
        return
    taken = {
        op.name for op in ops.select(store, f"{_ALL} AND item GLOB '{EMOJI}*'")
    }  # fmt: skip
    for name, wish in brief.resolution.emoji.items():
        op = Op(0, 0, OpKind.FILE, f"{EMOJI}{name}", 0, 0)
        if not _fits(store, op.item, brief.caps) or ops.op(store, *op.key) is not None:
            continue
        asked = Wish(kind="emoji", id=name, name=wish)
        placement = brief.adapter.place(asked, None, lambda name: name not in taken)
        taken.add(placement.name)
        yield msgspec.structs.replace(op, name=placement.name)


_ALL = f"conv = 0 AND ts = 0 AND kind = {int(OpKind.FILE)}"


def loose_by_conversation(store: Store) -> dict[int, list[File]]:
    """The files that are to be had and that no message has, by the conversations they belong to."""
    there = {
        id
        for (id,) in store.db.execute(
            f"SELECT item FROM op WHERE {_ALL} AND (state != 4 OR code = '{INLINED}')"
        )
    }
    found: dict[int, list[File]] = {}
    for loose in loose_files(store):
        if loose.file.id in there:
            for number in loose.conversations:
                found.setdefault(number, []).append(loose.file)
    return found


def leave_unused(store: Store, last_joined: int) -> None:
    """Skip the files of which nothing is sent that they belong to; what stands in parts up to
    `last_joined`, or at a live target, stays."""
    (any_file,) = store.db.execute("SELECT EXISTS (SELECT 1 FROM file)").fetchone()
    if not any_file:
        return
    store.db.execute(
        f"UPDATE op SET state = 4, code = 'file-unused', part = -1 WHERE {_ALL} AND record != 0"
        " AND (state != 2 OR part > ?) AND code NOT IN ('file-without-place', 'file-mapped-direct')"
        " AND item NOT IN ("
        " SELECT a.file FROM attachment a JOIN op m ON m.conv = a.conv AND m.ts = a.ts"
        " AND m.kind = 5 AND m.item = '' AND m.piece = 0 WHERE m.state != 4"
        " UNION SELECT substr(item, 6) FROM op WHERE kind = 5 AND item GLOB 'file/*'"
        " AND state != 4)",
        (last_joined,),
    )


def body_of(store: Store, id: str) -> Body | None:
    """A body as a session takes it, by a file's id or one that begins with AVATAR or EMOJI; None
    where it is not in the project."""
    held = files.body(store, id)
    if held is None or held.code or not held.sha256:
        return None
    known = files.file(store, id) or File(id=id, name=_name(id, held.mimetype))
    file = embodied(known, held.size, held.mimetype)
    path = files.body_path(store.path.parent, held.sha256)
    return Body(file=file, path=path, sha256=held.sha256)


def embodied(file: File, size: int, mimetype: str) -> File:
    """A file as its body is: its size and type, and, where it is a written text that Slack calls by
    its title alone, a name that a computer knows what to open with."""
    mimetype = mimetype or file.mimetype
    name = file.name
    if file.mode in DOCUMENTS and mimetypes.guess_type(name)[0] is None:
        name = f"{name or file.title or file.id}{mimetypes.guess_extension(mimetype) or ''}"
    return msgspec.structs.replace(file, name=name, size=size or file.size, mimetype=mimetype)


def picture_of(store: Store, id: str) -> File | None:
    """What is known of a picture, given its id with AVATAR or EMOJI before it."""
    body = body_of(store, id)
    return None if body is None else body.file


def is_whole(body: Body) -> bool:
    """Whether a body is still as it was fetched. One that is not is put aside, so that `fetch`
    brings it again; it takes as long as reading it."""
    try:
        with body.path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == body.sha256:
                return True
    except OSError:
        return False
    with suppress(OSError):
        body.path.rename(body.path.with_suffix(".damaged"))
    return False


def bodies(store: Store, ids: Sequence[str] | None = None) -> Iterator[Body]:
    """The bodies that an archive holds, in the order of their ids: of all ops that are not
    skipped, or of `ids` alone.

    Raises Fatal where one is not as it was fetched: the archive's messages say that it has it.
    """
    if ids is None:
        query = f"SELECT item FROM op WHERE {_ALL} AND state != 4 ORDER BY item"
        ids = [item for (item,) in store.db.execute(query)]
    for id in ids:
        body = body_of(store, id)
        if body is None:
            continue
        if not is_whole(body):
            raise Fatal(
                "body-lost",
                f"The body of {id} has gone from the project's folder `{files.FOLDER}`, or was"
                " changed there.",
                "Run `chat-migrate fetch`, `plan` and `run`.",
            )
        yield body


def counts(store: Store) -> dict[str, int]:
    """Files by what becomes of them: uploaded, standing in the text, linked, not to be had, and
    left out with their messages."""
    ends = dict.fromkeys(("send", "inlined", "link", "missing", "skip"), 0)
    query = f"SELECT state = 4, code, count(*) FROM op WHERE {_ALL} AND record != 0 GROUP BY 1, 2"
    for is_skipped, code, count in store.db.execute(query):
        if not is_skipped:
            ends["send"] += count
        elif code == INLINED:
            ends["inlined"] += count
        elif code == "file-unused":
            ends["skip"] += count
        else:
            ends["missing" if code in LOST else "link"] += count
    return ends


def count_bytes(store: Store, *, open_only: bool = False) -> int:
    """Bytes of the bodies that are sent, pictures and emoji among them; or of those alone that a
    run has still to bring."""
    states = "IN (0, 1, 3)" if open_only else "!= 4"
    query = f"SELECT sum(b.size) FROM op JOIN body b ON b.id = op.item WHERE {_ALL} AND state"
    (size,) = store.db.execute(f"{query} {states}").fetchone()
    return int(size or 0)


def _fits(store: Store, id: str, caps: Capabilities) -> bool:
    held = files.body(store, id)
    if held is None or held.code or not _lies_there(held, store.path.parent):
        return False
    return caps.file_limit is None or held.size <= caps.file_limit


def _lies_there(held: Held, folder: Path) -> bool:
    """Whether the body is whole on this disk: a power cut may have taken what the store knows."""
    if not held.sha256:
        return False
    try:
        return files.body_path(folder, held.sha256).stat().st_size == held.size
    except OSError:
        return False


def _name(id: str, mimetype: str) -> str:
    stem = id.partition("/")[2]
    return f"{stem}{mimetypes.guess_extension(mimetype) or ''}"
