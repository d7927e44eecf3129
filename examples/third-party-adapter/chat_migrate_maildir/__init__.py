"""A chat-migrate target outside chat-migrate: one maildir folder per conversation, one mail per
message. Here is what the engine asks before and besides a session; the session is in `session`, the
words in `text`."""

import asyncio
import string
from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec

from chat_migrate_maildir.session import TOO_LARGE, MaildirSession
from chat_migrate_maildir.text import TEXT_ONLY, render
from mappings import names
from migrate.spi import (
    Capabilities,
    Catalogue,
    Context,
    Look,
    Meaning,
    Message,
    Placement,
    Rendered,
    Survey,
    Wish,
)

__all__ = ["MaildirAdapter", "adapter"]

_NAME_LETTERS = string.ascii_lowercase + string.digits + "-_"
_SECOND = 1_000


class MaildirConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[target]` table. `path` is relative to the project's folder."""

    path: str = "mail"
    domain: str = "lists.example.org"
    length: int = 20_000


class MaildirAdapter:
    """See `migrate.spi.Adapter`."""

    name: str = "maildir"
    Config: type[msgspec.Struct] = MaildirConfig
    template: str = (
        'path = "mail"                   # the folder of folders\n'
        'domain = "lists.example.org"    # what addresses and message ids end in\n'
        "length = 20000                  # characters of one mail; longer messages are split\n"
    )
    codes: Catalogue = MappingProxyType(
        {
            TOO_LARGE: Meaning("error", "The file is larger than a mail may be."),
            TEXT_ONLY: Meaning("note", "Styles are not kept, words are."),
        }
    )
    keeps: Mapping[str, str] = MappingProxyType(
        {
            "accounts": "as addresses; nobody can sign in",
            "conversations": "a folder and a list of subscribers each",
            "messages": "a mail each, with its thread",
            "notices": "a mail each",
        }
    )

    def caps(self, config: MaildirConfig) -> Capabilities:
        return Capabilities(
            delivery="live",
            order="global",
            lanes=1,
            reactions="none",
            pins=False,
            ref_width=128,
            piece_limit=config.length,
            file_limit=25_000_000,
            time_step=1_000_000,
            repeatable=True,
        )

    async def connect(self, config: MaildirConfig, context: Context) -> MaildirSession:
        root = await asyncio.to_thread((context.folder / config.path).absolute)
        return MaildirSession(root, config.domain, self.caps(config))

    def survey(self, message: Message, look: Look, caps: Capabilities) -> Survey:
        rendered = render(message, look, caps)
        return Survey(len(rendered.pieces), rendered.losses)

    def place(self, wish: Wish, root: Placement | None, free: Callable[[str], bool]) -> Placement:
        if wish.kind == "message":
            time = wish.time // _SECOND * _SECOND
            while not free(str(time)):
                time += _SECOND
            return Placement(time=time)
        slug = names.slug(wish.name, _NAME_LETTERS, 40, fallback=wish.id.lower())
        return Placement(name=names.unique(slug, free, 40))

    def render(self, message: Message, look: Look, caps: Capabilities) -> Rendered:
        return render(message, look, caps)

    def reaction(self, emoji: str, look: Look) -> str:
        return emoji


adapter = MaildirAdapter()
