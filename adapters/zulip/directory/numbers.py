"""The numbers that tables of an import directory know each other by. The importer gives everything
new ones, so that any do; these follow from names alone, the same in every process. Pure."""

from functools import lru_cache
from hashlib import blake2b

from migrate.model import Ref

_MESSAGES_A_PART = 1_000_000


def user_number(ref: Ref) -> int:
    """An account's, by its unique name."""
    return _number("user", ref)


def conversation_number(id: str) -> int:
    """A channel's or a group's, by the conversation's Slack id."""
    return _number("conversation", id)


def emoji_number(name: str) -> int:
    """A custom emoji's, by its name there."""
    return _number("emoji", name)


def recipient_number(kind: int, number: int) -> int:
    """Of a person, a channel or a group as one that messages go to; `kind` as `limits` has it."""
    return number * 4 + kind


def message_number(part: int, index: int) -> int:
    """A message's, by its place in its part: in the order of the files."""
    assert index < _MESSAGES_A_PART
    return part * _MESSAGES_A_PART + index + 1


@lru_cache(maxsize=8_192)
def _number(kind: str, name: str) -> int:
    # 48 bits: small enough for every reader of JSON, and two alike end the writing.
    data = f"{kind}/{name}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=6).digest())
