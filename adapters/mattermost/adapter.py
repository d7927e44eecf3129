"""The Mattermost adapter as the engine finds it: capabilities, connecting, and the pure half."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

import msgspec

from adapters.mattermost import session, text
from adapters.mattermost.archive import ArchiveSession
from adapters.mattermost.codes import CODES
from adapters.mattermost.compose import Row, compose
from adapters.mattermost.config import TEMPLATE
from adapters.mattermost.config import Config as Target
from adapters.mattermost.limits import DIRECT_MEMBERS
from adapters.mattermost.placing import place
from adapters.mattermost.profiles import MattermostCaps, caps_for
from migrate.findings import Catalogue
from migrate.model import Message
from migrate.spi import (
    BulkSession,
    Capabilities,
    Composed,
    Context,
    Conversation,
    Look,
    Part,
    Placement,
    Rendered,
    Survey,
    Wish,
)


class MattermostAdapter:
    """Writes an archive for Mattermost's bulk import."""

    name = "mattermost"
    Config: type[msgspec.Struct] = Target
    template = TEMPLATE
    codes: Catalogue = CODES
    keeps: Mapping[str, str] = MappingProxyType(
        {
            "accounts": "accounts and bots; passwords are drawn anew and told to nobody",
            "conversations": "channels, direct and group messages; more than eight people become a "
            "private channel",
            "messages": "by their authors, at their times, in their threads; edits marked",
            "notices": "as system messages",
            "reactions": "each person's, with skin tones and custom emoji",
            "pins": "all",
            "files": "inside the archive",
        }
    )

    def caps(self, config: Target) -> MattermostCaps:
        return caps_for(config)

    async def connect(self, config: Target, context: Context) -> BulkSession:
        """A session that makes archives; with `url`, one that also brings them to the server."""
        if config.url:
            return await session.connect(config, context)
        if config.url:
            return await session.connect(config, context)
        return ArchiveSession(config, context, self.caps(config))

    def survey(self, message: Message, look: Look, caps: Capabilities) -> Survey:
        rendered = text.render(message, look, _own(caps))
        return Survey(len(rendered.pieces), rendered.losses)

    def place(self, wish: Wish, root: Placement | None, free: Callable[[str], bool]) -> Placement:
        return place(wish, free)

    def render(self, message: Message, look: Look, caps: Capabilities) -> Rendered:
        return text.render(message, look, _own(caps))

    def reaction(self, emoji: str, look: Look) -> str:
        return text.reaction_key(emoji, look)

    def lane_key(self, conversation: Conversation, members: Sequence[str]) -> str:
        """Direct talk is known by who talks, as long as they are no more than may."""
        people = sorted(set(members))
        direct = conversation.kind in ("dm", "group_dm")
        return " ".join(people) if direct and 0 < len(people) <= DIRECT_MEMBERS else ""

    def compose(self, part: Part, rows: Iterable[Row], caps: Capabilities) -> Composed:
        return compose(rows, _own(caps))


def _own(caps: Capabilities) -> MattermostCaps:
    assert isinstance(caps, MattermostCaps)  # they come from this adapter
    return caps


adapter = MattermostAdapter()
