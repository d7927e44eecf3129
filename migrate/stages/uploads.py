"""Bodies on their way to a live target: each file once, however many messages share it, ahead of
the messages that need it; pictures and custom emoji before anything that shows them. What becomes
of a message whose file the target refuses is decided here too."""

import asyncio
from collections.abc import Iterable, Iterator

import msgspec

from migrate.errors import Skip
from migrate.model import Ref
from migrate.spi import Body, Placement, Wish
from migrate.stages.bodies import AVATAR, EMOJI, body_of, is_whole
from migrate.stages.brief import LATE
from migrate.stages.engine import AHEAD, OPEN, Engine, together
from migrate.stages.resolution import DIRECT
from migrate.stages.sharing import bringing
from migrate.store import Op, OpKind, State, ops

REFUSED = "file-failed"
"""The code of a file that comes after its message, because the target did not take it before."""

_ALL = f"conv = 0 AND ts = 0 AND kind = {int(OpKind.FILE)} AND {OPEN}"


class Uploads:
    """The uploads of one run. Each file is tried once a run."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tasks: dict[str, asyncio.Task[Ref | None]] = {}
        self._bringing: dict[str, tuple[int, int]] | None = None

    async def put_pictures(self) -> None:
        """Upload people's pictures, and show them where the accounts stand already."""
        await self._put_all(AVATAR)

    async def put_emoji(self) -> None:
        """Upload the images of custom emoji."""
        await self._put_all(EMOJI)

    def begin(self, some: Iterable[Op]) -> None:
        """Start what these messages need; how much goes at once is the engine's bound."""
        for op in some:
            for id in self._needed(op):
                self._start(id)

    async def finish(self, op: Op) -> bool:
        """Wait for what a message needs. What was refused is noted to come after it, on the disk
        before the message is sent without it: so it is known again whatever happens. False where
        nothing is left of an op that brings a file."""
        refused = [id for id in self._needed(op) if await self._start(id) is None]
        if refused and not op.item:
            await self._engine.journal.add(_late_ops(self._engine, op, refused))
        return not (refused and op.item)

    def check(self) -> None:
        """Raise what ended an upload that nobody waits for yet."""
        for task in self._tasks.values():
            if task.done() and not task.cancelled() and (error := task.exception()):
                raise error

    async def close(self) -> None:
        """End what is under way."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _needed(self, op: Op) -> Iterator[str]:
        """The files of a message that the target has not got."""
        if op.kind != OpKind.MESSAGE:
            return
        if op.item.startswith(LATE):
            ids = [op.item.removeprefix(LATE)]
        elif op.item or op.piece:
            return
        else:
            rows = self._engine.store.db.execute(
                "SELECT file FROM attachment WHERE conv = ? AND ts = ? AND NOT EXISTS"
                " (SELECT 1 FROM op WHERE conv = attachment.conv AND ts = attachment.ts"
                f" AND kind = 5 AND item = '{LATE}' || file)",
                (op.conv, op.ts),
            )
            ids = [id for (id,) in rows]
        for id in ids:
            if id in self._tasks or self._is_open(id):
                yield id

    def _is_open(self, id: str) -> bool:
        return next(ops.select(self._engine.store, f"{_ALL} AND item = ?", (id,)), None) is not None

    def _start(self, id: str) -> "asyncio.Task[Ref | None]":
        if id not in self._tasks:
            self._tasks[id] = asyncio.create_task(self._put(id))
        return self._tasks[id]

    async def _put(self, id: str) -> Ref | None:
        """The ref is on the disk before anybody may use it: a message that has it is known again
        by its text."""
        op = ops.op(self._engine.store, 0, 0, OpKind.FILE, id)
        assert op is not None  # `_is_open` has seen it
        await self._engine.journal.intend([op])
        ref = await self._engine.perform(op, self._upload)
        await self._engine.journal.flush()
        return ref

    async def _put_all(self, prefix: str) -> None:
        some = list(ops.select(self._engine.store, f"{_ALL} AND item GLOB '{prefix}*'"))
        for start in range(0, len(some), 4 * AHEAD):
            batch = some[start : start + 4 * AHEAD]
            await self._engine.journal.intend(batch)
            await together([self._engine.perform(op, self._upload) for op in batch])
        await self._engine.journal.flush()

    async def _upload(self, op: Op) -> Ref:
        engine = self._engine
        body = body_of(engine.store, op.item)
        if body is None or not await asyncio.to_thread(is_whole, body):
            raise Skip("body-lost")
        ref = await engine.session.put_file(self._said(op, body))
        account = engine.acts.account(op.author) if op.item.startswith(AVATAR) else None
        if account is not None:
            # It was made before this picture came.
            shown = msgspec.structs.replace(account, avatar=body.file, avatar_ref=ref)
            await engine.session.ensure_account(shown)
        return ref

    def _said(self, op: Op, body: Body) -> Body:
        """The body with who says the first message that has it, and where; not where nobody can. A
        custom emoji's with its name there."""
        if op.name:
            return msgspec.structs.replace(body, placement=Placement(op.name))
        if op.item.startswith(AVATAR):
            return body  # before there are accounts
        if self._bringing is None:
            self._bringing = self._who_brings()
        found = self._bringing.get(op.item)
        if found is None:
            return body
        lane, number = found
        acts = self._engine.acts
        return msgspec.structs.replace(
            body, author=acts.account(number), opening=acts.opening(lane)
        )

    def _who_brings(self) -> dict[str, tuple[int, int]]:
        """Of each file the lane and the author of the first message that can bring it. Accounts
        that stood there before may not bring everything everywhere."""
        acts = self._engine.acts
        narrow = self._engine.session.caps.mapped_files == "channels"
        first: dict[str, tuple[int, int]] = {}
        for file, lane, number in bringing(self._engine.store):
            if file in first:
                continue
            author, opening = acts.account(number), acts.opening(lane)
            if author is None or not opening.ref:
                continue
            direct = opening.conversation.kind in DIRECT
            if not (narrow and direct and author.action == "map"):
                first[file] = (lane, number)
        return first


def _late_ops(engine: Engine, op: Op, ids: Iterable[str]) -> list[Op]:
    """The ops that bring files after their message: replies, tried by the next run."""
    taken: set[str] = set()

    def free(value: str) -> bool:
        query = "SELECT 1 FROM op WHERE lane = ? AND kind = 5 AND time = ? LIMIT 1"
        found = engine.store.db.execute(query, (op.lane, int(value))).fetchone()
        return value not in taken and found is None

    late: list[Op] = []
    wish = Wish(
        kind="message",
        id=engine.acts.key(op).ts,
        time=op.time,
        private=engine.acts.opening(op.lane).private,
    )
    for id in ids:
        placement = engine.adapter.place(wish, Placement(op.name, op.time), free)
        taken.add(str(placement.time))
        late.append(
            Op(
                op.conv, op.ts, OpKind.MESSAGE, f"{LATE}{id}", 0, op.lane,
                root=op.root or op.ts, author=op.author, time=placement.time,
                name=placement.name, state=State.FAILED, code=REFUSED,
            )
        )  # fmt: skip
    return late
