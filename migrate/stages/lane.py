"""Lanes: one target conversation's messages and reactions after another, many conversations side by
side, a message behind those that it links to. What is sent of a message is `pieces`' affair, what
an earlier run left open `settling`'s, the end of a conversation `sealing`'s."""

import asyncio
import contextlib
from collections.abc import Sequence
from functools import partial

from mappings.emoji import split_tone
from migrate.errors import ChatMigrateError, Skip
from migrate.model import Message, Ref
from migrate.spi import Reacting, Reactor, Rendered
from migrate.stages.bodies import EMOJI
from migrate.stages.engine import AHEAD, OPEN, Engine, together
from migrate.stages.journal import failed, sum_of, waiting
from migrate.stages.pieces import Pieces
from migrate.stages.sealing import seal
from migrate.stages.settling import Settling
from migrate.stages.uploads import REFUSED, Uploads
from migrate.store import Op, OpKind, ops

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
        self._reactions: set[asyncio.Task[Ref | None]] = set()
        self._unfinished: set[int] = set()
        self._settling = Settling(engine)
        self._pieces = Pieces(engine, self._settling)

    async def run(self) -> None:
        try:
            for number in self._numbers:
                code = "conversation-failed"
                if self._acts.opening(number).ref:
                    code = await self._settling.settle(number)
                if code:
                    await self._give_up(number, code)
            await self._send_all(frozenset(self._unfinished))
            for number in self._numbers:
                if number in self._unfinished:
                    await self._give_up(number, "seal-waits", kinds="7, 8")
                else:
                    await seal(self._engine, number)
        except ChatMigrateError as error:
            self._engine.end(error)
            raise

    async def _send_all(self, given_up: frozenset[int]) -> None:
        """Messages and reactions in their order, those of lanes that were given up left out."""
        try:
            some = self._next((-1, 0, 0, "", 0))
            while some:
                able = [op for op in some if op.lane not in given_up]
                await self._journal.intend([op for op in able if not self._settling.alone(op)])
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
            doubt = self._settling.doubt(op)
            task = asyncio.create_task(engine.perform(op, act, self._settling.find, sum, doubt))
            self._reactions.add(task)
            task.add_done_callback(partial(self._reacted, op))
            return
        self._lanes.uploads.check()
        if not await self._lanes.uploads.finish(op):
            self._journal.note(failed(op, REFUSED))
            engine.world.progress.advance()
            return
        # Outside the bound on calls: a message may wait for another one that it links to.
        rendered = await self._pieces.render(op, self._lanes.await_links)
        if self._settling.alone(op):
            await self._journal.intend([op])
        send, taken = partial(self._send_piece, rendered), partial(self._taken, rendered)
        sum = await self._pieces.sum(op, rendered)
        try:
            ref = await engine.perform(op, send, taken, sum, self._settling.doubt(op))
        finally:
            self._lanes.arrived(op)
        if ref is not None:
            self._pieces.remember(op, ref)
        elif not self._settling.is_unsure(op):
            self._unfinished.add(op.lane)

    def _reacted(self, op: Op, task: "asyncio.Task[Ref | None]") -> None:
        """Take a reaction that ended out of those in flight; one that raised stays for `run`."""
        if task.cancelled() or task.exception() is not None:
            return
        self._reactions.discard(task)
        if task.result() is None and not self._settling.is_unsure(op):
            self._unfinished.add(op.lane)

    async def _taken(self, rendered: Rendered, op: Op) -> Ref | None:
        """Whether the target has a message already whose answer was lost."""
        if self._settling.by_id:
            return await self._settling.find(op)
        sending = await self._pieces.sending(rendered, op)
        return "" if sending is None else await self._settling.recognize(op, sending)

    async def _send_piece(self, rendered: Rendered, op: Op) -> Ref:
        sending = await self._pieces.sending(rendered, op)
        # Planned with dummies of the widest refs; with the real ones the text may need fewer.
        return "" if sending is None else await self._engine.session.send(sending)

    def _key(self, op: Op) -> str:
        """The target's key for a reaction: as planned, but for one that shows an image, whose ref
        was not known then."""
        name = op.item.partition("/")[2]
        if self._engine.look.file(f"{EMOJI}{split_tone(name).base}") is None:
            return op.name
        return self._engine.adapter.reaction(name, self._engine.look)

    async def _react(self, key: str, op: Op) -> Ref:
        session = self._engine.session
        author = self._acts.account(op.author)
        message = await self._pieces.ref(op.conv, op.ts)
        if author is None:
            raise Skip("author-failed")
        if message is None:
            raise Skip(self._settling.beneath(op) or "root-failed")
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

    async def _give_up(self, number: int, code: str, kinds: str = "5, 6, 7, 8") -> None:
        """Note why what is open in a conversation cannot be done now. What was under way stays so:
        the next run has to ask for it before it sends it again."""
        self._unfinished.add(number)
        some = ops.select(self._store, f"lane = ? AND {OPEN} AND kind IN ({kinds})", (number,))
        for op in list(some):
            self._journal.note(waiting(op, code))
        await self._journal.flush()


def _position(op: Op) -> Sequence[object]:
    return (op.ts, op.kind, op.conv, op.item, op.piece)
