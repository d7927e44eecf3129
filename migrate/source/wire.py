"""The fields of a day file's record that are read, in the types that Slack gives them, and the slow
way for a record that has others. What the fields mean lies in `records`, `files` and `messages`."""

from collections.abc import Iterator
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import msgspec

from migrate.source.loose import EMPTY, Broken, Fields, read_json

T = TypeVar("T", bound=msgspec.Struct)


class Edited(msgspec.Struct, gc=False):
    ts: str | None = None


class Profile(msgspec.Struct, gc=False):
    """`user_profile` and `bot_profile`: who wrote, copied into the message."""

    name: str | None = None
    real_name: str | None = None
    display_name: str | None = None
    image_72: str | None = None
    is_restricted: bool | None = None
    is_ultra_restricted: bool | None = None


class WireReaction(msgspec.Struct, gc=False):
    name: str = ""
    users: list[str] | None = None
    count: int | None = None


class Share(msgspec.Struct, gc=False):
    ts: str | None = None


class WireFile(msgspec.Struct, gc=False):
    id: str | None = None
    name: str | None = None
    title: str | None = None
    mimetype: str | None = None
    filetype: str | None = None
    mode: str | None = None
    size: int | None = None
    user: str | None = None
    created: int | None = None
    is_external: bool | None = None
    is_tombstoned: bool | None = None
    url_private: str | None = None
    url_private_download: str | None = None
    permalink: str | None = None
    file_access: str | None = None
    alt_txt: str | None = None
    original_w: int | None = None
    original_h: int | None = None
    duration_ms: int | None = None
    channels: list[str] | None = None
    groups: list[str] | None = None
    ims: list[str] | None = None
    shares: dict[str, dict[str, list[Share]]] | None = None


class Attachment(msgspec.Struct, gc=False):
    """Of an attachment only the hosted files that it may hold."""

    files: list[WireFile] | None = None


class Comment(msgspec.Struct, gc=False):
    user: str | None = None
    comment: str | None = None


class Room(msgspec.Struct, gc=False):
    """A huddle. Times are Unix seconds."""

    created_by: str | None = None
    date_start: int | None = None
    date_end: int | None = None
    participant_history: list[str] | None = None
    attended_user_ids: list[str] | None = None
    participants: list[str] | None = None
    has_ended: bool | None = None
    was_missed: bool | None = None


class Head(msgspec.Struct, gc=False):
    """What a record is filed under; its text is left alone."""

    ts: str | None = None
    subtype: str | None = None
    user: str | None = None
    bot_id: str | None = None
    username: str | None = None
    thread_ts: str | None = None
    reply_count: int | None = None
    edited: Edited | None = None
    reactions: list[WireReaction] | None = None
    files: list[WireFile] | None = None
    file: WireFile | None = None
    attachments: list[Attachment] | None = None
    pinned_to: list[str] | None = None
    user_profile: Profile | None = None
    bot_profile: Profile | None = None
    comment: Comment | None = None
    room: Room | None = None
    # Of edits and deletions in exports that keep them.
    message: object = None
    deleted_ts: str | None = None
    original_ts: str | None = None
    # What a message said before, or a copy of another message: never kept.
    previous: object = None
    previous_message: object = None
    original: object = None
    original_message: object = None
    root: object = None


COPIES = ("previous", "previous_message", "original", "original_message", "root")
"""Fields of a record that hold another text than its own final one."""


class Content(msgspec.Struct, gc=False):
    """What a record says."""

    ts: str | None = None
    subtype: str | None = None
    user: str | None = None
    bot_id: str | None = None
    username: str | None = None
    thread_ts: str | None = None
    text: str | None = None
    blocks: object = None
    attachments: object = None
    edited: Edited | None = None
    reactions: list[WireReaction] | None = None
    files: list[WireFile] | None = None
    file: WireFile | None = None
    bot_profile: Profile | None = None
    comment: Comment | None = None
    room: Room | None = None
    inviter: str | None = None
    topic: str | None = None
    purpose: str | None = None
    name: str | None = None
    old_name: str | None = None
    members: list[str] | None = None
    bot_link: str | None = None


_HEADS = msgspec.json.Decoder(list[Head])
_HEAD = msgspec.json.Decoder(Head)
_CONTENT = msgspec.json.Decoder(Content)


def decode_heads(data: bytes, rows: list[msgspec.Raw]) -> list[Head | None]:
    """The head of every row of the day file `data`; None where a row is no object."""
    try:
        heads: list[Head | None] = list(_HEADS.decode(data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    else:
        if len(heads) == len(rows):
            return heads
    return [decode_head(row) for row in rows]


def decode_head(raw: bytes | msgspec.Raw) -> Head | None:
    """The head of one record, its fields brought into their types where they have others."""
    try:
        return _HEAD.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        fields = _read_object(bytes(raw))
        return None if fields is None else coerce(fields, Head)


def decode_content(raw: bytes) -> Content:
    """What one record says; nothing where it is no object."""
    try:
        return _CONTENT.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return coerce(_read_object(raw) or EMPTY, Content)


def _read_object(raw: bytes) -> Fields | None:
    try:
        value = read_json(raw)
    except Broken:
        return None
    return value if isinstance(value, dict) else None


def coerce(fields: Fields, kind: type[T]) -> T:
    """A struct of those fields that can be brought into its types; the others keep their default.

    Strings become numbers where numbers are wanted and the other way round; of an array the
    elements that fit are kept.
    """
    values: dict[str, object] = {}
    for field in msgspec.structs.fields(kind):
        value = fields.get(field.encode_name)
        if value is not None:
            for fitting in _fit(value, field.type):
                values[field.name] = fitting
    return kind(**values)


def _fit(value: object, wanted: Any) -> Iterator[object]:
    """`value` as `wanted`, or nothing. `wanted` is an annotation, which has no type of its own."""
    if wanted is object:
        yield value
        return
    if get_origin(wanted) in (UnionType, Union):
        wanted = next(option for option in get_args(wanted) if option is not type(None))
    if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        if isinstance(value, dict):
            yield coerce(value, wanted)
    elif get_origin(wanted) is list:
        if isinstance(value, list):
            yield [one for item in value for one in _fit(item, get_args(wanted)[0])]
    elif wanted is str and isinstance(value, int) and not isinstance(value, bool):
        yield str(value)
    else:
        try:
            yield msgspec.convert(value, wanted, strict=False)
        except (msgspec.ValidationError, RecursionError, ValueError, OverflowError):
            return
