"""PLAN, first half: every message that may be sent is looked at once, in several processes: how
many pieces, which losses, which reactions. Only what is out of the ordinary comes back."""

from collections import deque
from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from pathlib import Path

import msgspec

from mappings.nodes import (
    Block,
    Document,
    Emoji,
    Inline,
    Item,
    Link,
    Paragraph,
    Styled,
    walk,
)
from migrate.model import Reaction
from migrate.spi import Adapter, Capabilities, Rendered, Survey
from migrate.stages.look import Refs, Scope, StoreLook
from migrate.stages.pool import map_bounded
from migrate.stages.reading import MessageReader
from migrate.store import Store, messages, open_store
from migrate.store.drafts import Draft, DraftPage, draft, pack

CHUNK = 4_000

UNCHANGED = "unchanged"
"""A chunk's code for a message that the target has and that brings nothing new."""

KNOWN = "known"
"""A chunk's code for a message that the target has, and that may have new reactions."""

CHANGED = "changed"
"""A chunk's code for a message of an archive that is written again, with other words perhaps."""

_LOOK, _DRAFT, _THREAD = 1, 2, 4


class Chunk(msgspec.Struct, frozen=True):
    """Some messages of one conversation in the order of time, each with its skip code, KNOWN,
    CHANGED, UNCHANGED, or "" where it is to be sent; and of its messages the ts of those whose
    thread has a topic of its own."""

    number: int
    conversation: str
    rows: tuple[messages.Row, ...]
    codes: tuple[str, ...]
    threads: frozenset[int] = frozenset()


class Task(msgspec.Struct, frozen=True):
    """A chunk as a worker is told of it, which reads the rows by itself. `marks` holds a byte a
    row: 0 where it is left alone, else whether it is looked at, drafted for an archive, and named
    a thread after."""

    number: int
    conversation: str
    first: int
    last: int
    marks: bytes


class Remark(msgspec.Struct, frozen=True, gc=False):
    """What is out of the ordinary about one message. `emoji` are the custom ones in its text;
    `bare` says that the target does not keep its reactions."""

    pieces: int = 1
    losses: tuple[str, ...] = ()
    snippet: str = ""
    reactions: tuple[Reaction, ...] = ()
    emoji: tuple[str, ...] = ()
    bare: bool = False


PLAIN = Remark()

Surveyed = tuple[Chunk, dict[int, Remark], list[DraftPage]]


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
    waiting: deque[Chunk] = deque()

    def tasks() -> Iterator[Task]:
        for chunk in chunks:
            waiting.append(chunk)
            yield _task(chunk, caps)

    try:
        for remarks, pages in map_bounded(work, tasks(), workers):
            yield waiting.popleft(), remarks, pages
    finally:
        _desk.cache_clear()


def survey_chunk(
    task: Task, path: Path, adapter: Adapter, caps: Capabilities, stamp: str, scope: Scope
) -> tuple[dict[int, Remark], list[DraftPage]]:
    """Survey one chunk; runs in a worker, which opens the store by itself."""
    remarks: dict[int, Remark] = {}
    drafts: list[Draft] = []
    if not any(task.marks):
        return remarks, []
    store, reader, look = _desk(path, caps, stamp, scope)
    rows = messages.rows(store, task.number, task.first, task.last)
    for row, mark in zip(rows, task.marks, strict=True):
        if not mark:
            continue
        message = reader.read(row, task.conversation)
        reactions, bare = message.reactions, bool(message.root) and not caps.reply_reactions
        if bare:
            message = msgspec.structs.replace(message, reactions=())
        if mark & _THREAD:
            message = msgspec.structs.replace(message, thread=True)
        seen: Survey | Rendered
        if caps.delivery == "bulk":
            seen = adapter.render(message, look.before(row.ts), caps)
            pieces, snippet = len(seen.pieces), seen.snippet
            if mark & _DRAFT:
                drafts.append(draft(row.ts, row.ts_text or "", message, seen))
        else:
            seen = adapter.survey(message, look.before(row.ts), caps)
            pieces, snippet = seen.pieces, seen.snippet
            if message.files:
                # The target may refuse them yet: then their links stand in the text.
                linked = reader.read_without_files(row, task.conversation)
                other = adapter.survey(linked, look.before(row.ts), caps)
                pieces = max(pieces, other.pieces)
        losses = (*message.losses, *seen.losses)
        emoji = _custom_emoji(message.body)
        if pieces != 1 or losses or snippet or reactions or emoji:
            remarks[row.ts] = Remark(pieces, losses, snippet, reactions, emoji, bare)
    return remarks, pack(drafts)


def _task(chunk: Chunk, caps: Capabilities) -> Task:
    sent = _LOOK | _DRAFT if caps.delivery == "bulk" else _LOOK
    codes = {"": sent, CHANGED: sent, KNOWN: _LOOK}
    rows, threads = chunk.rows, chunk.threads
    marks = [codes.get(code, 0) for code in chunk.codes]
    if threads:
        marks = [
            mark | _THREAD if mark and row.ts in threads else mark
            for row, mark in zip(rows, marks, strict=True)
        ]
    return Task(
        chunk.number,
        chunk.conversation,
        rows[0].ts if rows else 0,
        rows[-1].ts if rows else 0,
        bytes(marks),
    )


def _custom_emoji(body: Document) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for block in body.blocks:
        if type(block) is Paragraph:  # what most blocks are
            _note_emoji(block.children, found)
        else:
            _note_emoji(walk(Document((block,))), found)
    return tuple(found) if found else ()


def _note_emoji(nodes: Iterable[Block | Item | Inline], found: dict[str, None]) -> None:
    """Note the names of the custom emoji among some nodes, and in styled words and links."""
    for node in nodes:
        if isinstance(node, Emoji):
            if node.unicode is None:
                found[node.name] = None
        elif isinstance(node, Styled | Link):
            _note_emoji(node.children, found)


@lru_cache(maxsize=1)
def _desk(
    path: Path, caps: Capabilities, stamp: str, scope: Scope
) -> tuple[Store, MessageReader, StoreLook]:
    store = open_store(path, read_only=True)
    refs: Refs = "planned" if caps.delivery == "bulk" else "dummy"
    look = StoreLook(store, refs, caps.ref_width, scope)
    return store, MessageReader(store, store.meta("workspace")), look
