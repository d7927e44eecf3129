"""PUSH for archives: each part composed in a pool, written whole or not at all, recorded, and at
the end all of them joined by the session, their files and counts held against the plan."""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from pathlib import Path

import msgspec

from migrate.errors import ChatMigrateError, Fatal, Interrupted
from migrate.spi import (
    Account,
    Artifact,
    BulkSession,
    Capabilities,
    Composer,
    Opening,
    Part,
    PartFile,
    Placement,
    Posting,
)
from migrate.stages.acts import Acts, read_message
from migrate.stages.look import StoreLook
from migrate.stages.parts import (
    PLANNED,
    THREAD_ORDER,
    TIME_ORDER,
    WRITTEN,
    PartRow,
    parts,
    settle_part,
)
from migrate.stages.pool import map_bounded
from migrate.stages.reading import MessageReader
from migrate.stages.world import World
from migrate.store import OpKind, Store, open_store, ops

FOLDER = "parts"
"""Where the written parts lie, within the project."""


def compose_all(
    store: Store, adapter: Composer, session: BulkSession, world: World, run: int
) -> Artifact:
    """Write every part that is not there yet, then join them.

    Raises Interrupted where the world says stop, Fatal where the disk refuses.
    """
    folder = store.path.parent / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    _plan_damaged(store, folder)
    todo = [part for part in parts(store) if part.state == PLANNED]
    work = partial(
        compose_part, path=store.path, adapter=adapter, caps=session.caps, stamp=str(run)
    )
    world.progress.begin("Writing the archive", len(todo), "parts")
    try:
        for part in map_bounded(work, _until_stopped(todo, world.stopped), world.workers):
            world.probe("part.written", str(part.num))
            settle_part(store, part, run)
            world.probe("part.noted", str(part.num))
            world.progress.advance()
    finally:
        _desk.cache_clear()
    world.progress.end()
    if world.stopped():
        raise Interrupted("interrupted", "Interrupted; whole parts are kept.", "Run again.")
    _hold_to_plan(store, session.caps)
    artifact = session.finish(
        [
            PartFile(
                part=Part(number=part.num, kind=part.kind),  # type: ignore[arg-type]  # as cut
                streams={name: folder / file for name, (file, _, _) in part.streams.items()},
            )
            for part in parts(store)
        ],
        (),
        1,
    )
    world.probe("archive.joined", "")
    with store.transaction():
        store.db.execute(
            "UPDATE op SET state = 2, run = ? WHERE state IN (0, 1) AND kind IN (3, 7, 8)", (run,)
        )
    return artifact


def compose_part(
    part: PartRow, path: Path, adapter: Composer, caps: Capabilities, stamp: str
) -> PartRow:
    """Compose one part and write its streams; runs in a worker, which opens the store by itself."""
    store, desk = _desk(path, caps.ref_width, stamp)
    row_source = _rows(store, desk, part, caps)
    composed = adapter.compose(
        Part(number=part.num, kind=part.kind),  # type: ignore[arg-type]  # as cut
        row_source,
        caps,
    )
    streams = {
        name: _write(path.parent / FOLDER, f"{part.num:06d}.{name}", data)
        for name, data in composed.streams.items()
    }
    return PartRow(part.num, part.kind, WRITTEN, streams, dict(composed.counts))


class Desk:
    """What a worker keeps at hand from part to part."""

    def __init__(self, store: Store, width: int) -> None:
        self.acts = Acts(store, "placed")
        self.look = StoreLook(store, "placed", width)
        self.reader = MessageReader(store, self.acts.workspace)


@lru_cache(maxsize=1)
def _desk(path: Path, width: int, stamp: str) -> tuple[Store, Desk]:
    store = open_store(path, read_only=True)
    return store, Desk(store, width)


def _rows(
    store: Store, desk: Desk, part: PartRow, caps: Capabilities
) -> Iterator[Account | Opening | Posting]:
    if part.kind == "accounts":
        for op in ops.select(store, "kind = 1 AND part = ?", (part.num,), "ORDER BY author"):
            yield desk.acts.planned_account(op.author)
    elif part.kind == "conversations":
        for op in ops.select(store, "kind = 2 AND part = ?", (part.num,), "ORDER BY conv"):
            yield desk.acts.opening(op.conv)
    else:
        yield from _postings(store, desk, part, caps)


def _postings(store: Store, desk: Desk, part: PartRow, caps: Capabilities) -> Iterator[Posting]:
    order = THREAD_ORDER if caps.part_order == "thread" else TIME_ORDER
    where = "kind = 5 AND part = ? AND piece = 0"
    for op in ops.select(store, where, (part.num,), f"ORDER BY {order}"):
        root, root_id = None, ""
        if op.root:
            above = next(
                ops.select(
                    store,
                    "conv = ? AND ts = ? AND kind = 5 AND piece = 0 AND state != 4",
                    (op.conv, op.root),
                    "ORDER BY item DESC LIMIT 1",
                ),
                None,
            )
            if above is not None:
                root, root_id = Placement(above.name, above.time), desk.acts.id(above)
        pin = ops.op(store, op.conv, op.ts, OpKind.PIN)
        yield Posting(
            id=desk.acts.id(op),
            message=read_message(store, desk.reader, desk.acts, op),
            placement=Placement(op.name, op.time),
            opening=desk.acts.opening(op.conv),
            author=desk.acts.planned_account(op.author),
            look=desk.look.before(op.ts),
            root=root,
            root_id=root_id,
            pinned=pin is not None and pin.state != ops.State.SKIPPED,
        )


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


def _plan_damaged(store: Store, folder: Path) -> None:
    """Parts whose files are not as they were written are made again."""
    for part in parts(store):
        if part.state == PLANNED or all(_whole(folder, *each) for each in part.streams.values()):
            continue
        settle_part(store, msgspec.structs.replace(part, state=PLANNED), 0)


def _whole(folder: Path, name: str, length: int, digest: str) -> bool:
    path = folder / name
    if not path.is_file() or path.stat().st_size != length:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == digest


def _hold_to_plan(store: Store, caps: Capabilities) -> None:
    """The parts' own counts must sum to the ops; anything else would be a silent loss."""
    written: Counter[str] = Counter()
    for part in parts(store):
        written.update(part.counts)
    queries = {
        "accounts": "SELECT count(*) FROM op WHERE kind = 1 AND state = 2",
        "conversations": "SELECT count(*) FROM op WHERE kind = 2 AND state = 2",
        "messages": "SELECT count(*) FROM op WHERE kind = 5 AND state = 2 AND piece = 0",
    }
    if caps.reactions == "folded":
        queries["reactions"] = "SELECT sum(folded) FROM op WHERE kind = 5 AND state = 2"
    if caps.pins:
        queries["pins"] = "SELECT count(*) FROM op WHERE kind = 7 AND state != 4"
    for kind, query in queries.items():
        planned = store.db.execute(query).fetchone()[0] or 0
        if planned != written[kind]:
            raise ChatMigrateError(
                "parts-incomplete",
                f"The archive's parts hold {written[kind]} {kind}, the plan {planned}.",
                "This is a bug in chat-migrate; the archive was not joined.",
            )


def _until_stopped(items: Iterable[PartRow], stopped: Callable[[], bool]) -> Iterator[PartRow]:
    for item in items:
        if stopped():
            return
        yield item
