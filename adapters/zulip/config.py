"""The `[target]` table of a Zulip project. Pure; nothing here talks to a server."""

import re
from typing import Literal

import msgspec

from adapters.zulip import limits

ProfileName = Literal["9", "10", "11", "12"]

_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9][a-z0-9-]*[a-z0-9]")

TEMPLATE = """\
mode = "import"             # import: a directory for `manage.py import`
subdomain = "slack"         # the new organization's: at least three letters, digits, hyphens
profile = ""                # the server's major version: 9 | 10 | 11 (12: not yet); required
path = "zulip"              # the directory that is made
topics = "single"           # of what is outside threads: single | monthly | daily
main_topic = "imported from Slack"  # the name of the single one
user_messages = "full"      # full: a copy of each message for each subscriber, all of them read
                            # idle: made when somebody comes back; a faster import, all unread
owner = ""                  # the owner's e-mail address, or Slack id: without one no import ends
                            # well. An address that nobody has gets an account of its own
email_domain = "slack.invalid"  # of the made-up addresses for accounts that have none of their own
part_messages = 1000        # messages in a file, and composed at once
"""


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`path` starts at the project's folder. `email_domain` ends the addresses of accounts that
    nobody signs in to, and of people whose address Slack does not tell; mail never goes there.
    `owner` is somebody who signs in; an address of nobody's makes an account.

    Raises ValueError, in one sentence, for a value that no server takes.
    """

    subdomain: str
    profile: Literal["", "9", "10", "11", "12"] = ""
    mode: Literal["import", "api"] = "import"
    path: str = "zulip"
    topics: Literal["single", "monthly", "daily"] = "single"
    main_topic: str = "imported from Slack"
    user_messages: Literal["full", "idle"] = "full"
    owner: str = ""
    email_domain: str = "slack.invalid"
    part_messages: int = 1_000

    @property
    def version(self) -> ProfileName:
        """The profile; until one is set, that of most servers, so that a plan can be made."""
        return self.profile or "11"

    def __post_init__(self) -> None:
        if not limits.SUBDOMAIN.fullmatch(self.subdomain) or not 3 <= len(self.subdomain) <= 40:
            raise ValueError(
                "subdomain must be 3 to 40 lower-case letters, digits and hyphens, such as acme"
            )
        if not self.path or self.path.startswith("/") or ".." in self.path.split("/"):
            raise ValueError("path must be a folder within the project's")
        if not 0 < len(self.main_topic) <= limits.TOPIC_CHARS or set(self.main_topic) & set("*`>"):
            raise ValueError("main_topic must have 1 to 60 characters, none of them * ` >")
        if self.mode == "api":
            raise ValueError(
                'mode must be "import": the way over the API into an organization that stands'
                " already is not built yet"
            )
        address = self.owner.strip().lower()
        if "@" in address and not limits.EMAIL.fullmatch(address):
            raise ValueError("owner must be an e-mail address or a Slack id")
        if not _DOMAIN.fullmatch(self.email_domain) or len(self.email_domain) > 60:
            raise ValueError("email_domain must be a domain such as slack.invalid")
        if not 1 <= self.part_messages <= 10_000:
            raise ValueError("part_messages must be between 1 and 10000")
