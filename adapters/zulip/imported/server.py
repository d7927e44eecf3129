"""What an organization's own server tells the importing account, taken into a snapshot as it is
asked for: accounts, channels, and one conversation's messages after the other. What the account may
not read stays out."""

import re
from collections.abc import Collection

from adapters.zulip.addresses import DIRECT, direct_members
from adapters.zulip.channels import is_direct
from adapters.zulip.config import Config
from adapters.zulip.imported.snapshot import Found, Resident, Room, Snapshot
from adapters.zulip.organization.answers import Channel, Message
from adapters.zulip.organization.calls import Calls
from adapters.zulip.organization.checks import open_client, reach, read_zuliprc
from adapters.zulip.organization.message_calls import Narrow
from adapters.zulip.organization.verdicts import Refused
from migrate.model import Ref
from migrate.spi import Context, Opening

SECOND = 1_000_000
"""Microseconds: a server tells no time more finely."""

_FILE = re.compile(r"/user_uploads/[\w./-]+")
_FIRST = 3
"""Messages by which a channel is known whose name nobody knows."""


class ServerSource:
    """The server and the account that the zuliprc names; spoken to once it is opened."""

    def __init__(self, config: Config, context: Context) -> None:
        self.url = ""
        self._config = config
        self._folder = context.folder
        self._calls: Calls | None = None
        self._snapshot: Snapshot | None = None
        self._channels: dict[Ref, Channel] = {}
        self._me = ""
        self._brought: Ref = ""
        self._members: dict[Ref, list[Ref]] = {}
        self._files: dict[str, bool] = {}

    async def open(self, channels: Collection[str]) -> Snapshot:
        """Raises UsageError without a zuliprc, Fatal where no organization answers that knows the
        account in it."""
        if self._snapshot is None:
            calls = await self._connect()
            self._snapshot = snapshot = Snapshot(self._folder, SECOND)
            for user in await calls.users():
                snapshot.people[user.user_id] = Resident(
                    user.user_id, user.full_name, user.address, hushed=not user.is_active
                )
            for emoji in await calls.emoji():
                if not emoji.deactivated:
                    snapshot.emoji[emoji.name] = None
            self._channels = {each.ref: each for each in await calls.channels()}
            for channel in self._channels.values():
                snapshot.rooms[channel.ref] = _room(channel)
                if channel.name.casefold() not in channels:
                    await self._look_into(channel, snapshot)
        return self._snapshot

    async def _connect(self) -> Calls:
        zuliprc = read_zuliprc(self._config, self._folder)
        client = open_client(zuliprc, self._folder)
        self._calls = Calls(client)
        self._calls, settings, me = await reach(client)
        self.url, self._me = settings.url, me.ref
        return self._calls

    async def close(self) -> None:
        if self._snapshot is not None:
            self._snapshot.close()
        if self._calls is not None:
            await self._calls.close()

    @property
    def _asking(self) -> Calls:
        assert self._calls is not None  # it was opened
        return self._calls

    async def can_read(self, opening: Opening, place: Ref | None) -> bool:
        if is_direct(opening):
            return place is not None and self._me in direct_members(place)
        if place is None:
            # Neither private channels nor archived ones are told of everywhere.
            return not (opening.private or opening.conversation.archived)
        return not self._channels[place].invite_only or self._me in await self._list_members(place)

    async def bring(self, place: Ref, until: int) -> None:
        if place == self._brought:
            return
        snapshot = self._snapshot
        assert snapshot is not None  # it was opened
        if self._brought:
            snapshot.forget(self._brought)
        self._brought = place
        if place in self._channels:
            # Of one that is archived the server tells that nobody is in it.
            channel = self._channels[place]
            told = [] if channel.is_archived else await self._list_members(place)
            members = frozenset(int(ref) for ref in told)
            snapshot.rooms[place] = _room(channel, members or None)
        snapshot.begin()
        snapshot.forget(place)
        async for message in self._asking.history(self._narrow(place)):
            await self._put(snapshot, message, place, until)
        snapshot.end()

    async def _list_members(self, place: Ref) -> list[Ref]:
        if place not in self._members:
            try:
                self._members[place] = await self._asking.members(place)
            except Refused:  # of a private channel that we are not in
                self._members[place] = []
        return self._members[place]

    async def _look_into(self, channel: Channel, snapshot: Snapshot) -> None:
        """Take in how a channel begins."""
        narrow = self._narrow(channel.ref)
        page = await self._asking.page(narrow, "oldest", after=_FIRST)
        for message in page.messages:
            snapshot.put_message(_found(message), channel.ref)

    async def _put(self, snapshot: Snapshot, message: Message, place: Ref, until: int) -> None:
        snapshot.put_message(_found(message), place)
        for reaction in message.reactions:
            snapshot.put_reaction(message.id, (reaction.user_id, reaction.key))
        if message.timestamp * SECOND >= until:
            return
        for path in _FILE.findall(message.content):
            if path not in self._files:
                self._files[path] = await self._asking.has_file(path)
            if self._files[path]:
                name = path.removeprefix("/user_uploads/")
                snapshot.put_upload(name, None, [message.id])
                snapshot.put_body(name, None)

    def _narrow(self, place: Ref) -> Narrow:
        if not place.startswith(DIRECT):
            return [{"operator": "channel", "operand": int(place)}]
        others = [int(ref) for ref in direct_members(place) if ref != self._me]
        return [{"operator": "dm", "operand": others or [int(self._me)]}]


def _room(channel: Channel, members: frozenset[int] | None = None) -> Room:
    return Room(
        name=channel.name,
        private=channel.invite_only,
        web_public=channel.is_web_public,
        members=members,
    )


def _found(message: Message) -> Found:
    micros = message.timestamp * SECOND
    return Found(message.id, message.sender_id, micros, message.subject, message.content)
