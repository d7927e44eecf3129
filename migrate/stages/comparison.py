"""VERIFY, for one conversation: what stands at the target held against the ops that made it. How a
target without our ids is compared is `likeness`; which conversations there are, `verify`."""

from typing import Protocol

from migrate.model import RECORD_KINDS, RecordKind, Ref, micros_ts, ts_micros
from migrate.spi import Adapter, Capabilities, Rendered, Seen
from migrate.stages.acts import Acts
from migrate.stages.brief import HEADS, PLACEHOLDER_ITEM
from migrate.stages.journal import sum_of
from migrate.stages.look import StoreLook
from migrate.stages.presence import Presence
from migrate.stages.tally import Tally
from migrate.stages.words import Words
from migrate.store import Op, OpKind, State, Store, ops


class Desk(Protocol):
    """What the comparisons of one reading back share."""

    store: Store
    adapter: Adapter
    caps: Capabilities
    acts: Acts
    look: StoreLook
    words: Words
    tally: Tally
    presence: Presence
    keeps_refs: bool


class Sequence:
    """Positions in the order in which they were read: the moments (a ts in microseconds) of those
    that stand behind a later one."""

    def __init__(self) -> None:
        self.misplaced: list[int] = []
        self._last = (0, 0, 0)

    def add(self, position: tuple[int, int, int]) -> None:
        """`position` is the run, the ts and the piece."""
        if position < self._last:
            self.misplaced.append(position[1])
        self._last = max(self._last, position)


class Comparison:
    """One of Slack's conversations, read in the target's order, at a target that tells our ids."""

    def __init__(self, desk: Desk, conv: int) -> None:
        self._v = desk
        self._conv = conv
        self._store = desk.store
        self._acts = desk.acts
        self._tally = desk.tally
        self._id = self._acts.conversation_id(conv)
        self._seen: set[tuple[int, int, str, int]] = set()
        self._ids: dict[str, str] = {}
        self._sent = Sequence()
        self._dated = Sequence()
        self._folded: set[str] = set()
        self._rendered: tuple[tuple[int, str], Rendered] | None = None
        self._different: set[tuple[int, str]] = set()
        self._lost: set[tuple[int, str]] = set()
        self._told: dict[tuple[int, str], set[Ref]] = {}
        self.refs: list[tuple[Op, Ref]] = []

    def knows(self, seen: Seen) -> bool:
        """Whether something was said here, as far as its id tells."""
        return seen.id.startswith(f"{self._id}/")

    def resembles(self, seen: Seen) -> bool:
        """Whether what nobody knows may be a copy of something that was said here."""
        return False

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
        self._hold(op, seen)

    def _hold(self, op: Op, seen: Seen) -> None:
        kind = _kind(op)
        place = f"{self._id} {micros_ts(op.ts)}"
        key = (op.ts, op.kind, op.item, op.piece)
        if key in self._seen:
            self._tally.duplicate[kind] += 1
            self._tally.find("record-duplicate", place)
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
            self._tally.find("record-different", place)

    def finish(self) -> None:
        """Count what the journal calls done and nobody saw. Of what a living target has from an
        archive, reactions within messages are not looked at, nor messages of which nobody knows
        the ref."""
        self._count_misplaced()
        for op in ops.select(
            self._store, "conv = ? AND kind IN (5, 6) AND state = 2", (self._conv,)
        ):
            inherited = op.part >= 0 and self._v.caps.delivery == "live"
            if inherited:
                self._tally.unchecked["reactions"] += op.folded
            if inherited and op.kind == OpKind.MESSAGE and not op.ref:
                self._tally.unchecked[_kind(op)] += op.record != 0
                continue
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
        if author is None or seen.author != author.ref or not self._is_time(op, seen):
            return False
        if op.kind == OpKind.REACTION:
            return self._is_emoji(op, seen) and self._stands_under(op.ts, seen.message)
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

    def _is_emoji(self, op: Op, seen: Seen) -> bool:
        # A key that shows an image was not known when it was planned.
        return op.sum == sum_of(seen.emoji.encode(), False) if op.sum else seen.emoji == op.name

    def _is_time(self, op: Op, seen: Seen) -> bool:
        """The same time as finely as the target tells it."""
        step = max(1, self._v.caps.told_step)
        return op.time * 1_000 // step == seen.time * 1_000 // step

    def _stands_under(self, ts: int, ref: str | None) -> bool:
        """Whether `ref` is the first piece of the message at `ts`, or its placeholder; a live
        target may have lost that one and still say where the reply hung."""
        if self._v.caps.delivery == "live" and ref and ref == self._acts.first_ref(self._conv, ts):
            return True
        return self._heads(ref or "") == ts

    def _heads(self, ref: Ref) -> int | None:
        """The ts of the message, or of the placeholder, whose first piece was seen as `ref`."""
        ts, rest = self._split(self._ids.get(ref, "")) or (None, "")
        return ts if rest in ("0", PLACEHOLDER_ITEM) else None

    def _hold_order(self, op: Op) -> None:
        """Within what one run sent, the order of time holds; a later run's delta stands behind, or
        where its time puts it, if the target goes by that throughout. An archive that is made anew
        as a whole is in order, too."""
        if self._v.caps.delivery == "bulk" and self._v.caps.part_order != "time":
            return
        if op.item not in HEADS:
            return  # what brings a file comes when the file does
        live = self._v.caps.delivery == "live"
        # What came in one archive came at once, whichever runs wrote its parts.
        anew = op.part >= 0 if live else self._v.caps.delta == "rewrite"
        self._sent.add((0 if anew else op.run, op.ts, op.piece))
        self._dated.add((0, op.ts, op.piece))

    def _count_misplaced(self) -> None:
        for ts in min(self._sent.misplaced, self._dated.misplaced, key=len):
            self._tally.different["messages"] += 1
            self._tally.find("order-different", f"{self._id} {micros_ts(ts)}")

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
