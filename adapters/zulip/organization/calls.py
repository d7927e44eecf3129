"""The calls on the organization, its people and its channels. Those on messages are
`message_calls`; what all of them add up to, and in which order, lies elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adapters.zulip.organization.answers import (
    Channel,
    Domain,
    Registration,
    Settings,
    User,
)
from adapters.zulip.organization.asking import converted
from adapters.zulip.organization.client import NOBODY, Credentials
from adapters.zulip.organization.envelope import Envelope
from adapters.zulip.organization.message_calls import MIRROR, MessageCalls
from adapters.zulip.organization.verdicts import Refused, unreachable
from migrate.errors import Retry
from migrate.model import Ref

QUIET_ENTRY = 397
"""The feature level from which on a server can be asked to tell nobody that they were let in."""


class Calls(MessageCalls):
    """All of them; how they are made says `Asking`."""

    # -- the organization ------------------------------------------------------------------------

    async def settings(self) -> Settings:
        """What everybody is told; the client keeps how new the server is. Asked once: whether
        anybody answers is soon known."""
        try:
            settings = await self._call(Settings, "GET", "server_settings", by=NOBODY)
        except Retry as verdict:
            raise unreachable() from verdict
        self.client.feature_level = settings.zulip_feature_level
        return settings

    async def me(self) -> User:
        return await self._read(User, "users/me")

    async def register(self, by: Credentials | None = None) -> Registration | None:
        """What the organization and the account that asks are set to; None where the server tells
        nothing. Makes a queue of events that nobody reads and that the server forgets within
        minutes."""
        types = ["realm", "realm_user_settings_defaults", "realm_emoji", "realm_user_groups"]
        if by is not None:
            types = ["user_settings"]
        request = {"event_types": ["realm_domains"], "fetch_event_types": types}
        try:
            return await self._patiently(
                lambda: self._call(Registration, "POST", "register", request, by)
            )
        except Refused:
            return None

    async def domains(self) -> list[str]:
        return [each.domain for each in await self._list(Domain, "domains", "realm/domains")]

    async def add_domain(self, domain: str) -> None:
        try:
            await self._write(
                "POST", "realm/domains", {"domain": domain, "allow_subdomains": False}
            )
        except Refused as refused:
            if not refused.says("already"):
                raise

    async def drop_domain(self, domain: str) -> None:
        try:
            await self._write("DELETE", f"realm/domains/{domain}")
        except Refused as refused:
            if not refused.says("No entry found", "not found"):
                raise

    async def probe_forging(self) -> Refused | None:
        """Try to speak for nobody: refused whatever happens, and how tells what is allowed."""
        return await self._refusal(
            "messages",
            {
                "type": "stream",
                "to": '"x"',
                "topic": "x",
                "content": "x",
                "forged": True,
                "client": MIRROR,
            },
        )

    async def probe_creating(self) -> Refused | None:
        """Try to make an account without a valid name: refused whatever happens."""
        return await self._refusal("users", {"email": "-", "password": "-", "full_name": "Probe"})

    # -- people ----------------------------------------------------------------------------------

    async def users(self) -> list[User]:
        """Everybody, bots and the deactivated among them."""
        return await self._list(User, "members", "users", {"client_gravatar": False})

    async def user(self, id: int) -> User:
        answer = await self._read(dict[str, Any], f"users/{id}", {"client_gravatar": False})
        return converted(answer.get("user"), User)

    async def create_user(self, email: str, password: str, full_name: str) -> int:
        request = {"email": email, "password": password, "full_name": full_name}
        answer = await self._write("POST", "users", request)
        return converted(answer.get("user_id"), int)

    async def fetch_key(self, email: str, password: str) -> str:
        """Refused where the password is another, or the account is deactivated."""
        request = {"username": email, "password": password}
        answer = await self._write("POST", "fetch_api_key", request, NOBODY)
        return converted(answer.get("api_key"), str)

    async def set_role(self, user: Ref, role: int) -> None:
        await self._write("PATCH", f"users/{user}", {"role": role})

    async def deactivate(self, user: Ref) -> None:
        try:
            await self._write("DELETE", f"users/{user}")
        except Refused as refused:
            if not refused.says("deactivated"):
                raise

    async def reactivate(self, user: Ref) -> None:
        await self._write("POST", f"users/{user}/reactivate")

    async def set_preferences(self, by: Credentials, changes: Mapping[str, object]) -> None:
        await self._write("PATCH", "settings", changes, by)

    async def mark_all_read(self, by: Credentials) -> None:
        """A server does as much as it can in a minute, and is asked again for the rest."""
        for _ in range(1_000):
            answer = await self._write("POST", "mark_all_as_read", by=by)
            if answer.get("complete", True):
                return

    async def set_avatar(self, by: Credentials, picture: Envelope) -> None:
        await self._upload("users/me/avatar", picture, by)

    async def subscribed(self, by: Credentials | None = None) -> list[Channel]:
        return await self._list(Channel, "subscriptions", "users/me/subscriptions", by=by)

    # -- channels --------------------------------------------------------------------------------

    async def channel(self, id: Ref) -> Channel | None:
        """One channel by its number; before Zulip 10 an archived one, too, which no list has."""
        try:
            answer = await self._read(dict[str, Any], f"streams/{id}")
        except Refused:
            return None
        return converted(answer.get("stream"), Channel)

    async def channels(self) -> list[Channel]:
        """All of them as far as the server lists them: private ones for an administrator, archived
        ones since Zulip 10."""
        query = {"include_all_active": True, "exclude_archived": False}
        return await self._list(Channel, "streams", "streams", query)

    async def subscribe(
        self,
        names: Sequence[str],
        users: Iterable[Ref],
        *,
        description: str = "",
        private: bool = False,
        by: Credentials | None = None,
    ) -> None:
        """Let people into channels, which are made where there are none of these names. Whoever is
        let into one that stands already is told so by the server, but not who enters by himself."""
        more = {"description": description} if description else {}
        request: dict[str, object] = {
            "subscriptions": [{"name": name} | more for name in names],
            "invite_only": private,
            "history_public_to_subscribers": True,
            "announce": False,
        }
        if self.client.feature_level >= QUIET_ENTRY:
            request["send_new_subscription_messages"] = False
        if by is None:
            request["principals"] = [int(user) for user in users]
        await self._write("POST", "users/me/subscriptions", request, by)

    async def unsubscribe(
        self, names: Sequence[str], users: Iterable[Ref] = (), by: Credentials | None = None
    ) -> None:
        request: dict[str, object] = {"subscriptions": list(names)}
        if by is None:
            request["principals"] = [int(user) for user in users]
        await self._write("DELETE", "users/me/subscriptions", request, by)

    async def members(self, channel: Ref) -> list[Ref]:
        """Who is subscribed; the deactivated are left out by the server."""
        ids = await self._list(int, "subscribers", f"streams/{channel}/members")
        return [str(id) for id in ids]

    async def archive(self, channel: Ref) -> None:
        await self._write("DELETE", f"streams/{channel}")
