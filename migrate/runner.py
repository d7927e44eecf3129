"""The whole program in one line of stages, and the functions that scripts and commands call. What a
stage does is the stage's affair; what is printed is the command line's."""

import asyncio
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from migrate.catalogue import catalogue, meaning
from migrate.config import Project, open_project, write_config
from migrate.errors import BlockedError, UsageError
from migrate.findings import Finding
from migrate.model import RECORD_KINDS
from migrate.registry import Registry
from migrate.source import Export, open_export
from migrate.spi import (
    Adapter,
    BulkSession,
    Capabilities,
    Composer,
    Context,
    Deliverer,
    LiveSession,
    Preparer,
    Session,
)
from migrate.stages import facts
from migrate.stages.compose import compose_all
from migrate.stages.engine import STEPS, Engine
from migrate.stages.journal import Journal
from migrate.stages.load import load
from migrate.stages.plan import (
    Estimate,
    Loss,
    PlanSummary,
    Told,
    digest_of,
    digest_parts,
    make_plan,
    summarize,
    tell,
)
from migrate.stages.push import Push
from migrate.stages.resolve import Resolution, propose, resolve
from migrate.stages.verify import Verification
from migrate.stages.world import Progress, Silence, World
from migrate.store import ProjectLock, Store, open_store
from migrate.store.connection import StoredMemo

__all__ = [
    "STAGES",
    "STEPS",
    "Estimate",
    "InitSummary",
    "InspectSummary",
    "Loss",
    "PlanSummary",
    "Progress",
    "Project",
    "RunSummary",
    "Silence",
    "StatusSummary",
    "Told",
    "VerifySummary",
    "World",
    "init",
    "inspect",
    "open_project",
    "plan",
    "run",
    "status",
    "verify",
]

STAGES = ("load", "resolve", "plan", "check", "push", "seal", "verify")
"""The way of a migration. `plan` goes as far as `plan` (and `check` where it is asked to), `run`
all the way to `seal`."""


class InspectSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The object of `inspect --json`."""

    counts: facts.Counts
    range: facts.Range
    findings: list[Told]
    extras: dict[str, int]

    @property
    def exit(self) -> int:
        return 1 if any(told.severity in ("warning", "error") for told in self.findings) else 0


class InitSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What `init` made, and what to do next."""

    project: str
    people: int
    conversations: int
    next_steps: list[str]
    exit: int = 0


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The object of `run --json`: counts by kind of record. `found` is the sum of the others but
    for `open`, which is what a blocked or interrupted run leaves."""

    found: dict[str, int]
    sent: dict[str, int]
    already: dict[str, int]
    skipped: dict[str, int]
    failed: dict[str, int]
    reasons: list[Told]
    seconds: float
    artifact: dict[str, Any] | None = None

    @property
    def exit(self) -> int:
        loud = any(told.severity in ("warning", "error") for told in self.reasons)
        return 1 if loud or any(self.failed.values()) else 0


class VerifySummary(msgspec.Struct, frozen=True, kw_only=True):
    """The object of `verify --json`: counts by kind of record."""

    against: str
    checked: dict[str, int]
    missing: dict[str, int]
    different: dict[str, int]
    extra: dict[str, int]
    duplicate: dict[str, int]
    unchecked: dict[str, int]
    audience_wider: int
    findings: list[Told]

    @property
    def exit(self) -> int:
        wrong = (self.missing, self.different, self.extra, self.duplicate)
        if self.audience_wider or any(any(each.values()) for each in wrong):
            return 5
        return 5 if any(told.severity == "error" for told in self.findings) else 0


class StatusSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The object of `status --json`: how far each stage has come."""

    project: str
    target: str
    loaded: bool
    planned: bool
    digest: str
    found: dict[str, int]
    sent: dict[str, int]
    skipped: dict[str, int]
    failed: dict[str, int]
    open: dict[str, int]
    running: bool
    exit: int = 0


def inspect(exports: Sequence[Path], world: World, workspace: str = "") -> InspectSummary:
    """What is in these archives: no configuration, no network, a private store thrown away
    after."""
    export = open_export(exports, workspace)
    with tempfile.TemporaryDirectory(prefix="chat-migrate-") as folder:
        store = open_store(Path(folder) / "state.db", scratch=True)
        try:
            load(store, export, world, pages=False)
            known = catalogue()
            return InspectSummary(
                counts=facts.count_source(store),
                range=facts.count_range(store),
                findings=[
                    tell(finding, known) for finding in [*store.findings("load"), *_rejects(store)]
                ],
                extras=dict(export.counts),
            )
        finally:
            store.close()


def init(
    folder: Path,
    exports: Sequence[Path],
    adapter: str,
    settings: Mapping[str, object],
    world: World,
    registry: Registry | None = None,
) -> InitSummary:
    """Make a project: a commented `migration.toml`, the store, proposed mapping files, and whatever
    the target needs beside them.

    Raises UsageError where there is a project already; then nothing is touched.
    """
    registry = registry or Registry()
    target = registry.get(adapter)
    if (folder / "migration.toml").exists():
        raise UsageError(
            "project-exists",
            f"{folder} is a chat-migrate project already.",
            "Choose another folder, or go on with `chat-migrate plan`.",
        )
    if folder.exists() and not folder.is_dir():
        raise UsageError("not-a-folder", f"{folder} is a file.", "Choose another name.")
    export = open_export(exports, str(settings.get("source.workspace", "")))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    relative = [_relative(path, folder) for path in exports]
    write_config(folder, target, relative, settings)
    project = open_project(folder, registry=registry)
    with ProjectLock(folder), _opened(project) as store:
        load(store, export, world)
        propose(store, project)
        counts = facts.count_source(store)
        context = _context(project, store, world)
        steps = list(_prepare(target, project, context))
    return InitSummary(
        project=str(folder),
        people=counts.users + counts.bots + counts.outside,
        conversations=sum(msgspec.structs.astuple(counts.channels)),
        next_steps=steps,
    )


def plan(
    project: Project, world: World, *, check: bool = False, widen: bool = False
) -> PlanSummary:
    """The dry run. With `check` the target is read, and only read; `widen` is --widen-audience."""
    with ProjectLock(project.folder), _opened(project) as store:
        _load(store, project, world)
        propose(store, project)
        resolution = resolve(store, project, widen=widen)
        _prepare(project.adapter, project, _context(project, store, world))
        if check:
            asyncio.run(_check(store, project, world))
        caps = _caps(store, project)
        parts = _digest_parts(store, project, resolution, caps)
        digest = digest_of(parts)
        if store.meta("planned") != digest:
            make_plan(store, project, resolution, caps, world)
        with store.transaction():
            store.set_meta("planned", digest)
            store.set_meta("shown", msgspec.json.encode(parts).decode())
            store.set_meta("widen", "yes" if widen else "")
        return summarize(store, project, digest, _target(store, project), caps)


def run(project: Project, world: World, *, digest: str = "") -> RunSummary:
    """Send what is planned and not done, then seal; continues where an earlier run ended.

    Raises BlockedError where no plan was shown, where it has changed since (or is not `digest`),
    and where it has blockers; Interrupted and Fatal once all that is known has been noted."""
    started = world.clock()
    with ProjectLock(project.folder), _opened(project) as store:
        _load(store, project, world)
        resolution = resolve(store, project, widen=store.meta("widen") == "yes")
        caps = _caps(store, project)
        parts = _digest_parts(store, project, resolution, caps)
        _hold_to_shown(store, parts, digest)
        shown = summarize(store, project, digest_of(parts), _target(store, project), caps)
        if shown.blockers:
            raise _blocked(shown.blockers[0], project)
        number = int(store.meta("runs", "0")) + 1
        with store.transaction():
            store.set_meta("runs", str(number))
        artifact = asyncio.run(_push(store, project, world, caps, number))
        counts = facts.fates(store, number)
        known = catalogue(project.adapter)
        return RunSummary(
            found=facts.check_sums(store, counts),
            sent=counts["sent"],
            already=counts["already"],
            skipped=counts["skipped"],
            failed={kind: counts["failed"][kind] + counts["open"][kind] for kind in RECORD_KINDS},
            reasons=[
                tell(Finding(code=code, count=count, place=place), known)
                for code, count, place in facts.reasons(store)
            ],
            seconds=round(world.clock() - started, 3),
            artifact=artifact,
        )


def verify(project: Project, world: World) -> VerifySummary:
    """Read the target, or the archive, back and compare it with what was sent."""
    with ProjectLock(project.folder), _opened(project) as store:
        if store.meta("runs", "0") == "0":
            raise UsageError(
                "nothing-sent",
                "This project has sent nothing yet.",
                "Run `chat-migrate run` first.",
            )
        tally, bulk = asyncio.run(_verify(store, project, world))
        known = catalogue(project.adapter)
        findings: dict[str, Finding] = {}
        for finding in tally.findings:
            first = findings.setdefault(finding.code, finding)
            if first is not finding:
                findings[finding.code] = msgspec.structs.replace(first, count=first.count + 1)

        def kinds(counter: Mapping[str, int]) -> dict[str, int]:
            return {kind: counter.get(kind, 0) for kind in RECORD_KINDS}

        return VerifySummary(
            against="archive" if bulk else "server",
            checked=kinds(tally.checked),
            missing=kinds(tally.missing),
            different=kinds(tally.different),
            extra=kinds(tally.extra),
            duplicate=kinds(tally.duplicate),
            unchecked=kinds(tally.unchecked),
            audience_wider=tally.wider,
            findings=[tell(finding, known) for finding in findings.values()],
        )


def status(project: Project, world: World) -> StatusSummary:
    """Where a project stands, also while a run is under way: nothing is locked or written."""
    if not project.store_path.exists():
        raise UsageError(
            "no-store", f"{project.folder} has no state.db.", "Make it with `chat-migrate init`."
        )
    store = open_store(project.store_path, read_only=True)
    try:
        number = int(store.meta("runs", "0"))
        counts = facts.fates(store, number)
        return StatusSummary(
            project=str(project.folder),
            target=_target(store, project),
            loaded=bool(store.meta("loaded")),
            planned=bool(store.meta("planned")),
            digest=store.meta("planned"),
            found=facts.found(store),
            sent={kind: counts["sent"][kind] + counts["already"][kind] for kind in RECORD_KINDS},
            skipped=counts["skipped"],
            failed=counts["failed"],
            open=counts["open"],
            running=ProjectLock.is_held(project.folder),
        )
    finally:
        store.close()


async def _push(
    store: Store, project: Project, world: World, caps: Capabilities, number: int
) -> dict[str, Any] | None:
    """PUSH and SEAL, live or into an archive."""
    session = await _connect(store, project, world)
    try:
        _hold_target(store, session)
        _hold_caps(store, caps, session.caps)
        if isinstance(session, BulkSession):
            adapter = project.adapter
            assert isinstance(adapter, Composer)  # a conformance test holds that it is one
            artifact = compose_all(store, adapter, session, world, number)
            if isinstance(session, Deliverer):
                await session.deliver(artifact)
            return {"path": str(artifact.path), "next_steps": list(artifact.next_steps)}
        assert isinstance(session, LiveSession)
        writer = open_store(project.store_path)
        # What is sent must never be forgotten, not even when the power fails.
        writer.db.execute("PRAGMA synchronous = FULL")
        try:
            async with Journal(writer, number, world.probe) as journal:
                engine = Engine(store, project.adapter, session, world, journal)
                await Push(engine).run()
        finally:
            writer.close()
        store.checkpoint()
        return None
    finally:
        await session.close()


async def _verify(store: Store, project: Project, world: World) -> tuple[Any, bool]:
    session = await _connect(store, project, world)
    try:
        _hold_target(store, session)
        verification = Verification(store, project.adapter, session, world)
        return await verification.run(), session.caps.delivery == "bulk"
    finally:
        await session.close()


async def _check(store: Store, project: Project, world: World) -> None:
    """CHECK: read the target, store what it allows and what was found."""
    session = await _connect(store, project, world)
    try:
        findings = await session.check()
        with store.transaction():
            store.set_findings("check", findings)
            store.set_meta("caps", msgspec.json.encode(session.caps).decode())
            store.set_meta("checked", session.fingerprint)
    finally:
        await session.close()


async def _connect(store: Store, project: Project, world: World) -> Session:
    context = _context(project, store, world)
    session: Session = await project.adapter.connect(project.config.target, context)
    return session


def _load(store: Store, project: Project, world: World) -> Export:
    """LOAD, unless the store holds these archives already."""
    source = project.config.source
    if not source.exports:
        raise UsageError(
            "no-exports", "migration.toml names no export.", "Fill in source.exports, run again."
        )
    workspace = source.workspace
    export = open_export(project.exports, workspace)
    known = store.meta("workspace")
    if known and export.workspace and known != export.workspace:
        raise UsageError(
            "workspace-other",
            "The exports are of another workspace than the one this project was made for.",
            "Make a project of its own for each workspace.",
        )
    load(store, export, world)
    return export


@contextmanager
def _opened(project: Project) -> Iterator[Store]:
    store = open_store(project.store_path)
    try:
        yield store
    finally:
        store.close()


def _context(project: Project, store: Store, world: World) -> Context:
    return Context(folder=project.folder, environ=world.environ, memo=StoredMemo(store))


def _prepare(adapter: Adapter, project: Project, context: Context) -> Sequence[str]:
    """What the target needs beside the configuration, written or kept; the steps for a person."""
    if isinstance(adapter, Preparer):
        return adapter.prepare(project.config.target, context)
    return ()


def _caps(store: Store, project: Project) -> Capabilities:
    """What the target takes: as the last check found it, else as the adapter says it usually is."""
    stored = store.meta("caps")
    if stored:
        return msgspec.json.decode(stored, type=Capabilities)
    return project.adapter.caps(project.config.target)


def _digest_parts(
    store: Store, project: Project, resolution: Resolution, caps: Capabilities
) -> dict[str, str]:
    return digest_parts(project, store.meta("loaded"), resolution, caps)


def _target(store: Store, project: Project) -> str:
    return store.meta("target") or store.meta("checked") or project.adapter.name


def _rejects(store: Store) -> list[Finding]:
    rows = store.db.execute("SELECT code, count(*), min(place) FROM reject GROUP BY code")
    return [Finding(code=code, count=count, place=place) for code, count, place in rows]


def _relative(path: Path, folder: Path) -> str:
    """The path as the project's configuration names it."""
    return os.path.relpath(path.resolve(), folder.resolve())


def _hold_to_shown(store: Store, parts: Mapping[str, str], digest: str) -> None:
    """Nothing is written before it was shown, and nothing but what was shown."""
    shown = store.meta("shown")
    if not shown or store.meta("planned") == "":
        raise BlockedError(
            "plan-not-shown",
            "No plan of this project has been shown yet.",
            "Run `chat-migrate plan`, read it, then run again.",
        )
    before: dict[str, str] = msgspec.json.decode(shown)
    changed = [name for name, value in parts.items() if before.get(name) != value]
    if changed:
        raise BlockedError(
            "plan-changed",
            f"The plan has changed since it was shown: {', '.join(changed)} differ.",
            "Run `chat-migrate plan`, read it, then run again.",
        )
    if digest and digest != digest_of(dict(parts)):
        raise BlockedError(
            "plan-other",
            f"The plan last shown is {digest_of(dict(parts))}, not {digest}.",
            "Run `chat-migrate plan` and use the digest that it prints.",
        )


def _blocked(blocker: Told, project: Project) -> BlockedError:
    known = meaning(blocker.code, catalogue(project.adapter))
    return BlockedError(blocker.code, known.text, known.advice)


def _hold_target(store: Store, session: Session) -> None:
    """The rows belong to one target."""
    known = store.meta("target")
    if known and known != session.fingerprint:
        raise BlockedError(
            "target-other",
            f"This project was begun into {known}, and the target is now {session.fingerprint}.",
            "Point migration.toml at the first one, or make a new project for this one.",
        )
    with store.transaction():
        store.set_meta("target", session.fingerprint)


def _hold_caps(store: Store, planned: Capabilities, real: Capabilities) -> None:
    """The server may allow more than the plan was made for, not less of what the plan needs."""
    (largest,) = store.db.execute(
        "SELECT coalesce(max(file.size), 0) FROM op JOIN file ON file.id = op.item"
        " WHERE op.kind = 4 AND op.state IN (0, 1, 3)"
    ).fetchone()
    too_large = real.file_limit is not None and largest > real.file_limit
    if too_large or real.piece_limit < planned.piece_limit:
        raise BlockedError(
            "target-narrower",
            "The target takes less than the plan was made for.",
            "Run `chat-migrate plan --check`, read it, then run again.",
        )
