"""A session with a fake organization, and small accounts, conversations and messages to hand it."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from adapters.zulip.addresses import direct_ref
from adapters.zulip.config import Config
from adapters.zulip.organization.session import OrganizationSession, open_organization
from migrate.model import Conversation, ConversationKind, Key, Person, PersonKind
from migrate.spi import Account, Context, Entry, Opening, Piece, Placement, Sending
from tests.fakes.zulip import Organization

_T = TypeVar("_T")
SECOND = 1_700_000_000


class Memory:
    """A memo that outlives a session."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        return self.kept.get(name)

    def set(self, name: str, value: str) -> None:
        self.kept[name] = value


class Project:
    """A folder with a zuliprc in it, and what sessions keep there."""

    def __init__(self, folder: Path, organization: Organization, **settings: Any) -> None:
        self.folder = folder
        self.organization = organization
        self.memo = Memory()
        self.config = Config(mode="api", zuliprc="zuliprc", **settings)
        path = folder / "zuliprc"
        path.touch(0o600)
        path.write_text(organization.zuliprc)

    def ask(self, act: Callable[[OrganizationSession], Coroutine[Any, Any, _T]]) -> _T:
        """What one act gives, in a session of its own, as after a crash."""
        return asyncio.run(self._ask(act))

    async def _ask(self, act: Callable[[OrganizationSession], Coroutine[Any, Any, _T]]) -> _T:
        context = Context(folder=self.folder, environ={}, memo=self.memo)
        session = await open_organization(self.config, context)
        try:
            return await act(session)
        finally:
            await session.close()

    def make(self, account: Account) -> Account:
        """The account as it is once it is made."""
        ref = self.ask(lambda session: session.ensure_account(account))
        return msgspec.structs.replace(account, ref=ref)

    def open(self, opening: Opening) -> Opening:
        ref = self.ask(lambda session: session.ensure_conversation(opening))
        return msgspec.structs.replace(opening, ref=ref)

    def enter(self, entry: Entry) -> None:
        self.ask(lambda session: session.ensure_member(entry))

    def send(self, sending: Sending) -> str:
        return self.ask(lambda session: session.send(sending))


@contextmanager
def project(folder: Path, version: Any = "10", **settings: Any) -> Iterator[Project]:
    with Organization(version).running() as organization:
        yield Project(folder, organization, **settings)


def account(
    id: str = "U1", name: str = "Ann Example", *, action: Any = "create", email: str = "",
    kind: PersonKind = "member", deactivated: bool = False,
) -> Account:  # fmt: skip
    person = Person(
        id=id, kind=kind, name=id.lower(), full_name=name, email=email, deactivated=deactivated
    )
    return Account(person=person, placement=Placement(name), action=action)


def channel(
    *members: Account, id: str = "C1", name: str = "plans", kind: ConversationKind = "public",
    action: Any = "create", archived: bool = False,
) -> Opening:  # fmt: skip
    return Opening(
        conversation=Conversation(id=id, kind=kind, name=name, archived=archived),
        placement=Placement(name),
        private=kind != "public",
        members=members,
        action=action,
    )


def talk(*members: Account, id: str = "D1") -> Opening:
    """Direct talk between accounts that are made."""
    return Opening(
        conversation=Conversation(id=id, kind="dm"),
        placement=Placement(),
        private=True,
        members=members,
        ref=direct_ref(member.ref for member in members),
    )


def said(
    opening: Opening, author: Account, words: str, *, second: int = SECOND, topic: str = "",
    root: str | None = None, in_thread: bool = True,
) -> Sending:  # fmt: skip
    """One message; with a `root` it is a reply in the thread of this topic."""
    placement = Placement(topic, second * 1_000)
    return Sending(
        id=f"{opening.conversation.id}/{second}/0",
        key=Key("T1", opening.conversation.id, f"{second}.000000"),
        index=0,
        opening=opening,
        author=author,
        time=second * 1_000,
        piece=Piece(words.encode(), in_thread),
        root=root,
        placement=placement,
        root_placement=placement if root is not None else None,
    )
