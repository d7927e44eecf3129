"""The parts of an archive: cut in the plan, so that a crash costs one part and several processes
can compose at once. Which archives there are is `archives`' affair."""

from collections.abc import Iterable

import msgspec

from migrate.spi import Capabilities
from migrate.stages.archives import joined_archives, last_joined
from migrate.store import Store

TIME_ORDER = "ts, conv, item, piece"

PLANNED, WRITTEN, DELIVERED = 0, 1, 2
"""States of a part. An op of an archive takes its part's state. A delivered one is in an archive
that may have been taken: it is never written again."""


OURS = "part >= 0 AND part = ?"
"""The condition for the ops of one part, in the form in which SQLite uses their index."""


class PartRow(msgspec.Struct, frozen=True):
    """A part as stored: `streams` is file name, length and sha256 by stream name, `counts` what the
    composer said it holds, `archive` the number of the archive that it belongs to."""

    num: int
    kind: str
    state: int
    streams: dict[str, tuple[str, int, str]]
    counts: dict[str, int]
    archive: int = 1


class Cutter:
    """Gives everything that is planned its part. Accounts and conversations come first, then
    messages: thread by thread while they are placed, or, where the target wants the order of time,
    once all of them are."""

    def __init__(self, store: Store, caps: Capabilities) -> None:
        self._store = store
        self._archive = joined_archives(store) + 1
        self._size = caps.part_messages
        self.last_joined = last_joined(store)
        self.by_thread = caps.delivery == "bulk" and caps.part_order == "thread"
        (last,) = store.db.execute("SELECT coalesce(max(num), -1) FROM part").fetchone()
        self._heads = {kind: int(last) + 1 + at for at, kind in enumerate(_HEAD_OPS)}
        self._part = int(last) + len(_HEAD_OPS)
        self._filled = self._size
        self._messages: list[int] = []
        self._carried: list[tuple[int, int, int]] = []
        self._enlarged: set[int] = set()

    def take(self, part: int = -1, size: int = 1) -> int:
        """The part of one more message: `part` where its thread has one, else one with room for a
        thread of `size`; -1 where parts are cut later."""
        if not self.by_thread or part >= 0:
            return part
        if self._filled >= self._size:
            self._part += 1
            self._filled = 0
            self._messages.append(self._part)
        self._filled += size
        return self._part

    def carry(self, part: int, conv: int, ts: int) -> None:
        """Repeat a message of an earlier archive in a part, for what hangs on it there."""
        self._carried.append((part, conv, ts))

    def enlarge(self, conv: int) -> None:
        """Repeat a conversation of an earlier archive for those who enter it with this one."""
        self._enlarged.add(conv)

    def finish(self) -> None:
        """Store the parts. Those that hold nothing are none."""
        db = self._store.db
        heads = self._heads
        for kind, which in _HEAD_OPS.items():
            db.execute(
                f"UPDATE op SET part = ? WHERE {which} AND state = 0 AND part < 0", (heads[kind],)
            )
        conversations = heads["conversations"]
        self._carried += [(conversations, conv, 0) for conv in sorted(self._enlarged)]
        if self.by_thread:
            self._cut_rest()
        else:
            self._cut_by_time()
        self._add(self._messages, "messages")
        db.executemany("INSERT OR IGNORE INTO carried VALUES (?, ?, ?)", self._carried)
        db.execute("CREATE INDEX IF NOT EXISTS op_part ON op (part) WHERE part >= 0")
        for kind, number in heads.items():
            query = (
                f"SELECT 1 FROM op WHERE {OURS} UNION ALL"
                " SELECT 1 FROM carried WHERE part = ? LIMIT 1"
            )
            if db.execute(query, (number, number)).fetchone():
                self._add([number], kind)

    def _add(self, numbers: Iterable[int], kind: str) -> None:
        self._store.db.executemany(
            "INSERT INTO part VALUES (?, ?, 0, x'7b7d', x'7b7d', ?)",
            [(number, kind, self._archive) for number in numbers],
        )

    def _cut_rest(self) -> None:
        """What nobody placed among the others: files that come late, bookmarks and the like."""
        db = self._store.db
        rest = db.execute(
            "SELECT op.conv, op.ts, op.item, op.root, coalesce(root.part, -1) FROM op"
            " LEFT JOIN op AS root ON op.root != 0 AND root.conv = op.conv AND root.ts = op.root"
            " AND root.kind = 5 AND root.item IN ('', 'root') AND root.piece = 0"
            " AND root.state != 4"
            " WHERE op.kind = 5 AND op.state = 0 AND op.part < 0 AND op.piece = 0"
            " ORDER BY op.lane, op.root, op.ts, op.conv, op.item"
        ).fetchall()
        carrying: dict[tuple[int, int], int] = {}
        for conv, ts, item, root, part in rest:
            if 0 <= part <= self.last_joined:
                part = carrying.get((conv, root), -1)
                part = carrying[conv, root] = self.take(part)
                self.carry(part, conv, root)
            db.execute(
                "UPDATE op SET part = ? WHERE conv = ? AND ts = ? AND kind = 5 AND item = ?",
                (self.take(part), conv, ts, item),
            )

    def _cut_by_time(self) -> None:
        db = self._store.db
        # Sorting holds the whole answer apart from the table, so it may be updated meanwhile.
        rows = db.execute(
            "SELECT conv, ts, item, piece FROM op WHERE kind = 5 AND state = 0 AND part < 0"
            f" ORDER BY {TIME_ORDER}"
        )
        while batch := rows.fetchmany(20_000):
            updates: list[tuple[object, ...]] = []
            for conv, ts, item, piece in batch:
                if piece == 0 and self._filled >= self._size:
                    self._part += 1
                    self._filled = 0
                    self._messages.append(self._part)
                self._filled += piece == 0
                updates.append((self._part, conv, ts, item, piece))
            db.executemany(
                "UPDATE op SET part = ? WHERE conv = ? AND ts = ? AND kind = 5 AND item = ?"
                " AND piece = ?",
                updates,
            )
        db.execute(
            "UPDATE op SET part = (SELECT part FROM op AS m WHERE m.conv = op.conv"
            " AND m.ts = op.ts AND m.kind = 5 AND m.item = '' AND m.piece = 0)"
            " WHERE kind = 7 AND state = 0 AND part < 0"
        )


_HEAD_OPS = {
    "emoji": "kind = 4 AND conv = 0 AND ts = 0 AND item GLOB 'emoji/*'",
    "accounts": "kind = 1 AND conv = 0 AND ts = 0",
    "conversations": "kind = 2",
}
"""The parts that stand before those of messages, each once in an archive, and their ops."""


def drop_unwritten(store: Store) -> None:
    """Forget the parts that were never written, so that their ops can be planned anew."""
    never = "SELECT num FROM part WHERE state = 0 AND streams = x'7b7d'"
    store.db.execute(f"UPDATE op SET part = -1 WHERE part >= 0 AND part IN ({never})")
    store.db.execute(f"DELETE FROM carried WHERE part IN ({never})")
    store.db.execute("DELETE FROM part WHERE state = 0 AND streams = x'7b7d'")
    # What was planned into a written part and is not in it yet; the further pieces of a message
    # that is in it belong to that one.
    store.db.execute(
        "UPDATE op SET part = -1 WHERE part >= 0 AND state = 0 AND run = 0 AND NOT (piece > 0 AND"
        " EXISTS (SELECT 1 FROM op AS first WHERE first.conv = op.conv AND first.ts = op.ts"
        " AND first.kind = op.kind AND first.item = op.item AND first.piece = 0 AND first.run > 0))"
    )
    store.db.execute("DROP INDEX IF EXISTS op_part")


def write_again(store: Store, number: int) -> None:
    """Plan a written part again: something in it has changed. What has not stays done."""
    store.db.execute(
        "UPDATE part SET state = ? WHERE num = ? AND state != ?", (PLANNED, number, DELIVERED)
    )


def parts(store: Store, archive: int = 0) -> list[PartRow]:
    """Every part in its order, of one archive or of all."""
    rows = store.db.execute(
        "SELECT num, kind, state, streams, counts, archive FROM part"
        " WHERE ?1 = 0 OR archive = ?1 ORDER BY num",
        (archive,),
    )
    return [
        PartRow(num, kind, state, _streams.decode(streams), _counts.decode(counts), number)
        for num, kind, state, streams, counts, number in rows
    ]


def settle_part(store: Store, part: PartRow, run: int) -> None:
    """Record a part as written, and with it its ops and all that travels inside them."""
    with store.transaction():
        keep_streams(store, part)
        if part.state == PLANNED:
            store.db.execute(f"UPDATE op SET state = 0 WHERE {OURS} AND state = 2", (part.num,))
        else:
            query = f"UPDATE op SET state = 2, run = ? WHERE {OURS} AND state IN (0, 1)"
            store.db.execute(query, (run, part.num))


def keep_streams(store: Store, part: PartRow) -> None:
    """Record a part's state, its files and what they hold."""
    store.db.execute(
        "UPDATE part SET state = ?, streams = ?, counts = ? WHERE num = ?",
        (
            part.state,
            msgspec.json.encode(part.streams),
            msgspec.json.encode(part.counts),
            part.num,
        ),
    )


_streams = msgspec.json.Decoder(dict[str, tuple[str, int, str]])
_counts = msgspec.json.Decoder(dict[str, int])
