"""Who and what stands at the server already, whoever made it: what a mapping file may point at, and
what an import must not overwrite."""

from adapters.mattermost.answers import User
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
    return [
        Existing(
            name=channel.name,
            ref=channel.name,
            full_name=channel.display_name,
            private=channel.type == "P",
        )
        async for channel in calls.channels()
        if channel.team_id == found.id
    ]


def _existing(user: User) -> Existing:
    return Existing(
        name=user.username,
        ref=user.username,
        full_name=user.full_name,
        email=user.email.lower(),
    )
