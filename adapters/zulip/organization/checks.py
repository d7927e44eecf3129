"""What `plan --check` learns of an organization by reading alone, each condition by itself; and how
the importing account is found in its zuliprc."""

import configparser
import ipaddress
import stat
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import zulip

from adapters.zulip.config import Config
from adapters.zulip.organization.answers import Settings, User
from adapters.zulip.organization.calls import Calls
from adapters.zulip.organization.client import Credentials, ServerClient
from adapters.zulip.organization.realm import Realm
from adapters.zulip.organization.verdicts import Refused, unreachable
from adapters.zulip.profiles import ZulipCaps
from migrate.errors import Fatal, UsageError
from migrate.findings import Finding

OLDEST, NEWEST = 261, 372
"""Feature levels of the servers that this was tried with."""

SLOW = 1_000
"""Calls a minute below which an import takes its time."""


class Zuliprc(msgspec.Struct, frozen=True):
    """What the file says of the importing account and of the server."""

    credentials: Credentials
    site: str
    cert_bundle: str = ""
    open_to_others: bool = False

    def __repr__(self) -> str:
        return "Zuliprc(…)"


def read_zuliprc(config: Config, folder: Path) -> Zuliprc:
    """Raises UsageError, without a word of what the file holds, where it is no such file."""
    path = (folder / Path(config.zuliprc).expanduser()).resolve()
    parser = configparser.ConfigParser(interpolation=None)
    try:
        with path.open(encoding="utf-8") as file:
            parser.read_file(file)
        api = parser["api"]
        site = config.url or api.get("site", "")
        found = Zuliprc(
            Credentials(api["email"], api["key"]),
            site.rstrip("/") if "://" in site else f"https://{site.rstrip('/')}",
            api.get("cert_bundle", ""),
            bool(stat.S_IMODE(path.stat().st_mode) & 0o077),
        )
    except (OSError, UnicodeDecodeError, configparser.Error, KeyError):
        # Not `from`: what a parser complains of may be the key.
        found = None
    if found is None or not site:
        raise _no_zuliprc()
    return found


def open_client(zuliprc: Zuliprc, folder: Path) -> ServerClient:
    """Nothing is asked yet. Raises UsageError where the zuliprc names a certificate that is not
    there."""
    bundle = str(folder / Path(zuliprc.cert_bundle).expanduser()) if zuliprc.cert_bundle else None
    try:
        return ServerClient(zuliprc.site, zuliprc.credentials, bundle)
    except zulip.ZulipError:
        # Not `from`: what the client complains of may be more than a path.
        pass
    raise _no_zuliprc()


def _no_zuliprc() -> UsageError:
    return UsageError(
        "zulip-zuliprc",
        "The zuliprc that `target.zuliprc` names, or what it names itself, is not there, or is not"
        " one of Zulip's.",
        "Download it in Zulip, as the importing account, under Personal settings > Account &"
        " privacy > API key, and put it beside migration.toml.",
    )


async def reach(client: ServerClient) -> tuple[Calls, Settings, User]:
    """Who we are, and where. Raises Fatal unless a Zulip organization answers that knows us."""
    calls = Calls(client)
    try:
        settings = await calls.settings()
    except Refused as refused:
        raise Fatal(
            "zulip-no-organization",
            "At the address of the organization is none.",
            "Correct `target.url`: it is what people open in their browsers.",
        ) from refused
    if not settings.url:
        raise unreachable()
    return calls, settings, await calls.me()


async def narrow(caps: ZulipCaps, realm: Realm, client: ServerClient) -> ZulipCaps:
    """The capabilities as this server has them."""
    told = await realm.registration()
    return msgspec.structs.replace(
        caps,
        piece_limit=min(caps.piece_limit, told.max_message_length),
        file_limit=told.max_file_upload_size_mib * 1024 * 1024,
        calls_a_minute=client.calls_a_minute,
    )


async def check(
    config: Config, folder: Path, calls: Calls, realm: Realm, me: User, place: str
) -> list[Finding]:
    """Findings about this organization, the worst first; nothing is written."""
    codes: list[str] = []
    if not me.administers:
        codes.append("zulip-not-admin")
    forging = await calls.probe_forging()
    if forging is None or not forging.says("Missing sender"):
        codes.append("zulip-may-not-forge")
    creating = await calls.probe_creating()
    if creating is None or not creating.says("Bad name or username"):
        codes.append("zulip-may-not-create")
    if realm.settings.authentication_methods.get("password") is False:
        codes.append("zulip-no-passwords")
    if realm.settings.zulip_feature_level < OLDEST:
        codes.append("zulip-too-old")
    elif realm.settings.zulip_feature_level > NEWEST:
        codes.append("zulip-version-unproven")
    if me.administers:
        codes.append("zulip-domains-closed" if await realm.is_shut() else "zulip-domains-added")
    told = await realm.registration()
    if told.is_direct_off:
        codes.append("zulip-direct-off")
    if told.deletes:
        codes.append("zulip-retention")
    if told.announces_people:
        codes.append("zulip-announced")
    if 0 < calls.client.calls_a_minute < SLOW:
        codes.append("zulip-rate-limited")
    codes += ["zulip-seen-as-new", "zulip-mails", "zulip-importer-stays"]
    zuliprc = read_zuliprc(config, folder)
    if zuliprc.open_to_others:
        codes.append("zulip-zuliprc-open")
    if is_open_wire(zuliprc.site):
        codes.append("zulip-plain-http")
    return [Finding(code=code, place=place) for code in codes]


def is_open_wire(site: str) -> bool:
    """Whether the key goes over a network as it is."""
    parts = urlsplit(site)
    if parts.scheme == "https" or parts.hostname in {None, "localhost"}:
        return False
    try:
        return not ipaddress.ip_address(str(parts.hostname)).is_loopback
    except ValueError:
        return True
