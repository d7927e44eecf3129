"""The messages of a directory as they are laid aside while it is read: its files hold those of all
conversations in the order of time, and they are asked for one conversation at a time."""

import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from adapters.zulip import limits
from adapters.zulip.directory import tables
from adapters.zulip.directory.records import Trace
from adapters.zulip.scratch import open_scratch
from migrate.model import Ref

Recipient = tuple[int, int]
"""For whom a message is: the number of the recipient, and of the sender where the recipient is a
person, else 0."""


class Entry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A message with all that belongs to it. `files` are the paths of those whose bodies are there,
    `copies` how many people have one of their own, `readers` who they are, of direct messages
    alone."""

    message: tables.Message
    trace: Trace
    reactions: tuple[tables.Reaction, ...]
    files: tuple[str, ...]
    copies: int
    readers: tuple[Ref, ...]

    @property
    def micros(self) -> int:
        """When it was sent, in microseconds since the epoch."""
        return round(self.message.date_sent * 1_000_000)

    @property
    def direct(self) -> bool:
        """Whether it has no topic."""
        return self.message.recipient % 4 != limits.CHANNEL

    @property
    def payload(self) -> bytes:
        """Its words as the plan rendered them, before topics were known."""
        content = self.message.content
        for swap in reversed(self.trace.swaps):
            content = content[: swap.start] + swap.before + content[swap.start + swap.length :]
        return content.encode("utf-8", "replace")


_TABLES = """\
CREATE TABLE entry (recipient INTEGER, sender INTEGER, second INTEGER, number INTEGER, data BLOB);
CREATE TABLE reaction (message INTEGER, data BLOB);
"""
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Entry).decode
_reaction = msgspec.json.Decoder(tables.Reaction).decode


class Spool:
    """First the reactions are put in, then the messages, then they are asked for."""

    def __init__(self, folder: Path) -> None:
        self._db: sqlite3.Connection = open_scratch(folder, _TABLES)
        self._db.execute("BEGIN")

    def close(self) -> None:
        self._db.close()

    def put_reaction(self, row: bytes) -> None:
        """A row of the table of reactions, as it stands there."""
        message = _reaction(row).message
        self._db.execute("INSERT INTO reaction VALUES (?, ?)", (message, row))

    def end_reactions(self) -> None:
        self._db.execute("CREATE INDEX reaction_message ON reaction (message)")

    def reactions(self, numbers: Collection[int]) -> dict[int, list[tables.Reaction]]:
        """Those of a file of messages, by message."""
        found: dict[int, list[tables.Reaction]] = {}
        if numbers:
            rows = self._db.execute(
                "SELECT data FROM reaction WHERE message BETWEEN ? AND ? ORDER BY message, rowid",
                (min(numbers), max(numbers)),
            )
            for (data,) in rows:
                reaction = _reaction(data)
                found.setdefault(reaction.message, []).append(reaction)
        return found

    def put(self, entry: Entry) -> None:
        message = entry.message
        personal = message.recipient % 4 == limits.PERSONAL
        sender = message.sender if personal else 0
        self._db.execute(
            "INSERT INTO entry VALUES (?, ?, ?, ?, ?)",
            (message.recipient, sender, int(message.date_sent), message.id, _pack(entry)),
        )

    def end(self) -> None:
        """Everything was put in."""
        self._db.execute("DROP TABLE reaction")
        self._db.execute("CREATE INDEX entry_order ON entry (recipient, sender, second, number)")
        self._db.execute("COMMIT")

    def entries(self, recipients: Collection[Recipient]) -> Iterator[Entry]:
        """What is for these, in the order of the importer: by the second, then by number."""
        values, numbers = _among(recipients)
        rows = self._db.execute(
            f"SELECT data FROM entry WHERE {values} ORDER BY second, number, rowid", numbers
        )
        for (data,) in rows:
            yield _unpack(data)

    def last_second(self, recipients: Collection[Recipient]) -> int | None:
        """When the last of these was sent; None where there is none."""
        values, numbers = _among(recipients)
        query = f"SELECT max(second) FROM entry WHERE {values}"
        (second,) = self._db.execute(query, numbers).fetchone()
        return second if second is None else int(second)


def _among(recipients: Collection[Recipient]) -> tuple[str, tuple[int, ...]]:
    """The condition that a row is for one of these, and its parameters."""
    condition = " OR ".join("(recipient = ? AND sender = ?)" for _ in recipients)
    return f"({condition})", tuple(number for each in recipients for number in each)
