"""The journal of a live push: intents are on the disk before the call, results soon after it, both
in group commits by one writer thread, so that the event loop never waits for the disk."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from types import TracebackType
from typing import NamedTuple

from migrate.store import Op, OpKind, State, Store, ops
from migrate.store.ops import Outcome

GROUP_SECONDS = 0.005


class _Item(NamedTuple):
    """What goes to the disk together: ops that a run adds to the plan, intents, results; and who
    waits for it."""

    added: Sequence[Op] = ()
    intents: Sequence[Op] = ()
    outcomes: Sequence[Outcome] = ()
    written: asyncio.Future[None] | None = None


class Journal:
    """Used as `async with`. Leaving it without an error, or with an ordinary one, writes all that
    was noted; a crash (any BaseException that is no Exception) writes nothing more."""

    def __init__(self, store: Store, run: int, probe: Callable[[str, str], None]) -> None:
        self._store = store
        self._run = run
        self._probe = probe
        self._items: list[_Item] = []
        self._wake = asyncio.Event()
        self._closing = False
        self._error: BaseException | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Journal":
        self._task = asyncio.create_task(self._work())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._task is not None
        crashed = error is not None and not isinstance(error, Exception)
        if crashed:
            self._task.cancel()
        self._closing = True
        self._wake.set()
        await asyncio.gather(self._task, return_exceptions=True)
        self._thread.shutdown()
        if self._error is not None and not crashed:
            raise self._error

    async def intend(self, some: Sequence[Op]) -> None:
        """Returns once these ops are marked as under way on the disk."""
        await self._put(_Item(intents=some))

    async def add(self, some: Sequence[Op]) -> None:
        """Returns once these ops are in the plan, on the disk."""
        await self._put(_Item(added=some))

    def note(self, outcome: Outcome) -> None:
        """Takes a result; it is written within a few milliseconds."""
        self._items.append(_Item(outcomes=(outcome,)))
        self._wake.set()

    async def flush(self) -> None:
        """Returns once everything noted so far is on the disk."""
        await self._put(_Item())

    async def _put(self, item: _Item) -> None:
        if self._error is not None:
            raise self._error
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._items.append(item._replace(written=written))
        self._wake.set()
        await written

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            if not self._closing:
                await asyncio.sleep(GROUP_SECONDS)
            self._wake.clear()
            batch, self._items = self._items, []
            try:
                await loop.run_in_executor(self._thread, self._commit, batch)
                for item in batch:
                    for outcome in item.outcomes:
                        name = OpKind(outcome.op.kind).name.lower()
                        self._probe(f"{name}.noted", outcome.op.item)
            except BaseException as error:
                self._error = error
                for item in [*batch, *self._items]:
                    if item.written is not None and not item.written.done():
                        item.written.set_exception(error)
                return
            for item in batch:
                if item.written is not None and not item.written.done():
                    item.written.set_result(None)
            if self._closing and not self._items:
                return

    def _commit(self, batch: Sequence[_Item]) -> None:
        added = [op for item in batch for op in item.added]
        intents = [op for item in batch for op in item.intents]
        outcomes = [outcome for item in batch for outcome in item.outcomes]
        if not added and not intents and not outcomes:
            return
        with self._store.transaction():
            ops.put_ops(self._store, added)
            ops.intend(self._store, intents)
            ops.settle(self._store, outcomes, self._run)


def sum_of(payload: bytes, in_thread: bool) -> int:
    """What is kept of a piece that was sent, so that it is known again without being rendered:
    names and links may be others by then."""
    place = b"thread" if in_thread else b""
    return int.from_bytes(blake2b(payload, digest_size=8, person=place).digest(), signed=True)


def done(op: Op, ref: str, sum: int = 0) -> Outcome:
    """The outcome of an act that the target has taken."""
    return Outcome(op, State.DONE, ref=ref, sum=sum)


def failed(op: Op, code: str) -> Outcome:
    """The outcome of an act that the target did not take; the next run tries it again."""
    return Outcome(op, State.FAILED, code=code)


def open_again(op: Op) -> Outcome:
    """The outcome of asking after an act that never reached the target."""
    return Outcome(op, State.PLANNED)


def unanswered(op: Op, code: str) -> Outcome:
    """The outcome of an act that may have been taken, where asking for it failed: the next run asks
    again before it repeats it."""
    return Outcome(op, State.SENDING, code=code)


def waiting(op: Op, code: str) -> Outcome:
    """The outcome of an act that cannot be tried: failed, or still under way if it was."""
    return Outcome(op, State.SENDING if op.state == State.SENDING else State.FAILED, code=code)
