"""The archives of a project: one, or, where each newer export brings its difference as another, one
after the other. Their parts are `parts`, their making `compose`, their delivery `deliver`."""

import msgspec

from migrate.store import Store

DELIVERED = 2
"""State of a part in an archive that was joined for good: somebody may have taken it, so it is
never written again."""

_NUMBER = "archives_joined"
_ARCHIVE = "archive "


class Archive(msgspec.Struct, frozen=True):
    """A joined archive: its number from 1 on, where it lies, what an administrator does with it,
    and whether a server has it from us."""

    number: int
    path: str
    next_steps: tuple[str, ...] = ()
    delivered: bool = False


def joined_archives(store: Store) -> int:
    """How many archives were joined for good: what is new goes into the one after."""
    return int(store.meta(_NUMBER, "0"))


def last_joined(store: Store) -> int:
    """The number of the last part that may not be written again, -1 where all may."""
    query = "SELECT coalesce(max(num), -1) FROM part WHERE state = ?"
    (number,) = store.db.execute(query, (DELIVERED,)).fetchone()
    return int(number)


def bounds(store: Store, number: int) -> tuple[int, int]:
    """The first and the last part of an archive; they follow each other."""
    query = "SELECT coalesce(min(num), 0), coalesce(max(num), -1) FROM part WHERE archive = ?"
    first, last = store.db.execute(query, (number,)).fetchone()
    return int(first), int(last)


def deliver_parts(store: Store, number: int) -> None:
    """Note that an archive was joined for good."""
    store.db.execute("UPDATE part SET state = ? WHERE archive = ?", (DELIVERED, number))
    store.set_meta(_NUMBER, str(number))


def reclaim_parts(store: Store) -> None:
    """Note that no archive was joined for good after all: the parts may be written again."""
    store.db.execute("UPDATE part SET state = 0 WHERE state = ?", (DELIVERED,))
    store.set_meta(_NUMBER, "0")


def note_archive(store: Store, archive: Archive) -> None:
    """Keep what is known of an archive."""
    store.set_meta(f"{_ARCHIVE}{archive.number}", msgspec.json.encode(archive).decode())


def read_archive(store: Store, number: int) -> Archive:
    """What is known of the archive with this number, which was joined."""
    return _archive.decode(store.meta(f"{_ARCHIVE}{number}"))


def is_delivered(store: Store, number: int) -> bool:
    """Whether a server has the archive with this number from us; not one that was never joined."""
    return bool(store.meta(f"{_ARCHIVE}{number}")) and read_archive(store, number).delivered


def undelivered(store: Store) -> list[Archive]:
    """The archives that no server has from us, in their order."""
    known = [
        _archive.decode(value)
        for (value,) in store.db.execute(
            "SELECT value FROM meta WHERE name GLOB ?", (f"{_ARCHIVE}*",)
        )
    ]
    return sorted((each for each in known if not each.delivered), key=lambda each: each.number)


_archive = msgspec.json.Decoder(Archive)
