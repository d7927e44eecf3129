"""VERIFY: the target (or the archive) read back and held against the plan, conversation by
conversation. What people wrote there themselves is nobody's business and no difference. How one
conversation is compared is `comparison` and, without our ids, `likeness`."""

from collections import Counter
from typing import Literal

import msgspec

from migrate.errors import Interrupted, Skip
from migrate.model import RECORD_KINDS
from migrate.spi import (
    Adapter,
    Audience,
    AudienceReader,
    Auditor,
    Opening,
    PartialReader,
    Reader,
    Recognizer,
    Session,
)
from migrate.stages.acts import Acts
from migrate.stages.comparison import Comparison
from migrate.stages.likeness import Likeness
from migrate.stages.look import StoreLook
from migrate.stages.presence import Presence
from migrate.stages.tally import Tally
from migrate.stages.words import Words
from migrate.stages.world import World
from migrate.store import Op, Store, ops, people

__all__ = ["Tally", "Verification"]

JOINS = ("invite", "members", "anyone", "world")


class Verification:
    """One reading back of everything that the journal calls done; the desk of its comparisons."""

    def __init__(
        self, store: Store, adapter: Adapter, session: Session, world: World, against: str
    ) -> None:
        self.store = store
        self.adapter = adapter
        self._session = session
        self.keeps_refs = session.caps.delivery == "bulk" and against == "server"
        self._world = world
        refs: Literal["live", "placed"] = "live" if session.caps.delivery == "live" else "placed"
        self.acts = Acts(store, refs)
        self.look = StoreLook(store, refs, session.caps.ref_width)
        self.words = Words(store, session.caps, self.acts)
        self.caps = session.caps
        self.tally = Tally()
        self.presence = Presence(store, session.caps.delivery == "live")
        self._lanes = people.lanes(store)
        self._unread: list[int] = []

    async def run(self) -> Tally:
        """Every conversation read back, one after another."""
        openings = list(ops.select(self.store, "kind = 2 AND state = 2"))
        (total,) = self.store.db.execute(
            "SELECT count(*) FROM op WHERE kind IN (5, 6) AND state = 2"
        ).fetchone()
        self._world.progress.begin("Reading back", total, "records")
        for op in openings:
            if self._world.stopped():
                raise Interrupted("interrupted", "Interrupted.", "Run `verify` again.")
            await self._conversation(op)
        self._world.progress.end()
        if isinstance(self._session, Auditor):
            self.tally.findings += await self._session.audit()
        self._count_others()
        return self.tally

    async def _conversation(self, op: Op) -> None:
        opening = self.acts.opening(op.conv)
        id = opening.conversation.id
        try:
            if not await self._can_read(opening):
                self._leave(op.conv)
                return
            if isinstance(self._session, AudienceReader):
                self._hold_audience(opening, await self._session.audience(opening))
            if isinstance(self._session, Reader):
                await self._read_back(op.conv, opening, self._session)
            else:
                for conv in self._convs(op.conv):
                    self.tally.unchecked.update(self._expected(conv))
            self.tally.checked["conversations"] += 1
        except Skip as verdict:
            self.tally.checked["conversations"] += 1
            self.tally.missing["conversations"] += 1
            self.tally.find(verdict.code, id)
            for conv in self._convs(op.conv):
                self.tally.missing.update(self._expected(conv))

    async def _can_read(self, opening: Opening) -> bool:
        session = self._session
        if not opening.ref:
            return False  # it came with an archive, and the first run asks for it
        return not isinstance(session, PartialReader) or await session.can_read(opening)

    def _leave(self, lane: int) -> None:
        """A conversation that the importer may not read is nobody's loss; its files may be found
        elsewhere."""
        self.tally.unchecked["conversations"] += 1
        for conv in self._convs(lane):
            self._unread.append(conv)
            self.tally.unchecked.update(self._expected(conv))

    async def _read_back(self, lane: int, opening: Opening, session: Reader) -> None:
        """Hold what stands in a conversation against all that became one with it."""
        kind = Likeness if isinstance(self._session, Recognizer) else Comparison
        comparisons = [kind(self, conv) for conv in self._convs(lane)]
        async for seen in session.read(opening):
            # The same words may have been said in two of them at one moment: a copy comes last.
            of = next((each for each in comparisons if each.knows(seen)), None)
            of = of or next((each for each in comparisons if each.resembles(seen)), comparisons[0])
            of.take(seen)
            self._world.progress.advance()
        for comparison in comparisons:
            comparison.finish()
            if self.keeps_refs:
                with self.store.transaction():
                    ops.set_refs(self.store, comparison.refs)

    def _convs(self, lane: int) -> list[int]:
        """All that became one conversation; the mapping may leave it out by now."""
        return self._lanes.get(lane, [lane])

    def _hold_audience(self, opening: Opening, audience: Audience) -> None:
        id = opening.conversation.id
        allowed = {member.ref for member in opening.members}
        planned = "invite" if opening.private else "members"
        wider = JOINS.index(audience.join) > JOINS.index(planned) or audience.listed > (
            not opening.private
        )
        # Who was in a conversation that stood there before was told of, and agreed to.
        agreed = opening.action == "map" and self.store.meta("widen")
        if opening.private and audience.members - allowed and not agreed:
            wider = True
        if wider:
            self.tally.wider += 1
            self.tally.find("audience-wider", id)
        for _ in allowed - audience.members:
            self.tally.find("member-missing", id)

    def _expected(self, conv: int) -> Counter[str]:
        """How many records of each kind the journal says are in a conversation."""
        query = (
            "SELECT record, count(*) FROM op WHERE conv = ? AND state = 2 AND record != 0"
            " AND kind IN (5, 6, 7) GROUP BY record"
        )
        expected = Counter(
            {
                RECORD_KINDS[record - 1]: count
                for record, count in self.store.db.execute(query, (conv,))
            }
        )
        (inside,) = self.store.db.execute(
            "SELECT coalesce(sum(folded), 0) FROM op WHERE conv = ? AND kind = 5 AND state = 2",
            (conv,),
        ).fetchone()
        expected["reactions"] += inside
        return expected

    def _count_others(self) -> None:
        """Accounts are seen through what they wrote; those that wrote nothing, and pins, are
        not."""
        written = self.store.db.execute(
            "SELECT count(DISTINCT author) FROM op WHERE kind IN (5, 6) AND state = 2"
            " AND conv NOT IN (SELECT value FROM json_each(?))",
            (msgspec.json.encode(self._unread).decode(),),
        ).fetchone()[0]
        accounts = self.store.db.execute(
            "SELECT count(*) FROM op WHERE kind = 1 AND state = 2"
        ).fetchone()[0]
        self.tally.checked["accounts"] = written
        self.tally.unchecked["accounts"] = max(0, accounts - written)
        (pins,) = self.store.db.execute(
            "SELECT count(*) FROM op WHERE kind = 7 AND state = 2"
        ).fetchone()
        self.tally.unchecked["pins"] = pins
        found, missing, unchecked = self.presence.count()
        self.tally.checked["files"] = found
        self.tally.missing["files"] = missing
        self.tally.unchecked["files"] = unchecked
        self.tally.findings += self.presence.findings()
