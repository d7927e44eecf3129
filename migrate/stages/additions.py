"""PLAN: messages that nobody wrote: the reply that brings a file after its message, the canvas that
no message mentions, the list of a channel's bookmarks. Where they go and when; what they say is
read by `reading` when they are sent."""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from migrate.model import File, Message, micros_ts
from migrate.spi import Placement
from migrate.stages.bodies import INLINED
from migrate.stages.brief import BOOKMARKS, LATE, Brief, Losses
from migrate.stages.reading import MessageReader, read_bookmarks
from migrate.stages.resolution import Destination
from migrate.stages.sharing import spokesman
from migrate.store import Op, OpKind, State, Store, messages, ops
from migrate.store.ops import UNSURE

Place = Callable[[int, Placement | None, str, int], Placement]
"""Gives a moment of a conversation (microseconds) its placement, given the thread root's, a snippet
and the number of pieces."""

_THERE = f"(f.state != {int(State.SKIPPED)} OR f.code = '{INLINED}')"
"""Whether a file's body is to be had."""

PAIRS = (
    " FROM attachment a"
    " CROSS JOIN op f ON f.conv = 0 AND f.ts = 0 AND f.kind = 4 AND f.item = a.file AND f.piece = 0"
    " CROSS JOIN op m ON m.conv = a.conv AND m.ts = a.ts AND m.kind = 5 AND m.item = ''"
    " AND m.piece = 0"
    " LEFT JOIN op late ON late.conv = a.conv AND late.ts = a.ts AND late.kind = 5"
    f" AND late.item = '{LATE}' || a.file AND late.piece = 0"
)
"""Every file of every message that has an op, with what is known of the op that brings it late. The
joins are kept in this order: from any other, every attachment would be read again and again."""


def returning(store: Store, conv: int) -> set[int]:
    """The messages of a conversation, by their ts, that lacked a file when they were placed, which
    is to be had now."""
    rows = store.db.execute(
        f"SELECT a.ts {PAIRS} WHERE a.conv = ? AND late.state = 4 AND {_THERE}", (conv,)
    )
    return {ts for (ts,) in rows}


def note_lacking(store: Store, last_joined: int) -> None:
    """Note which messages are sent without which files, so that these can follow them; and forget
    it of messages that are written anew with them, which are those of parts beyond
    `last_joined`."""
    store.db.execute(
        "DELETE FROM op WHERE (conv, ts, kind, item, piece) IN ("
        f" SELECT late.conv, late.ts, late.kind, late.item, late.piece {PAIRS}"
        f" WHERE late.state = 4 AND {_THERE} AND m.part > ?)",
        (last_joined,),
    )
    store.db.execute(
        "INSERT OR IGNORE INTO op (conv, ts, kind, item, piece, lane, root, author, time, name,"
        " flags, record, folded, edited, state, code, ref, part, run, sum)"
        f" SELECT a.conv, a.ts, 5, '{LATE}' || a.file, 0, m.lane, iif(m.root, m.root, m.ts),"
        f" m.author, m.time, m.name, 0, 0, 0, 0, 4, f.code, '', -1, 0, 0 {PAIRS}"
        f" WHERE m.state != 4 AND late.conv IS NULL AND NOT {_THERE}"
    )


class Additions:
    """What one conversation gets beside its messages. `place` finds the moments."""

    def __init__(
        self,
        store: Store,
        brief: Brief,
        destination: Destination,
        losses: Losses,
        last_joined: int,
        place: Place,
    ) -> None:
        self._store = store
        self._brief = brief
        self._number = destination.number
        self._lane = destination.lane
        self._destination = destination
        self._conversation = destination.conversation
        self._losses = losses
        self._last_joined = last_joined
        self._place = place
        self._reader = MessageReader(store, store.meta("workspace"), keep=4)

    def late(self) -> Iterator[Op]:
        """The replies that bring files to messages which the target has without them."""
        rows = self._store.db.execute(
            f"SELECT a.ts, a.file, f.code, {_THERE}, coalesce(late.state, -1) {PAIRS}"
            f" WHERE a.conv = ? AND (m.state IN (1, 2) OR m.code = '{UNSURE}') AND m.part <= ?"
            f" AND (late.state IN (0, 3, 4) AND late.part < 0 AND late.code != '{UNSURE}'"
            # What stands in a text, or was uploaded, came with its message.
            " OR late.conv IS NULL AND m.state != 1 AND f.state NOT IN (2, 4))",
            (self._number, self._last_joined),
        ).fetchall()
        for ts, file, code, there, state in rows:
            if there:
                yield from self._bring(ts, file)
            elif state != State.SKIPPED:
                self._give_up(ts, file, code)

    def loose(self, some: Iterable[File]) -> Iterator[Op]:
        """The messages for files that no message mentions."""
        for file in some:
            item = f"{LATE}{file.id}"
            author = spokesman(self._brief, self._destination, file.owner)
            if author is None or self._is_there(item):
                continue
            ts = self._free(file.created or self._conversation.created)
            op = Op(
                self._number, ts, OpKind.MESSAGE, item, 0, self._lane,
                author=author,
            )  # fmt: skip
            message = self._reader.read_alone(self._nobodys(op), file.id)
            yield from self._placed(op, message, None)

    def bookmarks(self) -> Iterator[Op]:
        """The list of the bookmarks that no earlier list has."""
        count, newest = self._store.db.execute(
            "SELECT count(*), max(created) FROM bookmark WHERE conv = ? AND created >"
            " (SELECT coalesce(max(edited), -1) FROM op WHERE conv = ? AND kind = 5 AND item = ?)",
            (self._number, self._number, BOOKMARKS),
        ).fetchone()
        if not count:
            return
        author = spokesman(self._brief, self._destination, self._conversation.creator)
        if author is None:
            self._losses.add(("bookmarks-not-kept",) * count, self._conversation.id)
            return
        ts = self._free(newest or self._conversation.created)
        op = Op(
            self._number, ts, OpKind.MESSAGE, BOOKMARKS, 0, self._lane,
            author=author, edited=newest,
        )  # fmt: skip
        self._losses.add(("bookmarks-listed",) * count, self._conversation.id)
        yield from self._placed(op, read_bookmarks(self._store, self._nobodys(op), op), None)

    def _bring(self, ts: int, file: str) -> Iterator[Op]:
        """The first piece is written at once: a plan that is killed must not forget it."""
        sent = ops.op(self._store, self._number, ts, OpKind.MESSAGE)
        row = messages.row(self._store, self._number, ts)
        assert sent is not None
        assert row is not None
        op = Op(
            self._number, ts, OpKind.MESSAGE, f"{LATE}{file}", 0, sent.lane,
            root=sent.root or ts, author=sent.author,
        )  # fmt: skip
        message = self._reader.read_late(row, self._conversation.id, file)
        first, *more = self._placed(op, message, Placement(sent.name, sent.time))
        ops.replace(self._store, first)
        self._losses.add(("file-late",), f"{self._conversation.id} {micros_ts(ts)}")
        yield from (first, *more)

    def _give_up(self, ts: int, file: str, code: str) -> None:
        known = ops.op(self._store, self._number, ts, OpKind.MESSAGE, f"{LATE}{file}")
        assert known is not None
        lacking = msgspec.structs.replace(known, state=State.SKIPPED, code=code)
        ops.replace(self._store, lacking)

    def _placed(self, op: Op, message: Message, root: Placement | None) -> Iterator[Op]:
        adapter, caps = self._brief.adapter, self._brief.caps
        look = self._brief.look
        message = msgspec.structs.replace(message, thread=True)
        if caps.delivery == "bulk":
            rendered = adapter.render(message, look, caps)
            pieces, snippet = len(rendered.pieces), rendered.snippet
        else:
            seen = adapter.survey(message, look, caps)
            pieces, snippet = seen.pieces, seen.snippet
        placement = self._place(op.ts, root, snippet, pieces)
        for piece in range(pieces):
            time = placement.time + piece * caps.piece_step
            yield msgspec.structs.replace(op, piece=piece, time=time, name=placement.name)

    def _nobodys(self, op: Op) -> Message:
        """A message without words, for what has to be said."""
        person = self._brief.resolution.people[op.author].person
        return self._reader.nobodys(self._conversation.id, micros_ts(op.ts), person.id)

    def _is_there(self, item: str) -> bool:
        """Whether an op of the conversation brings it already."""
        where = "conv = ? AND kind = 5 AND item = ? AND piece = 0"
        return next(ops.select(self._store, where, (self._number, item)), None) is not None

    def _free(self, seconds: int) -> int:
        """A ts at which nothing was said, in microseconds."""
        ts = max(seconds, 1) * 1_000_000
        query = (
            "SELECT EXISTS (SELECT 1 FROM message WHERE conv = ?1 AND ts = ?2)"
            " OR EXISTS (SELECT 1 FROM op WHERE conv = ?1 AND ts = ?2)"
        )
        while self._store.db.execute(query, (self._number, ts)).fetchone()[0]:
            ts += 1
        return ts
