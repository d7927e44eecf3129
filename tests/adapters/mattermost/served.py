"""A Mattermost server as the conformance suite sees it, on the fake: what it holds is looked at,
and damaged, behind the API. Which Slack record an account or a channel came from is told by the
lines of the archive, for a server keeps no such mark of them."""

import hashlib
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.conformance import Holding, Mark, Post, Room, Target
from adapters.conformance.target import Attached
from adapters.mattermost import adapter
from tests.adapters.mattermost.targets import archives_of, read_lines, read_words
from tests.fakes.mattermost import FakeMattermost
from tests.fakes.mattermost_world import Json, World


class ServedMattermost(Target):
    """`server` is running, and this target's alone. `profile` is what is planned for: without a
    check the engine cannot know what the server is."""

    adapter = adapter

    def __init__(self, server: FakeMattermost, profile: str = "") -> None:
        self.server = server
        self.settings: Mapping[str, object] = {
            "team": "acme", "part_messages": 3, "url": server.url, "profile": profile
        }  # fmt: skip
        self.environ: Mapping[str, str] = {"MATTERMOST_TOKEN": server.token}

    def read_back(self, project: Path) -> Holding:
        return _Reading(self.server, project).holding()

    def lose(self, project: Path, post: Post) -> None:
        self.server.world.posts[post.ref]["delete_at"] = self.server.world.now()

    def alter(self, project: Path, post: Post) -> None:
        self.server.world.posts[post.ref]["message"] = "not what was said"

    def repeat(self, project: Path, post: Post) -> None:
        held = self.server.world.posts[post.ref]
        self.server.world.make_post(
            held["channel_id"], held["user_id"], held["message"], held["create_at"] + 1,
            props=held["props"],
        )  # fmt: skip

    def chat(self, project: Path, post: Post) -> None:
        held = self.server.world.posts[post.ref]
        world = self.server.world
        world.make_post(held["channel_id"], held["user_id"], "something new", world.now())

    def widen(self, project: Path, conversation: str) -> None:
        world = self.server.world
        post = next(post for post in world.posts.values() if _home(world, post) == conversation)
        world.seat(post["channel_id"], self.server.admin, guest=False)
        stranger = world.make_user("stranger", "stranger@example.org", "system_user")
        world.seat(post["channel_id"], stranger["id"], guest=False)


class _Reading:
    def __init__(self, server: FakeMattermost, project: Path) -> None:
        self._world = server.world
        self._users: dict[str, str] = {}
        self._rooms: dict[str, list[Json]] = {}
        self._emoji: dict[str, str] = {}
        for path in archives_of(project):
            for line in read_lines(path):
                self._learn(line["type"], line[line["type"]])

    def holding(self) -> Holding:
        posts = sorted(
            (p for p in self._world.posts.values() if not p["delete_at"]),
            key=lambda post: post["create_at"],
        )
        return Holding(
            rooms={
                slack: self._room(channel, slack)
                for slack, found in self._rooms.items()
                for channel in found
            },
            posts=tuple(self._post(post) for post in posts if post["user_id"] in self._users),
            marks=tuple(
                Mark(post=id, author=self._users[mark["user_id"]], emoji=mark["emoji_name"])
                for id, marks in self._world.reactions.items()
                for mark in marks
            ),
            avatars={
                self._users[user["id"]]: _sum(self._world.pictures[user["username"]])
                for user in self._world.users.values()
                if user["username"] in self._world.pictures
            },
            emoji={
                slack: _sum(self._world.emoji[name])
                for slack, name in self._emoji.items()
                if name in self._world.emoji
            },
        )

    def _learn(self, type: str, value: Any) -> None:
        world = self._world
        if type in ("user", "bot"):
            user = world.user_named(value["username"])
            if user is not None:
                self._users[user["id"]] = value["slack_id"]
        elif type == "channel":
            team = world.team_named(value["team"])
            found = world.channel_named(team["id"], value["name"], deleted=True) if team else None
            if found is not None:
                self._rooms[value["slack_id"]] = [found]
        elif type == "emoji":
            self._emoji[value["slack_id"]] = value["name"]
        elif type in ("direct_channel", "direct_post"):
            named = [each["username"] for each in value.get("participants", ())]
            members = named or value.get("members") or value["channel_members"]
            if world.team_named("acme") is not None and all(map(world.user_named, members)):
                slack = value.get("slack_id") or value["props"]["slack_id"].split("/")[0]
                self._rooms[slack] = [world.direct_channel(members)]

    def _room(self, channel: Json, slack: str) -> Room:
        world = self._world
        members = {self._users[u] for u in world.members(channel["id"]) if u in self._users}
        team = {
            self._users[user]
            for (_, user), seat in world.team_seats.items()
            if user in self._users and not seat["scheme_guest"]
        }
        pinned = [
            post["id"]
            for post in world.channel_posts(channel["id"])[::-1]
            if post["is_pinned"] and _home(world, post) == slack
        ]
        return Room(
            members=frozenset(members),
            readers=frozenset(members | team if channel["type"] == "O" else members),
            pins=tuple(pinned),
            closed=bool(channel["delete_at"]),
        )

    def _post(self, post: Json) -> Post:
        return Post(
            ref=post["id"],
            conversation=_home(self._world, post),
            author=self._users[post["user_id"]],
            time=post["create_at"],
            text=read_words(post["message"]),
            size=len(post["message"]),
            root=post["root_id"],
            files=tuple(
                Attached(
                    name=info["name"],
                    mimetype=mimetypes.guess_type(info["name"])[0] or "application/octet-stream",
                    sha256=_sum(self._world.files[info["id"]]),
                )
                for info in (self._world.file_infos[id] for id in post["file_ids"])
            ),
        )


def _home(world: World, post: Json) -> str:
    """The Slack id of a post's conversation; "" for what people wrote. 5.37 drops a reply's."""
    marked = post if "slack_id" in post["props"] else world.posts.get(post["root_id"], post)
    return str(marked["props"].get("slack_id", "")).split("/")[0]


def _sum(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
