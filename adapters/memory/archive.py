"""The bulk way: parts composed as lines, in any process, and the zip that they are joined into.
Also the reading back of a finished archive. A message part yields two streams, because a message
and its reactions end in different files of the archive."""

import os
import shutil
import zipfile
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from adapters.memory.live import seen, unwritable
from adapters.memory.records import (
    AccountRecord,
    ConversationRecord,
    MessageRecord,
    ReactionRecord,
    decode_line,
    encode_line,
)
from adapters.memory.text import reaction_key, render
from migrate.errors import Fatal
from migrate.findings import Finding
from migrate.model import piece_id, reaction_id
from migrate.spi import (
    Account,
    Artifact,
    Audience,
    Body,
    Capabilities,
    Composed,
    Look,
    Opening,
    PartFile,
    Posting,
    Seen,
)

STREAMS = ("accounts", "conversations", "messages", "reactions")
"""The archive's files in their declared order, each `<stream>.jsonl`."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every member: the same parts must give the same bytes."""


def compose(rows: Iterable[Account | Opening | Posting], caps: Capabilities) -> Composed:
    """The lines of one part. A ref in an archive is a name (people, conversations) or the id that
    the engine knows the thing by, since nobody else gives refs out before an import."""
    lines: dict[str, list[bytes]] = {}
    losses: dict[str, None] = {}
    counts = dict.fromkeys(("accounts", "conversations", "messages", "reactions", "pins"), 0)
    for row in rows:
        if isinstance(row, Account):
            counts["accounts"] += 1
            lines.setdefault("accounts", []).append(encode_line(_account(row)))
        elif isinstance(row, Opening):
            counts["conversations"] += 1
            lines.setdefault("conversations", []).append(encode_line(_conversation(row)))
        else:
            rendered = render(row.message, row.look, caps)
            reactions = list(_reactions(row, row.look))
            lines.setdefault("messages", []).extend(
                encode_line(_message(row, index, piece.payload))
                for index, piece in enumerate(rendered.pieces)
            )
            lines.setdefault("reactions", []).extend(map(encode_line, reactions))
            losses |= dict.fromkeys(rendered.losses)
            counts["messages"] += 1
            counts["reactions"] += len(reactions)
            counts["pins"] += row.pinned
    return Composed(
        streams={stream: b"".join(held) for stream, held in lines.items()},
        counts={kind: count for kind, count in counts.items() if count},
        losses=tuple(losses),
    )


class ArchiveSession:
    """Joins parts into the archive at `path`, and reads it back."""

    against: Literal["archive", "server"] = "archive"

    def __init__(self, path: Path, caps: Capabilities, fingerprint: str) -> None:
        self.caps = caps
        self.fingerprint = fingerprint
        self._path = path

    async def check(self) -> Sequence[Finding]:
        return ()

    async def close(self) -> None:
        pass

    def finish(self, parts: Sequence[PartFile], bodies: Iterable[Body], number: int) -> Artifact:
        try:
            self._join(parts)
        except OSError as error:
            raise unwritable(error) from error
        return Artifact(path=self._path, next_steps=("Look inside: it is a zip of JSON lines.",))

    def _join(self, parts: Sequence[PartFile]) -> None:
        """Beside the final name, on the disk, then renamed: whole or not at all."""
        unfinished = self._path.with_name(self._path.name + ".part")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with open(os.open(unfinished, flags, 0o600), "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                for stream in STREAMS:
                    member = zipfile.ZipInfo(f"{stream}.jsonl", _EPOCH)
                    with archive.open(member, "w", force_zip64=True) as joined:
                        for path in (p.streams[stream] for p in parts if stream in p.streams):
                            with path.open("rb") as lines:
                                shutil.copyfileobj(lines, joined)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._path)

    async def read(self, opening: Opening) -> AsyncIterator[Seen]:
        for stream in ("messages", "reactions"):
            for record in self._records(stream):
                assert isinstance(record, MessageRecord | ReactionRecord)
                if record.conversation == opening.ref:
                    yield seen(record)

    async def audience(self, opening: Opening) -> Audience:
        for record in self._records("conversations"):
            assert isinstance(record, ConversationRecord)
            if record.ref == opening.ref:
                return Audience(
                    members=frozenset(record.members),
                    join="invite" if record.private else "members",
                    listed=not record.private,
                )
        return Audience(members=frozenset(), join="invite")

    def _records(self, stream: str) -> Iterator[object]:
        try:
            with zipfile.ZipFile(self._path) as archive, archive.open(f"{stream}.jsonl") as lines:
                yield from map(decode_line, lines)
        except (OSError, zipfile.BadZipFile, KeyError, msgspec.DecodeError) as error:
            raise Fatal(
                "memory-archive-broken",
                "The archive is gone, or is not as it was written.",
                "Run `chat-migrate run` again: it is joined anew from its parts.",
            ) from error


def _account(account: Account) -> AccountRecord:
    return AccountRecord(
        ref=account.ref,
        slack=account.person.id,
        shown_name=account.person.shown_name,
        team=account.person.kind == "member",
    )


def _conversation(opening: Opening) -> ConversationRecord:
    return ConversationRecord(
        ref=opening.ref,
        slack=opening.conversation.id,
        private=opening.private,
        members=tuple(member.ref for member in opening.members),
        closed=opening.conversation.archived,
    )


def _message(posting: Posting, index: int, payload: bytes) -> MessageRecord:
    key = posting.message.key
    id = piece_id(key, index) if index else posting.id
    return MessageRecord(
        ref=id,
        id=id,
        conversation=posting.opening.ref,
        author=posting.author.ref,
        time=posting.placement.time,
        root=posting.root_id or None,
        payload=msgspec.Raw(payload),
        pinned=posting.pinned and index == 0,
    )


def _reactions(posting: Posting, look: Look) -> Iterator[ReactionRecord]:
    """Two names of one emoji, chosen by one person, are one reaction."""
    key = posting.message.key
    chosen: set[tuple[str, str]] = set()
    for reaction in posting.message.reactions:
        emoji = reaction_key(reaction.emoji, look)
        for person in reaction.people:
            face = look.person(person)
            if face is None or (emoji, face.ref) in chosen:
                continue
            chosen.add((emoji, face.ref))
            id = reaction_id(key, person, reaction.emoji)
            yield ReactionRecord(
                ref=id,
                id=id,
                conversation=posting.opening.ref,
                author=face.ref,
                time=posting.placement.time,
                message=posting.id,
                emoji=emoji,
            )
