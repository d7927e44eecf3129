"""What a generated export truly holds: its people, conversations, messages and counts. Nothing
here reads an export; the numbers are tallied while the records are written."""

import msgspec


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who writes. `bot_id` is set for bots; `outside` people are not in users.json."""

    id: str
    name: str
    real_name: str
    bot_id: str | None = None
    guest: bool = False
    deactivated: bool = False
    outside: bool = False


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation of the export; `messages` are the messages it will hold, without notices."""

    id: str
    kind: str
    name: str
    folder: str
    members: tuple[str, ...]
    archived: bool
    messages: int


class Fact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One message. `root` is its thread's ts where it is a reply; `marker` the last word of
    `text`, unique in its conversation.

    `author` is an id of users.json where there is one (bots included), else a bare bot id or the
    id of a person from outside. `reactions` are pairs of emoji name and person.
    """

    conversation: str
    ts: str
    author: str
    root: str | None
    text: str
    marker: str
    reactions: tuple[tuple[str, str], ...] = ()
    broadcast: bool = False


class Channels(msgspec.Struct):
    """Conversations by kind."""

    public: int = 0
    private: int = 0
    dm: int = 0
    group_dm: int = 0
    file: int = 0


class Counts(msgspec.Struct):
    """The `counts` object of `inspect --json`, key for key. Grows while the export is written."""

    users: int = 0
    bots: int = 0
    outside: int = 0
    guests: int = 0
    deactivated: int = 0
    channels: Channels = msgspec.field(default_factory=Channels)
    archived_channels: int = 0
    messages: int = 0
    notices: int = 0
    threads: int = 0
    replies: int = 0
    broadcasts: int = 0
    reactions: int = 0
    pins: int = 0
    edited: int = 0
    files: dict[str, int] = msgspec.field(default_factory=dict)
    file_bytes: int = 0


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known about a written export.

    `first` and `last` are the ts of the first and last message. `facts` are sorted by
    conversation and ts, and empty where they were not kept.
    """

    workspace: str
    counts: Counts
    first: str
    last: str
    people: tuple[Person, ...]
    conversations: tuple[Place, ...]
    facts: tuple[Fact, ...] = ()
