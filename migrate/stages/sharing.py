"""Who shares a file, and where: by the messages that have it, or by the conversations it belongs to
where none has. What becomes of its body is `bodies`."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from migrate.model import File
from migrate.stages.brief import LATE, Brief
from migrate.stages.resolution import DIRECT, Destination
from migrate.store import Store, messages, ops

_known = msgspec.json.Decoder(File)

_BY_THEMSELVES = ("quip", "canvas", "list", "huddle_transcript")


class Loose(NamedTuple):
    """A file that no message has, and the conversations of this export that it belongs to."""

    file: File
    conversations: tuple[int, ...]


def loose_files(store: Store) -> Iterator[Loose]:
    """The canvases, lists and transcripts that no message has. Any other file without a message
    has lost it: somebody took it off, and it is not brought back."""
    numbers = dict(store.db.execute("SELECT id, num FROM conversation"))
    rows = store.db.execute(
        f"SELECT data FROM file WHERE mode IN ({', '.join('?' * len(_BY_THEMSELVES))})"
        " AND id NOT IN (SELECT file FROM attachment) ORDER BY id",
        _BY_THEMSELVES,
    )
    for (data,) in rows.fetchall():
        file = _known.decode(data)
        places = tuple(numbers[id] for id in file.conversations if id in numbers)
        yield Loose(file, places)


def bringing(store: Store) -> Iterator[tuple[str, int, int]]:
    """Every file with the lane and the author of each message that it hangs on, or that brings it
    by itself, in the order of time; of the ops as they are planned."""
    yield from store.db.execute(
        "SELECT file, lane, author FROM (SELECT a.file, op.lane, op.author, op.ts FROM attachment a"
        " CROSS JOIN op ON op.conv = a.conv AND op.ts = a.ts AND op.kind = 5 AND op.item = ''"
        " AND op.piece = 0 AND op.state != 4"
        f" UNION ALL SELECT substr(op.item, {len(LATE) + 1}), op.lane, op.author, op.ts FROM op"
        f" WHERE op.kind = 5 AND op.item GLOB '{LATE}*' AND op.piece = 0 AND op.state != 4)"
        " ORDER BY ts"
    )


def mapped(store: Store) -> frozenset[int]:
    """The numbers of the people whose accounts stood at the target before."""
    some = ops.select(store, f"kind = 1 AND state != 4 AND flags & {ops.MAPPED}")
    return frozenset(op.author for op in some)


def ownerless(store: Store, brief: Brief) -> set[str]:
    """The files that nobody can bring but their owners: all who share them have accounts that stood
    there before, and all do it in direct talk. Asked before there are ops of messages."""
    strangers = mapped(store)
    if brief.caps.mapped_files == "all" or not strangers:
        return set()
    able: dict[str, bool] = {}
    for file, destination, number in (*_shared(store, brief), *_belonging(store, brief)):
        direct = destination.conversation.kind in DIRECT
        able[file] = able.get(file, False) or not (direct and number in strangers)
    return {file for file, can in able.items() if not can}


def _shared(store: Store, brief: Brief) -> Iterator[tuple[str, Destination, int]]:
    """The messages that have files and that are sent, with those who stand for their authors."""
    rows = store.db.execute(
        "SELECT a.file, a.conv, a.ts, m.author, m.flags FROM attachment a"
        " JOIN message m ON m.conv = a.conv AND m.ts = a.ts WHERE NOT EXISTS"
        " (SELECT 1 FROM deletion d WHERE d.conv = a.conv AND d.ts = a.ts)"
    )
    for file, conv, ts, author, flags in rows:
        destination = brief.resolution.conversations[conv]
        standing = brief.resolution.stand_in(author)
        gone = destination.code or flags & messages.FLAG_TOMBSTONE or not brief.span.holds(ts)
        if standing is not None and not gone:
            yield file, destination, standing.number


def _belonging(store: Store, brief: Brief) -> Iterator[tuple[str, Destination, int]]:
    """The conversations that files without a message belong to, with those who bring them."""
    for loose in loose_files(store):
        for number in loose.conversations:
            destination = brief.resolution.conversations[number]
            bringer = spokesman(brief, destination, loose.file.owner)
            if not destination.code and bringer is not None:
                yield loose.file.id, destination, bringer


def spokesman(brief: Brief, destination: Destination, first: str) -> int | None:
    """In whose name something is said that nobody said: `first`, or who made the conversation, or
    the first of its members."""
    conversation = destination.conversation
    for id in (first, conversation.creator, *conversation.members):
        standing = brief.resolution.standing(id) if id else None
        if standing is not None:
            return standing.number
    return None
