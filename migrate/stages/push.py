"""PUSH and SEAL for live targets, phase by phase: pictures, accounts, conversations, who belongs to
them, custom emoji, the lanes, and the release of the accounts. What one act goes through is the
engine's affair."""

from collections.abc import Awaitable, Callable
from functools import partial

from migrate.errors import Skip
from migrate.model import Ref
from migrate.spi import Entry
from migrate.stages.brief import LATE
from migrate.stages.engine import AHEAD, OPEN, Engine, together
from migrate.stages.journal import failed
from migrate.stages.lane import Lanes
from migrate.stages.releasing import note_held, release
from migrate.stages.uploads import Uploads
from migrate.store import Op, OpKind, State, ops


class Push:
    """One run's push into a live target."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def run(self) -> None:
        """Everything that is open, in the order in which one thing needs another.

        Raises Interrupted where the world says stop, Fatal where the target or the disk refuses;
        by then every result that is known is noted.
        """
        (total,) = self._engine.store.db.execute(
            f"SELECT count(*) FROM op WHERE {OPEN} AND kind != 7"
        ).fetchone()
        self._engine.world.progress.begin("Sending", total, "acts")
        if total:
            note_held(self._engine)
        uploads = Uploads(self._engine)
        try:
            await uploads.put_pictures()
            self._engine.acts.refresh()
            await self._each(OpKind.ACCOUNT, self._make_account)
            self._engine.acts.refresh()
            await self._each(OpKind.CONVERSATION, self._make_conversation)
            self._engine.acts.refresh()
            self._engine.look.refresh()
            self._open_for_files()
            await self._reopen()
            await self._each(OpKind.MEMBER, self._make_member)
            await uploads.put_emoji()
            await Lanes(self._engine, uploads).run()
            await release(self._engine)
        finally:
            await uploads.close()
        self._engine.world.progress.end()

    async def _each(
        self, kind: OpKind, act: Callable[[Op], Awaitable[Ref]], where: str = ""
    ) -> None:
        """Every open op of a kind, several at once; each may be repeated without harm."""
        some = list(ops.select(self._engine.store, f"kind = {int(kind)} AND {OPEN}{where}"))
        for start in range(0, len(some), 4 * AHEAD):
            batch = some[start : start + 4 * AHEAD]
            await self._engine.journal.intend(batch)
            await together([self._engine.perform(op, act) for op in batch])
        await self._engine.journal.flush()

    async def _make_account(self, op: Op) -> Ref:
        account = self._engine.acts.planned_account(op.author)
        return await self._engine.session.ensure_account(account)

    async def _make_conversation(self, op: Op) -> Ref:
        return await self._engine.session.ensure_conversation(self._engine.acts.opening(op.conv))

    async def _make_member(self, op: Op) -> Ref:
        account = self._engine.acts.account(op.author)
        opening = self._engine.acts.opening(op.conv)
        if account is None:
            raise Skip("author-failed")
        if not opening.ref:
            raise Skip("conversation-failed")
        stays = not op.flags & ops.LEAVES
        await self._engine.session.ensure_member(
            Entry(opening=opening, account=account, stays=stays, time=op.time)
        )
        return account.ref

    def _open_for_files(self) -> None:
        """A file that was refused does not keep its conversation from being sealed; when it is
        tried again, whoever brings it has to be let in."""
        store = self._engine.store
        waiting = list(
            ops.select(store, f"kind = 5 AND item GLOB '{LATE}*' AND piece = 0 AND {OPEN}")
        )
        with store.transaction():
            for lane in {op.lane for op in waiting}:
                seal = ops.op(store, lane, 0, OpKind.SEAL)
                if seal is not None and seal.state == State.DONE:
                    ops.plan_again(store, seal, seal.flags | ops.REOPENS)
            for op in waiting:
                person = self._engine.acts.planned_account(op.author).person.id
                entered = ops.op(store, op.lane, 0, OpKind.MEMBER, person)
                if entered and entered.state == State.DONE and entered.flags & ops.LEAVES:
                    ops.plan_again(store, entered, entered.flags)

    async def _reopen(self) -> None:
        sealed = ops.select(self._engine.store, f"kind = 8 AND {OPEN} AND flags & {ops.REOPENS}")
        for op in list(sealed):
            opening = self._engine.acts.opening(op.conv)
            if not opening.ref:
                continue
            try:
                await self._engine.call(partial(self._engine.session.reopen, opening))
            except Skip as verdict:
                self._engine.journal.note(failed(op, verdict.code))
        await self._engine.journal.flush()
