"""The `[target]` table of a Matrix project, and the addresses that follow from it: accounts,
aliases, the importer's own account. Pure; nothing here talks to a homeserver."""

import re
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from migrate.model import Person

_PREFIX = re.compile(r"[a-z0-9][a-z0-9.-]{0,30}")
_SERVER_NAME = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
# A whole user id may have 255 bytes; this many are left for the part that names the person.
LOCALPART_LIMIT = 64

TEMPLATE = """\
homeserver   = "https://matrix.example.org"  # its client API, as seen from this computer
server_name  = "example.org"        # the part behind the colon of its accounts: @ann:example.org
registration = "appservice.yaml"    # the homeserver's admin installs this file
admin_token_env = ""                # environment variable with an admin's access token
admin   = ""                        # an account that shall administer the rooms: "@ann:example.org"
space   = "Slack"                   # the name of the space that holds the rooms
prefix  = "slack"                   # accounts are @slack_u0123:…, aliases #slack_c0123:…
members = "all"                     # all | authors: who joins, besides those who wrote
encrypt = "no"                      # no | private | all: switched on after the import
"""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """`homeserver` is a URL, `registration` a path that starts at the project's folder.

    `prefix` parts this import's accounts and aliases from all others on the server; `admin` is an
    account that is invited to the space and may administer its rooms, "" for none.

    Raises ValueError, in one sentence, for a value that no homeserver takes.
    """

    homeserver: str
    server_name: str
    registration: str = "appservice.yaml"
    admin_token_env: str = ""
    admin: str = ""
    space: str = "Slack"
    prefix: str = "slack"
    members: Literal["all", "authors"] = "all"
    encrypt: Literal["no", "private", "all"] = "no"

    def __post_init__(self) -> None:
        try:
            url = urlsplit(self.homeserver)
            usable = url.scheme in {"http", "https"} and bool(url.hostname)
            usable = usable and not (url.query or url.fragment or url.username)
            _ = url.port
        except ValueError:
            usable = False
        if not usable:
            raise ValueError("homeserver must be a URL such as https://matrix.example.org")
        if not _SERVER_NAME.fullmatch(self.server_name) or len(self.server_name) > 150:
            raise ValueError(
                "server_name must be the part behind the colon of an account, such as example.org"
            )
        if not _PREFIX.fullmatch(self.prefix):
            raise ValueError(
                "prefix must be lower-case letters, digits, dots and hyphens, at most 31 of them"
            )
        if not self.space.strip() or len(self.space) > 200:
            raise ValueError("space must be a name of at most 200 characters")
        if self.admin and not re.fullmatch(f"@[^:]+:{re.escape(self.server_name)}", self.admin):
            raise ValueError(f"admin must be an account such as @ann:{self.server_name}, or empty")

    @property
    def base_url(self) -> str:
        """The homeserver's URL without a slash at its end."""
        return self.homeserver.rstrip("/")

    @property
    def sender(self) -> str:
        """The application service's own account, which makes the rooms."""
        return f"@{self.sender_localpart}:{self.server_name}"

    @property
    def sender_localpart(self) -> str:
        # Without an underscore, so that the namespace of the ghosts does not hold it.
        return f"{self.prefix}import"

    def ghost(self, name: str) -> str:
        """The account of somebody whose `Placement.name` is `name`."""
        return f"@{self.ghost_localpart(name)}:{self.server_name}"

    def ghost_localpart(self, name: str) -> str:
        return f"{self.prefix}_{name}"

    def alias(self, localpart: str) -> str:
        return f"#{localpart}:{self.server_name}"

    def room_localpart(self, conversation: str) -> str:
        """The alias localpart of a Slack conversation: the key by which its room is found again."""
        return f"{self.prefix}_{escape(conversation.lower())}"

    @property
    def space_localpart(self) -> str:
        # No Slack id is all letters and of this length, so no conversation is called so.
        return f"{self.prefix}_space"


def escape(text: str) -> str:
    """`text` in the characters of a Matrix localpart, every other byte as `=xx`; reversible."""
    return "".join(
        chr(byte) if (chr(byte).isalnum() and byte < 128) or chr(byte) in "-." else f"={byte:02x}"
        for byte in text.encode("utf-8", "replace")
    )


def belongs_to_team(person: Person) -> bool:
    """Whether somebody enters the space, whose members can join every public room.

    Guests, people from elsewhere, bots and former members see in Slack only the channels that they
    are in, or none: they are invited to their rooms instead.
    """
    return person.kind == "member" and not person.deactivated
