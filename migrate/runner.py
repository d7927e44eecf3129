"""The whole program in one line of stages, and the functions that scripts and commands call. What a
stage does is the stage's affair; what is printed is the command line's."""

import asyncio
import os
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from migrate import connected
from migrate.catalogue import catalogue
from migrate.config import Project, fill_template, open_project, write_config
from migrate.errors import UsageError
from migrate.findings import Finding
from migrate.model import RECORD_KINDS
from migrate.registry import Registry
from migrate.source import Export, open_export
from migrate.spi import (
    Adapter,
    Capabilities,
    Context,
    Preparer,
    Stamper,
)
from migrate.stages import delta, existing, facts
from migrate.stages.engine import STEPS
from migrate.stages.enrich import TOPICS, Topic
from migrate.stages.gate import (
    blocked,
    hold_to_shown,
)
from migrate.stages.heritage import (
    go_back,
    heritage,
    hold_taken_over,
    is_due,
)
from migrate.stages.load import load
from migrate.stages.overview import blockers, summarize, tell
from migrate.stages.plan import digest_of, digest_parts, make_plan
from migrate.stages.proposals import propose
from migrate.stages.resolution import Resolution
from migrate.stages.resolve import resolve
from migrate.stages.world import Progress, Silence, World
from migrate.store import ProjectLock, Store, open_store
from migrate.store.files import fetched_sum
from migrate.summaries import (
    Estimate,
    FetchSummary,
    InitSummary,
    InspectSummary,
    PlanSummary,
    RunSummary,
    StampSummary,
    StatusSummary,
    Told,
    VerifySummary,
)

__all__ = [
    "STAGES",
    "STEPS",
    "TOPICS",
    "Estimate",
    "FetchSummary",
    "InitSummary",
    "InspectSummary",
    "PlanSummary",
    "Progress",
    "Project",
    "RunSummary",
    "Silence",
    "StampSummary",
    "StatusSummary",
    "Told",
    "Topic",
    "VerifySummary",
    "World",
    "fetch",
    "init",
    "inspect",
    "open_project",
    "plan",
    "run",
    "stamp",
    "status",
    "verify",
]

STAGES = ("load", "resolve", "plan", "check", "push", "seal", "verify")
"""The way of a migration. `plan` goes as far as `plan` (and `check` where it is asked to), `run`
all the way to `seal`."""


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
    text = fill_template(target, [_relative(path, folder) for path in exports], settings)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    write_config(folder, text)
    project = open_project(folder, registry=registry)
    with ProjectLock(folder), _opened(project) as store:
        load(store, export, world)
        propose(store, project)
        counts = facts.found(store)
        context = connected.context_of(project, store, world)
        steps = list(_prepare(target, project, context))
    return InitSummary(
        project=str(folder),
        people=counts["accounts"],
        conversations=counts["conversations"],
        next_steps=steps,
    )


def fetch(project: Project, world: World, topics: Collection[Topic] = TOPICS) -> FetchSummary:
    """Bring what the export only points to: bodies, pictures, custom emoji, and what Slack's Web
    API knows. The token is read from the environment; without one, what needs none is done.

    Raises UsageError for a token that is none, or another workspace's, Fatal where Slack or the
    disk refuses, Interrupted; what came before is kept, and not asked for again."""
    # Only here: what talks HTTP would cost every other command a third of its start.
    from migrate.stages.fetch import Fetch, by_kind

    started = world.clock()
    with ProjectLock(project.folder), _opened(project) as store:
        export = _load(store, project, world)
        propose(store, project)
        resolve(store, project, widen=store.meta("widen") == "yes")
        token = world.environ.get(project.config.slack.token_env, "").strip()
        work = Fetch(store, project, export, world, token)
        work.run(topics)
        # Somebody may have an address now.
        propose(store, project)
        store.checkpoint()
        known = catalogue(project.adapter)
        return FetchSummary(
            found=by_kind(work.got.found),
            fetched=by_kind(work.got.fetched),
            already=by_kind(work.got.already),
            refused=[tell(each, known) for each in work.got.refused.findings()],
            bytes=work.got.bytes,
            seconds=round(world.clock() - started, 3),
            findings=[tell(each, known) for each in work.got.findings],
        )


def plan(
    project: Project, world: World, *, check: bool = False, widen: bool = False
) -> PlanSummary:
    """The dry run. With `check` the target is read, and only read; `widen` is --widen-audience."""
    with ProjectLock(project.folder), _opened(project) as store:
        usual = project.adapter.caps(project.config.target)
        if not check:
            hold_taken_over(store, usual)
        go_back(store, usual)
        _load(store, project, world)
        propose(store, project)
        resolution = resolve(store, project, widen=widen)
        _prepare(project.adapter, project, connected.context_of(project, store, world))
        if check:
            asyncio.run(connected.check_target(store, project, world))
            resolution = resolve(store, project, widen=widen)
        caps = _caps(store, project)
        if check and is_due(store, caps):
            # A finding of the check says why nothing can be planned.
            return summarize(store, project, "", _target(store, project), caps)
        with store.transaction():
            store.set_meta("widen", "yes" if widen else "")
        parts = _digest_parts(store, project, resolution, caps)
        digest = digest_of(parts)
        failed = store.db.execute("SELECT 1 FROM op WHERE state = 3 LIMIT 1").fetchone()
        if store.meta("planned") != digest or failed:
            make_plan(store, project, resolution, caps, world)
        with store.transaction():
            store.set_findings(existing.STAGE, existing.hold_existing(store, resolution))
            store.set_findings(delta.STAGE, delta.way_taken(store, caps))
            store.set_meta("planned", digest)
            store.set_meta("shown", msgspec.json.encode(parts).decode())
        return summarize(store, project, digest, _target(store, project), caps)


def run(project: Project, world: World, *, digest: str = "") -> RunSummary:
    """Send what is planned and not done, then seal; continues where an earlier run ended.

    Raises BlockedError where no plan was shown, where it has changed since (or is not `digest`),
    and where it has blockers; Interrupted and Fatal once all that is known has been noted."""
    started = world.clock()
    with ProjectLock(project.folder), _opened(project) as store:
        hold_taken_over(store, project.adapter.caps(project.config.target))
        _load(store, project, world)
        resolution = resolve(store, project, widen=store.meta("widen") == "yes")
        caps = _caps(store, project)
        parts = _digest_parts(store, project, resolution, caps)
        hold_to_shown(store, parts, digest)
        if found := blockers(store, project):
            raise blocked(found[0], project.adapter)
        number = int(store.meta("runs", "0")) + 1
        with store.transaction():
            store.set_meta("runs", str(number))
        artifact = asyncio.run(connected.push_plan(store, project, world, resolution, caps, number))
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


def stamp(project: Project, file: Path, world: World) -> StampSummary:
    """Take what the target's server told of itself into the project, for the archive.

    Raises UsageError where the target asks for nothing of the kind, the file cannot be read, or
    the adapter refuses it."""
    adapter = project.adapter
    if not isinstance(adapter, Stamper):
        raise UsageError(
            "stamp-needless",
            f"The target {adapter.name} asks for nothing of its server.",
            "There is nothing to do: run goes without.",
        )
    try:
        told = file.read_bytes()
    except OSError as error:
        raise UsageError(
            "stamp-unreadable",
            f"The file cannot be read: {error.strerror}.",
            "Name the file that the server wrote.",
        ) from error
    with ProjectLock(project.folder), _opened(project) as store:
        said = adapter.stamp(
            project.config.target, connected.context_of(project, store, world), told
        )
    return StampSummary(file=str(file), said=list(said))


def verify(project: Project, world: World) -> VerifySummary:
    """Read the target, or the archive, back and compare it with what was sent."""
    with ProjectLock(project.folder), _opened(project) as store:
        if store.meta("runs", "0") == "0":
            raise UsageError(
                "nothing-sent",
                "This project has sent nothing yet.",
                "Run `chat-migrate run` first.",
            )
        hold_taken_over(store, project.adapter.caps(project.config.target))
        tally, against = asyncio.run(connected.read_target(store, project, world))
        known = catalogue(project.adapter)
        findings: dict[str, Finding] = {}
        for finding in tally.findings:
            first = findings.setdefault(finding.code, finding)
            if first is not finding:
                findings[finding.code] = msgspec.structs.replace(first, count=first.count + 1)

        def kinds(counter: Mapping[str, int]) -> dict[str, int]:
            return {kind: counter.get(kind, 0) for kind in RECORD_KINDS}

        return VerifySummary(
            against=against,
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


def _prepare(adapter: Adapter, project: Project, context: Context) -> Sequence[str]:
    """What the target needs beside the configuration, written or kept; the steps for a person."""
    if isinstance(adapter, Preparer):
        return adapter.prepare(project.config.target, context)
    return ()


def _caps(store: Store, project: Project) -> Capabilities:
    """What the target takes: as the last check found it, else as the adapter says it usually is."""
    usual = project.adapter.caps(project.config.target)
    stored = store.meta("caps")
    # An adapter may have a kind of its own.
    found = msgspec.json.decode(stored, type=type(usual)) if stored else usual
    # What was found on another way says nothing of this one.
    return found if found.delivery == usual.delivery else usual


def _digest_parts(
    store: Store, project: Project, resolution: Resolution, caps: Capabilities
) -> dict[str, str]:
    parts = digest_parts(project, store.meta("loaded"), resolution, caps)
    parts |= {"what was fetched": fetched_sum(store)}
    if there := existing.directory_sum(store):
        parts |= {"what stands at the target": there}
    return parts | ({"--widen-audience": "yes"} if store.meta("widen") else {})


def _target(store: Store, project: Project) -> str:
    taken_over = heritage(store)
    begun = taken_over.into if taken_over else store.meta("target")
    return begun or store.meta("checked") or project.adapter.name


def _rejects(store: Store) -> list[Finding]:
    rows = store.db.execute("SELECT code, count(*), min(place) FROM reject GROUP BY code")
    return [Finding(code=code, count=count, place=place) for code, count, place in rows]


def _relative(path: Path, folder: Path) -> str:
    """The path as the project's configuration names it."""
    return os.path.relpath(path.resolve(), folder.resolve())
