"""The live way: acts, one by one, turned into the server's lines, and its answers into verdicts.
Also what a live target may offer beside: finding, reacting, reading back, audience, directory."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence

import msgspec

from adapters.memory.records import (
    AccountRecord,
    AnyRecord,
    ConversationRecord,
    EmojiRecord,
    FileRecord,
    JoinRecord,
    MessageRecord,
    ReactionRecord,
    ReopenRecord,
    SealRecord,
)
from adapters.memory.server import Refused, Room, Server
from adapters.memory.text import Payload
from migrate.errors import Fatal, Skip
from migrate.findings import Finding
from migrate.model import Ref
from migrate.spi import (
    Account,
    Audience,
    Body,
    Capabilities,
    Entry,
    Existing,
    Opening,
    Reacting,
    Sealing,
    Seen,
    Sending,
)

REF_WIDTH = 32
"""Names are cut to it; the refs of posts are shorter."""


class Connection:
    """What every live session does. The server's appends take microseconds, so none goes to a
    thread."""

    def __init__(self, server: Server, caps: Capabilities, fingerprint: str) -> None:
        self.caps = caps
        self.fingerprint = fingerprint
        self._server = server

    async def check(self) -> Sequence[Finding]:
        return ()

    async def close(self) -> None:
        self._server.close()

    async def ensure_account(self, account: Account) -> Ref:
        ref = account.placement.name
        standing = self._server.accounts.get(ref)
        record = AccountRecord(
            ref=ref,
            slack=account.person.id,
            shown_name=account.person.shown_name,
            team=account.person.kind == "member",
            avatar=account.avatar_ref,
            quiet=standing is not None and standing.quiet,
            closed=standing is not None and standing.closed,
        )
        if account.action == "map":
            if standing is None:
                raise Skip("memory-unknown-account")
            return ref
        if standing is None or standing.slack != record.slack or standing.avatar != record.avatar:
            self._submit(record)
        return ref

    async def ensure_conversation(self, opening: Opening) -> Ref:
        ref = opening.placement.name
        standing = self._server.rooms.get(ref)
        if standing is None or standing.made.slack != opening.conversation.id:
            self._submit(
                ConversationRecord(
                    ref=ref,
                    slack=opening.conversation.id,
                    private=opening.private,
                    members=tuple(member.ref for member in opening.members),
                )
            )
        elif opening.private and not standing.made.private:
            raise Skip("memory-open-already")
        return ref

    async def ensure_member(self, entry: Entry) -> None:
        room = self._room(entry.opening)
        if entry.account.ref not in room.members:
            self._submit(
                JoinRecord(
                    conversation=room.made.ref,
                    account=entry.account.ref,
                    time=entry.time,
                    # An author who had left, or a guest, comes in by the administrator's hand.
                    invited=entry.account.ref not in room.made.members,
                )
            )

    async def put_file(self, body: Body) -> Ref:
        record = FileRecord(
            ref=f"f{body.sha256[:31]}",
            name=body.file.name,
            mimetype=body.file.mimetype,
            size=body.path.stat().st_size,
            sha256=body.sha256,
        )
        if record.ref not in self._server.files:
            self._answer(lambda: self._server.store(record, body.path))
        name = body.file.id.removeprefix("emoji/")
        if name != body.file.id and name not in self._server.emoji:
            self._submit(EmojiRecord(ref=name, slack=name, image=record.ref))
        return record.ref

    async def send(self, sending: Sending) -> Ref:
        record = MessageRecord(
            ref=self._next_ref(),
            id=sending.id,
            conversation=sending.opening.ref,
            author=sending.author.ref,
            time=sending.time,
            root=sending.root if sending.piece.in_thread else None,
            payload=msgspec.Raw(sending.piece.payload),
        )
        self._submit(record)
        return record.ref

    async def react(self, reacting: Reacting) -> Ref:
        record = ReactionRecord(
            ref=self._next_ref(),
            id=reacting.id,
            conversation=reacting.opening.ref,
            author=reacting.author.ref,
            time=reacting.time,
            message=reacting.message,
            emoji=reacting.emoji,
        )
        self._submit(record)
        return record.ref

    async def seal(self, sealing: Sealing) -> None:
        self._submit(
            SealRecord(
                conversation=sealing.opening.ref,
                pins=sealing.pins,
                leavers=tuple(leaver.ref for leaver in sealing.leavers),
                closed=sealing.archived,
            )
        )

    async def reopen(self, opening: Opening) -> None:
        self._submit(ReopenRecord(conversation=opening.ref))

    # -- Reader, AudienceReader, Directory ---------------------------------------------------------

    async def read(self, opening: Opening) -> AsyncIterator[Seen]:
        for post in self._room(opening).timeline:
            yield seen(post, self._server.has_body)

    async def audience(self, opening: Opening) -> Audience:
        room = self._room(opening)
        return Audience(
            members=frozenset(room.members),
            join="invite" if room.made.private else "members",
            listed=not room.made.private,
        )

    async def accounts(self) -> Sequence[Existing]:
        return [
            Existing(name=ref, ref=ref, full_name=made.shown_name)
            for ref, made in self._server.accounts.items()
        ]

    async def conversations(self) -> Sequence[Existing]:
        return [
            Existing(
                name=ref,
                ref=ref,
                private=room.made.private,
                members=tuple(sorted(room.members)) if room.made.private else (),
            )
            for ref, room in self._server.rooms.items()
        ]

    # ----------------------------------------------------------------------------------------------

    def _room(self, opening: Opening) -> Room:
        try:
            return self._server.rooms[opening.ref]
        except KeyError:
            raise Skip("memory-unknown-conversation") from None

    def _next_ref(self) -> Ref:
        return f"m{self._server.posts + 1:09d}"

    def _submit(self, record: AnyRecord) -> None:
        self._answer(lambda: self._server.submit(record))

    def _answer(self, act: Callable[[], None]) -> None:
        """The one place where answers become verdicts. A `Retry` has no cause here: a file is
        never busy."""
        try:
            act()
        except Refused as refused:
            raise Skip(refused.code) from None
        except OSError as error:
            raise unwritable(error) from error


class LiveSession(Connection):
    """A server that keeps our ids, and so can be asked for them."""

    async def find(self, opening: Opening, ids: Collection[str]) -> Mapping[str, Ref]:
        wanted = frozenset(ids)
        return {post.id: post.ref for post in self._room(opening).timeline if post.id in wanted}


def unwritable(error: OSError) -> Fatal:
    return Fatal(
        "memory-unwritable",
        f"The memory target's file cannot be written: {error.strerror or error}.",
        "Make room or correct the folder's rights, then run again.",
    )


def seen(post: MessageRecord | ReactionRecord, has_body: Callable[[Ref], bool]) -> Seen:
    """A line as `verify` wants it."""
    if isinstance(post, ReactionRecord):
        return Seen(
            ref=post.ref,
            id=post.id,
            author=post.author,
            time=post.time,
            message=post.message,
            emoji=post.emoji,
        )
    return Seen(
        ref=post.ref,
        id=post.id,
        author=post.author,
        time=post.time,
        payload=bytes(post.payload),
        root=post.root,
        files=tuple(
            file.ref
            for file in msgspec.json.decode(post.payload, type=Payload).files
            if has_body(file.ref)
        ),
    )
