"""What `plan --check` learns of a server by reading alone: whether the token may import, and which
of the server's settings stand in the way, each named. Also what an archive needs of them, held
against them right before it is sent."""

import asyncio
import ipaddress
import os
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from adapters.mattermost.answers import Settings, Team
from adapters.mattermost.calls import Calls
from adapters.mattermost.client import Refused
from adapters.mattermost.config import Config
from adapters.mattermost.limits import DEFAULT_CHANNELS
from adapters.mattermost.lines import Channel, User
from adapters.mattermost.profiles import MattermostCaps, caps_for, profile_of
from adapters.mattermost.remainder import heads
from migrate.errors import Fatal
from migrate.findings import Finding

_DEFAULT_USERS = 50
_DEFAULT_FILE = 100 * 1024 * 1024

_PROVEN = ("5.37.", "11.")


def narrow(config: Config, settings: Settings) -> MattermostCaps:
    """What this very server takes of what its profile takes."""
    caps = caps_for(config, config.profile or profile_of(settings.version))
    post, file = _number(settings.max_post_size), _number(settings.max_file_size)
    return msgspec.structs.replace(
        caps,
        piece_limit=min(caps.piece_limit, post or caps.piece_limit),
        file_limit=file or caps.file_limit,
    )


async def check(config: Config, calls: Calls, settings: Settings, token: str) -> list[Finding]:
    """Findings about this server, the worst first; nothing is written.

    Raises Fatal where the server does not answer.
    """
    code = await _whose_token(calls, token)
    if code:
        return [_finding(config, code)]
    codes = [
        *_about_settings(config, settings),
        *await _about_configuration(calls),
        *_about_team(await calls.team(config.team)),
    ]
    if (await calls.license()).cloud == "true":
        codes.append("mattermost-cloud")
    limits = await calls.limits()
    if limits.post_history_limit:
        codes.append("mattermost-history-limit")
    if limits.max_users_hard_limit:
        codes.append("mattermost-seats-limit")
    if is_open_wire(config.url):
        codes.append("mattermost-plain-http")
    return [_finding(config, code) for code in codes]


async def hold_limits(config: Config, calls: Calls, path: Path) -> None:
    """Raise Fatal where the server's limits would stop the import of this archive on its way, since
    nothing of what came before would be taken back."""
    size = await asyncio.to_thread(os.path.getsize, path)
    limit = _number((await calls.settings()).max_file_size)
    if limit and size > limit:
        raise Fatal(
            "mattermost-archive-too-large",
            f"The archive has {size:,} bytes, and the server takes {limit:,}.",
            f"Set FileSettings.MaxFileSize on the server to {size:,} or more, then run again.",
        )
    users, channels = await asyncio.to_thread(names_in, path)
    channels |= DEFAULT_CHANNELS
    team = await calls.team(config.team)
    if team is not None:
        users |= {user.username async for user in calls.users(team.id) if not user.delete_at}
        channels |= {
            channel.name
            async for channel in calls.channels()
            if channel.team_id == team.id and not channel.delete_at
        }
    limits = (await calls.configuration()).team_settings
    _hold("MaxUsersPerTeam", limits.max_users_per_team, len(users))
    _hold("MaxChannelsPerTeam", limits.max_channels_per_team, len(channels))


def names_in(path: Path) -> tuple[set[str], set[str]]:
    """The active accounts and open channels that an archive makes."""
    users: set[str] = set()
    channels: set[str] = set()
    for head in heads(path):
        if isinstance(head, User) and not head.delete_at:
            users.add(head.username)
        elif isinstance(head, Channel) and not head.deleted_at:
            channels.add(head.name)
    return users, channels


def _hold(setting: str, most: int, needed: int) -> None:
    if most and needed > most:
        raise Fatal(
            "mattermost-team-limit",
            f"The team would have {needed:,} of what TeamSettings.{setting} allows {most:,} of.",
            f"Set TeamSettings.{setting} on the server to {needed:,} or more, then run again.",
        )


async def _whose_token(calls: Calls, token: str) -> str:
    if not token:
        return "mattermost-token-missing"
    try:
        me = await calls.me()
    except Fatal as fatal:
        if fatal.code == "mattermost-token":
            return fatal.code
        raise
    except Refused:
        return "mattermost-no-admin"
    return "" if me.administers else "mattermost-no-admin"


def _about_settings(config: Config, settings: Settings) -> list[str]:
    codes = []
    if config.profile and config.profile != profile_of(settings.version):
        codes.append("mattermost-profile-other")
    if settings.enable_file_attachments == "false":
        codes.append("mattermost-attachments-off")
    if _number(settings.max_file_size) <= _DEFAULT_FILE:
        codes.append("mattermost-file-limit")
    if settings.enable_custom_emoji == "false":
        codes.append("mattermost-emoji-off")
    if settings.enable_post_username_override == "false":
        codes.append("mattermost-names-off")
    if not settings.version.startswith(_PROVEN):
        codes.append("profile-unproven")
    return codes


async def _about_configuration(calls: Calls) -> list[str]:
    configuration = await calls.configuration()
    codes = []
    if configuration.team_settings.max_users_per_team <= _DEFAULT_USERS:
        codes.append("mattermost-users-limit")
    if not configuration.job_settings.run_jobs:
        codes.append("mattermost-jobs-off")
    return codes


def _about_team(team: Team | None) -> list[str]:
    if team is None:
        return []
    if team.delete_at:
        return ["mattermost-team-archived"]
    return ["mattermost-open-team"] if team.allow_open_invite else []


def is_open_wire(address: str) -> bool:
    """Whether a token sent there could be read on its way."""
    url = urlsplit(address)
    if url.scheme == "https" or url.hostname in {None, "localhost"}:
        return False
    try:
        return not ipaddress.ip_address(str(url.hostname)).is_loopback
    except ValueError:
        return True


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _finding(config: Config, code: str) -> Finding:
    return Finding(code=code, place=config.url)
