"""What the engine asks of a memory target before and besides a session: its settings, its limits,
where things go and how they read. All but `connect` is pure."""

import string
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import msgspec

from adapters.memory import archive, text
from adapters.memory.forgetful import TOLD_STEP, ForgetfulSession
from adapters.memory.live import REF_WIDTH, LiveSession
from adapters.memory.server import Server
from mappings import names
from migrate.errors import UsageError
from migrate.findings import Catalogue, Meaning
from migrate.model import Message
from migrate.spi import (
    Account,
    BulkSession,
    Capabilities,
    Composed,
    Context,
    CustomEmoji,
    Look,
    Opening,
    Part,
    Placement,
    Posting,
    Rendered,
    Survey,
    Wish,
)
from migrate.spi import (
    LiveSession as LiveTarget,
)

_NAME_LETTERS = string.ascii_lowercase + string.digits + "._-"


class MemoryConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[target]` table. `path` is relative to the project's folder; "" is `memory.jsonl`, or
    `memory.zip` for an archive."""

    mode: Literal["live", "archive"] = "live"
    path: str = ""
    piece_limit: int = 4_000
    file_limit: int = 100_000_000
    part_messages: int = 2_000
    keeps_ids: bool = True
    delta: Literal["rewrite", "append"] = "rewrite"


TEMPLATE = """\
mode = "live"               # live: a log that takes messages one by one | archive: a zip of parts
path = ""                   # empty: memory.jsonl or memory.zip beside this file
piece_limit = 4000          # characters of one message; longer ones are split
file_limit = 100000000      # bytes of one file; links stand for larger ones
keeps_ids = true            # live: false for one that keeps no ids of ours, like some real servers
part_messages = 2000        # archive: messages in a part
delta = "rewrite"           # archive: a newer export rewrites it | append: makes another beside it
"""


def _codes() -> Catalogue:
    refusals = {
        "memory-name-taken": "somebody or something else has this name there",
        "memory-open-already": "the conversation exists there, open to more people than it may be",
        "memory-unknown-account": "the account is not there",
        "memory-unknown-conversation": "the conversation is not there",
        "memory-unknown-message": "the message that this one belongs to is not there",
        "memory-nested-thread": "the thread's root is itself a reply there",
        "memory-not-invited": "the account may not enter a private conversation uninvited",
        "memory-not-a-member": "the author is not in the conversation there",
        "memory-reacted-already": "the same reaction is there already",
        "memory-closed": "the conversation is closed there",
        "memory-too-long": "the text is longer than the target takes",
        "memory-unknown-file": "a file of the message is not there",
        "memory-file-too-large": "the file is larger than the target takes",
        "memory-no-key": "nobody but its owner can do this with an account that was there before",
    }
    meanings = {
        code: Meaning("error", f"The memory target refused: {why}.", "Run again to try once more.")
        for code, why in refusals.items()
    }
    meanings[text.TEXT_ONLY] = Meaning("note", "Styles and link addresses are not kept, words are.")
    return MappingProxyType(meanings)


class MemoryAdapter:
    """See `migrate.spi.Adapter`."""

    name: str = "memory"
    Config: type[msgspec.Struct] = MemoryConfig
    template: str = TEMPLATE
    codes: Catalogue = _codes()
    keeps: Mapping[str, str] = MappingProxyType(
        {
            "accounts": "with their shown name; nobody can sign in",
            "conversations": "all kinds; private ones by invitation",
            "messages": "words, mentions and threads, without markup",
            "notices": "as messages",
            "reactions": "each person's",
            "pins": "all",
            "files": "with their messages, whole",
        }
    )

    def caps(self, config: MemoryConfig) -> Capabilities:
        archive_mode = config.mode == "archive"
        forgets = not archive_mode and not config.keeps_ids
        return Capabilities(
            delivery="bulk" if archive_mode else "live",
            order="global" if forgets else "lane",
            lanes=1 if forgets else 4,
            reactions="folded" if archive_mode else "each",
            files="folded" if archive_mode else "each",
            avatars=True,
            emoji=True,
            accounts=("ghost", "create", "map") if forgets else ("ghost",),
            told_step=TOLD_STEP if forgets else 0,
            mapped_react=not forgets,
            mapped_files="channels" if forgets else "all",
            ref_width=REF_WIDTH,
            piece_limit=config.piece_limit,
            file_limit=config.file_limit,
            part_messages=config.part_messages,
            part_order="thread",
            delta=config.delta if archive_mode else "rewrite",
        )

    async def connect(self, config: MemoryConfig, context: Context) -> LiveTarget | BulkSession:
        """Raises UsageError where the file that stands there is none of ours."""
        caps = self.caps(config)
        if config.mode == "archive":
            path = config.path or "memory.zip"
            return archive.ArchiveSession(context.folder / path, caps, f"memory:archive:{path}")
        path = config.path or "memory.jsonl"
        server = _start_server(context.folder / path, config)
        session = LiveSession if config.keeps_ids else ForgetfulSession
        return session(server, caps, f"memory:live:{path}")

    def survey(self, message: Message, look: Look, caps: Capabilities) -> Survey:
        rendered = text.render(message, look, caps)
        return Survey(len(rendered.pieces), rendered.losses)

    def place(self, wish: Wish, root: Placement | None, free: Callable[[str], bool]) -> Placement:
        """Names are slugs; a message keeps its millisecond, or takes the next free one."""
        if wish.kind == "message":
            time = wish.time
            while not free(str(time)):
                time += 1
            return Placement(time=time)
        slug = names.slug(wish.name, _NAME_LETTERS, REF_WIDTH, fallback=wish.id.lower())
        return Placement(name=names.unique(slug, free, REF_WIDTH))

    def render(self, message: Message, look: Look, caps: Capabilities) -> Rendered:
        return text.render(message, look, caps)

    def reaction(self, emoji: str, look: Look) -> str:
        return text.reaction_key(emoji, look)

    def compose(
        self,
        part: Part,
        rows: Iterable[CustomEmoji | Account | Opening | Posting],
        caps: Capabilities,
    ) -> Composed:
        return archive.compose(rows)


def _start_server(path: Path, config: MemoryConfig) -> Server:
    try:
        return Server(path, config.piece_limit, config.file_limit)
    except (OSError, ValueError) as error:
        raise UsageError(
            "memory-unreadable",
            "The memory target's file cannot be read, or is not one of its own.",
            "Set `path` in the [target] table to a file that does not exist yet.",
        ) from error
