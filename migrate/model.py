"""The neutral model: people, conversations, messages and files as the source gives them and every
target takes them. Nothing here knows an archive's JSON, a database or a server."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from mappings.nodes import Document

PersonKind = Literal["member", "guest", "bot", "outside", "unknown"]
"""`outside`: a Slack Connect person, known from messages alone. `unknown`: an id and nothing
else."""

ConversationKind = Literal["public", "private", "dm", "group_dm", "file"]

MessageKind = Literal["message", "emote", "notice", "placeholder"]
"""`emote` is a /me message; `placeholder` stands for a thread root that the export does not
hold."""

RecordKind = Literal[
    "accounts", "conversations", "messages", "notices", "reactions", "pins", "files"
]
"""What a migration counts, in Slack's records."""

RECORD_KINDS: tuple[RecordKind, ...] = (
    "accounts",
    "conversations",
    "messages",
    "notices",
    "reactions",
    "pins",
    "files",
)

Ref = str
"""The target's own id for something; opaque outside the adapter that made it."""


class Key(msgspec.Struct, frozen=True, gc=False, order=True):
    """Slack's identity of a message, stable for ever; `ts` stays the string that Slack wrote."""

    workspace: str
    conversation: str
    ts: str


class ProfileField(msgspec.Struct, frozen=True, gc=False):
    """What somebody says of themselves, as it stands there: of Slack's own fields (those of
    `PROFILE_LABELS`), or of a workspace's, whose labels no export holds: `label` is "" until Slack
    was asked for them."""

    id: str
    value: str
    label: str = ""


PROFILE_LABELS: Mapping[str, str] = MappingProxyType(
    {"pronouns": "Pronouns", "phone": "Phone", "skype": "Skype", "start_date": "Start date"}
)
"""Slack's own fields of a profile, by their ids; the title is a word of its own."""


class Person(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Somebody, or some bot, who wrote, belonged, reacted or was mentioned.

    `id` is Slack's user id; a bot without a user is known by its bot id, and one that has not even
    that by `name:` and the name it wrote under. `admin` is an administrator or owner of the
    workspace.
    """

    id: str
    kind: PersonKind
    name: str = ""
    full_name: str = ""
    display_name: str = ""
    email: str = ""
    title: str = ""
    timezone: str = ""
    avatar_url: str = ""
    deactivated: bool = False
    admin: bool = False
    bot_id: str = ""
    profile: tuple[ProfileField, ...] = ()

    @property
    def shown_name(self) -> str:
        """The name that Slack shows beside this person's messages; the id where there is none."""
        return self.display_name or self.full_name or self.name or self.id


class Conversation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A channel, a direct message, a group of them, or the talk beside a canvas.

    `created` is Unix seconds, 0 where the export does not say (Slack writes placeholders such as
    1). `members` are person ids, each once, in the export's order. `pins` are ts of pinned
    messages."""

    id: str
    kind: ConversationKind
    name: str = ""
    members: tuple[str, ...] = ()
    creator: str = ""
    created: int = 0
    archived: bool = False
    general: bool = False
    topic: str = ""
    purpose: str = ""
    pins: tuple[str, ...] = ()

    @property
    def private(self) -> bool:
        """Whether only its members may read it."""
        return self.kind != "public"


class Reaction(msgspec.Struct, frozen=True, gc=False):
    """One emoji under one message: Slack's name for it as written, and who chose it, each once."""

    emoji: str
    people: tuple[str, ...]


class File(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an archive says of a file; the body lies elsewhere. `size` in bytes, 0 if not known.

    `mode` is Slack's: hosted, snippet, space, post, quip, email, external, tombstone,
    hidden_by_limit, list, huddle_transcript or a newer one. `access` is `file_access`, "" where
    nothing is in the way. URLs carry no token. `width`, `height` in pixels and `duration` in
    milliseconds are 0 where they are not known, `created` is Unix seconds; `conversations` are the
    ids of those it was shared in, as far as the record says.
    """

    id: str
    name: str = ""
    title: str = ""
    mimetype: str = ""
    mode: str = "hosted"
    size: int = 0
    url: str = ""
    permalink: str = ""
    owner: str = ""
    filetype: str = ""
    access: str = ""
    alt_text: str = ""
    width: int = 0
    height: int = 0
    duration: int = 0
    created: int = 0
    conversations: tuple[str, ...] = ()


class Message(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One message in its final text. `root` is the ts of its thread's root, "" where it has none
    or is the root itself; `broadcast` marks a reply that was also shown in the conversation.

    `author_name` is the name a bot chose for this message alone. `edited` is the ts of the last
    edit. `losses` are the codes of what the text's own conversion could not keep. `thread` is set
    while a plan asks for a snippet: replies follow it.
    """

    key: Key
    author: str
    kind: MessageKind
    body: Document
    root: str = ""
    broadcast: bool = False
    edited: str = ""
    reactions: tuple[Reaction, ...] = ()
    files: tuple[File, ...] = ()
    author_name: str = ""
    losses: tuple[str, ...] = ()
    thread: bool = False

    @property
    def micros(self) -> int:
        """When it was written, in microseconds since the epoch."""
        return ts_micros(self.key.ts)


def ts_micros(ts: str) -> int:
    """Microseconds since the epoch of a Slack ts (`seconds.6digits`).

    Done on the string: a float would lose the last digits, which tell messages apart.

    Raises ValueError where `ts` is no finite number of seconds between 0 and the year 9999.
    """
    if len(ts) == 17 and ts[10] == "." and ts.isascii():  # what nearly all are
        digits = ts[:10] + ts[11:]
        if digits.isdigit():
            return int(digits)
    seconds, _, fraction = ts.partition(".")
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 12):
        raise ValueError("not a Slack timestamp")
    if fraction and not (fraction.isascii() and fraction.isdigit()):
        raise ValueError("not a Slack timestamp")
    micros = int(seconds) * 1_000_000 + int(fraction[:6].ljust(6, "0"))
    if micros > 253_402_300_799_999_999:
        raise ValueError("not a Slack timestamp")
    return micros


def micros_ts(micros: int) -> str:
    """The Slack ts of a moment in microseconds since the epoch: the inverse of `ts_micros`."""
    return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"


def piece_id(key: Key, index: int) -> str:
    """The id that a message's piece carries to the target: the same at every try and in every
    run."""
    return f"{key.conversation}/{key.ts}/{index}"


def reaction_id(key: Key, person: str, emoji: str) -> str:
    """The id of one person's reaction, `emoji` as Slack wrote it."""
    return f"{key.conversation}/{key.ts}/{person}/{emoji}"
