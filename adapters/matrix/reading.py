"""Reading rooms back: their timeline as the engine compares it, single events by the id that was
kept in them, and who can read a room."""

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from typing import Literal, TypeAlias

import msgspec

from adapters.matrix.calls import MARK, Calls
from adapters.matrix.client import Answer, Json, Refused, done
from adapters.matrix.config import Config
from adapters.matrix.rooms import Rooms
from migrate.model import Ref
from migrate.spi import Audience, Existing, Opening, Seen

_PAGE = 500
_ABREAST = 8
_KINDS = ("m.room.message", "m.reaction")
_ADDRESS = re.compile(r"mxc://[^/?#%\s]+/[\w-]+", re.ASCII)
_FILTER = msgspec.json.encode({"types": list(_KINDS)}).decode()


Join: TypeAlias = Literal["invite", "members", "anyone", "world"]


class Reading:
    def __init__(self, config: Config, calls: Calls, rooms: Rooms) -> None:
        self._config = config
        self._calls = calls
        self._client = calls.read
        self._rooms = rooms
        self._sizes: dict[Ref, int | None] = {}

    async def find(self, opening: Opening, ids: Collection[str]) -> Mapping[str, Ref]:
        """Which of these ids the room holds. Reads from its end, for they are mostly there."""
        wanted, found = set(ids), dict[str, Ref]()
        if not wanted:
            return found
        async for page in self._pages(opening, "b"):
            for event in page:
                identity = mark_of(event)
                if identity in wanted and not is_redacted(event):
                    found[identity] = event["event_id"]
                    wanted.discard(identity)
            if not wanted:
                break
        return found

    async def read(self, opening: Opening) -> AsyncIterator[Seen]:
        """Every message and reaction in the room's own order, redacted ones left out; of each file
        whether the homeserver has the body."""
        async for page in self._pages(opening, "f"):
            kept = [event for event in page if not is_redacted(event)]
            await self._measure(filter(None, map(file_of, kept)))
            for event in kept:
                yield seen(event, self._sizes)

    async def audience(self, opening: Opening) -> Audience:
        room, host = await self._rooms.locate(opening), self._rooms.host(opening)
        members = await self._calls.members(host, room)
        members.pop(self._config.sender, None)
        return Audience(
            members=frozenset(members),
            join=await self._join(room, host),
            listed=await self._listed(room),
        )

    async def reaction(
        self, room: Ref, host: Ref, author: Ref, message: Ref, key: str
    ) -> Ref | None:
        """The event of a reaction that is there already."""
        path = ["rooms", room, "relations", message, "m.annotation", "m.reaction"]
        query = {"limit": "500"}
        while True:
            with self._client.acting(host):
                page = await self._client.call("GET", path, query=query, base="/_matrix/client/v1")
            for event in page["chunk"]:
                relation = event["content"].get("m.relates_to", {})
                if event["sender"] == author and relation.get("key") == key:
                    return str(event["event_id"])
            if not page.get("next_batch"):
                return None
            query["from"] = page["next_batch"]

    async def listed_rooms(self) -> list[Existing]:
        """The rooms in the homeserver's public list."""
        rooms, query = list[Existing](), {"limit": "500"}
        while True:
            with self._client.acting(self._config.sender):
                page = await self._client.call("GET", ["publicRooms"], query=query)
            rooms += [
                Existing(name=room["room_id"], ref=room["room_id"], full_name=room.get("name", ""))
                for room in page["chunk"]
            ]
            if not page.get("next_batch"):
                return rooms
            query["since"] = page["next_batch"]

    async def _join(self, room: Ref, host: Ref) -> Join:
        rules = await self._state(room, host, "m.room.join_rules")
        history = (await self._state(room, host, "m.room.history_visibility")).get(
            "history_visibility"
        )
        guests = (await self._state(room, host, "m.room.guest_access")).get("guest_access")
        rule = rules.get("join_rule", "invite")
        if history == "world_readable" or (rule == "public" and guests == "can_join"):
            return "world"
        if rule == "public":
            return "anyone"
        if rule in {"restricted", "knock_restricted"}:
            allowed = {entry.get("room_id") for entry in rules.get("allow", [])}
            return await self._widest(allowed)
        return "invite"

    async def _widest(self, allowed: set[str]) -> Join:
        """Whom a room admits that is open to other rooms' members: the team, if the only such room
        is the space and that is closed itself."""
        if not allowed:
            return "invite"
        space = await self._rooms.find_space()
        if space is None or allowed != {space}:
            return "anyone"
        rules = await self._state(space, self._config.sender, "m.room.join_rules")
        return "members" if rules.get("join_rule", "invite") == "invite" else "anyone"

    async def _state(self, room: Ref, host: Ref, type: str) -> Json:
        try:
            return await self._calls.state(host, room, type)
        except Refused as refused:
            if refused.status == 404:
                return {}
            raise

    async def _listed(self, room: Ref) -> bool:
        path = ["directory", "list", "room", room]
        answer = await self._client.call("GET", path)
        return bool(answer.get("visibility") == "public")

    async def _pages(self, opening: Opening, direction: str) -> AsyncIterator[list[Json]]:
        room, host = await self._rooms.locate(opening), self._rooms.host(opening)
        query = {"dir": direction, "limit": str(_PAGE), "filter": _FILTER}
        while True:
            with self._client.acting(host):
                page = await self._client.call("GET", ["rooms", room, "messages"], query=query)
            yield [event for event in page["chunk"] if event["type"] in _KINDS]
            if not page.get("end"):
                return
            query["from"] = page["end"]

    async def _measure(self, files: Iterable[Ref]) -> None:
        """Ask for the sizes of bodies, each once."""
        waiting = iter({file for file in files if file not in self._sizes})

        async def work() -> None:
            for file in waiting:
                self._sizes[file] = await self._size(file)

        await asyncio.gather(*(work() for _ in range(_ABREAST)))

    async def _size(self, file: Ref) -> int | None:
        """Bytes of a body, None where the homeserver has none: media can be taken away while the
        messages that speak of it stay."""
        path = f"/_matrix/client/v1/media/download/{file.removeprefix('mxc://')}"
        try:
            response = await done(self._client._send(Answer, "HEAD", path))
        except Refused as refused:
            if refused.status == 404:
                return None
            raise
        return int(response.transport_response.content_length or 0)


def mark_of(event: Json) -> str:
    """The id that was kept in an event, "" where people wrote it themselves."""
    mark = event["content"].get(MARK)
    identity = mark.get("id") if isinstance(mark, dict) else None
    return identity if isinstance(identity, str) else ""


def is_redacted(event: Json) -> bool:
    return not event["content"] or "redacted_because" in event.get("unsigned", {})


def file_of(event: Json) -> Ref:
    """The address of the body that an imported message brings, "" where it brings none. What people
    share themselves may lie on other homeservers, and is not asked for."""
    address = event["content"].get("url")
    known = mark_of(event) and isinstance(address, str) and _ADDRESS.fullmatch(address)
    return str(address) if known else ""


def seen(event: Json, sizes: Mapping[Ref, int | None]) -> Seen:
    """A timeline event, its content as `render` made it: without relation and Slack's identity.
    `sizes` are those of the bodies."""
    content = dict(event["content"])
    relation = content.pop("m.relates_to", None)
    content.pop(MARK, None)
    relation = relation if isinstance(relation, dict) else {}
    target = relation.get("event_id")
    target = target if isinstance(target, str) else ""
    reaction = event["type"] == "m.reaction"
    file, info = file_of(event), content.get("info")
    whole = file and isinstance(info, dict) and sizes[file] == info.get("size")
    return Seen(
        ref=event["event_id"],
        id=mark_of(event),
        author=event["sender"],
        time=event["origin_server_ts"],
        payload=b"" if reaction else canonical({"type": event["type"], "content": content}),
        root=target if relation.get("rel_type") == "m.thread" else None,
        message=target if reaction else "",
        emoji=str(relation.get("key", "")) if reaction else "",
        files=(file,) if whole else (),
    )


def canonical(value: Json) -> bytes:
    """JSON with sorted keys: the same bytes for the same value."""
    return msgspec.json.encode(value, order="sorted")
