"""PLAN: who has to be in a conversation, and who has left it since. What is said there is
`placer`'s."""

from collections.abc import Iterator

import msgspec

from migrate.stages.brief import Brief, Losses, skipped
from migrate.stages.parts import Cutter, write_again
from migrate.stages.resolution import DIRECT, Destination
from migrate.store import Op, OpKind, State, Store, ops


class Belonging:
    """One conversation's memberships, those of all that become one with it under one number.
    `changed` says whether somebody enters or leaves what was made before."""

    def __init__(
        self,
        store: Store,
        brief: Brief,
        destination: Destination,
        losses: Losses,
        cutter: Cutter,
    ) -> None:
        self._store = store
        self._brief = brief
        self._destination = destination
        self._losses = losses
        self._cutter = cutter
        self._lane = destination.lane
        self._made = ops.op(store, self._lane, 0, OpKind.CONVERSATION)
        self.changed = False

    def entries(self, writers: set[int], first: int) -> Iterator[Op]:
        """An op for everybody who enters. `writers` are people's numbers, `first` is the time of
        the first message in milliseconds, 0 where there is none."""
        conversation = self._destination.conversation
        belong, enter = self._sides(writers)
        started = conversation.created * 1_000
        if first:
            started = min(started or first, first)
        entered = False
        for number in sorted(enter):
            person = self._brief.resolution.people[number].person
            op = Op(
                self._lane, 0, OpKind.MEMBER, person.id, 0, self._lane,
                author=number, time=started, flags=0 if number in belong else ops.LEAVES,
            )  # fmt: skip
            known = ops.op(self._store, *op.key)
            if self._brief.caps.delta == "append":
                yield from self._append(op, known)
                continue
            if known is None or known.flags != op.flags:
                entered = True
            if known is None:
                self.changed = True
                yield op
            elif known.flags != op.flags or (op.flags & ops.LEAVES and number in writers):
                self.changed = True
                ops.plan_again(self._store, known, op.flags)
        mapped = self._destination.action == "map"
        if conversation.members and conversation.kind not in DIRECT and not mapped:
            self._let_leave(enter | belong)
        if entered and self._made is not None and self._made.part >= 0:
            # An archive says who belongs where it says that there is a conversation.
            write_again(self._store, self._made.part)

    def _sides(self, writers: set[int]) -> tuple[set[int], set[int]]:
        """Who belongs to the conversation, and who enters it, if only to write."""
        if self._destination.members:
            members = set(self._destination.members)
            return members, members
        conversation = self._destination.conversation
        standing = (self._brief.resolution.standing(id) for id in conversation.members)
        belong = {each.number for each in standing if each}
        if conversation.kind in DIRECT:
            # Nobody leaves a direct conversation in Slack: who wrote there can read it.
            belong |= writers
        if self._brief.caps.members == "authors" and not self._destination.private:
            return belong, writers
        return belong, belong | writers

    def _append(self, op: Op, known: Op | None) -> Iterator[Op]:
        """A membership where archives follow each other: an account of this archive enters with it,
        and any other by itself, since no archive may speak of it again."""
        leaves = bool(op.flags & ops.LEAVES)
        if known is not None:
            left = bool(known.flags & ops.LEAVES)
            if known.state == State.DONE and leaves and not left:
                self._lose("leaving-not-sent")
            if leaves or not left or known.state != State.DONE:
                return
        if self._destination.members or leaves:
            yield op
        elif known is None and self._is_new(op.item):
            if self._stands_there():
                self._cutter.enlarge(self._lane)
            yield op
        elif not self._brief.caps.late_members:
            self._lose("member-late")
            yield skipped(op, "member-late")
        elif known is None:
            yield msgspec.structs.replace(op, flags=op.flags | ops.LATE)
        else:
            ops.plan_again(self._store, known, op.flags | ops.LATE)

    def _is_new(self, person: str) -> bool:
        """Whether the archive that is planned makes this person's account."""
        account = ops.op(self._store, 0, 0, OpKind.ACCOUNT, person)
        assert account is not None  # nobody without one belongs to a conversation
        if account.flags & ops.MAPPED:
            return False
        return not 0 <= account.part <= self._cutter.last_joined

    def _stands_there(self) -> bool:
        """Whether an earlier archive holds the conversation."""
        return self._made is not None and 0 <= self._made.part <= self._cutter.last_joined

    def _let_leave(self, here: set[int]) -> None:
        """Who was brought in and has left in Slack since leaves at the target too, and reads no
        more of what is private. A list that is missing from the export lets nobody leave."""
        where = f"conv = ? AND ts = 0 AND kind = 3 AND state = 2 AND flags & {ops.LEAVES} = 0"
        for op in list(ops.select(self._store, where, (self._lane,))):
            if op.author in here:
                continue
            if self._brief.caps.delta == "append":
                self._lose("leaving-not-sent")
                continue
            self.changed = True
            ops.plan_again(self._store, op, op.flags | ops.LEAVES)

    def _lose(self, code: str) -> None:
        self._losses.add((code,), self._destination.conversation.id)
