"""The `[target]` table of a Zulip project. Pure; nothing here talks to a server."""

import re
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from adapters.zulip import limits

ProfileName = Literal["9", "10", "11", "12"]

_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9][a-z0-9-]*[a-z0-9]")

_DAY = re.compile(r"\d{4}-\d{2}")
_NAMELESS = {"general chat", "(no topic)"}

TEMPLATE = """\
mode = "import"             # import: a directory for `manage.py import`, a new organization
                            # api: into an organization that stands, message by message
url = ""                    # the organization's address, where the zuliprc names another
zuliprc = ""                # the file with the importing account's key, `chmod 600`. api: required;
                            # import: `verify` reads with it what became of the directory
subdomain = "slack"         # the new organization's: at least three letters, digits, hyphens
profile = ""                # the server's major version: 9 | 10 | 11 | 12; import: required
path = "zulip"              # the directory that is made
topics = "single"           # of what is outside threads: single | monthly | daily
main_topic = "imported from Slack"  # the name of the single one
user_messages = "full"      # full: a copy of each message for each subscriber, all of them read
                            # idle: made when somebody comes back; a faster import, all unread
rendering = "ready"         # ready: plain words come as the HTML that Zulip makes of them, and
                            # take no time of the import's | importer: it makes everything itself
owner = ""                  # the owner's e-mail address, or Slack id: without one no import ends
                            # well. An address that nobody has gets an account of its own
email_domain = "slack.invalid"  # of the made-up addresses for accounts that have none of their own
part_messages = 1000        # messages in a file, and composed at once
export = ""                 # what `manage.py export` made of the organization once it was imported,
                            # a folder or a .tar.gz: `verify` holds it against the directory
"""


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`path`, `export` and `zuliprc` start at the project's folder. `email_domain` ends the
    addresses of accounts that nobody signs in to, and of people whose address Slack does not tell;
    mail never goes there. `owner` is somebody who signs in; an address of nobody's makes an
    account. `url` is the organization's, "" for the one that the zuliprc names.

    Raises ValueError, in one sentence, for a value that no server takes.
    """

    subdomain: str = ""
    profile: Literal["", "9", "10", "11", "12"] = ""
    mode: Literal["import", "api"] = "import"
    path: str = "zulip"
    topics: Literal["single", "monthly", "daily"] = "single"
    main_topic: str = "imported from Slack"
    user_messages: Literal["full", "idle"] = "full"
    rendering: Literal["ready", "importer"] = "ready"
    owner: str = ""
    email_domain: str = "slack.invalid"
    part_messages: int = 1_000
    export: str = ""
    url: str = ""
    zuliprc: str = ""

    @property
    def version(self) -> ProfileName:
        """The profile; until one is set, that of most servers, so that a plan can be made."""
        return self.profile or "11"

    def __post_init__(self) -> None:
        if self.mode == "api":
            self._hold_living()
        else:
            self._hold_directory()
        if self.url and not _is_address(self.url):
            raise ValueError("url must be the organization's, such as https://zulip.example.org")
        if not 0 < len(self.main_topic) <= limits.TOPIC_CHARS or set(self.main_topic) & set("*`>"):
            raise ValueError("main_topic must have 1 to 60 characters, none of them * ` >")
        if not _DOMAIN.fullmatch(self.email_domain) or len(self.email_domain) > 60:
            raise ValueError("email_domain must be a domain such as slack.invalid")

    def _hold_living(self) -> None:
        if not self.zuliprc:
            raise ValueError(
                'zuliprc must name the file of the importing account where mode is "api"; Zulip'
                " gives it out under Personal settings > Account & privacy"
            )
        if _DAY.match(self.main_topic) or self.main_topic.lower() in _NAMELESS:
            raise ValueError("main_topic must be a name that no day begins and that Zulip shows")

    def _hold_directory(self) -> None:
        if not limits.SUBDOMAIN.fullmatch(self.subdomain) or not 3 <= len(self.subdomain) <= 40:
            raise ValueError(
                "subdomain must be 3 to 40 lower-case letters, digits and hyphens, such as acme"
            )
        if not self.path or self.path.startswith("/") or ".." in self.path.split("/"):
            raise ValueError("path must be a folder within the project's")
        address = self.owner.strip().lower()
        if "@" in address and not limits.EMAIL.fullmatch(address):
            raise ValueError("owner must be an e-mail address or a Slack id")
        if not 1 <= self.part_messages <= 10_000:
            raise ValueError("part_messages must be between 1 and 10000")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    bare = not (parts.query or parts.fragment or parts.username)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and bare
