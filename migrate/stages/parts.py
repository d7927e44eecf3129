"""The parts of an archive: cut in the plan, so that a crash costs one part and several processes
can compose at once."""

import msgspec

from migrate.spi import Capabilities
from migrate.store import Store

THREAD_ORDER = "lane, CASE root WHEN 0 THEN ts ELSE root END, ts, conv, item, piece"
TIME_ORDER = "ts, conv, item, piece"

PLANNED, WRITTEN, DELIVERED = 0, 1, 2
"""States of a part. An op of an archive takes its part's state."""


class PartRow(msgspec.Struct, frozen=True):
    """A part as stored: `streams` is file name, length and sha256 by stream name, `counts` what the
    composer said it holds."""

    num: int
    kind: str
    state: int
    streams: dict[str, tuple[str, int, str]]
    counts: dict[str, int]


def cut_parts(store: Store, caps: Capabilities) -> None:
    """Give every planned account, conversation and message its part; done ones keep theirs."""
    db = store.db
    (last,) = db.execute("SELECT coalesce(max(num), -1) FROM part").fetchone()
    number = int(last)
    newcomers = 0
    for kind, op_kind in (("accounts", 1), ("conversations", 2)):
        number += 1
        _add(store, number, kind)
        newcomers += db.execute(
            "UPDATE op SET part = ? WHERE kind = ? AND state = 0 AND part < 0", (number, op_kind)
        ).rowcount
    if newcomers:
        # Messages in parts that were written before may have named whoever is new.
        db.execute("UPDATE part SET state = ? WHERE kind = 'messages'", (PLANNED,))
    message_part = -1
    order = THREAD_ORDER if caps.part_order == "thread" else TIME_ORDER
    # Sorting holds the whole answer apart from the table, so it may be updated meanwhile.
    rows = db.execute(
        f"SELECT conv, ts, item, piece, root FROM op WHERE kind = 5 AND state = 0"
        f" AND part < 0 ORDER BY {order}"
    )
    filled = caps.part_messages
    while batch := rows.fetchmany(20_000):
        updates: list[tuple[object, ...]] = []
        for conv, ts, item, piece, root in batch:
            whole = piece == 0 and (not root or caps.part_order == "time")
            if message_part < 0 or (filled >= caps.part_messages and whole):
                number += 1
                message_part = number
                filled = 0
                _add(store, number, "messages")
            filled += piece == 0
            updates.append((number, conv, ts, item, piece))
        db.executemany(
            "UPDATE op SET part = ? WHERE conv = ? AND ts = ? AND kind = 5 AND item = ?"
            " AND piece = ?",
            updates,
        )
    db.execute("CREATE INDEX IF NOT EXISTS op_part ON op (part, lane, ts) WHERE kind = 5")


def drop_unwritten(store: Store) -> None:
    """Forget the parts that were never written, so that their ops can be planned anew."""
    never = "SELECT num FROM part WHERE state = 0 AND streams = x'7b7d'"
    store.db.execute(f"UPDATE op SET part = -1 WHERE part IN ({never})")
    store.db.execute("DELETE FROM part WHERE state = 0 AND streams = x'7b7d'")


def write_again(store: Store, number: int) -> None:
    """Plan a written part again: something in it has changed. What has not stays done."""
    store.db.execute("UPDATE part SET state = ? WHERE num = ?", (PLANNED, number))


def parts(store: Store) -> list[PartRow]:
    """Every part in its order."""
    rows = store.db.execute("SELECT num, kind, state, streams, counts FROM part ORDER BY num")
    return [
        PartRow(num, kind, state, _streams.decode(streams), _counts.decode(counts))
        for num, kind, state, streams, counts in rows
    ]


def settle_part(store: Store, part: PartRow, run: int) -> None:
    """Record a part as written, and with it its ops and all that travels inside them."""
    with store.transaction():
        store.db.execute(
            "UPDATE part SET state = ?, streams = ?, counts = ? WHERE num = ?",
            (
                part.state,
                msgspec.json.encode(part.streams),
                msgspec.json.encode(part.counts),
                part.num,
            ),
        )
        kinds = "kind = 5" if part.kind == "messages" else "kind IN (1, 2)"
        where = f"WHERE part = ? AND {kinds}"
        if part.state == PLANNED:
            store.db.execute(f"UPDATE op SET state = 0 {where} AND state = 2", (part.num,))
        else:
            query = f"UPDATE op SET state = 2, run = ? {where} AND state IN (0, 1)"
            store.db.execute(query, (run, part.num))


_streams = msgspec.json.Decoder(dict[str, tuple[str, int, str]])
_counts = msgspec.json.Decoder(dict[str, int])


def _add(store: Store, number: int, kind: str) -> None:
    store.db.execute("INSERT INTO part VALUES (?, ?, 0, x'7b7d', x'7b7d')", (number, kind))
