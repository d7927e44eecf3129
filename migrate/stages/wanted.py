"""Which bodies a migration needs: of files that the conversations it brings have, people's
pictures, images of custom emoji. Where the bodies come from is `fetch`'s and `unpack`'s affair, and
what is sent of them the plan's."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

import msgspec

from migrate.model import File
from migrate.source.files import ACCESS_CODES
from migrate.stages.bodies import AVATAR, DOCUMENTS, EMOJI
from migrate.stages.brief import Span
from migrate.store import Store, files, people
from migrate.store.files import Held, body_path

Kind = Literal["files", "avatars", "emoji"]

KINDS: tuple[Kind, ...] = get_args(Kind)

BODILESS = frozenset({"external", "tombstone", "hidden_by_limit"})
"""Modes of files that Slack has no body of."""

TEXT_BYTES = 256 << 10
"""The largest body that is kept as text, too."""

_TEXTS = DOCUMENTS | {"snippet"}
_BODILESS = f"SELECT id FROM file WHERE mode IN ({', '.join(map(repr, sorted(BODILESS)))})"


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """A body that is needed. `code` is why it cannot be asked for, "" where it can; it may lie in
    the export all the same. `size` in bytes, 0 where nobody says."""

    id: str
    kind: Kind
    url: str
    size: int = 0
    mode: str = "hosted"
    mimetype: str = ""
    code: str = ""


def need_files(store: Store, span: Span) -> list[str]:
    """The ids of the files with a body that messages of the conversations to be brought have in
    this time, or that belong to such a conversation without any message."""
    query = (
        "SELECT DISTINCT file FROM attachment JOIN conversation ON num = conv AND lane != 0"
        " WHERE ts >= ? AND (? = 0 OR ts < ?) AND NOT EXISTS (SELECT 1 FROM deletion d"
        " WHERE d.conv = attachment.conv AND d.ts = attachment.ts)"
    )
    found = {id for (id,) in store.db.execute(query, (span.since, span.until, span.until))}
    lanes = "SELECT id FROM conversation WHERE lane != 0"
    brought = {id for (id,) in store.db.execute(lanes)}
    alone = "id NOT IN (SELECT file FROM attachment)"
    found.update(f.id for f in files.files(store, alone) if brought.intersection(f.conversations))
    bodiless = {id for (id,) in store.db.execute(_BODILESS)}
    return sorted(found - bodiless)


def describe_need(file: File) -> Need:
    """What to ask for, for a file."""
    code = ACCESS_CODES.get(file.access, "")
    if not code and not file.url:
        code = "file-without-url"
    return Need(
        id=file.id,
        kind="files",
        url=file.url,
        size=file.size,
        mode=file.mode,
        mimetype=file.mimetype,
        code=code,
    )


def need_avatars(store: Store) -> Iterator[Need]:
    """The pictures of everybody who writes in their own name."""
    standing = {person.id for _, person in people.stand_ins(store)}
    for _, person in people.people(store):
        if person.avatar_url and person.id in standing:
            yield Need(id=AVATAR + person.id, kind="avatars", url=person.avatar_url, mode="image")


def need_emoji(store: Store) -> Iterator[Need]:
    """The images of all custom emoji; other names for one have none of their own."""
    for name, url, _ in files.emoji(store):
        if url:
            yield Need(id=EMOJI + name, kind="emoji", url=url, mode="image")


def has_tokens(need: Need) -> bool:
    """Whether tokens are to be cut out of a body: Slack writes the addresses of pictures and cards
    into a canvas or a post with the export's own, and either travels as a file."""
    return need.mode in DOCUMENTS


def is_there(store: Store, folder: Path, id: str) -> bool:
    """Whether a body was fetched, and lies whole in the project."""
    held = files.body(store, id)
    if held is None or held.code:
        return False
    try:
        return body_path(folder, held.sha256).stat().st_size == held.size
    except OSError:
        return False


def describe_body(folder: Path, need: Need, sha256: str, size: int, served: str) -> Held:
    """What to note of a body that lies in the project in `folder`; `served` is the type that it
    came with."""
    # Slack's own kinds say what opens the file in Slack, and not what its bytes are.
    known = "" if need.mimetype.startswith("application/vnd.slack-") else need.mimetype
    text = None
    if need.mode in _TEXTS and size <= TEXT_BYTES:
        try:
            text = body_path(folder, sha256).read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError:
            text = None
    return Held(id=need.id, sha256=sha256, size=size, mimetype=known or served, text=text)
