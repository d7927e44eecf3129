"""PLAN, first half: every message that may be sent is looked at once, in several processes: how
many pieces, which losses, which reactions. Only what is out of the ordinary comes back."""

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from pathlib import Path

import msgspec

from mappings.nodes import Document, Emoji, walk
from migrate.model import Reaction
from migrate.spi import Adapter, Capabilities
from migrate.stages.look import Scope, StoreLook
from migrate.stages.pool import map_bounded
from migrate.stages.reading import MessageReader
from migrate.store import Store, messages, open_store

CHUNK = 4_000

UNCHANGED = "unchanged"
"""A chunk's code for a message that the target has and that brings nothing new."""

KNOWN = "known"
"""A chunk's code for a message that the target has, and that may have new reactions."""


class Chunk(msgspec.Struct, frozen=True):
    """Some messages of one conversation in the order of time, each with its skip code, KNOWN,
    UNCHANGED, or "" where it is to be sent."""

    number: int
    conversation: str
    rows: tuple[messages.Row, ...]
    codes: tuple[str, ...]


class Remark(msgspec.Struct, frozen=True, gc=False):
    """What is out of the ordinary about one message. `emoji` are the custom ones in its text."""

    pieces: int = 1
    losses: tuple[str, ...] = ()
    snippet: str = ""
    reactions: tuple[Reaction, ...] = ()
    emoji: tuple[str, ...] = ()


PLAIN = Remark()

Surveyed = tuple[Chunk, dict[int, Remark]]


def survey(
    store: Store,
    adapter: Adapter,
    caps: Capabilities,
    chunks: Iterable[Chunk],
    workers: int,
    stamp: str,
    scope: Scope,
) -> Iterator[Surveyed]:
    """Survey chunks in order; `stamp` tells the workers' caches one plan from another, `scope` what
    links can lead to."""
    work = partial(
        survey_chunk, path=store.path, adapter=adapter, caps=caps, stamp=stamp, scope=scope
    )
    try:
        yield from map_bounded(work, chunks, workers)
    finally:
        _desk.cache_clear()


def survey_chunk(
    chunk: Chunk, path: Path, adapter: Adapter, caps: Capabilities, stamp: str, scope: Scope
) -> Surveyed:
    """Survey one chunk; runs in a worker, which opens the store by itself."""
    reader, look = _desk(path, caps.ref_width, stamp, scope)
    remarks: dict[int, Remark] = {}
    for row, code in zip(chunk.rows, chunk.codes, strict=True):
        if code and code != KNOWN:
            continue
        message = reader.read(row, chunk.conversation)
        seen = adapter.survey(message, look.before(row.ts), caps)
        remark = Remark(
            seen.pieces,
            (*message.losses, *seen.losses),
            seen.snippet,
            message.reactions,
            _custom_emoji(message.body),
        )
        if remark != PLAIN:
            remarks[row.ts] = remark
    return chunk, remarks


def _custom_emoji(body: Document) -> tuple[str, ...]:
    found = (node for node in walk(body) if isinstance(node, Emoji) and node.unicode is None)
    return tuple(dict.fromkeys(node.name for node in found))


@lru_cache(maxsize=1)
def _desk(path: Path, width: int, stamp: str, scope: Scope) -> tuple[MessageReader, StoreLook]:
    store = open_store(path, read_only=True)
    look = StoreLook(store, "dummy", width, scope)
    return MessageReader(store, store.meta("workspace")), look
