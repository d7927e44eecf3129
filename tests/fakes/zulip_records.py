"""The records that a fake Zulip organization is made of, and how it says no."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

OWNER, ADMIN, MODERATOR, MEMBER, GUEST = 100, 200, 300, 400, 600
EVERYBODY = 1
"""`User.visibility`: all see the address."""


class Refusal(Exception):
    """An answer other than the one asked for, as the server words it; `more` are further fields."""

    def __init__(self, msg: str, code: str = "BAD_REQUEST", status: int = 400, **more: Any) -> None:
        super().__init__(msg)
        self.status = status
        self.body = {"result": "error", "msg": msg, **more, "code": code}


class Failure(Exception):
    """The server falls over."""


@dataclass
class User:
    """`email` is the address that mail goes to; `visibility` who sees it."""

    id: int
    email: str
    name: str
    key: str
    password: str = ""
    role: int = MEMBER
    active: bool = True
    dummy: bool = False
    bot: int | None = None
    owner: int | None = None
    visibility: int = EVERYBODY
    can_forge: bool = False
    can_create: bool = False
    settings: Json = field(default_factory=dict)
    profile: dict[int, str] = field(default_factory=dict)
    picture: bytes | None = None
    pictures: int = 1
    joined: float = 0.0

    @property
    def is_admin(self) -> bool:
        return self.role <= ADMIN

    @property
    def is_guest(self) -> bool:
        return self.role == GUEST


@dataclass
class Channel:
    """`seats` are the subscribers, deactivated ones among them. `posters`: the lowest rank that may
    write, as a role."""

    id: int
    name: str
    description: str = ""
    private: bool = False
    history_public: bool = True
    archived: bool = False
    creator: int | None = None
    created: int = 0
    posters: int = GUEST
    seats: set[int] = field(default_factory=set)


@dataclass
class Reaction:
    user: int
    name: str
    code: str
    kind: str


@dataclass
class Message:
    """In a channel, or among `people` (who wrote it included). `time` in Unix seconds; `copies` are
    flags by reader."""

    id: int
    sender: int
    channel: int | None
    people: frozenset[int]
    topic: str
    content: str
    time: float
    client: str
    copies: dict[int, set[str]] = field(default_factory=dict)
    reactions: list[Reaction] = field(default_factory=list)


@dataclass
class Upload:
    """A file: `path` is what follows /user_uploads/. `messages` claimed it."""

    id: int
    path: str
    name: str
    mimetype: str
    owner: int
    body: bytes
    created: int
    public: bool = False
    messages: set[int] = field(default_factory=set)


@dataclass
class Emoji:
    id: int
    name: str
    image: bytes
    author: int | None
    deactivated: bool = False
