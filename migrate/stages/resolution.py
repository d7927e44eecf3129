"""What RESOLVE says: what happens with every person and every conversation. How it is found out is
`resolve`."""

from typing import Literal

import msgspec

from migrate.findings import Finding
from migrate.model import Conversation, Person

DIRECT = ("dm", "group_dm")


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What happens with a person: who stands for them (their own number, or the one they are merged
    into), what becomes of their account, and the skip code where nobody does. `wish` is the name
    that a new account wishes for, or that of the one which is there already."""

    person: Person
    number: int
    stands_for: int
    wish: str
    action: Literal["ghost", "create", "map"] = "ghost"
    code: str = ""


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """What happens with a conversation: the name it wishes for (or that of the one which is there
    already), whether only members may read it, and the skip code where it is left out. `lane` is
    the number of the conversation that it is one with at the target, mostly its own; `members` the
    numbers of those who are in it, where it is known by them there."""

    conversation: Conversation
    number: int
    wish: str
    private: bool
    action: Literal["create", "map"] = "create"
    lane: int = 0
    members: tuple[int, ...] = ()
    code: str = ""


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody and every conversation by number, with what was found on the way. `emoji` are the
    names that custom emoji wish for at the target, `text` is what the digest takes of the mapping
    files."""

    people: dict[int, Standing]
    conversations: dict[int, Destination]
    numbers: dict[str, int]
    emoji: dict[str, str]
    findings: tuple[Finding, ...]
    text: bytes

    def standing(self, id: str) -> Standing | None:
        """Who stands for a Slack id; None where nobody does."""
        number = self.numbers.get(id)
        if number is None:
            return None
        return self.stand_in(number)

    def stand_in(self, number: int) -> Standing | None:
        """Who stands for a person's number; None where they are skipped."""
        standing = self.people.get(self.people[number].stands_for)
        return None if standing is None or standing.code else standing
