"""SEAL: what happens once after the last message of a conversation at a live target. Whether it is
complete is `lane`'s to know."""

from migrate.model import Ref
from migrate.spi import Sealing
from migrate.stages.engine import Engine
from migrate.stages.journal import done, failed
from migrate.store import Op, OpKind, ops


async def seal(engine: Engine, conv: int) -> None:
    """Close what is complete; where the target refuses, the next run tries again."""
    known = ops.op(engine.store, conv, 0, OpKind.SEAL)
    if known is None or known.state == ops.State.DONE:
        return
    pins = list(ops.select(engine.store, "conv = ? AND kind = 7 AND state != 4", (conv,)))
    pinned = [(pin, engine.acts.first_ref(conv, pin.ts)) for pin in pins]
    sealing = _sealing(engine, conv, tuple(ref for _, ref in pinned if ref))

    async def act(op: Op) -> Ref:
        await engine.session.seal(sealing)
        return ""

    await engine.journal.intend([known])
    if await engine.perform(known, act) is not None:
        for pin, ref in pinned:
            if ref:
                engine.journal.note(done(pin, ref))
            elif pin.part < 0:
                engine.journal.note(failed(pin, "root-failed"))


def _sealing(engine: Engine, conv: int, pins: tuple[Ref, ...]) -> Sealing:
    leavers = ops.select(
        engine.store, f"conv = ? AND ts = 0 AND kind = 3 AND flags & {ops.LEAVES}", (conv,)
    )
    (last,) = engine.store.db.execute(
        "SELECT coalesce(max(time), 0) FROM op WHERE conv = ? AND kind = 5", (conv,)
    ).fetchone()
    opening = engine.acts.opening(conv)
    return Sealing(
        opening=opening,
        leavers=tuple(a for op in leavers if (a := engine.acts.account(op.author))),
        pins=pins,
        archived=opening.conversation.archived,
        time=last,
    )
