"""A session and a few people, rooms and messages to try it with, in the engine's words."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from adapters.matrix import adapter
from adapters.matrix.config import Config
from adapters.matrix.session import MatrixSession
from mappings.nodes import Document, plain
from migrate.model import (
    Conversation,
    ConversationKind,
    Key,
    Message,
    Person,
    PersonKind,
    Ref,
    piece_id,
    reaction_id,
    ts_micros,
)
from migrate.spi import (
    Account,
    Context,
    Entry,
    Face,
    Opening,
    Piece,
    Pointer,
    Reacting,
    Sealing,
    Seen,
    Sending,
    Wish,
)

_T = TypeVar("_T")
START = 1_400_000_000_000
"""Milliseconds; everybody enters then, and the first message comes a second later."""


class Memo:
    """A memo that lasts as long as the test."""

    def __init__(self) -> None:
        self._held: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        return self._held.get(name)

    def set(self, name: str, value: str) -> None:
        self._held[name] = value


class NoLook:
    """Knows nobody and nothing."""

    def person(self, id: str) -> Face | None:
        return None

    def conversation(self, id: str) -> Face | None:
        return None

    def group(self, id: str) -> str | None:
        return None

    def link(self, url: str) -> Pointer | None:
        return None

    def emoji(self, name: str) -> str | None:
        return None

    def file(self, id: str) -> Ref | None:
        return None


def context(folder: Path, environ: Mapping[str, str] | None = None) -> Context:
    return Context(folder=folder, environ=environ or {}, memo=Memo())


class Stage:
    """Acts on one session. Times go up by a second a message."""

    def __init__(self, session: MatrixSession) -> None:
        self.session = session
        self._seconds = itertools.count(START // 1000 + 1)

    async def account(
        self, id: str, kind: PersonKind = "member", *, name: str = "", deactivated: bool = False
    ) -> Account:
        person = Person(id=id, kind=kind, name=name or id.lower(), deactivated=deactivated)
        wish = Wish(kind="account", id=id, name=person.name)
        account = Account(person=person, placement=adapter.place(wish, None, lambda name: True))
        ref = await self.session.ensure_account(account)
        return msgspec.structs.replace(account, ref=ref)

    async def accounts(self, *ids: str) -> list[Account]:
        return [await self.account(id) for id in ids]

    def opening(
        self,
        conversation: Conversation,
        *members: Account,
        private: bool = False,
        name: str = "",
    ) -> Opening:
        wish = Wish(kind="conversation", id=conversation.id, name=name or conversation.name)
        direct = conversation.kind in {"dm", "group_dm"}
        return Opening(
            conversation=conversation,
            placement=adapter.place(wish, None, lambda name: True),
            private=private or conversation.private,
            members=members,
            opener=members[0] if direct and members else None,
        )

    async def open(
        self, id: str, kind: ConversationKind, *members: Account, private: bool = False
    ) -> Opening:
        """Make a room and let everybody enter."""
        conversation = Conversation(id=id, kind=kind, name=f"room-{id.lower()}")
        opening = self.opening(conversation, *members, private=private)
        ref = await self.session.ensure_conversation(opening)
        opening = msgspec.structs.replace(opening, ref=ref)
        for member in members:
            await self.enter(opening, member)
        return opening

    async def enter(self, opening: Opening, account: Account, *, stays: bool = True) -> None:
        entry = Entry(opening=opening, account=account, stays=stays, time=START)
        await self.session.ensure_member(entry)

    def sendings(
        self,
        opening: Opening,
        author: Account,
        body: str | Document,
        *,
        root: Ref | None = None,
        broadcast: bool = False,
    ) -> list[Sending]:
        ts = f"{next(self._seconds)}.000100"
        message = Message(
            key=Key("T1", opening.conversation.id, ts),
            author=author.person.id,
            kind="message",
            body=plain(body) if isinstance(body, str) else body,
            root="1400000000.000000" if root else "",
            broadcast=broadcast,
        )
        rendered = adapter.render(message, NoLook(), self.session.caps)
        return [
            self.sending(opening, author, message.key, index, piece, root)
            for index, piece in enumerate(rendered.pieces)
        ]

    def sending(
        self,
        opening: Opening,
        author: Account,
        key: Key,
        index: int,
        piece: Piece,
        root: Ref | None,
    ) -> Sending:
        return Sending(
            id=piece_id(key, index),
            key=key,
            index=index,
            opening=opening,
            author=author,
            time=ts_micros(key.ts) // 1000,
            piece=piece,
            root=root,
        )

    async def say(
        self,
        opening: Opening,
        author: Account,
        body: str | Document,
        *,
        root: Ref | None = None,
        broadcast: bool = False,
    ) -> list[Ref]:
        sendings = self.sendings(opening, author, body, root=root, broadcast=broadcast)
        return [await self.session.send(sending) for sending in sendings]

    def reacting(self, opening: Opening, author: Account, message: Ref, emoji: str) -> Reacting:
        key = Key("T1", opening.conversation.id, "1400000001.000100")
        return Reacting(
            id=reaction_id(key, author.person.id, emoji),
            opening=opening,
            author=author,
            time=START + 2000,
            message=message,
            emoji=adapter.reaction(emoji, NoLook()),
        )

    async def seen(self, opening: Opening) -> list[Seen]:
        return [seen async for seen in self.session.read(opening)]

    async def seal(
        self,
        opening: Opening,
        *leavers: Account,
        pins: tuple[Ref, ...] = (),
        archived: bool = False,
    ) -> None:
        sealing = Sealing(
            opening=opening, leavers=leavers, pins=pins, archived=archived, time=START + 9_000_000
        )
        await self.session.seal(sealing)


def act(config: Config, folder: Path, play: Callable[[Stage], Awaitable[_T]]) -> _T:
    """Connect, play, close."""

    async def acting() -> _T:
        session = await adapter.connect(config, context(folder))
        try:
            return await play(Stage(session))
        finally:
            await session.close()

    return asyncio.run(acting())
