"""Letting accounts into channels over the API: those that stood at the server before, and those of
an earlier archive. An archive must not speak of them again, for it would give them a new password
and write over their roles."""

import asyncio

from adapters.mattermost.answers import Channel, Post, Team, User
from adapters.mattermost.calls import Calls
from adapters.mattermost.channels import is_direct
from adapters.mattermost.client import Refused
from adapters.mattermost.uploads import Pause
from migrate.errors import Skip
from migrate.model import Ref
from migrate.spi import Entry

_LOOKS = 6
"""The server writes its own line about an entry a moment after it has answered."""

_ADDED = ("system_add_to_channel", "system_add_guest_to_chan", "system_add_to_team")

_WELCOME = "town-square"
"""The channel that everybody of a team is in, whatever it is called."""


class Enrolling:
    """Entries into the channels of one team."""

    def __init__(self, calls: Calls, team: str, pause: Pause = asyncio.sleep) -> None:
        self._calls = calls
        self._team_name = team
        self._pause = pause
        self._team: Team | None = None
        self._channels: dict[str, Channel] = {}
        self._users: dict[str, User] = {}
        self._in_team: set[str] = set()
        # Into the team one after the other: nobody is quite in before the call has returned.
        self._door = asyncio.Lock()

    async def enter(self, entry: Entry) -> None:
        """Make the account a member of the team and the channel, with nothing in it unread. The
        server says so in the channel, as of today; that line is taken away again. Who is in the
        channel already stays as they are, and so does who is deactivated: the server lets nobody
        in who cannot sign in. Direct talk is its members, and nobody enters it later;
        bots of the import belong nowhere. Raises Retry, Refused or Skip."""
        bot = entry.account.person.kind == "bot" and entry.account.action != "map"
        if entry.stays and not bot and not is_direct(entry.opening):
            await self.join(entry.opening.placement.name, entry.account.ref)

    async def join(self, channel_name: str, account: Ref) -> None:
        """As `enter`, by names."""
        team = await self._find_team()
        channel = await self._find_channel(team, channel_name)
        user = await self._find_user(account)
        if user.delete_at or await self._calls.is_member(channel.id, user.id):
            return
        async with self._door:
            await self._join_team(team, user)
        before = await self._latest(channel.id)
        await self._calls.join_channel(channel.id, user.id)
        await self._hush(channel.id, user.id, before)
        await self._calls.view_channel(channel.id, user.id)

    async def archive(self, channel_name: str) -> None:
        """Archive a channel, without the line by which the server says so where it lets it be taken
        away."""
        channel = await self._find_channel(await self._find_team(), channel_name)
        if not channel.delete_at:
            before = await self._latest(channel.id)
            await self._calls.archive_channel(channel.id)
            await self._hush(channel.id, "", before)

    async def restore(self, channel_name: str) -> None:
        """Open an archived channel again, without the line by which the server says so."""
        channel = await self._find_channel(await self._find_team(), channel_name)
        if channel.delete_at:
            before = await self._latest(channel.id)
            await self._calls.restore_channel(channel.id)
            await self._hush(channel.id, "", before)

    async def _find_team(self) -> Team:
        if self._team is None:
            self._team = await self._calls.team(self._team_name)
        if self._team is None:
            raise Skip("mattermost-not-found")
        return self._team

    async def _find_channel(self, team: Team, name: str) -> Channel:
        if name not in self._channels:
            channel = await self._calls.channel(team.id, name)
            if channel is None:
                raise Skip("mattermost-not-found")
            self._channels[name] = channel
        return self._channels[name]

    async def _find_user(self, name: str) -> User:
        if name not in self._users:
            user = await self._calls.user(name)
            if user is None:
                raise Skip("mattermost-not-found")
            self._users[name] = user
        return self._users[name]

    async def _join_team(self, team: Team, user: User) -> None:
        if user.id in self._in_team or await self._calls.is_team_member(team.id, user.id):
            self._in_team.add(user.id)
            return
        welcome = await self._find_channel(team, _WELCOME)
        before = await self._latest(welcome.id)
        await self._calls.join_team(team.id, user.id)
        self._in_team.add(user.id)
        await self._hush(welcome.id, user.id, before)
        if await self._calls.is_member(welcome.id, user.id):  # a guest is not
            await self._calls.view_channel(welcome.id, user.id)

    async def _latest(self, channel: str) -> int:
        """When the channel's last post was written. Whatever is older was brought, or people's."""
        page = await self._calls.posts(channel, {"page": "0", "per_page": "1"})
        return max((page.posts[id].create_at for id in page.order), default=0)

    async def _hush(self, channel: str, user: str, after: int) -> None:
        """Take away the server's line about this account's entry (about the archiving, where there
        is no `user`), written later than `after`. That it cannot be found is no harm."""
        for look in range(_LOOKS):
            page = await self._calls.posts(channel, {"page": "0", "per_page": "30"})
            for post in page.posts.values():
                if post.create_at > after and _tells_of(post, user):
                    try:
                        await self._calls.delete_post(post.id)
                    except Refused as refused:
                        # Somebody was quicker; or, on 5.37, the channel is archived by now.
                        if refused.status not in (400, 404):
                            raise
                    return
            await self._pause(0.02 * 2**look)


def _tells_of(post: Post, user: str) -> bool:
    if post.type in ("system_channel_deleted", "system_channel_restored"):
        return not user
    if post.type in ("system_join_team", "system_join_channel"):
        return post.user_id == user
    return post.type in _ADDED and (post.props or {}).get("addedUserId") == user
