"""PLAN, second half: an op for every piece, reaction and pin of a message, with its place in its
thread and in time; then who has to be in each conversation, and its seal."""

from collections.abc import Iterable, Iterator
from itertools import groupby

import msgspec

from migrate.model import Reaction, micros_ts
from migrate.spi import Placement, Wish
from migrate.stages.brief import PLACEHOLDER_ITEM, Brief, Losses, skipped
from migrate.stages.parts import write_again
from migrate.stages.resolve import Destination
from migrate.stages.survey import KNOWN, PLAIN, UNCHANGED, Remark, Surveyed
from migrate.store import Op, OpKind, State, Store, messages, ops
from migrate.store.ops import record_number

BATCH = 20_000


def message_ops(
    store: Store, brief: Brief, surveyed: Iterable[Surveyed], losses: Losses
) -> Iterator[Op]:
    """One op a piece, one a reaction where the target takes them one by one, one a pin; then who
    has to be in each conversation, and its seal."""
    for number, group in groupby(surveyed, key=lambda each: each[0].number):
        placer = _Placer(store, brief, brief.resolution.conversations[number], losses)
        for chunk, remarks in group:
            for row, code in zip(chunk.rows, chunk.codes, strict=True):
                yield from placer.place(row, code, remarks.get(row.ts, PLAIN))
        yield from placer.finish()


class _Placer:
    """Places one conversation's messages, handed to it in the order of time."""

    def __init__(
        self, store: Store, brief: Brief, destination: Destination, losses: Losses
    ) -> None:
        self._store = store
        self._brief = brief
        self._destination = destination
        self._losses = losses
        self._number = destination.number
        self._id = destination.conversation.id
        conv = (self._number,)
        query = "SELECT DISTINCT root FROM message WHERE conv = ? AND root != 0"
        self._roots: dict[int, Placement | None] = {
            root: None for (root,) in store.db.execute(query, conv)
        }
        self._nested: dict[int, int] = {}
        self._times: set[int] = set()
        for op in ops.select(store, "conv = ? AND kind = 5 AND piece = 0", conv):
            self._times.add(op.time)
            if op.ts in self._roots:
                self._roots[op.ts] = Placement(op.name, op.time)
                if op.root:
                    self._nested[op.ts] = op.root
        self._pins = set(messages.pins(store, self._number))
        self._deleted = messages.deletions(store, self._number)
        self._folds = brief.caps.reactions == "folded"
        self._writers: set[int] = set()
        self._first = 0
        self._new = False
        self._entered = False

    def place(self, row: messages.Row, code: str, remark: Remark) -> Iterator[Op]:
        """The ops of one message."""
        kind = "notices" if row.kind == messages.NOTICE else "messages"
        op = Op(
            self._number, row.ts, OpKind.MESSAGE, "", 0, self._number,
            record=record_number(kind), edited=row.edited,
        )  # fmt: skip
        if code in (KNOWN, UNCHANGED):
            yield from self._place_late(row, remark, op.record)
            return
        if code:
            yield skipped(msgspec.structs.replace(op, folded=row.reactions), code)
            if row.ts in self._pins:
                yield skipped(self._pin(row.ts), code)
            return
        yield from self._place_new(op, row, remark)

    def _place_new(self, op: Op, row: messages.Row, remark: Remark) -> Iterator[Op]:
        self._new = True
        author = self._stand_in(row.author)
        self._writers.add(author)
        root = self._root_of(row)
        if root and self._roots.get(root) is None:
            yield self._placeholder(root, author)
        placement = self._place(row.ts, self._roots.get(root), remark.snippet)
        if row.ts in self._roots:
            self._roots[row.ts] = placement
        self._losses.add(remark.losses, self._where(row.ts))
        reactions = list(self._reactions(row, remark))
        sent = sum(each.state == State.PLANNED for each in reactions)
        first = msgspec.structs.replace(
            op,
            root=root,
            author=author,
            time=placement.time,
            name=placement.name,
            flags=ops.BROADCAST if row.flags & messages.FLAG_BROADCAST else 0,
            folded=sent if self._folds else 0,
        )
        yield first
        for piece in range(1, remark.pieces):
            yield msgspec.structs.replace(first, piece=piece, record=0, folded=0)
        for reaction in reactions:
            if reaction.state == State.PLANNED:
                if self._folds:
                    continue
                self._writers.add(reaction.author)
            yield reaction
        if row.ts in self._pins:
            yield self._pin(row.ts)

    def _place_late(self, row: messages.Row, remark: Remark, record: int) -> Iterator[Op]:
        """What a newer export adds to a message that the target has."""
        known = ops.op(self._store, self._number, row.ts, OpKind.MESSAGE)
        assert known is not None
        ops.account_for(self._store, known, record)
        gone = row.flags & messages.FLAG_TOMBSTONE or row.ts in self._deleted
        if known.part >= 0:
            yield from self._rewrite(row, remark, known)
        else:
            yield from self._add_late(row, remark)
            if row.edited > known.edited and not gone:
                self._losses.add(("edit-not-sent",), self._where(row.ts))
        if gone:
            self._losses.add(("deletion-not-sent",), self._where(row.ts))

    def _add_late(self, row: messages.Row, remark: Remark) -> Iterator[Op]:
        """Late reactions and pins at a live target are acts of their own. A reaction that Slack has
        no longer stays there, and accounts for no record."""
        withdrawn = {
            op.key: op for op in ops.select(
                self._store, "conv = ? AND ts = ? AND kind = 6", (self._number, row.ts)
            )
        }  # fmt: skip
        late = [*self._reactions(row, remark)]
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

    def _rewrite(self, row: messages.Row, remark: Remark, known: Op) -> Iterator[Op]:
        """In an archive a changed message is written again with its part."""
        folded = 0
        for op in self._reactions(row, remark):
            if op.state == State.PLANNED and self._folds:
                folded += 1
            else:
                yield op
        pin = self._pin(row.ts)
        pinned = row.ts in self._pins and ops.op(self._store, *pin.key) is None
        if pinned:
            yield pin
        edited = row.edited > known.edited
        if edited:
            ops.forget_pieces(self._store, known, remark.pieces)
            for piece in range(1, remark.pieces):
                yield msgspec.structs.replace(
                    known, piece=piece, record=0, folded=0, state=State.PLANNED, run=0
                )
        if edited or folded != known.folded or (pinned and pin.state == State.PLANNED):
            ops.fold(self._store, known, folded, row.edited)
            write_again(self._store, known.part)

    def finish(self) -> Iterator[Op]:
        """Who must be in the conversation, and its seal."""
        if self._destination.code:
            return
        yield from self._members()
        if self._entered:
            self._write_conversation_again()
        seal = Op(self._number, 0, OpKind.SEAL, "", 0, self._number)
        known = ops.op(self._store, *seal.key)
        if known is None:
            yield seal
        elif known.state == State.DONE and self._new:
            ops.plan_again(self._store, known, known.flags | ops.REOPENS)

    def _write_conversation_again(self) -> None:
        """An archive says who belongs where it says that there is a conversation."""
        made = ops.op(self._store, self._number, 0, OpKind.CONVERSATION)
        if made is not None and made.part >= 0:
            write_again(self._store, made.part)

    def _members(self) -> Iterator[Op]:
        conversation = self._destination.conversation
        standing = (self._brief.resolution.standing(id) for id in conversation.members)
        belong = {each.number for each in standing if each}
        if conversation.kind in ("dm", "group_dm"):
            # Nobody leaves a direct conversation in Slack: who wrote there can read it.
            belong |= self._writers
        enter = belong | self._writers
        if self._brief.caps.members == "authors" and not self._destination.private:
            enter = self._writers
        started = conversation.created * 1_000
        if self._first:
            started = min(started or self._first, self._first)
        for number in sorted(enter):
            person = self._brief.resolution.people[number].person
            op = Op(
                self._number, 0, OpKind.MEMBER, person.id, 0, self._number,
                author=number, time=started, flags=0 if number in belong else ops.LEAVES,
            )  # fmt: skip
            known = ops.op(self._store, *op.key)
            if known is None or known.flags != op.flags:
                self._entered = True
            if known is None:
                self._new = True
                yield op
            elif known.flags != op.flags or (op.flags & ops.LEAVES and number in self._writers):
                self._new = True
                ops.plan_again(self._store, known, op.flags)
        if conversation.members and conversation.kind not in ("dm", "group_dm"):
            self._let_leave(enter | belong)

    def _let_leave(self, here: set[int]) -> None:
        """Who was brought in and has left in Slack since leaves at the target too, and reads no
        more of what is private. A list that is missing from the export lets nobody leave."""
        where = f"conv = ? AND ts = 0 AND kind = 3 AND state = 2 AND flags & {ops.LEAVES} = 0"
        for op in list(ops.select(self._store, where, (self._number,))):
            if op.author not in here:
                self._new = True
                ops.plan_again(self._store, op, op.flags | ops.LEAVES)

    def _stand_in(self, number: int) -> int:
        standing = self._brief.resolution.stand_in(number)
        assert standing is not None  # the sorter sends nobody's messages otherwise
        return standing.number

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

    def _placeholder(self, root: int, author: int) -> Op:
        placement = self._place(root, None, "")
        self._roots[root] = placement
        self._losses.add(("thread-root-missing",), self._where(root))
        return Op(
            self._number, root, OpKind.MESSAGE, PLACEHOLDER_ITEM, 0, self._number,
            author=author, time=placement.time, name=placement.name, flags=ops.PLACEHOLDER,
        )  # fmt: skip

    def _place(self, ts: int, root: Placement | None, snippet: str) -> Placement:
        time = ts // 1_000
        self._first = min(self._first or time, time)
        wish = Wish(
            kind="message", id=micros_ts(ts), time=time, snippet=snippet,
            private=self._destination.private,
        )  # fmt: skip
        placement = self._brief.adapter.place(wish, root, self._free_time)
        self._times.add(placement.time)
        return placement

    def _free_time(self, value: str) -> bool:
        return int(value) not in self._times

    def _reactions(self, row: messages.Row, remark: Remark) -> Iterator[Op]:
        """The ops of a message's reactions, each person's once for each of the target's keys."""
        seen: set[tuple[int, str]] = set()
        for reaction in remark.reactions:
            key = self._brief.adapter.reaction(reaction.emoji, self._brief.look)
            for person in reaction.people:
                op = self._reaction(row.ts, reaction, person)
                if self._brief.caps.reactions == "none":
                    yield skipped(op, "reactions-not-kept")
                    continue
                standing = self._brief.resolution.standing(person)
                if standing is None:
                    yield skipped(op, "person-skipped")
                elif (standing.number, key) in seen:
                    yield skipped(op, "reaction-merged")
                else:
                    seen.add((standing.number, key))
                    yield msgspec.structs.replace(op, author=standing.number, name=key)

    def _reaction(self, ts: int, reaction: Reaction, person: str) -> Op:
        return Op(
            self._number, ts, OpKind.REACTION, f"{person}/{reaction.emoji}", 0, self._number,
            time=ts // 1_000, record=record_number("reactions"),
        )  # fmt: skip

    def _pin(self, ts: int) -> Op:
        op = Op(self._number, ts, OpKind.PIN, "", 0, self._number, record=record_number("pins"))
        return op if self._brief.caps.pins else skipped(op, "pins-not-kept")

    def _where(self, ts: int) -> str:
        return f"{self._id} {micros_ts(ts)}"
