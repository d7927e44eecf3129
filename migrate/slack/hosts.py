"""Which addresses may be asked for a body, and which of them may be shown a token. The URLs come
from an archive's JSON, so whatever is not plainly one of the listed hosts is refused; requests are
made elsewhere."""

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from migrate.errors import UsageError

_PORTS = {"https": 443, "http": 80}

# Only what every reader of URLs understands in the same way: no userinfo, no letters beyond ASCII
# in the host, no backslash, white space or control character anywhere.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+|\[[0-9a-f:]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?:[/?#][^\s\\\x00-\x20\x7f-\x9f\ud800-\udfff]*)?",
    re.IGNORECASE,
)
_ENTRY = re.compile(
    r"(?P<host>[a-z0-9.-]+|\[[0-9a-f:]+\]|::1)(?::(?P<port>[0-9]{1,5}))?", re.IGNORECASE
)
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


class _Address(msgspec.Struct, frozen=True):
    """`host` in lower case, `port` 0 in an entry that does not name one."""

    host: str
    port: int = 0
    scheme: str = "https"

    def within(self, entry: "_Address") -> bool:
        """Whether this is the entry's host, or below it where that is a name."""
        if self.port != (entry.port or _PORTS[self.scheme]):
            return False
        if self.host == entry.host:
            return True
        return _is_name(entry.host) and self.host.endswith(f".{entry.host}")


class Hosts:
    """The hosts of `slack.file_hosts`, which are shown tokens, and those of images, which are not.

    `slack.com` stands for itself and all below it at the usual port; `127.0.0.1:8123` for that
    port alone. Plain http is for loopback. Raises UsageError for an entry that is no host.
    """

    def __init__(self, file_hosts: Iterable[str], image_hosts: Iterable[str] = ()) -> None:
        self._files = tuple(map(_read_entry, file_hosts))
        self._images = tuple(map(_read_entry, image_hosts))
        # Tens of thousands of URLs lead to a handful of hosts.
        self._listed = lru_cache(256)(_listed)

    def may_have_token(self, url: str) -> bool:
        """Whether `url` leads to a host of Slack's files."""
        address = _read_url(url)
        return address is not None and self._listed(address, self._files)

    def may_fetch(self, url: str) -> bool:
        """Whether `url` leads to any listed host."""
        address = _read_url(url)
        return address is not None and self._listed(address, self._files + self._images)


def is_safe_api(url: str) -> bool:
    """Whether a token may be sent there at all: https, or loopback."""
    address = _read_url(url)
    if address is None or not _is_host(address.host):
        return False
    return address.scheme == "https" or is_loopback(address.host)


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine itself, by its usual names."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _listed(address: _Address, entries: tuple[_Address, ...]) -> bool:
    if not _is_host(address.host) or not 0 < address.port < 65_536:
        return False
    if address.scheme == "http" and not is_loopback(address.host):
        return False
    return any(address.within(entry) for entry in entries)


def _read_url(url: str) -> _Address | None:
    found = _URL.fullmatch(url)
    if found is None:
        return None
    scheme = found["scheme"].lower()
    return _Address(found["host"].lower(), int(found["port"] or _PORTS[scheme]), scheme)


def _read_entry(entry: str) -> _Address:
    found = _ENTRY.fullmatch(entry.strip())
    host = found["host"].lower() if found else ""
    host = "[::1]" if host == "::1" else host
    port = int((found and found["port"]) or 0)
    # A name of one label would let in a whole top-level domain.
    if not _is_host(host) or port > 65_535 or ("." not in host and not is_loopback(host)):
        raise UsageError(
            "config-broken",
            f"slack.file_hosts: {entry!r} is no host.",
            'Write names such as "slack.com", without scheme and path.',
        )
    return _Address(host, port)


def _is_host(host: str) -> bool:
    if host.startswith("["):
        return is_loopback(host)
    return all(_LABEL.fullmatch(label) for label in host.split(".")) and len(host) < 254


def _is_name(host: str) -> bool:
    """Whether `host` may have hosts below it: it is a name and no address."""
    return not is_loopback(host) and not host.rpartition(".")[2].isdigit()
