"""The adapter interface: all that the engine and a target say to each other, and the one module
that third parties import. What the engine does with it lies in the stages; what a server wants, in
the adapter."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from migrate.errors import Fatal, Retry, Skip, UsageError
from migrate.findings import Catalogue, Finding, Meaning
from migrate.model import (
    Conversation,
    File,
    Key,
    Message,
    MessageKind,
    Person,
    Reaction,
    Ref,
    piece_id,
    reaction_id,
)

__all__ = [
    "Account",
    "Adapter",
    "Artifact",
    "Audience",
    "AudienceReader",
    "Auditor",
    "Body",
    "BulkSession",
    "Capabilities",
    "Catalogue",
    "Composed",
    "Composer",
    "Context",
    "Conversation",
    "CustomEmoji",
    "Deliverer",
    "Directory",
    "Enroller",
    "Entry",
    "Existing",
    "Face",
    "Fatal",
    "File",
    "Finder",
    "Finding",
    "Heir",
    "Key",
    "Linker",
    "LiveSession",
    "Look",
    "Meaning",
    "Memo",
    "Merger",
    "Message",
    "MessageKind",
    "Opening",
    "Part",
    "PartFile",
    "PartialReader",
    "Person",
    "Piece",
    "Placement",
    "Pointer",
    "Posting",
    "Preparer",
    "Reacting",
    "Reaction",
    "Reactor",
    "Reader",
    "Recognizer",
    "Ref",
    "Releaser",
    "Rendered",
    "Retry",
    "Sandbox",
    "SandboxMaker",
    "Sealing",
    "Seen",
    "Sending",
    "Session",
    "Skip",
    "Stamper",
    "Survey",
    "UsageError",
    "Usher",
    "Wish",
    "piece_id",
    "reaction_id",
]

# --- what a target can do -----------------------------------------------------------------------


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a target takes. The planner reads every field, the conformance suite asserts every one.

    delivery: `live` takes messages one by one and is durable when the call returns; `bulk` composes
        an archive of parts.
    order: `lane` where order matters within a target conversation, `global` where over everything.
    lanes: calls in flight at once (live).
    reactions: `each` is a call of its own per person; `folded` travels inside its message; `none`
        are kept.
    reply_reactions: whether a message within a thread keeps its reactions as others do.
    pins: whether pinned messages can be marked.
    files: `each` body is uploaded by itself before the first message that has it; `folded` bodies
        are joined into the archive; `none` travel, and links stand in the text.
    avatars, emoji: whether people's pictures and custom emoji's images are kept.
    accounts, conversations: what may become of a person and of a conversation there.
    delta: what a newer export makes of an archive that was joined: `rewrite` makes it anew as a
        whole; `append` makes a second one of what is new, for the first may have been taken.
    ref_width: characters of the longest `Ref`; planning renders with dummies of that width.
    piece_limit: the most that one piece may measure, in the adapter's own unit.
    file_limit: bytes of the largest file, None where there is no bound.
    time_step: microseconds; times are kept in multiples of it.
    told_step: microseconds; a server that keeps times finer than it tells them tells multiples of
        it, 0 where what is told is what is kept.
    piece_step: milliseconds between the pieces of one message; 0 where they share its time.
    repeatable: whether sending the same `Sending.id` again is harmless without asking first.
    mapped_react: whether accounts that stood there before can react. Not where a reaction wants its
        owner's key.
    mapped_files: what accounts that stood there before may bring: `all` files, or only those of
        `channels`, public and private, and not those of direct talk.
    calls_a_minute: what the server takes of one account, 0 where no bound is known.
    members: `all` enters everybody who belongs to a conversation; `authors` leaves those out of
        public ones who never wrote there.
    locked: what the plan calls a private channel that nobody who signs in belongs to, where the
        target lets nobody into one but its members; "" where its administrators can enter.
    late_members: whether accounts of an earlier archive, and mapped ones, can be let into a
        conversation once an archive is at its server (bulk, `Enroller`).
    part_messages: messages in a part (bulk).
    part_order: `thread` gives a part's messages thread by thread, `time` in the order of time.
    """

    delivery: Literal["live", "bulk"]
    order: Literal["lane", "global"] = "lane"
    lanes: int = 1
    reactions: Literal["each", "folded", "none"] = "each"
    reply_reactions: bool = True
    pins: bool = True
    files: Literal["each", "folded", "none"] = "none"
    avatars: bool = False
    emoji: bool = False
    accounts: tuple[Literal["ghost", "create", "map"], ...] = ("ghost",)
    conversations: tuple[Literal["create", "map"], ...] = ("create",)
    delta: Literal["rewrite", "append"] = "rewrite"
    ref_width: int = 64
    piece_limit: int = 16_000
    file_limit: int | None = None
    time_step: int = 1_000
    told_step: int = 0
    piece_step: int = 0
    repeatable: bool = False
    mapped_react: bool = True
    mapped_files: Literal["all", "channels"] = "all"
    calls_a_minute: int = 0
    members: Literal["all", "authors"] = "all"
    locked: str = ""
    late_members: bool = False
    part_messages: int = 2_000
    part_order: Literal["thread", "time"] = "time"


# --- planning -----------------------------------------------------------------------------------


class Wish(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What asks for a place at the target.

    `id` is Slack's (a ts for a message, the name of an emoji), `name` the mapping's target or
    Slack's own name, `full_name` the same for people to read (accounts), `time` milliseconds since
    the epoch, `snippet` what `survey` or `render` gave for the message, `thread` whether replies
    follow it.
    """

    kind: Literal["account", "conversation", "message", "emoji"]
    id: str
    name: str = ""
    private: bool = False
    time: int = 0
    snippet: str = ""
    full_name: str = ""
    thread: bool = False


class Placement(msgspec.Struct, frozen=True, gc=False):
    """Where something goes, decided once and kept: `name` is a localpart, an alias, a channel name
    or a topic, "" where the target needs none; `time` is milliseconds since the epoch."""

    name: str = ""
    time: int = 0


class Survey(msgspec.Struct, frozen=True, gc=False):
    """What the planner learns of one message: pieces, codes of losses, and, where `Message.thread`
    asks for them, the words that a topic may be named after ("" where the target has no topics)."""

    pieces: int = 1
    losses: tuple[str, ...] = ()
    snippet: str = ""


class Face(msgspec.Struct, frozen=True, gc=False):
    """How a person or a conversation shows at the target: the name to read, and its `Ref`. A
    private conversation has no name here: not everybody who reads of it may know what it is
    called."""

    name: str
    ref: Ref


class Pointer(msgspec.Struct, frozen=True, gc=False):
    """Where a link within Slack leads at the target: into a conversation, and there to the first
    piece of an earlier message. `message` is None where the link names none, and where the target
    does not have it; `lost` tells the second case. `placement` is the message's own, known once an
    archive is composed or a live target has it."""

    conversation: Face
    message: Ref | None = None
    lost: bool = False
    placement: Placement | None = None


class Look(Protocol):
    """What a message's text may ask for while it is rendered. While planning, the refs are dummies
    of `ref_width` characters."""

    def person(self, id: str) -> Face | None:
        """The person with Slack's id `id`, None where nobody at the target stands for it."""

    def conversation(self, id: str) -> Face | None:
        """The conversation with Slack's id (or its name), None where it is not brought over."""

    def group(self, id: str) -> str | None:
        """The name of the user group with Slack's id `id`, without "@"; None where no export tells
        it."""

    def link(self, url: str) -> Pointer | None:
        """Where an address leads at the target. None for everything but this workspace's own
        messages and conversations, and for conversations that are not brought over."""

    def emoji(self, name: str) -> str | None:
        """What to show for a custom emoji: a character, or `:name:` with the name that it has at
        the target; None where nobody has said. Its image is the file `emoji/NAME`."""

    def file(self, id: str) -> Ref | None:
        """The ref of an uploaded body; in an archive, whose bodies are joined in, its id. None
        where the body does not travel. `Message.files` holds those that do; for all others the
        engine has put a line into the text."""


class Piece(msgspec.Struct, frozen=True, gc=False):
    """One message, or one part of a message that is too long for the target.

    `payload` is the adapter's own form, the same bytes for the same message, and what `verify`
    compares. `in_thread` is False for a piece that belongs into the conversation itself although
    its message is a reply (a broadcast's second piece).
    """

    payload: bytes
    in_thread: bool = True


class Rendered(msgspec.Struct, frozen=True, gc=False):
    """A message as the target takes it: at least one piece, the codes of what is lost, and, for an
    archive and where `Message.thread` asks for them, the words that a topic may be named after."""

    pieces: tuple[Piece, ...]
    losses: tuple[str, ...] = ()
    snippet: str = ""


# --- acts, as a live session performs them --------------------------------------------------------


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A person at the target. `ref` is "" until the account exists.

    `ghost` is an author whom nobody can sign in as, `create` an account for its owner, `map` one
    that stands there already under the name of its placement: nothing of it may be changed.
    `avatar` is the file `avatar/ID` where the target keeps pictures and there is one; `avatar_ref`
    its ref once it is uploaded (live). `dormant` is one to `map` that an archive of this project
    brought for an author whom nobody can sign in as: it may be opened while history comes in, and
    is released like a ghost."""

    person: Person
    placement: Placement
    action: Literal["ghost", "create", "map"] = "ghost"
    ref: Ref = ""
    avatar: File | None = None
    avatar_ref: Ref = ""
    dormant: bool = False


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation to be made (or found again).

    `map` takes one that stands there already under the name of its placement. `private` may be
    stricter than the conversation's kind. `members` are those who shall be able to
    read it: for direct messages exactly these. `opener` is a participant who makes it. One that is
    `carried` stands there since an earlier archive, and here only for the `members` that enter it
    with this one; it is not counted again.
    """

    conversation: Conversation
    placement: Placement
    private: bool
    members: tuple[Account, ...] = ()
    opener: Account | None = None
    ref: Ref = ""
    action: Literal["create", "map"] = "create"
    carried: bool = False


class CustomEmoji(msgspec.Struct, frozen=True, kw_only=True):
    """A custom emoji of the workspace that becomes one of the target's: Slack's name, its name
    there, its image (the file `emoji/NAME`), and other Slack names for the same."""

    name: str
    placement: Placement
    image: File
    aliases: tuple[str, ...] = ()


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An account that enters a conversation. `stays` is False for an author who had left: it may
    write, and leaves again when the conversation is sealed. `time`: milliseconds, at the latest
    that of the first message."""

    opening: Opening
    account: Account
    stays: bool = True
    time: int = 0


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """One piece on its way. `id` is what `model.piece_id` gives: unique in the project and the same
    at every try; the adapter keeps it with the message where the target lets it. `root` is None
    outside threads. `placement` is the message's own, `root_placement` that of its thread's root,
    None outside threads."""

    id: str
    key: Key
    index: int
    opening: Opening
    author: Account
    time: int
    piece: Piece
    root: Ref | None = None
    placement: Placement = Placement()
    root_placement: Placement | None = None


class Reacting(msgspec.Struct, frozen=True, kw_only=True):
    """One person's reaction on its way. `emoji` is what `Adapter.reaction` made of Slack's name,
    `id` what `model.reaction_id` gives."""

    id: str
    opening: Opening
    author: Account
    time: int
    message: Ref
    emoji: str


class Sealing(msgspec.Struct, frozen=True, kw_only=True):
    """What happens once after a conversation's last message: `leavers` leave, `pins` are pinned in
    order of time, an archived conversation is closed. `time`: milliseconds of the last message."""

    opening: Opening
    leavers: tuple[Account, ...] = ()
    pins: tuple[Ref, ...] = ()
    archived: bool = False
    time: int = 0


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """A file's bytes on this disk. Avatars and custom emoji are files too, with ids of the form
    `avatar/PERSON` and `emoji/NAME`. `file.size` and `file.mimetype` are the body's own. On its way
    to a live target it tells who says the first message that has it, and where; `placement` is that
    of a custom emoji."""

    file: File
    path: Path
    sha256: str
    author: Account | None = None
    opening: Opening | None = None
    placement: Placement = Placement()


# --- reading back ---------------------------------------------------------------------------------


class Seen(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing found at the target. `id` is the `Sending.id` or `Reacting.id` kept with it, "" for
    what people wrote themselves. `time`: milliseconds. For a reaction `message` is what it is under
    and `emoji` its key; for a piece both are empty and `payload` is as `render` made it. `files`
    are the refs (in an archive the ids) of the bodies that hang on a piece and are really there,
    None where nobody has looked."""

    ref: Ref
    id: str
    author: Ref
    time: int
    payload: bytes = b""
    root: Ref | None = None
    message: Ref = ""
    emoji: str = ""
    files: tuple[Ref, ...] | None = None


class Audience(msgspec.Struct, frozen=True, kw_only=True):
    """Who can read a conversation. `join`: `invite` for members alone, `members` for whoever
    belongs to the team, `anyone` for every account of the server, `world` without an account.
    `members` are account refs, the importer's own account left out."""

    members: frozenset[Ref]
    join: Literal["invite", "members", "anyone", "world"]
    listed: bool = False


# --- sessions -------------------------------------------------------------------------------------


class Existing(msgspec.Struct, frozen=True, kw_only=True):
    """An account or a conversation that stands at the target, whoever made it. `name` is what a
    mapping file's `target` says; `email` in lower case, "" where it is not known; `members` are the
    refs of those who can read a private conversation, the importer's own account left out. `barred`
    is a code of the adapter's that says why an account cannot take what is mapped to it; `closed`
    the same of one that is closed, unless an archive of the project brought it."""

    name: str
    ref: Ref
    full_name: str = ""
    email: str = ""
    private: bool = False
    members: tuple[Ref, ...] = ()
    barred: str = ""
    closed: str = ""


class Memo(Protocol):
    """A small persisted map for upload and job ids. A set is durable when it returns."""

    def get(self, name: str) -> str | None: ...

    def set(self, name: str, value: str) -> None: ...


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a session may use of the world: the project's folder (relative paths start there), the
    environment (secrets come from nowhere else), and the memo."""

    folder: Path
    environ: Mapping[str, str]
    memo: Memo


class Session(Protocol):
    """A connected target. `fingerprint` says which target this is: the same for the same server
    and team, another for any other. `caps` are narrowed to what this server allows."""

    caps: Capabilities
    fingerprint: str

    async def check(self) -> Sequence[Finding]:
        """Read, and only read, whether a run can succeed; a blocker says that it cannot."""

    async def close(self) -> None: ...


@runtime_checkable
class LiveSession(Session, Protocol):
    """Takes acts one by one; each is durable when its call returns. Every call may raise `Fatal`,
    `Retry` or `Skip`; anything else is a bug. Every `ensure_` may be repeated without harm."""

    async def ensure_account(self, account: Account) -> Ref: ...

    async def ensure_conversation(self, opening: Opening) -> Ref: ...

    async def ensure_member(self, entry: Entry) -> None: ...

    async def put_file(self, body: Body) -> Ref: ...

    async def send(self, sending: Sending) -> Ref: ...

    async def seal(self, sealing: Sealing) -> None: ...

    async def reopen(self, opening: Opening) -> None:
        """Let a later export's messages in where `seal` closed the conversation. Those who left
        enter again by `ensure_member`."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of an archive that is written whole or not at all. Message parts follow the order in
    which the planner laid them; `number` starts at 0."""

    number: int
    kind: Literal["emoji", "accounts", "conversations", "messages"]


class Posting(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One message of a part, with everything folded in that the archive carries inside it. `id` is
    that of its first piece, `root_id` that of its thread root, "" outside threads. Its words are
    `rendered`, as the plan did it, and `message.body` is empty. `look` is what this message may
    see: of other messages only earlier ones. One that is `carried` is in an earlier archive
    already, in these very words, and stands here for what hangs on it: new replies, reactions or a
    pin. It is not counted again, but what is new of it is."""

    id: str
    message: Message
    rendered: Rendered
    placement: Placement
    opening: Opening
    author: Account
    look: Look
    root_id: str = ""
    root: Placement | None = None
    pinned: bool = False
    carried: bool = False
    new_reactions: int = 0
    new_pin: bool = False


class Composed(msgspec.Struct, frozen=True, kw_only=True):
    """A part in the target's format: named streams, the codes of losses, and how many records they
    hold: `emoji`, `accounts`, `conversations`, or `messages` (notices and placeholders among them)
    with `reactions` and `pins`. The engine holds the counts against the plan. Accounts that are
    mapped count too, although nothing may be written of them."""

    streams: Mapping[str, bytes]
    counts: Mapping[str, int]
    losses: tuple[str, ...] = ()


class PartFile(msgspec.Struct, frozen=True, kw_only=True):
    """A written part: stream name to file. The engine has checked every length and checksum."""

    part: Part
    streams: Mapping[str, Path]


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """The finished archive and what the administrator does with it."""

    path: Path
    next_steps: tuple[str, ...] = ()


@runtime_checkable
class BulkSession(Session, Protocol):
    """Joins parts that were composed elsewhere into one archive. `against` says what a `Reader`
    reads back: the archive, or the server that took it."""

    against: Literal["archive", "server"]

    def finish(self, parts: Sequence[PartFile], bodies: Iterable[Body], number: int) -> Artifact:
        """Join all parts in their order into the archive, in the project's folder unless the
        configuration says otherwise, with the bodies that the parts speak of. Writes beside the
        final name and renames; repeatable. `number` is 1 for the first archive, 2 for the first
        that brings a difference (`Capabilities.delta`)."""


# --- optional powers of a session or an adapter, found by type
# --------------------------------------


@runtime_checkable
class Finder(Protocol):
    async def find(self, opening: Opening, ids: Collection[str]) -> Mapping[str, Ref]:
        """Which of these ids the conversation already holds, pieces and reactions alike."""


@runtime_checkable
class Recognizer(Protocol):
    """A live session at whose target nothing of ours can be kept with a message: it is known by who
    said what, where and when. It is no `Finder`, and its reactions can be repeated without harm."""

    async def recognize(self, sending: Sending, is_known: Callable[[Ref], bool]) -> Ref | None:
        """The ref of a message whose call ended without an answer; None where the target does not
        have it. `is_known` tells the refs of other messages: of several that are alike the first
        unknown one is this. Raises Skip("unsure") where the importer cannot look."""


@runtime_checkable
class Releaser(Protocol):
    """A live session that holds something back of the accounts it makes while history comes in."""

    async def release(self, account: Account) -> None:
        """Once everything was sent, for each account that this project made, and each that is
        `dormant`: what was held back is given back, and a ghost is closed. May be repeated without
        harm."""

    async def release_all(self) -> None:
        """After the accounts: what was changed of the target as a whole, so that history could come
        in, is changed back. May be repeated without harm, as the next run does after a Skip."""


@runtime_checkable
class Heir(Protocol):
    """A live session that goes on where an archive of the same adapter ended. It is a `Directory`,
    too, by which accounts and conversations are found again. `inherits` is the fingerprint of that
    archive's target."""

    inherits: str

    def inherit(self, opening: Opening) -> AsyncIterator[Seen]:
        """What of the archive stands in a conversation now, by the archive's ids, with the refs
        that it has there; nothing where the importer cannot look. The opening is as the archive
        knew it, its names for refs."""


@runtime_checkable
class Reactor(Protocol):
    async def react(self, reacting: Reacting) -> Ref: ...


@runtime_checkable
class Reader(Protocol):
    def read(self, opening: Opening) -> AsyncIterator[Seen]:
        """Everything in the conversation, in the target's own order; a root before its replies."""


@runtime_checkable
class PartialReader(Reader, Protocol):
    """A reader that may not see everything; what it cannot read counts as unchecked."""

    async def can_read(self, opening: Opening) -> bool: ...


@runtime_checkable
class AudienceReader(Protocol):
    async def audience(self, opening: Opening) -> Audience: ...


@runtime_checkable
class Auditor(Protocol):
    async def audit(self) -> Sequence[Finding]:
        """What a reader has found that is no record's: pictures, say, and who has copies. Asked
        once, when every conversation was read."""


@runtime_checkable
class Linker(Protocol):
    def link(self, opening: Opening, ref: Ref) -> str:
        """The address under which people open a message, given its `Seen.ref`."""


@runtime_checkable
class Usher(Protocol):
    def sign_in(self, account: Account) -> str:
        """How the account's owner signs in, in a line for a person; "" where nobody can."""


@runtime_checkable
class Directory(Protocol):
    async def accounts(self) -> Sequence[Existing]: ...

    async def conversations(self) -> Sequence[Existing]: ...


@runtime_checkable
class Enroller(Protocol):
    """A bulk session that lets accounts enter by itself: mapped ones, and those of an earlier
    archive, which no archive may speak of again."""

    async def ensure_member(self, entry: Entry) -> None: ...


@runtime_checkable
class Deliverer(Protocol):
    """A bulk session that can bring its archive to a server."""

    def delivers(self) -> bool:
        """Whether this project's configuration names a server to bring it to."""

    async def deliver(self, artifact: Artifact, arrived: Callable[[int], None]) -> None:
        """Bring the archive into the server and wait until it has taken it; `arrived` is told how
        many messages more are there, at every look, 0 among them: it raises where it is time to
        end. Upload and job are kept in the memo, so that a repeat after a
        crash goes on with them and never starts a second job."""


@runtime_checkable
class Merger(Protocol):
    """An adapter at whose target a direct conversation is known by who is in it, so that several of
    Slack's become one."""

    def lane_key(self, conversation: Conversation, members: Sequence[str]) -> str:
        """The same for direct conversations that are one there, "" for one that is not known by its
        members. `members` are the Slack ids of all who are in it, in order. Nobody enters or leaves
        a conversation that has a key."""


@runtime_checkable
class Preparer(Protocol):
    """An adapter that needs files beside `migration.toml`, such as a registration."""

    def prepare(self, config: Any, context: Context) -> Sequence[str]:
        """Write them (0600), keeping what stands there; returns the next steps for a person."""


@runtime_checkable
class Stamper(Protocol):
    """An adapter whose archive has to bear what only its server can tell of itself."""

    def stamp(self, config: Any, context: Context, told: bytes) -> Sequence[str]:
        """Keep in the project what the server told, in place of what it told before; returns what
        there is to say of it, in lines for a person. Raises UsageError where it is not what is
        asked for, or of a server that the archive is not for."""


class Sandbox(msgspec.Struct, frozen=True, kw_only=True):
    """A throwaway target: `settings` fill the `[target]` table, `notes` say where to look and how
    to sign in."""

    settings: Mapping[str, str]
    notes: tuple[str, ...] = ()


@runtime_checkable
class SandboxMaker(Protocol):
    def sandbox(self, folder: Path, project: Path) -> AbstractContextManager[Sandbox]:
        """Start a target of this kind on loopback, all its files in `folder`, that accepts what
        `prepare` writes into `project`. Leaving the context stops it."""


# --- the adapter ----------------------------------------------------------------------------------


class Adapter(Protocol):
    """A target. All but `connect` are pure and safe in another process.

    `Config` is a msgspec Struct for the `[target]` table; `template` the commented TOML lines that
    `init` writes for it; `codes` the meanings of the adapter's own findings and losses; `keeps`
    says in a line each what the target keeps of which record.
    """

    name: str
    Config: type[msgspec.Struct]
    template: str
    codes: Catalogue
    keeps: Mapping[str, str]

    def caps(self, config: Any) -> Capabilities: ...

    async def connect(self, config: Any, context: Context) -> Session: ...

    def survey(self, message: Message, look: Look, caps: Capabilities) -> Survey: ...

    def place(self, wish: Wish, root: Placement | None, free: Callable[[str], bool]) -> Placement:
        """Where something goes; `root` is where a reply's thread stands. `free` says whether a name
        is still to be had, upper and lower case being one, and for a message whether a time is (all
        digits: milliseconds) or a topic of the conversation."""
        ...

    def render(self, message: Message, look: Look, caps: Capabilities) -> Rendered: ...

    def reaction(self, emoji: str, look: Look) -> str:
        """The target's key for Slack's emoji name as written, skin tone included."""


@runtime_checkable
class Composer(Protocol):
    """The bulk half of an adapter: pure, and called in other processes. Its `render` is called
    while planning, where people and conversations have their placements already and other messages
    their ids, and what it made is kept; `survey` is not asked."""

    def compose(
        self,
        part: Part,
        rows: Iterable[CustomEmoji | Account | Opening | Posting],
        caps: Capabilities,
    ) -> Composed: ...
