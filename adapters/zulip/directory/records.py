"""What a part of a directory says of accounts, conversations, emoji and files, one JSON object a
line, until all parts are there and it becomes rows of tables; and the traces of messages, which
stay beside the tables, since no table has room for them."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

Record = TypeVar("Record", bound=msgspec.Struct)


class AccountRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An account. `name` is its full name, nobody else's; `signs_in` says whether its owner does.
    `details` are what the person says of themselves: the field's id, its label, the words. `avatar`
    is the id of its picture's file."""

    name: str
    slack_id: str
    email: str = ""
    signs_in: bool = False
    guest: bool = False
    admin: bool = False
    bot: bool = False
    title: str = ""
    details: tuple[tuple[str, str, str], ...] = ()
    timezone: str = ""
    avatar: str = ""


class ConversationRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A conversation, direct or a channel. `created` in Unix seconds; `creator` and `members` are
    names of accounts."""

    slack_id: str
    name: str
    direct: bool = False
    private: bool = False
    archived: bool = False
    general: bool = False
    description: str = ""
    created: int = 0
    creator: str = ""
    members: tuple[str, ...] = ()


class EmojiRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A custom emoji, by its name there; `image` is the id of its image's file."""

    name: str
    slack_id: str
    image: str
    ending: str


class AttachmentRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file in a message. `owner` is the number of an account, `created` Unix seconds; `public`
    says whether everybody may read the message."""

    file: str
    path: str
    name: str
    mimetype: str
    message: int
    owner: int
    created: int
    public: bool = False


class Swap(msgspec.Struct, frozen=True, array_like=True):
    """What stands in a message and was written when all topics were known: from which character on,
    how many, and what stood there before."""

    start: int
    length: int
    before: str


class Trace(msgspec.Struct, frozen=True, array_like=True):
    """Which of the engine's pieces a message is, by `model.piece_id`, and its thread's root, "" for
    none. A sign-post, which leads from the main topic to a thread's, has no id. `reactions` are the
    engine's ids, in the order of the rows; `files` are ids and paths."""

    message: int
    id: str
    root: str = ""
    swaps: tuple[Swap, ...] = ()
    reactions: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()


_encode = msgspec.json.Encoder().encode


def encode_lines(records: Iterable[msgspec.Struct]) -> bytes:
    return b"".join(_encode(record) + b"\n" for record in records)


def read_lines(path: Path, kind: type[Record]) -> Iterator[Record]:
    """Raises OSError where the file cannot be read, msgspec.DecodeError where it holds others."""
    decode = msgspec.json.Decoder(kind).decode
    with path.open("rb") as lines:
        yield from map(decode, lines)
