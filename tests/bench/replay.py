"""A bare load generator: what an import has written into its rooms, sent once more by nothing but
aiohttp into fresh rooms with the same members. It knows no store, no journal and no retry; it is
what the importer's speed is measured against."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

import aiohttp
import msgspec
import psutil
from yarl import URL

from adapters.matrix.config import Config
from adapters.matrix.registration import read_tokens
from tests.bench.pace import Pace, busy, settle

Json: TypeAlias = dict[str, Any]

IN_FLIGHT = 16
"""Calls at once, as the importer has them; and reactions at once in one room."""

_DEVICE = "REPLAY"
_V3 = "/_matrix/client/v3"
_OWN = {"m.room.create", "m.room.canonical_alias", "m.space.child"}


class Entry(msgspec.Struct, frozen=True):
    """An event as it is to be sent; `key` is None but for state, `ref` its id in the first room."""

    ref: str
    type: str
    sender: str
    time: int
    content: Json
    key: str | None


class Room(msgspec.Struct, frozen=True):
    """A room's history: what made it, and from its first message on."""

    ref: str
    version: str
    space: bool
    host: str
    making: tuple[Entry, ...]
    talk: tuple[Entry, ...]


def read_history(config: Config, admin_token: str) -> list[Room]:
    """All that a project has written, its space first."""
    return asyncio.run(_read_history(config, admin_token))


def count_talk(rooms: Iterable[Room]) -> dict[str, int]:
    """How many events of which type the rooms hold from their first messages on."""
    counts: dict[str, int] = {}
    for room in rooms:
        for entry in room.talk:
            counts[entry.type] = counts.get(entry.type, 0) + 1
    return dict(sorted(counts.items()))


def replay(rooms: Sequence[Room], old: Config, new: Config, server_pid: int) -> Pace:
    """Make the rooms once more for the project `new`, then send what was said in them; only that
    is timed."""
    return asyncio.run(_replay(rooms, old, new, server_pid))


async def _read_history(config: Config, token: str) -> list[Room]:
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(config.homeserver, headers=headers) as http:
        listed = await _call(http, "GET", "/_synapse/admin/v1/rooms?limit=5000")
        mine = [
            room["room_id"]
            for room in listed["rooms"]
            if (room["canonical_alias"] or "").startswith(f"#{config.prefix}_")
        ]
        rooms = [await _read_room(http, id) for id in mine]
    return sorted(rooms, key=lambda room: not room.space)


async def _read_room(http: aiohttp.ClientSession, id: str) -> Room:
    path = f"/_synapse/admin/v1/rooms/{quote(id, safe='')}/messages?dir=f&limit=1000"
    events: list[Json] = []
    after = ""
    while True:
        page = await _call(http, "GET", path + after)
        events += page["chunk"]
        if not page["chunk"] or "end" not in page:
            break
        after = f"&from={quote(page['end'], safe='')}"
    entries = [
        Entry(
            event["event_id"],
            event["type"],
            event["sender"],
            event["origin_server_ts"],
            event["content"],
            event.get("state_key"),
        )
        for event in events
    ]
    first = next((n for n, e in enumerate(entries) if e.type == "m.room.message"), len(entries))
    created = entries[0]
    return Room(
        ref=id,
        version=created.content["room_version"],
        space=created.content.get("type") == "m.space",
        host=created.sender,
        making=tuple(entries[:first]),
        talk=tuple(entries[first:]),
    )


async def _replay(rooms: Sequence[Room], old: Config, new: Config, server_pid: int) -> Pace:
    token = read_tokens(Path(new.registration)).appservice
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    async with aiohttp.ClientSession(new.homeserver, headers=headers, connector=connector) as http:
        twin = _Twin(http, old, new)
        await twin.register(rooms)
        for space in (True, False):
            await asyncio.gather(*(twin.make(room) for room in rooms if room.space is space))
        tasks = sorted((room for room in rooms if room.talk), key=lambda room: -len(room.talk))
        talks = [twin.prepare(room) for room in tasks]
        server = psutil.Process(server_pid)
        settle(server)
        started, spent, served = time.perf_counter(), time.process_time(), busy(server)
        await twin.talk(talks)
        return Pace(
            events=sum(len(room.talk) for room in rooms),
            seconds=time.perf_counter() - started,
            client_cpu=time.process_time() - spent,
            server_cpu=busy(server) - served,
        )


class _Twin:
    """The same rooms for other accounts on the same homeserver."""

    def __init__(self, http: aiohttp.ClientSession, old: Config, new: Config) -> None:
        self._http = http
        self._new = new
        self._ids = {f"@{old.prefix}_": f"@{new.prefix}_", old.sender: new.sender}
        self._calls = asyncio.Semaphore(IN_FLIGHT)

    async def register(self, rooms: Iterable[Room]) -> None:
        """Accounts with names and devices, as the importer makes them."""
        names: dict[str, str] = {}
        for room in rooms:
            for entry in room.making:
                if entry.type == "m.room.member" and entry.key is not None:
                    shown = entry.content.get("displayname", "")
                    names[entry.key] = shown or names.get(entry.key, "")
        accounts = {self._translate(user): name for user, name in names.items()}
        for account, name in accounts.items():
            if account == self._new.sender:
                continue
            body = {
                "type": "m.login.application_service",
                "username": account[1:].partition(":")[0],
                "inhibit_login": True,
            }
            await _call(self._http, "POST", f"{_V3}/register", body)
            path = f"{_V3}/profile/{quote(account)}/displayname"
            await self._as(account, "PUT", path, {"displayname": name})
            await self._as(account, "PUT", f"{_V3}/devices/{_DEVICE}", {"display_name": "replay"})

    async def make(self, room: Room) -> None:
        """A room with the state and the members that the first one had before its first message."""
        host = self._translate(room.host)
        body: Json = {"preset": "private_chat", "room_version": room.version}
        if room.space:
            body["creation_content"] = {"type": "m.space"}
        answer = await self._as(host, "POST", f"{_V3}/createRoom", body)
        self._ids[room.ref] = answer["room_id"]
        for entry in room.making:
            if entry.type in _OWN or (entry.type == "m.room.member" and entry.key == room.host):
                continue
            copy = self._copy(entry)
            content = copy.content
            if entry.type == "m.room.member":
                content = {"membership": content["membership"]}
            await self._as(
                copy.sender, "PUT", self._state_path(answer["room_id"], copy), content, copy.time
            )

    def prepare(self, room: Room) -> tuple[str, list[Entry]]:
        """A room's id and its talk, with other accounts and rooms in it."""
        return self._ids[room.ref], [self._copy(entry) for entry in room.talk]

    async def talk(self, talks: Iterable[tuple[str, list[Entry]]]) -> None:
        """Send it all: the rooms side by side, each in its order."""
        waiting = iter(talks)

        async def work() -> None:
            for id, entries in waiting:
                await self._talk(id, entries)

        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))

    async def _talk(self, id: str, entries: Iterable[Entry]) -> None:
        refs: dict[str, str] = {}
        reactions: set[asyncio.Task[None]] = set()
        for entry in entries:
            if entry.type == "m.reaction":
                if len(reactions) >= IN_FLIGHT:
                    await asyncio.wait(reactions, return_when=asyncio.FIRST_COMPLETED)
                task = asyncio.create_task(self._send(id, entry, refs))
                reactions.add(task)
                task.add_done_callback(reactions.discard)
                continue
            if entry.key is not None:
                await _all(reactions)
            await self._send(id, entry, refs)
        await _all(reactions)

    async def _send(self, id: str, entry: Entry, refs: dict[str, str]) -> None:
        content = _aim(entry.content, refs)
        if entry.key is not None:
            path, device = self._state_path(id, entry), ""
        else:
            # Its old id is as good a transaction id as any.
            path = f"{_V3}/rooms/{quote(id, safe='')}/send/{entry.type}/{quote(entry.ref, safe='')}"
            device = _DEVICE
        async with self._calls:
            answer = await self._as(entry.sender, "PUT", path, content, entry.time, device)
        refs[entry.ref] = answer["event_id"]

    async def _as(
        self, user: str, method: str, path: str, body: Json, ts: int = 0, device: str = ""
    ) -> Json:
        query: dict[str, str] = {"user_id": user}
        if ts:
            query["ts"] = str(ts)
        if device:
            query["device_id"] = device
        return await _call(self._http, method, f"{path}?{urlencode(query)}", body)

    def _state_path(self, id: str, entry: Entry) -> str:
        key = quote(entry.key or "", safe="")
        return f"{_V3}/rooms/{quote(id, safe='')}/state/{entry.type}/{key}"

    def _copy(self, entry: Entry) -> Entry:
        return msgspec.json.decode(self._translate(msgspec.json.encode(entry).decode()), type=Entry)

    def _translate(self, text: str) -> str:
        for old, new in self._ids.items():
            text = text.replace(old, new)
        return text


def _aim(content: Json, refs: dict[str, str]) -> Json:
    """The content with its relation, or its pins, at the new rooms' events."""
    if "pinned" in content:
        return {"pinned": [refs[ref] for ref in content["pinned"]]}
    relation = content.get("m.relates_to")
    if relation is None:
        return content
    aimed = dict(relation)
    if "event_id" in aimed:
        aimed["event_id"] = refs[aimed["event_id"]]
    if "m.in_reply_to" in aimed:
        aimed["m.in_reply_to"] = {"event_id": refs[aimed["m.in_reply_to"]["event_id"]]}
    return content | {"m.relates_to": aimed}


async def _all(tasks: Iterable["asyncio.Task[None]"]) -> None:
    await asyncio.gather(*tasks)


async def _call(
    http: aiohttp.ClientSession, method: str, path: str, body: Json | None = None
) -> Json:
    data = None if body is None else msgspec.json.encode(body)
    async with http.request(method, URL(path, encoded=True), data=data) as response:
        answer: Json = msgspec.json.decode(await response.read())
        if response.status >= 400:
            raise AssertionError(f"{method} {path.partition('?')[0]}: {response.status} {answer}")
        return answer
