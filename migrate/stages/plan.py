"""PLAN: survey, then place; the digest that tells one plan from another; and what a person is shown
before anything is written. The target is not touched."""

import hashlib
import math
import uuid
from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from migrate.catalogue import catalogue, meaning
from migrate.config import Project, moment
from migrate.findings import Catalogue, Finding
from migrate.spi import Capabilities
from migrate.stages import facts, parts, place
from migrate.stages.brief import Brief, Losses, Span
from migrate.stages.look import Scope, StoreLook
from migrate.stages.placer import BATCH, message_ops
from migrate.stages.resolve import Resolution, propose_emoji
from migrate.stages.sightings import Sightings
from migrate.stages.sort import chunks
from migrate.stages.survey import CHUNK, Surveyed, survey
from migrate.stages.world import World
from migrate.store import Store, ops

CONVERTER = "1"
"""Changes whenever the same record would be sent as other words, so that no plan survives it."""

STAGES = ("load", "resolve", "plan", "check")
"""The stages whose findings a plan shows."""

SECONDS_A_CALL = 0.025
"""What a live target takes for one act, until this project has measured its own."""


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
    brief = Brief(
        adapter=project.adapter,
        caps=caps,
        resolution=resolution,
        look=StoreLook(store, "dummy", caps.ref_width, scope),
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
        ops.put_ops(store, place.account_ops(store, brief))
        ops.put_ops(store, place.conversation_ops(store, brief))
        files = store.db.execute("SELECT id, mode FROM file").fetchall()
        ops.put_ops(store, place.file_ops(files))
    surveyed = survey(
        store,
        project.adapter,
        caps,
        chunks(store, brief, CHUNK),
        world.workers,
        uuid.uuid4().hex,
        scope,
    )

    def counted() -> Iterator[Surveyed]:
        for chunk, remarks in surveyed:
            world.check()
            world.progress.advance(len(chunk.rows))
            sightings.add(remarks.values())
            yield chunk, remarks

    # The generators read messages and ops of other conversations while these rows are written:
    # within one connection SQLite allows that.
    rows = message_ops(store, brief, counted(), losses)
    while batch := list(islice(rows, BATCH)):
        with store.transaction():
            ops.put_ops(store, batch)
    world.progress.end()
    with store.transaction():
        if caps.delivery == "bulk":
            parts.cut_parts(store, caps)
        else:
            ops.index_ops(store, by_lane=caps.order == "lane")
        store.set_findings("losses", losses.findings())
        store.set_findings("resolve", resolution.findings)
        private = [
            Finding(code="conversation-turned-private", place=id)
            for id in place.turned_private(store, resolution)
        ]
        store.set_findings("plan", [*_missing_files(store, project), *private])
    propose_emoji(project, sightings.rows())
    facts.check_sums(store, facts.fates(store, 0))
    store.checkpoint()


def summarize(
    store: Store, project: Project, digest: str, target: str, caps: Capabilities
) -> PlanSummary:
    """What the op rows add up to."""
    known = catalogue(project.adapter)
    reasons = [
        Finding(code=code, count=count, place=where) for code, count, where in facts.reasons(store)
    ]
    told = [tell(finding, known) for finding in (*store.findings(*STAGES), *reasons)]
    return PlanSummary(
        target=target,
        digest=digest,
        counts=_counts(store),
        renames=_renames(store),
        losses=[tell(finding, known) for finding in store.findings("losses")],
        findings=[each for each in told if each.severity != "blocker"],
        blockers=[each for each in told if each.severity == "blocker"],
        estimate=_estimate(store, caps),
    )


def tell(finding: Finding, known: Catalogue) -> Told:
    """A finding with its severity beside it."""
    return Told(finding.code, meaning(finding.code, known).severity, finding.count, finding.place)


def _counts(store: Store) -> dict[str, object]:
    def one(query: str) -> int:
        (value,) = store.db.execute(query).fetchone()
        return int(value or 0)

    def by(query: str) -> dict[str, int]:
        return {str(name): int(count) for name, count in store.db.execute(query)}

    accounts = by("SELECT iif(state = 4, code, ''), count(*) FROM op WHERE kind = 1 GROUP BY 1")
    rooms = by("SELECT state = 4, count(*) FROM op WHERE kind = 2 GROUP BY 1")
    texts = by("SELECT state, count(*) FROM op WHERE kind = 5 AND record != 0 GROUP BY state")
    (rejected,) = store.db.execute("SELECT count(*) FROM reject").fetchone()
    return {
        "accounts": {
            "map": 0,
            "create": 0,
            "merge": accounts.get("person-merged", 0),
            "ghost": accounts.get("", 0),
            "skip": accounts.get("person-skipped", 0),
        },
        "conversations": {
            "create": rooms.get("0", 0),
            "map": 0,
            "skip": rooms.get("1", 0),
            "renamed": len(_renames(store)),
            "made_private": one(
                "SELECT count(*) FROM op JOIN conversation c ON c.num = op.conv WHERE op.kind = 2"
                f" AND op.state != 4 AND op.flags & {ops.PRIVATE} AND c.kind = 'public'"
            ),
        },
        "messages": {
            "send": texts.get("0", 0) + texts.get("1", 0) + texts.get("3", 0),
            "change": 0,
            "already": texts.get("2", 0),
            "skip": texts.get("4", 0) + rejected,
        },
        "pieces": one("SELECT count(*) FROM op WHERE kind = 5 AND state != 4"),
        "reactions": one(
            "SELECT (SELECT count(*) FROM op WHERE kind = 6 AND state != 4)"
            " + (SELECT coalesce(sum(folded), 0) FROM op WHERE kind = 5 AND state != 4)"
        ),
        "pins": one("SELECT count(*) FROM op WHERE kind = 7 AND state != 4"),
        "files": {
            "send": one("SELECT count(*) FROM op WHERE kind = 4 AND state != 4"),
            "link": one(
                "SELECT count(*) FROM op WHERE kind = 4"
                " AND code IN ('file-linked', 'file-external')"
            ),
            "missing": one(
                "SELECT count(*) FROM op WHERE kind = 4 AND state = 4"
                " AND code NOT IN ('file-linked', 'file-external')"
            ),
        },
        "file_bytes": one("SELECT sum(size) FROM file"),
    }


def _renames(store: Store) -> list[Rename]:
    """The conversations that have a name in Slack and another one at the target."""
    query = (
        "SELECT c.id, json_extract(c.data, '$.name') AS slack_name, op.name FROM op"
        " JOIN conversation c ON c.num = op.conv WHERE op.kind = 2 AND op.state != 4"
        " AND slack_name != '' AND slack_name != op.name ORDER BY c.num"
    )
    return [Rename(*row) for row in store.db.execute(query)]


def _estimate(store: Store, caps: Capabilities) -> Estimate:
    (calls,) = store.db.execute(
        "SELECT count(*) FROM op WHERE state IN (0, 1, 3) AND kind != 7"
    ).fetchone()
    if caps.delivery == "bulk":
        return Estimate(seconds=math.ceil(calls / 20_000), server_seconds=0)
    seconds = float(store.meta("seconds_a_call") or SECONDS_A_CALL)
    return Estimate(seconds=math.ceil(calls * seconds), server_seconds=math.ceil(calls * seconds))


def _missing_files(store: Store, project: Project) -> list[Finding]:
    """Bodies that Slack still has and nobody fetched block the plan, unless links will do."""
    if project.config.files.missing == "link":
        return []
    count, first = store.db.execute(
        "SELECT count(*), min(item) FROM op WHERE kind = 4 AND code = 'file-linked'"
    ).fetchone()
    return [Finding(code="files-missing", count=count, place=first)] if count else []


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
