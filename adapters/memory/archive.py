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
    EmojiRecord,
    FileRecord,
    MessageRecord,
    ReactionRecord,
    decode_line,
    encode_line,
)
from adapters.memory.text import reaction_key
from migrate.errors import Fatal
from migrate.findings import Finding
from migrate.model import Ref, piece_id, reaction_id
from migrate.spi import (
    Account,
    Artifact,
    Audience,
    Body,
    Capabilities,
    Composed,
    CustomEmoji,
    Look,
    Opening,
    PartFile,
    Posting,
    Seen,
)

STREAMS = ("emoji", "accounts", "conversations", "messages", "reactions")
"""The archive's files in their declared order, each `<stream>.jsonl`; behind them `files.jsonl`
tells of the bodies, which lie under `files/` by their refs."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every member: the same parts must give the same bytes."""


def compose(rows: Iterable[CustomEmoji | Account | Opening | Posting]) -> Composed:
    """The lines of one part. A ref in an archive is a name (people, conversations) or the id that
    the engine knows the thing by, since nobody else gives refs out before an import."""
    lines: dict[str, list[bytes]] = {}
    losses: dict[str, None] = {}
    counts = dict.fromkeys(
        ("emoji", "accounts", "conversations", "messages", "reactions", "pins"), 0
    )
    for row in rows:
        if isinstance(row, CustomEmoji):
            counts["emoji"] += 1
            lines.setdefault("emoji", []).append(encode_line(_emoji(row)))
        elif isinstance(row, Account):
            counts["accounts"] += 1
            lines.setdefault("accounts", []).append(encode_line(_account(row)))
        elif isinstance(row, Opening):
            counts["conversations"] += not row.carried
            lines.setdefault("conversations", []).append(encode_line(_conversation(row)))
        else:
            reactions = list(_reactions(row, row.look))
            lines.setdefault("messages", []).extend(
                encode_line(_message(row, index, piece.payload))
                for index, piece in enumerate(row.rendered.pieces)
            )
            lines.setdefault("reactions", []).extend(map(encode_line, reactions))
            losses |= dict.fromkeys(row.rendered.losses)
            counts["messages"] += not row.carried
            counts["reactions"] += row.new_reactions if row.carried else len(reactions)
            counts["pins"] += row.new_pin if row.carried else row.pinned
    return Composed(
        streams={stream: b"".join(held) for stream, held in lines.items()},
        counts={kind: count for kind, count in counts.items() if count},
        losses=tuple(losses),
    )


class ArchiveSession:
    """Joins parts into the archive at `path`, or one beside it with a number in its name, and reads
    all of them back."""

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
        path = self._numbered(number)
        try:
            _join(path, parts, bodies)
        except OSError as error:
            raise unwritable(error) from error
        return Artifact(path=path, next_steps=("Look inside: it is a zip of JSON lines.",))

    def _numbered(self, number: int) -> Path:
        if number == 1:
            return self._path
        return self._path.with_stem(f"{self._path.stem}-{number}")

    def _archives(self) -> list[Path]:
        """All that were joined; the first whether or not it is there."""
        paths = [self._path]
        while (following := self._numbered(len(paths) + 1)).exists():
            paths.append(following)
        return paths

    async def read(self, opening: Opening) -> AsyncIterator[Seen]:
        there = self._bodies()
        carried: set[Ref] = set()
        told: set[Ref] = set()
        for stream in ("messages", "reactions"):
            for record in self._records(stream):
                assert isinstance(record, MessageRecord | ReactionRecord)
                if record.conversation != opening.ref:
                    continue
                if isinstance(record, MessageRecord):
                    if record.carried:
                        carried.add(record.ref)
                        continue
                elif record.message in carried and record.ref in told:
                    continue  # a carried message has all of its reactions once more
                told.add(record.ref)
                yield seen(record, there.__contains__)

    async def audience(self, opening: Opening) -> Audience:
        members: set[Ref] = set()
        private = True
        for record in self._records("conversations"):
            assert isinstance(record, ConversationRecord)
            if record.ref == opening.ref:
                members.update(record.members)
                private = record.private
        return Audience(
            members=frozenset(members),
            join="invite" if private else "members",
            listed=not private,
        )

    def _bodies(self) -> frozenset[Ref]:
        """The bodies that are as long as the archive says."""
        told = [record for record in self._records("files") if isinstance(record, FileRecord)]
        sizes: dict[str, int] = {}
        for path in self._archives():
            with zipfile.ZipFile(path) as archive:
                sizes |= {info.filename: info.file_size for info in archive.infolist()}
        return frozenset(r.ref for r in told if sizes.get(f"files/{r.ref}") == r.size)

    def _records(self, stream: str) -> Iterator[object]:
        try:
            for path in self._archives():
                with zipfile.ZipFile(path) as archive, archive.open(f"{stream}.jsonl") as lines:
                    yield from map(decode_line, lines)
        except (OSError, zipfile.BadZipFile, KeyError, msgspec.DecodeError) as error:
            raise Fatal(
                "memory-archive-broken",
                "The archive is gone, or is not as it was written.",
                "Run `chat-migrate run` again: it is joined anew from its parts.",
            ) from error


def _join(path: Path, parts: Sequence[PartFile], bodies: Iterable[Body]) -> None:
    """Beside the final name, on the disk, then renamed: whole or not at all."""
    unfinished = path.with_name(path.name + ".part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with open(os.open(unfinished, flags, 0o600), "wb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for stream in STREAMS:
                member = zipfile.ZipInfo(f"{stream}.jsonl", _EPOCH)
                with archive.open(member, "w", force_zip64=True) as joined:
                    for held in (p.streams[stream] for p in parts if stream in p.streams):
                        with held.open("rb") as lines:
                            shutil.copyfileobj(lines, joined)
            _add_bodies(archive, bodies)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _add_bodies(archive: zipfile.ZipFile, bodies: Iterable[Body]) -> None:
    lines: list[bytes] = []
    for body in bodies:
        record = FileRecord(
            ref=body.file.id,
            name=body.file.name,
            mimetype=body.file.mimetype,
            size=body.file.size,
            sha256=body.sha256,
        )
        lines.append(encode_line(record))
        member = zipfile.ZipInfo(f"files/{record.ref}", _EPOCH)
        with archive.open(member, "w", force_zip64=True) as held, body.path.open("rb") as content:
            shutil.copyfileobj(content, held)
    archive.writestr(zipfile.ZipInfo("files.jsonl", _EPOCH), b"".join(lines))


def _emoji(emoji: CustomEmoji) -> EmojiRecord:
    return EmojiRecord(
        ref=emoji.placement.name, slack=emoji.name, image=emoji.image.id, aliases=emoji.aliases
    )


def _account(account: Account) -> AccountRecord:
    return AccountRecord(
        ref=account.ref,
        slack=account.person.id,
        shown_name=account.person.shown_name,
        team=account.person.kind == "member",
        avatar=account.avatar.id if account.avatar else "",
    )


def _conversation(opening: Opening) -> ConversationRecord:
    return ConversationRecord(
        ref=opening.ref,
        slack=opening.conversation.id,
        private=opening.private,
        members=tuple(member.ref for member in opening.members),
        closed=opening.conversation.archived,
        carried=opening.carried,
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
        carried=posting.carried,
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
