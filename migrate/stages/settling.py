"""What a live target has of acts whose answer nobody got: asked by our id where the target keeps
that, by the message itself where it does not, and by nobody where a repeat does no harm. How acts
are performed is the engine's affair."""

from migrate.errors import Skip
from migrate.model import Ref
from migrate.spi import Finder, Recognizer, Sending
from migrate.stages.brief import HEADS
from migrate.stages.engine import Doubt, Engine
from migrate.stages.journal import open_again
from migrate.store import Op, OpKind, State, ops
from migrate.store.ops import BENEATH_UNSURE, UNSURE

_UNDER_WAY = "state = 1 AND state IN (0, 1, 3)"
"""SQLite takes the index of what is open only where a query repeats its condition."""


class Settling:
    """What one lane asks of the target before it does something again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._store = engine.store
        self.by_id = engine.session.caps.repeatable or isinstance(engine.session, Finder)
        self._there: dict[str, Ref] = {}
        self._unsure: set[tuple[int, int, int, str, int]] = set()
        self._reopened = False

    def alone(self, op: Op) -> bool:
        """Whether an act's intent is written right before its call, so that never more than one
        message is under way; where the target can be asked by id, several are at once."""
        return op.kind == OpKind.MESSAGE and not self.by_id

    def doubt(self, op: Op) -> Doubt:
        """Whether the target has, or may have, an act since an earlier run. While that is so, a run
        that ends before its turn leaves it under way."""
        return Doubt(self._is_there(op) or (self.alone(op) and op.state == State.SENDING))

    async def settle(self, number: int) -> str:
        """Ask the target which of the acts that were under way in a conversation it has; returns
        why it cannot be asked, "" where all is well. What it has is noted when its turn comes: a
        message is known by its text, and that may wait for others."""
        if not self.by_id:
            await self._repeat_reactions()
            return ""
        some = list(
            ops.select(
                self._store,
                f"lane = ? AND kind IN (5, 6) AND {_UNDER_WAY}",
                (number,),
            )
        )
        if not some:
            return ""
        ids = {self._engine.acts.id(op): op for op in some}
        session = self._engine.session
        if isinstance(session, Finder):
            opening = self._engine.acts.opening(number)
            try:
                self._there |= await self._engine.call(lambda: session.find(opening, list(ids)))
            except Skip as verdict:
                return verdict.code
        for id, op in ids.items():
            if id not in self._there:
                self._engine.journal.note(open_again(op))
        await self._engine.journal.flush()
        return ""

    async def _repeat_reactions(self) -> None:
        """At a target without our ids a reaction is known by what it is: once more does no harm."""
        if self._reopened:
            return
        self._reopened = True
        where = f"kind = 6 AND {_UNDER_WAY}"
        for op in list(ops.select(self._store, where)):
            self._engine.journal.note(open_again(op))
        await self._engine.journal.flush()

    def _is_there(self, op: Op) -> bool:
        return bool(self._there) and self._engine.acts.id(op) in self._there

    async def find(self, op: Op) -> Ref | None:
        """Whether the target has an act whose answer was lost, by its id. None, too, for what can
        be repeated without harm."""
        if self._is_there(op):
            return self._there[self._engine.acts.id(op)]
        session = self._engine.session
        if session.caps.repeatable or not isinstance(session, Finder):
            return None
        id = self._engine.acts.id(op)
        return (await session.find(self._engine.acts.opening(op.lane), [id])).get(id)

    async def recognize(self, op: Op, sending: Sending) -> Ref | None:
        """The same at a target without our ids. Raises Skip(UNSURE) where nobody can tell."""
        session = self._engine.session
        try:
            if not isinstance(session, Recognizer):
                raise Skip(UNSURE)
            await self._engine.journal.flush()
            return await session.recognize(sending, _Known(self._engine, op.lane))
        except Skip as verdict:
            if verdict.code == UNSURE:
                self._unsure.add(op.key)
            raise

    def is_unsure(self, op: Op) -> bool:
        """Whether this run gave an act up for good, because nobody can tell if a message
        arrived."""
        return op.key in self._unsure

    def beneath(self, op: Op) -> str:
        """The code of a reaction to a message that may have arrived or not; "" for any other."""
        if not self.was_unsure(op.conv, op.ts):
            return ""
        self._unsure.add(op.key)
        return BENEATH_UNSURE

    def was_unsure(self, conv: int, ts: int, item: str | None = None) -> bool:
        """Whether nobody can tell if a message arrived, or what stands for it as a thread's root,
        whichever run sent it. What this run knows must be on the disk."""
        if self.by_id:
            return False
        items = (item, item) if item is not None else HEADS
        query = (
            "SELECT EXISTS (SELECT 1 FROM op WHERE conv = ? AND ts = ? AND kind = 5"
            " AND item IN (?, ?) AND piece = 0 AND state = 3 AND code = ?)"
        )
        (found,) = self._store.db.execute(query, (conv, ts, *items, UNSURE)).fetchone()
        return bool(found)


class _Known:
    """The refs of the messages of a lane that are done, read once they are asked for."""

    def __init__(self, engine: Engine, lane: int) -> None:
        self._store = engine.store
        self._lane = lane
        self._refs: frozenset[Ref] | None = None

    def __call__(self, ref: Ref) -> bool:
        if self._refs is None:
            query = "SELECT ref FROM op WHERE lane = ? AND kind = 5 AND state = 2"
            self._refs = frozenset(r for (r,) in self._store.db.execute(query, (self._lane,)))
        return ref in self._refs
