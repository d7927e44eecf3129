"""The lines of a memory target, one JSON object each, in the log as in the archive. Only their
shapes; which line may follow which is the server's matter."""

import msgspec

from migrate.model import Ref


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag_field="act"):
    """What every line is. Defaults are written too: a line explains itself."""


class AccountRecord(Record, frozen=True, kw_only=True, gc=False, tag="account"):
    """Somebody. `ref` is also the unique name; `team` says who may enter open conversations;
    `avatar` is a file, "" for none; `quiet`: nothing is announced to it, `closed`: nobody can sign
    in to it. A second line of the same `ref` is how it is from then on."""

    ref: Ref
    slack: str
    shown_name: str
    team: bool
    avatar: Ref = ""
    quiet: bool = False
    closed: bool = False


class EmojiRecord(Record, frozen=True, kw_only=True, gc=False, tag="emoji"):
    """A custom emoji. `ref` is its name, `image` a file."""

    ref: Ref
    slack: str
    image: Ref
    aliases: tuple[str, ...] = ()


class ConversationRecord(Record, frozen=True, kw_only=True, gc=False, tag="conversation"):
    """A conversation. `ref` is also the unique name. Only `members` (accounts that are invited, or,
    in an archive, that belong) may enter a private one; a team's accounts may enter any other. One
    that is `carried` stands in an earlier archive, and here for more members."""

    ref: Ref
    slack: str
    private: bool
    members: tuple[Ref, ...]
    closed: bool = False
    carried: bool = False


class JoinRecord(Record, frozen=True, kw_only=True, gc=False, tag="join"):
    """`invited`: let in although not among the conversation's `members`. `time`: milliseconds since
    the epoch, here and below."""

    conversation: Ref
    account: Ref
    time: int
    invited: bool = False


class FileRecord(Record, frozen=True, kw_only=True, gc=False, tag="file"):
    """A body. Its bytes lie in a folder beside the log, or in the archive, under its `ref`."""

    ref: Ref
    name: str
    mimetype: str
    size: int
    sha256: str


class MessageRecord(Record, frozen=True, kw_only=True, gc=False, tag="message"):
    """One piece. `id` is the importer's, "" for what people write themselves; `payload` what
    `text.render` made, byte for byte. One that is `carried` stands in an earlier archive, and here
    for what is new beside it."""

    ref: Ref
    id: str
    conversation: Ref
    author: Ref
    time: int
    root: Ref | None
    payload: msgspec.Raw
    pinned: bool = False
    carried: bool = False


class ReactionRecord(Record, frozen=True, kw_only=True, gc=False, tag="reaction"):
    ref: Ref
    id: str
    conversation: Ref
    author: Ref
    time: int
    message: Ref
    emoji: str


class SealRecord(Record, frozen=True, kw_only=True, gc=False, tag="seal"):
    """`leavers` leave with it; `closed`: nobody writes until it is reopened."""

    conversation: Ref
    pins: tuple[Ref, ...]
    leavers: tuple[Ref, ...]
    closed: bool


class ReopenRecord(Record, frozen=True, kw_only=True, gc=False, tag="reopen"):
    conversation: Ref


AnyRecord = (
    AccountRecord
    | EmojiRecord
    | ConversationRecord
    | JoinRecord
    | FileRecord
    | MessageRecord
    | ReactionRecord
    | SealRecord
    | ReopenRecord
)

_DECODER: msgspec.json.Decoder[AnyRecord] = msgspec.json.Decoder(type=AnyRecord)


def encode_line(record: Record) -> bytes:
    """One line with its newline; the same bytes for the same record."""
    return msgspec.json.encode(record) + b"\n"


def decode_line(line: bytes) -> AnyRecord:
    """Raises msgspec.DecodeError where the line is none of these."""
    return _DECODER.decode(line)
