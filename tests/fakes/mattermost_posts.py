"""How the importer of a fake Mattermost server takes posts: in batches that are looked through,
stored, and only then hung with reactions and replies, so that a bad one spoils its neighbours."""

import json
import re
from collections.abc import Callable

from tests.fakes.mattermost_world import Json, World

EMOJI = re.compile(r"[a-zA-Z0-9+_-]+")


class Stop(Exception):
    """The import ends here: `line` is 0 where the server does not know it."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line
        self.text = text


class Posts:
    """`body` finds what a path in a line means, within the archive."""

    def __init__(self, world: World, body: Callable[[str], bytes | None]) -> None:
        self._world = world
        self._body = body

    def take(self, batch: list[tuple[int, str, Json]], *, direct: bool) -> None:
        """Looked through as a whole, then stored, then what hangs on each: so a server's real
        batches fail, too."""
        for number, _, value in batch:
            self._hold_post(number, value, direct=direct)
        named = {
            post["user"] for _, _, value in batch for post in (value, *value.get("replies", ()))
        }
        if any(self._world.user_named(name) is None for name in named):
            raise Stop(0, "Some users not found")
        if any("\0" in post["message"] for _, _, v in batch for post in (v, *v.get("replies", ()))):
            raise Stop(0, 'pq: invalid byte sequence for encoding "UTF8": 0x00')
        places = [self._place(value, direct=direct) for _, _, value in batch]
        roots = [
            self._store(number, place, value, root=None, direct=direct)
            for place, (number, _, value) in zip(places, batch, strict=True)
        ]
        for root, place, (number, _, value) in zip(roots, places, batch, strict=True):
            self._hang(number, root, value)
            for reply in value.get("replies", ()):
                stored = self._store(number, place, reply, root=root, direct=direct)
                if self._world.modern:
                    self._hang(number, stored, reply)

    def _hold_post(self, number: int, value: Json, *, direct: bool) -> None:
        members = value.get("channel_members", ())
        if direct and len(members) > 8:
            raise Stop(number, "Direct post channel members list contains too many items.")
        if direct and len(members) < 2:
            raise Stop(number, "Direct post channel members list contains too few items.")
        for post in (value, *value.get("replies", ())):
            if not post.get("create_at"):
                raise Stop(number, "Missing required post property: create_at.")
            if len(post["message"]) > 16_383:
                raise Stop(
                    number, "Post Message property is longer than the maximum permitted length."
                )
            if len(json.dumps(post.get("props", {}))) > (800_000 if self._world.modern else 8_000):
                raise Stop(number, "Post Props are longer than the maximum permitted.")
            for reaction in post.get("reactions", ()) if self._world.modern else ():
                self._hold_reaction(number, post, reaction)
            if len(post.get("attachments", ())) > 10:
                raise Stop(number, "Invalid file ids. Note that uploads are limited to 5 files"
                                   " maximum.")  # fmt: skip

    def _hold_reaction(self, number: int, post: Json, reaction: Json) -> None:
        if reaction["create_at"] < post["create_at"]:
            raise Stop(number, "Reaction CreateAt property must be greater than the parent post"
                               " CreateAt.")  # fmt: skip
        if not EMOJI.fullmatch(reaction["emoji_name"]) or len(reaction["emoji_name"]) > 64:
            raise Stop(number, "Invalid emoji name.")

    def _place(self, value: Json, *, direct: bool) -> Json:
        world = self._world
        if direct:
            if any(world.user_named(name) is None for name in value["channel_members"]):
                raise Stop(0, "Some users not found")
            return world.direct_channel(value["channel_members"])
        team = world.team_named(value["team"])
        if team is None:
            raise Stop(0, "Some teams not found")
        channel = world.channel_named(team["id"], value["channel"], deleted=world.modern)
        if channel is None:
            raise Stop(0, f'Channel with name "{value["channel"]}" could not be found')
        return channel

    def _store(
        self, number: int, channel: Json, value: Json, *, root: Json | None, direct: bool
    ) -> Json:
        """Known again by channel, time and words, whoever wrote it."""
        world = self._world
        author = world.user_named(value["user"])
        assert author is not None
        create_at = value["create_at"]
        if root is not None and create_at < root["create_at"]:
            if not world.modern:
                raise Stop(number, "Reply CreateAt property must be greater than its parent's.")
            create_at = root["create_at"]
        keys: tuple[str, ...] = ("type", "props", "edit_at", "is_pinned")
        if not world.modern:
            keys = () if root is not None else ("props",)
        fields = {key: value[key] for key in keys if key in value}
        root_id = root["id"] if root is not None else ""
        found = next(
            (p for p in world.posts.values() if not p["delete_at"] and p["channel_id"] ==
             channel["id"] and p["create_at"] == create_at and p["message"] == value["message"]
             and p["root_id"] == root_id),
            None,
        )  # fmt: skip
        if found is None:
            kind = value.get("type", "")
            if kind and not (kind.startswith(("system_", "custom_")) or kind == "me"):
                raise Stop(0, "Invalid post type.")
            found = world.make_post(channel["id"], author["id"], value["message"], create_at,
                                    root_id=root_id, **fields)  # fmt: skip
        else:
            found |= {"user_id": author["id"], "update_at": world.now()} | fields
            found["file_ids"] = []
        self._attach(number, found, value, plain=root is None and not direct)
        for each in value.get("thread_followers", ()) if world.modern else ():
            follower = world.user_named(each["user"])
            if follower is None:
                raise Stop(number, "Some users not found")
            world.followers.add((found["id"], follower["id"]))
        return found

    def _attach(self, number: int, post: Json, value: Json, *, plain: bool) -> None:
        for attachment in value.get("attachments", ()):
            path = attachment["path"]
            if self._world.modern:
                body = self._body(path)
                if body is None:
                    continue
            elif not plain:
                raise Stop(number, f"Error reading the file at: {path}")
            else:
                body = self._body(path)
                if body is None:
                    raise Stop(number, f"attachment '{path}' not found in map")
            self._world.attach(post, path.rpartition("/")[2], body)

    def _hang(self, number: int, post: Json, value: Json) -> None:
        for reaction in value.get("reactions", ()):
            self._hold_reaction(number, {"create_at": post["create_at"]}, reaction)
            user = self._world.user_named(reaction["user"])
            if user is None:
                raise Stop(number, "User could not be found.")
            self._world.react(post["id"], user["id"], reaction["emoji_name"], reaction["create_at"])
