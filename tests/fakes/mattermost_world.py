"""What a fake Mattermost server holds: accounts, teams, channels, posts and files, as the API
shows them, with the rules that hold whoever changes them. The importer's rules and the API are
elsewhere."""

import hashlib
import itertools
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

_LETTERS = "ybndrfg8ejkmcpqxot1uwisza345h769"
JOINS = ("system_join_channel", "system_leave_channel", "system_join_team", "system_leave_team",
         "system_add_to_channel", "system_remove_from_channel")  # fmt: skip
"""Kinds of posts that are not counted."""


class Refusal(Exception):
    """An answer other than the one asked for: `id` as the server names the error."""

    def __init__(self, status: int, id: str, message: str = "") -> None:
        super().__init__(id)
        self.status = status
        self.id = id
        self.message = message or "The server says no."


@dataclass
class World:
    """`users`, `teams`, `channels` and `posts` by id; `seats` and `team_seats` by (place, user);
    `files` are bodies by id, `pictures` and `emoji` by user and name."""

    version: str = "11.6.0"
    users: dict[str, Json] = field(default_factory=dict)
    teams: dict[str, Json] = field(default_factory=dict)
    channels: dict[str, Json] = field(default_factory=dict)
    team_seats: dict[tuple[str, str], Json] = field(default_factory=dict)
    seats: dict[tuple[str, str], Json] = field(default_factory=dict)
    posts: dict[str, Json] = field(default_factory=dict)
    reactions: dict[str, list[Json]] = field(default_factory=dict)
    file_infos: dict[str, Json] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)
    emoji: dict[str, bytes] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    followers: set[tuple[str, str]] = field(default_factory=set)
    max_users: int = 5_000
    max_channels: int = 2_000
    _count: itertools.count = field(default_factory=itertools.count)  # type: ignore[type-arg]  # of ints
    _now: int = 1_795_300_000_000

    @property
    def modern(self) -> bool:
        return not self.version.startswith("5.")

    def id(self) -> str:
        """26 letters, as every id has."""
        digest = hashlib.sha256(str(next(self._count)).encode()).digest()
        return "".join(_LETTERS[byte % 32] for byte in digest[:26])

    def now(self) -> int:
        """Milliseconds that never stand still."""
        self._now += 1
        return self._now

    # -- who and where ---------------------------------------------------------------------------

    def user_named(self, name: str) -> Json | None:
        return next((user for user in self.users.values() if user["username"] == name), None)

    def team_named(self, name: str) -> Json | None:
        return next((team for team in self.teams.values() if team["name"] == name), None)

    def channel_named(self, team: str, name: str, *, deleted: bool = False) -> Json | None:
        for channel in self.channels.values():
            here = channel["team_id"] in (team, "") and channel["name"] == name
            if here and (deleted or not channel["delete_at"]):
                return channel
        return None

    def members(self, channel: str) -> list[str]:
        return [user for place, user in self.seats if place == channel]

    def make_user(self, username: str, email: str, roles: str, **more: Any) -> Json:
        now = self.now()
        user: Json = {
            "id": self.id(), "create_at": now, "update_at": now, "delete_at": 0,
            "username": username, "auth_data": "", "auth_service": "", "email": email,
            "nickname": "", "first_name": "", "last_name": "", "position": "", "roles": roles,
            "locale": "en",
        } | more  # fmt: skip
        self.users[user["id"]] = user
        return user

    def make_team(self, name: str, display_name: str, type: str) -> Json:
        now = self.now()
        team: Json = {
            "id": self.id(), "create_at": now, "update_at": now, "delete_at": 0,
            "display_name": display_name, "name": name, "description": "", "email": "",
            "type": type, "allow_open_invite": False,
        }  # fmt: skip
        self.teams[team["id"]] = team
        for default in ("town-square", "off-topic"):
            self.make_channel(team["id"], default, "O", default.replace("-", " ").title())
        return team

    def make_channel(self, team: str, name: str, type: str, display_name: str = "") -> Json:
        now = self.now()
        channel: Json = {
            "id": self.id(), "create_at": now, "update_at": now, "delete_at": 0, "team_id": team,
            "type": type, "display_name": display_name, "name": name, "header": "", "purpose": "",
            "last_post_at": 0, "total_msg_count": 0, "total_msg_count_root": 0, "creator_id": "",
        }  # fmt: skip
        self.channels[channel["id"]] = channel
        return channel

    def direct_channel(self, names: list[str]) -> Json:
        """The conversation of exactly these people, made if it is not there."""
        users = [self.user_named(name) for name in names]
        ids = sorted({user["id"] for user in users if user})
        if len(ids) > 2:
            name, type = hashlib.sha1("".join(ids).encode()).hexdigest(), "G"
        else:
            name, type = f"{ids[0]}__{ids[-1]}", "D"
        found = self.channel_named("", name)
        if found is not None:
            return found
        channel = self.make_channel("", name, type)
        for id in ids:
            self.seat(channel["id"], id, guest="guest" in self.users[id]["roles"])
        return channel

    def seat_in_team(self, team: str, user: str, *, guest: bool) -> None:
        active = [u for t, u in self.team_seats if t == team and not self.users[u]["delete_at"]]
        if (team, user) not in self.team_seats and len(active) >= self.max_users:
            raise Refusal(400, "api.team.add_user_to_team.max_accounts",
                          "no more members are allowed in that team")  # fmt: skip
        self.team_seats[team, user] = {
            "team_id": team, "user_id": user, "roles": "team_guest" if guest else "team_user",
            "delete_at": 0, "scheme_guest": guest, "scheme_user": not guest,
        }  # fmt: skip

    def seat(self, channel: str, user: str, *, guest: bool) -> Json:
        seat: Json = self.seats.get((channel, user)) or {
            "channel_id": channel, "user_id": user, "last_viewed_at": 0, "msg_count": 0,
            "msg_count_root": 0, "mention_count": 0,
        }  # fmt: skip
        seat |= {"roles": "channel_guest" if guest else "channel_user",
                 "scheme_guest": guest, "scheme_user": not guest}  # fmt: skip
        self.seats[channel, user] = seat
        return seat

    # -- posts -----------------------------------------------------------------------------------

    def channel_posts(self, channel: str) -> list[Json]:
        """The newest first."""
        found = [p for p in self.posts.values() if p["channel_id"] == channel]
        return sorted((p for p in found if not p["delete_at"]), key=lambda p: -p["create_at"])

    def make_post(self, channel: str, user: str, message: str, create_at: int, **more: Any) -> Json:
        post: Json = {
            "id": self.id(), "create_at": create_at, "update_at": create_at, "edit_at": 0,
            "delete_at": 0, "is_pinned": False, "user_id": user, "channel_id": channel,
            "root_id": "", "original_id": "", "message": message, "type": "", "props": {},
            "hashtags": "", "file_ids": [],
        } | more  # fmt: skip
        self.posts[post["id"]] = post
        place = self.channels[channel]
        place["last_post_at"] = max(place["last_post_at"], create_at)
        if post["type"] not in JOINS:
            place["total_msg_count"] += 1
            place["total_msg_count_root"] += not post["root_id"]
        return post

    def tell(self, channel: str, user: str, type: str, **props: str) -> None:
        """A line that the server writes by itself."""
        self.make_post(channel, user, type, self.now(), type=type, props=props)

    def attach(self, post: Json, name: str, body: bytes) -> None:
        info: Json = {
            "id": self.id(), "user_id": post["user_id"], "post_id": post["id"],
            "create_at": post["create_at"], "delete_at": 0, "name": name,
            "extension": name.rpartition(".")[2], "size": len(body), "mime_type": "",
        }  # fmt: skip
        self.file_infos[info["id"]] = info
        self.files[info["id"]] = body
        post["file_ids"].append(info["id"])

    def react(self, post: str, user: str, emoji: str, create_at: int) -> None:
        held = self.reactions.setdefault(post, [])
        if not any((r["user_id"], r["emoji_name"]) == (user, emoji) for r in held):
            held.append({"user_id": user, "post_id": post, "emoji_name": emoji,
                         "create_at": create_at, "delete_at": 0})  # fmt: skip

    def shown(self, post: Json) -> Json:
        """A post with what a page of posts says beside it."""
        metadata: Json = {}
        if post["file_ids"]:
            metadata["files"] = [self.file_infos[id] for id in post["file_ids"]]
        if self.reactions.get(post["id"]):
            metadata["reactions"] = self.reactions[post["id"]]
        return post | {"metadata": metadata}
