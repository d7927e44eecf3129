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
from migrate.stages.journal import Journal, done, failed, open_again, unanswered
from migrate.stages.look import StoreLook
from migrate.stages.reading import MessageReader
from migrate.stages.world import World
from migrate.store import Op, OpKind, Store
from migrate.store.ops import FINAL, UNSURE

KINDS = ("account", "conversation", "member", "file", "message", "reaction", "seal")

STEPS = (
    *(f"{kind}.{point}" for kind in KINDS for point in ("intended", "called", "noted")),
    "account.released",
    "part.written",
    "part.noted",
    "archive.joined",
    "delivery.noted",
    "archive.delivered",
)
"""Every moment of a push at which the world's probe is told: the intent is on the disk, the target
has taken the call, the result is on the disk; `account.released`, what was held back of an account
is given back; `delivery.noted` is whatever a delivery itself keeps, an upload or a job."""

OPEN = f"state IN (0, 1, 3) AND code NOT IN {FINAL}"
"""Ops that a run still has to do: planned, under way when an earlier run ended, or failed. What may
have arrived and cannot be asked for is never sent again, nor what hangs on it."""

AHEAD = 16
"""Ops of one lane whose intent is written at once, and reactions of one lane in flight."""

TRIES = 8
LONGEST_WAIT = 60.0
NAP = 1.0

Answer = TypeVar("Answer")


class Doubt:
    """Whether the target may have taken an act of which no answer tells. While that is so, it is
    not repeated before the target was asked."""

    def __init__(self, held: bool = False) -> None:
        self.held = held


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
        doubt: Doubt | None = None,
    ) -> Answer:
        """One call under the bound on all calls, tried again while the verdict is Retry. A call
        whose answer was lost may have been taken: `taken` asks for it before the next try, and
        before the first where there is `doubt` from an earlier run. One that was certainly refused
        is asked for by nobody."""
        doubt = doubt or Doubt()
        for attempt in range(TRIES):
            self.check()
            try:
                async with self._calls:
                    if doubt.held and taken is not None:
                        if (answer := await taken()) is not None:
                            return answer
                        doubt.held = False
                    return await _called(act, doubt)
            except Retry as verdict:
                code = verdict.code
                wait = max(verdict.after, min(0.25 * 2**attempt, LONGEST_WAIT))
                await self._wait(wait)
            except Fatal as verdict:
                self._ended = self._ended or verdict
                raise
        self._ended = self._ended or Fatal(
            "target-unreachable",
            f"The target did not take a call after {TRIES} tries ({code}).",
            "See that it is up and reachable, then run again to continue.",
        )
        raise self._ended

    async def _wait(self, seconds: float) -> None:
        """Sleep, in naps that do not keep a person waiting who wants to end."""
        while seconds > 0:
            self.check()
            await self.world.sleep(min(seconds, NAP))
            seconds -= NAP

    async def perform(
        self,
        op: Op,
        act: Callable[[Op], Awaitable[Ref]],
        taken: Callable[[Op], Awaitable[Ref | None]] | None = None,
        sum: int = 0,
        doubt: Doubt | None = None,
    ) -> Ref | None:
        """One act, told to the probe at each step; its ref, or None where the target skips it.
        `sum` is kept with it. Where the run ends before the target can have taken it, it is
        planned as before."""
        name = OpKind(op.kind).name.lower()
        self.world.probe(f"{name}.intended", op.item)
        doubt = doubt or Doubt()
        try:
            ref = await self.call(lambda: act(op), (lambda: taken(op)) if taken else None, doubt)
        except Skip as verdict:
            settled = not doubt.held or verdict.code == UNSURE
            self.journal.note((failed if settled else unanswered)(op, verdict.code))
            return None
        except ChatMigrateError:
            if taken is not None and not doubt.held:
                self.journal.note(open_again(op))
            raise
        finally:
            self.world.progress.advance()
        self.world.probe(f"{name}.called", op.item)
        self.journal.note(done(op, ref, sum))
        return ref


async def _called(act: Callable[[], Awaitable[Answer]], doubt: Doubt) -> Answer:
    """One try; there is doubt after it unless the target has said yes or no."""
    doubt.held = True
    try:
        answer = await act()
    except (Retry, Fatal) as verdict:
        doubt.held = not verdict.refused
        raise
    except Skip:
        doubt.held = False
        raise
    doubt.held = False
    return answer


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
