"""An eye on a Synapse that shares nothing with the adapter: plain HTTP, as a server admin, over the
admin API. What it sees is what a test compares with the export."""

import asyncio
from typing import Any, TypeAlias
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

_MARK = "org.chat_migrate.slack"
Json: TypeAlias = dict[str, Any]


class Event(msgspec.Struct, frozen=True):
    """A message. `root` is its thread's root, "" outside threads; `slack` the ts of Slack's that is
    kept in it, "" in what people wrote themselves; `quoted` what it answers outside threads; `size`
    the bytes of its type and content without its relation and Slack's identity; `html` is "" where
    the body says it all; `calls` whom it notifies. `file` is the address of its body, "" where it
    is none, with its `name` and `mimetype`; the name alone is no `body`."""

    ref: str
    author: str
    time: int
    body: str
    root: str = ""
    quoted: str = ""
    slack: str = ""
    type: str = ""
    size: int = 0
    html: str = ""
    calls: Json = {}
    file: str = ""
    name: str = ""
    mimetype: str = ""


class Mark(msgspec.Struct, frozen=True):
    """A reaction. `name` is what a custom emoji is called that its `key` is the image of."""

    event: str
    author: str
    key: str
    name: str = ""


class Room(msgspec.Struct, frozen=True):
    """`members` are joined, `invited` are not yet; `doors` is the join rule; `open_to` the rooms
    whose members may enter; `pictures` are the members' as the room shows them."""

    ref: str
    name: str
    members: frozenset[str]
    invited: frozenset[str]
    doors: str
    open_to: frozenset[str]
    events: tuple[Event, ...]
    marks: tuple[Mark, ...]
    pins: tuple[str, ...]
    floor: int
    encrypted: bool
    pictures: dict[str, str] = {}


def read_rooms(url: str, admin_token: str, prefix: str) -> dict[str, Room]:
    """The rooms of the project with this prefix, by the Slack ids in their aliases; the space is
    "SPACE"."""
    return asyncio.run(_read_rooms(url, admin_token, prefix))


def download(url: str, token: str, address: str) -> bytes:
    """The body behind `mxc://…`, as a client of this account gets it."""

    async def get() -> bytes:
        headers = {"Authorization": f"Bearer {token}"}
        path = address.removeprefix("mxc://")
        async with (
            aiohttp.ClientSession(url, headers=headers) as http,
            http.get(f"/_matrix/client/v1/media/download/{path}") as response,
        ):
            assert response.status == 200, response.status
            return await response.read()

    return asyncio.run(get())


def delete_media(url: str, token: str, address: str) -> None:
    """Take a body away, as a server admin."""

    async def delete() -> None:
        headers = {"Authorization": f"Bearer {token}"}
        path = f"/_synapse/admin/v1/media/{address.removeprefix('mxc://')}"
        async with (
            aiohttp.ClientSession(url, headers=headers) as http,
            http.delete(path) as response,
        ):
            assert response.status == 200, response.status

    asyncio.run(delete())


def slack_id(address: str, prefix: str) -> str:
    """The Slack id in an account or alias of the project; "" in any other."""
    localpart = address[1:].partition(":")[0]
    head, _, tail = localpart.partition("_")
    return tail.upper() if head == prefix else ""


async def _read_rooms(url: str, token: str, prefix: str) -> dict[str, Room]:
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(url, headers=headers) as http:
        rooms, start = {}, 0
        while True:
            page = await _get(http, f"/_synapse/admin/v1/rooms?limit=500&from={start}")
            for listed in page["rooms"]:
                id = slack_id(listed["canonical_alias"] or "", prefix)
                if id:
                    rooms[id] = await _read_room(http, listed["room_id"])
            if "next_batch" not in page:
                return rooms
            start = page["next_batch"]


async def _read_room(http: aiohttp.ClientSession, ref: str) -> Room:
    path = f"/_synapse/admin/v1/rooms/{quote(ref, safe='')}"
    state = (await _get(http, f"{path}/state"))["state"]
    return room_of(ref, state, await _timeline(http, path))


def room_of(ref: str, state: list[Json], timeline: list[Json]) -> Room:
    """A room from the events of its state and of its timeline, as a homeserver tells them."""
    held = {(event["type"], event["state_key"]): event["content"] for event in state}
    seats = {key: content for (type, key), content in held.items() if type == "m.room.member"}
    rules = held["m.room.join_rules", ""]
    there = [event for event in timeline if event["content"]]
    return Room(
        ref=ref,
        name=held.get(("m.room.name", ""), {}).get("name", ""),
        members=frozenset(user for user, seat in seats.items() if seat["membership"] == "join"),
        invited=frozenset(user for user, seat in seats.items() if seat["membership"] == "invite"),
        doors=rules["join_rule"],
        open_to=frozenset(entry["room_id"] for entry in rules.get("allow", [])),
        events=tuple(_event(event) for event in there if event["type"] == "m.room.message"),
        marks=tuple(_mark(event) for event in there if event["type"] == "m.reaction"),
        pins=tuple(held.get(("m.room.pinned_events", ""), {}).get("pinned", [])),
        floor=held["m.room.power_levels", ""].get("events_default", 0),
        encrypted=("m.room.encryption", "") in held,
        pictures={
            user: seat["avatar_url"]
            for user, seat in seats.items()
            if seat["membership"] == "join" and seat.get("avatar_url")
        },
    )


async def _timeline(http: aiohttp.ClientSession, path: str) -> list[Json]:
    events: list[Json] = []
    query = "?dir=f&limit=1000"
    while True:
        page = await _get(http, f"{path}/messages{query}")
        events += page["chunk"]
        if not page["chunk"] or "end" not in page:
            return events
        query = f"?dir=f&limit=1000&from={quote(page['end'], safe='')}"


def _event(event: Json) -> Event:
    content = event["content"]
    relation = content.get("m.relates_to", {})
    threaded = relation.get("rel_type") == "m.thread"
    quoted = relation.get("m.in_reply_to", {}).get("event_id", "")
    file, name = content.get("url", ""), content.get("filename", "")
    bare = {key: value for key, value in content.items() if key not in {"m.relates_to", _MARK}}
    return Event(
        ref=event["event_id"],
        author=event["sender"],
        time=event["origin_server_ts"],
        body="" if file and content.get("body") == name else content.get("body", ""),
        root=relation["event_id"] if threaded else "",
        quoted="" if threaded else quoted,
        slack=content.get(_MARK, {}).get("ts", ""),
        type=content.get("msgtype", ""),
        html=content.get("formatted_body", ""),
        calls=content.get("m.mentions", {"room": "nobody said"}),
        size=len(msgspec.json.encode({"type": event["type"], "content": bare})),
        file=file,
        name=name,
        mimetype=content.get("info", {}).get("mimetype", ""),
    )


def _mark(event: Json) -> Mark:
    content = event["content"]
    relation = content["m.relates_to"]
    name = content.get("shortcode", "").strip(":")
    return Mark(relation["event_id"], event["sender"], relation["key"], name)


async def _get(http: aiohttp.ClientSession, path: str) -> Json:

    async with http.get(URL(path, encoded=True)) as response:
        answer: Json = await response.json()
        return answer
