"""Acts ready to be performed: small accounts, conversations and messages for the memory tests."""

from migrate.model import Conversation, ConversationKind, Key, Person, PersonKind, piece_id
from migrate.spi import Account, Entry, Opening, Piece, Placement, Sending

SECOND = 1_700_000_000


def account(name: str, kind: PersonKind = "member") -> Account:
    """`name` is the ref and the shown name; Slack's id is made of it."""
    person = Person(id=f"U{name.upper()}", kind=kind, display_name=name)
    return Account(person=person, placement=Placement(name), ref=name)


def opening(
    name: str, *members: Account, kind: ConversationKind = "public", private: bool = False
) -> Opening:
    conversation = Conversation(
        id=f"C{name.upper()}", kind=kind, name=name, members=tuple(m.person.id for m in members)
    )
    return Opening(
        conversation=conversation,
        placement=Placement(name),
        private=private or conversation.private,
        members=members,
        ref=name,
    )


def entry(place: Opening, who: Account, *, stays: bool = True) -> Entry:
    return Entry(opening=place, account=who, stays=stays, time=SECOND * 1000)


def sending(
    place: Opening, who: Account, text: str, *, second: int = 0, root: str | None = None
) -> Sending:
    key = Key("T1", place.conversation.id, f"{SECOND + second}.000000")
    return Sending(
        id=piece_id(key, 0),
        key=key,
        index=0,
        opening=place,
        author=who,
        time=(SECOND + second) * 1000,
        piece=Piece(f'{{"kind":"message","text":"{text}"}}'.encode()),
        root=root,
    )
