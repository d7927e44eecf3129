"""Lanes: one target conversation's messages and reactions after another, many conversations side by
side, a message behind those that it links to, and each conversation sealed when it is complete."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Sequence
from functools import partial

from mappings.emoji import split_tone
from migrate.errors import ChatMigrateError, Skip
from migrate.model import Message, Ref
from migrate.spi import Finder, Reacting, Reactor, Rendered, Sealing, Sending
from migrate.stages.acts import read_message
from migrate.stages.bodies import EMOJI
from migrate.stages.brief import HEADS
from migrate.stages.engine import AHEAD, OPEN, Engine, together
from migrate.stages.journal import done, failed, open_again, sum_of, waiting
from migrate.stages.uploads import REFUSED, Uploads
from migrate.store import Op, OpKind, ops

REMEMBERED = 4_096
"""Refs of a lane kept at hand, so that a reply does not ask the store for its root."""

LOOK_AGAIN = 0.25


class Lanes:
    """All lanes of a push, the longest first; the bound on calls holds over all of them."""

    def __init__(self, engine: Engine, uploads: Uploads) -> None:
        self._engine = engine
        self.uploads = uploads
        self._waiting: dict[int, None] = {}
        self._running: dict[int, asyncio.Task[None]] = {}
        self._arrivals: dict[tuple[int, int], asyncio.Event] = {}

    async def run(self) -> None:
        """Everything that is open in any lane."""
        lengths = self._engine.store.db.execute(
            f"SELECT lane, count(*) FROM op WHERE {OPEN} AND kind IN (5, 6, 8)"
            " GROUP BY lane ORDER BY count(*) DESC"
        ).fetchall()
        lanes = [lane for lane, _ in lengths]
        if self._engine.session.caps.order == "global":
            await Lane(self._engine, self, lanes).run()
            return
        self._waiting = dict.fromkeys(lanes)

        async def work() -> None:
            while self._waiting:
                await self._start(next(iter(self._waiting)))

        try:
            await together([work() for _ in range(max(1, self._engine.session.caps.lanes))])
            await together(list(self._running.values()))
        except ChatMigrateError:
            # Lanes that were begun for a link have nobody else who waits for what they know.
            await asyncio.gather(*self._running.values(), return_exceptions=True)
            raise
        finally:
            for lane in self._running.values():
                lane.cancel()
        await self._engine.journal.flush()

    def _start(self, number: int) -> "asyncio.Task[None]":
        self._waiting.pop(number, None)
        if number not in self._running:
            self._running[number] = asyncio.create_task(Lane(self._engine, self, [number]).run())
        return self._running[number]

    async def await_links(self, op: Op, message: Message) -> None:
        """Wait for the messages that a message links to. They are earlier, so of all that wait for
        each other the earliest goes on; a lane that has not begun is begun for it."""
        several = self._engine.session.caps.order == "lane"
        for number, ts in self._engine.look.linked(message):
            if ts >= op.ts:
                continue
            await self._engine.journal.flush()
            while several and number != op.lane and ops.op_open(self._engine.store, number, ts):
                self._engine.check()
                arrival = self._arrivals.setdefault((number, ts), asyncio.Event())
                self._start(number)
                # The result may have been on its way to the disk already: look again now and then.
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(arrival.wait(), LOOK_AGAIN)
                await self._engine.journal.flush()

    def arrived(self, op: Op) -> None:
        """Tell whoever waits that a message was sent, or will not be."""
        if arrival := self._arrivals.pop((op.conv, op.ts), None):
            arrival.set()


class Lane:
    """Messages and reactions in their order, then the seal. One target conversation, or all of them
    where the target's order runs over everything."""

    def __init__(self, engine: Engine, lanes: "Lanes", numbers: Sequence[int]) -> None:
        self._engine = engine
        self._lanes = lanes
        self._store = engine.store
        self._journal = engine.journal
        self._acts = engine.acts
        self._numbers = numbers
        self._where = "TRUE" if engine.session.caps.order == "global" else f"lane = {numbers[0]}"
        self._refs: OrderedDict[tuple[int, int], Ref] = OrderedDict()
        self._rendered: tuple[tuple[int, int, str], Rendered] | None = None
        self._reactions: set[asyncio.Task[Ref | None]] = set()
        self._unfinished: set[int] = set()
        self._there: dict[str, Ref] = {}

    async def run(self) -> None:
        try:
            for number in self._numbers:
                if self._acts.opening(number).ref:
                    await self._settle(number)
                else:
                    await self._give_up(number, "conversation-failed")
            await self._send_all(frozenset(self._unfinished))
            for number in self._numbers:
                if number in self._unfinished:
                    await self._give_up(number, "seal-waits", kinds="7, 8")
                else:
                    await self._seal(number)
        except ChatMigrateError as error:
            self._engine.end(error)
            raise

    async def _send_all(self, given_up: frozenset[int]) -> None:
        """Messages and reactions in their order, those of lanes that were given up left out."""
        try:
            some = self._next((-1, 0, 0, "", 0))
            while some:
                able = [op for op in some if op.lane not in given_up]
                await self._journal.intend(able)
                coming = self._next(_position(some[-1]))
                self._lanes.uploads.begin(op for op in [*able, *coming] if op.lane not in given_up)
                for op in able:
                    await self._send(op)
                some = coming
        finally:
            await together(list(self._reactions))
        await self._journal.flush()

    def _next(self, last: Sequence[object]) -> list[Op]:
        """The next ops behind a position; failed ones are tried once a run, since the position has
        passed them then."""
        return list(
            ops.select(
                self._store,
                f"{self._where} AND {OPEN} AND kind IN (5, 6)"
                " AND (ts, kind, conv, item, piece) > (?, ?, ?, ?, ?)",
                last,
                f"ORDER BY ts, kind, conv, item, piece LIMIT {AHEAD}",
            )
        )

    async def _settle(self, number: int) -> None:
        """Ask the target which of the acts that were under way it has. They are noted when their
        turn comes: a message is known by its text, and that may wait for others."""
        unsure = list(
            ops.select(self._store, "lane = ? AND kind IN (5, 6) AND state = 1", (number,))
        )
        if not unsure:
            return
        session = self._engine.session
        opening = self._acts.opening(number)
        ids = {self._acts.id(op): op for op in unsure}
        if isinstance(session, Finder):
            try:
                there = await self._engine.call(lambda: session.find(opening, list(ids)))
            except Skip as verdict:
                await self._give_up(number, verdict.code)
                return
            self._there.update(there)
            for id, op in ids.items():
                if id not in there:
                    self._journal.note(open_again(op))
        else:
            for op in unsure:
                again = session.caps.repeatable
                self._journal.note(open_again(op) if again else failed(op, "unsure"))
        await self._journal.flush()

    async def _send(self, op: Op) -> None:
        engine = self._engine
        engine.check()
        if op.kind == OpKind.REACTION:
            if len(self._reactions) >= AHEAD:
                await asyncio.wait(self._reactions, return_when=asyncio.FIRST_COMPLETED)
            for ended in self._reactions:
                if ended.done() and (error := ended.exception()):
                    raise error
            key = self._key(op)
            sum = sum_of(key.encode(), False) if key != op.name else 0
            act = partial(self._react, key)
            task = asyncio.create_task(engine.perform(op, act, self._taken, sum))
            self._reactions.add(task)
            task.add_done_callback(partial(self._reacted, op))
            return
        self._lanes.uploads.check()
        if not await self._lanes.uploads.finish(op):
            self._journal.note(failed(op, REFUSED))
            engine.world.progress.advance()
            return
        # Outside the bound on calls: a message may wait for another one that it links to.
        rendered = await self._render(op)
        try:
            send = partial(self._send_piece, rendered)
            ref = await engine.perform(op, send, self._taken, _sum(op, rendered))
        finally:
            self._lanes.arrived(op)
        if ref is None:
            self._unfinished.add(op.lane)
        elif op.piece == 0 and op.item in HEADS:
            self._refs[op.conv, op.ts] = ref
            if len(self._refs) > REMEMBERED:
                self._refs.popitem(last=False)

    def _reacted(self, op: Op, task: "asyncio.Task[Ref | None]") -> None:
        """Take a reaction that ended out of those in flight; one that raised stays for `run`."""
        if task.cancelled() or task.exception() is not None:
            return
        self._reactions.discard(task)
        if task.result() is None:
            self._unfinished.add(op.lane)

    async def _taken(self, op: Op) -> Ref | None:
        """Whether the target has an act already whose answer was lost."""
        session = self._engine.session
        if session.caps.repeatable or not isinstance(session, Finder):
            return None
        id = self._acts.id(op)
        return (await session.find(self._acts.opening(op.lane), [id])).get(id)

    async def _send_piece(self, rendered: Rendered, op: Op) -> Ref:
        if known := self._there.get(self._acts.id(op)):
            return known
        author = self._acts.account(op.author)
        if author is None:
            raise Skip("author-failed")
        if not self._is_as_planned(op, rendered):
            raise Skip("pieces-unplanned")
        if op.piece and await self._first_piece(op) is None:
            raise Skip("piece-failed")
        if op.piece >= len(rendered.pieces):
            # Planned with dummies of the widest refs; with the real ones the text needs fewer.
            return ""
        piece = rendered.pieces[op.piece]
        root = None
        if op.root:
            root = await self._ref(op.conv, op.root)
            if root is None:
                raise Skip("root-failed")
        return await self._engine.session.send(
            Sending(
                id=self._acts.id(op),
                key=self._acts.key(op),
                index=op.piece,
                opening=self._acts.opening(op.lane),
                author=author,
                time=op.time,
                piece=piece,
                root=root,
            )
        )

    async def _first_piece(self, op: Op) -> Ref | None:
        if op.item in HEADS:
            return await self._ref(op.conv, op.ts)
        await self._journal.flush()
        return ops.ref(self._store, op.conv, op.ts, OpKind.MESSAGE, op.item)

    def _key(self, op: Op) -> str:
        """The target's key for a reaction: as planned, but for one that shows an image, whose ref
        was not known then."""
        name = op.item.partition("/")[2]
        if self._engine.look.file(f"{EMOJI}{split_tone(name).base}") is None:
            return op.name
        return self._engine.adapter.reaction(name, self._engine.look)

    async def _react(self, key: str, op: Op) -> Ref:
        if known := self._there.get(self._acts.id(op)):
            return known
        session = self._engine.session
        author = self._acts.account(op.author)
        message = await self._ref(op.conv, op.ts)
        if author is None:
            raise Skip("author-failed")
        if message is None:
            raise Skip("root-failed")
        if not isinstance(session, Reactor):
            raise Skip("reaction-not-taken")
        return await session.react(
            Reacting(
                id=self._acts.id(op),
                opening=self._acts.opening(op.lane),
                author=author,
                time=op.time,
                message=message,
                emoji=key,
            )
        )

    async def _render(self, op: Op) -> Rendered:
        of = (op.conv, op.ts, op.item)
        if self._rendered is None or self._rendered[0] != of:
            engine = self._engine
            message = read_message(self._store, engine.reader, self._acts, op)
            await self._lanes.await_links(op, message)
            look = engine.look.before(op.ts)
            rendered = engine.adapter.render(message, look, engine.session.caps)
            self._rendered = (of, rendered)
        return self._rendered[1]

    def _is_as_planned(self, op: Op, rendered: Rendered) -> bool:
        """More pieces than were planned would be lost in silence: such a message is not begun."""
        if len(rendered.pieces) < 2:
            return True
        (planned,) = self._store.db.execute(
            "SELECT count(*) FROM op WHERE conv = ? AND ts = ? AND kind = 5 AND item = ?",
            (op.conv, op.ts, op.item),
        ).fetchone()
        return len(rendered.pieces) <= int(planned)

    async def _ref(self, conv: int, ts: int) -> Ref | None:
        """The ref of a message of this lane that was sent in this run or an earlier one."""
        known = self._refs.get((conv, ts))
        if known is None:
            await self._journal.flush()
            known = self._acts.first_ref(conv, ts)
        return known

    async def _seal(self, conv: int) -> None:
        """Close what is complete; where something failed, the next run does it."""
        seal = ops.op(self._store, conv, 0, OpKind.SEAL)
        if seal is None or seal.state == ops.State.DONE:
            return
        pins = list(ops.select(self._store, "conv = ? AND kind = 7 AND state != 4", (conv,)))
        pinned = [(pin, self._acts.first_ref(conv, pin.ts)) for pin in pins]
        leavers = ops.select(
            self._store, f"conv = ? AND ts = 0 AND kind = 3 AND flags & {ops.LEAVES}", (conv,)
        )
        (last,) = self._store.db.execute(
            "SELECT coalesce(max(time), 0) FROM op WHERE conv = ? AND kind = 5", (conv,)
        ).fetchone()
        opening = self._acts.opening(conv)
        sealing = Sealing(
            opening=opening,
            leavers=tuple(a for op in leavers if (a := self._acts.account(op.author))),
            pins=tuple(ref for _, ref in pinned if ref),
            archived=opening.conversation.archived,
            time=last,
        )

        async def act(op: Op) -> Ref:
            await self._engine.session.seal(sealing)
            return ""

        await self._journal.intend([seal])
        if await self._engine.perform(seal, act) is not None:
            for pin, ref in pinned:
                self._journal.note(done(pin, ref) if ref else failed(pin, "root-failed"))

    async def _give_up(self, number: int, code: str, kinds: str = "5, 6, 7, 8") -> None:
        """Note why what is open in a conversation cannot be done now. What was under way stays so:
        the next run has to ask for it before it sends it again."""
        self._unfinished.add(number)
        some = ops.select(self._store, f"lane = ? AND {OPEN} AND kind IN ({kinds})", (number,))
        for op in list(some):
            self._journal.note(waiting(op, code))
        await self._journal.flush()


def _sum(op: Op, rendered: Rendered) -> int:
    """What the journal keeps of a piece; nothing of one that was planned and is not needed."""
    if op.piece >= len(rendered.pieces):
        return 0
    piece = rendered.pieces[op.piece]
    return sum_of(piece.payload, bool(op.root) and piece.in_thread)


def _position(op: Op) -> Sequence[object]:
    return (op.ts, op.kind, op.conv, op.item, op.piece)
