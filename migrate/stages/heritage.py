"""CHECK, where a project that made an archive goes on at the living target that has taken it: what
the archive brought is found again there, once, and counts as done for good. The target is read and
nothing else; it becomes the project's own with the first run (`gate`)."""

from functools import partial

import msgspec

from migrate.errors import BlockedError, Skip
from migrate.findings import Finding
from migrate.model import Ref
from migrate.spi import Capabilities, Heir, Session
from migrate.stages.archives import deliver_parts, reclaim_parts
from migrate.stages.brief import LATE
from migrate.stages.engine import Engine
from migrate.stages.existing import Found
from migrate.stages.resolution import DIRECT
from migrate.stages.tracing import Traces, find_messages, inherited
from migrate.stages.world import World
from migrate.store import Op, OpKind, Store, joined, ops, people

_META = "heritage"


class Heritage(msgspec.Struct, frozen=True):
    """The fingerprints of the archive's target and of the living one."""

    inherits: str
    into: str


def heritage(store: Store) -> Heritage | None:
    """What was taken over; None where nothing was."""
    kept = store.meta(_META)
    return msgspec.json.decode(kept, type=Heritage) if kept else None


def is_due(store: Store, caps: Capabilities) -> bool:
    """Whether an archive has to be taken over before anything can be planned for a target of these
    capabilities."""
    if caps.delivery != "live" or heritage(store) is not None or not store.meta("target"):
        return False
    written = "SELECT 1 FROM part WHERE streams != x'7b7d' LIMIT 1"
    return store.db.execute(written).fetchone() is not None


def hold_taken_over(store: Store, caps: Capabilities) -> None:
    """Nothing is planned, sent or read back before the archive was taken over; and nobody goes back
    to the archive once something may have been sent."""
    known = heritage(store)
    if is_due(store, caps):
        raise BlockedError(
            "archive-unchecked",
            "This project made an archive and is to go on at a living target, where nobody has"
            " looked yet what stands of it.",
            "Once the archive is imported, run `chat-migrate plan --check`.",
        )
    if known is not None and caps.delivery == "bulk" and store.meta("target") != known.inherits:
        raise BlockedError(
            "archive-left",
            "This project has gone on at the living target: what was sent there is in no archive.",
            "Put the way of migration.toml back as it was, or make a new project for a fresh"
            " target.",
        )


def go_back(store: Store, caps: Capabilities) -> None:
    """Let a project go on with its archive after all, where nothing was sent to the living target;
    does nothing where that is not asked for."""
    known = heritage(store)
    if known is not None and caps.delivery == "bulk" and store.meta("target") == known.inherits:
        with store.transaction():
            _give_back(store)


async def take_over(
    store: Store, session: Session, found: Found | None, world: World
) -> list[Finding]:
    """Find the archive's work again at the target of `session`, where it is due, and count it as
    done; in one transaction, so that a crash leaves it to be done again. Findings of which one is a
    blocker where it cannot be. Where it was done before, what could not be seen then is looked for
    once more.

    Raises BlockedError where the session cannot go on with this archive.
    """
    known = heritage(store)
    if known is None and not is_due(store, session.caps):
        return []
    if known is not None and known.into == session.fingerprint:
        return await _look_again(store, session, found, world)
    if known is not None:
        if store.meta("target") != known.inherits:
            return []  # not the target of this project; `gate` says so
        with store.transaction():
            _give_back(store)
    heir = _heir(store, session)
    with store.transaction():
        joined.restore(store)
        ops.disinherit(store)
        store.set_meta("planned", "")
    if found is None:
        return [Finding(code="archive-directory-closed")]
    told = Traces(store, found)
    if told.missing:
        return told.missing
    await find_messages(store, heir, {*told.rooms, *told.direct}, world)
    with store.transaction():
        deliver_parts(store, 1)
        for op, ref in (*told.accounts, *told.rooms.values()):
            ops.inherit(store, op, ref)
        # A custom emoji is known by its name.
        store.db.execute(
            "UPDATE op SET ref = name WHERE conv = 0 AND ts = 0 AND kind = 4 AND part >= 0"
            " AND item GLOB 'emoji/*'"
        )
        kept = Heritage(store.meta("target"), session.fingerprint)
        store.set_meta(_META, msgspec.json.encode(kept).decode())
    return [*told.closed, *_tell(store)]


async def _look_again(
    store: Store, session: Session, found: Found | None, world: World
) -> list[Finding]:
    """The importing account may have been let in where it could not look before."""
    if found is None or not isinstance(session, Heir):
        return []
    told = Traces(store, found)
    unseen = "SELECT DISTINCT lane FROM op WHERE kind = 5 AND state = 2 AND part >= 0 AND ref = ''"
    there = {*told.rooms, *told.direct}
    rooms = {lane for (lane,) in store.db.execute(unseen) if lane in there}
    learned = await find_messages(store, session, rooms, world)
    with store.transaction():
        for op, ref in told.rooms.values():
            if not op.ref:
                ops.inherit(store, op, ref)
                learned += 1
        if learned:
            store.set_meta("planned", "")
    return [*told.closed, *_tell(store)]


def bring_again(store: Store) -> None:
    """Bodies that came in an archive have no ref at a living target: one that a new message has is
    uploaded once more, and no other."""
    if heritage(store) is None:
        return
    new = "m.kind = 5 AND m.state = 0 AND m.piece = 0 AND m.part < 0"
    store.db.execute(
        "UPDATE op SET state = iif(item IN (SELECT a.file FROM attachment a JOIN op m"
        f" ON m.conv = a.conv AND m.ts = a.ts AND m.item = '' WHERE {new}"
        f" UNION SELECT substr(m.item, {len(LATE) + 1}) FROM op m"
        f" WHERE m.item GLOB '{LATE}*' AND {new}), 0, 2)"
        " WHERE conv = 0 AND ts = 0 AND kind = 4 AND part >= 0 AND ref = '' AND record != 0"
        " AND state IN (0, 2, 3)"
    )


async def reach_direct(engine: Engine) -> None:
    """Ask for the refs of direct conversations that came with the archive: no directory tells them,
    they follow from who takes part. What is there already is not made again."""
    direct = [
        op for op in inherited(engine.store, OpKind.CONVERSATION)
        if not op.ref and engine.acts.opening(op.conv).conversation.kind in DIRECT
    ]  # fmt: skip
    reached: list[tuple[Op, Ref]] = []
    for op in direct:
        act = partial(engine.session.ensure_conversation, engine.acts.opening(op.conv))
        try:
            reached.append((op, await engine.call(act)))
        except Skip:
            continue  # its messages say so, where there are any
    if reached:
        with engine.store.transaction():
            ops.set_refs(engine.store, reached)
        engine.acts.refresh()


def _heir(store: Store, session: Session) -> Heir:
    known = store.meta("target")
    if not isinstance(session, Heir) or session.inherits != known:
        raise BlockedError(
            "target-other",
            f"This project was begun into {known}, and {session.fingerprint} cannot go on there.",
            "Point migration.toml at the first one, or make a new project for this one.",
        )
    if not joined.is_kept(store):
        raise BlockedError(
            "archive-unfinished",
            "The archive of this project is not finished, so that nobody can go on from it.",
            "Put the way of migration.toml back as it was and run once more; or make a new"
            " project.",
        )
    return session


def _give_back(store: Store) -> None:
    joined.restore(store)
    ops.disinherit(store)
    reclaim_parts(store)
    store.set_meta(_META, "")
    store.set_meta("planned", "")


def _tell(store: Store) -> list[Finding]:
    """What was taken over, how much of it nobody can look at, and how much is not there although
    the rest of its conversation is."""
    of_archive = "FROM op WHERE kind = 5 AND state = 2 AND part >= 0 AND piece = 0"
    (found,) = store.db.execute(f"SELECT count(*) {of_archive} AND ref != ''").fetchone()
    told = [Finding(code="archive-taken-over", count=found)]
    seen = f"lane IN (SELECT DISTINCT lane {of_archive} AND ref != '')"
    for code, where in (("archive-unseen", f"NOT {seen}"), ("archive-message-missing", seen)):
        count, conv = store.db.execute(
            f"SELECT count(*), min(conv) {of_archive} AND ref = '' AND {where}"
        ).fetchone()
        if count:
            id = dict(people.conversations(store))[conv].id
            told.append(Finding(code=code, count=count, place=id))
    return told
