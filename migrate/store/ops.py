"""The op table: the plan and the journal in one. Each row is one act at the target; the stages
decide which rows there are, this module only writes and reads them."""

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum

import msgspec

from migrate.model import RECORD_KINDS
from migrate.store.connection import Store


class OpKind(IntEnum):
    """What an op does; within one moment of a lane, ops run in this order."""

    ACCOUNT = 1
    CONVERSATION = 2
    MEMBER = 3
    FILE = 4
    MESSAGE = 5
    REACTION = 6
    PIN = 7
    SEAL = 8


class State(IntEnum):
    """Where an op stands. SENDING means that the target may or may not have it; SKIPPED is decided
    by the plan and never tried, FAILED is tried again by the next run."""

    PLANNED = 0
    SENDING = 1
    DONE = 2
    FAILED = 3
    SKIPPED = 4


UNSURE, BENEATH_UNSURE = "unsure", "message-unsure"
"""Codes of what failed for good: a message that may have arrived, where the target cannot be asked,
and what hangs on one."""

FINAL = f"('{UNSURE}', '{BENEATH_UNSURE}')"

LEAVES = 1
"""Flag of a member op: the account leaves again when the conversation is sealed."""

PLACEHOLDER = 2
"""Flag of a message op: it stands for a thread root that is not brought over."""

REOPENS = 4
"""Flag of a seal op: the conversation was sealed before and has something new."""

PRIVATE = 8
"""Flag of a conversation op: only its members may read it."""

BROADCAST = 16
"""Flag of a message op: a reply that is shown in the conversation too."""

LATE = 32
"""Flag of a member op: no archive may speak of the account any more, so that it enters by itself
once the archive is at its server."""


CREATES = 64
"""Flag of an account op: its owner can sign in to it."""

MAPPED = 128
"""Flag of an account or conversation op: it stands at the target already, under the op's name."""

INHERITED = 256
"""Flag of an account op, beside MAPPED: an archive of this project brought the account, and the
project goes on at the living target."""


class Op(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One act. (`conv`, `ts`, `kind`, `item`, `piece`) is its key: `conv` a conversation's number
    or 0, `ts` microseconds or 0, `item` what the kind needs beside (a person's id, a file's id, an
    emoji and a person). `lane` is the target conversation; `root` the thread root's ts; `author` a
    person's number; `time` milliseconds and `name` make the placement. `record` is 1 + the place in
    RECORD_KINDS of the Slack record that this row accounts for, 0 for our own; `folded` counts the
    reactions inside, `edited` is the edit that the text holds; `run` is the number of the run that
    finished it, `sum` what tells a live target's piece from any other, 0 for what is no message."""

    conv: int
    ts: int
    kind: int
    item: str
    piece: int
    lane: int
    root: int = 0
    author: int = 0
    time: int = 0
    name: str = ""
    flags: int = 0
    record: int = 0
    folded: int = 0
    edited: int = 0
    state: int = State.PLANNED
    code: str = ""
    ref: str = ""
    part: int = -1
    run: int = 0
    sum: int = 0

    @property
    def key(self) -> tuple[int, int, int, str, int]:
        return (self.conv, self.ts, self.kind, self.item, self.piece)


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What became of an op: its new state, with the target's ref or the reason."""

    op: Op
    state: State
    ref: str = ""
    code: str = ""
    sum: int = 0


_KEY = "conv = ? AND ts = ? AND kind = ? AND item = ? AND piece = ?"
_FIELDS = ", ".join("?" * len(Op.__struct_fields__))


def record_number(kind: str) -> int:
    """The `record` value of a record kind."""
    return RECORD_KINDS.index(kind) + 1


def put_ops(store: Store, ops: Iterable[Op]) -> None:
    """Insert ops; one that is there already keeps its row."""
    store.db.executemany(
        f"INSERT OR IGNORE INTO op VALUES ({_FIELDS})", (msgspec.structs.astuple(op) for op in ops)
    )


def replace(store: Store, op: Op) -> None:
    """Write an op over what stood under its key."""
    store.db.execute(f"INSERT OR REPLACE INTO op VALUES ({_FIELDS})", msgspec.structs.astuple(op))


def drop_unsent(store: Store) -> None:
    """Forget what the target certainly does not have, so that it can be planned anew. Later pieces
    of a message that has begun stay, and so do seals and members that a delta wants done again, and
    whatever has its place in a written part, and what says that a message that was sent lacks a
    file, and what may have arrived. A member that failed is decided anew: the mapping may have
    taken the account away."""
    store.db.execute(
        f"UPDATE op SET state = 0 WHERE state = 3 AND piece > 0 AND code NOT IN {FINAL}"
    )
    store.db.execute(
        f"DELETE FROM op WHERE state IN (0, 3, 4) AND part < 0 AND code NOT IN {FINAL}"
        " AND NOT (run > 0 AND (kind = 8 OR kind = 3 AND state = 0))"
        " AND (piece = 0 OR NOT EXISTS (SELECT 1 FROM op AS first WHERE first.conv = op.conv"
        " AND first.ts = op.ts AND first.kind = op.kind AND first.item = op.item"
        f" AND first.piece = 0 AND (first.state IN (1, 2) OR first.code = '{UNSURE}')))"
        " AND NOT (kind = 5 AND piece = 0 AND item GLOB 'file/*' AND EXISTS (SELECT 1 FROM op AS"
        " whole WHERE whole.conv = op.conv AND whole.ts = op.ts AND whole.kind = 5"
        " AND whole.item = '' AND whole.piece = 0 AND (whole.state IN (1, 2) OR whole.part >= 0"
        f" OR whole.code = '{UNSURE}')))"
    )


def index_ops(store: Store, *, by_lane: bool) -> None:
    """Make the order of sending an index; done after the first plan, which is faster without."""
    order = "lane, ts, kind, conv, item, piece" if by_lane else "ts, kind, conv, item, piece"
    store.db.execute(f"CREATE INDEX IF NOT EXISTS op_open ON op ({order}) WHERE state IN (0, 1, 3)")


def intend(store: Store, ops: Sequence[Op]) -> None:
    """Mark ops as under way; the caller commits before it calls the target."""
    store.db.executemany(f"UPDATE op SET state = 1, code = '' WHERE {_KEY}", [op.key for op in ops])


def settle(store: Store, outcomes: Sequence[Outcome], run: int) -> None:
    """Record what became of ops in run number `run`."""
    store.db.executemany(
        f"UPDATE op SET state = ?, ref = ?, code = ?, sum = ?, run = ? WHERE {_KEY}",
        [(o.state, o.ref, o.code, o.sum, run, *o.op.key) for o in outcomes],
    )


def select(store: Store, where: str, values: Sequence[object] = (), tail: str = "") -> Iterator[Op]:
    """Ops by a condition over the table's columns."""
    for row in store.db.execute(f"SELECT * FROM op WHERE {where} {tail}", tuple(values)):
        yield Op(*row)


def op(store: Store, conv: int, ts: int, kind: int, item: str = "", piece: int = 0) -> Op | None:
    """One op by its key."""
    return next(select(store, _KEY, (conv, ts, kind, item, piece)), None)


def ref(store: Store, conv: int, ts: int, kind: OpKind, item: str = "") -> str | None:
    """The target's ref of a done op's first piece."""
    row = store.db.execute(
        f"SELECT ref FROM op WHERE {_KEY} AND state = 2", (conv, ts, kind, item, 0)
    ).fetchone()
    return None if row is None else str(row[0])


def plan_again(store: Store, known: Op, flags: int) -> None:
    """Put a finished op back into the plan: a delta needs it done once more."""
    store.db.execute(f"UPDATE op SET state = 0, flags = ? WHERE {_KEY}", (flags, *known.key))


def remark(store: Store, known: Op, code: str) -> None:
    """Keep, or with "" forget, what went wrong beside an op that is done."""
    store.db.execute(f"UPDATE op SET code = ? WHERE {_KEY}", (code, *known.key))


def fold(store: Store, known: Op, folded: int, edited: int) -> None:
    """Change what an archived message carries, and plan it again with its part."""
    store.db.execute(
        f"UPDATE op SET folded = ?, edited = ?, state = 0 WHERE {_KEY}",
        (folded, edited, *known.key),
    )


def set_refs(store: Store, refs: Iterable[tuple[Op, str]]) -> None:
    """Keep the refs that a server gave what came to it in an archive."""
    store.db.executemany(f"UPDATE op SET ref = ? WHERE {_KEY}", [(r, *op.key) for op, r in refs])


def recognize(store: Store, found: Iterable[tuple[Op, str, int]]) -> None:
    """Keep the refs that messages of an archive have at a living target, and the sums of what they
    say there."""
    store.db.executemany(
        f"UPDATE op SET ref = ?, sum = ? WHERE {_KEY}", [(r, s, *op.key) for op, r, s in found]
    )


def inherit(store: Store, op: Op, ref: str) -> None:
    """Keep what an account or a conversation of an archive is called at a living target."""
    flags = MAPPED | INHERITED if op.kind == OpKind.ACCOUNT and not op.flags & MAPPED else 0
    store.db.execute(
        f"UPDATE op SET ref = ?, flags = flags | ? WHERE {_KEY}", (ref, flags, *op.key)
    )


def disinherit(store: Store) -> None:
    """Forget all refs of what came in an archive."""
    store.db.execute("UPDATE op SET ref = '', sum = 0 WHERE part >= 0 AND (ref != '' OR sum != 0)")
    store.db.execute(
        f"UPDATE op SET flags = flags & ~{MAPPED | INHERITED}"
        f" WHERE conv = 0 AND ts = 0 AND kind = 1 AND flags & {INHERITED}"
    )


def count_folded(store: Store, known: Op, folded: int) -> None:
    """Change how many of Slack's reactions an archived message accounts for."""
    store.db.execute(f"UPDATE op SET folded = ? WHERE {_KEY}", (folded, *known.key))


def forget_pieces(store: Store, known: Op, count: int) -> None:
    """Drop a message's pieces beyond the first `count`."""
    store.db.execute(
        "DELETE FROM op WHERE conv = ? AND ts = ? AND kind = ? AND item = ? AND piece >= ?",
        (*known.key[:4], count),
    )


def account_for(store: Store, known: Op, record: int) -> None:
    """Change which kind of Slack record an op accounts for; 0 where Slack has none any more."""
    if known.record != record:
        store.db.execute(f"UPDATE op SET record = ? WHERE {_KEY}", (record, *known.key))


def hide(store: Store, known: Op) -> None:
    """Let only its members read a conversation of an archive that is written again."""
    store.db.execute(f"UPDATE op SET flags = flags | {PRIVATE} WHERE {_KEY}", known.key)


def op_open(store: Store, conv: int, ts: int) -> bool:
    """Whether a message is still to be sent in this run."""
    query = (
        "SELECT 1 FROM op WHERE conv = ? AND ts = ? AND kind = 5 AND item = ''"
        " AND state IN (0, 1) LIMIT 1"
    )
    return store.db.execute(query, (conv, ts)).fetchone() is not None
