"""What parts say of accounts, conversations and counts, from which lines are made when all parts
are there: who belongs where, how far everybody has read, which addresses are taken. Only shapes."""

from typing import Literal

import msgspec


class AccountRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Somebody. `mapped` ones stand at the server, and nothing may be written of them; `silent`
    ones are authors whom nobody signs in as."""

    username: str
    slack_id: str
    bot: bool = False
    guest: bool = False
    mapped: bool = False
    silent: bool = False
    deactivated: bool = False
    email: str = ""
    nickname: str = ""
    first_name: str = ""
    last_name: str = ""
    position: str = ""
    image: str = ""


class Member(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Who belongs to a conversation: their name at the server, and what they are."""

    username: str
    kind: Literal["person", "guest", "bot"] = "person"


class ConversationRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A channel, or direct talk among `members`, where `name` is "". `stands` where the server has
    it already, mapped or since an earlier archive. `created` in milliseconds, 0 if not known."""

    slack_id: str
    name: str = ""
    display_name: str = ""
    private: bool = False
    header: str = ""
    purpose: str = ""
    archived: bool = False
    created: int = 0
    stands: bool = False
    members: tuple[Member, ...] = ()


class Total(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one part holds of one target conversation: posts, those outside threads, and the time of
    the last one in milliseconds. `lane` is what `channels.lane_of` says."""

    lane: str
    posts: int
    roots: int
    last: int


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be known of an archive when the next one is made: the names that it took, the
    addresses of its accounts, its channels, and the totals by lane (posts, roots, last) of all
    archives up to it."""

    users: tuple[str, ...] = ()
    addresses: dict[str, str] = {}
    channels: tuple[str, ...] = ()
    totals: dict[str, tuple[int, int, int]] = {}


decode_account = msgspec.json.Decoder(AccountRecord).decode
decode_conversation = msgspec.json.Decoder(ConversationRecord).decode
decode_total = msgspec.json.Decoder(Total).decode
decode_ledger = msgspec.json.Decoder(Ledger).decode
