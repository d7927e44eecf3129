"""PUSH, after an archive was joined: its delivery to a server where the target can do that, and the
memberships that no archive may speak of. How uploads and jobs are made is the adapter's affair."""

from functools import partial
from pathlib import Path

import msgspec

from migrate.errors import Skip
from migrate.model import Ref
from migrate.spi import Artifact, BulkSession, Deliverer, Enroller, Entry
from migrate.stages.acts import Acts
from migrate.stages.archives import note_archive, undelivered
from migrate.stages.engine import AHEAD, OPEN, Caller, together
from migrate.stages.journal import Journal
from migrate.stages.parts import parts
from migrate.stages.world import World
from migrate.store import Op, Store, ops


async def deliver_archives(store: Store, session: BulkSession, world: World) -> bool:
    """Bring every archive to its server that it does not have from us, in their order; whether the
    session does that at all.

    Raises Fatal where the server refuses; what was brought is noted.
    """
    if not (isinstance(session, Deliverer) and session.delivers()):
        return False
    for archive in undelivered(store):
        world.check()
        total = sum(part.counts.get("messages", 0) for part in parts(store, archive.number))
        world.progress.begin("Importing", total, "messages")
        artifact = Artifact(path=Path(archive.path), next_steps=archive.next_steps)
        await session.deliver(artifact, partial(_arrive, world))
        world.progress.end()
        with store.transaction():
            note_archive(store, msgspec.structs.replace(archive, delivered=True))
        world.probe("archive.delivered", str(archive.number))
    return True


def _arrive(world: World, count: int) -> None:
    """Told at every look at a delivery, which may take hours: it can be left at any of them."""
    world.check()
    world.progress.advance(count)


async def enroll(store: Store, session: BulkSession, world: World, journal: Journal) -> None:
    """Let in whoever no archive brings into a conversation. Whom the target refuses is noted, and
    tried again by the next run."""
    some = list(ops.select(store, f"kind = 3 AND flags & {ops.LATE} AND {OPEN}"))
    if not some or not isinstance(session, Enroller):
        return
    acts = Acts(store, "placed")
    caller = Caller(session.caps.lanes, world, journal)

    async def enter(op: Op) -> Ref:
        account = acts.account(op.author)
        if account is None:
            raise Skip("author-failed")
        opening = acts.opening(op.lane)
        await session.ensure_member(Entry(opening=opening, account=account, time=op.time))
        return account.ref

    world.progress.begin("Letting people in", len(some), "people")
    for start in range(0, len(some), 4 * AHEAD):
        batch = some[start : start + 4 * AHEAD]
        await journal.intend(batch)
        await together([caller.perform(op, enter) for op in batch])
    await journal.flush()
    world.progress.end()
