"""Rooms and the space: made, found again by their aliases and mended, entered, sealed and opened
again. How a room shall be lies in `designs`, messages elsewhere."""

import asyncio
from contextlib import suppress

import msgspec

from adapters.matrix.calls import MARK, Calls
from adapters.matrix.client import Refused
from adapters.matrix.config import Config, belongs_to_team
from adapters.matrix.designs import Design, design_room, design_space, is_direct, is_open
from adapters.matrix.members import Members
from migrate.errors import Fatal, Skip
from migrate.model import Ref
from migrate.spi import Entry, Opening, Sealing

_CLOSED = 50  # a power that plain members do not have
_SOME_DATE = 1_400_000_000_000


class Rooms:
    def __init__(self, config: Config, calls: Calls, version: str) -> None:
        self._config = config
        self._calls = calls
        self._version = version
        self._members = Members(calls)
        self._space = ""
        self._space_lock = asyncio.Lock()

    # -- who and where ---------------------------------------------------------------------------

    def host(self, opening: Opening) -> Ref:
        """The account that made the room and may do everything in it.

        A room made by the importer has the importer as a member, so direct messages are made by
        one of those who are in them.
        """
        if is_direct(opening) and opening.opener is not None:
            return opening.opener.ref or self._config.ghost(opening.opener.placement.name)
        return self._config.sender

    async def locate(self, opening: Opening) -> Ref:
        """The room of a conversation that was made before. Raises Skip where there is none."""
        if opening.ref:
            return opening.ref
        localpart = self._config.room_localpart(opening.conversation.id)
        room = await self._calls.resolve(self._config.alias(localpart))
        if room is None:
            raise Skip("matrix-not-found")
        return room

    async def find_space(self) -> Ref | None:
        """The space, where it was made already."""
        alias = self._config.alias(self._config.space_localpart)
        return self._space or await self._calls.resolve(alias)

    # -- making ----------------------------------------------------------------------------------

    async def ensure(self, opening: Opening) -> Ref:
        space = await self.ensure_space()
        design = design_room(self._config, opening, self.host(opening), space)
        room = await self._ensure(design)
        if is_open(opening):
            await self._list_in_space(opening, room, space)
            await self._appoint(room)
        if design.direct:
            async with self._members.turn(design.host):
                await self._members.note_direct(design.host, room, design.company)
        return room

    async def ensure_space(self) -> Ref:
        """The space, made by the first room that asks. Shows at once whether dates are kept."""
        async with self._space_lock:
            if not self._space:
                design = design_space(self._config)
                space = await self._ensure(design)
                await self._try_dates(space)
                await self._refuse_encryption(space)
                await self._appoint(space)
                await self._invite_admin(space)
                self._space = space
            return self._space

    async def _ensure(self, design: Design) -> Ref:
        alias = self._config.alias(design.localpart)
        room = await self._calls.resolve(alias)
        if room is not None and not await self._mend(room, design):
            # The homeserver was ended between the alias and the room's first events.
            await self._calls.drop_alias(alias)
            room = None
        return room or await self._create(design)

    async def _create(self, design: Design) -> Ref:
        try:
            room = await self._calls.create_room(
                design.host,
                design.localpart,
                self._version,
                [msgspec.to_builtins(event) for event in design.state],
                company=design.company,
                direct=design.direct,
                space=design.space,
            )
        except Refused as refused:
            # Made by a call whose answer was lost.
            found = await self._calls.resolve(self._config.alias(design.localpart))
            if refused.errcode != "M_ROOM_IN_USE" or found is None:
                raise
            return found
        self._members.begin(room, design.host, design.company)
        return room

    async def _mend(self, room: Ref, design: Design) -> bool:
        """Put what a room found by its alias lacks; False where it is no working room at all."""
        try:
            there = await self._calls.whole_state(design.host, room)
        except Refused:
            return False
        mine = there.get(("m.room.member", design.host), {})
        if mine.get("membership") != "join":
            raise Fatal(
                "matrix-host-left",
                "The account that made a room is not in it any more, so nothing can be brought in.",
                f"Let {design.host} join the room of the alias #{design.localpart} again.",
            )
        if ("m.room.power_levels", "") not in there:
            return False
        for event in design.state:
            if (event.type, event.state_key) not in there:
                await self._calls.put_state(
                    design.host, room, event.type, event.content, event.state_key
                )
        return True

    async def _list_in_space(self, opening: Opening, room: Ref, space: Ref) -> None:
        """Show the room in the space. Private rooms are not shown: that they exist is private."""
        name = opening.placement.name or opening.conversation.name
        child = {
            "via": [self._config.server_name],
            "suggested": opening.conversation.general,
            "order": "".join(char for char in name.lower() if " " <= char <= "~")[:50],
        }
        await self._calls.put_state(self._config.sender, space, "m.space.child", child, room)

    # -- entering, sealing, opening again --------------------------------------------------------

    async def enter(self, entry: Entry) -> None:
        opening, account, time = entry.opening, entry.account.ref, entry.time
        room, host = await self.locate(opening), self.host(opening)
        if (await self._members.of(room, host)).get(account) == "join":
            return
        async with self._members.turn(account):
            entered = False
            if is_open(opening) and belongs_to_team(entry.account.person):
                space = await self.ensure_space()
                await self._members.bring_in(space, self._config.sender, account, time)
                entered = await self._members.walk_in(room, host, account, time)
            if not entered:
                await self._members.bring_in(room, host, account, time)
            if is_direct(opening):
                others = [other.ref for other in opening.members if other.ref != account]
                await self._members.note_direct(account, room, others)

    async def seal(self, sealing: Sealing) -> None:
        opening, time = sealing.opening, sealing.time
        room, host = await self.locate(opening), self.host(opening)
        for account in sealing.leavers:
            await self._members.leave(room, host, account.ref, time)
        if sealing.pins:
            pinned = {"pinned": list(sealing.pins)}
            await self._calls.put_state(host, room, "m.room.pinned_events", pinned, "", time)
        if sealing.archived:
            await self._set_floor(room, host, _CLOSED, time)
        encrypt = self._config.encrypt
        if encrypt == "all" or (encrypt == "private" and not is_open(opening)):
            # Last, for it cannot be undone, and what was written before stays readable.
            algorithm = {"algorithm": "m.megolm.v1.aes-sha2"}
            await self._calls.put_state(host, room, "m.room.encryption", algorithm)
        self._members.forget(room)

    async def reopen(self, opening: Opening) -> None:
        await self._set_floor(await self.locate(opening), self.host(opening), 0, None)

    async def _set_floor(self, room: Ref, host: Ref, power: int, time: int | None) -> None:
        """The power that writing and inviting need: an archived room is closed by it."""
        levels = await self._calls.state(host, room, "m.room.power_levels")
        floor = {"events_default": power, "invite": power}
        if levels | floor != levels:
            await self._calls.put_state(host, room, "m.room.power_levels", levels | floor, "", time)

    # -- the space's first moments ---------------------------------------------------------------

    async def _try_dates(self, space: Ref) -> None:
        """Write a dated event and read it back: other homeservers may take the date and forget it.
        A repeat writes nothing new."""
        sender = self._config.sender
        content = {"importer": sender}
        written = await self._calls.put_state(sender, space, MARK, content, "", _SOME_DATE)
        event = await self._calls.event(sender, space, written)
        if event.get("origin_server_ts") != _SOME_DATE:
            raise dates_ignored()

    async def _refuse_encryption(self, space: Ref) -> None:
        with suppress(Refused):
            await self._calls.state(self._config.sender, space, "m.room.encryption")
            raise Fatal(
                "matrix-encrypts",
                "The homeserver encrypts every new room, so imported history would look broken.",
                "Remove `encryption_enabled_by_default_for_room_type` until the import is done; "
                "`target.encrypt` switches it on afterwards.",
            )

    async def _appoint(self, room: Ref) -> None:
        """Let the configured admin change a room. It takes no seat there: that is for it to do."""
        sender, admin = self._config.sender, self._config.admin
        if not admin:
            return
        levels = await self._calls.state(sender, room, "m.room.power_levels")
        users = levels.get("users", {})
        if users.get(admin) != 100:
            changed = levels | {"users": users | {admin: 100}}
            await self._calls.put_state(sender, room, "m.room.power_levels", changed)

    async def _invite_admin(self, space: Ref) -> None:
        sender, admin = self._config.sender, self._config.admin
        if admin and admin not in await self._members.of(space, sender):
            await self._calls.put_member(sender, space, admin, "invite", None)
            self._members.forget(space)


def dates_ignored() -> Fatal:
    return Fatal(
        "matrix-dates-ignored",
        "The homeserver does not keep the dates of imported messages.",
        "It must be a Synapse with the present appservice.yaml installed.",
    )
