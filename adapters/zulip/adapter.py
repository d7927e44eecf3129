"""The Zulip adapter as the engine finds it: capabilities, connecting, and the pure half."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

import msgspec

from adapters.zulip import text
from adapters.zulip.codes import CODES
from adapters.zulip.config import TEMPLATE
from adapters.zulip.config import Config as Target
from adapters.zulip.directory.compose import Row, compose
from adapters.zulip.directory.session import DirectorySession
from adapters.zulip.directory.stamping import keep_stamp
from adapters.zulip.imported.session import DeliveredSession, ExportSource
from adapters.zulip.placing import place
from adapters.zulip.profiles import ZulipCaps, caps_for
from migrate.findings import Catalogue
from migrate.model import Message
from migrate.spi import (
    Capabilities,
    Composed,
    Context,
    Conversation,
    Look,
    Part,
    Placement,
    Rendered,
    Session,
    Survey,
    Wish,
)


class ZulipAdapter:
    """Writes a directory for Zulip's `manage.py import`, or into an organization that stands."""

    name = "zulip"
    Config: type[msgspec.Struct] = Target
    template = TEMPLATE
    codes: Catalogue = CODES
    keeps: Mapping[str, str] = MappingProxyType(
        {
            "accounts": "accounts and bots under names of their own, or those that stand there"
            " already; nobody is told a password",
            "conversations": "channels, direct and group messages; archived ones are closed where"
            " they stay readable",
            "messages": "by their authors, at their times, each thread in a topic of its own; edits"
            " marked in a new organization",
            "notices": "as messages",
            "reactions": "each person's, custom emoji among them, but over the API not those of"
            " accounts that stood there before; no skin tones",
            "pins": "none: Zulip has no pinned messages",
            "files": "inside the directory, or uploaded by their authors; private ones stay"
            " private",
        }
    )

    def caps(self, config: Target) -> ZulipCaps:
        return caps_for(config)

    async def connect(self, config: Target, context: Context) -> Session:
        # Only here: every process that composes loads this module, and none of them the clients.
        if config.mode == "api":
            from adapters.zulip.organization.session import open_organization

            return await open_organization(config, context)
        if config.export:
            return DeliveredSession(config, context, ExportSource(config, context))
        if config.zuliprc:
            from adapters.zulip.imported.server import ServerSource

            return DeliveredSession(config, context, ServerSource(config, context))
        return DirectorySession(config, context)

    def survey(self, message: Message, look: Look, caps: Capabilities) -> Survey:
        rendered = text.render(message, look, _own(caps))
        return Survey(len(rendered.pieces), rendered.losses, rendered.snippet)

    def place(self, wish: Wish, root: Placement | None, free: Callable[[str], bool]) -> Placement:
        return place(wish, root, free)

    def render(self, message: Message, look: Look, caps: Capabilities) -> Rendered:
        return text.render(message, look, _own(caps))

    def reaction(self, emoji: str, look: Look) -> str:
        return text.reaction_key(emoji, look)

    def lane_key(self, conversation: Conversation, members: Sequence[str]) -> str:
        """Direct talk is known by who talks."""
        direct = conversation.kind in ("dm", "group_dm")
        return " ".join(sorted(set(members))) if direct else ""

    def stamp(self, config: Target, context: Context, told: bytes) -> Sequence[str]:
        """Keep what the server told of its migrations."""
        stamp = keep_stamp(config, context.folder, told)
        return (f"It is of a Zulip {stamp.zulip_version}, and goes into the directory.",)

    def compose(self, part: Part, rows: Iterable[Row], caps: Capabilities) -> Composed:
        return compose(part, rows, _own(caps))


def _own(caps: Capabilities) -> ZulipCaps:
    assert isinstance(caps, ZulipCaps)  # they come from this adapter
    return caps


adapter = ZulipAdapter()
