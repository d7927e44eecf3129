"""Conversations in an organization that stands: channels found, made, entered, left and closed, and
who can read what. Direct talk needs no making: it is known by who talks."""

from collections.abc import Iterable, Sequence

import msgspec

from adapters.zulip.addresses import direct_members, direct_ref
from adapters.zulip.channels import description, is_direct
from adapters.zulip.organization.accounts import Accounts
from adapters.zulip.organization.answers import Channel
from adapters.zulip.organization.calls import Calls
from adapters.zulip.organization.newcomers import Newcomers
from adapters.zulip.organization.residents import Residents
from adapters.zulip.organization.verdicts import Refused
from migrate.errors import Skip
from migrate.model import Ref
from migrate.spi import Account, Audience, Entry, Existing, Memo, Opening, Sealing

KEPT_OPEN_BELOW = 315
"""The feature level from which on people can read what is archived; before, nobody could."""


class Conversations:
    """One session's. `me` is the importing account, `level` the server's feature level."""

    def __init__(
        self,
        calls: Calls,
        residents: Residents,
        accounts: Accounts,
        memo: Memo,
        me: Ref,
        level: int,
    ) -> None:
        self._calls = calls
        self._residents = residents
        self._accounts = accounts
        self._memo = memo
        self._newcomers = Newcomers(memo)
        self._me = me
        self._level = level
        self._channels: dict[Ref, Channel] = {}
        self._members: dict[Ref, set[Ref]] = {}

    # -- finding ---------------------------------------------------------------------------------

    async def channels(self) -> Sequence[Channel]:
        """All of them, archived ones as far as the server tells."""
        if not self._channels:
            await self._refresh()
        return list(self._channels.values())

    async def channel(self, ref: Ref) -> Channel:
        """The channel of this number, under the name that it has now."""
        await self.channels()
        if ref not in self._channels:
            await self._refresh()
        if ref not in self._channels:
            unlisted = await self._calls.channel(ref)
            if unlisted is None:
                raise Skip("zulip-not-found")
            self._channels[ref] = msgspec.structs.replace(unlisted, is_archived=True)
        return self._channels[ref]

    async def members(self, ref: Ref) -> set[Ref]:
        """Who is subscribed to a channel, the deactivated left out; nobody where it is archived,
        for then a server tells no more."""
        if ref not in self._members:
            archived = (await self.channel(ref)).is_archived
            self._members[ref] = set() if archived else set(await self._calls.members(ref))
        return self._members[ref]

    async def is_readable(self, ref: Ref) -> bool:
        """Whether the importer can read a channel. What it may not read looks empty to it."""
        channel = await self.channel(ref)
        if not channel.invite_only:
            return True
        if channel.is_archived:
            narrow = [{"operator": "channel", "operand": channel.stream_id}]
            return bool((await self._calls.page(narrow, "newest", before=1)).messages)
        return self._me in await self.members(ref)

    async def existing(self) -> list[Existing]:
        found: list[Existing] = []
        for channel in await self.channels():
            ref, private = channel.ref, channel.invite_only
            readers = await self.members(ref) - {self._me} if private else ()
            members = tuple(sorted(readers))
            found.append(Existing(name=channel.name, ref=ref, private=private, members=members))
        return found

    async def _refresh(self) -> None:
        self._channels = {channel.ref: channel for channel in await self._calls.channels()}

    async def _named(self, name: str) -> Channel | None:
        wanted = name.strip().casefold()
        return next((c for c in await self.channels() if c.name.casefold() == wanted), None)

    # -- making ----------------------------------------------------------------------------------

    async def ensure(self, opening: Opening) -> Ref:
        """Make a conversation, or find it again. The accounts that this project has made are in a
        channel from the start, for whoever is let in later is told so by the server."""
        if is_direct(opening):
            if not all(member.ref for member in opening.members):
                # Without one of them it would be the talk of others.
                raise Skip("zulip-account-missing")
            return direct_ref(member.ref for member in opening.members)
        if opening.action == "map":
            return (await self._find(opening)).ref
        if ref := self._memo.get(_made(opening)) or opening.ref:
            return (await self._held(await self.channel(ref), opening)).ref
        await self._refresh()
        channel = await self._named(opening.placement.name)
        if channel is not None and not self._is_ours(channel, opening):
            raise Skip("zulip-channel-exists")
        if channel is None:
            channel = await self._make(opening)
        channel = await self._held(channel, opening)
        self._memo.set(_made(opening), channel.ref)
        return channel.ref

    async def _make(self, opening: Opening) -> Channel:
        name = opening.placement.name
        # Somebody may make one of the same name; that we wanted to is what tells ours.
        self._memo.set(_wanted(opening), name)
        members = {self._me, *await self._able(opening.members)}
        said = description(opening)
        ref = await self.make(name, members, said, private=opening.private)
        return await self.channel(ref)

    async def make(
        self, name: str, members: Iterable[Ref], description: str = "", *, private: bool = False
    ) -> Ref:
        """A channel of a name that nobody has."""
        await self._calls.subscribe([name], members, description=description, private=private)
        await self._refresh()
        channel = await self._named(name)
        if channel is None:
            raise Skip("zulip-not-found")
        return channel.ref

    async def _able(self, members: Iterable[Account]) -> list[Ref]:
        """Those of our own who can be let into a channel. One who is deactivated would keep all
        others out."""
        ours = [member.ref for member in members if member.ref and member.action != "map"]
        return [ref for ref in ours if (await self._residents.get(ref)).is_active]

    async def _find(self, opening: Opening) -> Channel:
        channel = await self._named(opening.placement.name)
        if channel is None:
            raise Skip("zulip-not-found")
        return await self._held(channel, opening)

    async def _held(self, channel: Channel, opening: Opening) -> Channel:
        """Never a channel that more people can read than shall."""
        if opening.private and not channel.invite_only:
            raise Skip("zulip-channel-open")
        return channel

    def _is_ours(self, channel: Channel, opening: Opening) -> bool:
        wanted = self._memo.get(_wanted(opening)) == opening.placement.name
        return wanted and str(channel.creator_id) == self._me and not channel.is_archived

    # -- belonging -------------------------------------------------------------------------------

    async def enter(self, entry: Entry) -> None:
        """Let somebody in who stays; people who stood there before only once everything was said.
        To write nobody has to be in."""
        opening, account = entry.opening, entry.account
        if is_direct(opening) or not entry.stays:
            return
        channel = await self.channel(opening.ref)
        members = await self.members(channel.ref)
        if account.ref in members or not (await self._residents.get(account.ref)).is_active:
            return
        if channel.invite_only and not channel.is_archived and self._me not in members:
            raise Skip("zulip-not-in-channel")
        if account.action == "map" and channel.history_public_to_subscribers:
            self._newcomers.note(account.ref, channel.ref)
        else:
            await self.let_in(opening, account)

    async def let_in(self, opening: Opening, account: Account) -> None:
        """Subscribe somebody now: by himself where that is possible, for then the server says
        nothing to him. Whoever is deactivated reads nothing, and needs no place."""
        channel = await self.channel(opening.ref)
        user = await self._residents.get(account.ref)
        members = await self.members(channel.ref)
        if user.ref in members or not user.is_active or channel.is_archived:
            return
        key = None
        if not channel.invite_only and not user.is_guest:
            key = await self._accounts.key_to_read(account)
        await self._calls.subscribe([channel.name], [user.ref], by=key)
        members.add(user.ref)
        self._newcomers.drop(user.ref, channel.ref)

    async def reads_inside_alone(self, opening: Opening, account: Account) -> bool:
        """Whether somebody can read this conversation as one of its members alone: guests read no
        channel that they are not in."""
        channel = await self.channel(opening.ref)
        return channel.invite_only or (await self._residents.get(account.ref)).is_guest

    async def may_enter(self, opening: Opening, account: Account) -> bool:
        """Whether somebody is in a channel, or shall be before long: who belongs there is let in
        now."""
        if account.ref in await self.members(opening.ref):
            return True
        if opening.ref not in self._newcomers.channels_of(account.ref):
            return False
        await self.let_in(opening, account)
        return account.ref in await self.members(opening.ref)

    async def let_newcomers_in(self) -> None:
        """Everybody into all channels that are waited for, each by one call: the server tells
        people so once. Raises Skip where somebody waits still, for the next run."""
        # A channel is entered by its name, and would be made where none has that any more.
        await self._refresh()
        done = [
            await self._let_newcomer_in(ref, self._newcomers.channels_of(ref))
            for ref in self._newcomers.waiting()
        ]
        self._newcomers.close()
        if not all(done):
            raise Skip("zulip-newcomers-outside")

    async def _let_newcomer_in(self, user: Ref, wanted: Sequence[Ref]) -> bool:
        """Whether there is nothing left to wait for. One channel that the server refuses keeps
        nobody out of the others; one that is gone is waited for no more."""
        try:
            if not wanted or not (await self._residents.get(user)).is_active:
                return True
            names = [(await self.channel(each)).name for each in wanted]
            await self._calls.subscribe(names, [user], private=True)
        except Skip as verdict:
            if len(wanted) > 1:
                return all([await self._let_newcomer_in(user, [each]) for each in wanted])
            if verdict.code != "zulip-not-found":
                return False
        for each in wanted:
            self._newcomers.drop(user, each)
            self._members.pop(each, None)
        return True

    async def seal(self, sealing: Sealing) -> None:
        """Leavers leave. An archived channel is closed where people can still read it then; one
        that stood there before is nobody's to close."""
        opening = sealing.opening
        if is_direct(opening):
            return
        channel = await self.channel(opening.ref)
        members = await self.members(channel.ref)
        for leaver in sealing.leavers:
            self._newcomers.drop(leaver.ref, channel.ref)
        leaving = [leaver.ref for leaver in sealing.leavers if leaver.ref in members]
        if leaving and not channel.is_archived:
            await self._calls.unsubscribe([channel.name], leaving)
            members.difference_update(leaving)
        closes = sealing.archived and opening.action == "create"
        if closes and not channel.is_archived and self._level >= KEPT_OPEN_BELOW:
            await self.close(channel.ref)

    async def close(self, ref: Ref) -> None:
        """Archive a channel. One that is archived, or gone, already is left as it is."""
        try:
            await self._calls.archive(ref)
        except Refused as refused:
            if not refused.says("already deactivated", "Invalid channel"):
                raise
        await self._refresh()

    # -- who can read ----------------------------------------------------------------------------

    async def audience(self, opening: Opening) -> Audience:
        if is_direct(opening):
            return Audience(members=frozenset(direct_members(opening.ref)), join="invite")
        channel = await self.channel(opening.ref)
        self._members.pop(channel.ref, None)
        expected = {member.ref for member in opening.members}
        members = await self.members(channel.ref)
        # Who is deactivated reads nothing, and is not listed; nobody is of what is archived.
        silent = {
            ref
            for ref in expected
            if channel.is_archived or not (await self._residents.get(ref)).is_active
        }
        if self._me not in expected:
            members = members - {self._me}
        open_to = "world" if channel.is_web_public else "members"
        return Audience(
            members=frozenset(members | silent),
            join="invite" if channel.invite_only else open_to,  # type: ignore[arg-type]  # all are
            listed=not channel.invite_only,
        )


def _made(opening: Opening) -> str:
    return f"zulip channel {opening.conversation.id}"


def _wanted(opening: Opening) -> str:
    return f"zulip wanted {opening.conversation.id}"
