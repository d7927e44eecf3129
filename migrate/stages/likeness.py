"""VERIFY, for one conversation of a target that keeps no ids of ours: a message is known by the ref
that it got, a second copy of one by who said the same at the same time, a reaction by its message,
its person and its emoji. All else is people's own."""

from collections.abc import Iterator

from migrate.model import Ref
from migrate.spi import Seen
from migrate.stages.brief import HEADS
from migrate.stages.comparison import Comparison, Desk
from migrate.stages.journal import sum_of
from migrate.store import Op, OpKind, ops

_Likeness = tuple[Ref, int, int]
"""Author, time as finely as the target tells it, and the sum of the words."""


class Likeness(Comparison):
    """One of Slack's conversations at such a target."""

    def __init__(self, desk: Desk, conv: int) -> None:
        super().__init__(desk, conv)
        self._known: dict[Ref, tuple[int, str, int]] = {}
        self._said: set[_Likeness] = set()
        where = "conv = ? AND kind = 5 AND state = 2 AND ref != ''"
        for op in ops.select(self._store, where, (conv,)):
            self._known[op.ref] = (op.ts, op.item, op.piece)
            author = self._acts.account(op.author)
            if author is not None:
                self._said.add((author.ref, self._moment(op.time), op.sum))

    def knows(self, seen: Seen) -> bool:
        """Whether something was said here."""
        return (seen.message if seen.emoji else seen.ref) in self._known

    def resembles(self, seen: Seen) -> bool:
        """Whether it is a copy of what was."""
        moment = self._moment(seen.time)
        return not seen.emoji and any(
            (seen.author, moment, sum) in self._said for sum in _sums(seen)
        )

    def take(self, seen: Seen) -> None:
        """Hold one thing that stands at the target against the op that made it."""
        op = self._reaction(seen) if seen.emoji else self._message_of(seen.ref)
        if op is not None:
            self._hold(op, seen)
        elif self.resembles(seen):
            self._tally.duplicate["messages"] += 1
            self._tally.find("record-duplicate", self._id)

    def _message_of(self, ref: Ref) -> Op | None:
        known = self._known.get(ref)
        if known is None:
            return None
        ts, item, piece = known
        return ops.op(self._store, self._conv, ts, OpKind.MESSAGE, item, piece)

    def _reaction(self, seen: Seen) -> Op | None:
        """The op of a reaction; None where it was somebody's own."""
        ts = self._heads(seen.message)
        if ts is None:
            return None
        some = ops.select(
            self._store, "conv = ? AND ts = ? AND kind = 6 AND state = 2", (self._conv, ts)
        )
        return next((op for op in some if self._matches(op, seen)), None)

    def _moment(self, time: int) -> int:
        return time * 1_000 // max(1, self._v.caps.told_step)

    def _matches(self, op: Op, seen: Seen) -> bool:
        author = self._acts.account(op.author)
        if author is None or seen.author != author.ref:
            return False
        if op.kind == OpKind.REACTION:
            return self._is_emoji(op, seen) and self._stands_under(op.ts, seen.message)
        if not self._is_time(op, seen):
            return False
        if seen.root is not None:
            same = op.sum == sum_of(seen.payload, True)
            return same and self._stands_under(op.root, seen.root)
        # Direct talk may have no threads there.
        sums = _sums(seen) if self._is_direct() else (sum_of(seen.payload, False),)
        return op.sum in sums

    def _is_direct(self) -> bool:
        return self._acts.is_direct(self._conv)

    def _heads(self, ref: Ref) -> int | None:
        ts, item, piece = self._known.get(ref, (None, "", 0))
        return ts if item in HEADS and piece == 0 else None


def _sums(seen: Seen) -> Iterator[int]:
    """What the journal keeps of such a piece, outside a thread and in one."""
    return (sum_of(seen.payload, in_thread) for in_thread in (False, True))
