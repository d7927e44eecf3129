"""The archive as the conformance suite sees it: read, and damaged, as a zip of plain JSON lines,
the way its importer would take it, without a line of the adapter's own reading."""

import hashlib
import html
import json
import mimetypes
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from adapters.conformance import Holding, Mark, Post, Room, Target
from adapters.conformance.target import Attached
from adapters.mattermost import adapter

Line = dict[str, Any]


class ArchivedMattermost(Target):
    """What is made for a server of today, in parts of a few messages."""

    adapter = adapter
    settings: Mapping[str, object] = {"team": "acme", "part_messages": 3}

    def read_back(self, project: Path) -> Holding:
        return Importer(archives_of(project)).holding()

    def lose(self, project: Path, post: Post) -> None:
        _rewrite(project, _said(post), lambda line: [])

    def alter(self, project: Path, post: Post) -> None:
        _rewrite(project, _said(post), lambda line: [_altered(line)])

    def repeat(self, project: Path, post: Post) -> None:
        _rewrite(project, _said(post), lambda line: [line, line])

    def lose_body(self, project: Path, file: Attached) -> None:
        path = archives_of(project)[-1]
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in members.items():
                if hashlib.sha256(data).hexdigest() != file.sha256:
                    archive.writestr(name, data)

    def widen(self, project: Path, conversation: str) -> None:
        def is_here(line: Line) -> bool:
            id = line.get("direct_post", {}).get("props", {}).get("slack_id", "")
            return bool(id.startswith(f"{conversation}/"))

        def widened(line: Line) -> list[Line]:
            post = line["direct_post"]
            post = post | {"channel_members": [*post["channel_members"], "everybody"]}
            return [line | {"direct_post": post}]

        _rewrite(project, is_here, widened)


class OldMattermost(ArchivedMattermost):
    """What is made for a server of 2021."""

    settings: Mapping[str, object] = {"team": "acme", "part_messages": 3, "profile": "5.37"}


def archives_of(project: Path) -> list[Path]:
    """A project's archives, in their order."""
    names = ["mattermost.zip", *(f"mattermost-{number}.zip" for number in range(2, 20))]
    return [project / name for name in names if (project / name).exists()]


def read_lines(path: Path) -> list[Line]:
    with zipfile.ZipFile(path) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".jsonl")]
        return [json.loads(line) for line in archive.read(name).splitlines()]


def read_words(markdown: str) -> str:
    """What people read: references undone, escapes taken off, the marks of mentions kept."""
    return html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown))


class Importer:
    """As much of a server as is needed to know what it would hold: a post is known by channel, time
    and words, a reaction by post, person and name."""

    def __init__(self, archives: list[Path]) -> None:
        self._slack: dict[str, str] = {}
        self._private: dict[str, bool] = {}
        self._closed: dict[str, bool] = {}
        self._ids: dict[str, str] = {}
        self._seats: dict[str, set[str]] = {}
        self._posts: dict[tuple[str, int, str, str], Post] = {}
        self._marks: dict[tuple[str, str, str], Mark] = {}
        self._pins: dict[str, list[str]] = {}
        self._everybody: set[str] = set()
        self._avatars: dict[str, str] = {}
        self._emoji: dict[str, str] = {}
        self._bodies: dict[str, bytes] = {}
        for path in archives:
            with zipfile.ZipFile(path) as archive:
                self._bodies = {
                    name.removeprefix("data/"): archive.read(name)
                    for name in archive.namelist()
                    if name.startswith("data/")
                }
            for line in read_lines(path):
                getattr(self, f"_take_{line['type']}")(line[line["type"]])

    def holding(self) -> Holding:
        rooms: dict[str, Room] = {}
        for name, id in self._ids.items():
            members = self._seats.get(name, set())
            readers = members if self._private[name] else members | self._everybody
            pins = sorted(self._pins.get(id, []), key=lambda ref: self._time(ref))
            rooms[id] = Room(
                members=frozenset(self._slack[name] for name in members),
                readers=frozenset(self._slack[name] for name in readers),
                pins=tuple(pins),
                closed=self._closed.get(name, False),
            )
        posts = tuple(sorted(self._posts.values(), key=lambda post: post.time))
        return Holding(
            rooms=rooms, posts=posts, marks=tuple(self._marks.values()), avatars=self._avatars,
            emoji=self._emoji,
        )  # fmt: skip

    def _time(self, ref: str) -> int:
        return next(post.time for post in self._posts.values() if post.ref == ref)

    def _take_version(self, version: int) -> None:
        assert version == 1

    def _take_team(self, team: Line) -> None:
        assert team["name"] == "acme"

    def _take_emoji(self, emoji: Line) -> None:
        self._emoji[emoji["slack_id"]] = self._sum(emoji["image"])

    def _take_channel(self, channel: Line) -> None:
        name = channel["name"]
        self._ids[name] = channel["slack_id"]
        self._private[name] = channel["type"] == "P"
        self._closed[name] = "deleted_at" in channel

    def _take_user(self, user: Line) -> None:
        self._slack[user["username"]] = user["slack_id"]
        if "profile_image" in user:
            self._avatars[user["slack_id"]] = self._sum(user["profile_image"])
        for team in user["teams"]:
            if team["roles"] == "team_user":
                self._everybody.add(user["username"])
            for seat in team.get("channels", ()):
                self._seats.setdefault(seat["name"], set()).add(user["username"])

    def _take_bot(self, bot: Line) -> None:
        self._slack[bot["username"]] = bot["slack_id"]
        if "profile_image" in bot:
            self._avatars[bot["slack_id"]] = self._sum(bot["profile_image"])

    def _take_direct_channel(self, channel: Line) -> None:
        people = [each["username"] for each in channel.get("participants", ())]
        self._direct(channel["slack_id"], people or channel["members"])

    def _direct(self, id: str, members: list[str]) -> None:
        name = f"{id} {sorted(set(members))}"
        self._ids[name] = id
        self._private[name] = True
        self._seats[name] = set(members)

    def _take_post(self, post: Line) -> None:
        self._thread(post, post["channel"])

    def _take_direct_post(self, post: Line) -> None:
        conversation = post["props"]["slack_id"].split("/")[0]
        self._direct(conversation, post["channel_members"])
        self._thread(post, " ".join(sorted(post["channel_members"])))

    def _thread(self, post: Line, channel: str) -> None:
        self._one(post, channel, "")
        for reply in post.get("replies", ()):
            self._one(reply, channel, post["props"]["slack_id"])

    def _one(self, post: Line, channel: str, root: str) -> None:
        id = post["props"]["slack_id"]
        conversation = id.split("/")[0]
        key = (channel, post["create_at"], post["message"], root)
        files = [self._file(each["path"]) for each in post.get("attachments", ())]
        assert key not in self._posts or self._posts[key].ref == id
        self._posts[key] = Post(
            ref=id,
            conversation=conversation,
            author=self._slack[post["user"]],
            time=post["create_at"],
            text=read_words(post["message"]),
            size=len(post["message"]),
            root=root,
            files=tuple(files),
        )
        if post.get("is_pinned") and id not in self._pins.setdefault(conversation, []):
            self._pins[conversation].append(id)
        for reaction in post.get("reactions", ()):
            mark = (id, reaction["user"], reaction["emoji_name"])
            self._marks[mark] = Mark(
                post=id, author=self._slack[reaction["user"]], emoji=reaction["emoji_name"]
            )

    def _file(self, path: str) -> Attached:
        name = path.rpartition("/")[2]
        return Attached(
            name=name,
            mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream",
            sha256=self._sum(path),
        )

    def _sum(self, path: str) -> str:
        return hashlib.sha256(self._bodies[path.removeprefix("data/")]).hexdigest()


def _said(post: Post) -> Callable[[Line], bool]:
    def matches(line: Line) -> bool:
        held = line.get("post") or line.get("direct_post") or {}
        return bool(held.get("props", {}).get("slack_id") == post.ref)

    return matches


def _altered(line: Line) -> Line:
    held = line[line["type"]] | {"message": "not what was said"}
    return {"type": line["type"], line["type"]: held}


def _rewrite(
    project: Path, hit: Callable[[Line], bool], change: Callable[[Line], list[Line]]
) -> None:
    """The last archive with some of its lines changed."""
    path = archives_of(project)[-1]
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, b"".join(_changed(data, hit, change)) if name.endswith(".jsonl")
                             else data)  # fmt: skip


def _changed(
    data: bytes, hit: Callable[[Line], bool], change: Callable[[Line], list[Line]]
) -> Iterator[bytes]:
    for line in map(json.loads, data.splitlines()):
        for each in change(line) if hit(line) else [line]:
            yield json.dumps(each, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
