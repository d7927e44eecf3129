"""What a command does while it is connected to its target: the check, the push of a plan, the
reading back. What comes before and after, and what a command tells, is the runner's affair."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from migrate.catalogue import catalogue, meaning
from migrate.config import Project
from migrate.findings import Finding
from migrate.spi import (
    BulkSession,
    Capabilities,
    Context,
    Deliverer,
    Linker,
    LiveSession,
    Session,
)
from migrate.stages import existing
from migrate.stages.compose import compose_all
from migrate.stages.deliver import deliver_archives, enroll
from migrate.stages.engine import Engine
from migrate.stages.gate import (
    enter_target,
    hold_caps,
    hold_converter,
    hold_target,
    hold_to_check,
)
from migrate.stages.heritage import reach_direct, take_over
from migrate.stages.journal import Journal
from migrate.stages.permalinks import write_permalinks
from migrate.stages.push import Push
from migrate.stages.resolution import Resolution
from migrate.stages.roster import write_accounts
from migrate.stages.verify import Tally, Verification
from migrate.stages.world import World
from migrate.store import Store, open_store
from migrate.store.connection import StoredMemo


async def check_target(store: Store, project: Project, world: World) -> None:
    """CHECK: read the target, store what it allows and what was found."""
    session = await _connect(store, project, world)
    try:
        findings = list(await session.check())
        known = catalogue(project.adapter)
        barred = any(meaning(each.code, known).severity == "blocker" for each in findings)
        # Where nobody may enter, nobody may be asked who is there either.
        found = None if barred else await existing.read_existing(session)
        findings += await take_over(store, session, found, world)
        if found is not None:
            adopted = existing.adopt_accounts(store, project, found, session.caps)
            findings += [Finding(code="accounts-found", count=adopted)] if adopted else []
        with store.transaction():
            existing.keep_existing(store, found)
            store.set_findings("check", findings)
            store.set_meta("caps", msgspec.json.encode(session.caps).decode())
            store.set_meta("checked", session.fingerprint)
    finally:
        await session.close()


async def push_plan(
    store: Store,
    project: Project,
    world: World,
    resolution: Resolution,
    caps: Capabilities,
    number: int,
) -> dict[str, Any] | None:
    """PUSH and SEAL, live or into an archive."""
    session = await _connect(store, project, world)
    try:
        hold_to_check(await session.check(), project.adapter)
        hold_target(store, session)
        hold_caps(store, caps, session.caps)
        enter_target(store, session)
        if isinstance(session, BulkSession):
            hold_converter(store, session.caps)
            if isinstance(session, Deliverer) and session.delivers():
                # An import would write over them, whether or not anybody looked beforehand.
                there = await existing.read_existing(session)
                hold_to_check(existing.hold_existing(store, resolution, there), project.adapter)
            archive = compose_all(store, project.adapter, session, world, number)
            if await deliver_archives(store, session, world):
                async with _journal(project, world, number) as journal:
                    await enroll(store, session, world, journal)
            store.checkpoint()
            write_accounts(store, session, project.reports, "placed")
            return {"path": archive.path, "next_steps": list(archive.next_steps)}
        assert isinstance(session, LiveSession)
        async with _journal(project, world, number) as journal:
            engine = Engine(store, project.adapter, session, world, journal)
            await reach_direct(engine)
            await Push(engine).run()
        store.checkpoint()
        write_accounts(store, session, project.reports, "live")
        if isinstance(session, Linker):
            write_permalinks(store, session, project.reports)
        return None
    finally:
        await session.close()


async def read_target(store: Store, project: Project, world: World) -> tuple[Tally, str]:
    """VERIFY; what was found, and whether it was read of the archive or of the server."""
    session = await _connect(store, project, world)
    try:
        hold_target(store, session)
        against = session.against if isinstance(session, BulkSession) else "server"
        tally = await Verification(store, project.adapter, session, world, against).run()
        # An archive's messages have no addresses before they are read back from the server.
        taken = isinstance(session, BulkSession) and against == "server"
        if taken and isinstance(session, Linker):
            write_permalinks(store, session, project.reports, "placed")
        return tally, against
    finally:
        await session.close()


def context_of(project: Project, store: Store, world: World) -> Context:
    """What an adapter may use of the world, for this project."""
    memo = StoredMemo(store, lambda name: world.probe("delivery.noted", name))
    return Context(folder=project.folder, environ=world.environ, memo=memo)


async def _connect(store: Store, project: Project, world: World) -> Session:
    context = context_of(project, store, world)
    session: Session = await project.adapter.connect(project.config.target, context)
    return session


@asynccontextmanager
async def _journal(project: Project, world: World, number: int) -> AsyncIterator[Journal]:
    """The journal of a run, with a connection of its own."""
    writer = open_store(project.store_path)
    # What is sent must never be forgotten, not even when the power fails.
    writer.db.execute("PRAGMA synchronous = FULL")
    try:
        async with Journal(writer, number, world.probe) as journal:
            yield journal
    finally:
        writer.close()
