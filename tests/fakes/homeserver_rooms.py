"""The rules of the fake homeserver: accounts, rooms, who may enter and write, what a repeat gives.
As strict as Synapse 1.163 was seen to be, for the calls that the Matrix adapter makes; HTTP is in
`homeserver`."""

import itertools
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


class Denied(Exception):
    """An error answer: status, errcode, and the server's words."""

    def __init__(self, status: int, errcode: str, words: str = "", **more: Any) -> None:
        super().__init__(f"{status} {errcode} {words}")
        self.status = status
        self.body = {"errcode": errcode, "error": words} | more


@dataclass
class Registration:
    """What the homeserver's admin installed."""

    token: str
    sender: str
    users: str
    aliases: str
    rate_limited: bool = False

    def owns(self, user: str) -> bool:
        return re.fullmatch(self.users, user) is not None


@dataclass
class Room:
    id: str
    version: int
    creators: set[str]
    events: list[Json] = field(default_factory=list)
    state: dict[tuple[str, str], Json] = field(default_factory=dict)
    listed: bool = False

    def content(self, type: str, key: str = "") -> Json:
        event = self.state.get((type, key))
        return event["content"] if event else {}

    def membership(self, user: str) -> str:
        return str(self.content("m.room.member", user).get("membership", ""))

    def was_in(self, user: str) -> bool:
        return any(
            event["type"] == "m.room.member"
            and event["state_key"] == user
            and event["content"]["membership"] == "join"
            for event in self.events
        )

    def power(self, user: str) -> float:
        if self.version >= 12 and user in self.creators:
            return float("inf")
        levels = self.content("m.room.power_levels")
        default = levels.get("users_default", 0)
        return float(levels.get("users", {}).get(user, default))

    def find(self, event_id: str) -> Json | None:
        return next((event for event in self.events if event["event_id"] == event_id), None)


class World:
    """Everything that a homeserver holds. `transactions` outlive a restart, `memory` does not."""

    def __init__(self, server_name: str, version: int = 12) -> None:
        self.server_name = server_name
        self.version = version
        self.users: dict[str, str] = {}
        self.pictures: dict[str, str] = {}
        self.devices: set[tuple[str, str]] = set()
        self.rooms: dict[str, Room] = {}
        self.aliases: dict[str, str] = {}
        self.account_data: dict[tuple[str, str], Json] = {}
        self.transactions: dict[tuple[str, ...], str] = {}
        self.memory: dict[tuple[str, ...], str] = {}
        self.retention_ms: int | None = None
        self.encrypts = False
        self.keeps_dates = True
        self._numbers = itertools.count(1)

    def fresh_id(self, sigil: str) -> str:
        """An id of the real ones' width."""
        return f"{sigil}{next(self._numbers):0>43}"

    def room(self, id: str) -> Room:
        if id not in self.rooms:
            raise Denied(403, "M_FORBIDDEN", "unknown room")
        return self.rooms[id]

    def readable(self, id: str, user: str) -> Room:
        room = self.room(id)
        if not room.was_in(user):
            raise Denied(403, "M_FORBIDDEN", f"User {user} not in room")
        return room

    # -- profiles ------------------------------------------------------------------------------

    def profile(self, user: str) -> Json:
        if user not in self.users:
            raise Denied(404, "M_NOT_FOUND", "Profile was not found")
        picture = self.pictures.get(user)
        return {"displayname": self.users[user]} | ({"avatar_url": picture} if picture else {})

    def set_profile(self, user: str, field: str, value: str) -> None:
        """Set a name or a picture, and show it in every room that the account is in."""
        {"displayname": self.users, "avatar_url": self.pictures}[field][user] = value
        for room in self.rooms.values():
            if room.membership(user) == "join":
                seat = self._seat(user, "join")
                self.put_state(user, room.id, "m.room.member", user, seat, None)

    # -- rooms ---------------------------------------------------------------------------------

    def create_room(self, user: str, body: Json) -> str:
        alias = (
            f"#{body['room_alias_name']}:{self.server_name}" if "room_alias_name" in body else ""
        )
        if alias in self.aliases:
            raise Denied(400, "M_ROOM_IN_USE", "Room alias already taken")
        trusted = body.get("preset") == "trusted_private_chat"
        invited = body.get("invite", [])
        version = int(body.get("room_version") or self.version)
        room = Room(self.fresh_id("!"), version, {user})
        if trusted and version >= 12:
            room.creators |= set(invited)
        self.rooms[room.id] = room
        if alias:
            self.aliases[alias] = room.id
        content = dict(body.get("creation_content", {})) | {"room_version": str(version)}
        if body.get("room_type"):
            content["type"] = body["room_type"]
        self._append(room, user, "m.room.create", content, key="")
        self._append(room, user, "m.room.member", self._seat(user, "join"), key=user)
        users = {} if version >= 12 else dict.fromkeys([user, *(invited if trusted else [])], 100)
        levels = {"users": users, "users_default": 0, "events_default": 0, "state_default": 50}
        levels |= {"invite": 0, "kick": 50, "ban": 50, "redact": 50, "events": {}}
        self._append(room, user, "m.room.power_levels", levels, key="")
        if alias:
            self._append(room, user, "m.room.canonical_alias", {"alias": alias}, key="")
        preset = {
            "m.room.join_rules": {"join_rule": "invite"},
            "m.room.history_visibility": {"history_visibility": "shared"},
            "m.room.guest_access": {"guest_access": "can_join"},
        }
        if self.encrypts:
            preset["m.room.encryption"] = {"algorithm": "m.megolm.v1.aes-sha2"}
        given = {
            (e["type"], e.get("state_key", "")): e["content"] for e in body.get("initial_state", [])
        }
        for (type, key), value in ({(t, ""): c for t, c in preset.items()} | given).items():
            self._append(room, user, type, value, key=key)
        for one in invited:
            seat = self._seat(one, "invite") | {"is_direct": bool(body.get("is_direct"))}
            self._append(room, user, "m.room.member", seat, key=one)
        return room.id

    def put_state(
        self, user: str, id: str, type: str, key: str, content: Json, ts: int | None
    ) -> str:
        room = self.room(id)
        if type == "m.room.member":
            content = self._member(room, user, key, content)
        else:
            self._may(room, user, type, state=True)
        creators = room.creators if room.version >= 12 else set()
        if type == "m.room.power_levels" and creators & content.get("users", {}).keys():
            raise Denied(400, "M_BAD_JSON", "Creator user must not appear in content.users")
        there = room.state.get((type, key))
        if there and there["content"] == content and there["sender"] == user:
            return str(there["event_id"])
        return self._append(room, user, type, content, key=key, ts=ts)

    def _member(self, room: Room, user: str, key: str, content: Json) -> Json:
        wanted, present = content.get("membership"), room.membership(key)
        if wanted == "invite":
            self._must_be_in(room, user)
            if present == "join":
                raise Denied(403, "M_FORBIDDEN", f"{key} is already in the room.")
            if room.power(user) < room.content("m.room.power_levels").get("invite", 0):
                raise Denied(403, "M_FORBIDDEN", "You don't have permission to invite users")
        elif user != key:
            raise Denied(403, "M_FORBIDDEN", "Cannot change another's membership here")
        elif wanted == "join":
            if present not in {"join", "invite"} and not self._may_walk_in(room, user):
                raise Denied(403, "M_FORBIDDEN", "You are not invited to this room.")
        elif wanted == "leave":
            if present not in {"join", "invite"}:
                raise Denied(403, "M_FORBIDDEN", "not in room")
        else:
            raise Denied(400, "M_BAD_JSON", "membership")
        return self._seat(key, str(wanted)) | content

    def _may_walk_in(self, room: Room, user: str) -> bool:
        rules = room.content("m.room.join_rules")
        if rules.get("join_rule") == "public":
            return True
        allowed = [entry["room_id"] for entry in rules.get("allow", [])]
        return rules.get("join_rule") == "restricted" and any(
            self.rooms[one].membership(user) == "join" for one in allowed if one in self.rooms
        )

    # -- events ---------------------------------------------------------------------------------

    def send(
        self, user: str, id: str, type: str, content: Json, keys: tuple[str, ...], ts: int | None
    ) -> str:
        """`keys` name the transaction: with a device they are kept for good."""
        kept = self.transactions if keys[0] == "device" else self.memory
        if keys in kept:
            return kept[keys]
        room = self.room(id)
        self._must_be_in(room, user)
        self._may(room, user, type, state=False)
        self._check_relation(room, user, type, content)
        kept[keys] = self._append(room, user, type, content, ts=ts)
        return kept[keys]

    def _check_relation(self, room: Room, user: str, type: str, content: Json) -> None:
        relation = content.get("m.relates_to", {})
        parent = relation.get("event_id")
        if parent is None:
            return
        event = room.find(parent)
        if event is None:
            raise Denied(400, "M_UNKNOWN", "Can't send relation to unknown event")
        nested = event["content"].get("m.relates_to", {}).get("rel_type")
        if relation.get("rel_type") == "m.thread" and nested:
            raise Denied(400, "M_UNKNOWN", "Cannot start threads from an event with a relation")
        if relation.get("rel_type") == "m.annotation" and any(
            other["sender"] == user
            and other["type"] == type
            and other["content"].get("m.relates_to") == relation
            for other in room.events
        ):
            raise Denied(400, "M_DUPLICATE_ANNOTATION", "Can't send same reaction twice")

    def timeline(self, room: Room) -> list[Json]:
        """What a reader sees: without messages that a retention policy hides."""
        if self.retention_ms is None:
            return list(room.events)
        oldest = _now() - self.retention_ms
        return [
            event
            for event in room.events
            if "state_key" in event or event["origin_server_ts"] >= oldest
        ]

    # -- damage that a test does ------------------------------------------------------------------

    def redact(self, room: Room, event_id: str) -> None:
        event = room.find(event_id)
        assert event is not None
        event["content"] = {}
        event["unsigned"] = {"redacted_because": {"type": "m.room.redaction"}}

    def copy(self, room: Room, event_id: str) -> None:
        event = room.find(event_id)
        assert event is not None
        room.events.append(json.loads(json.dumps(event)) | {"event_id": self.fresh_id("$")})

    # -- small rules ------------------------------------------------------------------------------

    def _append(
        self,
        room: Room,
        user: str,
        type: str,
        content: Json,
        *,
        key: str | None = None,
        ts: int | None = None,
    ) -> str:
        event: Json = {
            "event_id": self.fresh_id("$"),
            "room_id": room.id,
            "type": type,
            "sender": user,
            "content": content,
            "origin_server_ts": ts if ts is not None and self.keeps_dates else _now(),
        }
        if key is not None:
            event["state_key"] = key
        # What the server adds: references, hashes, a signature.
        if len(json.dumps(event, ensure_ascii=False).encode()) + 1500 > 65_536:
            raise Denied(413, "M_TOO_LARGE", "event too large")
        room.events.append(event)
        if key is not None:
            room.state[type, key] = event
        return str(event["event_id"])

    def _seat(self, user: str, membership: str) -> Json:
        return {"membership": membership} | (self.profile(user) if user in self.users else {})

    def _must_be_in(self, room: Room, user: str) -> None:
        if room.membership(user) != "join":
            raise Denied(403, "M_FORBIDDEN", f"User {user} not in room {room.id}")

    def _may(self, room: Room, user: str, type: str, *, state: bool) -> None:
        self._must_be_in(room, user)
        levels = room.content("m.room.power_levels")
        default = levels.get("state_default", 50) if state else levels.get("events_default", 0)
        if room.power(user) < levels.get("events", {}).get(type, default):
            raise Denied(403, "M_FORBIDDEN", "You don't have permission to post that to the room")


def _now() -> int:
    return int(time.time() * 1000)
