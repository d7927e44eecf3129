"""Entering and leaving: by way of the space, or by invitation; and each account's own list of
direct messages. Who is in which room is remembered for a while, so that a repeat costs little."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from adapters.matrix.calls import Calls
from adapters.matrix.client import Json, Refused
from migrate.model import Ref

_ROSTERS = 256


class Roster:
    """Who is in one room, account to `join` or `invite`; None until the homeserver was asked."""

    __slots__ = ("lock", "members")

    def __init__(self, members: dict[Ref, str] | None = None) -> None:
        self.lock = asyncio.Lock()
        self.members = members


class Members:
    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._rosters: OrderedDict[Ref, Roster] = OrderedDict()
        # What one account does in several rooms at once (entering the space, keeping its list) is
        # done one after the other; 64 turns are enough for any number of lanes.
        self._turns = [asyncio.Lock() for _ in range(64)]

    async def of(self, room: Ref, host: Ref) -> dict[Ref, str]:
        """Who is in the room. The dictionary is kept up by what is done here."""
        roster = self._rosters.get(room) or self._keep(room, Roster())
        self._rosters.move_to_end(room)
        if roster.members is None:
            async with roster.lock:
                if roster.members is None:
                    roster.members = await self._calls.members(host, room)
        return roster.members

    def begin(self, room: Ref, host: Ref, company: Sequence[Ref]) -> None:
        """Note who is in a room that was just made."""
        self._keep(room, Roster(dict.fromkeys(company, "invite") | {host: "join"}))

    def forget(self, room: Ref) -> None:
        self._rosters.pop(room, None)

    def turn(self, account: Ref) -> asyncio.Lock:
        """Held while an account does what it must not do twice at once."""
        return self._turns[hash(account) % len(self._turns)]

    async def walk_in(self, room: Ref, host: Ref, account: Ref, time: int) -> bool:
        """Join a room that the account may join by itself; False where it may not after all."""
        members = await self.of(room, host)
        if members.get(account) != "join":
            try:
                await self._calls.put_member(account, room, account, "join", time)
            except Refused as refused:
                # A homeserver of several processes may not know yet that it is in the space.
                if refused.errcode != "M_FORBIDDEN":
                    raise
                return False
            members[account] = "join"
        return True

    async def bring_in(self, room: Ref, host: Ref, account: Ref, time: int) -> None:
        """Invite an account and let it accept."""
        members = await self.of(room, host)
        if members.get(account) == "join":
            return
        if members.get(account) != "invite":
            await self._calls.put_member(host, room, account, "invite", time)
            members[account] = "invite"
        await self._calls.put_member(account, room, account, "join", time)
        members[account] = "join"

    async def leave(self, room: Ref, host: Ref, account: Ref, time: int) -> None:
        members = await self.of(room, host)
        if account in members and account != host:
            await self._calls.put_member(account, room, account, "leave", time)
            del members[account]

    async def note_direct(self, account: Ref, room: Ref, others: Sequence[Ref]) -> None:
        """List the room under the account's direct messages. One call replaces the whole list."""
        path = ["user", account, "account_data", "m.direct"]
        write = self._calls.write
        with write.acting(account):
            try:
                lists: Json = await write.call("GET", path)
            except Refused as refused:
                if refused.status != 404:
                    raise
                lists = {}
            new = [other for other in others or (account,) if room not in lists.get(other, ())]
            for other in new:
                lists.setdefault(other, []).append(room)
            if new:
                await write.call("PUT", path, lists)

    def _keep(self, room: Ref, roster: Roster) -> Roster:
        self._rosters[room] = roster
        while len(self._rosters) > _ROSTERS:
            self._rosters.popitem(last=False)
        return roster
