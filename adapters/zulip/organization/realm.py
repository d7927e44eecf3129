"""What holds for the organization as a whole: what it is set to, its names of emoji, and the
domains that senders' addresses must be of. What is added for the import is taken away again."""

from collections.abc import Collection

import msgspec

from adapters.zulip.organization.answers import Registration, Settings
from adapters.zulip.organization.calls import Calls
from migrate.errors import Fatal, Skip
from migrate.spi import Memo

ADDED = "zulip domains"
"""The name in the memo under which the domains lie that this project has added."""

_names = msgspec.json.Decoder(list[str])


class Realm:
    """Read once, as far as it is asked for."""

    def __init__(self, calls: Calls, settings: Settings, memo: Memo) -> None:
        self.settings = settings
        self._calls = calls
        self._memo = memo
        self._registration: Registration | None = None
        self._domains: set[str] | None = None
        self._emoji: dict[str, list[str]] | None = None

    async def registration(self) -> Registration:
        if self._registration is None:
            self._registration = await self._calls.register() or Registration()
        return self._registration

    # -- domains ---------------------------------------------------------------------------------

    async def domains(self) -> Collection[str]:
        if self._domains is None:
            self._domains = {each.lower() for each in await self._calls.domains()}
        return self._domains

    async def is_shut(self) -> bool:
        """Whether a domain that is added would let strangers in."""
        told = await self.registration()
        return told.realm_emails_restricted_to_domains and not told.realm_invite_required

    async def admit(self, address: str) -> None:
        """Let senders and recipients have addresses of this one's domain. What is added is noted
        beforehand, so that it is taken away again whatever happens."""
        domain = address.rpartition("@")[2].lower()
        if domain in await self.domains():
            return
        if await self.is_shut():
            raise Fatal(
                "zulip-domain",
                f"The organization does not list the domain {domain}, which senders must be of, and"
                " whoever has an address of a listed domain may join it.",
                "In Zulip, under Organization settings > Organization permissions, require an"
                " invitation for joining until the import is done; then run again.",
            )
        added = {*self._added(), domain}
        self._memo.set(ADDED, msgspec.json.encode(sorted(added)).decode())
        await self._calls.add_domain(domain)
        assert self._domains is not None  # `domains` has read them
        self._domains.add(domain)

    async def dismiss(self) -> None:
        """Take the domains away again that this project has added."""
        for domain in self._added():
            await self._calls.drop_domain(domain)
        if self._added():
            self._memo.set(ADDED, "[]")
        self._domains = None

    def _added(self) -> list[str]:
        return _names.decode(self._memo.get(ADDED) or "[]")

    # -- emoji -----------------------------------------------------------------------------------

    async def emoji_name(self, code: str, guess: str) -> str:
        """What the server calls a standard emoji: it takes no reaction without. Where it does not
        tell, `guess`."""
        if self._emoji is None:
            url = (await self.registration()).server_emoji_data_url
            self._emoji = await self._calls.emoji_names(url)
        names = self._emoji.get(code)
        if names:
            return names[0]
        if self._emoji or not guess:
            raise Skip("zulip-emoji-unknown")
        return guess
