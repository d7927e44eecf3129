"""How somebody may show a file that the importer has uploaded: it is shown for a moment where no
more people can read it than the message that is to have it. What is staged is noted beforehand, and
taken away again even after a crash."""

import msgspec

from adapters.zulip.channels import is_direct
from adapters.zulip.organization.calls import Calls
from adapters.zulip.organization.conversations import Conversations
from migrate.errors import Skip
from migrate.model import Ref
from migrate.spi import Account, Memo, Opening, Sending

NAME = "chat-migrate staging"
"""Of the public channel where files of public channels are shown, and of the topic everywhere."""

_CHANNEL = "zulip staging"
_STAGED = "zulip staged"
_UNSENT = ""


class Staged(msgspec.Struct, frozen=True):
    """Where a file is shown; `post` is "" as long as nobody knows whether it is."""

    channel: Ref
    post: Ref = _UNSENT


_kept = msgspec.json.Decoder(dict[str, Staged])


class Staging:
    """One session's; `me` is the importing account. Files are known by their paths."""

    def __init__(self, calls: Calls, conversations: Conversations, memo: Memo, me: Ref) -> None:
        self._calls = calls
        self._conversations = conversations
        self._memo = memo
        self._me = me

    async def hold(self, author: Account | None, opening: Opening | None) -> None:
        """Whether a file can come this way at all. Raises Skip where it cannot: direct talk has no
        place for it, and whoever is not in a private channel may not show what stands there, nor a
        guest in any."""
        if author is None or opening is None or is_direct(opening):
            raise Skip("zulip-file-not-shown")
        channel = await self._conversations.channel(opening.ref)
        if channel.invite_only and self._me not in await self._conversations.members(channel.ref):
            raise Skip("zulip-file-not-shown")
        inside = await self._conversations.reads_inside_alone(opening, author)
        if inside and not await self._conversations.may_enter(opening, author):
            raise Skip("zulip-file-not-shown")

    async def show(self, path: str, author: Account, opening: Opening) -> None:
        """Where the author can read it: a message does not get a file that its author cannot, and
        what no message has is gone once it is taken away here."""
        channel = await self._conversations.channel(opening.ref)
        if not await self._conversations.reads_inside_alone(opening, author):
            channel = await self._conversations.channel(await self._public())
        self._note(path, Staged(channel.ref))
        post = await self._calls.post(channel.name, NAME, f"[file]({path})")
        self._note(path, Staged(channel.ref, post))

    async def settle(self, sending: Sending) -> None:
        """A message is there: the files that it shows need no other place."""
        text = sending.piece.payload.decode()
        for path, staged in self._staged().items():
            if f"]({path})" in text:
                await self._take_away(path, staged)

    async def clean(self) -> None:
        """Take away whatever still stands there, and close the channel that was made for it."""
        for path, staged in self._staged().items():
            await self._take_away(path, staged)
        if ref := self._memo.get(_CHANNEL):
            await self._conversations.close(ref)
            self._memo.set(_CHANNEL, "")

    async def _public(self) -> Ref:
        """The channel for public files; a name that is taken belongs to somebody else."""
        if ref := self._memo.get(_CHANNEL):
            return ref
        taken = {each.name.casefold() for each in await self._conversations.channels()}
        number = 1
        while (name := NAME if number == 1 else f"{NAME} {number}").casefold() in taken:
            number += 1
        ref = await self._conversations.make(name, [self._me])
        self._memo.set(_CHANNEL, ref)
        return ref

    async def _take_away(self, path: str, staged: Staged) -> None:
        posts = [staged.post] if staged.post else await self._find(path, staged.channel)
        for post in posts:
            await self._calls.delete(post)
        self._note(path, None)

    async def _find(self, path: str, channel: Ref) -> list[Ref]:
        """What was posted although nobody heard of it."""
        narrow: list[dict[str, object]] = [
            {"operator": "channel", "operand": int(channel)},
            {"operator": "sender", "operand": int(self._me)},
            {"operator": "topic", "operand": NAME},
        ]
        return [each.ref async for each in self._calls.history(narrow) if path in each.content]

    def _staged(self) -> dict[str, Staged]:
        return _kept.decode(self._memo.get(_STAGED) or "{}")

    def _note(self, path: str, where: Staged | None) -> None:
        staged = self._staged()
        if where is None:
            staged.pop(path, None)
        else:
            staged[path] = where
        self._memo.set(_STAGED, msgspec.json.encode(staged).decode())
