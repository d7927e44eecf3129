"""What an export says of files, read from its members alone: which message brought which file, and
in what shape it has to arrive. Shares no code with the program."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

from tests.fakes.slack_bodies import Body
from tests.fakes.slack_files import kept, read_members
from tests.live.readback import Room, download, slack_id

Json: TypeAlias = dict[str, Any]
Brought: TypeAlias = tuple[str, str, str, str, str, str]
"""Conversation, Slack's ts, author, and the file's name, type and sha256. A file that no message
mentions has no ts."""

_LISTS = ("channels.json", "groups.json", "dms.json", "mpims.json", "file_conversations.json")
_DOCUMENTS = ("space", "post", "docs", "quip")
_ROOTS = ("canvases.json", "lists.json", "huddle_transcripts.json")


def read_brought(
    export: Path,
    bodies: Mapping[str, Body],
    known: Mapping[str, Json],
    conversations: Collection[str],
) -> Counter[Brought]:
    """Every file with a body that these conversations brought. What Slack tells of files that other
    organisations keep is `known`."""
    members = read_members(export)
    places = {
        str(place.get("name") or place["id"]): str(place["id"])
        for name in _LISTS
        for place in _decode(members.get(name, b"[]"))
    }
    found: set[tuple[str, str, str, str]] = set()
    records: dict[str, Json] = {}
    for name, raw in members.items():
        folder, _, day = name.partition("/")
        conversation = places.get(folder, "")
        if not day.endswith(".json") or conversation not in conversations:
            continue
        for message in _decode(raw):
            for file in _files_of(message):
                # A mention or a comment has the id alone.
                if file.get("id") in bodies and len(file) > 1:
                    records[file["id"]] = file
                    found.add((conversation, message["ts"], _author(message), file["id"]))
    mentioned = {id for *_, id in found}
    for file in (file for name in _ROOTS for file in _decode(members.get(name, b"[]"))):
        homes = {*file.get("channels", ()), *file.get("groups", ())} & set(conversations)
        if file["id"] in bodies and file["id"] not in mentioned:
            records[file["id"]] = file
            found.update((home, "", file["user"], file["id"]) for home in homes)
    return Counter(
        (place, ts, author, *_shape(known.get(id, records[id]), bodies[id]))
        for place, ts, author, id in found
    )


def seen_files(rooms: Mapping[str, Room], prefix: str, url: str, token: str) -> Counter[Brought]:
    """The same, as a homeserver holds it, each body read whole."""
    return Counter(
        (
            place,
            event.slack,
            slack_id(event.author, prefix),
            event.name,
            event.mimetype,
            sha256(download(url, token, event.file)).hexdigest(),
        )
        for place, room in rooms.items()
        for event in room.events
        if event.file
    )


def without_time(brought: Counter[Brought], times: Collection[str]) -> Counter[Brought]:
    """Those whose time is none of `times` without any: no message of Slack's brought them."""
    return Counter(
        (place, ts if ts in times else "", author, name, mimetype, digest)
        for place, ts, author, name, mimetype, digest in brought.elements()
    )


def _shape(record: Json, body: Body) -> tuple[str, str, str]:
    """Name, type and sha256. What Slack calls a document is of the type that it is served in, and
    its name says so."""
    mimetype = str(record.get("mimetype") or "")
    if not mimetype or mimetype.startswith("application/vnd.slack-"):
        mimetype = body.mimetype
    name = str(record.get("name") or record.get("title") or record["id"])
    if record.get("mode") in _DOCUMENTS and "." not in name:
        name += "." + mimetype.rpartition("/")[2]
    return name, mimetype, kept(body)[0]


def _files_of(message: Json) -> Iterator[Json]:
    yield from message.get("files") or ()
    if message.get("file"):
        yield message["file"]
    for attachment in message.get("attachments") or ():
        yield from attachment.get("files") or ()


def _author(message: Json) -> str:
    return str(message.get("user") or message.get("comment", {}).get("user") or "")


def _decode(raw: bytes) -> list[Json]:
    """The objects of a list; a file that is broken holds none."""
    try:
        value = json.loads(raw)
    except ValueError:
        return []
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
