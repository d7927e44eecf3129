"""VERIFY: the target (or the archive) read back and held against the plan, message by message. What
people wrote there themselves is nobody's business and no difference."""

from collections import Counter
from typing import Literal

from migrate.errors import Interrupted, Skip
from migrate.findings import Finding
from migrate.model import RECORD_KINDS, RecordKind, Ref, micros_ts, ts_micros
from migrate.spi import (
    Adapter,
    Audience,
    AudienceReader,
    Opening,
    Reader,
    Rendered,
    Seen,
    Session,
)
from migrate.stages.acts import Acts
from migrate.stages.brief import HEADS, PLACEHOLDER_ITEM
from migrate.stages.journal import sum_of
from migrate.stages.look import StoreLook
from migrate.stages.presence import Presence
from migrate.stages.words import Words
from migrate.stages.world import World
from migrate.store import Op, OpKind, State, Store, ops, people

JOINS = ("invite", "members", "anyone", "world")


class Tally:
    """Counts by kind of record, and findings with their first example."""

    def __init__(self) -> None:
        self.checked: Counter[str] = Counter()
        self.missing: Counter[str] = Counter()
        self.different: Counter[str] = Counter()
        self.extra: Counter[str] = Counter()
        self.duplicate: Counter[str] = Counter()
        self.unchecked: Counter[str] = Counter()
        self.wider = 0
        self.findings: list[Finding] = []

    def find(self, code: str, place: str) -> None:
        self.findings.append(Finding(code=code, place=place))


class Verification:
    """One reading back of everything that the journal calls done."""

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
        self._count_others()
        return self.tally

    async def _conversation(self, op: Op) -> None:
        opening = self.acts.opening(op.conv)
        id = opening.conversation.id
        self.tally.checked["conversations"] += 1
        try:
            if isinstance(self._session, AudienceReader):
                self._hold_audience(opening, await self._session.audience(opening))
            if isinstance(self._session, Reader):
                await self._read_back(op.conv, opening, self._session)
            else:
                for conv in self._convs(op.conv):
                    self.tally.unchecked.update(self._expected(conv))
        except Skip as verdict:
            self.tally.missing["conversations"] += 1
            self.tally.find(verdict.code, id)
            for conv in self._convs(op.conv):
                self.tally.missing.update(self._expected(conv))

    async def _read_back(self, lane: int, opening: Opening, session: Reader) -> None:
        """Hold what stands in a conversation against all that became one with it."""
        comparisons = [Comparison(self, conv) for conv in self._convs(lane)]
        async for seen in session.read(opening):
            of = (each for each in comparisons if each.knows(seen.id))
            next(of, comparisons[0]).take(seen)
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
        return Counter(
            {
                RECORD_KINDS[record - 1]: count
                for record, count in self.store.db.execute(query, (conv,))
            }
        )

    def _count_others(self) -> None:
        """Accounts are seen through what they wrote; those that wrote nothing, and pins, are
        not."""
        written = self.store.db.execute(
            "SELECT count(DISTINCT author) FROM op WHERE kind IN (5, 6) AND state = 2"
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


class Comparison:
    """One of Slack's conversations, read in the target's order."""

    def __init__(self, verification: Verification, conv: int) -> None:
        self._v = verification
        self._conv = conv
        self._store = verification.store
        self._acts = verification.acts
        self._tally = verification.tally
        self._id = self._acts.conversation_id(conv)
        self._seen: set[tuple[int, int, str, int]] = set()
        self._ids: dict[str, str] = {}
        self._last = (0, 0, 0)
        self._folded: set[str] = set()
        self._rendered: tuple[tuple[int, str], Rendered] | None = None
        self._different: set[tuple[int, str]] = set()
        self._lost: set[tuple[int, str]] = set()
        self._told: dict[tuple[int, str], set[Ref]] = {}
        self.refs: list[tuple[Op, Ref]] = []

    def knows(self, id: str) -> bool:
        """Whether an id is that of something said here."""
        return id.startswith(f"{self._id}/")

    def take(self, seen: Seen) -> None:
        """Hold one thing that stands at the target against the op that made it."""
        if not seen.id:
            return
        if seen.emoji and self._v.caps.reactions == "folded":
            self._take_folded(seen)
            return
        op = self._op(seen.id)
        if op is None or op.state != State.DONE:
            self._tally.extra["reactions" if seen.emoji else "messages"] += 1
            self._tally.find("record-extra", self._place(seen.id))
            return
        kind = _kind(op)
        key = (op.ts, op.kind, op.item, op.piece)
        if key in self._seen:
            self._tally.duplicate[kind] += 1
            self._tally.find("record-duplicate", self._place(seen.id))
            return
        self._seen.add(key)
        if op.kind == OpKind.MESSAGE:
            self._ids[seen.ref] = seen.id
            if self._v.keeps_refs:
                self.refs.append((op, seen.ref))
            self._hold_order(op)
            if seen.files is not None:
                self._told.setdefault((op.ts, op.item), set()).update(seen.files)
        if op.record:
            self._tally.checked[kind] += 1
        if not self._matches(op, seen) and (op.ts, op.item) not in self._different:
            self._different.add((op.ts, op.item))
            self._tally.different[kind] += 1
            self._tally.find("record-different", self._place(seen.id))

    def finish(self) -> None:
        """Count what the journal calls done and nobody saw."""
        for op in ops.select(
            self._store, "conv = ? AND kind IN (5, 6) AND state = 2", (self._conv,)
        ):
            if (op.ts, op.kind, op.item, op.piece) in self._seen or self._needless(op):
                continue
            if op.kind == OpKind.MESSAGE:
                self._lost.add((op.ts, op.item))
            kind = _kind(op)
            self._tally.missing[kind] += 1
            self._tally.find("record-missing", f"{self._id} {micros_ts(op.ts)}")
        read = {(ts, item) for ts, kind, item, _ in self._seen if kind == OpKind.MESSAGE}
        self._v.presence.hold(self._conv, self._id, read - self._lost - self._different, self._told)
        if self._v.caps.reactions == "folded":
            (inside,) = self._store.db.execute(
                "SELECT coalesce(sum(folded), 0) FROM op WHERE conv = ? AND kind = 5 AND state = 2",
                (self._conv,),
            ).fetchone()
            if len(self._folded) < inside:
                self._tally.missing["reactions"] += inside - len(self._folded)
                self._tally.find("record-missing", self._id)

    def _needless(self, op: Op) -> bool:
        """A piece that was planned with dummies and that the real refs made unnecessary."""
        return op.piece > 0 and not op.ref and self._v.caps.delivery == "live"

    def _op(self, id: str) -> Op | None:
        known = self._split(id)
        if known is None:
            return None
        moment, rest = known
        if rest.isdigit():
            return self._message(moment, "", rest)
        item, _, piece = rest.rpartition("/")
        found = self._message(moment, rest) or (item and self._message(moment, item, piece))
        return found or ops.op(self._store, self._conv, moment, OpKind.REACTION, rest)

    def _message(self, moment: int, item: str, piece: str = "0") -> Op | None:
        if not piece.isdigit():
            return None
        return ops.op(self._store, self._conv, moment, OpKind.MESSAGE, item, int(piece))

    def _matches(self, op: Op, seen: Seen) -> bool:
        author = self._acts.account(op.author)
        if author is None or seen.author != author.ref or seen.time != op.time:
            return False
        if op.kind == OpKind.REACTION:
            # A key that shows an image was not known when it was planned.
            key = op.sum == sum_of(seen.emoji.encode(), False) if op.sum else seen.emoji == op.name
            return key and self._stands_under(op.ts, seen.message)
        if self._v.caps.delivery == "live":
            same = op.sum == sum_of(seen.payload, seen.root is not None)
            return same and (seen.root is None or self._stands_under(op.root, seen.root))
        rendered = self._render(op)
        if op.piece >= len(rendered.pieces):
            return False
        piece = rendered.pieces[op.piece]
        if op.root and piece.in_thread:
            return seen.payload == piece.payload and self._stands_under(op.root, seen.root)
        return seen.payload == piece.payload and not seen.root

    def _stands_under(self, ts: int, ref: str | None) -> bool:
        """Whether `ref` is the first piece of the message at `ts`, or its placeholder; a live
        target may have lost that one and still say where the reply hung."""
        if self._v.caps.delivery == "live" and ref and ref == self._acts.first_ref(self._conv, ts):
            return True
        return self._split(self._ids.get(ref or "", "")) in ((ts, "0"), (ts, PLACEHOLDER_ITEM))

    def _hold_order(self, op: Op) -> None:
        """Within what one run sent, the order of time holds; a later run's delta stands behind. An
        archive that is made anew as a whole is in order throughout."""
        if self._v.caps.delivery == "bulk" and self._v.caps.part_order != "time":
            return
        if op.item not in HEADS:
            return  # what brings a file comes when the file does
        anew = self._v.caps.delivery == "bulk" and self._v.caps.delta == "rewrite"
        position = (0 if anew else op.run, op.ts, op.piece)
        if position < self._last:
            self._tally.different["messages"] += 1
            self._tally.find("order-different", f"{self._id} {micros_ts(op.ts)}")
        self._last = max(self._last, position)

    def _take_folded(self, seen: Seen) -> None:
        """A reaction that travelled inside its message: held against the message's own record."""
        moment, rest = self._split(seen.id) or (0, "")
        op = ops.op(self._store, self._conv, moment, OpKind.MESSAGE)
        if seen.id in self._folded or (moment, OpKind.REACTION, rest, 0) in self._seen:
            self._tally.duplicate["reactions"] += 1
            self._tally.find("record-duplicate", self._place(seen.id))
            return
        if op is None or op.state != State.DONE:
            self._tally.extra["reactions"] += 1
            self._tally.find("record-extra", self._place(seen.id))
            return
        late = ops.op(self._store, self._conv, moment, OpKind.REACTION, rest)
        if late is not None and late.state == State.DONE:
            self._seen.add((late.ts, late.kind, late.item, late.piece))
        else:
            self._folded.add(seen.id)
        self._tally.checked["reactions"] += 1
        if not (self._was_chosen(seen, rest) and self._stands_under(op.ts, seen.message)):
            self._tally.different["reactions"] += 1
            self._tally.find("record-different", self._place(seen.id))

    def _was_chosen(self, seen: Seen, names: str) -> bool:
        """Whether it is the reaction of the person and the emoji that its id names, either of which
        may hold a slash where an export is broken."""
        for at in (place for place, letter in enumerate(names) if letter == "/"):
            face = self._v.look.person(names[:at])
            key = self._v.adapter.reaction(names[at + 1 :], self._v.look)
            if face is not None and (seen.author, seen.emoji) == (face.ref, key):
                return True
        return False

    def _render(self, op: Op) -> Rendered:
        of = (op.ts, op.item)
        if self._rendered is None or self._rendered[0] != of:
            self._rendered = (of, self._v.words.read(op, self._v.adapter)[1])
        return self._rendered[1]

    def _place(self, id: str) -> str:
        known = self._split(id)
        return f"{self._id} {micros_ts(known[0])}" if known else self._id

    def _split(self, id: str) -> tuple[int, str] | None:
        """The moment that an id names and what stands behind it; None where it is of no message
        here. A conversation that is known by its folder may have a slash in its own id."""
        ts, _, rest = id.removeprefix(f"{self._id}/").partition("/")
        try:
            return (ts_micros(ts), rest) if id.startswith(f"{self._id}/") else None
        except ValueError:
            return None


def _kind(op: Op) -> RecordKind:
    """The kind of record that an op is reported as, its own or, where it has none, the nearest."""
    if op.record:
        return RECORD_KINDS[op.record - 1]
    return "reactions" if op.kind == OpKind.REACTION else "messages"
