"""A connected homeserver: accounts, messages, reactions and files, with rooms, reading and checks
joined to them. What the engine may call is here; what it costs to say it lies in the parts."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

import msgspec
from nio import Api

from adapters.matrix import checks
from adapters.matrix.calls import MARK, Calls
from adapters.matrix.client import Json, Refused
from adapters.matrix.config import Config
from adapters.matrix.reading import Reading
from adapters.matrix.rooms import Rooms, dates_ignored
from adapters.matrix.text import matrix_to
from adapters.matrix.uploads import Uploads
from migrate.errors import Fatal, Skip
from migrate.findings import Finding
from migrate.model import Ref
from migrate.spi import (
    Account,
    Audience,
    Body,
    Capabilities,
    Context,
    Entry,
    Existing,
    Opening,
    Reacting,
    Sealing,
    Seen,
    Sending,
)


class MatrixSession:
    """LIVE, and Finder, Reactor, Reader, AudienceReader, Linker and Directory too. `calls` and
    `rooms` are its parts, open to tests."""

    def __init__(
        self,
        config: Config,
        context: Context,
        caps: Capabilities,
        calls: Calls,
        version: str,
    ) -> None:
        self.caps = caps
        self.fingerprint = f"matrix {config.sender}"
        self._config = config
        self._environ = context.environ
        self.calls = calls
        self._write = calls.write
        self.rooms = Rooms(config, calls, version)
        self._reading = Reading(config, calls, self.rooms)
        self._uploads = Uploads(config, calls.write)
        self._proven: set[Ref] = set()

    async def check(self) -> Sequence[Finding]:
        await checks.reach(self._config, self._write)
        return await checks.check(self._config, self._write, self._environ)

    def link(self, opening: Opening, ref: Ref) -> str:
        """Room ids no longer name a server, so the address says by which one to go."""
        return f"{matrix_to(opening.ref, ref)}?via={self._config.server_name}"

    async def close(self) -> None:
        await self._write.close()
        await self.calls.read.close()

    # -- accounts --------------------------------------------------------------------------------

    async def ensure_account(self, account: Account) -> Ref:
        """A ghost of this name, with its display name, its picture, and the device that its
        messages go through.

        Name and picture are set before the ghost is anywhere: a later change is written, with
        today's date, into every room that it is in.
        """
        if account.action != "ghost":
            raise Skip("matrix-action")
        user = self._config.ghost(account.placement.name)
        fresh = await self._register(self._config.ghost_localpart(account.placement.name))
        name, picture = account.person.shown_name[:256], account.avatar_ref
        there = {} if fresh else await self._profile_of(user)
        token = self._write.access_token
        with self._write.acting(user):
            if there.get("displayname") != name:
                await self._write.ask(*Api.profile_set_displayname(token, user, name))
            if picture and there.get("avatar_url") != picture:
                await self._write.ask(*Api.profile_set_avatar(token, user, picture))
        await self.calls.put_device(user)
        return user

    async def _register(self, localpart: str) -> bool:
        body = {
            "type": "m.login.application_service",
            "username": localpart,
            "inhibit_login": True,
        }
        try:
            await self._write.call("POST", ["register"], body)
        except Refused as refused:
            if refused.errcode != "M_USER_IN_USE":
                raise
            return False
        return True

    async def _profile_of(self, user: Ref) -> Json:
        try:
            return await self._write.call("GET", ["profile", user])
        except Refused as refused:
            if refused.status != 404:
                raise
            return {}

    # -- rooms -----------------------------------------------------------------------------------

    async def ensure_conversation(self, opening: Opening) -> Ref:
        return await self.rooms.ensure(opening)

    async def ensure_member(self, entry: Entry) -> None:
        await self.rooms.enter(entry)

    async def seal(self, sealing: Sealing) -> None:
        await self.rooms.seal(sealing)

    async def reopen(self, opening: Opening) -> None:
        await self.rooms.reopen(opening)

    # -- messages, reactions, files --------------------------------------------------------------

    async def send(self, sending: Sending) -> Ref:
        room = await self.rooms.locate(sending.opening)
        event = msgspec.json.decode(sending.piece.payload)
        content = event["content"]
        content[MARK] = {
            "id": sending.id,
            "conversation": sending.key.conversation,
            "ts": sending.key.ts,
        }
        relation = _relation(sending)
        if relation:
            content["m.relates_to"] = relation
        ref = await self.calls.put_event(
            sending.author.ref, room, event["type"], content, sending.id, sending.time
        )
        if room not in self._proven:
            await self._prove(room, ref, self.rooms.host(sending.opening), sending.time)
            self._proven.add(room)
        return ref

    async def react(self, reacting: Reacting) -> Ref:
        room = await self.rooms.locate(reacting.opening)
        relation = {
            "rel_type": "m.annotation",
            "event_id": reacting.message,
            "key": reacting.emoji,
        }
        content: dict[str, Any] = {"m.relates_to": relation, MARK: {"id": reacting.id}}
        if reacting.emoji.startswith("mxc://"):
            # As bridges write it. The id ends in Slack's name of the emoji.
            content["shortcode"] = f":{reacting.id.rpartition('/')[2]}:"
            content["com.beeper.reaction.shortcode"] = content["shortcode"]
        author = reacting.author.ref
        try:
            return await self.calls.put_event(
                author, room, "m.reaction", content, reacting.id, reacting.time
            )
        except Refused as refused:
            if refused.errcode != "M_DUPLICATE_ANNOTATION":
                raise
        # Sent before, or under another of Slack's names for the same character.
        host = self.rooms.host(reacting.opening)
        found = await self._reading.reaction(room, host, author, reacting.message, reacting.emoji)
        if found is None:
            raise Skip("matrix-not-found")
        return found

    async def put_file(self, body: Body) -> Ref:
        """Upload one body. A repeat whose first answer was lost leaves a copy that nothing leads
        to; the homeserver has no ids for uploads."""
        return await self._uploads.put(body, self.caps.file_limit)

    async def _prove(self, room: Ref, ref: Ref, host: Ref, time: int) -> None:
        """Read a room's first message back: are its date and the message itself still there?"""
        try:
            event = await self.calls.event(host, room, ref)
        except Refused as refused:
            raise Fatal(
                "matrix-retention",
                "The homeserver hides a message that was just written: it has a retention policy.",
                "Switch `retention` off in homeserver.yaml, restart it, and run again.",
            ) from refused
        if event.get("origin_server_ts") != time:
            raise dates_ignored()

    # -- reading back ----------------------------------------------------------------------------

    async def find(self, opening: Opening, ids: Collection[str]) -> Mapping[str, Ref]:
        return await self._reading.find(opening, ids)

    def read(self, opening: Opening) -> AsyncIterator[Seen]:
        return self._reading.read(opening)

    async def audience(self, opening: Opening) -> Audience:
        return await self._reading.audience(opening)

    async def accounts(self) -> Sequence[Existing]:
        """The homeserver's own accounts; none without an admin's token, who alone may list them."""
        token = self._environ.get(self._config.admin_token_env, "")
        return await checks.accounts(self._config, token) if token else ()

    async def conversations(self) -> Sequence[Existing]:
        return await self._reading.listed_rooms()


def _relation(sending: Sending) -> dict[str, Any]:
    """A reply belongs to its thread. A broadcast's second piece stands in the room and quotes the
    thread's root, so that a reader finds the thread."""
    if sending.root is None:
        return {}
    root = {"m.in_reply_to": {"event_id": sending.root}}
    if not sending.piece.in_thread:
        return root
    return root | {"rel_type": "m.thread", "event_id": sending.root, "is_falling_back": True}
