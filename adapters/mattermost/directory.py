"""Who and what stands at the server already, whoever made it: what a mapping file may point at, and
what an import must not overwrite."""

from collections.abc import Mapping

from adapters.mattermost.answers import Channel, User
from adapters.mattermost.calls import Calls
from migrate.spi import Existing


async def list_accounts(calls: Calls) -> list[Existing]:
    """Every account of the server, deactivated ones and bots among them: the importer would write
    over any of them that has the same name."""
    return [_existing(user) async for user in calls.users()]


async def list_conversations(calls: Calls, team: str) -> list[Existing]:
    """The team's public and private channels, archived ones among them; none where there is no such
    team yet."""
    found = await calls.team(team)
    if found is None:
        return []
    mine = (await calls.me()).id
    active = [user async for user in calls.users() if user.id != mine and not user.delete_at]
    names = {user.id: user.username for user in active}
    return [
        Existing(
            name=channel.name,
            ref=channel.name,
            full_name=channel.display_name,
            private=channel.type == "P",
            members=await _members(calls, channel, names) if channel.type == "P" else (),
        )
        async for channel in calls.channels()
        if channel.team_id == found.id
    ]


async def _members(calls: Calls, channel: Channel, names: Mapping[str, str]) -> tuple[str, ...]:
    """The accounts in a channel, the token's own left out."""
    inside = [member.user_id async for member in calls.channel_members(channel.id)]
    return tuple(sorted(names[id] for id in inside if id in names))


def _existing(user: User) -> Existing:
    return Existing(
        name=user.username,
        ref=user.username,
        full_name=user.full_name,
        email=user.email.lower(),
    )
