"""The Matrix adapter as the engine finds it: capabilities, connecting, the pure half, and the files
and the throwaway homeserver that a Matrix project may ask for."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import MappingProxyType

import msgspec

from adapters.matrix import checks, registration, text
from adapters.matrix.calls import Calls
from adapters.matrix.client import AppserviceClient
from adapters.matrix.codes import CODES
from adapters.matrix.config import LOCALPART_LIMIT, TEMPLATE
from adapters.matrix.config import Config as Target
from adapters.matrix.sandbox import sandbox
from adapters.matrix.session import MatrixSession
from migrate.findings import Catalogue
from migrate.model import Message
from migrate.spi import (
    Capabilities,
    Context,
    Look,
    Placement,
    Rendered,
    Sandbox,
    Survey,
    Wish,
)

_EVENT_ID = 44  # a room's or event's id of today's room versions: a sign and 43 of base64

# A whole event may have 65,536 bytes. What is left is for its envelope (room, sender, some twenty
# references to other events, hashes, a signature), for its relation and for Slack's identity.
_PIECE_LIMIT = 60_000

_UPLOAD_LIMIT = 50 * 1024 * 1024  # Synapse's own default; a session knows this server's


class MatrixAdapter:
    """Writes through an application service of Synapse."""

    name = "matrix"
    Config: type[msgspec.Struct] = Target
    template = TEMPLATE
    codes: Catalogue = CODES
    keeps: Mapping[str, str] = MappingProxyType(
        {
            "accounts": "an account each, with the name and picture that Slack shows; nobody can "
            "sign in to it",
            "conversations": "a room each; public ones open to the members of one space",
            "messages": "by their authors, at their times, in their threads",
            "notices": "as notices",
            "reactions": "one by one, at the time of their message; custom emoji as images",
            "pins": "as the room's pinned messages",
            "files": "uploaded, each beside its message; whoever knows a file's address can fetch "
            "it",
        }
    )

    def caps(self, config: Target) -> Capabilities:
        # A mention holds an account: prefix, name and server. A file's address is shorter: Synapse
        # gives 24 characters behind `mxc://server/`, no media store that is known more than 64.
        account = len(config.ghost("x" * LOCALPART_LIMIT))
        return Capabilities(
            delivery="live",
            order="lane",
            lanes=16,
            members=config.members,
            reactions="each",
            files="each",
            avatars=True,
            emoji=True,
            ref_width=max(_EVENT_ID, account),
            piece_limit=_PIECE_LIMIT,
            file_limit=_UPLOAD_LIMIT,
            time_step=1_000,
            # Synapse remembers a transaction for a day; after that only the room itself knows.
            repeatable=False,
        )

    async def connect(self, config: Target, context: Context) -> MatrixSession:
        """A session. Raises UsageError without a registration, Fatal without a homeserver."""
        path = registration.registration_path(config, context.folder)
        token = registration.read_tokens(path).appservice
        write = AppserviceClient(config.base_url, token, config.sender, patient=False)
        read = AppserviceClient(config.base_url, token, config.sender, patient=True)
        try:
            await checks.reach(config, write)
            caps = self.caps(config)
            limit = await checks.upload_limit(write)
            if limit is not None:
                caps = msgspec.structs.replace(caps, file_limit=limit)
            version = checks.room_version(await checks.capabilities(write))
        except BaseException:
            await write.close()
            await read.close()
            raise
        return MatrixSession(config, context, caps, Calls(write, read), version)

    def survey(self, message: Message, look: Look, caps: Capabilities) -> Survey:
        rendered = text.render(message, look, caps)
        return Survey(len(rendered.pieces), rendered.losses)

    def place(self, wish: Wish, root: Placement | None, free: Callable[[str], bool]) -> Placement:
        return text.place(wish, free)

    def render(self, message: Message, look: Look, caps: Capabilities) -> Rendered:
        return text.render(message, look, caps)

    def reaction(self, emoji: str, look: Look) -> str:
        return text.reaction_key(emoji, look)

    def prepare(self, config: Target, context: Context) -> Sequence[str]:
        """Write the registration; returns how the homeserver's admin installs it."""
        path = registration.registration_path(config, context.folder)
        changed = registration.write_registration(config, path)
        return registration.install_steps(path, changed)

    def sandbox(self, folder: Path, project: Path) -> AbstractContextManager[Sandbox]:
        return sandbox(folder)


adapter = MatrixAdapter()
