"""Files: which messages have which, and the bodies that were fetched. What is said of a file in the
export lies beside the messages; the bodies themselves lie in the project's folder, by sha256."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from migrate.model import File
from migrate.store.connection import Store

FOLDER = "files"
"""Where bodies lie, within the project."""

_file = msgspec.json.Decoder(File)


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a body: where it is (`sha256`, `size` in bytes), or the `code` of why it is
    not. `text` is the body itself where it is small and read as text."""

    id: str
    sha256: str = ""
    size: int = 0
    mimetype: str = ""
    code: str = ""
    text: str | None = None


def body_path(folder: Path, sha256: str) -> Path:
    """Where the project in `folder` keeps the body with this sha256."""
    return folder / FOLDER / sha256[:2] / sha256


def put_bodies(store: Store, bodies: Iterable[Held]) -> None:
    """Note bodies; one that is there is never replaced by a reason why it is not. One that is
    noted once more was lost in between, and plans may have been made without it."""
    bodies = list(bodies)
    for each in bodies:
        known = body(store, each.id)
        if known and each.sha256 and known.sha256 == each.sha256:
            note_added(store, each.id)
    store.db.executemany(
        "INSERT INTO body VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " sha256 = excluded.sha256, size = excluded.size, mimetype = excluded.mimetype,"
        " code = excluded.code, text = excluded.text"
        " WHERE excluded.code = '' OR body.code != ''",
        [(b.id, b.sha256, b.size, b.mimetype, b.code, b.text) for b in bodies],
    )


def forget_body(store: Store, id: str) -> None:
    """Forget a body that was noted and is not there any more."""
    store.db.execute("DELETE FROM body WHERE id = ?", (id,))


def body(store: Store, id: str) -> Held | None:
    """What is known of a body; None where nobody asked for it."""
    row = store.db.execute("SELECT * FROM body WHERE id = ?", (id,)).fetchone()
    if row is None:
        return None
    id, sha256, size, mimetype, code, text = row
    return Held(id=id, sha256=sha256, size=size, mimetype=mimetype, code=code, text=text)


def put_attachments(store: Store, conv: int, pairs: Iterable[tuple[int, str]]) -> None:
    """Note which messages (ts in microseconds) of one conversation have which files."""
    store.db.executemany(
        "INSERT OR IGNORE INTO attachment VALUES (?, ?, ?)", [(conv, ts, id) for ts, id in pairs]
    )


def file(store: Store, id: str) -> File | None:
    """What the export says of a file."""
    row = store.db.execute("SELECT data FROM file WHERE id = ?", (id,)).fetchone()
    return None if row is None else _file.decode(row[0])


def files(store: Store, where: str = "TRUE", values: Iterable[object] = ()) -> Iterator[File]:
    """Files by a condition over the table's columns, in the order of their ids."""
    query = f"SELECT data FROM file WHERE {where} ORDER BY id"
    for (data,) in store.db.execute(query, tuple(values)):
        yield _file.decode(data)


def add_places(store: Store, places: Mapping[str, Iterable[str]]) -> None:
    """Note of files, by id, which conversations they belong to beside those that their own records
    name; files that are not known are passed over."""
    for id, conversations in places.items():
        known = file(store, id)
        if known is not None:
            told = tuple(dict.fromkeys((*known.conversations, *conversations)))
            changed = msgspec.structs.replace(known, conversations=told)
            store.db.execute(
                "UPDATE file SET data = ? WHERE id = ?", (msgspec.json.encode(changed), id)
            )


def drop_attachments(store: Store, conv: int, moments: Iterable[int]) -> None:
    """Forget which files the messages of these ts have."""
    store.db.executemany(
        "DELETE FROM attachment WHERE conv = ? AND ts = ?", [(conv, ts) for ts in moments]
    )


def put_emoji(store: Store, emoji: Iterable[tuple[str, str, str]]) -> None:
    """Replace the workspace's custom emoji: name, URL of the image, and the name of the emoji that
    it is another name for; one of the last two is ""."""
    store.db.execute("DELETE FROM emoji")
    store.db.executemany("INSERT OR REPLACE INTO emoji VALUES (?, ?, ?)", emoji)


def emoji(store: Store) -> Iterator[tuple[str, str, str]]:
    """The workspace's custom emoji as `put_emoji` takes them, by name."""
    yield from store.db.execute("SELECT name, url, alias_of FROM emoji ORDER BY name")


def put_bookmarks(store: Store, conv: int, bookmarks: Iterable[tuple[str, str, int]]) -> None:
    """Replace one conversation's bookmarks: title, URL and Unix second, in their order."""
    store.db.execute("DELETE FROM bookmark WHERE conv = ?", (conv,))
    store.db.executemany(
        "INSERT INTO bookmark VALUES (?, ?, ?, ?, ?)",
        [(conv, position, *bookmark) for position, bookmark in enumerate(bookmarks)],
    )


ADDED = "added"
"""Where `meta` keeps what tells one state of what Slack added to the export from another."""


def note_added(store: Store, what: object) -> None:
    """Note that something was added to what the export says: no plan made before survives it."""
    told = store.meta(ADDED).encode() + msgspec.json.encode(what)
    store.set_meta(ADDED, hashlib.sha256(told).hexdigest())


def fetched_sum(store: Store) -> str:
    """What tells one state of the fetched bodies, and of all else that Slack added, from
    another."""
    digest = hashlib.sha256(store.meta(ADDED).encode())
    for query in (
        "SELECT id, sha256, code FROM body ORDER BY id",
        "SELECT name, url != '', alias_of FROM emoji ORDER BY name",
        "SELECT * FROM bookmark ORDER BY conv, position",
    ):
        for row in store.db.execute(query):
            digest.update(repr(row).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
