"""The pieces of messages on their way to a live target: rendered, by their author, under their
root; the same at every try. When they go, and what becomes of them, is `lane`'s affair."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from migrate.errors import Skip
from migrate.model import Message, Ref
from migrate.spi import Placement, Rendered, Sending
from migrate.stages.acts import read_message
from migrate.stages.brief import HEADS, names_threads
from migrate.stages.engine import Engine
from migrate.stages.journal import sum_of
from migrate.stages.settling import Settling
from migrate.store import Op, OpKind, State, ops

REMEMBERED = 4_096
"""Refs of a lane kept at hand, so that a reply does not ask the store for its root."""

AwaitLinks = Callable[[Op, Message], Awaitable[None]]


class Pieces:
    """Those of one lane."""

    def __init__(self, engine: Engine, settling: Settling) -> None:
        self._engine = engine
        self._settling = settling
        self._names_threads = names_threads(engine.adapter)
        self._refs: OrderedDict[tuple[int, int], Ref] = OrderedDict()
        self._rendered: tuple[tuple[int, int, str], Rendered] | None = None

    def remember(self, op: Op, ref: Ref) -> None:
        """Keep the ref of what others may hang on."""
        if op.piece == 0 and op.item in HEADS:
            self._refs[op.conv, op.ts] = ref
            if len(self._refs) > REMEMBERED:
                self._refs.popitem(last=False)

    async def sum(self, op: Op, rendered: Rendered) -> int:
        """What the journal keeps of a piece; nothing of one that was planned and is not needed."""
        if op.piece >= len(rendered.pieces):
            return 0
        piece = rendered.pieces[op.piece]
        in_thread = bool(op.root) and piece.in_thread and not await self._is_rootless(op)
        return sum_of(piece.payload, in_thread)

    async def sending(self, rendered: Rendered, op: Op) -> Sending | None:
        """The same at every try; None where there is no such piece."""
        author = self._engine.acts.account(op.author)
        if author is None:
            raise Skip("author-failed")
        if not self._is_as_planned(op, rendered):
            raise Skip("pieces-unplanned")
        if op.piece and not await self._goes_on(op):
            raise Skip("piece-failed")
        if op.piece >= len(rendered.pieces):
            return None
        return Sending(
            id=self._engine.acts.id(op),
            key=self._engine.acts.key(op),
            index=op.piece,
            opening=self._engine.acts.opening(op.lane),
            author=author,
            time=op.time,
            piece=rendered.pieces[op.piece],
            root=await self._root(op),
            placement=Placement(op.name, op.time),
            root_placement=self._root_placement(op) if op.root else None,
        )

    def _root_placement(self, op: Op) -> Placement | None:
        """Where the thread stands: where a placeholder does, if one was sent."""
        for item in reversed(HEADS):
            root = ops.op(self._engine.store, op.conv, op.root, OpKind.MESSAGE, item)
            if root is not None and root.state != State.SKIPPED:
                return Placement(root.name, root.time)
        return None

    async def _root(self, op: Op) -> Ref | None:
        """The thread's root, None outside threads. Where nobody knows whether the root arrived, its
        replies are not lost with it: they stand in the conversation."""
        root = await self.ref(op.conv, op.root) if op.root else None
        if op.root and root is None and not self._settling.was_unsure(op.conv, op.root):
            raise Skip("root-failed")
        # One that came with an archive may stand where nobody can look for it.
        return root or None

    async def _is_rootless(self, op: Op) -> bool:
        """Whether a reply is read back as one of no thread: nobody knows where its root is, or the
        root was sent alone, and has no topic for replies to stand in."""
        if not op.root or self._settling.by_id:
            return False
        if self._names_threads and not op.name:
            return True
        root = await self.ref(op.conv, op.root)
        return root == "" or (root is None and self._settling.was_unsure(op.conv, op.root))

    async def _goes_on(self, op: Op) -> bool:
        """Whether a later piece may follow: the first is there, or nobody can know."""
        if await self._first_piece(op) is not None:
            return True
        return self._settling.was_unsure(op.conv, op.ts, op.item)

    async def _first_piece(self, op: Op) -> Ref | None:
        if op.item in HEADS:
            return await self.ref(op.conv, op.ts)
        await self._engine.journal.flush()
        return ops.ref(self._engine.store, op.conv, op.ts, OpKind.MESSAGE, op.item)

    async def render(self, op: Op, await_links: AwaitLinks) -> Rendered:
        """The message of an op, once for all of its pieces."""
        of = (op.conv, op.ts, op.item)
        if self._rendered is None or self._rendered[0] != of:
            engine = self._engine
            message = read_message(self._engine.store, engine.reader, self._engine.acts, op)
            await await_links(op, message)
            look = engine.look.before(op.ts)
            rendered = engine.adapter.render(message, look, engine.session.caps)
            self._rendered = (of, rendered)
        return self._rendered[1]

    def _is_as_planned(self, op: Op, rendered: Rendered) -> bool:
        """More pieces than were planned would be lost in silence: such a message is not begun."""
        if len(rendered.pieces) < 2:
            return True
        (planned,) = self._engine.store.db.execute(
            "SELECT count(*) FROM op WHERE conv = ? AND ts = ? AND kind = 5 AND item = ?",
            (op.conv, op.ts, op.item),
        ).fetchone()
        return len(rendered.pieces) <= int(planned)

    async def ref(self, conv: int, ts: int) -> Ref | None:
        """The ref of a message of this lane that was sent in this run or an earlier one."""
        known = self._refs.get((conv, ts))
        if known is None:
            await self._engine.journal.flush()
            known = self._engine.acts.first_ref(conv, ts)
        return known
