"""Drafts: what a plan made of messages for an archive, kept so that the words are converted once,
and so that what is added to a message later finds it by the very same words. What words become is
the adapter's affair."""

import zlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from itertools import accumulate

import msgspec

from mappings.nodes import EMPTY
from migrate.model import File, Key, Message, MessageKind, Reaction
from migrate.spi import Piece, Rendered
from migrate.store.connection import Store

PAGE_BYTES = 32_768

_Reaction = tuple[str, tuple[str, ...]]
_Piece = tuple[bytes, bool]


class Draft(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One message without its body, and what it was rendered to. `ts` is in microseconds,
    `slack_ts` Slack's own writing where that is another, else ""."""

    ts: int
    slack_ts: str
    author: str
    kind: MessageKind
    root: str
    broadcast: bool
    edited: str
    author_name: str
    reactions: tuple[_Reaction, ...]
    files: tuple[File, ...]
    losses: tuple[str, ...]
    pieces: tuple[_Piece, ...]
    lost: tuple[str, ...]

    def message(self, key: Key) -> Message:
        """The message of this key, its body empty."""
        return Message(
            key=key,
            author=self.author,
            kind=self.kind,
            body=EMPTY,
            root=self.root,
            broadcast=self.broadcast,
            edited=self.edited,
            reactions=tuple([Reaction(*each) for each in self.reactions]),
            files=self.files,
            author_name=self.author_name,
            losses=self.losses,
        )

    def rendered(self) -> Rendered:
        return Rendered(tuple([Piece(*each) for each in self.pieces]), self.lost)


class DraftPage(msgspec.Struct, frozen=True):
    """Some drafts of one conversation, packed, and the first and the last ts among them."""

    first: int
    last: int
    raw: bytes


class _Head(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What finds a draft within its page."""

    ts: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Draft).decode
_split = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_heads = msgspec.msgpack.Decoder(list[_Head]).decode


def draft(ts: int, slack_ts: str, message: Message, rendered: Rendered) -> Draft:
    """What is kept of a message and its rendering."""
    return Draft(
        ts,
        slack_ts,
        message.author,
        message.kind,
        message.root,
        message.broadcast,
        message.edited,
        message.author_name,
        tuple([(each.emoji, each.people) for each in message.reactions]),
        message.files,
        message.losses,
        tuple([(each.payload, each.in_thread) for each in rendered.pieces]),
        rendered.losses,
    )


def pack(drafts: Sequence[Draft]) -> list[DraftPage]:
    """Drafts in the order of time, laid out in pages."""
    pages: list[DraftPage] = []
    size = start = 0
    for end, each in enumerate(drafts, 1):
        size += 100 + sum([len(payload) for payload, _ in each.pieces])
        if size >= PAGE_BYTES or end == len(drafts):
            some = drafts[start:end]
            raw = zlib.compress(_encode(some), 1)
            pages.append(DraftPage(some[0].ts, some[-1].ts, raw))
            size, start = 0, end
    return pages


def put_drafts(store: Store, conv: int, pages: Iterable[DraftPage]) -> None:
    """Store pages of one conversation; of a message that is in several the newest counts."""
    store.db.executemany(
        "INSERT INTO draft (conv, first, last, raw) VALUES (?, ?, ?, ?)",
        [(conv, page.first, page.last, page.raw) for page in pages],
    )


def drop_idle(store: Store) -> None:
    """Forget the pages of which nothing is in an archive: a plan makes them anew."""
    store.db.execute(
        "DELETE FROM draft WHERE NOT EXISTS (SELECT 1 FROM op WHERE op.conv = draft.conv"
        " AND op.ts BETWEEN draft.first AND draft.last AND op.kind = 5"
        " AND (op.state IN (1, 2) OR op.part >= 0))"
    )


class DraftReader:
    """Drafts by conversation and ts, with the last `keep` pages unpacked. A draft is decoded when
    it is asked for: of a page another process may need the rest."""

    def __init__(self, store: Store, keep: int = 48) -> None:
        self._store = store
        self._keep = keep
        self._spans: dict[int, _Spans] = {}
        self._pages: OrderedDict[int, dict[int, msgspec.Raw]] = OrderedDict()

    def find(self, conv: int, ts: int) -> Draft | None:
        """The newest draft of a message; None where no plan made one."""
        spans = self._spans.get(conv)
        if spans is None:
            spans = self._spans[conv] = _Spans(self._store, conv)
        for num in spans.holding(ts):
            found = self._page(num).get(ts)
            if found is not None:
                return _decode(found)
        return None

    def _page(self, num: int) -> dict[int, msgspec.Raw]:
        page = self._pages.get(num)
        if page is None:
            (packed,) = self._store.db.execute(
                "SELECT raw FROM draft WHERE num = ?", (num,)
            ).fetchone()
            raw = zlib.decompress(packed)
            page = {head.ts: each for head, each in zip(_heads(raw), _split(raw), strict=True)}
            self._pages[num] = page
            if len(self._pages) > self._keep:
                self._pages.popitem(last=False)
        else:
            self._pages.move_to_end(num)
        return page


class _Spans:
    """Where a conversation's pages begin and end. Those of a later plan may lie within others."""

    def __init__(self, store: Store, conv: int) -> None:
        query = "SELECT first, last, num FROM draft WHERE conv = ? ORDER BY first, num"
        self._rows: list[tuple[int, int, int]] = store.db.execute(query, (conv,)).fetchall()
        self._firsts = [first for first, _, _ in self._rows]
        self._reach = list(accumulate((last for _, last, _ in self._rows), max))

    def holding(self, ts: int) -> list[int]:
        """The pages that may hold a message, the newest first."""
        found: list[int] = []
        at = bisect_right(self._firsts, ts) - 1
        while at >= 0 and self._reach[at] >= ts:
            _, last, num = self._rows[at]
            if last >= ts:
                found.append(num)
            at -= 1
        return sorted(found, reverse=True) if len(found) > 1 else found
