"""The `[target]` table of a Mattermost project. Pure; nothing here talks to a server."""

import re
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from adapters.mattermost import limits

_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")

TEMPLATE = """\
team = "slack"              # the team's name in addresses: lower-case letters, digits, hyphens
team_display_name = ""      # the name that people read; empty: the team's name
profile = ""                # 11 | 5.37: the server's kind; empty: what the server says, else 11
url = ""                    # https://chat.example.org; empty: only the archive is made
token_env = "MATTERMOST_TOKEN"  # environment variable with a system admin's access token
path = "mattermost.zip"     # the archive; later ones are called mattermost-2.zip and so on
email_domain = "slack.invalid"  # of the made-up addresses for accounts that have none of their own
bot_owner = "chat-migrate"  # the account that owns the bots; none of that name need exist
workers = 0                 # import workers of the server (11); 0: as many as it likes
part_messages = 2000        # messages composed at once: what a crash costs
"""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """`path` starts at the project's folder. `email_domain` ends the addresses of accounts that
    nobody signs in to, and of people whose address Slack does not tell; mail never goes there.

    Raises ValueError, in one sentence, for a value that no server takes.
    """

    team: str
    team_display_name: str = ""
    profile: Literal["", "11", "5.37"] = ""
    url: str = ""
    token_env: str = "MATTERMOST_TOKEN"
    path: str = "mattermost.zip"
    email_domain: str = "slack.invalid"
    bot_owner: str = "chat-migrate"
    workers: int = 0
    part_messages: int = 2_000

    def __post_init__(self) -> None:
        name = self.team
        if not limits.TEAM_NAME.fullmatch(name) or len(name) > limits.TEAM_NAME_BYTES:
            raise ValueError(
                "team must be 2 to 64 lower-case letters, digits and hyphens, such as acme"
            )
        if name.startswith(limits.TEAM_RESERVED):
            word = next(each for each in limits.TEAM_RESERVED if name.startswith(each))
            raise ValueError(f"team must not begin with {word!r}, which Mattermost reserves")
        if len(self.team_display_name) > limits.TEAM_DISPLAY_RUNES:
            raise ValueError("team_display_name may have 64 characters")
        if self.url and not _is_address(self.url):
            raise ValueError("url must be an address such as https://chat.example.org, or empty")
        if not self.path.endswith(".zip"):
            raise ValueError("path must end in .zip")
        if not _DOMAIN.fullmatch(self.email_domain) or len(self.email_domain) > 60:
            raise ValueError("email_domain must be a domain such as slack.invalid")
        owner = self.bot_owner
        if not limits.USERNAME.fullmatch(owner) or len(owner) > limits.USERNAME_BYTES:
            raise ValueError("bot_owner must be the name of an account, in lower case")
        if not 0 <= self.workers <= 64:
            raise ValueError("workers must be between 0 and 64")
        if self.part_messages < 1:
            raise ValueError("part_messages must be at least 1")

    @property
    def shown_team(self) -> str:
        """The team's name as people read it."""
        return self.team_display_name or self.team

    def archive(self, number: int) -> str:
        """The path of the project's archive with this number, the first being 1."""
        stem = self.path.removesuffix(".zip")
        return self.path if number == 1 else f"{stem}-{number}.zip"


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    plain = not (parts.query or parts.fragment or parts.username)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and plain
