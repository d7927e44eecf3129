"""The lines of an import file, as structs whose fields stand in the order in which they are
written, with the lengths that a server takes. Only their shapes, their writing and their reading; a
field at its default is not written. `slack_id` is ours alone: the importer passes over keys that it
does not know, and by this one every line tells what it came from."""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from adapters.mattermost import limits

Moment = Annotated[int, Meta(ge=1)]
"""Milliseconds since the epoch; a post at 0 stops the import."""

Words = Annotated[str, Meta(max_length=limits.MESSAGE_RUNES)]
Name = Annotated[str, Meta(max_length=limits.NAME_RUNES)]
Path = Annotated[str, Meta(min_length=1)]


class _Shape(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    gc=False,
    forbid_unknown_fields=True,
):
    pass


class Props(_Shape, frozen=True, kw_only=True, gc=False):
    """What is kept with a post for its clients. `override_username` is the name that a bot wrote
    under; clients show it for what came through a webhook."""

    slack_id: str
    from_webhook: str = ""
    override_username: str = ""


class Reaction(_Shape, frozen=True, kw_only=True, gc=False):
    user: str
    emoji_name: str
    create_at: Moment
    slack_id: str
    """`PERSON/EMOJI`, as Slack wrote them."""


class Attachment(_Shape, frozen=True, kw_only=True, gc=False):
    """`size` in bytes is for our own reading: the server takes the body as it lies there."""

    path: Path
    size: int = 0


Attachments = Annotated[tuple[Attachment, ...], Meta(max_length=limits.FILES_A_POST)]


class Follower(_Shape, frozen=True, kw_only=True, gc=False):
    """`last_viewed` in milliseconds, as all times here."""

    user: str
    last_viewed: int


class Reply(_Shape, frozen=True, kw_only=True, gc=False):
    user: str
    type: str = ""
    message: Words
    props: Props
    create_at: Moment
    edit_at: int = 0
    is_pinned: bool = False
    reactions: tuple[Reaction, ...] = ()
    attachments: Attachments = ()


class Post(_Shape, frozen=True, kw_only=True, gc=False):
    team: str
    channel: str
    user: str
    type: str = ""
    message: Words
    props: Props
    create_at: Moment
    edit_at: int = 0
    is_pinned: bool = False
    reactions: tuple[Reaction, ...] = ()
    replies: tuple[Reply, ...] = ()
    attachments: Attachments = ()
    thread_followers: tuple[Follower, ...] = ()


class DirectPost(_Shape, frozen=True, kw_only=True, gc=False):
    channel_members: Annotated[
        tuple[str, ...], Meta(min_length=2, max_length=limits.DIRECT_MEMBERS)
    ]
    user: str
    type: str = ""
    message: Words
    props: Props
    create_at: Moment
    edit_at: int = 0
    is_pinned: bool = False
    reactions: tuple[Reaction, ...] = ()
    replies: tuple[Reply, ...] = ()
    attachments: Attachments = ()
    thread_followers: tuple[Follower, ...] = ()


class Emoji(_Shape, frozen=True, kw_only=True, gc=False):
    name: str
    image: Path
    slack_id: str


class Team(_Shape, frozen=True, kw_only=True, gc=False):
    name: str
    display_name: Annotated[str, Meta(min_length=1, max_length=limits.TEAM_DISPLAY_RUNES)]
    type: str
    allow_open_invite: bool = False


class Channel(_Shape, frozen=True, kw_only=True, gc=False):
    team: str
    name: str
    display_name: Annotated[str, Meta(min_length=1, max_length=limits.CHANNEL_DISPLAY_RUNES)]
    type: str
    header: Annotated[str, Meta(max_length=limits.HEADER_RUNES)] = ""
    purpose: Annotated[str, Meta(max_length=limits.PURPOSE_RUNES)] = ""
    deleted_at: int = 0
    slack_id: str


class ChannelSeat(_Shape, frozen=True, kw_only=True, gc=False):
    """Somebody's membership of a channel, and how far they have read: all of it."""

    name: str
    roles: str
    msg_count: int = 0
    msg_count_root: int = 0
    last_viewed_at: int = 0


class TeamSeat(_Shape, frozen=True, kw_only=True, gc=False):
    name: str
    roles: str
    channels: tuple[ChannelSeat, ...] = ()


class User(_Shape, frozen=True, kw_only=True, gc=False):
    username: str
    email: str
    nickname: Name = ""
    first_name: Name = ""
    last_name: Name = ""
    position: Annotated[str, Meta(max_length=limits.POSITION_RUNES)] = ""
    roles: str = ""
    delete_at: int = 0
    profile_image: str = ""
    teams: tuple[TeamSeat, ...]
    slack_id: str


class Bot(_Shape, frozen=True, kw_only=True, gc=False):
    username: str
    owner: str
    display_name: Name
    description: Annotated[str, Meta(max_length=limits.DESCRIPTION_RUNES)] = ""
    profile_image: str = ""
    slack_id: str


class Participant(_Shape, frozen=True, kw_only=True, gc=False):
    """A member of a direct conversation. Without a role the importer would take theirs away."""

    username: str
    scheme_user: bool = False
    scheme_guest: bool = False
    msg_count: int = 0
    msg_count_root: int = 0
    last_viewed_at: int = 0


class DirectChannel(_Shape, frozen=True, kw_only=True, gc=False):
    """5.37 knows `members` alone, 11 `participants` in their place."""

    members: tuple[str, ...] = ()
    participants: tuple[Participant, ...] = ()
    shown_by: tuple[str, ...] = ()
    header: Annotated[str, Meta(max_length=limits.HEADER_RUNES)] = ""
    slack_id: str


class VersionLine(msgspec.Struct, frozen=True, tag_field="type", tag="version"):
    version: int = 1


class EmojiLine(msgspec.Struct, frozen=True, tag_field="type", tag="emoji", gc=False):
    emoji: Emoji


class TeamLine(msgspec.Struct, frozen=True, tag_field="type", tag="team", gc=False):
    team: Team


class ChannelLine(msgspec.Struct, frozen=True, tag_field="type", tag="channel", gc=False):
    channel: Channel


class UserLine(msgspec.Struct, frozen=True, tag_field="type", tag="user", gc=False):
    user: User


class BotLine(msgspec.Struct, frozen=True, tag_field="type", tag="bot", gc=False):
    bot: Bot


class PostLine(msgspec.Struct, frozen=True, tag_field="type", tag="post", gc=False):
    post: Post


class DirectChannelLine(
    msgspec.Struct, frozen=True, tag_field="type", tag="direct_channel", gc=False
):
    direct_channel: DirectChannel


class DirectPostLine(msgspec.Struct, frozen=True, tag_field="type", tag="direct_post", gc=False):
    direct_post: DirectPost


Line = (
    VersionLine
    | EmojiLine
    | TeamLine
    | ChannelLine
    | UserLine
    | BotLine
    | PostLine
    | DirectChannelLine
    | DirectPostLine
)

BARRIER = EmojiLine(Emoji(name="smile", image="none.png", slack_id=""))
"""An emoji of the server's own: 11 passes over it and opens no image."""

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)

encode = _encoder.encode
"""A line without its newline; the same bytes for the same line."""

decode = _decoder.decode
"""Raises msgspec.DecodeError where a line is none of these."""


def encode_lines(lines: Iterable[msgspec.Struct]) -> bytes:
    """Lines, each with its newline."""
    return b"".join([encode(line) + b"\n" for line in lines])
