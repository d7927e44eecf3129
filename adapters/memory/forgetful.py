"""The live way into a server that keeps no ids of ours and shows nobody other people's direct talk,
as some real ones do: a message is known by who said what, where and when, and one in direct talk by
nobody. Accounts are quiet while history comes in, and released after it."""

from collections.abc import AsyncIterator, Callable

import msgspec

from adapters.memory.live import Connection, seen
from migrate.errors import Skip
from migrate.model import Ref
from migrate.spi import Account, Audience, Body, Opening, Reacting, Seen, Sending

TOLD_STEP = 1_000_000
"""The server keeps milliseconds and tells whole seconds."""


class ForgetfulSession(Connection):
    """A `Recognizer`, `Releaser` and `PartialReader`; no `Finder`."""

    async def ensure_account(self, account: Account) -> Ref:
        ref = account.placement.name
        fresh = ref not in self._server.accounts
        await super().ensure_account(account)
        if fresh:
            self._submit(msgspec.structs.replace(self._server.accounts[ref], quiet=True))
        return ref

    async def release(self, account: Account) -> None:
        standing = self._server.accounts[account.ref]
        released = msgspec.structs.replace(standing, quiet=False, closed=account.action == "ghost")
        if released != standing:
            self._submit(released)

    async def release_all(self) -> None:
        """Nothing else is held back."""

    async def put_file(self, body: Body) -> Ref:
        """A body comes in its author's name, or, for those whose key nobody has, by way of a
        channel."""
        mapped = body.author is not None and body.author.action == "map"
        if mapped and body.opening is not None and not _is_readable(body.opening):
            raise Skip("memory-no-key")
        return await super().put_file(body)

    async def send(self, sending: Sending) -> Ref:
        return await super().send(msgspec.structs.replace(sending, id=""))

    async def react(self, reacting: Reacting) -> Ref:
        if reacting.author.action == "map":
            raise Skip("memory-no-key")
        key = (reacting.message, reacting.author.ref, reacting.emoji)
        known = self._room(reacting.opening).reactions.get(key)
        if known is not None:
            return known.ref
        return await super().react(msgspec.structs.replace(reacting, id=""))

    async def recognize(self, sending: Sending, is_known: Callable[[Ref], bool]) -> Ref | None:
        if not _is_readable(sending.opening):
            raise Skip("unsure")
        root = sending.root if sending.piece.in_thread else None
        for post in self._room(sending.opening).messages.values():
            if (
                (post.author, _told(post.time)) == (sending.author.ref, _told(sending.time))
                and bytes(post.payload) == sending.piece.payload
                and post.root == root
                and not is_known(post.ref)
            ):
                return post.ref
        return None

    async def can_read(self, opening: Opening) -> bool:
        return _is_readable(opening)

    async def read(self, opening: Opening) -> AsyncIterator[Seen]:
        if not _is_readable(opening):
            raise Skip("memory-not-a-member")
        for post in self._room(opening).timeline:
            told = seen(post, self._server.has_body)
            yield msgspec.structs.replace(told, time=_told(post.time))

    async def audience(self, opening: Opening) -> Audience:
        if not _is_readable(opening):
            raise Skip("memory-not-a-member")
        return await super().audience(opening)


def _is_readable(opening: Opening) -> bool:
    return opening.conversation.kind not in ("dm", "group_dm")


def _told(time: int) -> int:
    """A time in milliseconds as the server tells it."""
    return time * 1_000 // TOLD_STEP * TOLD_STEP // 1_000
