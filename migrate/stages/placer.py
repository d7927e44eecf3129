"""PLAN, second half: an op for every piece, reaction and pin of a message, with its place in its
thread and in time; then who has to be in each conversation, and its seal."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

import msgspec

from migrate.model import File, Reaction, micros_ts
from migrate.spi import Placement, Wish
from migrate.stages.additions import Additions
from migrate.stages.belonging import Belonging
from migrate.stages.bodies import loose_by_conversation
from migrate.stages.brief import (
    HEADS,
    PLACEHOLDER_ITEM,
    REACTION_MAPPED,
    Brief,
    Losses,
    skipped,
)
from migrate.stages.parts import Cutter, write_again
from migrate.stages.resolution import Destination
from migrate.stages.sharing import mapped
from migrate.stages.survey import CHANGED, KNOWN, PLAIN, UNCHANGED, Chunk, Remark, Surveyed
from migrate.store import Op, OpKind, State, Store, messages, ops
from migrate.store.drafts import DraftReader
from migrate.store.ops import record_number

BATCH = 20_000

_MESSAGES, _NOTICES = record_number("messages"), record_number("notices")


def message_ops(
    store: Store, brief: Brief, surveyed: Iterable[Surveyed], losses: Losses, cutter: Cutter
) -> Iterator[list[Op]]:
    """One op a piece, one a reaction where the target takes them one by one, one a pin; then who
    has to be in each conversation, and its seal. A list for each chunk."""
    loose = loose_by_conversation(store)
    moments = Moments(store, brief)
    # Who cannot react.
    barred = frozenset() if brief.caps.mapped_react else mapped(store)
    for number, group in groupby(surveyed, key=lambda each: each[0].number):
        destination = brief.resolution.conversations[number]
        times = moments.of(destination)
        placer = _Placer(store, brief, destination, losses, cutter, times, barred)
        for chunk, remarks, _ in group:
            yield placer.place(chunk, remarks)
        yield list(placer.finish(loose.get(number, [])))


class Moments:
    """The times that are taken in each conversation of the target, those shared that several of
    Slack's become."""

    def __init__(self, store: Store, brief: Brief) -> None:
        self._store = store
        self._lanes: dict[int, list[int]] = {}
        for number, each in brief.resolution.conversations.items():
            if not each.code:
                self._lanes.setdefault(each.lane, []).append(number)
        self._shared: dict[int, set[int]] = {}

    def of(self, destination: Destination) -> set[int]:
        """Those that a conversation has to avoid, and adds its own to."""
        lane = self._lanes.get(destination.lane, [])
        if len(lane) < 2:
            return self._read([destination.number])
        if destination.lane not in self._shared:
            self._shared[destination.lane] = self._read(lane)
        return self._shared[destination.lane]

    def _read(self, numbers: Iterable[int]) -> set[int]:
        query = "SELECT time FROM op WHERE conv = ? AND kind = 5"
        return {time for number in numbers for (time,) in self._store.db.execute(query, (number,))}


class _Placer:
    """Places one conversation's messages, handed to it in the order of time."""

    def __init__(
        self,
        store: Store,
        brief: Brief,
        destination: Destination,
        losses: Losses,
        cutter: Cutter,
        times: set[int],
        barred: frozenset[int],
    ) -> None:
        self._store = store
        self._brief = brief
        self._destination = destination
        self._losses = losses
        self._cutter = cutter
        self._drafts = DraftReader(store, keep=4)
        self._number = destination.number
        self._lane = destination.lane
        self._id = destination.conversation.id
        conv = (self._number,)
        query = "SELECT root, count(*) FROM message WHERE conv = ? AND root != 0 GROUP BY root"
        self._replies: dict[int, int] = dict(store.db.execute(query, conv))
        self._roots: dict[int, Placement | None] = dict.fromkeys(self._replies)
        self._nested: dict[int, int] = {}
        self._parts: dict[int, int] = {}
        self._joined: dict[int, int] = {}
        self._written: dict[int, int] = {}
        self._authors: dict[int, int] = {}
        self._keys: dict[str, str] = {}
        self._times = times
        self._topics: set[str] = set()
        for op in ops.select(store, "conv = ? AND kind = 5", conv):
            if op.name:
                self._topics.add(op.name.casefold())
            if op.ts in self._roots and op.piece == 0 and op.item in HEADS:
                self._roots[op.ts] = Placement(op.name, op.time)
                if op.root:
                    self._nested[op.ts] = op.root
                if 0 <= op.part <= cutter.last_joined:
                    self._joined[op.ts] = op.root
                elif op.part >= 0 and cutter.by_thread:
                    self._written[op.ts] = op.part
        self._pins = set(messages.pins(store, self._number))
        self._deleted = messages.deletions(store, self._number)
        self._folds = brief.caps.reactions == "folded"
        self._barred = barred
        self._writers: set[int] = set()
        self._first = 0
        self._new = False

    def place(self, chunk: Chunk, remarks: Mapping[int, Remark]) -> list[Op]:
        """The ops of a chunk's messages."""
        placed: list[Op] = []
        for row, code in zip(chunk.rows, chunk.codes, strict=True):
            record = _NOTICES if row.kind == messages.NOTICE else _MESSAGES
            if not code:
                self._place_new(row, remarks.get(row.ts, PLAIN), record, placed)
            elif code in (KNOWN, CHANGED, UNCHANGED):
                remark = remarks.get(row.ts, PLAIN)
                placed += self._place_late(row, remark, record, code == CHANGED)
            else:
                placed += self._leave_out(row, code, record)
        return placed

    def _leave_out(self, row: messages.Row, code: str, record: int) -> Iterator[Op]:
        op = Op(
            self._number, row.ts, OpKind.MESSAGE, "", 0, self._lane,
            record=record, folded=row.reactions, edited=row.edited,
        )  # fmt: skip
        yield skipped(op, code)
        if row.ts in self._pins:
            yield skipped(self._pin(row.ts), code)

    def _place_new(self, row: messages.Row, remark: Remark, record: int, placed: list[Op]) -> None:
        self._new = True
        author = self._stand_in(row.author)
        self._writers.add(author)
        root = self._root_of(row) if row.root else 0
        part = self._part_of(root or row.ts)
        above: Placement | None = None
        if root:
            above = self._roots.get(root)
            if above is None:
                placed.append(self._placeholder(root, author, part))
                above = self._roots[root]
        placement = self._place(row.ts, above, remark.snippet, remark.pieces)
        if row.ts in self._roots:
            self._roots[row.ts] = placement
        if remark is PLAIN:
            reactions: list[Op] = []
            folded = 0
        else:
            self._losses.add(remark.losses, self._where(row.ts))
            folded, reactions = self._react(row.ts, remark)
        flags = ops.BROADCAST if row.flags & messages.FLAG_BROADCAST else 0
        first = Op(
            self._number, row.ts, OpKind.MESSAGE, "", 0, self._lane,
            root, author, placement.time, placement.name, flags, record,
            folded, row.edited, State.PLANNED, "", "", part,
        )  # fmt: skip
        placed.append(first)
        for piece in range(1, remark.pieces):
            time = first.time + piece * self._brief.caps.piece_step
            placed.append(
                msgspec.structs.replace(first, piece=piece, time=time, record=0, folded=0)
            )
        placed += reactions
        if row.ts in self._pins:
            placed.append(self._pin(row.ts, part))

    def _part_of(self, root: int) -> int:
        """The part that holds a thread, or what is new of it."""
        known = self._parts.get(root, -1)
        if known < 0 and root in self._written:
            # A thread stays whole as long as its part may be written again.
            known = self._parts[root] = self._written[root]
            write_again(self._store, known)
        part = self._cutter.take(known, 1 + self._replies.get(root, 0))
        if known < 0 <= part:
            if root in self._roots:
                self._parts[root] = part
            if root in self._joined:
                self._cutter.carry(part, self._number, root)
        return part

    def _place_late(
        self, row: messages.Row, remark: Remark, record: int, changed: bool
    ) -> Iterator[Op]:
        """What a newer export adds to a message that the target has."""
        known = ops.op(self._store, self._number, row.ts, OpKind.MESSAGE)
        assert known is not None
        ops.account_for(self._store, known, record)
        gone = row.flags & messages.FLAG_TOMBSTONE or row.ts in self._deleted
        if known.part > self._cutter.last_joined:
            yield from self._rewrite(row, remark, known, changed)
        else:
            if known.part < 0:
                yield from self._add_late(row, remark)
            else:
                yield from self._carry_late(row, remark, known)
            if row.edited > known.edited and not gone:
                self._losses.add(("edit-not-sent",), self._where(row.ts))
        if gone:
            self._losses.add(("deletion-not-sent",), self._where(row.ts))

    def _carry_late(self, row: messages.Row, remark: Remark, known: Op) -> Iterator[Op]:
        """What is new of a message that an earlier archive holds goes into the next one, with the
        message once more; or, where a living target has taken that archive, comes by itself. The
        reactions that came with it are counted as it is; what Slack has no longer accounts for no
        record."""
        sent = self._drafts.find(self._number, row.ts)
        before = {
            f"{person}/{emoji}" for emoji, people in (sent.reactions if sent else ())
            for person in people
        }  # fmt: skip
        withdrawn = self._late_reactions(row.ts)
        late: list[Op] = []
        folded = 0
        for op in self._judged(row.ts, remark):
            there = withdrawn.pop(op.key, None)
            if there is not None:
                ops.account_for(self._store, there, op.record)
            elif op.item in before and (op.state == State.PLANNED or op.code == REACTION_MAPPED):
                folded += 1
            else:
                late.append(op)
        for op in withdrawn.values():
            ops.account_for(self._store, op, 0)
        if row.ts in self._pins and ops.op(self._store, *self._pin(row.ts).key) is None:
            late.append(self._pin(row.ts))
        if folded != known.folded:
            ops.count_folded(self._store, known, folded)
        if self._brief.caps.delivery == "live":
            yield from self._bring_late(known, late)
            return
        part = -1
        if any(op.state == State.PLANNED for op in late):
            part = self._part_of(known.root or row.ts)
            self._cutter.carry(part, self._number, known.root or row.ts)
            self._cutter.carry(part, self._number, row.ts)
        for op in late:
            yield op if op.state == State.SKIPPED else msgspec.structs.replace(op, part=part)

    def _bring_late(self, known: Op, late: Iterable[Op]) -> Iterator[Op]:
        """Acts on a message of an archive: of one that nobody can look at, nobody knows the ref."""
        for op in late:
            if op.state != State.PLANNED:
                yield op
            elif not known.ref:
                yield skipped(op, "message-unseen")
            else:
                self._new = True
                if op.kind == OpKind.REACTION:
                    self._writers.add(op.author)
                yield op

    def _add_late(self, row: messages.Row, remark: Remark) -> Iterator[Op]:
        """Late reactions and pins at a live target are acts of their own. A reaction that Slack has
        no longer stays there, and accounts for no record."""
        withdrawn = self._late_reactions(row.ts)
        late = [*self._judged(row.ts, remark)]
        if row.ts in self._pins:
            late.append(self._pin(row.ts))
        for op in late:
            withdrawn.pop(op.key, None)
            known = ops.op(self._store, *op.key)
            if known is not None:
                ops.account_for(self._store, known, op.record)
                continue
            if op.state == State.PLANNED:
                self._new = True
                if op.kind == OpKind.REACTION:
                    self._writers.add(op.author)
            yield op
        for op in withdrawn.values():
            ops.account_for(self._store, op, 0)

    def _late_reactions(self, ts: int) -> dict[tuple[int, int, int, str, int], Op]:
        """The reactions to a message that are acts of their own, as far as they are known."""
        some = ops.select(self._store, "conv = ? AND ts = ? AND kind = 6", (self._number, ts))
        return {op.key: op for op in some}

    def _rewrite(self, row: messages.Row, remark: Remark, known: Op, changed: bool) -> Iterator[Op]:
        """In an archive a changed message is written again with its part."""
        if changed and row.ts in self._roots and not known.name:
            known = self._name_thread(known, remark.snippet)
        folded = 0
        for op in self._judged(row.ts, remark):
            if op.state == State.PLANNED and self._folds:
                folded += 1
            else:
                yield op
        pin = self._pin(row.ts)
        pinned = row.ts in self._pins and ops.op(self._store, *pin.key) is None
        if pinned:
            yield msgspec.structs.replace(pin, part=known.part)
        if changed:
            ops.forget_pieces(self._store, known, remark.pieces)
            for piece in range(1, remark.pieces):
                yield msgspec.structs.replace(
                    known,
                    piece=piece,
                    time=known.time + piece * self._brief.caps.piece_step,
                    record=0,
                    folded=0,
                    state=State.PLANNED,
                    run=0,
                )
        if changed or (pinned and pin.state == State.PLANNED):
            ops.fold(self._store, known, folded, row.edited)
            write_again(self._store, known.part)

    def _name_thread(self, known: Op, snippet: str) -> Op:
        """Give the root of a thread, which stood alone so far, its topic where threads have any.
        What the archive says of its moment stays."""
        wish = Wish(
            kind="message", id=micros_ts(known.ts), time=known.ts // 1_000, snippet=snippet,
            private=self._destination.private, thread=True,
        )  # fmt: skip
        name = self._brief.adapter.place(wish, None, self._is_free).name
        if name:
            self._topics.add(name.casefold())
            known = msgspec.structs.replace(known, name=name)
            ops.replace(self._store, known)
        self._roots[known.ts] = Placement(known.name, known.time)
        return known

    def finish(self, loose: Iterable[File]) -> Iterator[Op]:
        """What comes beside the messages, `loose` files among it; who must be in the conversation,
        and its seal."""
        if self._destination.code:
            return
        yield from self._add(loose)
        belonging = Belonging(
            self._store, self._brief, self._destination, self._losses, self._cutter
        )
        yield from belonging.entries(self._writers, self._first)
        seal = Op(self._lane, 0, OpKind.SEAL, "", 0, self._lane)
        known = ops.op(self._store, *seal.key)
        if known is None:
            yield seal
        elif known.state == State.DONE and (self._new or belonging.changed):
            ops.plan_again(self._store, known, known.flags | ops.REOPENS)

    def _add(self, loose: Iterable[File]) -> Iterator[Op]:
        additions = Additions(
            self._store,
            self._brief,
            self._destination,
            self._losses,
            self._cutter.last_joined,
            self._place,
        )
        for op in (*additions.late(), *additions.loose(loose), *additions.bookmarks()):
            self._new = True
            self._writers.add(op.author)
            yield op

    def _stand_in(self, number: int) -> int:
        known = self._authors.get(number)
        if known is None:
            standing = self._brief.resolution.stand_in(number)
            assert standing is not None  # the sorter sends nobody's messages otherwise
            known = self._authors[number] = standing.number
        return known

    def _root_of(self, row: messages.Row) -> int:
        """The ts of the thread's root, 0 where the message stands alone."""
        root = self._nested.get(row.root, row.root)
        if root >= row.ts:
            if root > row.ts:
                self._losses.add(("thread-root-later",), self._where(row.ts))
            return 0
        if root and row.ts in self._roots:
            self._nested[row.ts] = root
        return root

    def _placeholder(self, root: int, author: int, part: int) -> Op:
        placement = self._place(root, None, "")
        self._roots[root] = placement
        self._losses.add(("thread-root-missing",), self._where(root))
        return Op(
            self._number, root, OpKind.MESSAGE, PLACEHOLDER_ITEM, 0, self._lane,
            author=author, time=placement.time, name=placement.name, flags=ops.PLACEHOLDER,
            part=part,
        )  # fmt: skip

    def _place(self, ts: int, root: Placement | None, snippet: str, pieces: int = 1) -> Placement:
        time = ts // 1_000
        self._first = min(self._first or time, time)
        wish = Wish(
            kind="message", id=micros_ts(ts), time=time, snippet=snippet,
            private=self._destination.private, thread=root is None and ts in self._roots,
        )  # fmt: skip
        step = self._brief.caps.piece_step
        if pieces == 1 or not step:
            placement = self._brief.adapter.place(wish, root, self._is_free)
            self._times.add(placement.time)
            if placement.name:
                self._topics.add(placement.name.casefold())
            return placement
        # Each piece has a time of its own, so that as many in a row must be free.
        steps = range(0, pieces * step, step)
        placement = self._brief.adapter.place(
            wish, root, lambda value: all(self._is_free(str(int(value) + n)) for n in steps)
        )
        self._times.update(placement.time + n for n in steps)
        return placement

    def _is_free(self, value: str) -> bool:
        if value.isdecimal():
            return int(value) not in self._times
        return value.casefold() not in self._topics

    def _react(self, ts: int, remark: Remark) -> tuple[int, list[Op]]:
        """How many of a new message's reactions travel inside it, and the ops of all others."""
        if not remark.reactions:
            return 0, []
        if not self._folds or remark.bare:
            some = list(self._judged(ts, remark))
            for op in some:
                if op.state == State.PLANNED:
                    self._writers.add(op.author)
            return 0, some
        # No op is made of those that travel inside: they are a third of all that an export holds.
        seen: set[tuple[int, str]] = set()
        folded = 0
        others: list[Op] = []
        for reaction in remark.reactions:
            key = self._key(reaction.emoji)
            for person in reaction.people:
                standing = self._brief.resolution.standing(person)
                if standing is not None and (standing.number, key) not in seen:
                    seen.add((standing.number, key))
                    folded += 1
                else:
                    op = self._reaction(ts, reaction, person)
                    code = "person-skipped" if standing is None else "reaction-merged"
                    others.append(skipped(op, code))
        return folded, others

    def _judged(self, ts: int, remark: Remark) -> Iterator[Op]:
        """An op for each reaction, each person's once for each of the target's keys."""
        seen: set[tuple[int, str]] = set()
        for reaction in remark.reactions:
            key = self._key(reaction.emoji)
            for person in reaction.people:
                op = self._reaction(ts, reaction, person)
                if remark.bare or self._brief.caps.reactions == "none":
                    yield skipped(op, "reactions-not-kept")
                    continue
                standing = self._brief.resolution.standing(person)
                if standing is None:
                    yield skipped(op, "person-skipped")
                elif (standing.number, key) in seen:
                    yield skipped(op, "reaction-merged")
                else:
                    seen.add((standing.number, key))
                    if standing.number in self._barred:
                        yield skipped(op, REACTION_MAPPED)
                        continue
                    yield msgspec.structs.replace(op, author=standing.number, name=key)

    def _key(self, emoji: str) -> str:
        known = self._keys.get(emoji)
        if known is None:
            known = self._keys[emoji] = self._brief.adapter.reaction(emoji, self._brief.look)
        return known

    def _reaction(self, ts: int, reaction: Reaction, person: str) -> Op:
        return Op(
            self._number, ts, OpKind.REACTION, f"{person}/{reaction.emoji}", 0, self._lane,
            time=ts // 1_000, record=record_number("reactions"),
        )  # fmt: skip

    def _pin(self, ts: int, part: int = -1) -> Op:
        op = Op(
            self._number, ts, OpKind.PIN, "", 0, self._lane,
            record=record_number("pins"), part=part,
        )  # fmt: skip
        return op if self._brief.caps.pins else skipped(op, "pins-not-kept")

    def _where(self, ts: int) -> str:
        return f"{self._id} {micros_ts(ts)}"
