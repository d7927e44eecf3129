"""Rows of a part, ready to be composed: small accounts, conversations and messages."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adapters.mattermost import adapter
from adapters.mattermost.config import Config
from adapters.mattermost.profiles import MattermostCaps, caps_for
from mappings import mrkdwn
from migrate.model import (
    Conversation,
    ConversationKind,
    File,
    Key,
    Message,
    MessageKind,
    Person,
    PersonKind,
    Reaction,
    micros_ts,
    piece_id,
)
from migrate.spi import Account, Face, Look, Opening, Placement, Pointer, Posting

SECOND = 1_700_000_000
CONFIG = Config(team="acme")
CAPS = caps_for(CONFIG)
OLD = caps_for(CONFIG, "5.37")


class Known:
    """People, conversations and emoji by what is given; `links` are addresses of messages."""

    def __init__(
        self,
        people: Mapping[str, str] | None = None,
        conversations: Mapping[str, Face] | None = None,
        emoji: Mapping[str, str] | None = None,
        links: Mapping[str, Pointer] | None = None,
    ) -> None:
        self._people = people or {}
        self._conversations = conversations or {}
        self._emoji = emoji or {}
        self._links = links or {}

    def person(self, id: str) -> Face | None:
        name = self._people.get(id)
        return Face(name.title(), name) if name else None

    def conversation(self, id: str) -> Face | None:
        return self._conversations.get(id)

    def group(self, id: str) -> str | None:
        return None

    def link(self, url: str) -> Pointer | None:
        return self._links.get(url)

    def emoji(self, name: str) -> str | None:
        return self._emoji.get(name)

    def file(self, id: str) -> str | None:
        return id


ANN_ADDRESS = "ann@example.org"
EVERYBODY = Known({f"U{name.upper()}": name for name in ("ann", "bob", "cat", "dan")})


def account(name: str, kind: PersonKind = "member", **fields: Any) -> Account:
    """`name` is the account's; Slack's id is made of it."""
    person = Person(id=f"U{name.upper()}", kind=kind, name=name, **fields)
    return Account(person=person, placement=Placement(name), ref=name, action="create")


def opening(
    name: str, *members: Account, kind: ConversationKind = "public", **fields: Any
) -> Opening:
    letter = "D" if kind == "dm" else "C"
    conversation = Conversation(
        id=f"{letter}{name.upper()}",
        kind=kind,
        name="" if kind == "dm" else name,
        members=tuple(member.person.id for member in members),
        **fields,
    )
    return Opening(
        conversation=conversation,
        placement=Placement(name),
        private=conversation.private,
        members=members,
        ref=name,
    )


def message(
    text: str,
    *,
    second: float = 0,
    author: str = "UANN",
    kind: MessageKind = "message",
    place: str = "CGENERAL",
    root: float | None = None,
    **fields: Any,
) -> Message:
    """`second` and `root` count from `SECOND`."""
    return Message(
        key=Key("T1", place, _ts(second)),
        author=author,
        kind=kind,
        body=mrkdwn.parse(text),
        root="" if root is None else _ts(root),
        **fields,
    )


def posting(
    text: str,
    where: Opening,
    who: Account,
    *,
    second: float = 0,
    root: float | None = None,
    pinned: bool = False,
    carried: bool = False,
    new_reactions: int = 0,
    new_pin: bool = False,
    reactions: Sequence[Reaction] = (),
    files: Sequence[File] = (),
    look: Look = EVERYBODY,
    caps: MattermostCaps = CAPS,
    **fields: Any,
) -> Posting:
    """A message as the engine hands it over: rendered, its time the one that it has."""
    said = message(
        text, second=second, author=who.person.id, place=where.conversation.id, root=root,
        reactions=tuple(reactions), files=tuple(files), **fields,
    )  # fmt: skip
    above = None if root is None else Key("T1", where.conversation.id, _ts(root))
    return Posting(
        id=piece_id(said.key, 0),
        message=said,
        rendered=adapter.render(said, look, caps),
        placement=Placement(time=said.micros // 1_000),
        opening=where,
        author=who,
        look=look,
        root=None if root is None else Placement(time=int((SECOND + root) * 1_000)),
        root_id="" if above is None else piece_id(above, 0),
        pinned=pinned,
        carried=carried,
        new_reactions=new_reactions,
        new_pin=new_pin,
    )


def file(id: str, name: str = "", size: int = 3, mimetype: str = "image/png") -> File:
    return File(id=id, name=name or f"{id.lower()}.png", size=size, mimetype=mimetype)


def names(accounts: Iterable[Account]) -> list[str]:
    return [each.placement.name for each in accounts]


def _ts(second: float) -> str:
    return micros_ts(round((SECOND + second) * 1_000_000))
