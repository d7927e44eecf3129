"""Where things go: names made valid and unique, and each message's millisecond, which no other post
of its channel may share. Pure."""

import string
from collections.abc import Callable
from zlib import crc32

from adapters.mattermost import limits
from mappings import emoji, names
from migrate.spi import Placement, Wish

_USER_LETTERS = string.ascii_lowercase + string.digits + "._-"
_CHANNEL_LETTERS = string.ascii_lowercase + string.digits + "_-"
_EMOJI_LETTERS = string.ascii_letters + string.digits + "_+-"
_NOBODYS = limits.USERNAME_RESERVED | {
    # Said to everybody, or already a bot of the plugins that come with a server.
    "here", "everyone", "boards", "calls", "feedbackbot", "playbooks", "system-bot",
}  # fmt: skip


def place(wish: Wish, free: Callable[[str], bool]) -> Placement:
    """A place for an account, a conversation, a message or a custom emoji."""
    if wish.kind == "message":
        time = max(wish.time, 1)  # a post without a time stops the import
        while not free(str(time)):
            time += 1
        return Placement(time=time)
    if wish.kind == "account":
        return Placement(name=_username(wish, free))
    if wish.kind == "emoji":
        return Placement(name=_emoji_name(wish, free))
    return Placement(name=_channel_name(wish, free))


def emoji_name(name: str) -> str:
    """A custom emoji's name in the characters that a server takes."""
    kept = "".join(char if char in _EMOJI_LETTERS else "_" for char in name)
    if kept.strip("_") and kept == name[: limits.EMOJI_NAME_BYTES]:
        return kept
    # What was in another script is told apart by its sum.
    stem = kept.strip("_")[: limits.EMOJI_NAME_BYTES - 9]
    return f"{stem or 'emoji'}_{crc32(name.encode('utf-8', 'replace')):08x}"


def _username(wish: Wish, free: Callable[[str], bool]) -> str:
    # A mention ends before a dot or a hyphen at its end.
    slug = names.slug(wish.name, _USER_LETTERS, limits.USERNAME_BYTES).strip("._-")
    fallback = names.slug(wish.id, _USER_LETTERS, limits.USERNAME_BYTES).strip("._-") or "person"
    return names.unique(
        slug or fallback,
        lambda name: name not in _NOBODYS and free(name),
        limits.USERNAME_BYTES,
    )


def _channel_name(wish: Wish, free: Callable[[str], bool]) -> str:
    name = wish.name
    while "__" in name:
        name = name.replace("__", "_")  # two ids with this between them are a direct channel's name
    slug = names.slug(name, _CHANNEL_LETTERS, limits.CHANNEL_NAME_BYTES).strip("_-")
    fallback = names.slug(wish.id, _CHANNEL_LETTERS, limits.CHANNEL_NAME_BYTES).strip("_-")
    if len(slug) == 1:
        slug = f"channel-{slug}"
    return names.unique(
        slug or fallback or "conversation",
        lambda name: name not in limits.DEFAULT_CHANNELS and free(name),
        limits.CHANNEL_NAME_BYTES,
    )


def _emoji_name(wish: Wish, free: Callable[[str], bool]) -> str:
    return names.unique(
        emoji_name(wish.name or wish.id),
        lambda name: not _is_system(name) and free(name),
        limits.EMOJI_NAME_BYTES,
        joint="_",
    )


def _is_system(name: str) -> bool:
    """Whether the server has an emoji of this name itself, and would pass over ours."""
    return emoji.to_unicode(name) is not None or name == "mattermost"
