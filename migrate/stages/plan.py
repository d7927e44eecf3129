"""PLAN: survey, then place; the digest that tells one plan from another; and what a person is shown
before anything is written. The target is not touched."""

import hashlib
import math
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from migrate.catalogue import catalogue, meaning
from migrate.config import Project, moment
from migrate.findings import Catalogue, Finding
from migrate.spi import Capabilities
from migrate.stages import additions, bodies, facts, parts, place
from migrate.stages.brief import Brief, Losses, Span
from migrate.stages.look import Scope, StoreLook
from migrate.stages.placer import BATCH, message_ops
from migrate.stages.proposals import propose_emoji
from migrate.stages.resolution import Resolution
from migrate.stages.sightings import Sightings
from migrate.stages.sort import chunks
from migrate.stages.survey import CHUNK, Surveyed, survey
from migrate.stages.world import World
from migrate.store import Op, Store, drafts, ops

CONVERTER = "1"
"""Changes whenever the same record would be sent as other words, so that no plan survives it."""

STAGES = ("load", "resolve", "plan", "check", "existing")
"""The stages whose findings a plan shows."""

SECONDS_A_CALL = 0.025
"""What a live target takes for one act, until this project has measured its own."""


BYTES_SENT_A_SECOND = 20_000_000
BYTES_COPIED_A_SECOND = 100_000_000
"""What of the bodies of files a live target takes in a second, and what goes into an archive."""


class Told(msgspec.Struct, frozen=True):
    """A finding or a loss as it is reported: how often, and where first."""

    code: str
    severity: str
    count: int
    example: str


class Estimate(msgspec.Struct, frozen=True):
    """How long the run will take: here, and (an archive) at the server afterwards."""

    seconds: int
    server_seconds: int


class Rename(msgspec.Struct, frozen=True):
    """A conversation's name in Slack and the one that it gets."""

    id: str
    name: str
    target: str


class PlanSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The object of `plan --json`."""

    target: str
    digest: str
    counts: dict[str, Any]
    renames: list[Rename]
    losses: list[Told]
    findings: list[Told]
    blockers: list[Told]
    estimate: Estimate

    @property
    def exit(self) -> int:
        if self.blockers:
            return 4
        loud = [*self.findings, *self.losses]
        return 1 if any(each.severity in ("warning", "error") for each in loud) else 0


def digest_parts(
    project: Project, archives: str, resolution: Resolution, caps: Capabilities
) -> dict[str, str]:
    """What a plan rests on, each hashed by itself so that a change can be named."""
    config = {
        "adapter": project.adapter.name,
        "source": msgspec.to_builtins(project.config.source),
        "files": msgspec.to_builtins(project.config.files),
        "target": msgspec.to_builtins(project.config.target),
    }
    return {
        "the exports": archives,
        "migration.toml": _hash(msgspec.json.encode(config, order="sorted")),
        "the mapping files": _hash(resolution.text),
        "what the target takes": _hash(msgspec.json.encode(caps, order="sorted")),
        "this version of chat-migrate": _hash(CONVERTER.encode()),
    }


def digest_of(parts_of_it: dict[str, str]) -> str:
    """One short name for a plan."""
    return _hash(msgspec.json.encode(parts_of_it, order="sorted"))[:16]


def make_plan(
    store: Store, project: Project, resolution: Resolution, caps: Capabilities, world: World
) -> None:
    """Write the op rows. What is done or under way stays; all else is planned anew."""
    losses = Losses()
    sightings = Sightings()
    source = project.config.source
    span = Span(moment(source.since, "since"), moment(source.until, "until"))
    scope = Scope(span.since, span.until, source.notices == "keep")
    bulk = caps.delivery == "bulk"
    look = StoreLook(store, "planned" if bulk else "dummy", caps.ref_width, scope)
    brief = Brief(
        adapter=project.adapter,
        caps=caps,
        resolution=resolution,
        look=look,
        span=span,
        keep_notices=source.notices == "keep",
    )
    (total,) = store.db.execute("SELECT count(*) FROM message").fetchone()
    world.progress.begin("Planning", total, "messages")
    with store.transaction():
        store.set_meta("planned", "")
        store.db.execute("DROP INDEX IF EXISTS op_open")
        parts.drop_unwritten(store)
        ops.drop_unsent(store)
        drafts.drop_idle(store)
        ops.put_ops(store, place.account_ops(store, brief))
        ops.put_ops(store, place.conversation_ops(store, brief))
        ops.put_ops(store, bodies.file_ops(store, brief))
        ops.put_ops(store, bodies.avatar_ops(store, brief))
        ops.put_ops(store, bodies.emoji_ops(store, brief))
    look.refresh()
    cutter = parts.Cutter(store, caps)
    surveyed = survey(
        store,
        project.adapter,
        caps,
        chunks(store, brief, CHUNK, cutter.last_joined),
        world.workers,
        uuid.uuid4().hex,
        scope,
    )

    drafted: list[tuple[int, list[drafts.DraftPage]]] = []

    def counted() -> Iterator[Surveyed]:
        for chunk, remarks, pages in surveyed:
            world.check()
            world.progress.advance(len(chunk.rows))
            sightings.add(remarks.values())
            drafted.append((chunk.number, pages))
            yield chunk, remarks, pages

    # The generators read messages and ops of other conversations while these rows are written:
    # within one connection SQLite allows that.
    for batch in gather(message_ops(store, brief, counted(), losses, cutter), BATCH):
        with store.transaction():
            ops.put_ops(store, batch)
            for number, pages in drafted:
                drafts.put_drafts(store, number, pages)
            drafted.clear()
    world.progress.end()
    with store.transaction():
        additions.note_lacking(store, cutter.last_joined)
        bodies.leave_unused(store, cutter.last_joined)
        if bulk:
            cutter.finish()
        else:
            ops.index_ops(store, by_lane=caps.order == "lane")
        store.set_findings("losses", losses.findings())
        store.set_findings("resolve", resolution.findings)
        private = [
            Finding(code="conversation-turned-private", place=id)
            for id in place.turned_private(store, resolution)
        ]
        store.set_findings(
            "plan", [*_missing_files(store, project), *_left_behind(store), *private]
        )
    propose_emoji(project, sightings.rows())
    facts.check_sums(store, facts.fates(store, 0))
    store.checkpoint()


def gather(lists: Iterable[list[Op]], size: int) -> Iterator[list[Op]]:
    """Lists put together until they hold `size` ops or more."""
    batch: list[Op] = []
    for some in lists:
        batch += some
        if len(batch) >= size:
            yield batch
            batch = []
    yield batch


def summarize(
    store: Store, project: Project, digest: str, target: str, caps: Capabilities
) -> PlanSummary:
    """What the op rows add up to."""
    known = catalogue(project.adapter)
    told = _told(store, known)
    return PlanSummary(
        target=target,
        digest=digest,
        counts=_counts(store),
        renames=_renames(store),
        losses=[tell(finding, known) for finding in store.findings("losses")],
        findings=[each for each in told if not is_blocker(each)],
        blockers=[each for each in told if is_blocker(each)],
        estimate=_estimate(store, caps),
    )


def blockers(store: Store, project: Project) -> list[Told]:
    """What forbids to carry out the plan that stands."""
    return [each for each in _told(store, catalogue(project.adapter)) if is_blocker(each)]


def is_blocker(told: Told) -> bool:
    return told.severity == "blocker"


def _told(store: Store, known: Catalogue) -> list[Told]:
    reasons = [
        Finding(code=code, count=count, place=where) for code, count, where in facts.reasons(store)
    ]
    # The reader tells of some files what their ops tell again, of those that are brought alone.
    again = {reason.code for reason in reasons}
    others = [finding for finding in store.findings(*STAGES) if finding.code not in again]
    return [tell(finding, known) for finding in (*others, *reasons)]


def tell(finding: Finding, known: Catalogue) -> Told:
    """A finding with its severity beside it."""
    return Told(finding.code, meaning(finding.code, known).severity, finding.count, finding.place)


_ROOMS = (
    "FROM conversation c JOIN op ON op.conv = c.num AND op.ts = 0 AND op.kind = 2"
    " AND op.item = '' AND op.piece = 0"
)
"""Every conversation with its op, found by its key: there are far more messages."""


def _counts(store: Store) -> dict[str, object]:
    def one(query: str) -> int:
        (value,) = store.db.execute(query).fetchone()
        return int(value or 0)

    def by(query: str) -> dict[str, int]:
        return {str(name): int(count) for name, count in store.db.execute(query)}

    accounts = by(
        f"SELECT CASE WHEN state = 4 THEN code WHEN flags & {ops.MAPPED} THEN 'map'"
        f" WHEN flags & {ops.CREATES} THEN 'create' ELSE 'ghost' END, count(*)"
        " FROM op WHERE conv = 0 AND ts = 0 AND kind = 1 GROUP BY 1"
    )
    rooms = by(
        f"SELECT CASE WHEN state = 4 THEN code WHEN flags & {ops.MAPPED} THEN 'map'"
        f" ELSE 'create' END, count(*) {_ROOMS} GROUP BY 1"
    )
    waiting, there, left, pieces, reactions, pins = store.db.execute(
        "SELECT coalesce(sum(kind = 5 AND record != 0 AND state IN (0, 1, 3)), 0),"
        " coalesce(sum(kind = 5 AND record != 0 AND state = 2), 0),"
        " coalesce(sum(kind = 5 AND record != 0 AND state = 4), 0),"
        " coalesce(sum(kind = 5 AND state != 4), 0),"
        " coalesce(sum(iif(state = 4, 0, folded + (kind = 6))), 0),"
        " coalesce(sum(kind = 7 AND state != 4), 0) FROM op"
    ).fetchone()
    (rejected,) = store.db.execute("SELECT count(*) FROM reject").fetchone()
    return {
        "accounts": {
            "map": accounts.get("map", 0),
            "create": accounts.get("create", 0),
            "merge": accounts.get("person-merged", 0),
            "ghost": accounts.get("ghost", 0),
            "skip": accounts.get("person-skipped", 0),
        },
        "conversations": {
            "create": rooms.get("create", 0),
            "map": rooms.get("map", 0),
            "merge": rooms.get("conversation-merged", 0),
            "skip": sum(rooms.values())
            - sum(rooms.get(kind, 0) for kind in ("create", "map", "conversation-merged")),
            "renamed": len(_renames(store)),
            "made_private": one(
                f"SELECT count(*) {_ROOMS} WHERE op.state != 4 AND op.flags & {ops.PRIVATE}"
                " AND c.kind = 'public'"
            ),
        },
        "messages": {
            "send": waiting,
            "change": 0,
            "already": there,
            "skip": left + rejected,
        },
        "pieces": pieces,
        "reactions": reactions,
        "pins": pins,
        "files": bodies.counts(store),
        "file_bytes": bodies.count_bytes(store),
    }


def _renames(store: Store) -> list[Rename]:
    """The conversations that have a name in Slack and another one at the target."""
    query = (
        f"SELECT c.id, json_extract(c.data, '$.name') AS slack_name, op.name {_ROOMS}"
        " WHERE op.state != 4 AND slack_name != '' AND slack_name != op.name ORDER BY c.num"
    )
    return [Rename(*row) for row in store.db.execute(query)]


def _estimate(store: Store, caps: Capabilities) -> Estimate:
    (calls,) = store.db.execute(
        "SELECT count(*) FROM op WHERE state IN (0, 1, 3) AND kind != 7"
    ).fetchone()
    size = bodies.count_bytes(store, open_only=True)
    if caps.delivery == "bulk":
        seconds = calls / 20_000 + size / BYTES_COPIED_A_SECOND
        return Estimate(seconds=math.ceil(seconds), server_seconds=0)
    seconds = calls * float(store.meta("seconds_a_call") or SECONDS_A_CALL)
    seconds = math.ceil(seconds + size / BYTES_SENT_A_SECOND)
    return Estimate(seconds=seconds, server_seconds=seconds)


def _missing_files(store: Store, project: Project) -> list[Finding]:
    """Bodies that Slack still has and that are not here block the plan, unless links will do."""
    if project.config.files.missing == "link":
        return []
    known = catalogue()
    rows = store.db.execute(
        "SELECT code, count(*), min(item) FROM op WHERE conv = 0 AND ts = 0 AND kind = 4"
        " AND state = 4 GROUP BY code"
    )
    # What `fetch` met as an error may come at another try.
    may_come = [
        (count, first)
        for code, count, first in rows
        if code == bodies.UNFETCHED or meaning(code, known).severity == "error"
    ]
    if not may_come:
        return []
    total, first = sum(count for count, _ in may_come), min(first for _, first in may_come)
    offline = int(store.meta("offline") or 0)
    inside = [Finding(code="files-in-export", count=offline)] if offline else []
    return [Finding(code="files-missing", count=total, place=first), *inside]


def _left_behind(store: Store) -> list[Finding]:
    """What is lost beside Slack's own records: who belongs to user groups, since no target has
    groups of ours, and pictures that came too late."""
    members: dict[str, int] = msgspec.json.decode(store.meta("group_members") or "{}")
    groups = sum(count > 0 for count in members.values())
    query = (
        "SELECT count(*), min(item) FROM op WHERE conv = 0 AND ts = 0 AND kind = 4"
        " AND code = 'avatar-late'"
    )
    pictures, first = store.db.execute(query).fetchone()
    lost = [Finding(code="group-members-not-kept", count=groups)] if groups else []
    return [*lost, Finding(code="avatar-late", count=pictures, place=first)] if pictures else lost


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
