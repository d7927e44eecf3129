"""LOAD: the archives into the store, member by member, in several processes. Overlapping exports
are merged by key; nothing that an earlier export brought is taken away."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from functools import partial

import msgspec

from migrate.findings import Finding
from migrate.model import File, Person, ts_micros
from migrate.source import Export, Haul, Record, Run, fill, read_run
from migrate.stages import look
from migrate.stages.pool import map_bounded
from migrate.stages.world import World
from migrate.store import Store, files, messages, people

STAGE = "load"


class Packed(msgspec.Struct, frozen=True, kw_only=True):
    """A run as the store takes it: rows in the order of `messages.Row` but for the author, who is
    an id, and the page, which counts from 0. `attachments` are ts in microseconds and file ids."""

    conversation: str
    rows: list[tuple[object, ...]]
    attachments: list[tuple[int, str]]
    pages: list[bytes]
    people: list[Person]
    files: list[File]
    pins: list[int]
    deleted: list[int]
    rejects: list[tuple[str, str]]
    findings: list[Finding]
    records: int


def load(store: Store, export: Export, world: World, *, pages: bool = True) -> bool:
    """Bring an export into the store; False where it was there already. Without `pages` the raw
    JSON is left out, which is all that `inspect` needs."""
    if store.meta("archives") == export.fingerprint:
        return False
    merging = store.db.execute("SELECT 1 FROM message LIMIT 1").fetchone() is not None
    findings: Counter[str] = Counter()
    places: dict[str, str] = {}

    def found(some: Iterable[Finding]) -> None:
        for finding in some:
            findings[finding.code] += finding.count
            places.setdefault(finding.code, finding.place)

    with store.transaction():
        store.set_meta("archives", "")
        store.set_meta("loaded", "")
        store.set_meta("workspace", store.meta("workspace") or export.workspace)
        store.set_meta("domain", export.domain or store.meta("domain"))
        known = msgspec.json.decode(store.meta(look.GROUPS, "{}"))
        store.set_meta(look.GROUPS, msgspec.json.encode(known | dict(export.groups)).decode())
        store.set_meta("offline", str(export.counts["uploads"] + export.counts["attachments"]))
        store.db.execute("DELETE FROM reject")
        # What Slack or an earlier export told of somebody is not forgotten for a list without it.
        before = {person.id: person for _, person in people.people(store)}
        for listed in (True, False):
            some = (
                fill(each, before.get(each.id, each))
                for each in export.people
                if (each.id in export.listed) is listed
            )
            people.put_people(store, some, listed=listed)
        people.put_conversations(store, export.conversations)
        messages.put_files(store, export.files)
        found(export.findings)
    writer = _Writer(store)
    with store.transaction():
        for conversation in export.conversations:
            writer.know(conversation.members)
            writer.pin(conversation.id, conversation.pins)
    world.progress.begin("Reading the export", export.day_files, "files")
    work = partial(pack_run, bot_users=dict(export.bot_users), pages=pages)
    sizes: list[int] = []

    def counted(runs: Iterable[Run]) -> Iterable[Run]:
        for run in runs:
            sizes.append(len(run.members))
            yield run

    for number, packed in enumerate(map_bounded(work, counted(export.runs()), world.workers)):
        world.check()
        with store.transaction():
            duplicates = writer.write(packed)
        found(packed.findings)
        if duplicates and not merging:
            found([Finding(code="duplicate-merged", place=packed.conversation, count=duplicates)])
        world.progress.advance(sizes[number])
    world.progress.end()
    with store.transaction():
        files.add_places(store, export.pages)
        store.db.execute("DELETE FROM page WHERE num NOT IN (SELECT page FROM message)")
        store.set_findings(
            STAGE, [Finding(code=c, count=n, place=places[c]) for c, n in findings.items()]
        )
        # What an export brought stays when it is taken out of the configuration, so a plan rests
        # on all that were ever loaded and not on the last ones alone.
        held = hashlib.sha256((store.meta("held") + export.fingerprint).encode()).hexdigest()
        store.set_meta("held", held)
        store.set_meta("loaded", held)
        store.set_meta("archives", export.fingerprint)
    store.checkpoint()
    return True


def pack_run(run: Run, bot_users: dict[str, str], pages: bool) -> Packed:
    """Read a run and lay its records out for the store: one message once, pages of one
    conversation. Runs in a worker."""
    haul: Haul = read_run(run, bot_users)
    newest: dict[int, Record] = {}
    for record in haul.records:
        known = newest.get(record.ts)
        if known is None or _edition(record) >= _edition(known):
            newest[record.ts] = record
    rows: list[tuple[object, ...]] = []
    packed: list[bytes] = []
    page: list[bytes] = []
    size = 0
    for ts in sorted(newest):
        record = newest[ts]
        if size >= messages.PAGE_BYTES:
            packed.append(messages.pack_page(page))
            page, size = [], 0
        rows.append(
            (
                0,
                ts,
                record.root,
                record.author,
                messages.KINDS.index(record.kind),
                record.flags,
                _edition(record),
                haul.generation,
                record.reactions,
                len(packed),
                len(page),
                record.ts_text or None,
            )
        )
        if pages:
            page.append(record.raw)
            size += len(record.raw)
    if page:
        packed.append(messages.pack_page(page))
    return Packed(
        conversation=haul.conversation,
        rows=rows,
        attachments=[(ts, file) for ts in sorted(newest) for file in newest[ts].files],
        pages=packed,
        people=haul.people,
        files=haul.files,
        pins=haul.pins,
        deleted=haul.deleted,
        rejects=haul.rejects,
        findings=haul.findings,
        records=len(haul.records),
    )


def _edition(record: Record) -> int:
    """How new a record's text is: its last edit, or beyond them all."""
    return messages.GONE if record.flags & messages.FLAG_TOMBSTONE else record.edited


class _Writer:
    """Turns ids into numbers and writes packed runs, one after another."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._people = people.person_numbers(store)
        self._conversations = people.conversation_numbers(store)

    def know(self, ids: Iterable[str]) -> None:
        """Give a number to everybody of whom nothing but an id is known."""
        strangers = [id for id in dict.fromkeys(ids) if id not in self._people]
        self._add([Person(id=id, kind="unknown") for id in strangers])

    def pin(self, conversation: str, moments: Iterable[str]) -> None:
        usable = []
        for ts in moments:
            try:
                usable.append(ts_micros(ts))
            except ValueError:
                continue  # a pinned file's id stands where a ts should
        messages.put_moments(self._store, "pin", self._conversations[conversation], usable)

    def write(self, packed: Packed) -> int:
        """Write one run; returns how many of its records were merged into others."""
        store, conv = self._store, self._conversations[packed.conversation]
        self._add(packed.people)
        authors = [str(row[3]) for row in packed.rows]
        self.know(authors)
        overlap = 0
        if packed.rows:
            first, last = packed.rows[0][1], packed.rows[-1][1]
            overlap = self._count(conv, first, last)
        page = messages.put_pages(store, packed.pages)
        messages.put_rows(
            store,
            (
                (conv, *row[1:3], self._people[author], *row[4:9], page + row[9], *row[10:])  # type: ignore[operator]  # row[9] is an int
                for row, author in zip(packed.rows, authors, strict=True)
            ),
        )
        merged = packed.records - len(packed.rows)
        if overlap:
            merged += overlap + len(packed.rows) - self._count(conv, first, last)
        messages.put_files(store, packed.files)
        self._attach(conv, page, packed, bool(overlap))
        messages.put_moments(store, "pin", conv, packed.pins)
        messages.put_moments(store, "deletion", conv, packed.deleted)
        store.db.executemany(
            "INSERT INTO reject VALUES (?, ?, ?)", [(conv, *reject) for reject in packed.rejects]
        )
        return merged

    def _attach(self, conv: int, page: int, packed: Packed, overlapping: bool) -> None:
        """Note which messages have which files. Of a message that was known already its newest
        record says so: it lies in a page from `page` on if it is one of these."""
        if not packed.pages:
            return
        attachments: Iterable[tuple[int, str]] = packed.attachments
        if overlapping:
            query = "SELECT ts FROM message WHERE conv = ? AND ts BETWEEN ? AND ? AND page >= ?"
            span = (packed.rows[0][1], packed.rows[-1][1])
            ours = {ts for (ts,) in self._store.db.execute(query, (conv, *span, page))}
            files.drop_attachments(self._store, conv, ours)
            attachments = [each for each in attachments if each[0] in ours]
        files.put_attachments(self._store, conv, attachments)

    def _add(self, some: list[Person]) -> None:
        if not some:
            return
        people.put_people(self._store, some, listed=False)
        new = [person.id for person in some if person.id not in self._people]
        for id in new:
            (num,) = self._store.db.execute("SELECT num FROM person WHERE id = ?", (id,)).fetchone()
            self._people[id] = num

    def _count(self, conv: int, first: object, last: object) -> int:
        (count,) = self._store.db.execute(
            "SELECT count(*) FROM message WHERE conv = ? AND ts BETWEEN ? AND ?",
            (conv, first, last),
        ).fetchone()
        return int(count)
