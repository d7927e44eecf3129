"""What a server's organization holds, as far as it is held against a directory: accounts, channels,
and, in a private temporary database that nobody else can open, the messages. Where all this comes
from (an export, the server's own answers) is not known here."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from adapters.zulip.addresses import direct_ref
from adapters.zulip.imported.alignment import Person
from adapters.zulip.scratch import open_scratch
from migrate.model import Ref


class Resident(Person, frozen=True):
    """An account; `picture` is the sha256 of the picture that it was given, "" where there is none,
    None where nobody tells. Of one that is `hushed` nobody tells in which channels it is."""

    picture: str | None = None
    hushed: bool = False


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """A channel; `members` are ids of accounts, None where nobody tells them."""

    name: str
    private: bool
    web_public: bool = False
    members: frozenset[int] | None = None


class Found(NamedTuple):
    """A message. `micros` since the epoch, as fine as it is told; `copies` is how many people have
    one of their own, None where nobody tells."""

    id: int
    sender: int
    micros: int
    topic: str
    content: str
    copies: int | None = None


class Upload(NamedTuple):
    """An uploaded file. `sum` and `public` are None where nobody tells them; one that is not `held`
    is known by its path alone, and its body is gone."""

    path: str
    held: bool
    sum: str | None
    public: bool | None


Chosen = tuple[int, str]
"""A reaction: the account, and the emoji as the engine knows it."""

_TABLES = """\
CREATE TABLE message (
    id INTEGER PRIMARY KEY, place TEXT, recipient INTEGER, sender INTEGER, micros INTEGER,
    topic TEXT, content TEXT, copies INTEGER
);
CREATE TABLE recipient (id INTEGER PRIMARY KEY, place TEXT, person INTEGER);
CREATE TABLE copy (message INTEGER, person INTEGER);
CREATE TABLE reaction (message INTEGER, person INTEGER, emoji TEXT);
CREATE TABLE link (message INTEGER, path TEXT);
CREATE TABLE upload (path TEXT PRIMARY KEY, sum TEXT, public INTEGER, held INTEGER);
"""
_INDEXES = """\
CREATE INDEX IF NOT EXISTS message_place ON message (place, micros / 1000000, id);
CREATE INDEX IF NOT EXISTS message_time ON message (micros);
CREATE INDEX IF NOT EXISTS copy_message ON copy (message);
CREATE INDEX IF NOT EXISTS reaction_message ON reaction (message);
CREATE INDEX IF NOT EXISTS link_message ON link (message);
"""


def channel_place(id: int) -> Ref:
    """Where the messages of a channel stand: its ref."""
    return str(id)


def direct_place(people: Iterable[int]) -> Ref:
    """Where the direct messages of exactly these accounts stand."""
    return direct_ref(str(id) for id in people)


class Snapshot:
    """One organization. `step` is in how many microseconds its server tells times."""

    def __init__(self, folder: Path, step: int = 1) -> None:
        """The database lies in this folder, without a name."""
        self.step = step
        self.people: dict[int, Resident] = {}
        self.rooms: dict[Ref, Room] = {}
        """By their places."""
        self.emoji: dict[str, frozenset[str] | None] = {}
        """The sha256 of images by the name of a custom emoji, None where nobody tells."""
        self._db = open_scratch(folder, _TABLES)

    def close(self) -> None:
        self._db.close()

    # -- taking in -------------------------------------------------------------------------------

    def begin(self) -> None:
        """Before much is put in: what follows is written together."""
        self._db.execute("BEGIN")

    def end(self) -> None:
        """What was put in can be asked for."""
        self._db.execute("COMMIT")
        self._db.executescript(_INDEXES)

    def put_message(self, found: Found, place: Ref = "", recipient: int = 0) -> None:
        """One that stands at a place, or is for a recipient of whom more is told later."""
        id, sender, micros, topic, content, copies = found
        self._db.execute(
            "INSERT OR REPLACE INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (id, place, recipient, sender, micros, topic, content, copies),
        )

    def put_recipient(self, id: int, place: Ref, person: int = 0) -> None:
        """The place that a recipient is, or the person, whose place depends on who writes."""
        self._db.execute("INSERT OR REPLACE INTO recipient VALUES (?, ?, ?)", (id, place, person))

    def put_copies(self, message: int, copies: int, readers: Iterable[int] = ()) -> None:
        """How many have a message of their own; of a direct one also who."""
        self._db.execute("UPDATE message SET copies = ? WHERE id = ?", (copies, message))
        self._db.executemany("INSERT INTO copy VALUES (?, ?)", ((message, id) for id in readers))

    def put_reaction(self, message: int, chosen: Chosen) -> None:
        self._db.execute("INSERT INTO reaction VALUES (?, ?, ?)", (message, *chosen))

    def put_upload(self, path: str, public: bool | None, messages: Iterable[int]) -> None:
        """A file that hangs on these messages."""
        self._db.execute(
            "INSERT INTO upload VALUES (?1, NULL, ?2, 0)"
            " ON CONFLICT (path) DO UPDATE SET public = ?2",
            (path, public),
        )
        self._db.executemany("INSERT INTO link VALUES (?, ?)", ((id, path) for id in messages))

    def put_body(self, path: str, sum: str | None) -> None:
        """A file's body is there."""
        self._db.execute(
            "INSERT INTO upload VALUES (?1, ?2, NULL, 1)"
            " ON CONFLICT (path) DO UPDATE SET sum = ?2, held = 1",
            (path, sum),
        )

    def settle_places(self) -> None:
        """Give every message its place by its recipient, and leave out those of nobody who belongs
        to the organization, such as the server's own notices."""
        self._db.execute("CREATE TEMP TABLE person (id INTEGER PRIMARY KEY)")
        self._db.executemany("INSERT INTO person VALUES (?)", ((id,) for id in self.people))
        self._db.execute("DELETE FROM message WHERE sender NOT IN (SELECT id FROM person)")
        self._db.execute("DROP TABLE person")
        self._db.execute(
            "UPDATE message SET place = (SELECT CASE WHEN r.place != '' THEN r.place"
            " WHEN r.person = sender THEN 'dm:' || sender"
            " ELSE 'dm:' || min(r.person, sender) || ',' || max(r.person, sender) END"
            " FROM recipient r WHERE r.id = message.recipient)"
        )

    def forget(self, place: Ref) -> None:
        """Nothing of a place will be asked for again."""
        for table in ("copy", "reaction", "link"):
            self._db.execute(
                f"DELETE FROM {table} WHERE message IN (SELECT id FROM message WHERE place = ?)",
                (place,),
            )
        self._db.execute("DELETE FROM message WHERE place = ?", (place,))

    # -- asking ----------------------------------------------------------------------------------

    def history(self, place: Ref) -> Iterator[Found]:
        """What stands at a place, by the second and then in the server's order."""
        yield from map(
            Found._make,
            self._db.execute(
                "SELECT id, sender, micros, topic, content, copies FROM message WHERE place = ?"
                " ORDER BY micros / 1000000, id",
                (place,),
            ),
        )

    def places_at(self, micros: int, sender: int) -> set[Ref]:
        """Where somebody said something at this very time, as far as times are told."""
        first = micros - micros % self.step
        rows = self._db.execute(
            "SELECT place FROM message WHERE micros BETWEEN ? AND ? AND sender = ?",
            (first, first + self.step - 1, sender),
        )
        return {place for (place,) in rows}

    def reactions(self, message: int) -> list[Chosen]:
        return self._db.execute(
            "SELECT person, emoji FROM reaction WHERE message = ? ORDER BY rowid", (message,)
        ).fetchall()

    def uploads(self, message: int) -> list[Upload]:
        """The files that hang on a message."""
        rows = self._db.execute(
            "SELECT u.path, u.held, u.sum, u.public FROM link JOIN upload u ON u.path = link.path"
            " WHERE link.message = ?",
            (message,),
        )
        return [
            Upload(path, bool(held), sum, None if public is None else bool(public))
            for path, held, sum, public in rows
        ]

    def open_bodies(self, place: Ref) -> set[str]:
        """The sha256 of all files at a place that everybody of the organization may read."""
        rows = self._db.execute(
            "SELECT DISTINCT u.sum FROM message m JOIN link ON link.message = m.id"
            " JOIN upload u ON u.path = link.path"
            " WHERE m.place = ? AND u.public AND u.sum IS NOT NULL",
            (place,),
        )
        return {sum for (sum,) in rows}

    def readers(self, place: Ref) -> set[int]:
        """Who has a copy of anything at a place."""
        rows = self._db.execute(
            "SELECT DISTINCT copy.person FROM message m JOIN copy ON copy.message = m.id"
            " WHERE m.place = ?",
            (place,),
        )
        return {person for (person,) in rows}
