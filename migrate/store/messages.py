"""Messages: narrow rows for the planner beside the raw JSON in compressed pages, so that a better
parser can run again without the archive. Files, pins, deletions and rejects lie here too."""

import zlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from migrate.model import File, micros_ts
from migrate.store.connection import Store

KINDS = ("message", "emote", "notice")
"""A message row's `kind` is the place in this tuple."""

NOTICE = KINDS.index("notice")

FLAG_BROADCAST, FLAG_THREAD, FLAG_TOMBSTONE, FLAG_PINNED = 1, 2, 4, 8

GONE = 2**62
"""Stands as a tombstone's edit: a deletion is newer than every edit, whichever archive has it."""

PAGE_BYTES = 32_768


class Row(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A message row. `ts`, `root` and `edited` are microseconds, 0 for none; `page` and `idx` say
    where its raw JSON lies; `ts_text` is Slack's ts where it is not the canonical writing."""

    conv: int
    ts: int
    root: int
    author: int
    kind: int
    flags: int
    edited: int
    gen: int
    reactions: int
    page: int
    idx: int
    ts_text: str | None = None

    @property
    def slack_ts(self) -> str:
        return self.ts_text or micros_ts(self.ts)


def pack_page(raws: Sequence[bytes]) -> bytes:
    """Compress compacted JSON records, none of which holds a newline, into one page."""
    return zlib.compress(b"\n".join(raws), 1)


def put_pages(store: Store, pages: Sequence[bytes]) -> int:
    """Store pages and return the number of the first; the others follow it."""
    (last,) = store.db.execute("SELECT coalesce(max(num), 0) FROM page").fetchone()
    first = int(last) + 1
    store.db.executemany("INSERT INTO page VALUES (?, ?)", enumerate(pages, first))
    return first


def put_rows(store: Store, rows: Iterable[Sequence[object]]) -> None:
    """Insert rows in the order of `Row`'s fields. Where a message is known already, the newest edit
    wins, then the newer archive."""
    store.db.executemany(
        "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET root = excluded.root, author = excluded.author,"
        " kind = excluded.kind, flags = excluded.flags | (message.flags & 8),"
        " edited = excluded.edited, gen = excluded.gen, reactions = excluded.reactions,"
        " page = excluded.page, idx = excluded.idx"
        " WHERE (excluded.edited, excluded.gen) > (message.edited, message.gen)",
        rows,
    )


def put_files(store: Store, files: Iterable[File]) -> None:
    """Insert files; what a later record says replaces what an earlier one said, unless the later
    one only knows that the file is gone, or is kept by another workspace."""
    store.db.executemany(
        "INSERT INTO file VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET mode = excluded.mode,"
        " size = max(size, excluded.size), data = excluded.data"
        " WHERE excluded.mode NOT IN ('tombstone', 'hidden_by_limit', 'file_access')",
        [(f.id, f.mode, f.size, msgspec.json.encode(f)) for f in files],
    )


def put_moments(store: Store, table: str, conv: int, moments: Iterable[int]) -> int:
    """Insert ts of one conversation into `pin` or `deletion`; returns how many are new."""
    before = store.db.total_changes
    store.db.executemany(
        f"INSERT OR IGNORE INTO {table} VALUES (?, ?)", [(conv, ts) for ts in moments]
    )
    return store.db.total_changes - before


def rows(store: Store, conv: int, first: int = 0, last: int = GONE) -> Iterator[Row]:
    """One conversation's messages in the order of time, deleted ones among them; all of them, or
    those from `first` to `last` (microseconds), both included."""
    query = "SELECT * FROM message WHERE conv = ? AND ts BETWEEN ? AND ? ORDER BY ts"
    for row in store.db.execute(query, (conv, first, last)):
        yield Row(*row)


def deletions(store: Store, conv: int) -> set[int]:
    """The ts of messages that a deletion entry takes away."""
    return {ts for (ts,) in store.db.execute("SELECT ts FROM deletion WHERE conv = ?", (conv,))}


def row(store: Store, conv: int, ts: int) -> Row | None:
    found = store.db.execute(
        "SELECT * FROM message WHERE conv = ? AND ts = ?", (conv, ts)
    ).fetchone()
    return None if found is None else Row(*found)


def pins(store: Store, conv: int) -> list[int]:
    """The pinned messages' ts in the order of time, those that the export does not hold left
    out."""
    query = "SELECT ts FROM pin JOIN message USING (conv, ts) WHERE conv = ? ORDER BY ts"
    return [ts for (ts,) in store.db.execute(query, (conv,))]


class PageReader:
    """Raw records by page and index, with the last `keep` pages unpacked."""

    def __init__(self, store: Store, keep: int = 48) -> None:
        self._store = store
        self._keep = keep
        self._pages: OrderedDict[int, list[bytes]] = OrderedDict()

    def raw(self, page: int, idx: int) -> bytes:
        """The record's compacted JSON, without live tokens."""
        lines = self._pages.get(page)
        if lines is None:
            (packed,) = self._store.db.execute(
                "SELECT raw FROM page WHERE num = ?", (page,)
            ).fetchone()
            lines = zlib.decompress(packed).split(b"\n")
            self._pages[page] = lines
            if len(self._pages) > self._keep:
                self._pages.popitem(last=False)
        else:
            self._pages.move_to_end(page)
        return lines[idx]
