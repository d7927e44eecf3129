"""What a stretch of day files is and what it yields: runs, records, hauls. Only their shapes live
here; `filing` makes hauls of runs."""

from typing import Literal

import msgspec

from migrate.findings import Finding
from migrate.model import File, Person
from migrate.source.members import Member

BROADCAST, THREAD, TOMBSTONE, PINNED = 1, 2, 4, 8
"""Flags of a record: shown in the conversation too; a root that has replies; a deleted message that
stands for its thread; pinned."""

Kind = Literal["message", "emote", "notice"]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A unit of work: day files of one conversation in one archive.

    `generation` is the Unix second in which the archive was made: newer archives have greater ones.
    """

    path: str
    conversation: str
    generation: int
    members: tuple[Member, ...]


class Record(msgspec.Struct, frozen=True, gc=False):
    """What one record is filed under.

    ts, root, edited: microseconds since the epoch. `root` is 0 outside threads and for a root
    itself, `edited` 0 where nobody edited.
    author: a person's id. reactions: how many pairs of emoji and person.
    raw: the record's JSON, compact, without tokens and without what it said before.
    ts_text: the ts as Slack wrote it where that is not `seconds.6digits`, else "".
    files: ids of the files that hang on it.
    """

    ts: int
    root: int
    author: str
    kind: Kind
    flags: int
    edited: int
    reactions: int
    raw: bytes
    ts_text: str = ""
    files: tuple[str, ...] = ()


class Haul(msgspec.Struct, kw_only=True):
    """What a run brought in.

    people: authors and reactors seen, told of by the messages alone; the root files know better.
    pins, deleted: ts in microseconds. rejects: (finding's code, place) of each record that cannot
    be filed. log_entries: edits, deletions and replies that are noted, not said.
    """

    conversation: str
    generation: int
    records: list[Record] = msgspec.field(default_factory=list)
    people: list[Person] = msgspec.field(default_factory=list)
    files: list[File] = msgspec.field(default_factory=list)
    pins: list[int] = msgspec.field(default_factory=list)
    deleted: list[int] = msgspec.field(default_factory=list)
    rejects: list[tuple[str, str]] = msgspec.field(default_factory=list)
    findings: list[Finding] = msgspec.field(default_factory=list)
    log_entries: int = 0
