"""What an archive held when it was joined. A plan that follows changes ops and parts before anybody
has taken what it plans; until the archive is joined anew, every op is kept here as it was, so that
a project can go on from what was joined and from nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from migrate.store.connection import Store
from migrate.store.ops import Op

_META = "joined"

_ABSENT = -1
"""State of a kept op that was not there."""

_KEY = ("conv", "ts", "kind", "item", "piece")


class Joined(msgspec.Struct, frozen=True):
    """The last part and the last page of drafts that the archive was made of."""

    part: int
    draft: int


def note_joined(store: Store) -> None:
    """The archive was joined of all that is written; what was kept before is of no use any more.
    The caller holds the transaction."""
    db = store.db
    (part,) = db.execute("SELECT coalesce(max(num), -1) FROM part").fetchone()
    (draft,) = db.execute("SELECT coalesce(max(num), 0) FROM draft").fetchone()
    db.execute("DELETE FROM joined_op")
    store.set_meta(_META, msgspec.json.encode(Joined(part, draft)).decode())


def is_kept(store: Store) -> bool:
    """Whether there is a joined archive to go back to."""
    return bool(store.meta(_META))


def forget_joined(store: Store) -> None:
    """Nobody goes back to it: something else was begun. The caller holds the transaction."""
    store.db.execute("DELETE FROM joined_op")
    store.set_meta(_META, "")


@contextmanager
def keeping(store: Store) -> Iterator[None]:
    """Within it, whatever this connection changes of an op is kept first, as it was, and once."""
    if not is_kept(store):
        yield
        return
    for name, (moment, row) in _TRIGGERS.items():
        store.db.execute(
            f"CREATE TEMP TRIGGER {name} {moment} ON main.op WHEN NOT EXISTS"
            f" (SELECT 1 FROM joined_op WHERE {_same('joined_op', row)})"
            f" BEGIN {_KEEP[row]} END"
        )
    try:
        yield
    finally:
        for name in _TRIGGERS:
            store.db.execute(f"DROP TRIGGER temp.{name}")


def restore(store: Store) -> None:
    """Put the ops back as they were when the archive was joined, and forget the parts and drafts
    that were made since. Its parts count as not written: their files may be newer. The caller holds
    the transaction."""
    db = store.db
    joined = msgspec.json.decode(store.meta(_META), type=Joined)
    keys = ", ".join(_KEY)
    db.execute(
        f"DELETE FROM op WHERE ({keys}) IN (SELECT {keys} FROM joined_op WHERE state = {_ABSENT})"
    )
    db.execute(f"INSERT OR REPLACE INTO op SELECT * FROM joined_op WHERE state != {_ABSENT}")
    db.execute("DELETE FROM joined_op")
    # Everything was done then; a run may have begun since to write some of it anew.
    db.execute("UPDATE op SET state = 2 WHERE state IN (0, 1, 3)")
    db.execute("DELETE FROM draft WHERE num > ?", (joined.draft,))
    db.execute("DELETE FROM carried WHERE part > ?", (joined.part,))
    db.execute("DELETE FROM part WHERE num > ?", (joined.part,))
    db.execute("UPDATE part SET state = 0")


def _same(table: str, row: str) -> str:
    return " AND ".join(f"{table}.{column} = {row}.{column}" for column in _KEY)


def _nothing() -> str:
    """The values of an op that is not there, but for its key."""
    known = {"state": str(_ABSENT), "name": "''", "code": "''", "ref": "''"}
    return ", ".join(
        f"NEW.{column}" if column in _KEY else known.get(column, "0")
        for column in Op.__struct_fields__
    )


_KEEP = {
    "OLD": "INSERT INTO joined_op VALUES ("
    + ", ".join(f"OLD.{column}" for column in Op.__struct_fields__)
    + ");",
    # A row that is replaced is told of by its successor alone.
    "NEW": f"INSERT INTO joined_op SELECT * FROM op WHERE {_same('op', 'NEW')};"
    f" INSERT INTO joined_op SELECT {_nothing()} WHERE NOT EXISTS"
    f" (SELECT 1 FROM op WHERE {_same('op', 'NEW')});",
}

_TRIGGERS = {
    "keep_updated": ("AFTER UPDATE", "OLD"),
    "keep_deleted": ("AFTER DELETE", "OLD"),
    "keep_inserted": ("BEFORE INSERT", "NEW"),
}
