"""Where things go: full names, names of channels and emoji, and topics. Pure."""

import re
import string
from collections.abc import Callable
from datetime import UTC, datetime
from zlib import crc32

from adapters.zulip import limits
from mappings import names
from migrate.spi import Placement, Wish

_IN_NAMES = '*`>"@|<\\'
"""What ends or breaks a mention, or no form lets in."""

_IN_TOPICS = "*`><\\"
_EMOJI_LETTERS = string.ascii_lowercase + string.digits + "_-"

RESOLVED = "✔ "
"""What stands before the topic that people have marked as resolved."""

_PREFIX = re.compile(r"\d{4}-\d{2}-\d{2} .")


def place(wish: Wish, root: Placement | None, free: Callable[[str], bool]) -> Placement:
    """A place for an account, a conversation, a message or a custom emoji. A thread has a topic of
    its own, which all of it stands in; whatever else is said has no name, and goes where the
    configuration says."""
    if wish.kind == "message":
        if root is not None:
            return Placement(root.name, wish.time)
        return Placement(thread_topic(wish, free) if wish.thread else "", wish.time)
    if wish.kind == "account":
        return Placement(_full_name(wish, free))
    if wish.kind == "emoji":
        return Placement(_emoji_name(wish, free))
    return Placement(_channel_name(wish, free))


def thread_topic(wish: Wish, free: Callable[[str], bool]) -> str:
    """The day and the first words. The day comes first, so that none is a number, or the name of
    what stands outside threads."""
    day = f"{_moment(wish.time):%Y-%m-%d}"
    words = _shown(wish.snippet, _IN_TOPICS, limits.TOPIC_CHARS)
    topic = f"{day} {words or 'thread'}"[: limits.TOPIC_CHARS].rstrip()
    return names.unique(topic, free, limits.TOPIC_CHARS, joint=" ")


def is_thread_topic(topic: str) -> bool:
    """Whether `thread_topic` may have made it."""
    return _PREFIX.match(topic) is not None


def main_topic(single: str, format: str, time: int) -> str:
    """The topic of what is outside threads, `time` in milliseconds: `single`, or that of a day or a
    month where a `format` says how it is written."""
    return f"{_moment(time):{format}}" if format else single


def emoji_name(name: str) -> str:
    """A custom emoji's name in the characters that a server takes."""
    kept = "".join(char if char in _EMOJI_LETTERS else "_" for char in name.lower()).strip("_-")
    if kept == name and kept:
        return kept
    # What was in another script is told apart by its sum.
    return f"{kept or 'emoji'}_{crc32(name.encode('utf-8', 'replace')):08x}"


def _full_name(wish: Wish, free: Callable[[str], bool]) -> str:
    """Nobody else's, for mentions know people by it."""
    shown = _shown(wish.full_name or wish.name, _IN_NAMES, limits.NAME_CHARS)
    fallback = _shown(wish.id, _IN_NAMES, limits.NAME_CHARS) or "somebody"
    handle = _shown(wish.name, _IN_NAMES, 40)
    wished = shown or fallback
    if not _is_nobody(wished) and free(wished):
        return wished
    if handle and handle != wished:
        # Two of one name are told apart by what they are called in mentions.
        wished = f"{wished[: limits.NAME_CHARS - len(handle) - 3].rstrip()} ({handle})"
    return names.unique(
        wished, lambda name: not _is_nobody(name) and free(name), limits.NAME_CHARS, joint=" "
    )


def _is_nobody(name: str) -> bool:
    return name.casefold() in limits.WILDCARDS


def _channel_name(wish: Wish, free: Callable[[str], bool]) -> str:
    name = _shown(wish.name, _IN_TOPICS, limits.CHANNEL_CHARS)
    fallback = _shown(wish.id, _IN_TOPICS, limits.CHANNEL_CHARS)
    return names.unique(name or fallback or "conversation", free, limits.CHANNEL_CHARS)


def _emoji_name(wish: Wish, free: Callable[[str], bool]) -> str:
    return names.unique(
        emoji_name(wish.name or wish.id), lambda name: name != "zulip" and free(name), 60, joint="_"
    )


def _shown(text: str, forbidden: str, limit: int) -> str:
    """A name without what no form lets in, the code points that are no characters among it."""
    kept = text if text.isascii() else "".join(char for char in text if not _is_none(ord(char)))
    return names.full_name(kept, forbidden, limit)


def _is_none(code: int) -> bool:
    return 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE


def _moment(time: int) -> datetime:
    return datetime.fromtimestamp(time / 1_000, UTC)
