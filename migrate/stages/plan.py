"""PLAN: survey, then place; and the digest that tells one plan from another. The target is not
touched. What a person is shown of it is `overview`'s."""

import hashlib
import uuid
from collections.abc import Iterable, Iterator

import msgspec

from migrate.catalogue import catalogue, meaning
from migrate.config import Project, moment
from migrate.findings import Finding
from migrate.spi import Capabilities
from migrate.stages import additions, bodies, delta, facts, parts, place
from migrate.stages.brief import Brief, Losses, Span
from migrate.stages.heritage import bring_again
from migrate.stages.look import Scope, StoreLook
from migrate.stages.placer import BATCH, message_ops
from migrate.stages.proposals import propose_emoji
from migrate.stages.resolution import Resolution
from migrate.stages.sightings import Sightings
from migrate.stages.sort import chunks
from migrate.stages.survey import CHUNK, Surveyed, survey
from migrate.stages.world import World
from migrate.store import Op, Store, drafts, ops
from migrate.store.joined import keeping

CONVERTER = "1"
"""Changes whenever the same record would be sent as other words, so that no plan survives it."""


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
    with keeping(store):
        _plan_anew(store, project, resolution, caps, world)


def _plan_anew(
    store: Store, project: Project, resolution: Resolution, caps: Capabilities, world: World
) -> None:
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
            bring_again(store)
            ops.index_ops(store, by_lane=caps.order == "lane")
        store.set_findings("losses", [*losses.findings(), *delta.late_order(store, caps)])
        store.set_findings("resolve", resolution.findings)
        private = [
            Finding(code="conversation-turned-private", place=id)
            for id in place.turned_private(store, resolution)
        ]
        store.set_findings(
            "plan",
            [
                *_missing_files(store, project),
                *_left_behind(store),
                *private,
                *place.locked(store, resolution, caps.locked),
            ],
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
