"""What every act of a live push goes through: one bound on all calls, retries by the adapter's
verdict, the stop in good order, and the journal before and after. Which acts there are is push's
and lane's affair."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from migrate.errors import ChatMigrateError, Fatal, Interrupted, Retry, Skip
from migrate.model import Ref
from migrate.spi import Adapter, LiveSession
from migrate.stages.acts import Acts
from migrate.stages.journal import Journal, done, failed
from migrate.stages.look import StoreLook
from migrate.stages.reading import MessageReader
from migrate.stages.world import World
from migrate.store import Op, OpKind, Store

KINDS = ("account", "conversation", "member", "file", "message", "reaction", "seal")

STEPS = (
    *(f"{kind}.{point}" for kind in KINDS for point in ("intended", "called", "noted")),
    "part.written",
    "part.noted",
    "archive.joined",
    "delivery.noted",
    "archive.delivered",
)
"""Every moment of a push at which the world's probe is told: the intent is on the disk, the target
has taken the call, the result is on the disk; `delivery.noted` is whatever a delivery itself keeps,
an upload or a job."""

OPEN = "state IN (0, 1, 3) AND code != 'unsure'"
"""Ops that a run still has to do: planned, under way when an earlier run ended, or failed. What may
have arrived and cannot be asked for is never sent again."""

AHEAD = 16
"""Ops of one lane whose intent is written at once, and reactions of one lane in flight."""

TRIES = 8
LONGEST_WAIT = 60.0

Answer = TypeVar("Answer")


class Caller:
    """One run's calls to a target, `lanes` of them at once."""

    def __init__(self, lanes: int, world: World, journal: Journal) -> None:
        self.world = world
        self.journal = journal
        self._calls = asyncio.Semaphore(lanes)
        self._ended: ChatMigrateError | None = None

    def check(self) -> None:
        """Whether to go on: asked before every act, so that all lanes end in good order."""
        if self._ended is None and self.world.stopped():
            self._ended = Interrupted(
                "interrupted", "Interrupted; what was sent is noted.", "Run again to continue."
            )
        if self._ended is not None:
            raise self._ended

    def end(self, error: ChatMigrateError) -> None:
        """Let every lane end in good order, because of `error` unless there was one before."""
        self._ended = self._ended or error

    async def call(
        self,
        act: Callable[[], Awaitable[Answer]],
        taken: Callable[[], Awaitable[Answer | None]] | None = None,
    ) -> Answer:
        """One call under the bound on all calls, tried again while the verdict is Retry. A call
        whose answer was lost may have been taken: `taken` asks for it before the next try."""
        for attempt in range(TRIES):
            self.check()
            try:
                async with self._calls:
                    if attempt and taken is not None and (answer := await taken()) is not None:
                        return answer
                    return await act()
            except Retry as verdict:
                code = verdict.code
                wait = max(verdict.after, min(0.25 * 2**attempt, LONGEST_WAIT))
                await self.world.sleep(wait)
            except Fatal as verdict:
                self._ended = self._ended or verdict
                raise
        self._ended = self._ended or Fatal(
            "target-unreachable",
            f"The target did not take a call after {TRIES} tries ({code}).",
            "See that it is up and reachable, then run again to continue.",
        )
        raise self._ended

    async def perform(
        self,
        op: Op,
        act: Callable[[Op], Awaitable[Ref]],
        taken: Callable[[Op], Awaitable[Ref | None]] | None = None,
        sum: int = 0,
    ) -> Ref | None:
        """One act, told to the probe at each step; its ref, or None where the target skips it.
        `sum` is kept with it."""
        name = OpKind(op.kind).name.lower()
        self.world.probe(f"{name}.intended", op.item)
        try:
            ref = await self.call(lambda: act(op), (lambda: taken(op)) if taken else None)
        except Skip as verdict:
            self.journal.note(failed(op, verdict.code))
            return None
        finally:
            self.world.progress.advance()
        self.world.probe(f"{name}.called", op.item)
        self.journal.note(done(op, ref, sum))
        return ref


class Engine(Caller):
    """One run's way to a live target."""

    def __init__(
        self,
        store: Store,
        adapter: Adapter,
        session: LiveSession,
        world: World,
        journal: Journal,
    ) -> None:
        super().__init__(session.caps.lanes, world, journal)
        self.store = store
        self.adapter = adapter
        self.session = session
        self.acts = Acts(store, "live")
        self.look = StoreLook(store, "live", session.caps.ref_width)
        self.reader = MessageReader(store, self.acts.workspace, uploaded=True)


async def together(acts: Sequence[Awaitable[object]]) -> None:
    """All of them to their end; then the first that mattered, if any, is raised. A crash is raised
    at once."""
    tasks = [asyncio.ensure_future(act) for act in acts]
    if not tasks:
        return
    try:
        finished, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in finished:
            error = task.exception()
            if error is not None and not isinstance(error, ChatMigrateError):
                raise error
        await asyncio.wait(tasks)
        for task in tasks:
            error = task.exception()
            if error is not None:
                raise error
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
