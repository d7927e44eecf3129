"""Addresses within an organization: the refs of direct talk, and links as messages have them and
browsers open them. Pure."""

from collections.abc import Iterable
from urllib.parse import quote

from migrate.model import Ref

DIRECT = "dm:"
"""What the ref of direct talk begins with; the numbers of all who talk follow, in order."""


def direct_ref(refs: Iterable[Ref]) -> Ref:
    """The ref of the talk of these people."""
    return DIRECT + ",".join(sorted(set(refs), key=int))


def direct_members(ref: Ref) -> list[Ref]:
    """Who talks; none where the ref is a channel's."""
    return ref.removeprefix(DIRECT).split(",") if ref.startswith(DIRECT) else []


def link_to_channel(channel: Ref) -> str:
    return f"#narrow/channel/{channel}"


def link_to_topic(channel: Ref, topic: str) -> str:
    return f"#narrow/channel/{channel}/topic/{_encoded(topic)}"


def link_to_message(channel: Ref, message: Ref, topic: str = "") -> str:
    """One message among those around it. Without its topic, among all of the channel: so the words
    of a private thread are told nobody."""
    where = link_to_topic(channel, topic) if topic else link_to_channel(channel)
    return f"{where}/near/{message}"


def link_to_direct(ref: Ref, message: Ref = "") -> str:
    near = f"/near/{message}" if message else ""
    return f"#narrow/dm/{','.join(direct_members(ref))}{near}"


def _encoded(topic: str) -> str:
    """As Zulip's own links are: percent signs are dots."""
    return quote(topic, safe="").replace(".", "%2E").replace("%", ".")
