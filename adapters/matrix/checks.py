"""What `plan --check` learns of a homeserver by reading alone: whether the right registration is
installed, and which of the server's settings stand in the way."""

import asyncio
import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from adapters.matrix.client import AppserviceClient, Json, Refused
from adapters.matrix.config import Config
from migrate.errors import Fatal, Retry
from migrate.findings import Finding
from migrate.spi import Existing

# Reading a space's rooms is limited to bursts of ten for everybody but an application service whose
# registration says `rate_limited: false`: the one limit of Synapse's that a read can show.
_BURST = 16
_WHOAMI = ("account", "whoami")
_NOBODY = "!chat-migrate-check"


async def check(
    config: Config, client: AppserviceClient, environ: Mapping[str, str]
) -> list[Finding]:
    """Findings about this homeserver, the worst first; nothing is written.

    Raises Fatal where the homeserver does not answer.
    """
    place = config.base_url
    code = await _whose_token(config, client)
    if code:
        return [Finding(code=code, place=place)]
    codes = ["matrix-seen-at-start"]
    if await _outside_namespace(config, client):
        codes.append("matrix-namespace")
    if await _is_limited(client, config.sender):
        codes.append("matrix-rate-limited")
    if await _has_retention(client):
        codes.append("matrix-retention")
    if not room_version(await capabilities(client)):
        codes.append("matrix-room-version")
    if config.admin_token_env and not await _is_admin(
        config, environ.get(config.admin_token_env, "")
    ):
        codes.append("matrix-admin-token")
    if config.admin and not await _exists(client, config.admin):
        codes.append("matrix-admin")
    if is_open_wire(config):
        codes.append("matrix-plain-http")
    return [Finding(code=code, place=place) for code in reversed(codes)]


async def reach(config: Config, client: AppserviceClient) -> None:
    """Raise Fatal unless a Matrix homeserver answers at the configured address."""
    advice = "Is `target.homeserver` right, and is the homeserver running?"
    try:
        answer = await client.call("GET", ["versions"], base="/_matrix/client")
    except Retry as retry:
        raise Fatal(
            "matrix-unreachable", f"No homeserver answers at {config.base_url}.", advice
        ) from retry
    except Fatal as fatal:
        if fatal.code != "matrix-token-unknown":
            raise
        return  # Synapse looks at the token even here; `check` says what is wrong with it.
    except Refused:
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("versions"), list):
        raise Fatal(
            "matrix-not-a-homeserver",
            f"What answers at {config.base_url} is no Matrix homeserver.",
            advice,
        )


async def capabilities(client: AppserviceClient) -> Json:
    """The homeserver's capabilities; {} where it does not tell them to us."""
    try:
        answer = await client.call("GET", ["capabilities"])
    except (Fatal, Refused):
        return {}
    found = answer.get("capabilities") if isinstance(answer, dict) else None
    return found if isinstance(found, dict) else {}


def room_version(capabilities: Json) -> str:
    """The version that rooms shall have: the server's default where it knows rooms for the members
    of a space (8 and later), else its highest that does; "" where there is none."""
    versions = capabilities.get("m.room_versions", {})
    default = str(versions.get("default", ""))
    usable = {
        version
        for version, state in versions.get("available", {}).items()
        if version.isdigit() and int(version) >= 8 and state == "stable"
    }
    if default in usable or not usable:
        return default if default in usable else ""
    return str(max(usable, key=int))


async def upload_limit(client: AppserviceClient) -> int | None:
    """Bytes of the largest file, None where the homeserver does not say."""
    try:
        answer = await client.call("GET", ["media", "config"], base="/_matrix/client/v1")
    except (Fatal, Refused):
        return None
    size = answer.get("m.upload.size") if isinstance(answer, dict) else None
    return size if isinstance(size, int) else None


async def _whose_token(config: Config, client: AppserviceClient) -> str:
    try:
        answer = await client.call("GET", _WHOAMI)
    except Fatal as fatal:
        if fatal.code == "matrix-token-unknown":
            return fatal.code
        raise
    except Refused:
        return "matrix-token-other"
    localpart, _, server = str(answer.get("user_id")).partition(":")
    if server != config.server_name:
        return "matrix-server-name"
    # An account's own token comes with a device, an application service's does not.
    if answer.get("device_id"):
        return "matrix-token-other"
    return "" if localpart == f"@{config.sender_localpart}" else "matrix-namespace"


async def _outside_namespace(config: Config, client: AppserviceClient) -> bool:
    """Whether we may act as a ghost. There is none of this name, so the answer is a refusal; which
    one tells whether it would be allowed."""
    try:
        with client.acting(config.ghost("=check")):
            await client.call("GET", _WHOAMI)
    except Fatal as fatal:
        return fatal.code == "matrix-namespace"
    except Refused:
        return False
    return False


async def _is_limited(client: AppserviceClient, sender: str) -> bool:
    async def one(number: int) -> bool:
        try:
            with client.acting(sender):
                path = ["rooms", f"{_NOBODY}{number}", "hierarchy"]
                await client.call("GET", path, base="/_matrix/client/v1")
        except Retry as retry:
            return retry.code == "matrix-rate-limited"
        except Refused:
            return False
        return False

    return any(await asyncio.gather(*map(one, range(_BURST))))


async def _has_retention(client: AppserviceClient) -> bool:
    """Whether a policy is announced; most homeservers keep it to themselves."""
    path = ["org.matrix.msc1763", "retention", "configuration"]
    try:
        answer = await client.call("GET", path, base="/_matrix/client/unstable")
    except (Refused, Retry):
        return False
    policies = answer.get("policies", {}) if isinstance(answer, dict) else {}
    return any("max_lifetime" in policy for policy in policies.values())


async def _is_admin(config: Config, token: str) -> bool:
    if not token:
        return False
    try:
        await _users(config, token, {"limit": "1"})
    except (Fatal, Refused):
        return False
    return True


async def _exists(client: AppserviceClient, account: str) -> bool:
    try:
        await client.call("GET", ["profile", account])
    except Refused as refused:
        return refused.status != 404
    return True


async def accounts(config: Config, token: str) -> list[Existing]:
    """Every local account that can be signed in to, as an admin's token lists them."""
    found, query = list[Existing](), {"limit": "500", "guests": "false"}
    while True:
        page = await _users(config, token, query)
        found += [
            Existing(name=user["name"], ref=user["name"], full_name=user.get("displayname") or "")
            for user in page["users"]
        ]
        if "next_token" not in page:
            return found
        query["from"] = str(page["next_token"])


async def _users(config: Config, token: str, query: Mapping[str, str]) -> Json:
    client = AppserviceClient(config.base_url, token, config.sender, patient=True)
    try:
        return await client.call("GET", ["users"], query=query, base="/_synapse/admin/v2")
    finally:
        await client.close()


def is_open_wire(config: Config) -> bool:
    url = urlsplit(config.homeserver)
    if url.scheme == "https" or url.hostname in {None, "localhost"}:
        return False
    try:
        return not ipaddress.ip_address(str(url.hostname)).is_loopback
    except ValueError:
        return True
