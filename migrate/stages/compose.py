"""PUSH for archives: each part composed in a pool, written whole or not at all, recorded, and at
the end all of them joined by the session, their files and counts held against the plan."""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path

import msgspec

from migrate.errors import ChatMigrateError, Fatal, Interrupted
from migrate.spi import Adapter, Artifact, BulkSession, Capabilities, Composer, Part, PartFile
from migrate.stages.additions import PAIRS
from migrate.stages.archives import (
    Archive,
    bounds,
    deliver_parts,
    is_delivered,
    joined_archives,
    note_archive,
    read_archive,
)
from migrate.stages.bodies import bodies
from migrate.stages.brief import LATE
from migrate.stages.desk import Desk
from migrate.stages.parts import PLANNED, WRITTEN, PartRow, keep_streams, parts, settle_part
from migrate.stages.pool import map_bounded
from migrate.stages.world import World
from migrate.store import OpKind, Store, open_store, ops
from migrate.store.drafts import DraftReader
from migrate.store.joined import note_joined

FOLDER = "parts"
"""Where the written parts lie, within the project."""


def compose_all(
    store: Store, adapter: Adapter, session: BulkSession, world: World, run: int
) -> Archive:
    """Write every part that is not there yet, then join them. Where an archive was joined for good
    and nothing is new, that one.

    Raises Interrupted where the world says stop, Fatal where the disk refuses.
    """
    folder = store.path.parent / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    number = joined_archives(store) + 1
    if number > 1 and not parts(store, number):
        return _joined_before(store, adapter, session, world, number - 1)
    _plan_damaged(store, folder, number)
    todo = [part for part in parts(store, number) if part.state == PLANNED]
    world.progress.begin("Writing the archive", len(todo), "parts")
    for part in _compose(store, adapter, session.caps, todo, world, str(run)):
        world.probe("part.written", str(part.num))
        settle_part(store, part, run)
        world.probe("part.noted", str(part.num))
        world.progress.advance()
    world.progress.end()
    if world.stopped():
        raise Interrupted("interrupted", "Interrupted; whole parts are kept.", "Run again.")
    _hold_to_plan(store, number)
    artifact = _join(store, session, number)
    world.probe("archive.joined", "")
    delivered = not todo and is_delivered(store, number)
    archive = Archive(number, str(artifact.path), artifact.next_steps, delivered)
    with store.transaction():
        store.db.execute(
            "UPDATE op SET state = 2, run = ?, part = iif(kind = 4, ?, part)"
            " WHERE state IN (0, 1) AND (kind IN (4, 8) OR kind = 3 AND flags & ? = 0)",
            (run, bounds(store, number)[1], ops.LATE),
        )
        if session.caps.delta == "append":
            deliver_parts(store, number)
        else:
            note_joined(store)
        note_archive(store, archive)
    return archive


def _joined_before(
    store: Store, adapter: Adapter, session: BulkSession, world: World, number: int
) -> Archive:
    """An archive that is finished. Where its file is gone and no server has it, it is joined once
    more, of the same parts."""
    archive = read_archive(store, number)
    if archive.delivered or Path(archive.path).exists():
        return archive
    folder = store.path.parent / FOLDER
    broken = [part for part in parts(store, number) if not _is_whole(folder, part)]
    for part in _compose(store, adapter, session.caps, broken, world, f"again {number}"):
        with store.transaction():
            keep_streams(store, part)
    _join(store, session, number)
    return archive


def _compose(
    store: Store,
    adapter: Adapter,
    caps: Capabilities,
    todo: Sequence[PartRow],
    world: World,
    stamp: str,
) -> Iterator[PartRow]:
    work = partial(compose_part, path=store.path, adapter=adapter, caps=caps, stamp=stamp)
    try:
        yield from map_bounded(work, _until_stopped(todo, world.stopped), world.workers)
    finally:
        _desk.cache_clear()


def _join(store: Store, session: BulkSession, number: int) -> Artifact:
    folder = store.path.parent / FOLDER
    files = [
        PartFile(
            part=Part(number=part.num, kind=part.kind),  # type: ignore[arg-type]  # as cut
            streams={name: folder / file for name, (file, _, _) in part.streams.items()},
        )
        for part in parts(store, number)
    ]
    return session.finish(files, bodies(store, _body_ids(store, number)), number)


def _body_ids(store: Store, number: int) -> list[str]:
    """The bodies that an archive needs: those that no earlier one brought, and those of its
    messages, whether they are new or carried."""
    ours = bounds(store, number)
    query = (
        "SELECT item FROM op WHERE conv = 0 AND ts = 0 AND kind = 4 AND (state IN (0, 1)"
        " OR state = 2 AND part BETWEEN ? AND ?)"
    )
    ids = {item for (item,) in store.db.execute(query, ours)}
    ids.update(
        file
        for (file,) in store.db.execute(
            f"SELECT a.file {PAIRS} WHERE m.part BETWEEN ?1 AND ?2 AND f.state != 4"
            " AND (late.conv IS NULL OR late.state = 4)"
            f" UNION SELECT substr(item, {len(LATE) + 1}) FROM op WHERE kind = 5"
            f" AND part BETWEEN ?1 AND ?2 AND item GLOB '{LATE}*'",
            ours,
        )
    )
    drafts = DraftReader(store)
    carried = store.db.execute(
        "SELECT DISTINCT conv, ts FROM carried WHERE ts != 0 AND part BETWEEN ? AND ?", ours
    )
    for conv, ts in carried:
        draft = drafts.find(conv, ts)
        if draft is not None:
            ids.update(file.id for file in draft.files)
    return sorted(ids)


def compose_part(
    part: PartRow, path: Path, adapter: Adapter, caps: Capabilities, stamp: str
) -> PartRow:
    """Compose one part and write its streams; runs in a worker, which opens the store by itself."""
    assert isinstance(adapter, Composer)  # a conformance test holds that it is one
    desk = _desk(path, caps, stamp)
    composed = adapter.compose(
        Part(number=part.num, kind=part.kind),  # type: ignore[arg-type]  # as cut
        desk.rows(part, adapter),
        caps,
    )
    streams = {
        name: _write(path.parent / FOLDER, f"{part.num:06d}.{name}", data)
        for name, data in composed.streams.items()
    }
    return msgspec.structs.replace(
        part, state=max(part.state, WRITTEN), streams=streams, counts=dict(composed.counts)
    )


@lru_cache(maxsize=1)
def _desk(path: Path, caps: Capabilities, stamp: str) -> Desk:
    """What a worker keeps at hand from part to part. Not by the adapter, which comes to it anew
    with every part."""
    return Desk(open_store(path, read_only=True), caps)


def _write(folder: Path, name: str, data: bytes) -> tuple[str, int, str]:
    """Write beside the name, to the disk, then rename: a part is there whole or not at all."""
    beside = folder / f"{name}.new"
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(folder / name)
    except OSError as error:
        raise Fatal(
            "disk-refused",
            f"A part of the archive could not be written: {error.strerror}.",
            "Free some space, then run again to continue.",
        ) from error
    return name, len(data), hashlib.sha256(data).hexdigest()


def _plan_damaged(store: Store, folder: Path, number: int) -> None:
    """Parts whose files are not as they were written are made again."""
    for part in parts(store, number):
        if part.state != PLANNED and not _is_whole(folder, part):
            settle_part(store, msgspec.structs.replace(part, state=PLANNED), 0)


def _is_whole(folder: Path, part: PartRow) -> bool:
    return all(_whole(folder, *each) for each in part.streams.values())


def _whole(folder: Path, name: str, length: int, digest: str) -> bool:
    path = folder / name
    if not path.is_file() or path.stat().st_size != length:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == digest


def _hold_to_plan(store: Store, number: int) -> None:
    """The parts' own counts must sum to the ops; anything else would be a silent loss."""
    written: Counter[str] = Counter()
    for part in parts(store, number):
        written.update(part.counts)
    query = (
        "SELECT kind, sum(piece = 0), sum(folded) FROM op WHERE state = 2"
        " AND (kind IN (1, 2, 5, 6, 7) OR kind = 4 AND item GLOB 'emoji/*')"
        " AND +part BETWEEN ? AND ? GROUP BY kind"
    )
    first, last = bounds(store, number)
    planned: Counter[str] = Counter()
    for kind, count, folded in store.db.execute(query, (first, last)):
        planned[_RECORDS[kind]] += count
        planned["reactions"] += folded
    for records in _RECORDS.values():
        if planned[records] != written[records]:
            raise ChatMigrateError(
                "parts-incomplete",
                f"The archive's parts hold {written[records]} {records}, the plan"
                f" {planned[records]}.",
                "This is a bug in chat-migrate; the archive was not joined.",
            )


_RECORDS = {
    OpKind.ACCOUNT: "accounts",
    OpKind.CONVERSATION: "conversations",
    OpKind.FILE: "emoji",
    OpKind.MESSAGE: "messages",
    OpKind.REACTION: "reactions",
    OpKind.PIN: "pins",
}


def _until_stopped(items: Iterable[PartRow], stopped: Callable[[], bool]) -> Iterator[PartRow]:
    for item in items:
        if stopped():
            return
        yield item
